"""Which cases are in a theme's cohort."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.cohort import Cohort, months_before

ON = date(2026, 10, 6)
CASE: dict[str, Any] = {
    "service": "child_protection",
    "team": "Riverside",
    "gender": "Female",
    "opened_on": "2026-04-06",
    "transferred_in_on": "2026-04-06",
    "age_years": 7,
    "agency": False,
}


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 10, 6), 6, date(2026, 4, 6)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 1), 24, date(2024, 12, 1)),
    ],
)
def test_months_before(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before


@pytest.mark.parametrize(
    ("cohort", "inside"),
    [
        (Cohort(), True),
        (Cohort(service=("child_protection", "looked_after")), True),
        (Cohort(service=("looked_after",)), False),
        (Cohort(service=("child_protection",), team=("Hilltop",)), False),
        (Cohort(gender=("Female",), age_from=7, age_to=7, agency=False), True),
        (Cohort(agency=True), False),
        (Cohort(age_from=8), False),
        (Cohort(age_to=6), False),
        (Cohort(transferred_in_within=6), True),  # six months ago to the day
        (Cohort(transferred_in_within=5), False),
        (Cohort(opened_within=6), True),
        (Cohort(opened_within=5), False),
        (Cohort(open_for=6), True),
        (Cohort(open_for=7), False),
    ],
)
def test_all_conditions_must_hold(cohort: Cohort, inside: bool) -> None:
    assert cohort.covers(CASE, ON) is inside


@pytest.mark.parametrize(
    "cohort",
    [
        Cohort(service=("child_protection",)),
        Cohort(ethnicity=("White British",)),
        Cohort(transferred_in_within=240),
        Cohort(opened_within=240),
        Cohort(open_for=1),
        Cohort(age_from=0),
        Cohort(age_to=26),
        Cohort(agency=False),
        Cohort(agency=True),
    ],
)
def test_what_is_not_recorded_fulfils_no_condition(cohort: Cohort) -> None:
    assert not cohort.covers({"service": None, "age_years": None, "opened_on": None}, ON)


def test_a_date_in_the_future_is_not_within_the_last_months() -> None:
    later = {"transferred_in_on": (ON + timedelta(days=1)).isoformat()}
    assert not Cohort(transferred_in_within=6).covers(later, ON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"opened_within": 0},
        {"open_for": 241},
        {"age_to": -1},
        {"age_from": 27},
        {"age_from": 9, "age_to": 8},
        {"opened_within": True},
    ],
)
def test_conditions_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be a whole number|above the highest"):
        Cohort(**wrong)


def test_an_unknown_condition_is_not_dropped_in_silence() -> None:
    with pytest.raises(ValueError, match="colour"):
        Cohort.from_dict({"colour": ["red"]})


values = st.lists(st.text(min_size=1, max_size=5), max_size=3).map(tuple)
months = st.none() | st.integers(1, 240)
cohorts = st.builds(
    Cohort, service=values, plan=values, opened_within=months, open_for=months,
    age_to=st.none() | st.integers(0, 26), agency=st.sampled_from([None, True, False]),
)  # fmt: skip


@given(cohorts)
def test_written_and_read_again_is_the_same(cohort: Cohort) -> None:
    assert Cohort.from_dict(cohort.as_dict()) == cohort
    assert cohort.words()


@given(cohorts, st.integers(0, 400), st.integers(0, 26))
def test_another_condition_never_lets_a_case_in(cohort: Cohort, days: int, age: int) -> None:
    case = {**CASE, "opened_on": (ON - timedelta(days=days)).isoformat(), "age_years": age}
    narrower = Cohort.from_dict({**cohort.as_dict(), "team": ["Riverside"]})
    assert cohort.covers(case, ON) or not narrower.covers(case, ON)


def test_words() -> None:
    cohort = Cohort(
        service=("child_protection", "child_in_need"),
        transferred_in_within=6,
        age_from=10,
        agency=True,
    )
    names = {"child_protection": "Child Protection", "child_in_need": "Child in Need"}
    assert cohort.words(names) == [
        "Service: Child Protection or Child in Need",
        "Transferred in within the last 6 months",
        "Aged 10 or older",
        "The practitioner is an agency worker",
    ]
    assert Cohort().words() == ["Every open case"]
