"""What the reports' rules need from the database, in a fixed number of queries; reports by role."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from accounts.rules.seen import seen
from audits.models import Audit, ToolVersion
from audits.rules.grades import GRADES
from cases.models import (
    AuditQuarter,
    Draw,
    InclusionProbability,
    Replacement,
    SampledCase,
    Service,
)
from cases.queries.calendar import local_date
from cases.queries.certificate import exclusions_in_words
from cases.queries.quarters import not_audited_by_stratum
from cases.queries.themes import service_names
from cases.rules.eligibility import ALL_REASONS, REASONS
from cases.rules.intervals import Proportion
from cases.rules.policy import CasePolicy
from quality.models import Action, Escalation
from reports.baseline_queries import baselines_before
from reports.models import CommitteeReport, IssuedReport
from reports.rules.authorship import Version, authors
from reports.rules.baselines import BaselineFigures
from reports.rules.earlier import earlier_quarters
from reports.rules.edition import DrawFacts, EarlierPoint, Records, ReplacementCount, ThemeRecord
from reports.rules.figures import (
    ActionRecord,
    AuditRecord,
    EscalationRecord,
    FrameCount,
    TrendPoint,
    by_line,
    by_service,
)
from reports.rules.grade_rows import NONE
from reports.rules.policy import ReportPolicy
from reports.rules.public import public_grades

TREND_QUARTERS = 8  # two years, this quarter included
NO_TEAM = "No team"
REASON_NAMES = {str(value): str(label) for value, label in Replacement.Reason.choices}
_AUDIT_FIELDS = (
    "reference", "quarter__label", "service__line__name", "service__name", "team__name",
    "grading_of_record__overall_grade", "moderation__first_grade", "moderation__second_grade",
    "moderation__reasons", "practitioner_judged__agency", "practitioner__agency",
    "sampled_case__entry",
)  # fmt: skip


def report_policy(quarter: AuditQuarter) -> ReportPolicy:
    """The policy stored with ``quarter``; the defaults where it has none of its own."""
    return ReportPolicy.from_dict(quarter.policies.get("reports", {}))


def reports_visible_to(user: User) -> QuerySet[CommitteeReport]:
    """All reports for those who see them in preparation; published ones for everybody else."""
    reports = CommitteeReport.objects.select_related(
        "quarter", "created_by", "approved_by", "published_by", "job"
    )
    if may(user, Permission.SEE_REPORTS_IN_PREPARATION):
        return reports
    if may(user, Permission.READ_PUBLISHED_REPORTS):
        return reports.filter(status=CommitteeReport.Status.PUBLISHED)
    return reports.none()


def replaced_visible_to(user: User) -> QuerySet[CommitteeReport]:
    """Reports that ``user`` could read as published until they were replaced."""
    if not may(user, Permission.READ_PUBLISHED_REPORTS):
        return CommitteeReport.objects.none()
    return CommitteeReport.objects.filter(
        status=CommitteeReport.Status.SUPERSEDED, published_at__isnull=False
    ).select_related("quarter")


def latest_issue(report: CommitteeReport, edition: str) -> IssuedReport | None:
    """The edition's PDF as it was rendered last; None where it never was."""
    return _last_rendering(report).filter(edition=edition).order_by("-pk").first()


def issues_of(report: CommitteeReport) -> list[IssuedReport]:
    """Both editions as rendered last, without their bytes."""
    return list(_last_rendering(report).defer("pdf"))


def editions_seen(issues: Iterable[IssuedReport]) -> str:
    """What is shown of a report's editions, as a short text that the form to approve carries.

    Shorter than what counts as written by a person where a form could not be saved.
    """
    return seen({issue.edition: issue.sha256 for issue in issues})[:32]


def _last_rendering(report: CommitteeReport) -> QuerySet[IssuedReport]:
    if report.rendered_at is None:
        return report.issued.none()
    return report.issued.filter(rendered_at=report.rendered_at)


def quarters_without_draft() -> QuerySet[AuditQuarter]:
    """Quarters whose sample is drawn and whose report is not being prepared already."""
    drawn = Draw.objects.filter(status=Draw.Status.DRAWN, theme=None)
    busy = CommitteeReport.objects.exclude(status__in=("published", "superseded"))
    return (
        AuditQuarter.objects.filter(pk__in=drawn.values("quarter_id"))
        .exclude(pk__in=busy.values("quarter_id"))
        .order_by("-starts_on")
    )


