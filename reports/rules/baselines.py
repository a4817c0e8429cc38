"""Baselines: results from before the product, by quarter, line and service.

They are the council's own figures. How their files were chosen is not known here, so they get no
interval, are compared with nothing, and are in no headline. Small numbers of theirs are held back
in public like all others. Where the product has grades of record of a quarter, those are the
quarter's figures and a baseline of it is not shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from audits.rules.grades import GRADES, good_or_better, in_words
from cases.rules.intervals import Proportion
from cases.rules.quarters import Quarter
from reports.rules.disclosure import CannotProtect
from reports.rules.figures import TrendPoint
from reports.rules.grade_rows import NONE, Counts, GradeRow, PublicRow, protect_grades
from reports.rules.policy import ReportPolicy

BASELINE = "Baseline, before this product"
BASELINE_NOTE = (
    f"{BASELINE}: results that the council entered from the time before it used this product. How "
    "those files were chosen is not known here, so there is no interval and no change is worked "
    "out."
)
WHOLE_LINE = "Whole line"
MOST = 9999  # audits of one grade: more is a slip of the finger
_REST = ""  # audits of the line that are in none of the services entered

Key = tuple[str, str, str]  # quarter's label, line, service or ""


@dataclass(frozen=True)
class BaselineFigures:
    """One baseline: a line's quarter, or a service's where ``service`` is given."""

    quarter: str  # label
    line: str
    service: str  # "" for the whole line
    counts: Counts  # audits by grade, best first
    source: str = ""

    @property
    def key(self) -> Key:
        """What it is the figures of: there is one baseline for each."""
        return self.quarter, self.line, self.service

    @property
    def quarter_name(self) -> str:
        """As people write it."""
        return Quarter.parse(self.quarter).name

    @property
    def group(self) -> str:
        """The service, or that it is the whole line."""
        return self.service or WHOLE_LINE

    @property
    def good_or_better(self) -> Proportion:
        """The share; its interval means nothing and is never shown."""
        good = sum(n for code, n in zip(GRADES, self.counts, strict=True) if good_or_better(code))
        return Proportion(good, sum(self.counts), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; says itself that it is a baseline."""
        return {
            "kind": BASELINE,
            "quarter": self.quarter_name,
            "service": self.service or None,
            "n": sum(self.counts),
            "counts": dict(zip(GRADES, self.counts, strict=True)),
            "good_or_better_percent": self.good_or_better.percent,
            "source": self.source,
        }


def quarter_refusal(quarter: Quarter, today: date, with_grades: Collection[str]) -> str:
    """Why a quarter can have no baseline, in words; "" where it can.

    ``with_grades``: labels of the quarters of which the product has grades of record.
    """
    if quarter.ends >= today:
        return f"{quarter.name} is not over yet. A baseline is the result of a past quarter."
    if quarter.label in with_grades:
        return (
            f"{quarter.name} has grades from audits in this product. Those are its figures, so it "
            "cannot have a baseline too."
        )
    return ""


def group_refusal(rows: Iterable[BaselineFigures]) -> str:
    """Why the baselines of one quarter and line cannot stand beside each other; "" if they can."""
    rows = tuple(rows)
    whole = next((row for row in rows if not row.service), None)
    if whole is None:
        return ""
    for code, all_, parts in zip(GRADES, whole.counts, _sums(rows), strict=True):
        if parts > all_:
            return (
                f"{whole.line}, {whole.quarter_name}: the services together have more files graded "
                f"{in_words(code)} ({parts:,}) than the whole line ({all_:,})."
            )
    return ""


def publish(rows: Sequence[BaselineFigures], policy: ReportPolicy) -> dict[Key, PublicRow]:
    """Each baseline as it may be published, its quarter's and line's others beside it."""
    found: dict[Key, PublicRow] = {}
    ordered = sorted(rows, key=lambda row: row.key)
    for _, group in groupby(ordered, key=lambda row: row.key[:2]):
        found |= _publish_group(tuple(group), policy)
    return found


def _publish_group(rows: Sequence[BaselineFigures], policy: ReportPolicy) -> dict[Key, PublicRow]:
    whole = next((row for row in rows if not row.service), None)
    parts = [row for row in rows if row.service]
    shares = [GradeRow(row.service, row.counts) for row in parts]
    line_level = None
    if whole is None:
        line_level = NONE  # the sum of some services is no figure of the line
    else:
        a, b, c, d = (n - k for n, k in zip(whole.counts, _sums(rows), strict=True))
        shares += [GradeRow(_REST, (a, b, c, d))] if any((a, b, c, d)) else []
        if min(a, b, c, d) < 0:
            return _held_back(rows)
    try:
        public = protect_grades(shares, rows[0].line, policy, line_level=line_level)
    except CannotProtect:
        return _held_back(rows)
    found = {row.key: row_ for row, row_ in zip(parts, public.services, strict=False)}
    return found | ({whole.key: public.line} if whole else {})


def _held_back(rows: Iterable[BaselineFigures]) -> dict[Key, PublicRow]:
    return {row.key: PublicRow(row.group, NONE, (), None) for row in rows}


def _sums(rows: Iterable[BaselineFigures]) -> tuple[int, ...]:
    """Files by grade of the services together."""
    services = [row.counts for row in rows if row.service]
    return tuple(sum(column) for column in zip((0, 0, 0, 0), *services, strict=True))


def trend_points(
    rows: Sequence[BaselineFigures], policy: ReportPolicy
) -> list[tuple[str, TrendPoint, str]]:
    """The whole lines' baselines as points of a trend: line, point, level of publication."""
    public = publish(rows, policy)
    return [
        (
            row.line,
            TrendPoint(row.quarter_name, row.good_or_better, baseline=True),
            public[row.key].level,
        )
        for row in rows
        if not row.service
    ]


def marked(quarter: str, baseline: bool) -> str:
    """A quarter in a table of several, with its mark where it is a baseline."""
    return f"{quarter} ({BASELINE})" if baseline else quarter
