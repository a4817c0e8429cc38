"""The change between two quarters: its interval, the verdict, what could have been told."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.rules.intervals import Proportion
from reports.rules.trend import (
    MORE_THAN_CHANCE,
    NOT_COMPARABLE,
    WITHIN_CHANCE,
    change,
    detectable,
)

proportions = st.integers(1, 120).flatmap(
    lambda n: st.builds(
        Proportion, st.integers(0, n), st.just(n), st.one_of(st.none(), st.integers(n, 2500))
    )
)


def test_ten_points_between_two_samples_of_175_are_within_chance() -> None:
    found = change(Proportion(75, 175, 3500), Proportion(92, 175, 3500))
    assert (found.points, found.verdict) == (10, WITHIN_CHANCE)
    found = change(Proportion(75, 175, 3500), Proportion(96, 175, 3500))
    assert (found.points, found.verdict) == (12, MORE_THAN_CHANCE)


def test_an_empty_quarter_cannot_be_compared() -> None:
    empty, some = Proportion(0, 0, 100), Proportion(3, 10, 100)
    for pair, which in (((empty, some), "earlier"), ((some, empty), "later")):
        found = change(*pair)
        assert found.verdict == NOT_COMPARABLE
        assert which in found.because
        assert found.as_dict()["points"] is None


def test_between_two_complete_counts_every_difference_is_real() -> None:
    found = change(Proportion(4, 10, 10), Proportion(5, 10, 10))
    assert found.verdict == MORE_THAN_CHANCE
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)
    same = change(Proportion(4, 10, 10), Proportion(4, 10, 10))
    assert same.verdict == WITHIN_CHANCE


@settings(max_examples=60)
@given(proportions, proportions)
def test_turned_round_it_is_the_same_change_backwards(a: Proportion, b: Proportion) -> None:
    forth, back = change(a, b), change(b, a)
    assert forth.verdict == back.verdict
    assert forth.low is not None
    assert back.high is not None
    assert forth.low == pytest.approx(-back.high)
    assert forth.difference == -(back.difference or 0)
    assert forth.low <= float(forth.difference or 0) + 1e-9


@settings(max_examples=30)
@given(proportions, st.integers(1, 60), st.one_of(st.none(), st.integers(60, 900)))
def test_the_detectable_change_is_the_smallest_one_told(
    earlier: Proportion, n: int, population: int | None
) -> None:
    start = Fraction(earlier.count, earlier.n)
    told = {"rise": [], "fall": []}  # type: dict[str, list[Fraction]]
    for count in range(n + 1):
        found = change(earlier, Proportion(count, n, population))
        if found.verdict == MORE_THAN_CHANCE and found.difference is not None:
            told["rise" if found.difference > 0 else "fall"].append(abs(found.difference))
    result = detectable(earlier, n, population)
    assert result.rise == min(told["rise"], default=None)
    assert result.fall == min(told["fall"], default=None)
    assert start + (result.rise or 0) <= 1


def test_tiny_samples_detect_nothing() -> None:
    result = detectable(Proportion(1, 2, 40), 2, 40)
    assert (result.rise, result.fall) == (None, None)
    with pytest.raises(ValueError, match="empty sample"):
        detectable(Proportion(0, 0, 40), 2, 40)


@pytest.mark.parametrize("share", [Fraction(1, 10), Fraction(2, 5), Fraction(1, 2)])
def test_chance_alone_is_seldom_called_more(share: Fraction) -> None:
    """Exactly: two samples of 20 of 200 cases with one share; false alarms are at most 1 in 20."""
    population, n = 200, 20
    cases = int(share * population)
    chances = [
        Fraction(comb(cases, x) * comb(population - cases, n - x), comb(population, n))
        for x in range(n + 1)
    ]
    alarms = sum(
        (
            chances[x] * chances[y]
            for x in range(n + 1)
            for y in range(n + 1)
            if change(Proportion(x, n, population), Proportion(y, n, population)).verdict
            == MORE_THAN_CHANCE
        ),
        Fraction(),
    )
    assert alarms <= Fraction(1, 20)
