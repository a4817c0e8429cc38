"""Which audits are escalated, to whom, by when, and who must answer now.

Three tracks. An immediate safeguarding concern goes to the Head of Service the same working day
and is acknowledged within 2 hours by the clock; an inadequate audit goes to the Head of Service by
the next working day; requires improvement goes to the team manager. What is not acknowledged in
time goes one level up, to the Director at last; requires improvement no further than the Head of
Service. A deadline in working days lasts until the end of its day, local time.

The software is not the alarm: an immediate concern is also telephoned, and the call recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from audits.rules.grades import INADEQUATE, REQUIRES_IMPROVEMENT
from cases.rules.working_days import add_working_days, is_working_day
from quality.rules.policy import QualityPolicy

IMMEDIATE_CONCERN = "immediate_concern"
INADEQUATE_TRACK = "inadequate"
REQUIRES_IMPROVEMENT_TRACK = "requires_improvement"
TRACKS = (IMMEDIATE_CONCERN, INADEQUATE_TRACK, REQUIRES_IMPROVEMENT_TRACK)

TEAM_MANAGER = "team_manager"
HEAD_OF_SERVICE = "head_of_service"
DIRECTOR = "director"

# The levels of each track, the first to be told first.
LEVELS: Mapping[str, tuple[str, ...]] = {
    IMMEDIATE_CONCERN: (HEAD_OF_SERVICE, DIRECTOR),
    INADEQUATE_TRACK: (HEAD_OF_SERVICE, DIRECTOR),
    REQUIRES_IMPROVEMENT_TRACK: (TEAM_MANAGER, HEAD_OF_SERVICE),
}

LEVEL_NAMES: Mapping[str, str] = {
    TEAM_MANAGER: "team manager",
    HEAD_OF_SERVICE: "Head of Service",
    DIRECTOR: "Director",
}


def required_for(grade: str | None, immediate_concern: bool) -> tuple[str, ...]:
    """The tracks an audit needs: by its grade (None: not graded yet) and its concern."""
    tracks = (
        (IMMEDIATE_CONCERN, immediate_concern),
        (INADEQUATE_TRACK, grade == INADEQUATE),
        (REQUIRES_IMPROVEMENT_TRACK, grade == REQUIRES_IMPROVEMENT),
    )
    return tuple(track for track, needed in tracks if needed)


@dataclass(frozen=True)
class Settlement:
    """What a grade of record changes: the tracks to raise and those to stand down."""

    to_raise: tuple[str, ...]
    to_stand_down: tuple[str, ...]


def settle(
    *, grade: str, immediate_concern: bool, open_tracks: Collection[str], raised: Collection[str]
) -> Settlement:
    """Bring escalations in line with the grade of record.

    `open_tracks` are those not closed or stood down, `raised` all that the audit ever had and that
    were not stood down. A concern for a child's safety is never stood down by a grade: only
    its own closing ends it.
    """
    needed = required_for(grade, immediate_concern)
    return Settlement(
        to_raise=tuple(t for t in needed if t not in raised and t not in open_tracks),
        to_stand_down=tuple(
            t for t in TRACKS if t in open_tracks and t not in needed and t != IMMEDIATE_CONCERN
        ),
    )


@dataclass(frozen=True)
class Deadlines:
    """By when an escalation must be told, acknowledged and planned for, and to whom it goes."""

    track: str
    level: str
    notify_on: date
    acknowledge_by: datetime
    plan_by: date


@dataclass(frozen=True)
class _Clock:
    notify_days: int
    acknowledge_days: int | None  # None: by the hour
    plan_days: int


def _clock(track: str, policy: QualityPolicy) -> _Clock:
    clocks = {
        IMMEDIATE_CONCERN: _Clock(
            policy.concern_notify_working_days, None, policy.concern_plan_working_days
        ),
        INADEQUATE_TRACK: _Clock(
            policy.inadequate_notify_working_days,
            policy.inadequate_acknowledge_working_days,
            policy.inadequate_plan_working_days,
        ),
        REQUIRES_IMPROVEMENT_TRACK: _Clock(
            policy.requires_improvement_notify_working_days,
            policy.requires_improvement_acknowledge_working_days,
            policy.requires_improvement_plan_working_days,
        ),
    }
    return clocks[track]


def local_day(moment: datetime, policy: QualityPolicy) -> date:
    """The council's date at an aware moment. Raises `ValueError` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return moment.astimezone(ZoneInfo(policy.timezone)).date()