def open_report(quarter: AuditQuarter) -> CommitteeReport | None:
    """The report of ``quarter`` that is still being prepared, if there is one."""
    return (
        CommitteeReport.objects.filter(quarter=quarter)
        .exclude(status__in=("published", "superseded"))
        .order_by("-number")
        .first()
    )


def published_report(quarter: AuditQuarter) -> CommitteeReport | None:
    """The report of ``quarter`` that is published now, if there is one."""
    return CommitteeReport.objects.filter(quarter=quarter, status="published").first()


def authors_of(report: CommitteeReport) -> Mapping[int, tuple[str, ...]]:
    """What each person did for ``report``, by their id: see `reports.rules.authorship`. One query.

    Read from the change history, which nobody can change.
    """
    return _authors_of_each([report])[report.pk]


def reports_of_others(user: User, status: str) -> QuerySet[CommitteeReport]:
    """Reports in ``status`` that are not the person's own work. Two queries to find them."""
    found = CommitteeReport.objects.filter(status=status)
    own = [pk for pk, people in _authors_of_each(list(found)).items() if user.pk in people]
    return found.exclude(pk__in=own)


def _authors_of_each(
    reports: Collection[CommitteeReport],
) -> Mapping[int, Mapping[int, tuple[str, ...]]]:
    events = apps.get_model("reports", "CommitteeReportEvent").objects
    versions: dict[int, list[Version]] = {report.pk: [] for report in reports}
    rows = (
        events.filter(pgh_obj_id__in=versions)
        .order_by("pgh_id")
        .values_list(
            "pgh_obj_id",
            "pgh_context__metadata",
            "narrative",
            "next_steps",
            "status",
            "rendered_at",
        )
    )
    for pk, context, *words, status, rendered_at in rows:
        by = (context or {}).get("user")
        versions[pk].append(Version(by, tuple(words), status, rendered_at))
    return {
        report.pk: authors(report.created_by_id, versions[report.pk], report.rendered_at)
        for report in reports
    }


def records_of(quarter: AuditQuarter, now: datetime) -> Records:
    """All records of a quarter's report: sixteen queries, however many audits there are."""
    policy = report_policy(quarter)
    services = {name: s for s in _services() for name in (s.name, s.code)}
    quarters = _trend_quarters(quarter)
    draws = list(
        Draw.objects.filter(quarter__in=quarters, theme=None)
        .select_related("frame", "quarter")
        .order_by("quarter__starts_on", "number")
    )
    of_quarter = [draw for draw in draws if draw.quarter_id == quarter.pk]
    live = next((draw for draw in of_quarter if draw.status == Draw.Status.DRAWN), None)
    replaced = _replacements(quarter)
    audits = _audits(quarters, _chances(quarter))
    frames = {
        draw.quarter.label: _frame_counts(draw, services)
        for draw in draws
        if draw.status == Draw.Status.DRAWN
    }
    earlier, past = _earlier(quarters, quarter, audits, frames, policy)
    frame = _with_replacements(
        _with_strays(frames.get(quarter.label, ()), audits[quarter.label]),
        replaced,
        _lost(live, services) if live else Counter(),
    )
    return Records(
        quarter=quarter.label,
        quarter_name=quarter.quarter.name,
        starts_on=quarter.starts_on.isoformat(),
        ends_on=quarter.ends_on.isoformat(),
        council=settings.COUNCIL_NAME,
        lines=tuple(dict.fromkeys(count.line for count in frame)),
        audits=tuple(audits[quarter.label]),
        frame=frame,
        escalations=_escalations(quarter, now),
        actions=_actions(quarter),
        replacements=_counted(replaced),
        draws=tuple(map(_draw_facts, of_quarter)),
        tools=_tools(quarter),
        earlier=earlier,
        baselines=past,
        themes=_themes(quarter),
        left_out=tuple(exclusions_in_words(CasePolicy.from_dict(live.policy))) if live else (),
    )


