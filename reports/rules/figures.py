"""The figures of the quarterly report, computed from plain records.

Pages and report call the same functions, so their numbers cannot differ. Percentages are whole,
rounded half up in exact arithmetic, each for itself: a row of them may add up to 99 or 101.
Shares describe the cases that could be drawn (the eligible ones of the frame); how large a part of
all open cases that is stands beside them. Figures of a line take its services together as they
were drawn, at the same rate in each. Early Help and statutory are always apart. Methods:
docs/statistics.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

from audits.rules.grades import GRADES, good_or_better
from cases.rules.intervals import Interval, Proportion, percent
from quality.rules.agreement import Agreement, measure
from quality.rules.escalation import TRACKS, required_for
from reports.rules.disclosure import CountTable
from reports.rules.policy import ReportPolicy
from reports.rules.trend import Change, Detectable, change, detectable


@dataclass(frozen=True)
class AuditRecord:
    """One audit of the quarterly sample. Grades are codes, None where not (yet) given."""

    reference: str
    line: str
    service: str
    team: str | None
    grade: str | None  # of record
    first_grade: str | None = None  # the auditor's
    moderator_grade: str | None = None
    moderated_at_random: bool = False
    agency: bool | None = None  # of the practitioner judged; None: not known
    chance: float | None = None  # of the case's being selected, where that is estimated


@dataclass(frozen=True)
class FrameCount:
    """One service of the quarter's frame and draw."""

    line: str
    service: str
    open: int
    eligible: int
    not_eligible: Mapping[str, int]  # by reason
    quota: int
    selected: int
    reserves: int
    replaced: Mapping[str, int] = field(default_factory=dict)  # by reason
    lost: int = 0  # cases that left the sample and whose place no reserve took

    @property
    def shortfall(self) -> int:
        """By how many the service has too few eligible cases for its quota."""
        return max(0, self.quota - self.selected)

    @property
    def short_by(self) -> int:
        """By how many the sample is smaller than the quota: when drawn, and since."""
        return self.shortfall + self.lost


@dataclass(frozen=True)
class EscalationRecord:
    """One escalation; `closed_on` also where it was stood down."""

    track: str
    status: str
    raised_at: datetime
    acknowledge_by: datetime  # the first level's deadline
    acknowledged_at: datetime | None = None
    plan_by: date | None = None
    closed_on: date | None = None
    audit: str = ""  # its reference


@dataclass(frozen=True)
class ActionRecord:
    """One action. `closed_on` is when it was verified or cancelled."""

    side: str
    status: str
    created_on: date
    due_on: date
    closed_on: date | None = None
    audit: str = ""  # its reference
    of_concern: bool = False  # planned for an immediate concern


@dataclass(frozen=True)
class GradeFigures:
    """The grades of record of a line, a service or another group of one quarter's audits."""

    name: str
    counts: tuple[int, ...]  # by grade, best first
    unsettled: int  # audits without a grade of record yet: in no percentage
    open_cases: int | None
    good_or_better: Proportion

    @property
    def n(self) -> int:
        """Audits with a grade of record."""
        return sum(self.counts)

    @property
    def percentages(self) -> tuple[int | None, ...]:
        """Each grade's share in whole percent, None where nothing was audited."""
        return tuple(percent(Fraction(k, self.n)) if self.n else None for k in self.counts)

    @property
    def described_percent(self) -> int | None:
        """What share of open cases the figures describe, in whole percent; None: not known."""
        population = self.good_or_better.population
        if population is None or not self.open_cases:
            return None
        return percent(Fraction(population, self.open_cases))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "name": self.name,
            "n": self.n,
            "counts": dict(zip(GRADES, self.counts, strict=True)),
            "percentages": dict(zip(GRADES, self.percentages, strict=True)),
            "unsettled": self.unsettled,
            "open_cases": self.open_cases,
            "described_percent": self.described_percent,
            "good_or_better": self.good_or_better.as_dict(),
        }


def grade_figures(
    name: str,
    audits: Iterable[AuditRecord],
    policy: ReportPolicy,
    *,
    population: int | None = None,
    open_cases: int | None = None,
) -> GradeFigures:
    """Grades of one group of audits. `population` is what they were drawn from, None: not known.

    Where more was audited than the population given (a frame put right afterwards), the population
    is taken as not known: the interval is then the wider one.
    """
    found = Counter(audit.grade for audit in audits)
    counts = tuple(found[grade] for grade in GRADES)
    n = sum(counts)
    known = population if population is not None and n <= population else None
    good = sum(found[grade] for grade in GRADES if good_or_better(grade))
    return GradeFigures(
        name, counts, found[None], open_cases, Proportion(good, n, known, policy.confidence)
    )


