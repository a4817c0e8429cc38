"""Intervals and published results: the literature, other packages, other councils' reports."""

from __future__ import annotations

import math

import pytest

from cases.rules.intervals import Proportion
from reports.rules.figures import GradeFigures
from reports.rules.trend import change, square_and_add


@pytest.mark.parametrize(
    ("count", "n", "population", "fewest", "most"),
    [
        (75, 175, 3500, 1246, 1762),
        (0, 7, 140, 0, 56),
        (7, 7, 140, 84, 140),
        (3, 7, 140, 15, 113),
        (38, 109, 1000, 265, 440),
        (65, 100, 1000, 554, 738),
        (43, 205, 4109, 647, 1111),
        (1, 2, 40, 1, 39),
        (5, 10, 10, 5, 5),
    ],
)
def test_finite_population_intervals_as_scipy_gives_them(
    count: int, n: int, population: int, fewest: int, most: int
) -> None:
    """SciPy 1.12.0: the first and last number of cases K for which `stats.hypergeom(N, K, n)` has
    `sf(count - 1)` and `cdf(count)` above 0.025."""
    interval = Proportion(count, n, population).interval
    assert interval is not None
    assert interval.low * population == fewest
    assert interval.high * population == most


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_newcombes_four_examples_by_clopper_and_pearson(
    count: int, n: int, low: float, high: float
) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    Medicine 17 (1998), 857–872, the table of four examples, method 5; statsmodels 0.15.0's
    `proportion_confint(…, method="beta")` gives the same."""
    interval = Proportion(count, n, None).interval
    assert interval is not None
    assert float(interval.low) == pytest.approx(low, abs=6e-5)
    assert float(interval.high) == pytest.approx(high, abs=6e-5)


def wilson(count: int, n: int) -> tuple[float, float, float]:
    z = 1.959963984540054
    share, centre = count / n, (count + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(count * (n - count) / n + z * z / 4)
    return share, centre - half, centre + half


def test_newcombes_difference_of_two_proportions() -> None:
    """R. G. Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17 (1998), 873–890, example 56/70 against 48/80, method 10: 0.0524 to
    0.3339. statsmodels 0.15.0's `confint_proportions_2indep(56, 70, 48, 80, method="newcomb",
    compare="diff")` gives 0.05243147 to 0.33387265. That method starts from Wilson's intervals."""
    low, high = square_and_add(wilson(48, 80), wilson(56, 70))
    assert low == pytest.approx(0.05243147240236498, abs=1e-9)
    assert high == pytest.approx(0.33387265403690614, abs=1e-9)


def test_what_a_five_per_cent_sample_of_3500_says() -> None:
    """175 files, 43% good: 36% to 50%, and about 10 points between quarters are no evidence."""
    proportion = Proportion(75, 175, 3500)
    interval = proportion.interval
    assert interval is not None
    assert (proportion.percent, interval.low_percent, interval.high_percent) == (43, 36, 50)
    assert change(proportion, Proportion(92, 175, 3500)).verdict == "within_chance"


def test_suttons_contact_audit() -> None:
    """Sutton's audit of 20 contacts, as published: 70%, 25%, 5% and 0; 95% good or better."""
    figures = GradeFigures("contact", (14, 5, 1, 0), 0, None, Proportion(19, 20, None))
    assert figures.percentages == (70, 25, 5, 0)
    assert figures.good_or_better.percent == 95


def test_nottinghamshires_year() -> None:
    """Nottinghamshire 2013/14: 38 of 109 good or better, published as 35%."""
    assert Proportion(38, 109, None).percent == 35
