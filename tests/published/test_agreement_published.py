"""Agreement coefficients against other packages.

Values computed with statsmodels 0.15.0 (`stats.inter_rater.cohens_kappa`, wt="linear" and
"quadratic") and irrCAC 0.4.4 (`raw.CAC(…, weights=…, categories=[0, 1, 2, 3], digits=10).gwet()`,
and `table.CAC(…).cohen()`, which gives the same kappa), on the tables below: first grader in rows,
second in columns, best grade first.
"""

from __future__ import annotations

import pytest

from quality.rules.agreement import Table, gwet_ac2, weighted_kappa

NINETY: Table = ((4, 3, 0, 0), (2, 20, 7, 1), (0, 5, 30, 6), (0, 1, 2, 9))
NEARLY_ALL_GOOD: Table = ((0, 0, 0, 0), (0, 20, 1, 0), (0, 0, 0, 0), (0, 0, 0, 0))


@pytest.mark.parametrize(
    ("table", "power", "kappa", "ac2"),
    [
        (NINETY, 1, 0.6330146231721037, 0.7773005873),
        (NINETY, 2, 0.7277726856095326, 0.8865271711),
        (NEARLY_ALL_GOOD, 1, 0.0, 0.9835315645),
        (NEARLY_ALL_GOOD, 2, 0.0, 0.9944610515),
    ],
)
def test_weighted_kappa_and_ac2(table: Table, power: int, kappa: float, ac2: float) -> None:
    assert weighted_kappa(table, power).value == pytest.approx(kappa, abs=1e-12)
    assert gwet_ac2(table, power).value == pytest.approx(ac2, abs=1e-10)