def by_line(
    audits: Sequence[AuditRecord], frame: Sequence[FrameCount], policy: ReportPolicy
) -> tuple[GradeFigures, ...]:
    """Figures of each line, in the frame's order; never one across lines."""
    return tuple(
        grade_figures(
            line,
            [audit for audit in audits if audit.line == line],
            policy,
            population=sum(count.eligible for count in frame if count.line == line),
            open_cases=sum(count.open for count in frame if count.line == line),
        )
        for line in dict.fromkeys(count.line for count in frame)
    )


def by_service(
    audits: Sequence[AuditRecord], frame: Sequence[FrameCount], line: str, policy: ReportPolicy
) -> tuple[GradeFigures, ...]:
    """Figures of each service of a line, in the frame's order."""
    return tuple(
        grade_figures(
            count.service,
            [audit for audit in audits if audit.line == line and audit.service == count.service],
            policy,
            population=count.eligible,
            open_cases=count.open,
        )
        for count in frame
        if count.line == line
    )


def by_agency(
    audits: Iterable[AuditRecord], line: str, policy: ReportPolicy
) -> tuple[GradeFigures, ...]:
    """Figures of a line by kind of worker: permanent, agency, and not known where there are any.

    Nobody counted the open cases of each kind in the frame, so the population is not known.
    """
    of_line = [audit for audit in audits if audit.line == line]
    kinds = (("permanent", False), ("agency", True), ("not_known", None))
    rows = [
        grade_figures(name, [audit for audit in of_line if audit.agency is agency], policy)
        for name, agency in kinds
    ]
    return tuple(row for row in rows if row.name != "not_known" or row.n or row.unsettled)


@dataclass(frozen=True)
class TrendPoint:
    """One line's share good or better in one quarter. A baseline is from before the product."""

    quarter: str
    good_or_better: Proportion
    baseline: bool = False

    @property
    def interval(self) -> Interval | None:
        """A baseline has none: how its files were chosen is not known."""
        return None if self.baseline else self.good_or_better.interval


@dataclass(frozen=True)
class TrendRow:
    """A quarter of the trend, with its change since the row before.

    None for the first, and where one of the two is a baseline.
    `detectable` is what change this quarter's sample could tell from chance.
    """

    point: TrendPoint
    change: Change | None
    detectable: Detectable | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "quarter": self.point.quarter,
            "baseline": self.point.baseline,
            "good_or_better": self.point.good_or_better.as_dict()
            | ({"interval": None} if self.point.baseline else {}),
            "change": self.change.as_dict() if self.change else None,
            "detectable": self.detectable.as_dict() if self.detectable else None,
        }


def trend(points: Sequence[TrendPoint]) -> tuple[TrendRow, ...]:
    """One line's quarters, oldest first, each compared with the one before it."""
    rows = [TrendRow(point, None, None) for point in points[:1]]
    for before, now in pairwise(points):
        if before.baseline or now.baseline:
            rows.append(TrendRow(now, None, None))
            continue
        earlier, later = before.good_or_better, now.good_or_better
        both = earlier.n and later.n
        rows.append(
            TrendRow(
                now,
                change(earlier, later),
                detectable(earlier, later.n, later.population) if both else None,
            )
        )
    return tuple(rows)


@dataclass(frozen=True)
class ModerationFigures:
    """Second gradings beside first ones: all, and those drawn at random.

    Only the random ones say how graders agree in general: the others were picked for their grade.
    """

    everyone: Agreement
    at_random: Agreement

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"everyone": self.everyone.as_dict(), "at_random": self.at_random.as_dict()}


def moderation(audits: Iterable[AuditRecord], policy: ReportPolicy) -> ModerationFigures:
    """The moderation table and agreement of the audits that have both gradings."""
    both = [
        (audit.first_grade, audit.moderator_grade, audit.moderated_at_random)
        for audit in audits
        if audit.first_grade is not None and audit.moderator_grade is not None
    ]
    return ModerationFigures(
        measure([(a, b) for a, b, _ in both], fewest=policy.fewest_pairs),
        measure([(a, b) for a, b, random in both if random], fewest=policy.fewest_pairs),
    )


def age_bands(policy: ReportPolicy) -> tuple[str, ...]:
    """The names of the age bands, youngest first: "0 to 7 days", …, "85 days or more"."""
    ends = policy.age_band_days
    starts = [0, *(end + 1 for end in ends)]
    bands = [f"{start} to {end} days" for start, end in zip(starts, ends, strict=False)]
    return (*bands, f"{starts[-1]} days or more")


def age_band(days: int, policy: ReportPolicy) -> str:
    """The band of an age in calendar days."""
    past = sum(days > end for end in policy.age_band_days)
    return age_bands(policy)[past]