def _themes(quarter: AuditQuarter) -> tuple[ThemeRecord, ...]:
    """The quarter's themes whose cases are drawn, with the grades of record of their audits."""
    grades: defaultdict[int, Counter[str]] = defaultdict(Counter)
    rows = (
        Audit.objects.filter(
            quarter=quarter, kind=Audit.Kind.THEMATIC, grading_of_record__isnull=False
        )
        .exclude(status=Audit.Status.WITHDRAWN)
        .order_by()
        .values_list("sampled_case__draw__theme", "grading_of_record__overall_grade")
        .annotate(number=Count("pk"))
    )
    for theme, grade, number in rows:
        grades[theme][grade] += number
    draws = Draw.objects.filter(
        quarter=quarter, theme__isnull=False, status=Draw.Status.DRAWN
    ).select_related("theme")
    names = service_names()
    return tuple(
        ThemeRecord(
            name=theme.name,
            question=theme.question,
            cohort=tuple(theme.conditions.words(names)),
            findings=theme.findings,
            open=sum(stratum["open"] for stratum in draw.strata.values()),
            selected=sum(stratum["selected"] for stratum in draw.strata.values()),
            grades=tuple(grades[theme.pk][grade] for grade in GRADES),
        )
        for draw in draws.order_by("theme__name")
        if (theme := draw.theme) is not None
    )


def _services() -> list[Service]:
    return list(Service.objects.select_related("line").order_by("line__order", "precedence"))


def _trend_quarters(quarter: AuditQuarter) -> list[AuditQuarter]:
    """The quarters of the trend, this one last."""
    found = AuditQuarter.objects.filter(starts_on__lte=quarter.starts_on).order_by("-starts_on")
    return list(reversed(found[:TREND_QUARTERS]))


def _chances(quarter: AuditQuarter) -> dict[int, float]:
    """How likely the live draw was to select each audited case, by its entry in the frame."""
    audited = Audit.objects.filter(quarter=quarter, kind=Audit.Kind.SAMPLE)
    known = InclusionProbability.objects.filter(
        chances__draw__quarter=quarter,
        chances__draw__theme=None,
        chances__draw__status=Draw.Status.DRAWN,
        entry__in=audited.values("sampled_case__entry"),
    )
    return dict(known.values_list("entry", "probability"))


def _audits(
    quarters: Iterable[AuditQuarter], chances: Mapping[int, float]
) -> dict[str, list[AuditRecord]]:
    """The sample's audits by quarter label; withdrawn ones are not audits of anything."""
    rows = (
        Audit.objects.filter(quarter__in=quarters, kind=Audit.Kind.SAMPLE)
        .exclude(status=Audit.Status.WITHDRAWN)
        .order_by("reference")
        .values(*_AUDIT_FIELDS)
    )
    found: dict[str, list[AuditRecord]] = defaultdict(list)
    for row in rows:
        found[row["quarter__label"]].append(_audit_record(row, chances))
    return found


def _audit_record(row: Mapping[str, Any], chances: Mapping[int, float]) -> AuditRecord:
    judged = row["practitioner_judged__agency"]
    return AuditRecord(
        reference=row["reference"],
        line=row["service__line__name"],
        service=row["service__name"],
        team=row["team__name"],
        grade=row["grading_of_record__overall_grade"] or None,
        first_grade=row["moderation__first_grade"] or None,
        moderator_grade=row["moderation__second_grade"] or None,
        moderated_at_random=row["moderation__reasons"] == ["random"],
        agency=row["practitioner__agency"] if judged is None else judged,
        chance=chances.get(row["sampled_case__entry"]),
    )


def _frame_counts(draw: Draw, services: Mapping[str, Service]) -> tuple[FrameCount, ...]:
    """The draw's strata as counts, lines and services in the council's order."""
    order = {service.pk: place for place, service in enumerate(services.values())}
    by_service = _by_service(draw)
    known = [(services[name], found) for name, found in by_service.items() if name in services]
    known.sort(key=lambda pair: order[pair[0].pk])
    used = {code for _, numbers in known for code, n in numbers["not_eligible"].items() if n}
    return tuple(
        FrameCount(
            line=service.line.name,
            service=service.name,
            open=numbers["open"],
            eligible=numbers["eligible"],
            not_eligible={
                ALL_REASONS.get(code, code): numbers["not_eligible"].get(code, 0)
                for code in dict.fromkeys([*REASONS, *numbers["not_eligible"]])
                if code in used
            },
            quota=numbers["quota"],
            selected=numbers["selected"],
            reserves=numbers["reserves"],
        )
        for service, numbers in known
    )


