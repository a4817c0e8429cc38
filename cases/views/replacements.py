"""Replacing a case that cannot be audited: asking for it, and deciding."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import list_download
from accounts.operations import Refused
from accounts.policy import Permission, may
from accounts.sorting import PARAM, sorted_by
from accounts.views.paging import page_of
from cases.above import facts_about
from cases.forms.draw import DecisionForm, ReplacementForm
from cases.forms.lists import ReplacementFilterForm
from cases.models import Replacement, SampledCase
from cases.operations.replacement import decide_replacement, request_replacement
from cases.queries.quarters import (
    replacements_visible_to,
    sampled_cases_visible_to,
    withdrawn_audit,
)
from cases.queries.sample_list import (
    REPLACEMENT_SORTS,
    quarters_and_teams,
    replacements_asked_for,
)
from cases.views.draws import case_crumbs, case_title

COLUMNS = [
    "draw", "case", "reason", "explanation", "team", "asked for", "asked for by", "state",
    "decided", "decided by", "note", "taken by",
]  # fmt: skip


@allow(Permission.REQUEST_REPLACEMENT)
@require_http_methods(["GET", "POST"])
def replacement_request(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask that the next reserve takes a case's place."""
    case = get_object_or_404(sampled_cases_visible_to(request.user), pk=pk)
    form = ReplacementForm(*((request.POST,) if request.method == "POST" else ()))
    if form.is_valid():
        try:
            asked = request_replacement(
                sampled_case=case,
                reason=form.cleaned_data["reason"],
                explanation=form.cleaned_data["explanation"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "The replacement waits for somebody else’s approval.")
            return redirect("cases:replacement_detail", pk=asked.pk)
    context = {
        "case": case,
        "form": form,
        "breadcrumbs": case_crumbs(case, "Ask for a replacement", deeper=True),
        "back": reverse("cases:sampled_case", args=[case.pk]),
    }
    return render(request, "cases/quarters/replacement_request.html", context)


@allow(Permission.REQUEST_REPLACEMENT, Permission.APPROVE_REPLACEMENT)
@require_GET
def replacement_list(request: SignedInRequest) -> HttpResponse:
    """Every replacement, those that wait for a decision first, or as their headings say."""
    form, found = _found(request)
    query = request.GET.urlencode()
    export = reverse("cases:replacement_download")
    context = {
        "page": page_of(request, found),
        "filters": form,
        "filtered": bool(form.given()),
        "export_url": f"{export}?{query}" if query else export,
    }
    return render(request, "cases/quarters/replacement_list.html", context)


@allow(Permission.REQUEST_REPLACEMENT, Permission.APPROVE_REPLACEMENT)
@require_GET
def replacement_download(request: SignedInRequest) -> HttpResponse:
    """The same list as CSV, without any child's id. Logged."""
    form, found = _found(request)
    quarter = form.given().get("quarter", "all quarters")
    return list_download(request.user, "replacements", COLUMNS, map(_row, found), quarter)


def _found(request: SignedInRequest) -> tuple[ReplacementFilterForm, QuerySet[Replacement]]:
    """The filters, and what they leave in the order asked for; those that wait come first."""
    seen = replacements_visible_to(request.user)
    quarters, teams = quarters_and_teams(seen)
    form = ReplacementFilterForm(request.GET, quarters=quarters, teams=teams)
    found = replacements_asked_for(seen, form.given()).order_by(
        F("decided_at").desc(nulls_first=True), "-requested_at"
    )
    return form, sorted_by(found, REPLACEMENT_SORTS, request.GET.get(PARAM, ""))


def _row(asked: Replacement) -> list[object]:
    case = asked.sampled_case
    return [
        case.draw.reference,
        case_title(case),
        asked.get_reason_display(),
        asked.explanation,
        case.entry.team or "",
        asked.requested_at,
        asked.requested_by,
        asked.get_status_display(),
        asked.decided_at or "",
        asked.decided_by or "",
        asked.decision_note,
        case_title(case.replaced_by) if case.replaced_by else "",
    ]


@allow(Permission.REQUEST_REPLACEMENT, Permission.APPROVE_REPLACEMENT)
@require_GET
def replacement_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One replacement, with the decision or the form for it."""
    asked = get_object_or_404(replacements_visible_to(request.user), pk=pk)
    return _page(request, asked)


@allow(Permission.APPROVE_REPLACEMENT)
@require_POST
def replacement_decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Approve or refuse."""
    asked = get_object_or_404(replacements_visible_to(request.user), pk=pk)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            decided = decide_replacement(
                replacement=asked,
                approve=form.cleaned_data["decision"] == "approve",
                note=form.cleaned_data["note"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            done = decided.get_status_display().lower()
            messages.success(request, f"The replacement was {done}.")
            case = decided.sampled_case
            if case.status == SampledCase.Status.NOT_AUDITABLE:
                messages.warning(
                    request,
                    f"No reserve of {case.stratum} was left, so one case is missing now.",
                )
            return redirect("cases:replacement_detail", pk=asked.pk)
    return _page(request, asked, form)


def _page(
    request: SignedInRequest, asked: Replacement, form: DecisionForm | None = None
) -> HttpResponse:
    waits = asked.status == Replacement.Status.REQUESTED
    decides = waits and may(request.user, Permission.APPROVE_REPLACEMENT)
    own = asked.requested_by_id == request.user.pk
    if decides and not own and form is None:
        form = DecisionForm()
    list_url = reverse("cases:replacement_list")
    context = {
        "asked": asked,
        "form": form,
        "own": own and waits,
        "facts": _facts(asked) + (_standing(asked) if decides else []),
        "title": f"Replacement of {case_title(asked.sampled_case)}",
        "breadcrumbs": [
            {"label": "Replacements", "url": list_url},
            {"label": case_title(asked.sampled_case)},
        ],
    }
    return render(request, "cases/quarters/replacement_detail.html", context)


def _facts(asked: Replacement) -> list[dict[str, Any]]:
    case = asked.sampled_case
    rows: list[dict[str, Any]] = [
        {
            "key": "Case",
            "value": f"{case_title(case)} of {case.draw.reference}",
            "url": reverse("cases:sampled_case", args=[case.pk]),
            "action": "Open",
        },
        {"key": "Team", "value": str(case.entry.team or "None recorded")},
        {"key": "Reason", "value": asked.get_reason_display()},
        {"key": "Explanation", "value": asked.explanation or "None given"},
        {"key": "Asked for by", "value": f"{asked.requested_by}, {_day(asked.requested_at)}"},
    ]
    if asked.decided_at:
        decided = f"{asked.decided_by}, {_day(asked.decided_at)}"
        lapsed = asked.status == Replacement.Status.LAPSED
        rows.append({"key": "Ended by" if lapsed else "Decided by", "value": decided})
        rows.append({"key": "Note", "value": asked.decision_note or "None given"})
        if withdrawn := withdrawn_audit(case):
            rows.append({"key": "Audit", "value": withdrawn})
    if case.replaced_by is not None:
        rows.append(
            {
                "key": "Taken by",
                "value": case_title(case.replaced_by),
                "url": reverse("cases:sampled_case", args=[case.replaced_by.pk]),
                "action": "Open",
            }
        )
    return rows


def _standing(asked: Replacement) -> list[dict[str, Any]]:
    """What becomes of an audit that has begun, for who decides."""
    return [{"key": key, "value": value} for key, value in facts_about(asked.sampled_case)]


def _day(moment: Any) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y}"