@dataclass(frozen=True)
class StateFigures:
    """Escalations or actions: what is open by state and age, what is finished, what is late."""

    open_by_age: CountTable
    finished: Mapping[str, int]  # by state
    overdue: int
    answered: Proportion | None = None  # escalations: acknowledged in time, of those decided

    @property
    def open_count(self) -> int:
        """How many are open."""
        return sum(map(sum, self.open_by_age.counts))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        table = self.open_by_age
        return {
            "states": list(table.rows),
            "age_bands": list(table.columns),
            "open_by_age": [list(row) for row in table.counts],
            "open": self.open_count,
            "finished": dict(self.finished),
            "overdue": self.overdue,
            "answered_in_time": self.answered.as_dict() if self.answered else None,
        }


ESCALATION_OPEN = ("raised", "acknowledged", "plan_agreed", "awaiting_verification")
ESCALATION_FINISHED = ("closed", "stood_down")
ACTION_OPEN = ("open", "evidence_offered")
ACTION_FINISHED = ("verified", "cancelled")


def _by_age(
    ages: Iterable[tuple[str, int]], states: Sequence[str], policy: ReportPolicy
) -> CountTable:
    counted = Counter((state, age_band(days, policy)) for state, days in ages)
    bands = age_bands(policy)
    return CountTable(
        tuple(states), bands, tuple(tuple(counted[s, band] for band in bands) for s in states)
    )


def escalations(
    records: Sequence[EscalationRecord], now: datetime, policy: ReportPolicy
) -> StateFigures:
    """Escalations at `now` (aware): age is calendar days since they were raised.

    Overdue are those not acknowledged, or without a plan, after their deadline. Answered in time
    counts those acknowledged by the first deadline among those acknowledged or past it; one stood
    down before its deadline without an answer is not counted.
    """
    open_ = [record for record in records if record.status in ESCALATION_OPEN]
    decided = [
        record
        for record in records
        if record.acknowledged_at is not None
        or (record.closed_on is None and record.acknowledge_by < now)
    ]
    in_time = sum(
        record.acknowledged_at is not None and record.acknowledged_at <= record.acknowledge_by
        for record in decided
    )
    ages = [(r.status, max(0, (now - r.raised_at).days)) for r in open_]
    finished = Counter(r.status for r in records if r.status in ESCALATION_FINISHED)
    return StateFigures(
        open_by_age=_by_age(ages, ESCALATION_OPEN, policy),
        finished={state: finished[state] for state in ESCALATION_FINISHED},
        overdue=sum(_escalation_overdue(record, now) for record in open_),
        answered=Proportion(in_time, len(decided), len(decided), policy.confidence),
    )


def escalations_by_track(
    records: Iterable[EscalationRecord],
) -> Mapping[str, tuple[int, int, int]]:
    """How many are open, closed and stood down on each track; all tracks, the most urgent first."""
    found = Counter((record.track, record.status) for record in records)
    return {
        track: (
            sum(found[track, state] for state in ESCALATION_OPEN),
            found[track, "closed"],
            found[track, "stood_down"],
        )
        for track in TRACKS
    }


def escalations_of_grades(
    audits: Iterable[AuditRecord], records: Iterable[EscalationRecord]
) -> tuple[EscalationRecord, ...] | None:
    """One escalation for each audit below good: the one that its grade of record asks for.

    Immediate concerns, grades that did not stand and audits that are not among these are left out,
    so that there are as many as audits below good. None where an audit has no such escalation.
    """
    known = {(r.audit, r.track): r for r in records if r.status != "stood_down"}
    wanted = [
        known.get((audit.reference, track))
        for audit in audits
        for track in required_for(audit.grade, immediate_concern=False)
    ]
    found = tuple(record for record in wanted if record is not None)
    return found if len(found) == len(wanted) else None


def actions_of_grades(
    audits: Iterable[AuditRecord], records: Iterable[ActionRecord]
) -> tuple[ActionRecord, ...]:
    """The actions of audits below good, without those planned for an immediate concern."""
    below = {a.reference for a in audits if a.grade is not None and not good_or_better(a.grade)}
    return tuple(r for r in records if r.audit in below and not r.of_concern)


def _escalation_overdue(record: EscalationRecord, now: datetime) -> bool:
    if record.status == "raised":
        return record.acknowledge_by < now
    waiting = record.status == "acknowledged"
    return waiting and record.plan_by is not None and record.plan_by < now.date()


def actions(records: Sequence[ActionRecord], today: date, policy: ReportPolicy) -> StateFigures:
    """Actions on a day: age is calendar days since they were agreed; overdue is past due, open."""
    open_ = [record for record in records if record.status in ACTION_OPEN]
    finished = Counter(r.status for r in records if r.status in ACTION_FINISHED)
    ages = [(record.status, max(0, (today - record.created_on).days)) for record in open_]
    return StateFigures(
        open_by_age=_by_age(ages, ACTION_OPEN, policy),
        finished={state: finished[state] for state in ACTION_FINISHED},
        overdue=sum(record.due_on < today for record in open_ if record.status == "open"),
    )
