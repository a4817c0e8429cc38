"""A quarter: where it stands, its frame, its draw and who audits what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from accounts.sorting import PARAM
from accounts.views.paging import page_of
from cases.forms.draw import FreezeForm, HashMailForm
from cases.models import AuditQuarter, Draw, Job, SamplingFrame
from cases.operations.allocation import allocate_quarter
from cases.queries.calendar import local_date
from cases.queries.frame import live_draw, live_frame, services_without_cases
from cases.queries.quarters import (
    offered_quarters,
    open_case_count,
    sees_all_cases,
    still_running,
)
from cases.rules.quarters import Quarter
from cases.views import drawing, quarter_page
from cases.views.frame_cases import frame_tables
from cases.views.waiting import waiting_context

COLUMNS = ["quarter", "from", "to", "state", "sample", "submitted"]


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_list(request: SignedInRequest) -> HttpResponse:
    """Every quarter, the current one and the next even before anything was done in them."""
    query = request.GET.urlencode()
    export = reverse("cases:quarter_download")
    context = {
        "page": page_of(request, _listed(request)),
        "export_url": f"{export}?{query}" if query else export,
    }
    return render(request, "cases/quarters/list.html", context)


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_download(request: SignedInRequest) -> HttpResponse:
    """The same list as CSV."""
    rows = (
        [row.quarter.label, row.quarter.starts, row.quarter.ends, row.state, row.sample,
         row.submitted]
        for row in _listed(request)
    )  # fmt: skip
    return csv_download("quarters", COLUMNS, rows)


def _listed(request: SignedInRequest) -> list[quarter_page.ListedQuarter]:
    offered = offered_quarters(local_date(timezone.now()))
    return quarter_page.listed(offered, request.GET.get(PARAM, ""), request.user)


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_detail(request: SignedInRequest, label: str) -> HttpResponse:
    """Where one quarter stands, and what to do next."""
    quarter, stored = quarter_or_404(label)
    context = {
        "quarter": quarter,
        "breadcrumbs": quarter_page.crumbs(quarter, ""),
        **quarter_page.page(quarter, stored, request.user),
    }
    return render(request, "cases/quarters/detail.html", context)


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_frame(request: SignedInRequest, label: str) -> HttpResponse:
    """The frozen list of open cases, and the form that freezes it."""
    quarter, stored = quarter_or_404(label)
    return frame_page(request, quarter, stored)


@allow(Permission.FREEZE_FRAME)
@require_POST
def quarter_freeze(request: SignedInRequest, label: str) -> HttpResponse:
    """Ask a worker to freeze the frame."""
    quarter, stored = quarter_or_404(label)
    page = reverse("cases:quarter_detail", args=[quarter.label])
    asked = drawing.freeze(request, quarter, stored, page)
    if isinstance(asked, Job):
        return redirect("cases:job_detail", pk=asked.pk)
    return frame_page(request, quarter, stored, asked)


@allow(Permission.DRAW_SAMPLE)
@require_http_methods(["GET", "POST"])
def quarter_draw(request: SignedInRequest, label: str) -> HttpResponse:
    """The seed and the rate; a worker draws."""
    quarter, stored = quarter_or_404(label)
    back = reverse("cases:quarter_detail", args=[quarter.label])
    form, status = drawing.draw_form(stored), 200
    if request.method == "POST":
        asked = drawing.draw(request, quarter, stored, back)
        if isinstance(asked, Job):
            return redirect("cases:job_detail", pk=asked.pk)
        form, status = asked
    context = {
        "quarter": quarter,
        "form": form,
        "frame": _frame(stored),
        "draw": _draw(stored),
        "breadcrumbs": quarter_page.crumbs(quarter, "Draw the sample"),
        "back": back,
    }
    return render(request, "cases/quarters/draw.html", context, status=status)


@allow(Permission.ALLOCATE_AUDITS)
@require_GET
def quarter_allocation(request: SignedInRequest, label: str) -> HttpResponse:
    """The cases without an auditor, each with the reason, and the auditors with their load."""
    quarter, stored = quarter_or_404(label)
    draw = _draw(stored)
    context = {
        "quarter": quarter,
        "breadcrumbs": quarter_page.crumbs(quarter, "Allocation"),
        "may_see_conflicts": may(request.user, Permission.MANAGE_CONFLICTS),
    }
    if draw is not None:
        context |= {"draw": draw, **waiting_context(request, draw, request.path)}
    return render(request, "cases/quarters/allocation.html", context)


@allow(Permission.ALLOCATE_AUDITS)
@require_POST
def quarter_allocate(request: SignedInRequest, label: str) -> HttpResponse:
    """Give every waiting case to an independent auditor with free capacity."""
    quarter, stored = quarter_or_404(label)
    draw = _draw(stored)
    if draw is None:
        raise MovedOn(f"No sample of {quarter} is drawn, so there is nothing to allocate.")
    try:
        result = allocate_quarter(
            draw=draw, shown=shown_draw(request), by=request.user, now=timezone.now()
        )
    except Refused as refused:
        messages.error(request, f"No case was allocated. {refused}")
    else:
        say = messages.warning if result.unallocated else messages.success
        say(request, quarter_page.allocated_words(result))
    return redirect("cases:quarter_allocation", label=quarter.label)


def shown_draw(request: SignedInRequest) -> int | None:
    """The draw that the page showed from which cases are given out."""
    shown = request.POST.get("draw", "")
    return int(shown) if shown.isdecimal() else None


def quarter_or_404(label: str) -> tuple[Quarter, AuditQuarter | None]:
    """The quarter of an address, with its row where it has begun; 404 for what is not offered."""
    try:
        quarter = Quarter.parse(label)
    except ValueError as error:
        raise Http404 from error
    if quarter.label != label or quarter not in offered_quarters(local_date(timezone.now())):
        raise Http404
    return quarter, AuditQuarter.objects.filter(label=label).first()


def _frame(stored: AuditQuarter | None) -> SamplingFrame | None:
    return live_frame(stored) if stored else None


def _draw(stored: AuditQuarter | None) -> Draw | None:
    return live_draw(stored) if stored else None


def frame_page(
    request: SignedInRequest,
    quarter: Quarter,
    stored: AuditQuarter | None,
    form: FreezeForm | None = None,
    mail_form: HashMailForm | None = None,
) -> HttpResponse:
    """The page of the frame, with the form that was filled in where it was sent back."""
    frame, draw = _frame(stored), _draw(stored)
    may_freeze = may(request.user, Permission.FREEZE_FRAME)
    waits = draw is None or drawing.frozen_again(frame, draw)  # for its seed
    context: dict[str, Any] = {
        "quarter": quarter,
        "frame": frame,
        "draw": draw,
        "waits": waits,
        "frames_head": drawing.FRAMES_HEAD,
        "frames": drawing.frame_rows(stored) if stored else [],
        "open_cases": open_case_count(),
        "form": form or (drawing.freeze_form(quarter, stored) if may_freeze else None),
        "running": still_running(quarter.label, local_date(timezone.now())) if may_freeze else [],
        "freeze_url": reverse("cases:quarter_freeze", args=[quarter.label]),
        "may_complete": may(request.user, Permission.IMPORT_CASES),
        "breadcrumbs": quarter_page.crumbs(quarter, "Sampling frame"),
    }
    if frame is not None:
        context["tables"] = frame_tables(frame, linked=sees_all_cases(request.user))
        context["imports"] = list(frame.imports.all())
        context["without_cases"] = services_without_cases(frame)
        context["mails"] = drawing.mails_sent(frame)
        context["mail_form"] = mail_form or (HashMailForm() if may_freeze and waits else None)
    return render(request, "cases/quarters/frame.html", context)