def _by_service(draw: Draw) -> dict[str, dict[str, Any]]:
    """The numbers of a draw's strata, those of one service together."""
    found: defaultdict[str, dict[str, Any]] = defaultdict(lambda: {"not_eligible": Counter()})
    for name, numbers in draw.strata.items():
        service = found[draw.frame.service_of(name)]
        service["not_eligible"].update(numbers["not_eligible"])
        for key in ("open", "eligible", "quota", "selected", "reserves"):
            service[key] = service.get(key, 0) + numbers[key]
    return found


def _with_strays(
    frame: tuple[FrameCount, ...], audits: Iterable[AuditRecord]
) -> tuple[FrameCount, ...]:
    """The frame, with an empty row for a service that has audits and no stratum.

    A frame frozen again without a service must not hide the audits that were made of it.
    """
    known = {(count.line, count.service) for count in frame}
    strays = dict.fromkeys((audit.line, audit.service) for audit in audits)
    return frame + tuple(
        FrameCount(line, service, 0, 0, {}, 0, 0, 0)
        for line, service in strays
        if frame and (line, service) not in known
    )


def _replacements(quarter: AuditQuarter) -> Counter[tuple[str, str, str]]:
    """Cases taken out of the live draw, by (service, reason, team)."""
    rows = (
        Replacement.objects.filter(
            status=Replacement.Status.APPROVED,
            sampled_case__draw__quarter=quarter,
            sampled_case__draw__status=Draw.Status.DRAWN,
            sampled_case__draw__theme=None,
            sampled_case__status__in=(
                SampledCase.Status.REPLACED, SampledCase.Status.NOT_AUDITABLE,
            ),
        )
        .order_by()
        .values("sampled_case__entry__service__name", "reason", "sampled_case__entry__team__name")
        .annotate(number=Count("pk"))
    )  # fmt: skip
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        team = row["sampled_case__entry__team__name"] or NO_TEAM
        reason = REASON_NAMES[row["reason"]]
        found[row["sampled_case__entry__service__name"], reason, team] += row["number"]
    return found


def _lost(draw: Draw, services: Mapping[str, Service]) -> Counter[str]:
    """Cases that left the sample and whose place no reserve took, by the name of their service."""
    found: Counter[str] = Counter()
    for stratum, number in not_audited_by_stratum(draw).items():
        service = services.get(draw.frame.service_of(stratum))
        if service is not None:
            found[service.name] += number
    return found


def _with_replacements(
    frame: Iterable[FrameCount],
    replaced: Mapping[tuple[str, str, str], int],
    lost: Mapping[str, int],
) -> tuple[FrameCount, ...]:
    by_service: dict[str, Counter[str]] = defaultdict(Counter)
    for (service, reason, _), number in replaced.items():
        by_service[service][reason] += number
    return tuple(
        replace(count, replaced=dict(by_service[count.service]), lost=lost.get(count.service, 0))
        for count in frame
    )


def _counted(replaced: Mapping[tuple[str, str, str], int]) -> tuple[ReplacementCount, ...]:
    totals: Counter[tuple[str, str]] = Counter()
    for (_, reason, team), number in replaced.items():
        totals[reason, team] += number
    return tuple(
        ReplacementCount(reason, team, number) for (reason, team), number in sorted(totals.items())
    )


# A concern for a child's safety outlives the audit that found it, with what is done about it.
_WITHDRAWN = Q(audit__status=Audit.Status.WITHDRAWN)
_OF_A_CONCERN = Q(escalation__isnull=False, escalation__track=Escalation.Track.IMMEDIATE_CONCERN)


def _escalations(quarter: AuditQuarter, now: datetime) -> tuple[EscalationRecord, ...]:
    rows = (
        Escalation.objects.filter(audit__quarter=quarter, raised_at__lte=now)
        .exclude(_WITHDRAWN & ~Q(track=Escalation.Track.IMMEDIATE_CONCERN))
        .select_related("audit")
        .prefetch_related("steps")
        .order_by("raised_at", "pk")
    )
    return tuple(
        EscalationRecord(
            track=row.track,
            status=row.status,
            raised_at=row.raised_at,
            # The clock is moved on when an escalation goes up a level; the first one counts.
            acknowledge_by=min(
                (s.acknowledge_by for s in row.steps.all()), default=row.acknowledge_by
            ),
            acknowledged_at=row.acknowledged_at,
            plan_by=row.plan_by,
            closed_on=local_date(row.closed_at) if row.closed_at else None,
            audit=row.audit.reference,
        )
        for row in rows
    )


