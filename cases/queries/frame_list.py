"""Reading: the cases of a frame as a list, filtered and sorted; and how many each filter leaves.

A frame may hold a million cases. Its numbers come from one grouping, of which the list needs no
count of its own, and a page is found by its keys alone before anything is looked up for its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from accounts.sorting import Sorts, place_in
from cases.models import FrameEntries, FrameEntry, SamplingFrame
from cases.queries.quarters import SEE_ALL_CASES
from cases.rules.eligibility import ALL_REASONS, ALREADY_AUDITED

ELIGIBLE = "eligible"
NOT_ELIGIBLE = "not_eligible"
REGISTERED = "registered"
UNSUBMITTED = "unsubmitted"

_AUDITED = Q(not_eligible=ALREADY_AUDITED)
# Whom "already audited" counts without an audit that anybody submitted here: words and condition.
# That a case is not eligible is of the freeze; what is registered and submitted is as it is now.
PARTS: dict[str, tuple[str, Q]] = {
    REGISTERED: (
        "registered as audited before this product",
        _AUDITED & Q(child__audit_reference="", child__audited_before_on__isnull=False),
    ),
    UNSUBMITTED: (
        "with an audit begun and not submitted",
        # Audit.Status, an app above this one.
        _AUDITED & Q(child__audits__status__in=("allocated", "returned", "in_progress")),
    ),
}
LACKS = {
    "practitioner": ("No practitioner", Q(practitioner__isnull=True)),
    "team": ("No team", Q(team__isnull=True)),
}
SORTS: Sorts = {
    "child": ("child__local_id",),
    "stratum": ("stratum",),
    "team": ("team__name",),
    "practitioner": ("practitioner__name",),
    "opened": ("opened_on",),
    "state": (place_in("not_eligible", ["", *ALL_REASONS]),),
}


@dataclass(frozen=True)
class FrameFilters:
    """Which cases of a frame are asked for; "" is everything."""

    service: str = ""  # a name; of a frame that is divided further
    stratum: str = ""
    state: str = ""  # "eligible", "not_eligible", the code of a reason, or one of PARTS
    lacks: str = ""  # one of LACKS


def frame_entries_visible_to(user: User) -> FrameEntries:
    """The cases of frames that somebody may look at: as `sampled_cases_visible_to`."""
    if may(user, *SEE_ALL_CASES):
        return FrameEntry.objects.all()
    if not may(user, Permission.SEE_QUARTER):
        return FrameEntry.objects.none()
    return FrameEntry.objects.filter(Q(service__head=user) | Q(service__deputy=user))


def entries_asked_for(
    entries: FrameEntries, frame: SamplingFrame, filters: FrameFilters
) -> FrameEntries:
    """Those of ``entries`` in ``frame`` that the filters leave, in the order of their keys."""
    found = entries.of(frame)
    if filters.service:
        found = found.filter(service__name=filters.service)
    if filters.stratum:
        found = found.filter(stratum=filters.stratum)
    if filters.lacks:
        found = found.filter(LACKS[filters.lacks][1])
    if filters.state in PARTS:
        found = found.filter(PARTS[filters.state][1])
    elif filters.state == NOT_ELIGIBLE:
        found = found.exclude(not_eligible="")
    elif filters.state:
        found = found.filter(not_eligible="" if filters.state == ELIGIBLE else filters.state)
    return found.order_by("key")


def number_counted(
    counts: Sequence[dict[str, Any]], frame: SamplingFrame, filters: FrameFilters
) -> int | None:
    """How many cases the filters leave, as ``counts`` (of `frame_counts`) say; None: they do not.

    They tell cases by stratum and reason, and nothing further.
    """
    if filters.lacks or filters.state in PARTS:
        return None
    return sum(
        _of_state(row, filters.state)
        for row in counts
        if filters.stratum in ("", row["stratum"])
        and filters.service in ("", frame.service_of(row["stratum"]))
    )


def _of_state(row: dict[str, Any], state: str) -> int:
    if not state:
        return int(row["open"])
    return int(row[state] if state in (ELIGIBLE, NOT_ELIGIBLE) else row["reasons"].get(state, 0))


def rows_of(keys: Sequence[int]) -> list[FrameEntry]:
    """The entries of these primary keys in that order, with what a list shows: one query."""
    shown = with_shown(FrameEntry.objects.all()).in_bulk(keys)
    return [shown[key] for key in keys]


def with_shown(entries: QuerySet[FrameEntry]) -> QuerySet[FrameEntry]:
    """``entries`` with what a list shows of them."""
    return entries.select_related("child", "team", "practitioner", "service")


def parts_of_audited(frame: SamplingFrame) -> dict[str, int]:
    """How many of the cases counted as already audited are of each of `PARTS`: one query."""
    audited = FrameEntry.objects.of(frame).filter(_AUDITED)
    return audited.aggregate(
        **{name: Count("pk", filter=condition) for name, (_, condition) in PARTS.items()}
    )
