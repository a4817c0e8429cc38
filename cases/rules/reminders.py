"""On which days somebody is reminded of a thing with a deadline."""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from cases.rules.working_days import (
    add_working_days,
    is_working_day,
    on_or_after,
    working_days_between,
)

BEFORE = 2
EVERY = 5


def is_reminded(due_on: date, today: date, holidays: Container[date]) -> bool:
    """Whether a reminder goes out ``today``: working days only.

    Two working days before the deadline, on the first working day after it, and from then on every
    fifth working day: often enough to be noticed, seldom enough to be read.
    """
    if not is_working_day(today, holidays):
        return False
    deadline = on_or_after(due_on, holidays)
    if today <= deadline:
        return add_working_days(today, BEFORE, holidays) == deadline
    return working_days_between(deadline, today, holidays) % EVERY == 1
