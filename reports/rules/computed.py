"""A quarter's figures, computed once from its records: both editions are written from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reports.rules.baselines import BaselineFigures, Key, publish
from reports.rules.disclosure import CannotProtect
from reports.rules.edition import EarlierPoint, Records
from reports.rules.figures import (
    FrameCount,
    GradeFigures,
    ModerationFigures,
    StateFigures,
    TrendPoint,
    TrendRow,
    actions,
    actions_of_grades,
    by_agency,
    by_line,
    by_service,
    escalations,
    escalations_of_grades,
    moderation,
    trend,
)
from reports.rules.grade_rows import NONE, PublicGrades, PublicRow
from reports.rules.policy import ReportPolicy
from reports.rules.public import public_grades
from reports.rules.weighted import WeightedShare, weighted_share


@dataclass(frozen=True)
class LineFigures:
    """One line: its grades, those of its services and kinds of worker, its trend, in public too.

    `escalations` and `actions` are those of its audits below good, for the public edition.
    """

    grades: GradeFigures
    services: tuple[GradeFigures, ...]
    agency: tuple[GradeFigures, ...]
    frame: tuple[FrameCount, ...]
    trend: tuple[TrendRow, ...]
    earlier: tuple[EarlierPoint, ...]
    public: PublicGrades
    public_agency: tuple[PublicRow, ...] | None  # None: it cannot be published beside the services
    baselines: tuple[BaselineFigures, ...]
    public_baselines: Mapping[Key, PublicRow]
    weighted: WeightedShare | None  # None: the chances of being selected are not known
    escalations: StateFigures | None  # None: they are not as many as audits below good
    actions: StateFigures

    @property
    def name(self) -> str:
        """As the report shows it."""
        return self.grades.name


@dataclass(frozen=True)
class Computed:
    """All figures of a report, with the moment they are true for."""

    records: Records
    policy: ReportPolicy
    frozen_at: datetime
    lines: tuple[LineFigures, ...]
    moderation: ModerationFigures
    escalations: StateFigures
    actions: StateFigures

    def numbers(self) -> dict[str, Any]:
        """The figures themselves as JSON-able data, by line: for the exempt edition and tests."""
        return {
            "lines": {
                line.name: {
                    "grades": line.grades.as_dict(),
                    "services": [row.as_dict() for row in line.services],
                    "agency": [row.as_dict() for row in line.agency],
                    "trend": [row.as_dict() for row in line.trend],
                    "baselines": [row.as_dict() for row in line.baselines],
                    "weighted": line.weighted.as_dict() if line.weighted else None,
                }
                for line in self.lines
            },
            "moderation": self.moderation.as_dict(),
            "escalations": self.escalations.as_dict(),
            "actions": self.actions.as_dict(),
        }

    def trend_points(self) -> dict[str, dict[str, Any]]:
        """This quarter as the next quarter's report will compare itself with it, by line."""
        return {
            line.name: {
                "count": line.grades.good_or_better.count,
                "n": line.grades.good_or_better.n,
                "population": line.grades.good_or_better.population,
                "level": line.public.line.level,
            }
            for line in self.lines
        }


def compute(records: Records, *, now: datetime, today: date, policy: ReportPolicy) -> Computed:
    """Compute a quarter's figures. `now` is aware; `today` is its date in the council's zone."""
    return Computed(
        records=records,
        policy=policy,
        frozen_at=now,
        lines=tuple(
            _line(grades, records, now, today, policy)
            for grades in by_line(records.audits, records.frame, policy)
        ),
        moderation=moderation(records.audits, policy),
        escalations=escalations(records.escalations, now, policy),
        actions=actions(records.actions, today, policy),
    )


def _line(
    grades: GradeFigures, records: Records, now: datetime, today: date, policy: ReportPolicy
) -> LineFigures:
    audits = [audit for audit in records.audits if audit.line == grades.name]
    escalated = escalations_of_grades(audits, records.escalations)
    services = by_service(records.audits, records.frame, grades.name, policy)
    agency = by_agency(records.audits, grades.name, policy)
    earlier = tuple(records.earlier.get(grades.name, ()))
    public = public_grades(grades, services, policy)
    baselines = tuple(row for row in records.baselines if row.line == grades.name)
    here = TrendPoint(records.quarter_name, grades.good_or_better)
    return LineFigures(
        grades=grades,
        services=services,
        agency=agency,
        frame=tuple(count for count in records.frame if count.line == grades.name),
        trend=trend([*(each.point for each in earlier if each.point.good_or_better.n), here]),
        earlier=earlier,
        public=public,
        public_agency=_public_agency(grades, agency, public, policy),
        baselines=baselines,
        public_baselines=publish(baselines, policy),
        weighted=weighted_share(records.audits, grades.name),
        escalations=None if escalated is None else escalations(escalated, now, policy),
        actions=actions(actions_of_grades(audits, records.actions), today, policy),
    )


def _public_agency(
    line: GradeFigures,
    agency: tuple[GradeFigures, ...],
    public: PublicGrades,
    policy: ReportPolicy,
) -> tuple[PublicRow, ...] | None:
    """The line by kind of worker, under the line's row as the services' table publishes it.

    A line that is not shown there splits into nothing that could be shown here either.
    """
    if public.line.level == NONE:
        return None
    try:
        return public_grades(line, agency, policy, line_level=public.line.level).services
    except CannotProtect:
        return None


def levels(line: LineFigures, quarter_name: str) -> Mapping[str, str]:
    """The level at which each quarter of a line's trend is published."""
    earlier = {each.point.quarter: each.level for each in line.earlier}
    return {**earlier, quarter_name: line.public.line.level}
