"""The share of good or better, each file weighted by how likely its case was to be selected.

Rotation, families and the rounding of each group make a case's chance of being selected differ. The
estimate that allows for it is Hájek's: the sum of 1/chance over the files that are good or better,
divided by the same sum over all graded files (Särndal, Swensson and Wretman, *Model Assisted Survey
Sampling*, 1992, section 5.7). With equal chances it is the plain share; with a simple random sample
in each group it is the stratified mean (Cochran, *Sampling Techniques*, 1977, section 5.3).

The chances are estimated themselves (`cases/rules/inclusion.py`), and the sample of a group can be
a single file, so no interval is given: the figure shows how far the headline can be trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from audits.rules.grades import good_or_better
from reports.rules.figures import AuditRecord


@dataclass(frozen=True)
class WeightedShare:
    """``share`` from 0 to 1, of ``n`` files whose chances lie from ``lowest`` to ``highest``."""

    share: float
    n: int
    lowest: float
    highest: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def weighted_share(audits: Iterable[AuditRecord], line: str) -> WeightedShare | None:
    """A line's weighted share of good or better among its files with a grade of record.

    None where there is none, or where the chance of one of them is not known or was nil: a reserve
    that took another's place may have had none.
    """
    found = [(a.chance, good_or_better(a.grade)) for a in audits if a.line == line and a.grade]
    chances = [chance for chance, _ in found if chance]
    if not found or len(chances) < len(found):
        return None
    weights = [1 / chance for chance in chances]
    good = sum(weight for weight, (_, is_good) in zip(weights, found, strict=True) if is_good)
    return WeightedShare(good / sum(weights), len(found), min(chances), max(chances))
