"""The public edition's figures: the same figures with small numbers held back.

Takes what `reports.rules.figures` computed and gives what may be published, as JSON-able data
without any number that is held back. What is promised: docs/disclosure.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from cases.rules.intervals import Interval, percent
from quality.rules.agreement import Agreement
from reports.rules.disclosure import (
    TOTAL,
    Cell,
    CountTable,
    Shown,
    cell_as_dict,
    leaves_small_rest,
    percentage,
    protect,
)
from reports.rules.figures import FrameCount, GradeFigures, StateFigures, TrendRow
from reports.rules.grade_rows import NONE, GradeRow, PublicGrades, PublicRow, protect_grades
from reports.rules.policy import ReportPolicy


def grade_row(figures: GradeFigures) -> GradeRow:
    """The figures' counts as a row for disclosure control."""
    a, b, c, d = figures.counts
    return GradeRow(figures.name, (a, b, c, d))


def public_grades(
    line: GradeFigures,
    services: Sequence[GradeFigures],
    policy: ReportPolicy,
    *,
    line_level: str | None = None,
) -> PublicGrades:
    """A line and the groups it is made of, as they may be published.

    Raises `ValueError` where the groups' counts do not add up to the line's.
    """
    public = protect_grades(
        [grade_row(row) for row in services], line.name, policy, line_level=line_level
    )
    if public.line_row.counts != line.counts:
        raise ValueError(f"The groups of {line.name} do not add up to it.")
    return public


def public_row(row: PublicRow, figures: GradeFigures) -> dict[str, Any]:
    """One row for the public edition: its counts by level, and the headline where it is shown."""
    shown = row.level != NONE
    headline = figures.good_or_better
    interval = headline.interval
    return {
        **row.as_dict(),
        "open_cases": figures.open_cases,
        "good_or_better_percent": headline.percent if shown else None,
        "interval": _rounded(interval) if shown and interval else None,
    }


def _rounded(interval: Interval) -> dict[str, Any]:
    """Whole percentages only: the exact bounds would give the number of eligible cases away."""
    return {
        "low_percent": interval.low_percent,
        "high_percent": interval.high_percent,
        "confidence": str(interval.confidence),
    }


def public_trend(rows: Sequence[TrendRow], levels: Mapping[str, str]) -> list[dict[str, Any]]:
    """A line's trend for the public; `levels` are the levels published for it, by quarter.

    A quarter that is not shown has no percentage, and neither it nor the next one has a change. A
    baseline has no interval. A quarter without a level is not shown.
    """
    public = []
    before_shown = False
    for row in rows:
        shown = levels.get(row.point.quarter, NONE) != NONE
        whole = row.as_dict()
        headline = row.point.good_or_better
        whole["good_or_better"] = None
        if shown and headline.n:
            interval = row.point.interval
            whole["good_or_better"] = {
                "count": headline.count,
                "n": headline.n,
                "percent": headline.percent,
                "interval": _rounded(interval) if interval else None,
            }
        if not (shown and before_shown):
            whole["change"] = whole["detectable"] = None
        public.append(whole)
        before_shown = shown
    return public


def public_escalations(
    figures: StateFigures | None, row: PublicRow, policy: ReportPolicy
) -> dict[str, Any] | None:
    """A line's escalations of final grades, as parts of its audits below good, which `row` shows.

    None where it does not show them, or they are not as many: their number, or the difference,
    would be a count that nothing else publishes.
    """
    below = below_good(row)
    if figures is None or below is None:
        return None
    closed = figures.finished["closed"]
    if figures.open_count + closed != below:
        return None
    parts = protect(
        CountTable(("open", "closed"), ("audits",), ((figures.open_count,), (closed,))),
        policy,
        public=[(TOTAL, "audits"), (TOTAL, TOTAL)],
    )
    still_open, ended = (parts.cell(state, "audits") for state in ("open", "closed"))
    result = {
        "below_good": below,
        "open": cell_as_dict(still_open)["value"],
        "closed": cell_as_dict(ended)["value"],
        "open_by_age": None,
        "overdue": _overdue(figures, still_open, policy),
    }
    if isinstance(still_open, Shown):
        table = protect(figures.open_by_age, policy, public=[(TOTAL, TOTAL)])
        result["open_by_age"] = None if leaves_small_rest(table, policy) else table.as_dict()
    return result


