"""Practitioners, and the people who grade."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from accounts.access import SignedInRequest
from accounts.exports import csv_download
from accounts.operations import Refused
from accounts.sorting import PARAM, sorted_by
from accounts.views.paging import page_of, query_string
from cases.forms.people import GraderFilter, GraderForm, PractitionerFilter, PractitionerForm
from cases.models import Grader, Practitioner
from cases.operations.people import save_grader, save_practitioner
from cases.queries.people import GRADER_SORTS, PRACTITIONER_SORTS, graders, practitioners
from cases.views.people import crumbs, log_download, manage, sections


def _matching_practitioners(
    request: SignedInRequest,
) -> tuple[PractitionerFilter, QuerySet[Practitioner]]:
    form = PractitionerFilter(request.GET)
    found = practitioners(**form.cleaned_data) if form.is_valid() else practitioners()
    return form, sorted_by(found, PRACTITIONER_SORTS, request.GET.get(PARAM, ""))


@manage
@require_safe
def practitioner_list(request: SignedInRequest) -> HttpResponse:
    """Practitioners with their team, sign-in and open cases."""
    form, found = _matching_practitioners(request)
    page = page_of(request, found)
    context = {
        "filter": form,
        "page": page,
        "people": page.object_list,
        "sections": sections("practitioner_list"),
        "download_url": reverse("cases:practitioner_download") + query_string(request),
    }
    return render(request, "cases/people/practitioner_list.html", context)


@manage
def practitioner_add(request: SignedInRequest) -> HttpResponse:
    """Add a practitioner."""
    return _practitioner_form(request, None)


@manage
def practitioner_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a practitioner."""
    return _practitioner_form(request, get_object_or_404(practitioners(), pk=pk))


def _practitioner_form(request: SignedInRequest, one: Practitioner | None) -> HttpResponse:
    form = PractitionerForm(one, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_practitioner(
                practitioner=one, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{saved} was {'changed' if one else 'added'}.")
            return redirect("cases:practitioner_list")
    title = one.name if one else "Add a practitioner"
    context = {
        "form": form,
        "title": title,
        "submit": "Save" if one else "Add practitioner",
        "list_url": reverse("cases:practitioner_list"),
        "breadcrumbs": crumbs(("Practitioners", "cases:practitioner_list"), (title, "")),
    }
    return render(request, "cases/people/form.html", context)


@manage
@require_GET
def practitioner_download(request: SignedInRequest) -> HttpResponse:
    """The practitioners shown in the list as a file."""
    _, found = _matching_practitioners(request)
    headings = [
        "practitioner", "staff_number", "team", "agency", "started_on", "left_on", "email",
        "open_cases",
    ]  # fmt: skip
    rows = (_practitioner_row(one) for one in found.iterator(chunk_size=1000))
    return csv_download(log_download(request, "practitioners"), headings, rows)


def _practitioner_row(one: Practitioner) -> list[Any]:
    return [
        one.name,
        one.staff_number,
        one.team.name if one.team else "",
        one.agency,
        one.started_on,
        one.left_on,
        one.user.email if one.user else "",
        one.open_cases,  # type: ignore[attr-defined]
    ]


# Graders


def _matching_graders(request: SignedInRequest) -> tuple[GraderFilter, QuerySet[Grader]]:
    form = GraderFilter(request.GET)
    found = graders(**form.cleaned_data) if form.is_valid() else graders()
    return form, sorted_by(found, GRADER_SORTS, request.GET.get(PARAM, ""))


@manage
@require_safe
def grader_list(request: SignedInRequest) -> HttpResponse:
    """Those who grade: how much they can take, and who is exempt."""
    form, found = _matching_graders(request)
    page = page_of(request, found)
    context = {
        "filter": form,
        "page": page,
        "graders": page.object_list,
        "sections": sections("grader_list"),
        "download_url": reverse("cases:grader_download") + query_string(request),
    }
    return render(request, "cases/people/grader_list.html", context)


@manage
def grader_add(request: SignedInRequest) -> HttpResponse:
    """Make somebody a grader."""
    return _grader_form(request, None)


@manage
def grader_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change what a grader can take, their team or their exemption."""
    return _grader_form(request, get_object_or_404(graders(), pk=pk))


def _grader_form(request: SignedInRequest, grader: Grader | None) -> HttpResponse:
    form = GraderForm(grader, request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        if grader:
            facts["user"] = grader.user
        try:
            saved = save_grader(grader=grader, **facts, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{saved} was {'changed' if grader else 'added'}.")
            return redirect("cases:grader_list")
    title = str(grader) if grader else "Add a grader"
    context = {
        "form": form,
        "title": title,
        "submit": "Save" if grader else "Add grader",
        "list_url": reverse("cases:grader_list"),
        "breadcrumbs": crumbs(("Graders", "cases:grader_list"), (title, "")),
    }
    return render(request, "cases/people/form.html", context)


@manage
@require_GET
def grader_download(request: SignedInRequest) -> HttpResponse:
    """The graders shown in the list as a file."""
    _, found = _matching_graders(request)
    headings = ["name", "email", "team", "capacity", "accredited_on", "exempt", "approved_by"]
    rows = (_grader_row(grader) for grader in found.iterator(chunk_size=1000))
    return csv_download(log_download(request, "graders"), headings, rows)


def _grader_row(grader: Grader) -> list[Any]:
    return [
        grader.user.name,
        grader.user.email,
        grader.team.name if grader.team else "",
        grader.capacity,
        grader.accredited_on,
        grader.exempt_reason,
        grader.exempt_approved_by.name if grader.exempt_approved_by else "",
    ]
