"""The cases of a frame: the list behind its counts, and the tables of counts that link to it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, allow
from accounts.operations import record_access
from accounts.policy import Permission, may
from accounts.rules.table_file import guarded
from accounts.sorting import PARAM, sorted_by
from cases.forms.lists import FrameFilterForm
from cases.models import FrameEntries, FrameEntry, SamplingFrame
from cases.queries.certificate import exclusions_in_words
from cases.queries.frame import frame_counts, frame_gaps
from cases.queries.frame_list import (
    ELIGIBLE,
    PARTS,
    SORTS,
    FrameFilters,
    entries_asked_for,
    frame_entries_visible_to,
    number_counted,
    parts_of_audited,
    rows_of,
    with_shown,
)
from cases.rules.eligibility import ALL_REASONS, IN_ANOTHER_DRAW, REASONS
from cases.rules.policy import CasePolicy
from cases.views import quarter_page
from cases.views.csv_lines import Echo

PER_PAGE = 25
CSV_HEAD = [
    "frame", "stratum", "service", "child id", "team", "practitioner", "opened on", "eligible",
    "why not eligible", "key",
]  # fmt: skip


@allow(Permission.SEE_QUARTER)
@require_GET
def frame_cases(request: SignedInRequest, label: str, number: int) -> HttpResponse:
    """The cases of a frame, and why those that cannot be drawn cannot. Logged: shows child ids."""
    frame = _frame_or_404(label, number)
    entries = frame_entries_visible_to(request.user)
    counts = frame_counts(frame, entries)
    form = FrameFilterForm(request.GET, frame=frame, strata=[row["stratum"] for row in counts])
    filters = form.filters()
    found = _found(request, entries, frame, filters).values_list("pk", flat=True)
    paginator = Paginator(found, PER_PAGE)
    if (total := number_counted(counts, frame, filters)) is not None:
        paginator.count = total  # known without counting a frame of a million once more
    page = paginator.get_page(request.GET.get("page"))
    _log(request, "read", frame)
    context = {
        "frame": frame,
        "reference": _reference(frame),
        "filters": form,
        "here": _address(frame),
        "page": page,
        "rows": [_row(frame, entry) for entry in rows_of(list(page.object_list))],
        "may_export": may(request.user, Permission.EXPORT_DRAW),
        "query": request.GET.urlencode(),
        "strata_by": frame.strata_by.capitalize(),
        "breadcrumbs": _crumbs(frame),
    }
    return render(request, "cases/quarters/frame_cases.html", context)


@allow(Permission.EXPORT_DRAW)
@require_GET
def frame_cases_download(
    request: SignedInRequest, label: str, number: int
) -> StreamingHttpResponse:
    """The same list as CSV, filtered and sorted as on the page. Logged."""
    frame = _frame_or_404(label, number)
    entries = frame_entries_visible_to(request.user)
    strata = [row["stratum"] for row in frame_counts(frame, entries)]
    filters = FrameFilterForm(request.GET, frame=frame, strata=strata).filters()
    found = with_shown(_found(request, entries, frame, filters))
    _log(request, "downloaded", frame)
    response = StreamingHttpResponse(_lines(frame, found), content_type="text/csv")
    name = f"{_reference(frame)}-cases.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def frame_tables(frame: SamplingFrame, *, linked: bool) -> dict[str, Any]:
    """The counts of a frame for its page, each with the list behind it where the person sees all
    of its cases (``linked``). Three queries.

    A service that is divided into several strata has its subtotal behind them. Children in another
    draw have a column in the frame of a theme, and where there are any.
    """

    def service_of(row: dict[str, Any]) -> str:
        return frame.service_of(row["stratum"])

    counts = frame_counts(frame)
    elsewhere = frame.theme_id is not None or any(row["reasons"][IN_ANOTHER_DRAW] for row in counts)
    reasons = ALL_REASONS if elsewhere else REASONS
    rows = []
    for service, group in groupby(sorted(counts, key=service_of), key=service_of):
        strata = list(group)
        rows += [
            _counts_row(
                frame,
                reasons,
                frame.stratum_words(row["stratum"]),
                [row],
                linked,
                stratum=row["stratum"],
            )
            for row in strata
        ]
        if len(strata) > 1:
            rows.append(
                _counts_row(
                    frame, reasons, f"{service}, all groups", strata, linked, service=service
                )
            )
    heads = ("Open", "Eligible", *reasons.values())
    return {
        "head": [
            frame.strata_by.capitalize(),
            *({"text": text, "numeric": True} for text in heads),
        ],
        "rows": rows,
        "total": _counts_row(frame, reasons, "All", counts, linked),
        "elsewhere": elsewhere,
        "excluded": exclusions_in_words(CasePolicy.from_dict(frame.policy)),
        "parts": [
            {"number": number, "words": PARTS[name][0], "url": frame_url(frame, state=name)}
            for name, number in parts_of_audited(frame).items()
            if number
        ],
        "gaps": frame_gaps(frame),
        "gap_urls": {name: frame_url(frame, lacks=name) for name in ("practitioner", "team")},
        "cases_url": frame_url(frame),
    }


def frame_url(frame: SamplingFrame, **filters: str) -> str:
    """The list of a frame's cases, filtered."""
    address = _address(frame)
    return f"{address}?{urlencode(filters)}" if filters else address