def below_good(row: PublicRow) -> int | None:
    """The audits below good that a row shows; None where it does not."""
    if row.level == NONE:
        return None
    return sum(row.counts[len(row.counts) // 2 :])


def _overdue(figures: StateFigures, total: Cell, policy: ReportPolicy) -> int | None:
    """How many of the open ones are overdue, where their number and this one are shown."""
    if not isinstance(total, Shown):
        return None
    late = CountTable(
        ("open",), ("overdue", "in_time"), ((figures.overdue, total.value - figures.overdue),)
    )
    shown = protect(late, policy, public=[("open", TOTAL), (TOTAL, TOTAL)])
    value: int | None = cell_as_dict(shown.cell("open", "overdue"))["value"]
    return value


def public_states(figures: StateFigures, policy: ReportPolicy) -> dict[str, Any]:
    """Actions for the public: open, by state and age (None: not shown), finished, overdue."""
    table = protect(figures.open_by_age, policy)
    total = table.cell(TOTAL, TOTAL)
    finished = {
        state: count if count >= policy.smallest_count else None
        for state, count in figures.finished.items()
    }
    return {
        "open": cell_as_dict(total)["value"],
        "open_by_age": None if leaves_small_rest(table, policy) else table.as_dict(),
        "finished": finished,
        "overdue": _overdue(figures, total, policy),
    }


def public_agreement(agreement: Agreement, policy: ReportPolicy) -> dict[str, Any]:
    """Moderation for the public: same, lower and higher; else same and different; else nothing.

    The 4×4 table and the coefficients are for the exempt edition: with so few files in so many
    cells a coefficient to three digits can give the cells away.
    """
    same, different = agreement.exact, agreement.lower + agreement.higher
    result: dict[str, Any] = {"same": None, "different": None, "lower": None, "higher": None}
    if agreement.n >= policy.smallest_group and min(same, different) >= policy.smallest_count:
        result |= {"same": same, "different": different}
        if min(agreement.lower, agreement.higher) >= policy.smallest_count:
            result |= {"lower": agreement.lower, "higher": agreement.higher}
    shown = agreement.n if agreement.n >= policy.smallest_count else None
    same_percent = None
    if result["same"] is not None:
        cell = percentage(Shown(same), Shown(agreement.n), policy)
        same_percent = cell_as_dict(cell)["value"]
    return {"n": shown, **result, "same_percent": same_percent}


def public_frame(frame: Sequence[FrameCount], policy: ReportPolicy) -> dict[str, Any]:
    """One line's frame for the public: sizes, and reasons not to be eligible by service.

    Numbers of open cases and quotas say nothing about a child and are shown whole. Eligible cases
    are open ones less those not eligible, so they are shown for the line, and only where the number
    not eligible is. Raises `ValueError` for services of more than one line.
    """
    if len({count.line for count in frame}) > 1:
        raise ValueError("A frame is published line by line.")
    sizes = [
        {
            "service": count.service,
            "open": count.open,
            "quota": count.quota,
            "selected": count.selected,
            "reserves": count.reserves,
        }
        for count in frame
    ]
    result: dict[str, Any] = {
        "services": sizes, "not_eligible": None, "eligible": None, "described_percent": None,
    }  # fmt: skip
    reasons = tuple(dict.fromkeys(reason for count in frame for reason in count.not_eligible))
    if not frame or not reasons:
        return result
    counts = tuple(tuple(count.not_eligible.get(r, 0) for r in reasons) for count in frame)
    table = protect(CountTable(tuple(c.service for c in frame), reasons, counts), policy)
    result["not_eligible"] = table.as_dict()
    open_cases = sum(count.open for count in frame)
    if isinstance(table.cell(TOTAL, TOTAL), Shown) and open_cases:
        eligible = sum(count.eligible for count in frame)
        result["eligible"] = eligible
        result["described_percent"] = percent(Fraction(eligible, open_cases))
    return result