def end_of(day: date, policy: QualityPolicy) -> datetime:
    """The last second of a day, 11:59:59pm in the council's time zone."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=ZoneInfo(policy.timezone))


def _after(day: date, working_days: int, holidays: Container[date]) -> date:
    """That many working days after `day`; 0 is the day itself, or the next working day."""
    if working_days == 0 and is_working_day(day, holidays):
        return day
    return add_working_days(day, max(working_days, 1), holidays)


def acknowledge_by(
    track: str, sent_at: datetime, *, holidays: Container[date], policy: QualityPolicy
) -> datetime:
    """By when whoever was sent the escalation at that moment must acknowledge it.

    Each level has the track's full clock from when it was sent to it. Raises `KeyError` for an
    unknown track, `ValueError` for a naive moment.
    """
    clock = _clock(track, policy)
    day = local_day(sent_at, policy)
    if clock.acknowledge_days is None:
        return sent_at + timedelta(hours=policy.concern_acknowledge_hours)
    return end_of(_after(day, clock.acknowledge_days, holidays), policy)


def deadlines(
    track: str, raised_at: datetime, *, holidays: Container[date], policy: QualityPolicy
) -> Deadlines:
    """The deadlines of an escalation raised at that (aware) moment, at its first level.

    Raises `KeyError` for an unknown track, `ValueError` for a naive moment.
    """
    clock = _clock(track, policy)
    day = local_day(raised_at, policy)
    return Deadlines(
        track=track,
        level=LEVELS[track][0],
        notify_on=_after(day, clock.notify_days, holidays),
        acknowledge_by=acknowledge_by(track, raised_at, holidays=holidays, policy=policy),
        plan_by=_after(day, clock.plan_days, holidays),
    )


@dataclass(frozen=True)
class DueLevel:
    """Who must have an escalation now, and why."""

    level: str
    because: str


def due_level(
    track: str,
    *,
    acknowledgement_deadlines: Sequence[datetime],
    acknowledged_at: datetime | None,
    now: datetime,
    first: str | None = None,
) -> DueLevel:
    """Who must have the escalation at `now`.

    `acknowledgement_deadlines` are the stored deadlines of the levels it has reached, first level
    first: each one that passed without an acknowledgement moves it one level up, as far as the
    track goes. After it is acknowledged it stays where it was. A deadline has passed from the
    moment after it. `first` is the level it began at, where nobody is at the track's first.
    Raises `ValueError` without a deadline.
    """
    if not acknowledgement_deadlines:
        raise ValueError("An escalation has a deadline from the moment it is raised.")
    levels = LEVELS[track]
    levels = levels[levels.index(first) :] if first else levels
    until = now if acknowledged_at is None else min(now, acknowledged_at)
    missed = sum(deadline < until for deadline in acknowledgement_deadlines)
    level = levels[min(missed, len(levels) - 1)]
    name = LEVEL_NAMES[level]
    if acknowledged_at is not None and acknowledged_at <= now:
        return DueLevel(level, f"It was acknowledged while it was with the {name}.")
    if missed == 0:
        return DueLevel(level, f"It goes to the {name} first.")
    late = LEVEL_NAMES[levels[min(missed, len(levels)) - 1]]
    if missed >= len(levels):
        return DueLevel(level, f"The {name} has not acknowledged it in time; nobody is above.")
    return DueLevel(level, f"The {late} did not acknowledge it in time: it goes to the {name}.")


def is_overdue(deadline: date | datetime, now: datetime, policy: QualityPolicy) -> bool:
    """Whether a stored deadline has passed; a date lasts until its end, local time."""
    return now > _moment(deadline, policy)


def is_due_soon(deadline: date | datetime, now: datetime, policy: QualityPolicy) -> bool:
    """Whether a deadline not yet passed falls today or within the policy's next few days."""
    if is_overdue(deadline, now, policy):
        return False
    days = local_day(_moment(deadline, policy), policy) - local_day(now, policy)
    return days <= timedelta(days=policy.due_soon_days)


def _moment(deadline: date | datetime, policy: QualityPolicy) -> datetime:
    return deadline if isinstance(deadline, datetime) else end_of(deadline, policy)


def follow_up_on(grade: str, finalised_on: date, policy: QualityPolicy) -> date | None:
    """When the actions of an inadequate audit are reviewed; None for any other grade.

    The same day so many months later, or the month's last day where it has no such day.
    """
    if grade != INADEQUATE:
        return None
    month = finalised_on.month - 1 + policy.follow_up_months
    year, month = finalised_on.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(finalised_on.day, last))
