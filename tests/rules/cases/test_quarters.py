"""Quarters of the financial year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.quarters import Quarter

DAYS = st.dates(date(1901, 1, 1), date(2998, 12, 31))


@pytest.mark.parametrize(
    ("label", "name", "starts", "ends"),
    [
        ("2026-Q1", "Q1 2026/27", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026-Q2", "Q2 2026/27", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q3", "Q3 2026/27", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026-Q4", "Q4 2026/27", date(2027, 1, 1), date(2027, 3, 31)),
        ("1999-Q4", "Q4 1999/00", date(2000, 1, 1), date(2000, 3, 31)),
    ],
)
def test_quarter(label: str, name: str, starts: date, ends: date) -> None:
    quarter = Quarter.parse(label)
    assert (quarter.label, quarter.name, str(quarter)) == (label, name, name)
    assert (quarter.starts, quarter.ends) == (starts, ends)


def test_typing_is_forgiven() -> None:
    assert Quarter.parse("  2026-q3 ") == Quarter(2026, 3)


@pytest.mark.parametrize(
    "text", ["", "2026", "Q3", "2026-Q5", "2026-Q0", "26-Q3", "2026Q3", "2026-Q3-1", "２０２６-Q3"]
)
def test_what_is_no_quarter_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a quarter\. Write .* such as 2026-Q3"):
        Quarter.parse(text)


@pytest.mark.parametrize(("year", "number"), [(2026, 0), (2026, 5), (1899, 1), (3000, 1)])
def test_there_are_no_others(year: int, number: int) -> None:
    with pytest.raises(ValueError, match="quarter"):
        Quarter(year, number)


@given(DAYS)
def test_every_day_is_in_one_quarter(day: date) -> None:
    quarter = Quarter.containing(day)
    assert quarter.starts <= day <= quarter.ends
    assert Quarter.parse(quarter.label) == quarter


@given(DAYS)
def test_quarters_follow_each_other(day: date) -> None:
    quarter = Quarter.containing(day)
    assert quarter.next().starts == quarter.ends + timedelta(days=1)
    assert quarter.next().previous() == quarter
    assert quarter.previous() < quarter < quarter.next()


@given(DAYS, DAYS)
def test_quarters_sort_by_time(one: date, other: date) -> None:
    first, second = Quarter.containing(min(one, other)), Quarter.containing(max(one, other))
    assert first <= second
