"""A list from a CSV file in two steps: look at what would change, then do it, all or nothing.

Nothing is kept between the steps: the page that shows the changes holds the file's text, and a
digest of the changes makes sure that what is confirmed is what was shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.access import SignedInRequest
from accounts.exports import csv_download
from accounts.forms import TableConfirmForm, TableUploadForm
from accounts.operations import Refused
from accounts.rules.table_file import Plan

EFFECTS = {"add": ("New", "green"), "change": ("Changed", "yellow"), "same": ("No change", "grey")}
LEFT_OUT = {"left": ("Left out", "orange")}
SHOWN_CHANGES = 200


@dataclass(frozen=True)
class TableUpload:
    """One kind of list: its words, its columns, how to plan it and how to do it."""

    title: str
    noun: str  # what one line is: "person"
    plural: str
    columns: tuple[tuple[str, str], ...]  # heading, what to write there
    note: str
    plan: Callable[[str], Plan]
    apply: Callable[..., Plan]  # text=, digest=, by=, now=
    list_name: str  # URL names
    list_label: str
    upload_name: str
    confirm_name: str
    template_name: str


def upload_page(request: SignedInRequest, kind: TableUpload) -> HttpResponse:
    """Ask for the file; show what it would change."""
    form = TableUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return _preview(request, kind, form.cleaned_data["file"])
    context = {
        "form": form,
        "column_head": ["Heading", "What to write there"],
        "columns": [list(column) for column in kind.columns],
    }
    return render(request, "accounts/table_upload.html", context | _frame(kind, "Upload"))


def confirm_page(request: SignedInRequest, kind: TableUpload) -> HttpResponse:
    """Do what was shown, or show it again with the reason why not."""
    form = TableConfirmForm(request.POST)
    if not form.is_valid():
        return redirect(kind.upload_name)
    try:
        plan = kind.apply(**form.cleaned_data, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _preview(request, kind, form.cleaned_data["text"], refusal)
    messages.success(request, _done(plan, kind))
    return redirect(kind.list_name)


def _done(plan: Plan, kind: TableUpload) -> str:
    """What was done, in a sentence: "Added 2 teams and changed 1."."""
    added, changed = plan.number("add"), plan.number("change")
    of_what = kind.noun if (added or changed) == 1 else kind.plural
    if added and changed:
        return f"Added {added:,} {of_what} and changed {changed:,}."
    if not added and not changed:
        return "Nothing had to be changed."
    return f"{'Added' if added else 'Changed'} {added or changed:,} {of_what}."


def empty_table(kind: TableUpload) -> HttpResponse:
    """The file with its headings and nothing under them."""
    return csv_download(f"{kind.plural}-template", [name for name, _ in kind.columns], ())


def _preview(
    request: SignedInRequest, kind: TableUpload, text: str, refusal: Refused | None = None
) -> HttpResponse:
    plan = kind.plan(text)
    form = TableConfirmForm(initial={"text": text, "digest": plan.digest})
    context = {
        "plan": plan,
        "confirm_form": form,
        "refusal": [{"text": str(refusal)}] if refusal else [],
        "figures": [
            {"value": plan.number(effect), "label": label}
            for effect, (label, _) in (EFFECTS | LEFT_OUT).items()
            if effect in EFFECTS or plan.number(effect)
        ],
        "left_out": plan.number("left"),
        "changes": _shown_changes(plan),
        "changes_left_out": max(0, len(plan.changes) - SHOWN_CHANGES),
        "problem_head": [{"text": "Line", "numeric": True}, "Column", "What is wrong"],
        "problems": [
            [problem.line or "Whole file", problem.column or "–", problem.message]
            for problem in plan.problems[:SHOWN_CHANGES]
        ],
        "confirm_url": reverse(kind.confirm_name),
        "upload_url": reverse(kind.upload_name),
    }
    status = 200 if refusal is None else 422
    frame = _frame(kind, "Check")
    return render(request, "accounts/table_preview.html", context | frame, status=status)


def _shown_changes(plan: Plan) -> list[dict[str, Any]]:
    """The lines that do something first: a long list of "no change" hides what matters."""
    effects = EFFECTS | LEFT_OUT
    last = {"left": 1, "same": 2}
    order = sorted(plan.changes, key=lambda change: last.get(change.effect, 0))
    return [
        {
            "line": change.line,
            "name": change.name,
            "text": effects[change.effect][0],
            "colour": effects[change.effect][1],
            "details": change.details,
        }
        for change in order[:SHOWN_CHANGES]
    ]


def _frame(kind: TableUpload, step: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "template_url": reverse(kind.template_name),
        "list_url": reverse(kind.list_name),
        "breadcrumbs": [
            {"label": kind.list_label, "url": reverse(kind.list_name)},
            {"label": f"{step} a list"},
        ],
    }
