"""Small things made with a seeded random number generator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from cases.queries.calendar import bank_holidays
from cases.rules.working_days import add_working_days, on_or_after

T = TypeVar("T")
LONDON = ZoneInfo("Europe/London")


class Turns:
    """Counts, so that what is rare happens in every quarter, at any size of council."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def one_in(self, many: int, what: str) -> bool:
        """Whether it is this one's turn: that of the second, and of every so many after it."""
        self._counts[what] += 1
        return (self._counts[what] - 2) % many == 0

    def spread(self, what: str) -> float:
        """Numbers from 0 to 1 that lie evenly, however few are asked for: shares come out right.

        The fractions of multiples of the golden ratio.
        """
        self._counts[what] += 1
        return self._counts[what] * 0.6180339887498949 % 1


def given(value: T | None) -> T:
    """The value, where the story so far has set it. Raises ValueError where it has not."""
    if value is None:
        raise ValueError("The demo's story is told in the wrong order.")
    return value


def weighted(rng: Random, pairs: Sequence[tuple[T, float]]) -> T:
    """One of the values, each as likely as its weight says."""
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


def office_hours(rng: Random, day: date, start: int = 9, end: int = 16) -> datetime:
    """A minute of that day between two full hours, or of the next working day."""
    at = time(rng.randint(start, end), rng.randrange(0, 60))
    return datetime.combine(on_or_after(day, bank_holidays()), at, tzinfo=LONDON)


def later(rng: Random, moment: datetime, least: int, most: int) -> datetime:
    """Between ``least`` and ``most`` working days after ``moment``, in office hours.

    0 days: between twenty minutes and two hours later.
    """
    days = rng.randint(least, most)
    if days == 0:
        return moment + timedelta(minutes=rng.randint(20, 120))
    return office_hours(rng, working_days_on(moment.astimezone(LONDON).date(), days))


def working_days_on(day: date, days: int) -> date:
    """The working day so many working days after ``day``."""
    return add_working_days(day, days, bank_holidays())
