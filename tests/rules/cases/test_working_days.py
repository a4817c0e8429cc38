"""Working days: by hand around a real Christmas, and in general."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.working_days import (
    add_working_days,
    deadline_in_hours,
    is_overdue,
    is_working_day,
    next_working_day,
    on_or_after,
    working_days_between,
    working_days_late,
)

LONDON = ZoneInfo("Europe/London")
# England, Christmas 2026: Friday 25 December, and Monday 28 December for Boxing Day on a Saturday.
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)})
FRIDAY = date(2026, 12, 18)

HOLIDAYS = st.frozensets(st.dates(date(2020, 1, 1), date(2020, 3, 31)), max_size=20)
NEAR = st.dates(date(2020, 1, 1), date(2020, 3, 31))


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, date(2026, 12, 21)),
        (FRIDAY, 4, date(2026, 12, 24)),
        (FRIDAY, 5, date(2026, 12, 29)),  # over Christmas Day, a weekend and the substitute day
        (FRIDAY, 15, date(2027, 1, 13)),
        (date(2026, 12, 26), 0, date(2026, 12, 29)),  # a Saturday
        (date(2026, 12, 26), 1, date(2026, 12, 29)),
        (date(2026, 12, 24), 1, date(2026, 12, 29)),
    ],
)
def test_deadlines_around_christmas(start: date, days: int, expected: date) -> None:
    assert add_working_days(start, days, CHRISTMAS) == expected


def test_holidays_and_weekends_are_no_working_days() -> None:
    assert is_working_day(FRIDAY, CHRISTMAS)
    assert not is_working_day(FRIDAY + timedelta(days=1), CHRISTMAS)
    assert not is_working_day(date(2026, 12, 25), CHRISTMAS)
    assert is_working_day(date(2026, 12, 25), frozenset())


def test_deadlines_look_forward() -> None:
    with pytest.raises(ValueError, match="-1 working days"):
        add_working_days(FRIDAY, -1, CHRISTMAS)


@given(NEAR, st.integers(1, 40), HOLIDAYS)
def test_adding_gives_a_working_day_with_so_many_up_to_it(
    start: date, days: int, holidays: frozenset[date]
) -> None:
    due = add_working_days(start, days, holidays)
    assert is_working_day(due, holidays)
    each = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert sum(day.weekday() < 5 and day not in holidays for day in each) == days
    assert working_days_between(start, due, holidays) == days


@given(NEAR, st.integers(0, 20), st.integers(0, 20), HOLIDAYS)
def test_adding_twice_is_adding_the_sum(
    start: date, one: int, other: int, holidays: frozenset[date]
) -> None:
    step = add_working_days(add_working_days(start, one, holidays), other, holidays)
    # A start on a day off moves to the next working day first, where nothing is added.
    whole = start if one else on_or_after(start, holidays)
    assert step == add_working_days(whole, one + other, holidays)


@given(NEAR, NEAR, HOLIDAYS)
def test_counting_backwards_is_the_negative(a: date, b: date, holidays: frozenset[date]) -> None:
    assert working_days_between(a, b, holidays) == -working_days_between(b, a, holidays)


@given(NEAR, HOLIDAYS)
def test_next_is_after_and_on_or_after_is_not_before(day: date, holidays: frozenset[date]) -> None:
    assert next_working_day(day, holidays) > day
    same = on_or_after(day, holidays)
    assert same == day if is_working_day(day, holidays) else same == next_working_day(day, holidays)


@pytest.mark.parametrize(
    ("today", "overdue", "late"),
    [
        (FRIDAY - timedelta(days=1), False, 0),
        (FRIDAY, False, 0),  # all of the day is in time
        (FRIDAY + timedelta(days=1), True, 0),  # Saturday: past, but nobody could have worked
        (date(2026, 12, 21), True, 1),
        (date(2026, 12, 29), True, 5),
    ],
)
def test_lateness(today: date, overdue: bool, late: int) -> None:
    assert is_overdue(FRIDAY, today) is overdue
    assert working_days_late(FRIDAY, today, CHRISTMAS) == late


def test_hours_run_by_the_clock_over_nights_and_holidays() -> None:
    at = datetime(2026, 12, 24, 23, 30, tzinfo=LONDON)
    assert deadline_in_hours(at, 2) == datetime(2026, 12, 25, 1, 30, tzinfo=LONDON)


def test_an_hour_is_sixty_minutes_where_the_clocks_change() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=LONDON)  # clocks go back at 2:00 that night
    due = deadline_in_hours(before, 2)
    assert due.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=2)
    assert (due.hour, due.minute) == (1, 30)


def test_hours_need_a_time_zone_and_look_forward() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadline_in_hours(datetime(2026, 1, 1), 2)
    with pytest.raises(ValueError, match="-2 hours"):
        deadline_in_hours(datetime(2026, 1, 1, tzinfo=UTC), -2)
