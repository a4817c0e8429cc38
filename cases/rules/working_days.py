"""Working days, and the deadlines that are counted in them.

A working day is a Monday to Friday that is not a holiday. Holidays come in as any container of
dates; councils in England go by England's bank holidays. A deadline in working days is a date: what
is done on that date, at any hour, is in time. The day something happens is not counted, so five
working days after a Monday is the Monday after (compare Civil Procedure Rules 2.8, which leave out
the day on which a period begins). Deadlines in hours run by the clock, nights and weekends
included.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, date, datetime, timedelta

_SATURDAY = 5
_DAY = timedelta(days=1)


def is_working_day(day: date, holidays: Container[date]) -> bool:
    """Whether people are at work on that day."""
    return day.weekday() < _SATURDAY and day not in holidays


def next_working_day(day: date, holidays: Container[date]) -> date:
    """The first working day after ``day``, which itself does not count."""
    return add_working_days(day, 1, holidays)


def on_or_after(day: date, holidays: Container[date]) -> date:
    """``day`` itself where it is a working day, else the next one: "the same working day"."""
    return day if is_working_day(day, holidays) else next_working_day(day, holidays)


def add_working_days(start: date, days: int, holidays: Container[date]) -> date:
    """The working day that is ``days`` working days after ``start``.

    0 is the same working day: ``start`` itself, or the next working day where it is none. Raises
    `ValueError` for a negative number: deadlines look forward.
    """
    if days < 0:
        raise ValueError(f"A deadline cannot be {days} working days ahead.")
    if days == 0:
        return on_or_after(start, holidays)
    day = start
    while days:
        day += _DAY
        days -= is_working_day(day, holidays)
    return day


def working_days_between(start: date, end: date, holidays: Container[date]) -> int:
    """How many working days lie after ``start``, up to and including ``end``.

    Undoes `add_working_days`. Negative where ``end`` comes first: the same count the other way.
    """
    if end < start:
        return -working_days_between(end, start, holidays)
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_working_day(day, holidays) for day in days)


def is_overdue(due_on: date, today: date) -> bool:
    """Whether a deadline has passed: from the day after it."""
    return today > due_on


def working_days_late(due_on: date, today: date, holidays: Container[date]) -> int:
    """How many working days a deadline is overdue; 0 while it is not."""
    return working_days_between(due_on, today, holidays) if is_overdue(due_on, today) else 0


def deadline_in_hours(at: datetime, hours: int) -> datetime:
    """The moment ``hours`` hours after ``at`` by the clock, in the time zone of ``at``.

    Elapsed time: where the clocks change in between, an hour is still sixty minutes. Raises
    `ValueError` for a time without time zone or a negative number of hours.
    """
    if at.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    if hours < 0:
        raise ValueError(f"A deadline cannot be {hours} hours ahead.")
    return (at.astimezone(UTC) + timedelta(hours=hours)).astimezone(at.tzinfo)
