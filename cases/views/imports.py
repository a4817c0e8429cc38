"""Importing a list of open cases: upload, preview, confirm."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import Refused, record_access
from accounts.policy import Permission
from accounts.rules.table_file import guarded
from accounts.sorting import PARAM, Sorts, place_in, sorted_by
from cases.forms.imports import (
    ColumnsForm,
    ConfirmForm,
    CoversForm,
    ProblemFilterForm,
    ServicesForm,
    UploadForm,
)
from cases.importers import template_columns, template_csv
from cases.models import CaseImport
from cases.operations.imports import check_again, confirm_list, discard_list, upload_lists
from cases.queries.audited_earlier import audited_earlier_count
from cases.queries.calendar import local_date
from cases.queries.gaps import gap_counts
from cases.queries.import_meanings import service_choices
from cases.queries.imports import (
    closing_much,
    imports_visible_to,
    in_words,
    problems_of,
    what_was_done,
)
from cases.queries.other_ids import other_ids_count
from cases.views import import_preview
from cases.views.csv_lines import Echo
from cases.views.people import log_download

PER_PAGE = 25
SORTS: Sorts = {
    "as_of": ("as_of",),
    "file": ("file_name",),
    "uploaded": ("uploaded_at",),
    "state": (place_in("status", CaseImport.Status.values), "uploaded_at"),
}


@allow(Permission.IMPORT_CASES)
@require_GET
def import_list(request: SignedInRequest) -> HttpResponse:
    """All imports, newest first or as their headings say."""
    found = sorted_by(imports_visible_to(request.user), SORTS, request.GET.get(PARAM, ""))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "audited_earlier": audited_earlier_count(),
        "other_ids": other_ids_count(),
        "gaps": gap_counts(),
    }
    return render(request, "cases/imports/list.html", context)


@allow(Permission.IMPORT_CASES)
@require_http_methods(["GET", "POST"])
def import_upload(request: SignedInRequest) -> HttpResponse:
    """Choose a file and the date it is true for; a worker reads it."""
    now = timezone.now()
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*given, today=local_date(now))
    if form.is_valid():
        try:
            job = upload_lists(
                files=form.cleaned_data["file"],
                as_of=form.cleaned_data["as_of"],
                by=request.user,
                now=now,
            )
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("cases:job_detail", pk=job.pk)
    context = {"form": form, "breadcrumbs": crumbs("Upload a list")}
    return render(request, "cases/imports/upload.html", context)


@allow(Permission.IMPORT_CASES)
@require_GET
def import_template_help(request: SignedInRequest) -> HttpResponse:
    """What each column of the template means."""
    rows = [
        [column.heading, "Yes" if column.required else "No", column.explanation, column.example]
        for column in template_columns()
    ]
    head = ["Column", "Needed", "What goes in it", "Example"]
    context = {
        "head": head,
        "rows": rows,
        "services": [name for _, name in service_choices()],
        "breadcrumbs": crumbs("The template"),
    }
    return render(request, "cases/imports/template_help.html", context)


@allow(Permission.IMPORT_CASES)
@require_GET
def import_template(request: SignedInRequest) -> HttpResponse:
    """The template itself: a CSV file of headings."""
    # The mark at the start is how Excel tells UTF-8.
    response = HttpResponse("\ufeff" + template_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="open-cases-template.csv"'
    return response


@allow(Permission.IMPORT_CASES)
@require_GET
def import_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One import: what was read, what confirming changes, and the problems."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    return detail_page(request, case_import)


@allow(Permission.IMPORT_CASES)
@require_POST
def import_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the list over."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    form = ConfirmForm(request.POST, closing=closing_much(case_import))
    if form.is_valid():
        try:
            job = confirm_list(
                case_import=case_import,
                compared_with=form.cleaned_data["compared_with"],
                understood=form.cleaned_data.get("understood", False),
                shown=form.cleaned_data["shown"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("cases:job_detail", pk=job.pk)
    return detail_page(request, case_import, form)


@allow(Permission.IMPORT_CASES)
@require_POST
def import_check_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Compare the list with the open cases once more."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    job = check_again(case_import=case_import, by=request.user, now=timezone.now())
    return redirect("cases:job_detail", pk=job.pk)


@allow(Permission.IMPORT_CASES)
@require_POST
def import_discard(request: SignedInRequest, pk: int) -> HttpResponse:
    """Drop a list that is not confirmed."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    discard_list(case_import=case_import, by=request.user, now=timezone.now())
    messages.success(request, "The list was discarded and its file deleted. Nothing was changed.")
    return redirect("cases:import_list")


@allow(Permission.IMPORT_CASES)
@require_GET
def import_problems(request: SignedInRequest, pk: int) -> StreamingHttpResponse:
    """All problems of a list as CSV."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    record_access(
        by=request.user,
        kind="downloaded",
        what="import problems",
        reference=f"import {case_import.pk}",
        now=timezone.now(),
    )
    response = StreamingHttpResponse(_problem_lines(case_import), content_type="text/csv")
    name = f"import-{case_import.pk}-problems.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@allow(Permission.IMPORT_CASES)
@require_GET
def import_new_names(request: SignedInRequest, pk: int) -> HttpResponse:
    """The practitioners' names of a list that nobody has yet, as CSV."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    names = case_import.summary.get("staff", {}).get("new_names", [])
    kind = log_download(request, "new-practitioners")
    return csv_download(kind, ("practitioner", "team", "cases in the list"), names)


def crumbs(last: str) -> list[dict[str, str]]:
    """The way from the list of imports to a page called ``last``."""
    return [{"label": "Imports", "url": reverse("cases:import_list")}, {"label": last}]


def detail_page(
    request: SignedInRequest,
    case_import: CaseImport,
    form: ConfirmForm | None = None,
    services_form: ServicesForm | None = None,
    columns_form: ColumnsForm | None = None,
    covers_form: CoversForm | None = None,
) -> HttpResponse:
    """The page of one import; a form given here is one that was not accepted."""
    filters = ProblemFilterForm(request.GET or None)
    severity = filters.cleaned_data["severity"] if filters.is_valid() else ""
    problems = Paginator(problems_of(case_import, severity), PER_PAGE)
    page = problems.get_page(request.GET.get("page"))
    context = {
        "case_import": case_import,
        "here": reverse("cases:import_detail", args=[case_import.pk]),
        "breadcrumbs": crumbs(f"Open cases as of {in_words(case_import.as_of)}"),
        "filters": filters,
        "filtered": bool(severity),
        "problems": page,
        "problem_rows": import_preview.problem_rows(page),
        "problem_caption": import_preview.problem_caption(page, severity),
        **import_preview.preview(case_import, form, services_form, columns_form, covers_form),
    }
    return render(request, "cases/imports/detail.html", context)


def _problem_lines(case_import: CaseImport) -> Iterator[str]:
    """The problems as CSV lines, fetched and sent piece by piece."""
    writer = csv.writer(Echo())
    head = ["sheet", "row", "column", "value", "what is wrong", "what was done"]
    yield "\ufeff" + writer.writerow(head)
    problems = problems_of(case_import).values_list(
        "sheet", "row", "column", "value", "message", "severity", "done"
    )
    for *where, severity, done in problems.iterator(chunk_size=2000):
        cells = (*where, what_was_done(severity, done))
        yield writer.writerow([guarded(cell) for cell in cells])
