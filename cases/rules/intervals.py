"""A share found in a sample, with what it says about the whole: exact finite-population intervals.

The sample is drawn without replacement from a known number of cases, so the count found follows
the hypergeometric distribution. The interval holds every number of cases in the population that
would not make the count found too surprising in either direction (each tail above half of one
minus the confidence): inversion of the exact test, as in J. P. Buonaccorsi, "A note on confidence
intervals for proportions in finite populations", The American Statistician 41 (1987), 215–218.
It covers the truth at least as often as it says, for any sample, also at none and at all, and it
shrinks to a point when everything was audited. Without a known population the same construction
on the binomial distribution is used: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934),
404–413. Why this and not another: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

CONFIDENCE = Fraction(19, 20)


@dataclass(frozen=True)
class Interval:
    """Bounds of a share, each between 0 and 1."""

    low: Fraction
    high: Fraction
    confidence: Fraction = CONFIDENCE

    @property
    def low_percent(self) -> int:
        """The lower bound as a whole percentage, half up."""
        return percent(self.low)

    @property
    def high_percent(self) -> int:
        """The upper bound as a whole percentage, half up."""
        return percent(self.high)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: whole percentages for people, the exact bounds as text."""
        return {
            "low": str(self.low),
            "high": str(self.high),
            "low_percent": self.low_percent,
            "high_percent": self.high_percent,
            "confidence": str(self.confidence),
        }


@dataclass(frozen=True)
class Proportion:
    """`count` of `n` audited files, drawn from `population` cases (None: not known)."""

    count: int
    n: int
    population: int | None
    confidence: Fraction = CONFIDENCE

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.n:
            raise ValueError(f"{self.count} of {self.n} is no share.")
        if self.population is not None and self.n > self.population:
            raise ValueError(f"A sample of {self.n} cannot come from {self.population} cases.")

    @property
    def share(self) -> Fraction | None:
        """The share found; None where nothing was audited."""
        return Fraction(self.count, self.n) if self.n else None

    @property
    def percent(self) -> int | None:
        """The share as a whole percentage, half up; None where nothing was audited."""
        return None if self.share is None else percent(self.share)

    @property
    def interval(self) -> Interval | None:
        """The exact interval; None where nothing was audited."""
        if not self.n:
            return None
        return _interval(self.count, self.n, self.population, self.confidence)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, with percentage and interval."""
        interval = self.interval
        return {
            "count": self.count,
            "n": self.n,
            "population": self.population,
            "percent": self.percent,
            "interval": interval.as_dict() if interval else None,
        }


def percent(share: Fraction) -> int:
    """A share as a whole percentage, half rounded up (away from zero below it), exactly.

    14 of 400 is 3.5 and gives 4, which a float may not.
    """
    sign = -1 if share < 0 else 1
    return sign * math.floor(abs(share) * 100 + Fraction(1, 2))


@lru_cache(maxsize=4096)
def _interval(count: int, n: int, population: int | None, confidence: Fraction) -> Interval:
    tail = float((1 - confidence) / 2)
    if population is None:
        low, high = _binomial_bounds(count, n, tail)
    else:
        # The other side's bound is the mirror image: it counts the files that were not found so.
        low = Fraction(_fewest(count, n, population, tail), population)
        high = 1 - Fraction(_fewest(n - count, n, population, tail), population)
    return Interval(low, high, confidence)


def _fewest(count: int, n: int, population: int, tail: float) -> int:
    """The fewest cases of the population among which `count` or more of `n` is not surprising."""
    if count == 0:
        return 0
    return _first_true(
        count,
        population - (n - count),
        lambda cases: _hypergeometric_at_least(count, n, cases, population) > tail,
    )


def _first_true(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number from `low` to `high` that holds, for a condition that stays true."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _hypergeometric_at_least(count: int, n: int, cases: int, population: int) -> float:
    """P(X ≥ count) when n are drawn from a population of which `cases` have the property."""
    others = population - cases
    first, last = max(0, n - others), min(n, cases)
    if count <= first:
        return 1.0
    if count > last:
        return 0.0

    def term(x: int) -> float:
        return math.exp(
            _log_choose(cases, x) + _log_choose(others, n - x) - _log_choose(population, n)
        )

    def step(x: int) -> float:
        return (cases - x) * (n - x) / ((x + 1) * (others - n + x + 1))

    return _at_least(count, first, last, count * population > n * cases, term, step)


def _binomial_at_least(count: int, n: int, p: float) -> float:
    """P(X ≥ count) for n independent draws, 0 < p < 1, 0 < count ≤ n."""

    def term(x: int) -> float:
        return math.exp(_log_choose(n, x) + x * math.log(p) + (n - x) * math.log1p(-p))

    def step(x: int) -> float:
        return (n - x) / (x + 1) * (p / (1 - p))

    return _at_least(count, 0, n, count > n * p, term, step)


def _at_least(
    count: int,
    first: int,
    last: int,
    above_mean: bool,
    term: Callable[[int], float],
    step: Callable[[int], float],
) -> float:
    """P(X ≥ count), summed over the tail that falls away from the mean.

    `step(x)` is P(x + 1) / P(x). Summing the falling tail keeps a first term too small for a float
    from swallowing the whole sum.
    """
    terms = []
    if above_mean:
        value = term(count)
        for x in range(count, last + 1):
            terms.append(value)
            if x < last:
                value *= step(x)
        return math.fsum(terms)
    value = term(count - 1)
    for x in range(count - 1, first - 1, -1):
        terms.append(value)
        if x > first:
            value /= step(x - 1)
    return 1.0 - math.fsum(terms)


def _binomial_bounds(count: int, n: int, tail: float) -> tuple[Fraction, Fraction]:
    # Bounds to a millionth: finer than anything shown, and a fraction like all others.
    def low(found: int) -> Fraction:
        if found == 0:
            return Fraction(0)
        steps = 10**6
        return Fraction(
            _first_true(
                1, steps - 1, lambda step: _binomial_at_least(found, n, step / steps) > tail
            )
            - 1,
            steps,
        )

    return low(count), 1 - low(n - count)
