"""Reading: frames and draws, as the rules and the pages need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from cases.models import AuditQuarter, Draw, FrameEntry, HashMail, SampledCase, SamplingFrame, Theme
from cases.rules.eligibility import REASONS
from cases.rules.frame import Frame

_STRATA = "SELECT DISTINCT stratum FROM cases_frameentry WHERE frame_id = %(frame)s"
_SERVICES_OF_STRATA = """
SELECT DISTINCT entry.stratum, service.name FROM cases_frameentry AS entry
JOIN cases_service AS service ON service.id = entry.service_id WHERE entry.frame_id = %(frame)s
"""
# The next lines, which come to `string_agg` in the order of the index that they are read by.
_LINES = """
SELECT string_agg(line, ''), max(key) FROM (
  SELECT key, concat_ws(E'\\t', 'case', key, stratum, not_eligible, practitioner_key, family_key)
    || E'\\n' AS line
  FROM cases_frameentry WHERE frame_id = %(frame)s AND key > %(after)s ORDER BY key LIMIT 10000
) AS next
"""


def stored_strata(frame: int) -> frozenset[str]:
    """The names of the strata that the stored cases of a frame have."""
    with connection.cursor() as cursor:
        cursor.execute(_STRATA, {"frame": frame})
        return frozenset(name for (name,) in cursor.fetchall())


def services_of_strata(frame: int) -> dict[str, str]:
    """The service of each stratum of a stored frame, by names.

    Raises ValueError where cases of two services are in one stratum: two services, or what they are
    divided by, have names that run into each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SERVICES_OF_STRATA, {"frame": frame})
        rows = cursor.fetchall()
    found = dict(sorted(rows))
    if len(found) != len(rows):
        raise ValueError("Two services have a stratum of the same name. Divide by something else.")
    return found


def stored_lines(frame: int) -> Iterator[str]:
    """The stored cases of a frame as the text that is hashed, in order, many lines at a time.

    A thread has the database write the next lines while the last are being worked on, so until the
    end nothing else should ask it by this connection.
    """
    with connection.cursor() as cursor, ThreadPoolExecutor(max_workers=1) as thread:

        def after(key: str) -> tuple[str | None, str | None]:
            cursor.execute(_LINES, {"frame": frame, "after": key})
            text, last = cursor.fetchone()
            return text, last

        text, last = after("")
        while text is not None and last is not None:
            following = thread.submit(after, last)
            yield text
            text, last = following.result()


@transaction.atomic
def frame_of_rules(frame: SamplingFrame) -> Frame:
    """The stored frame as the rules know it. Its hash must be the stored one."""
    head = Frame(
        quarter=frame.quarter.quarter,
        frozen_on=frame.frozen_on,
        cases=(),
        rested=frozenset(frame.rested_practitioners),
        empty_strata=stored_strata(frame.pk),
    )
    return Frame.read(head, stored_lines(frame.pk))


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


def frame_counts(
    frame: SamplingFrame,
    codes: Iterable[str] = tuple(REASONS),
    entries: QuerySet[FrameEntry] | None = None,
) -> list[dict[str, Any]]:
    """Rows {stratum, open, eligible, not_eligible, reasons: {code: n}} by stratum: one query.

    ``codes``: the reasons to count by; those of the quarter's sample where it is not said.
    ``entries``: only of these, where somebody may not see all.
    """
    wanted = tuple(codes)
    seen = FrameEntry.objects.all() if entries is None else entries
    counted = (
        seen.filter(frame=frame)
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
            "reasons": {code: numbers.get(code, 0) for code in wanted},
        }
        for stratum, numbers in reasons.items()
    ]


def frame_gaps(frame: SamplingFrame) -> dict[str, int]:
    """How many cases of a frame lack a practitioner or a team: rotation cannot reach them."""
    return FrameEntry.objects.filter(frame=frame).aggregate(
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
