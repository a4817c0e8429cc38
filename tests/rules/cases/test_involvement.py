"""To which service a case was open on a day."""

from __future__ import annotations

from datetime import date

import pytest

from cases.rules.involvement import State, service_on

JANUARY, MARCH, JUNE, JULY = (date(2026, month, 1) for month in (1, 3, 6, 7))
NEED, LOOKED_AFTER = "child_in_need", "looked_after"


@pytest.mark.parametrize(
    ("day", "service"),
    [
        (date(2025, 12, 31), ""),
        (JANUARY, NEED),
        (date(2026, 5, 31), NEED),
        (JUNE, LOOKED_AFTER),
        (date(2026, 8, 1), LOOKED_AFTER),
    ],
)
def test_a_move_counts_from_its_day(day: date, service: str) -> None:
    states = [State(NEED, JANUARY, MARCH), State(LOOKED_AFTER, JUNE, JULY)]
    assert service_on(day, states, None) == service


def test_a_move_without_a_date_of_its_own_counts_from_the_list_that_said_it() -> None:
    states = [State(NEED, JANUARY, MARCH), State(LOOKED_AFTER, JANUARY, JULY)]
    assert service_on(JUNE, states, None) == NEED
    assert service_on(JULY, states, None) == LOOKED_AFTER


def test_within_one_service_the_earliest_date_counts() -> None:
    states = [State(NEED, MARCH, MARCH), State(NEED, JANUARY, JUNE), State(NEED, JUNE, JULY)]
    assert service_on(JANUARY, states, None) == NEED


def test_a_date_that_is_not_known_and_an_end() -> None:
    states = [State(NEED, None, JULY)]
    assert service_on(JANUARY, states, None) == NEED
    assert service_on(JUNE, states, JUNE) == ""
    assert service_on(MARCH, states, JUNE) == NEED
    assert service_on(MARCH, [], None) == ""
