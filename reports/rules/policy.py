"""The numbers behind a report's figures: one frozen set, stored with the report's quarter.

The thresholds for small numbers are the council's settings; the defaults are the ones common in
published English children's services statistics (counts under 5, percentages of groups under 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class ReportPolicy:
    """Every number that the report's rules use.

    Raises `ValueError` where a number makes no sense.
    """

    confidence: Fraction = Fraction(19, 20)  # of every interval
    smallest_count: int = 5  # a count under this is not published
    smallest_group: int = 10  # percentages of a group under this are not published
    fewest_pairs: int = 10  # kappa and AC2 of fewer pairs of grades are not shown
    age_band_days: tuple[int, ...] = (7, 28, 84)  # upper ends, in calendar days

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ValueError("The confidence must lie between 0 and 1.")
        if self.smallest_count < 1 or self.smallest_group < 1 or self.fewest_pairs < 1:
            raise ValueError("Thresholds must be at least 1.")
        if list(self.age_band_days) != sorted(set(self.age_band_days)) or not self.age_band_days:
            raise ValueError("The ends of the age bands must rise.")
        if self.age_band_days[0] < 0:
            raise ValueError("An age band cannot end before it begins.")

    def as_dict(self) -> dict[str, Any]:
        """The policy as JSON-able values; a fraction as text, "19/20"."""
        return {
            "confidence": str(self.confidence),
            "smallest_count": self.smallest_count,
            "smallest_group": self.smallest_group,
            "fewest_pairs": self.fewest_pairs,
            "age_band_days": list(self.age_band_days),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ReportPolicy:
        """The policy that `as_dict` wrote; what is left out has its default.

        Raises `ValueError` for a name that is not a setting, so that a misspelt one is noticed.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Not settings of reports: {', '.join(sorted(unknown))}.")
        read = dict(values)
        if "confidence" in read:
            read["confidence"] = Fraction(read["confidence"])
        if "age_band_days" in read:
            read["age_band_days"] = tuple(read["age_band_days"])
        return cls(**read)
