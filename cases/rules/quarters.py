"""Quarters of the financial year, by which a council plans and reports.

A financial year runs from 1 April to 31 March and is named after the year it starts in: 2026 is
2026/27. Q1 is April to June, Q4 January to March of the following calendar year.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_LABEL = re.compile(r"([0-9]{4})-Q([1-4])", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a financial year; quarters sort in order of time.

    ``year`` is the year the financial year starts in (1900 to 2999), ``number`` is 1 to 4.
    Raises `ValueError` for anything else.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1900 <= self.year <= 2999:
            raise ValueError(f"The year of a quarter is from 1900 to 2999, not {self.year}.")
        if not 1 <= self.number <= 4:
            raise ValueError(f"A year has the quarters 1 to 4, there is no Q{self.number}.")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """The quarter that ``text`` names: "2026-Q3" is October to December 2026.

        Case and surrounding spaces do not matter. Raises `ValueError`, in words for a page.
        """
        found = _LABEL.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"“{text.strip()}” is not a quarter. Write the year in which the financial year "
                "starts and the quarter, such as 2026-Q3 for October to December 2026."
            )
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def containing(cls, day: date) -> Quarter:
        """The quarter that a date lies in."""
        started_last_year = day.month < 4
        return cls(day.year - started_last_year, (day.month - 4) % 12 // 3 + 1)

    @property
    def label(self) -> str:
        """As stored, typed and put into addresses: "2026-Q3"."""
        return f"{self.year}-Q{self.number}"

    @property
    def name(self) -> str:
        """As people write it: "Q3 2026/27"."""
        return f"Q{self.number} {self.year}/{(self.year + 1) % 100:02}"

    def __str__(self) -> str:
        return self.name

    @property
    def starts(self) -> date:
        """Its first day."""
        year, month = self._first_month()
        return date(year, month, 1)

    @property
    def ends(self) -> date:
        """Its last day."""
        year, month = self._first_month()
        return date(year, month + 2, monthrange(year, month + 2)[1])

    def _first_month(self) -> tuple[int, int]:
        return (self.year, 3 * self.number + 1) if self.number < 4 else (self.year + 1, 1)

    def previous(self) -> Quarter:
        """The quarter before."""
        if self.number == 1:
            return Quarter(self.year - 1, 4)
        return Quarter(self.year, self.number - 1)

    def next(self) -> Quarter:
        """The quarter after."""
        if self.number == 4:
            return Quarter(self.year + 1, 1)
        return Quarter(self.year, self.number + 1)
