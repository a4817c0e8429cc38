"""How far two graders agree: shares, direction, the 4×4 table, weighted kappa and Gwet's AC2.

Sources: J. Cohen, "Weighted kappa", Psychological Bulletin 70 (1968), 213–220; K. L. Gwet,
"Computing inter-rater reliability and its variance in the presence of high agreement", British
Journal of Mathematical and Statistical Psychology 61 (2008), 29–48 (AC1), and "Handbook of
Inter-Rater Reliability", 4th edition (2014), chapters 3 and 4 (AC2 with weights).

Kappa falls towards 0 where nearly all files have the same grade, however well graders agree; AC2
does not. Both are shown, with the plain shares first. Sums are exact fractions; only the result is
a float, so the same grades give the same digits on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from audits.rules.grades import GRADES

Table = tuple[tuple[int, ...], ...]
Weights = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of agreement, at most 1; or None with the reason why there is none."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Agreement:
    """What n pairs of grades say. Rows of `table` are first grades, columns second, best first.

    `lower` counts pairs whose second grade was lower (the first was over-optimistic), `higher`
    those whose second was higher.
    """

    n: int
    grades: tuple[str, ...]
    table: Table
    exact: int
    within_one: int
    lower: int
    higher: int
    kappa_linear: Coefficient
    kappa_quadratic: Coefficient
    ac2_linear: Coefficient
    ac2_quadratic: Coefficient

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON-able values."""
        coefficients = {
            name: {"value": coefficient.value, "reason": coefficient.reason}
            for name in ("kappa_linear", "kappa_quadratic", "ac2_linear", "ac2_quadratic")
            for coefficient in (getattr(self, name),)
        }
        counts = {
            name: getattr(self, name) for name in ("n", "exact", "within_one", "lower", "higher")
        }
        return {
            **counts,
            "grades": list(self.grades),
            "table": [list(row) for row in self.table],
            **coefficients,
        }


def tabulate(pairs: Iterable[tuple[str, str]], grades: Sequence[str] = GRADES) -> Table:
    """Count pairs (first grade, second grade) into a square table in the order of `grades`.

    Raises `ValueError` for a grade that the scale does not have.
    """
    place = {grade: k for k, grade in enumerate(grades)}
    counts = [[0] * len(grades) for _ in grades]
    for first, second in pairs:
        if first not in place or second not in place:
            raise ValueError(f"Not a pair of grades of this scale: {first!r}, {second!r}.")
        counts[place[first]][place[second]] += 1
    return tuple(tuple(row) for row in counts)


def weights(size: int, power: int) -> Weights:
    """Weights of agreement, 1 on the diagonal and 0 in the far corners: 1 − (|k−l| / (size−1))^p.

    `power` 1 is linear, 2 quadratic. `size` is at least 2.
    """
    return tuple(
        tuple(1 - Fraction(abs(k - m), size - 1) ** power for m in range(size)) for k in range(size)
    )


def weighted_kappa(table: Table, power: int) -> Coefficient:
    """Cohen's kappa with linear (power 1) or quadratic (power 2) weights."""
    n = sum(map(sum, table))
    if n == 0:
        return Coefficient(None, "No file has been graded twice.")
    w = weights(len(table), power)
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    places = [(k, m) for k in range(len(table)) for m in range(len(table))]
    observed = Fraction(sum((w[k][m] * table[k][m] for k, m in places), Fraction()), n)
    chance = Fraction(sum((w[k][m] * rows[k] * columns[m] for k, m in places), Fraction()), n * n)
    if chance == 1:
        return Coefficient(
            None, "Both graders gave every file the same grade, so kappa is not defined."
        )
    return Coefficient(float((observed - chance) / (1 - chance)))


def gwet_ac2(table: Table, power: int) -> Coefficient:
    """Gwet's AC2 for two graders, with linear (power 1) or quadratic (power 2) weights.

    All grades of the scale count, also those nobody gave. Defined for every n above 0.
    """
    n = sum(map(sum, table))
    if n == 0:
        return Coefficient(None, "No file has been graded twice.")
    size = len(table)
    w = weights(size, power)
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    observed = Fraction(
        sum((w[k][m] * table[k][m] for k in range(size) for m in range(size)), Fraction()), n
    )
    shares = [Fraction(rows[k] + columns[k], 2 * n) for k in range(size)]
    spread = sum((share * (1 - share) for share in shares), Fraction())
    chance = sum(map(sum, w), Fraction()) * spread / (size * (size - 1))
    return Coefficient(float((observed - chance) / (1 - chance)))


def measure(
    pairs: Iterable[tuple[str, str]], grades: Sequence[str] = GRADES, *, fewest: int = 1
) -> Agreement:
    """Agreement of pairs (first grade, second grade), e.g. (auditor's, moderator's).

    With fewer than `fewest` pairs the coefficients are None with the reason: they would say more
    about chance than about graders. Counts are always given. Raises `ValueError` for a grade that
    the scale does not have.
    """
    table = tabulate(pairs, grades)
    size = len(table)
    cells = [(k, m, table[k][m]) for k in range(size) for m in range(size)]
    n = sum(count for _, _, count in cells)

    def counted(power: int, kappa: bool) -> Coefficient:
        if 0 < n < fewest:
            return Coefficient(None, f"Too few files were graded twice (fewer than {fewest}).")
        return weighted_kappa(table, power) if kappa else gwet_ac2(table, power)

    return Agreement(
        n=n,
        grades=tuple(grades),
        table=table,
        exact=sum(count for k, m, count in cells if k == m),
        within_one=sum(count for k, m, count in cells if abs(k - m) <= 1),
        lower=sum(count for k, m, count in cells if m > k),
        higher=sum(count for k, m, count in cells if m < k),
        kappa_linear=counted(1, kappa=True),
        kappa_quadratic=counted(2, kappa=True),
        ac2_linear=counted(1, kappa=False),
        ac2_quadratic=counted(2, kappa=False),
    )
