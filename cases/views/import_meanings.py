"""Saying what a list's words mean, and the list of what was said."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission
from accounts.views.paging import page_of
from cases.forms.imports import ServicesForm
from cases.models import CaseImport, ImportMeaning
from cases.operations.import_meanings import (
    NOT_WAITING,
    forget_meaning,
    name_columns,
    name_services,
)
from cases.queries.calendar import local_date
from cases.queries.import_meanings import (
    answers_that_hold,
    headings_asked,
    meanings,
    service_choices,
)
from cases.queries.imports import imports_visible_to, in_words
from cases.views.import_preview import columns_form, in_columns
from cases.views.imports import crumbs, detail_page

HOLDS = (
    "That holds, and what you chose was not taken. Under “What words in lists mean” it can be put "
    "right."
)


@allow(Permission.IMPORT_CASES)
@require_POST
def import_services(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what the names of services mean that a list has and nobody knows."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    asked = _asked(request, case_import)
    form = ServicesForm(request.POST, unknown=asked, services=service_choices())
    if form.is_valid():
        held = answers_that_hold(form.meanings)
        for words in held.values():
            messages.warning(request, f"{words} {HOLDS}")
        if held and not case_import.waits_for_services:
            return redirect("cases:import_detail", pk=case_import.pk)
        try:
            job = name_services(
                case_import=case_import,
                meanings=form.meanings,
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("cases:job_detail", pk=job.pk)
    return detail_page(request, case_import, services_form=form)


def _asked(request: SignedInRequest, case_import: CaseImport) -> list[dict[str, Any]]:
    """The names that the page asked about which is answered here; the list may have others now."""
    unknown: list[dict[str, Any]] = case_import.summary.get("unknown_services", [])
    rows = {one["said"]: one["rows"] for one in unknown}
    said = request.POST.getlist("said")
    return [{"said": name, "rows": rows.get(name)} for name in said] if said else unknown


@allow(Permission.IMPORT_CASES)
@require_http_methods(["GET", "POST"])
def import_columns(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what the columns of a list mean: one that waits for it, or that is checked already."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    asked = headings_asked(case_import, request.GET.get("headings", ""))
    if asked is None:
        raise MovedOn(NOT_WAITING)
    form = columns_form(asked, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            job = name_columns(
                case_import=case_import,
                columns=form.chosen,
                service=form.cleaned_data["every_row"],
                signature=asked["signature"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("cases:job_detail", pk=job.pk)
    if case_import.status == CaseImport.Status.COLUMNS:
        return detail_page(request, case_import, columns_form=form if form.is_bound else None)
    context = {
        "case_import": case_import,
        "asked": asked,
        "unread": case_import.summary.get("unread_columns", []),
        "form": form,
        "breadcrumbs": crumbs("Name the columns"),
    }
    return render(request, "cases/imports/name_columns.html", context)


@allow(Permission.IMPORT_CASES)
@require_GET
def meaning_list(request: SignedInRequest) -> HttpResponse:
    """What words of lists mean, as somebody said in a preview."""
    names = dict(service_choices())
    page = page_of(request, meanings())
    context = {
        "page": page,
        "rows": [_row(meaning, names) for meaning in page],
        "breadcrumbs": crumbs("What words in lists mean"),
    }
    return render(request, "cases/imports/meanings.html", context)


def _row(meaning: ImportMeaning, names: dict[str, str]) -> dict[str, Any]:
    code = meaning.meaning["service"]
    service = names.get(code, "A service that is gone") if code else ""
    if meaning.kind == ImportMeaning.Kind.COLUMNS:
        means = in_columns(meaning.meaning["columns"], service)
    else:
        means = service or "Opens no case"
    return {
        "meaning": meaning,
        "means": means,
        "who": f"{meaning.decided_by}, {in_words(local_date(meaning.decided_at))}",
    }


@allow(Permission.IMPORT_CASES)
@require_POST
def meaning_forget(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a decision back."""
    meaning = get_object_or_404(meanings(), pk=pk)
    forget_meaning(meaning=meaning, by=request.user, now=timezone.now())
    if meaning.kind == ImportMeaning.Kind.COLUMNS:
        words = "The next list with these columns is read as if nothing had been said of them."
    else:
        words = f"The next list that says “{meaning.said}” asks again."
    messages.success(request, f"Forgotten. {words}")
    return redirect("cases:meaning_list")
