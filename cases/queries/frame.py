"""Reading: frames and draws, as the rules and the pages need them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from cases.models import (
    AuditQuarter,
    Draw,
    FrameEntries,
    FrameEntry,
    HashMail,
    SampledCase,
    SamplingFrame,
    Service,
    Theme,
)
from cases.rules.eligibility import ALL_REASONS
from cases.rules.frame import Frame

_IDS = "SELECT id FROM cases_frameentry WHERE frame_id = %(frame)s ORDER BY id"
_AT_ONCE = 20_000
_AHEAD = 2  # so that the database never waits for its next question
# Of a range of ids, which are in the order of the keys.
_LINES = """
SELECT string_agg(line, '') FROM (
  SELECT E'case\\t' || key || E'\\t' || stratum || E'\\t' || not_eligible || E'\\t'
    || practitioner_key || E'\\t' || family_key || E'\\n' AS line
  FROM cases_frameentry WHERE frame_id = %(frame)s AND id BETWEEN %(first)s AND %(last)s ORDER BY id
) AS next
"""


def entry_ids(frame: SamplingFrame) -> Sequence[int]:
    """The ids of a frame's entries by their keys: the order of the cases of `frame_of_rules`."""
    if frame.range_of_entries is not None:
        return frame.range_of_entries
    with connection.cursor() as cursor:
        cursor.execute(_IDS, {"frame": frame.pk})
        return [pk for (pk,) in cursor.fetchall()]


def stored_lines(frame: int, ids: Sequence[int]) -> Iterator[str]:
    """The stored cases of a frame as the text that is hashed, in order, many lines at a time.

    ``ids`` are those of its entries, as `entry_ids` gives them. A thread has the database write the
    next lines while the last are being worked on, so until the end nothing else should ask it by
    this connection.
    """
    with connection.cursor() as cursor, ThreadPoolExecutor(max_workers=1) as thread:

        def lines_of(some: Sequence[int]) -> str:
            cursor.execute(_LINES, {"frame": frame, "first": some[0], "last": some[-1]})
            return cursor.fetchone()[0] or ""

        following = deque[Future[str]]()
        for start in range(0, len(ids), _AT_ONCE):
            following.append(thread.submit(lines_of, ids[start : start + _AT_ONCE]))
            if len(following) > _AHEAD:
                yield following.popleft().result()
        while following:
            yield following.popleft().result()


@transaction.atomic
def frame_of_rules(frame: SamplingFrame, ids: Sequence[int] | None = None) -> Frame:
    """The stored frame as the rules know it; ``ids`` are its `entry_ids`, where they are known.

    ValueError where it is not the published one.
    """
    head = Frame(
        quarter=frame.quarter.quarter,
        frozen_on=frame.frozen_on,
        cases=(),
        rested=frozenset(frame.rested_practitioners),
        empty_strata=frozenset(frame.strata),
    )
    found = entry_ids(frame) if ids is None else ids
    return Frame.read(head, stored_lines(frame.pk, found), frame.sha256)


def live_frame(quarter: AuditQuarter, theme: Theme | None = None) -> SamplingFrame | None:
    """The quarter's (or the theme's) frozen frame that has not been superseded."""
    frames = quarter.frames.select_related("quarter", "theme", "frozen_by")
    return frames.filter(status=SamplingFrame.Status.FROZEN, theme=theme).first()


def frames_of(quarter: AuditQuarter, theme: Theme | None = None) -> QuerySet[SamplingFrame]:
    """All frames of a quarter (or a theme) with who froze and superseded them, newest first."""
    frames = quarter.frames.filter(theme=theme).order_by("-number")
    return frames.select_related("quarter", "frozen_by", "superseded_by")


def hash_mails(frame: SamplingFrame) -> QuerySet[HashMail]:
    """When the frame's hash was mailed, oldest first, with who sent it."""
    return frame.hash_mails.select_related("sent_by").order_by("sent_at", "pk")


def live_draw(quarter: AuditQuarter, theme: Theme | None = None) -> Draw | None:
    """The quarter's (or the theme's) draw that has not been superseded."""
    draws = quarter.draws.select_related("quarter", "frame", "drawn_by")
    return draws.filter(status=Draw.Status.DRAWN, theme=theme).first()


def draw_named(name: str) -> Draw | None:
    """The draw that somebody means by "2026-Q3-D1", or by "2026-Q3" its live sample."""
    label, _, number = name.strip().upper().partition("-D")
    draws = Draw.objects.select_related("quarter", "frame", "theme").filter(quarter__label=label)
    if not number:
        return draws.filter(status=Draw.Status.DRAWN, theme=None).first()
    return draws.filter(number=int(number)).first() if number.isdecimal() else None


def services_without_cases(frame: SamplingFrame) -> list[str]:
    """The services of which a quarter's frame has no open case: a forgotten list shows by it."""
    there = {frame.service_of(stratum) for stratum in frame.strata}
    names = Service.objects.order_by("precedence").values_list("name", flat=True)
    return [name for name in names if name not in there]


def frame_counts(frame: SamplingFrame, entries: FrameEntries | None = None) -> list[dict[str, Any]]:
    """Rows {stratum, open, eligible, not_eligible, reasons: {code: n}} by stratum: one query.

    ``reasons`` holds every code of `ALL_REASONS`. ``entries``: only of these, where somebody may
    not see all.
    """
    seen = FrameEntry.objects.all() if entries is None else entries
    counted = (
        seen.of(frame)
        .values("stratum", "not_eligible")
        .annotate(number=Count("pk"))
        .order_by("stratum")
    )
    reasons: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in counted:
        reasons[row["stratum"]][row["not_eligible"]] = row["number"]
    return [
        {
            "stratum": stratum,
            "open": sum(numbers.values()),
            "eligible": numbers.get("", 0),
            "not_eligible": sum(numbers.values()) - numbers.get("", 0),
            "reasons": {code: numbers.get(code, 0) for code in ALL_REASONS},
        }
        for stratum, numbers in reasons.items()
    ]


def frame_gaps(frame: SamplingFrame) -> dict[str, int]:
    """How many cases of a frame lack a practitioner or a team: rotation cannot reach them."""
    return FrameEntry.objects.of(frame).aggregate(
        practitioner=Count("pk", filter=Q(practitioner__isnull=True)),
        team=Count("pk", filter=Q(team__isnull=True)),
    )


def sampled_cases(draw: Draw) -> QuerySet[SampledCase]:
    """The cases of a draw in draw order, with what a list shows of them."""
    return SampledCase.objects.filter(draw=draw).select_related(
        "entry__child", "entry__team", "entry__practitioner", "entry__service", "replaced_by"
    )


def quarter_counts(quarter: AuditQuarter) -> dict[str, int]:
    """How many cases of the live sample stand in each state, "reserve" apart: one query."""
    counted = (
        SampledCase.objects.filter(
            draw__quarter=quarter, draw__status=Draw.Status.DRAWN, draw__theme=None
        )
        .values("status")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return {row["status"]: row["number"] for row in counted}
