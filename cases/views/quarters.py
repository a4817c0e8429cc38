"""A quarter: where it stands, its frame, its draw and who audits what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from cases.forms.draw import FreezeForm, HashMailForm
from cases.models import AuditQuarter, Draw, Job, SamplingFrame
from cases.operations.allocation import allocate_quarter
from cases.queries.allocation import auditors_for, auditors_without_capacity
from cases.queries.calendar import local_date
from cases.queries.frame import frame_counts, frame_gaps, live_draw, live_frame
from cases.queries.quarters import (
    allocation_foreseen,
    listed_quarters,
    names_of,
    offered_quarters,
    open_case_count,
    waiting_cases,
)
from cases.rules.eligibility import REASONS
from cases.rules.independence import warnings_of
from cases.rules.quarters import Quarter
from cases.views import drawing, quarter_page

PER_PAGE = 25
NO_CAPACITY = "No capacity recorded, so they are given no case"


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_list(request: SignedInRequest) -> HttpResponse:
    """Every quarter, the current one and the next even before anything was done in them."""
    offered = offered_quarters(local_date(timezone.now()))
    page = Paginator(offered, PER_PAGE).get_page(request.GET.get("page"))
    begun = listed_quarters()
    rows = [quarter_page.list_row(quarter, begun.get(quarter.label)) for quarter in page]
    return render(request, "cases/quarters/list.html", {"page": page, "rows": rows})


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
    context = {"quarter": quarter, "breadcrumbs": quarter_page.crumbs(quarter, "Allocation")}
    if draw is not None:
        context |= {"draw": draw, **_allocation(request, draw)}
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
        result = allocate_quarter(draw=draw, by=request.user, now=timezone.now())
    except Refused as refused:
        messages.error(request, f"No case was allocated. {refused}")
    else:
        say = messages.warning if result.unallocated else messages.success
        say(request, quarter_page.allocated_words(result))
    return redirect("cases:quarter_allocation", label=quarter.label)


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
    may_freeze = draw is None and may(request.user, Permission.FREEZE_FRAME)
    context: dict[str, Any] = {
        "quarter": quarter,
        "frame": frame,
        "drawn": draw is not None,
        "open_cases": open_case_count(),
        "form": form or (drawing.freeze_form(quarter, stored) if may_freeze else None),
        "freeze_url": reverse("cases:quarter_freeze", args=[quarter.label]),
        "breadcrumbs": quarter_page.crumbs(quarter, "Sampling frame"),
    }
    if frame is not None:
        context |= _frame_tables(frame)
        context["mails"] = drawing.mails_sent(frame)
        context["mail_form"] = mail_form or (HashMailForm() if may_freeze else None)
    return render(request, "cases/quarters/frame.html", context)


def _frame_tables(frame: SamplingFrame) -> dict[str, Any]:
    counts = frame_counts(frame)
    rows = [
        [
            frame.stratum_words(c["stratum"]),
            c["open"],
            c["eligible"],
            *(c["reasons"][code] for code in REASONS),
        ]
        for c in counts
    ]
    heads = ("Open", "Eligible", *REASONS.values())
    return {
        "head": [
            frame.strata_by.capitalize(),
            *({"text": text, "numeric": True} for text in heads),
        ],
        "rows": [[name, *map(thousands, numbers)] for name, *numbers in rows],
        "total": ["All", *(thousands(sum(column)) for column in list(zip(*rows, strict=True))[1:])],
        "gaps": frame_gaps(frame),
        "imports": list(frame.imports.all()),
    }


def thousands(number: int) -> str:
    """5109 as "5,109"."""
    return f"{number:,}"


def _allocation(request: SignedInRequest, draw: Draw) -> dict[str, Any]:
    auditors = auditors_for(draw, local_date(timezone.now()))
    waiting = waiting_cases(draw)
    foreseen, to_grade = allocation_foreseen(draw, waiting, auditors)
    names = names_of(auditors)
    stuck = {found.case: found.because for found in foreseen.unallocated}
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "case": case,
            "because": stuck.get(str(case.pk), ""),
            "warnings": warnings_of(to_grade[str(case.pk)]),
        }
        for case in page
    ]
    load = [
        [
            names[a.person.id],
            a.capacity,
            a.in_hand,
            a.free,
            f"Exempt: {a.person.exempt}" if a.person.exempt else "",
        ]
        for a in sorted(auditors, key=lambda a: names[a.person.id])
    ]
    load += [[user.name, "–", "–", "–", NO_CAPACITY] for user in auditors_without_capacity()]
    return {
        "page": page,
        "case_rows": rows,
        "possible": len(foreseen.assignments),
        "stuck": len(stuck),
        "load": load,
        "load_head": [
            "Auditor",
            {"text": "Capacity", "numeric": True},
            {"text": "In hand", "numeric": True},
            {"text": "Free", "numeric": True},
            "Remark",
        ],
    }
