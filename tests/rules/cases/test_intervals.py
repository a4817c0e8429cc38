"""Exact intervals for a finite population: against brute force, at the edges, as properties."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.rules.intervals import Proportion, percent

TAIL = Fraction(1, 40)


@cache
def chance(x: int, n: int, cases: int, population: int) -> Fraction:
    return Fraction(comb(cases, x) * comb(population - cases, n - x), comb(population, n))


def inverted_test(x: int, n: int, population: int) -> tuple[Fraction, Fraction]:
    """The interval by trying every possible number of cases, in exact fractions."""
    plausible = [
        cases
        for cases in range(population + 1)
        if sum((chance(k, n, cases, population) for k in range(x, n + 1)), Fraction()) > TAIL
        and sum((chance(k, n, cases, population) for k in range(x + 1)), Fraction()) > TAIL
    ]
    return Fraction(plausible[0], population), Fraction(plausible[-1], population)


@pytest.mark.parametrize("population", range(1, 13))
def test_every_small_sample_equals_brute_force(population: int) -> None:
    for n in range(1, population + 1):
        for x in range(n + 1):
            interval = Proportion(x, n, population).interval
            assert interval is not None
            assert (interval.low, interval.high) == inverted_test(x, n, population)


@pytest.mark.parametrize(("population", "n"), [(12, 4), (40, 7), (60, 3), (140, 7), (200, 10)])
def test_it_covers_the_truth_at_least_as_often_as_it_says(population: int, n: int) -> None:
    intervals = [Proportion(x, n, population).interval for x in range(n + 1)]
    for cases in range(population + 1):
        truth = Fraction(cases, population)
        covered = sum(
            (
                chance(x, n, cases, population)
                for x, interval in enumerate(intervals)
                if interval is not None and interval.low <= truth <= interval.high
            ),
            Fraction(),
        )
        assert covered >= Fraction(19, 20)


samples = st.integers(1, 3000).flatmap(
    lambda population: st.integers(1, min(population, 250)).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.just(n), st.just(population))
    )
)


@settings(max_examples=60)
@given(samples)
def test_it_holds_the_share_found_and_only_possible_ones(sample: tuple[int, int, int]) -> None:
    count, n, population = sample
    interval = Proportion(count, n, population).interval
    assert interval is not None
    assert Fraction(count, population) <= interval.low
    assert interval.high <= Fraction(population - (n - count), population)
    # The share in the sample need not be a possible share of the whole, but lies within one case.
    assert interval.low - Fraction(1, population) < Fraction(count, n)
    assert Fraction(count, n) < interval.high + Fraction(1, population)


@settings(max_examples=40)
@given(samples)
def test_counting_the_others_gives_the_mirror_image(sample: tuple[int, int, int]) -> None:
    count, n, population = sample
    one = Proportion(count, n, population).interval
    other = Proportion(n - count, n, population).interval
    assert one is not None
    assert other is not None
    assert (one.low, one.high) == (1 - other.high, 1 - other.low)


@settings(max_examples=40)
@given(samples)
def test_more_found_never_moves_it_down(sample: tuple[int, int, int]) -> None:
    count, n, population = sample
    if count == n:
        count -= 1
    fewer, more = (
        Proportion(count + extra, n, population).interval for extra in (0, 1)
    )  # fmt: skip
    assert fewer is not None
    assert more is not None
    assert fewer.low <= more.low
    assert fewer.high <= more.high


@pytest.mark.parametrize("count", [0, 3, 10])
def test_everything_audited_leaves_no_doubt(count: int) -> None:
    interval = Proportion(count, 10, 10).interval
    assert interval is not None
    assert interval.low == interval.high == Fraction(count, 10)


def test_none_and_all_of_a_sample_are_not_certainties() -> None:
    none, all_ = Proportion(0, 7, 140).interval, Proportion(7, 7, 140).interval
    assert none is not None
    assert all_ is not None
    assert none.low == 0
    assert all_.high == 1
    assert none.high == Fraction(56, 140)
    assert all_.low == Fraction(84, 140)


def test_nothing_audited_has_no_share_and_no_interval() -> None:
    empty = Proportion(0, 0, 140)
    assert (empty.share, empty.percent, empty.interval) == (None, None, None)
    assert empty.as_dict() == {
        "count": 0, "n": 0, "population": 140, "percent": None, "interval": None,
    }  # fmt: skip


def test_a_very_large_population_gives_no_zero_by_underflow() -> None:
    interval = Proportion(100, 50_000, 1_000_000).interval
    assert interval is not None
    assert Fraction(160, 10**5) < interval.low < Fraction(200, 10**5) < interval.high
    assert interval.high < Fraction(245, 10**5)


def test_a_population_not_known_gives_the_wider_interval() -> None:
    known, unknown = (Proportion(30, 60, population).interval for population in (200, None))
    assert known is not None
    assert unknown is not None
    assert unknown.low < known.low < known.high < unknown.high


@pytest.mark.parametrize(("count", "n", "population"), [(-1, 5, 9), (6, 5, 9), (2, 10, 9)])
def test_impossible_samples_are_refused(count: int, n: int, population: int) -> None:
    with pytest.raises(ValueError, match=r"is no share|cannot come from"):
        Proportion(count, n, population)


@pytest.mark.parametrize(
    ("share", "whole"),
    [
        (Fraction(38, 109), 35),
        (Fraction(1, 200), 1),  # a half goes up
        (Fraction(29, 200), 15),  # 14.5: a float's rounding to even would give 14
        (Fraction(-29, 200), -15),
        (Fraction(0), 0),
        (Fraction(1), 100),
    ],
)
def test_percentages_round_half_up(share: Fraction, whole: int) -> None:
    assert percent(share) == whole
