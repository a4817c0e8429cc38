"""On which days people are reminded."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cases.rules.reminders import is_reminded
from cases.rules.working_days import is_working_day

CHRISTMAS = {date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)}


def days(due_on: date, first: date, number: int) -> list[str]:
    """The days of so many from ``first`` on which a reminder goes out."""
    each = (first + timedelta(days=n) for n in range(number))
    return [str(day) for day in each if is_reminded(due_on, day, CHRISTMAS)]


def test_two_days_before_the_day_after_and_every_week_from_then() -> None:
    # Due on Wednesday 18 November: Monday before, Thursday after, and the Thursdays that follow.
    assert days(date(2026, 11, 18), date(2026, 11, 9), 30) == [
        "2026-11-16",
        "2026-11-19",
        "2026-11-26",
        "2026-12-03",
    ]


def test_over_a_weekend_and_bank_holidays() -> None:
    # Due on Boxing Day, a Saturday: the deadline is Tuesday 29 December.
    assert days(date(2026, 12, 26), date(2026, 12, 18), 22) == [
        "2026-12-23",
        "2026-12-30",
        "2027-01-07",
    ]


@given(due_on=st.dates(date(2026, 1, 1), date(2027, 12, 31)), offset=st.integers(-40, 200))
def test_never_on_a_day_off_and_once_before_each_deadline(due_on: date, offset: int) -> None:
    today = due_on + timedelta(days=offset)
    assert is_working_day(today, CHRISTMAS) or not is_reminded(due_on, today, CHRISTMAS)
    before = days(due_on, due_on - timedelta(days=40), 41)
    assert len(before) == 1
