"""The quarters before a report's own: the product's figures, and baselines where it has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reports.rules.baselines import BaselineFigures, trend_points
from reports.rules.edition import EarlierPoint
from reports.rules.policy import ReportPolicy

Points = Sequence[tuple[str, EarlierPoint]]  # line, point


def earlier_quarters(
    measured: Mapping[str, Points],
    baselines: Sequence[BaselineFigures],
    policy: ReportPolicy,
    most: int,
) -> tuple[dict[str, tuple[EarlierPoint, ...]], tuple[BaselineFigures, ...]]:
    """Each line's points, oldest first, and the baselines among them; the last ``most`` quarters.

    ``measured``: the product's points by quarter's label. Where one of them has files in any line,
    the quarter's baselines are left out, of all lines.
    """
    used = [row for row in baselines if not has_figures(measured.get(row.quarter, ()))]
    labels = sorted({*measured, *(row.quarter for row in used)})[-most:] if most else []
    found: dict[str, list[EarlierPoint]] = defaultdict(list)
    shown: list[BaselineFigures] = []
    for label in labels:
        rows = [row for row in used if row.quarter == label]
        shown += rows
        points = [
            (line, EarlierPoint(point, level)) for line, point, level in trend_points(rows, policy)
        ]
        for line, each in points or measured.get(label, ()):
            found[line].append(each)
    return {line: tuple(points) for line, points in found.items()}, tuple(shown)


def has_figures(points: Points) -> bool:
    """True where the product has grades of record of any line of the quarter."""
    return any(each.point.good_or_better.n for _, each in points)
