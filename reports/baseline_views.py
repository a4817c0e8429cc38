"""Pages of the baselines: results from before the product, typed or uploaded."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import Refused, record_access
from accounts.policy import Permission
from accounts.rules.table_file import Plan, read_table
from accounts.views.paging import page_of
from accounts.views.uploads import TableUpload, confirm_page, empty_table, upload_page
from audits.rules.grades import GRADES, label
from reports.baseline_queries import (
    baseline_events,
    baselines,
    names_of_those_who_changed,
    plan_for_baselines,
    quarters_with_grades,
)
from reports.forms import BaselineForm, NewBaselineForm
from reports.models import Baseline
from reports.operations import add_baseline, change_baseline, import_baselines, remove_baseline
from reports.rules.baseline_file import KIND, OPTIONAL, REQUIRED
from reports.rules.baselines import BASELINE

prepare = allow(Permission.PREPARE_REPORT)
TITLE = "Results from before this product"
LIST = "reports:baseline_list"
DONE = {"insert": "Entered", "update": "Changed", "delete": "Removed"}


@prepare
@require_GET
def baseline_list(request: SignedInRequest) -> HttpResponse:
    """Every baseline with its figures, who entered it, and whether reports show it."""
    page = page_of(request, baselines())
    with_grades = quarters_with_grades()
    context = {
        "title": TITLE,
        "page": page,
        "rows": [
            {
                "baseline": row,
                "figures": row.figures,
                "mark": BASELINE,
                "shown": row.quarter not in with_grades,
                "url": reverse("reports:baseline_change", args=[row.pk]),
            }
            for row in page
        ],
        "grade_head": [label(code) for code in GRADES],
        "breadcrumbs": _crumbs(TITLE),
    }
    return render(request, "reports/baselines/list.html", context)


@prepare
@require_http_methods(["GET", "POST"])
def baseline_add(request: SignedInRequest) -> HttpResponse:
    """Enter the figures of a past quarter."""
    form = NewBaselineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        line, service = form.cleaned_data["group"]
        try:
            made = add_baseline(
                quarter=form.cleaned_data["quarter"],
                line=line,
                service=service,
                counts=form.counts,
                source=form.cleaned_data["source"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, f"The baseline of {made} is entered.")
            return redirect(LIST)
    return _form_page(request, form, "Enter past results")


@prepare
@require_http_methods(["GET", "POST"])
def baseline_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put other figures in a baseline's place, or go on to remove it."""
    row = _baseline(pk)
    form = BaselineForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_baseline(
                baseline=row,
                counts=form.counts,
                source=form.cleaned_data["source"],
                seen=form.cleaned_data["seen"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, f"The baseline of {row} is changed.")
            return redirect(LIST)
    return _form_page(request, form, str(row), row)


@prepare
@require_http_methods(["GET", "POST"])
def baseline_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask whether a baseline shall go, and remove it."""
    row = _baseline(pk)
    if request.method == "POST":
        name = str(row)
        remove_baseline(baseline=row, by=request.user, now=timezone.now())
        messages.success(request, f"The baseline of {name} is removed.")
        return redirect(LIST)
    context = {
        "baseline": row,
        "breadcrumbs": _crumbs("Remove", (TITLE, LIST)),
        "back": reverse("reports:baseline_change", args=[pk]),
    }
    return render(request, "reports/baselines/remove.html", context)


@prepare
@require_GET
def baseline_history(request: SignedInRequest) -> HttpResponse:
    """Who entered, changed and removed what, newest first."""
    page = page_of(request, baseline_events())
    names = names_of_those_who_changed(page)
    context = {
        "page": page,
        "head": ["When", "Who", "What", "Baseline of", *(label(code) for code in GRADES), "Source"],
        "rows": [_event_row(event, names) for event in page],
        "breadcrumbs": _crumbs("Changes", (TITLE, LIST)),
    }
    return render(request, "reports/baselines/history.html", context)


def _event_row(event: Any, names: dict[int, str]) -> list[Any]:
    user = event.pgh_context.metadata.get("user") if event.pgh_context else None
    at = timezone.localtime(event.pgh_created_at)
    of = Baseline(quarter=event.quarter, line=event.line, service=event.service)
    return [
        f"{at.day} {at:%B %Y} at {at:%H:%M}",
        names.get(user or 0, "Not known"),
        DONE.get(event.pgh_label, event.pgh_label),
        str(of),
        *(getattr(event, code) for code in GRADES),
        event.source or "–",
    ]


@prepare
@require_GET
def baseline_download(request: SignedInRequest) -> HttpResponse:
    """All baselines as a file that can be uploaded again; each line says what it is."""
    now = timezone.now()
    record_access(by=request.user, kind="downloaded", what="baselines", reference="", now=now)
    rows = [
        [
            row.quarter,
            row.line.name,
            row.service.name if row.service else "",
            *(getattr(row, code) for code in GRADES),
            row.source,
            KIND,
        ]
        for row in baselines()
    ]
    name = f"baselines-before-this-product-{timezone.localdate(now)}"
    return csv_download(name, [*REQUIRED, *OPTIONAL], rows)


def _plan(text: str) -> Plan:
    table = read_table(text, required=REQUIRED, optional=OPTIONAL)
    return plan_for_baselines(table, timezone.localdate()).plan


UPLOAD = TableUpload(
    title="Upload past results",
    noun="line or service of a quarter",
    plural="baselines",
    columns=(
        ("quarter", "For example 2025-Q4 or Q4 2025/26. It must be over, and without audits here."),
        ("line", "Name of the service line, for example Statutory."),
        ("service", "Name of the service; empty for the whole line."),
        *((code, f"How many files were graded {label(code).lower()}; 0 for none.")
          for code in GRADES),
        ("source", "Where the figures come from. This column may be left out."),
        ("kind", f"“{KIND}” or empty. This column may be left out."),
    ),
    note="Baselines that are not in the file stay as they are.",
    plan=_plan,
    apply=import_baselines,
    list_name=LIST,
    list_label=TITLE,
    upload_name="reports:baseline_upload",
    confirm_name="reports:baseline_upload_confirm",
    template_name="reports:baseline_template",
)  # fmt: skip


@prepare
def baseline_upload(request: SignedInRequest) -> HttpResponse:
    """Upload a file of baselines and see what it would change."""
    return upload_page(request, UPLOAD)


@prepare
@require_POST
def baseline_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Make the changes to baselines that were shown."""
    return confirm_page(request, UPLOAD)


@prepare
@require_GET
def baseline_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the file of baselines."""
    return empty_table(UPLOAD)


def _baseline(pk: int) -> Baseline:
    return get_object_or_404(baselines(), pk=pk)


def _form_page(
    request: SignedInRequest, form: BaselineForm, title: str, row: Baseline | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "baseline": row,
        "submit": "Save" if row else "Enter these results",
        "list_url": reverse(LIST),
        "breadcrumbs": _crumbs(title, (TITLE, LIST)),
    }
    return render(request, "reports/baselines/form.html", context)


def _crumbs(label_: str, *between: tuple[str, str]) -> list[dict[str, str]]:
    trail = (("Reports", "reports:report_list"), *between)
    return [*({"label": word, "url": reverse(name)} for word, name in trail), {"label": label_}]