def _counts_row(
    frame: SamplingFrame,
    reasons: Iterable[str],
    name: str,
    counts: list[dict[str, Any]],
    linked: bool,
    **filters: str,
) -> list[Any]:
    def cell(number: int, **state: str) -> dict[str, str]:
        url = frame_url(frame, **filters, **state) if number and linked else ""
        return {"text": f"{number:,}", "url": url}

    return [
        name,
        cell(sum(row["open"] for row in counts)),
        cell(sum(row["eligible"] for row in counts), state=ELIGIBLE),
        *(cell(sum(row["reasons"][code] for row in counts), state=code) for code in reasons),
    ]


def _found(
    request: SignedInRequest,
    entries: FrameEntries,
    frame: SamplingFrame,
    filters: FrameFilters,
) -> QuerySet[FrameEntry]:
    found = entries_asked_for(entries, frame, filters)
    return sorted_by(found, SORTS, request.GET.get(PARAM, ""))


def _frame_or_404(label: str, number: int) -> SamplingFrame:
    frames = SamplingFrame.objects.select_related("quarter", "theme")
    return get_object_or_404(frames, quarter__label=label, number=number)


def _address(frame: SamplingFrame) -> str:
    return reverse("cases:frame_cases", args=[frame.quarter.label, frame.number])


def _reference(frame: SamplingFrame) -> str:
    return f"{frame.quarter.label}-F{frame.number}"


def _crumbs(frame: SamplingFrame) -> list[dict[str, str]]:
    crumbs = quarter_page.crumbs(frame.quarter.quarter, "Sampling frame")
    if frame.theme_id is None:
        crumbs[-1]["url"] = reverse("cases:quarter_frame", args=[frame.quarter.label])
    else:
        crumbs[-1]["label"] = f"Frame {frame.number}"
    return [*crumbs, {"label": "Cases"}]


def _row(frame: SamplingFrame, entry: FrameEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "stratum": frame.stratum_words(entry.stratum),
        "reason": ALL_REASONS.get(entry.not_eligible, entry.not_eligible),
    }


def _lines(frame: SamplingFrame, entries: QuerySet[FrameEntry]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(CSV_HEAD)
    for entry in entries.iterator(chunk_size=2000):
        cells = (
            _reference(frame), entry.stratum, entry.service, entry.child.local_id,
            entry.team or "", entry.practitioner or "", entry.opened_on or "",
            "no" if entry.not_eligible else "yes",
            ALL_REASONS.get(entry.not_eligible, entry.not_eligible), entry.key,
        )  # fmt: skip
        yield writer.writerow([guarded(str(cell)) for cell in cells])


def _log(request: SignedInRequest, kind: str, frame: SamplingFrame) -> None:
    record_access(
        by=request.user,
        kind=kind,
        what="cases of a frame",
        reference=_reference(frame),
        now=timezone.now(),
    )
