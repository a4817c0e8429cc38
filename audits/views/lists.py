"""The list of audits, its export, and the search."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import allow
from accounts.exports import list_download
from accounts.models import User
from accounts.operations import record_access
from accounts.policy import Permission, may
from accounts.sorting import PARAM, sorted_by
from audits.forms.audits import AuditFilterForm, SearchForm
from audits.models import Audit
from audits.queries.audit_list import (
    DECIDED_GROUP,
    NOT_STARTED,
    OVERDUE,
    SORTS,
    Counts,
    Filters,
    audit_counts,
    audit_list,
    auditors_listed,
    grades_only_own,
)
from audits.queries.search import search as search_for
from audits.rules.grades import LABELS
from audits.views.access import person
from cases.queries.calendar import local_date

P = Permission
ON_A_PAGE = 25
COLUMNS = "reference quarter service team auditor allocated due status overdue grade".split()


@allow(P.SEE_AUDITS)
@require_GET
def audit_list_page(request: HttpRequest) -> HttpResponse:
    """The audits that the person may see: filters, counts, pages of 25."""
    user, today = person(request), local_date(timezone.now())
    own_only = grades_only_own(user)
    form = _filter_form(request, user)
    filters = _filters(form)
    audits = sorted_by(audit_list(user, filters, today), SORTS, request.GET.get(PARAM, ""))
    page = Paginator(audits, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": "My audits" if own_only else "Audits",
        "filter_form": form,
        "figures": _figures(audit_counts(user, filters, today), request),
        "page": page,
        "show_auditor": not own_only,
        "measures_feedback": may(user, P.SEE_FEEDBACK_RATES),
        "today": today,
        "export_url": f"{reverse('audits:audit_export')}?{request.GET.urlencode()}",
        "filtered": any(
            value for name, value in request.GET.items() if name not in ("page", PARAM)
        ),
    }
    return render(request, "audits/audit_list.html", context)


def _figures(counts: Counts, request: HttpRequest) -> list[dict[str, object]]:
    """The numbers, each with the list behind it: filtered further as it is now."""

    def figure(number: int, label: str, status: str) -> dict[str, object]:
        query = request.GET.copy()
        query.pop("page", None)
        query["status"] = status
        url = f"{reverse('audits:audit_list')}?{query.urlencode()}"
        return {"value": f"{number:,}", "label": label, "url": url if number else ""}

    status = Audit.Status
    return [
        figure(counts.not_started, "Not started", NOT_STARTED),
        figure(counts.in_progress, "In progress", status.IN_PROGRESS),
        figure(counts.submitted, "Submitted, not yet decided", status.SUBMITTED),
        figure(counts.decided, "Grade of record set", DECIDED_GROUP),
        {**figure(counts.overdue, "Overdue", OVERDUE), "warning": counts.overdue > 0},
    ]


@allow(P.SEE_AUDITS)
@require_GET
def audit_export(request: HttpRequest) -> HttpResponse:
    """The same list as CSV, without any child's id. Logged."""
    user, today = person(request), local_date(timezone.now())
    filters = _filters(_filter_form(request, user))
    audits = sorted_by(audit_list(user, filters, today), SORTS, request.GET.get(PARAM, ""))
    rows = (_exported(audit) for audit in audits)
    quarter = filters.quarter.label if filters.quarter else "all quarters"
    return list_download(user, "audits", COLUMNS, rows, quarter)


def _exported(audit: Audit) -> list[object]:
    return [
        audit.reference,
        audit.quarter.label,
        audit.service.name,
        audit.team.name if audit.team else "",
        "" if audit.status == Audit.Status.RETURNED else audit.auditor.name,
        local_date(audit.allocated_at),
        audit.due_on,
        audit.get_status_display(),
        bool(getattr(audit, "is_overdue", False)),
        LABELS.get(getattr(audit, "shown_grade", ""), ""),
    ]


def _filter_form(request: HttpRequest, user: User) -> AuditFilterForm:
    everybodys = not grades_only_own(user)
    return AuditFilterForm(
        request.GET or None,
        everybodys=everybodys,
        auditors=auditors_listed(user) if everybodys else None,
        measures_feedback=may(user, P.SEE_FEEDBACK_RATES),
    )


def _filters(form: AuditFilterForm) -> Filters:
    """What is asked for; a filter with a value that does not exist filters nothing."""
    if not form.is_bound:
        return Filters()
    form.is_valid()
    data = form.cleaned_data
    return Filters(
        status=data.get("status") or "",
        service=data.get("service"),
        team=data.get("team"),
        auditor=data.get("auditor"),
        quarter=data.get("quarter"),
        before=data.get("before"),
        kind=data.get("kind") or "",
        mine=data.get("whose") == "mine",
        feedback=data.get("feedback") or "",
        draw=data.get("draw") or "",
    )


@allow(P.SEARCH_CASES)
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Find an audit by the child's id or its reference. Only ever posted; every search is logged.

    A child's id must not stand in an address, so the answer is this page and no redirect.
    """
    form = SearchForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        user = person(request)
        found = search_for(user, form.cleaned_data["term"])
        references = ", ".join(audit.reference for audit in found.audits)
        record_access(
            by=user,
            kind="searched",
            what="child or audit",
            reference=references[:60],
            now=timezone.now(),
        )
        context |= {"found": found, "searched": True}
    return render(request, "audits/search.html", context)
