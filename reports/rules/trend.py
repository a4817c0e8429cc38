"""The change of a share between two quarters, and whether it is more than chance would give.

The interval of a difference is put together from the two shares' own intervals by squaring and
adding: R. G. Newcombe, "Interval estimation for the difference between independent proportions",
Statistics in Medicine 17 (1998), 873–890, method 10, with the exact finite-population intervals of
`cases.rules.intervals` in place of Wilson's. A change is called more than chance only where the
whole interval lies on one side of no change.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cases.rules.intervals import Proportion, percent

MORE_THAN_CHANCE = "more_than_chance"
WITHIN_CHANCE = "within_chance"
NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Detectable:
    """The smallest rise and fall, as shares, that these two samples could tell from chance.

    None where even a rise to 100% (a fall to 0%) would not have been told from chance.
    """

    rise: Fraction | None
    fall: Fraction | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, in whole percentage points."""
        return {
            "rise_points": None if self.rise is None else percent(self.rise),
            "fall_points": None if self.fall is None else percent(self.fall),
        }


@dataclass(frozen=True)
class Change:
    """A share's change from an earlier to a later sample: later minus earlier, with its interval.

    All three numbers are None and `verdict` is "not_comparable" where either sample is empty;
    `because` says which.
    """

    difference: Fraction | None
    low: float | None
    high: float | None
    verdict: str
    because: str

    @property
    def points(self) -> int | None:
        """The change in whole percentage points, half away from zero."""
        return None if self.difference is None else percent(self.difference)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, with whole percentage points for people."""
        return {
            "points": self.points,
            "low_points": None if self.low is None else percent(Fraction(self.low)),
            "high_points": None if self.high is None else percent(Fraction(self.high)),
            "verdict": self.verdict,
            "because": self.because,
        }


def square_and_add(
    earlier: tuple[float, float, float], later: tuple[float, float, float]
) -> tuple[float, float]:
    """Newcombe's interval for later minus earlier; each is (share, lower, upper), 0 to 1."""
    share_1, low_1, high_1 = earlier
    share_2, low_2, high_2 = later
    difference = share_2 - share_1
    return (
        difference - math.hypot(share_2 - low_2, high_1 - share_1),
        difference + math.hypot(high_2 - share_2, share_1 - low_1),
    )


def change(earlier: Proportion, later: Proportion) -> Change:
    """The change from the earlier to the later sample, and whether it is more than chance."""
    if earlier.share is None or later.share is None:
        which = "earlier" if earlier.share is None else "later"
        return Change(
            None, None, None, NOT_COMPARABLE, f"Nothing was audited in the {which} quarter."
        )
    low, high = square_and_add(_bounds(earlier), _bounds(later))
    beyond = low > 0 or high < 0
    return Change(
        difference=later.share - earlier.share,
        low=low,
        high=high,
        verdict=MORE_THAN_CHANCE if beyond else WITHIN_CHANCE,
        because=(
            "The interval of the change lies wholly on one side of no change."
            if beyond
            else "The interval of the change includes no change."
        ),
    )


def _bounds(proportion: Proportion) -> tuple[float, float, float]:
    interval = proportion.interval
    if interval is None or proportion.share is None:
        raise ValueError("An empty sample has no interval.")
    return float(proportion.share), float(interval.low), float(interval.high)


def detectable(earlier: Proportion, later_n: int, later_population: int | None) -> Detectable:
    """What a later sample of that size could tell from chance, given the earlier result.

    Found by trying the counts that the later sample could have given. Raises `ValueError` where
    either sample is empty.
    """
    if not earlier.n or not later_n:
        raise ValueError("An empty sample detects nothing.")

    def told(count: int, *, rise: bool) -> bool:
        later = Proportion(count, later_n, later_population, earlier.confidence)
        low, high = square_and_add(_bounds(earlier), _bounds(later))
        return low > 0 if rise else high < 0

    counts = range(later_n + 1)
    start = Fraction(earlier.count, earlier.n)
    up = bisect_left(counts, True, key=lambda count: told(count, rise=True))
    # Counts from high to low, so that the condition turns from false to true again.
    down = bisect_left(counts, True, key=lambda count: told(later_n - count, rise=False))
    return Detectable(
        rise=Fraction(up, later_n) - start if up <= later_n else None,
        fall=start - Fraction(later_n - down, later_n) if down <= later_n else None,
    )