def _actions(quarter: AuditQuarter) -> tuple[ActionRecord, ...]:
    rows = (
        Action.objects.filter(audit__quarter=quarter)
        .exclude(_WITHDRAWN & ~_OF_A_CONCERN)
        .order_by("pk")
        .values(
            "side", "status", "created_at", "due_on", "verified_at", "cancelled_at",
            "audit__reference", "escalation__track",
        )
    )  # fmt: skip
    return tuple(
        ActionRecord(
            side=row["side"],
            status=row["status"],
            created_on=local_date(row["created_at"]),
            due_on=row["due_on"],
            closed_on=local_date(end)
            if (end := row["verified_at"] or row["cancelled_at"])
            else None,
            audit=row["audit__reference"],
            of_concern=row["escalation__track"] == Escalation.Track.IMMEDIATE_CONCERN,
        )
        for row in rows
    )


def _draw_facts(draw: Draw) -> DrawFacts:
    return DrawFacts(
        reference=draw.reference,
        status=draw.get_status_display(),
        frame_number=draw.frame.number,
        frame_sha256=draw.frame.sha256,
        result_sha256=draw.result_sha256,
        seed=draw.seed,
        seed_made=draw.get_seed_made_display(),
        seed_witnesses=draw.seed_witnesses,
        seed_committed=draw.seed_committed,
        drawn_at=draw.drawn_at,
        frozen_at=draw.frame.frozen_at,
        reason=draw.reason,
        rate=str(draw.policy.get("rate", "")),
    )


def _tools(quarter: AuditQuarter) -> tuple[tuple[str, int, int], ...]:
    versions = (
        ToolVersion.objects.filter(
            pk__in=Audit.objects.filter(quarter=quarter, kind=Audit.Kind.SAMPLE)
            .exclude(status=Audit.Status.WITHDRAWN)
            .values("tool_version")
        )
        .select_related("tool")
        .annotate(standards=Count("sections__standards"))
        .order_by("tool__title", "number")
    )
    return tuple((v.tool.title, v.number, v.standards) for v in versions)


def _earlier(
    quarters: Iterable[AuditQuarter],
    quarter: AuditQuarter,
    audits: Mapping[str, list[AuditRecord]],
    frames: Mapping[str, tuple[FrameCount, ...]],
    policy: ReportPolicy,
) -> tuple[dict[str, tuple[EarlierPoint, ...]], tuple[BaselineFigures, ...]]:
    """Each line's quarters before this one: as they were published, else as they are now.

    Where the product has nothing of a quarter, its baselines, which come second too.

    A quarter that was published keeps its numbers: the difference to a number that changed since
    would be a statement about the few children whose audits came late.
    """
    published = {
        report.quarter.label: report.figures.get("trend", {})
        for report in CommitteeReport.objects.filter(
            Q(quarter__in=quarters), status=CommitteeReport.Status.PUBLISHED
        ).select_related("quarter")
    }
    measured: dict[str, list[tuple[str, EarlierPoint]]] = {}
    for each in quarters:
        if each.pk == quarter.pk:
            continue
        label = each.label
        frame = _with_strays(frames.get(label, ()), audits.get(label, []))
        if label in published:
            measured[label] = _points_as_published(each, published[label])
        else:
            measured[label] = _points_now(each, audits.get(label, []), frame, policy)
    past = baselines_before(quarter.label)
    return earlier_quarters(measured, past, policy, TREND_QUARTERS - 1)


def _points_as_published(
    quarter: AuditQuarter, trend: Mapping[str, Any]
) -> list[tuple[str, EarlierPoint]]:
    return [
        (
            line,
            EarlierPoint(
                TrendPoint(
                    quarter.quarter.name,
                    Proportion(point["count"], point["n"], point["population"]),
                ),
                point["level"],
            ),
        )
        for line, point in trend.items()
    ]


def _points_now(
    quarter: AuditQuarter,
    audits: list[AuditRecord],
    frame: tuple[FrameCount, ...],
    policy: ReportPolicy,
) -> list[tuple[str, EarlierPoint]]:
    points = []
    for line in by_line(audits, frame, policy):
        rows = by_service(audits, frame, line.name, policy)
        level = public_grades(line, rows, policy).line.level if line.n else NONE
        point = TrendPoint(quarter.quarter.name, line.good_or_better)
        points.append((line.name, EarlierPoint(point, level)))
    return points
