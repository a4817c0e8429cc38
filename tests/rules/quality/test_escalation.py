"""Tracks, clocks and levels of escalation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.rules.escalation import (
    LEVELS,
    TRACKS,
    acknowledge_by,
    deadlines,
    due_level,
    follow_up_on,
    is_due_soon,
    is_overdue,
    required_for,
    settle,
)
from quality.rules.policy import QualityPolicy

POLICY = QualityPolicy()
LONDON = ZoneInfo("Europe/London")
HOLIDAYS = frozenset({date(2026, 12, 25), date(2026, 12, 28)})
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("grade", "concern", "tracks"),
    [
        ("outstanding", False, ()),
        ("good", False, ()),
        ("requires_improvement", False, ("requires_improvement",)),
        ("inadequate", False, ("inadequate",)),
        (None, True, ("immediate_concern",)),
        ("good", True, ("immediate_concern",)),
        ("inadequate", True, ("immediate_concern", "inadequate")),
        (None, False, ()),
    ],
)
def test_tracks_by_grade_and_concern(
    grade: str | None, concern: bool, tracks: tuple[str, ...]
) -> None:
    assert required_for(grade, concern) == tracks


def test_an_immediate_concern_is_answered_within_two_hours_by_the_clock() -> None:
    saturday_night = datetime(2026, 11, 21, 23, 30, tzinfo=LONDON)
    found = deadlines("immediate_concern", saturday_night, holidays=HOLIDAYS, policy=POLICY)
    assert found.level == "head_of_service"
    assert found.acknowledge_by == datetime(2026, 11, 22, 1, 30, tzinfo=LONDON)
    assert found.notify_on == date(2026, 11, 23)
    assert found.plan_by == date(2026, 11, 27)
    weekday = deadlines("immediate_concern", MONDAY_NOON, holidays=HOLIDAYS, policy=POLICY)
    assert weekday.notify_on == date(2026, 11, 23)


def test_two_hours_are_two_hours_when_the_clocks_go_back() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    found = acknowledge_by("immediate_concern", before, holidays=HOLIDAYS, policy=POLICY)
    assert found - before == timedelta(hours=2)


def test_inadequate() -> None:
    found = deadlines("inadequate", MONDAY_NOON, holidays=HOLIDAYS, policy=POLICY)
    assert found.level == "head_of_service"
    assert found.notify_on == date(2026, 11, 24)
    assert found.acknowledge_by == datetime(2026, 11, 24, 23, 59, 59, tzinfo=LONDON)
    assert found.plan_by == date(2026, 11, 30)


def test_requires_improvement_over_christmas() -> None:
    raised = datetime(2026, 12, 24, 16, 0, tzinfo=LONDON)
    found = deadlines("requires_improvement", raised, holidays=HOLIDAYS, policy=POLICY)
    assert found.level == "team_manager"
    # 29, 30, 31 December, 1 January (not a holiday in this calendar), 4 January.
    assert found.acknowledge_by.date() == date(2027, 1, 4)
    assert found.plan_by == date(2027, 1, 11)


def test_a_day_is_the_councils_day() -> None:
    # 11:30pm UTC in July is already the next day in London.
    late = datetime(2026, 7, 6, 23, 30, tzinfo=UTC)
    found = deadlines("inadequate", late, holidays=HOLIDAYS, policy=POLICY)
    assert found.acknowledge_by.astimezone(LONDON).date() == date(2026, 7, 8)


def test_a_moment_without_time_zone_and_an_unknown_track_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadlines("inadequate", datetime(2026, 7, 6, 9), holidays=HOLIDAYS, policy=POLICY)
    with pytest.raises(KeyError):
        deadlines("other", MONDAY_NOON, holidays=HOLIDAYS, policy=POLICY)


def level_after(track: str, missed: int, acknowledged_at: datetime | None = None) -> str:
    stored = [MONDAY_NOON + timedelta(days=k) for k in range(max(missed, 1))]
    now = stored[-1] + timedelta(minutes=1 if missed else -1)
    return due_level(
        track, acknowledgement_deadlines=stored, acknowledged_at=acknowledged_at, now=now
    ).level


@pytest.mark.parametrize(
    ("track", "path"),
    [
        ("immediate_concern", ["head_of_service", "director", "director", "director"]),
        ("inadequate", ["head_of_service", "director", "director", "director"]),
        ("requires_improvement",
         ["team_manager", "head_of_service", "head_of_service", "head_of_service"]),
    ],
)  # fmt: skip
def test_one_level_up_for_each_deadline_missed(track: str, path: list[str]) -> None:
    assert [level_after(track, missed) for missed in range(4)] == path


def test_a_deadline_is_missed_the_moment_after_it() -> None:
    def level(now: datetime) -> str:
        return due_level(
            "inadequate", acknowledgement_deadlines=[MONDAY_NOON], acknowledged_at=None, now=now
        ).level

    assert level(MONDAY_NOON) == "head_of_service"
    assert level(MONDAY_NOON + timedelta(seconds=1)) == "director"


def test_once_acknowledged_it_stays_where_it_was() -> None:
    def found(acknowledged_at: datetime) -> tuple[str, str]:
        due = due_level(
            "inadequate",
            acknowledgement_deadlines=[MONDAY_NOON],
            acknowledged_at=acknowledged_at,
            now=MONDAY_NOON + timedelta(days=9),
        )
        return due.level, due.because

    in_time = found(MONDAY_NOON - timedelta(hours=1))
    assert in_time == (
        "head_of_service", "It was acknowledged while it was with the Head of Service.",
    )  # fmt: skip
    assert found(MONDAY_NOON + timedelta(hours=1))[0] == "director"


def test_the_reason_names_who_did_not_answer() -> None:
    due = due_level(
        "requires_improvement",
        acknowledgement_deadlines=[MONDAY_NOON],
        acknowledged_at=None,
        now=MONDAY_NOON + timedelta(days=1),
    )
    assert due.because == (
        "The team manager did not acknowledge it in time: it goes to the Head of Service."
    )
    top = due_level(
        "inadequate",
        acknowledgement_deadlines=[MONDAY_NOON, MONDAY_NOON],
        acknowledged_at=None,
        now=MONDAY_NOON + timedelta(days=1),
    )
    assert top.because == "The Director has not acknowledged it in time; nobody is above."
    with pytest.raises(ValueError, match="deadline"):
        due_level("inadequate", acknowledgement_deadlines=[], acknowledged_at=None, now=MONDAY_NOON)


@given(st.sampled_from(TRACKS), st.lists(st.integers(0, 30), min_size=1, max_size=4),
       st.integers(0, 40), st.integers(0, 40))  # fmt: skip
def test_it_never_comes_down_again(track: str, days: list[int], now: int, later: int) -> None:
    stored = [MONDAY_NOON + timedelta(days=day) for day in sorted(days)]

    def place(at: int) -> int:
        due = due_level(
            track,
            acknowledgement_deadlines=stored,
            acknowledged_at=None,
            now=MONDAY_NOON + timedelta(days=at),
        )
        return LEVELS[track].index(due.level)

    assert place(now) <= place(now + later)


def test_overdue_and_due_soon_are_computed_from_the_deadline() -> None:
    day = date(2026, 11, 25)
    evening = datetime(2026, 11, 25, 23, 0, tzinfo=LONDON)
    assert not is_overdue(day, evening, POLICY)
    assert is_overdue(day, evening + timedelta(hours=1), POLICY)
    assert is_due_soon(day, MONDAY_NOON, POLICY)
    assert not is_due_soon(day, MONDAY_NOON - timedelta(days=1), POLICY)
    assert not is_due_soon(day, evening + timedelta(hours=1), POLICY)
    assert is_overdue(MONDAY_NOON, MONDAY_NOON + timedelta(seconds=1), POLICY)
    assert is_due_soon(MONDAY_NOON, MONDAY_NOON, POLICY)


def test_a_grade_of_record_brings_escalations_in_line() -> None:
    lifted = settle(
        grade="requires_improvement",
        immediate_concern=False,
        open_tracks={"inadequate"},
        raised={"inadequate"},
    )
    assert lifted.to_raise == ("requires_improvement",)
    assert lifted.to_stand_down == ("inadequate",)
    lowered = settle(grade="inadequate", immediate_concern=False, open_tracks=(), raised=())
    assert (lowered.to_raise, lowered.to_stand_down) == (("inadequate",), ())


def test_a_concern_is_never_stood_down_by_a_grade() -> None:
    found = settle(
        grade="good",
        immediate_concern=False,
        open_tracks={"immediate_concern"},
        raised={"immediate_concern"},
    )
    assert (found.to_raise, found.to_stand_down) == ((), ())


def test_a_closed_escalation_is_not_raised_again_by_the_same_grade() -> None:
    found = settle(
        grade="inadequate", immediate_concern=False, open_tracks=(), raised={"inadequate"}
    )
    assert found.to_raise == ()


@pytest.mark.parametrize(
    ("grade", "day", "expected"),
    [
        ("inadequate", date(2026, 11, 23), date(2027, 2, 23)),
        ("inadequate", date(2026, 11, 30), date(2027, 2, 28)),
        ("inadequate", date(2026, 9, 30), date(2026, 12, 30)),
        ("inadequate", date(2026, 12, 31), date(2027, 3, 31)),
        ("requires_improvement", date(2026, 11, 23), None),
    ],
)
def test_the_follow_up_review(grade: str, day: date, expected: date | None) -> None:
    assert follow_up_on(grade, day, POLICY) == expected
