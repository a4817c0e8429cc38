"""Committee reports: prepared, rendered, approved by another, published, superseded."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation, refuse_if_changed
from accounts.policy import Permission, require
from accounts.queries import in_words
from accounts.roles import Role
from accounts.rules.table_file import Plan, read_table
from accounts.rules.words import is_written
from cases.models import AuditQuarter, Draw, Job, Service, ServiceLine
from cases.operations.jobs import Progress, handles, queue_job
from cases.queries.calendar import local_date
from cases.rules.quarters import Quarter
from reports.baseline_queries import FIELDS, plan_for_baselines, quarters_with_grades
from reports.models import Baseline, CommitteeReport, IssuedReport
from reports.queries import (
    authors_of,
    editions_seen,
    issues_of,
    open_report,
    records_of,
    report_policy,
)
from reports.rendering import Words, render_pdf
from reports.rules.authorship import in_one_sentence
from reports.rules.baseline_file import OPTIONAL, REQUIRED
from reports.rules.baselines import group_refusal, quarter_refusal
from reports.rules.frozen import EDITIONS, digest, freeze
from reports.rules.grade_rows import Counts

Status = CommitteeReport.Status
# In these a report's words and figures can still change.
IN_PREPARATION = (Status.DRAFT, Status.FROZEN, Status.RENDERED, Status.FAILED)


class StaleSave(Exception):
    """Somebody saved the words after the page was loaded. Nothing was written.

    ``narrative`` and ``next_steps`` are what is saved now, ``version`` is the one to save over.
    """

    def __init__(self, report: CommitteeReport) -> None:
        super().__init__("This has changed since the page was loaded.")
        self.narrative, self.next_steps = report.narrative, report.next_steps
        self.version = report.version


@operation
def create_report(*, quarter: AuditQuarter, by: User, now: datetime) -> CommitteeReport:
    """Begin a quarter's report, under the next number of its quarter.

    Raises Refused where nothing has been drawn, MovedOn where one is being prepared already.
    """
    require(by, Permission.PREPARE_REPORT)
    quarter = AuditQuarter.objects.select_for_update().get(pk=quarter.pk)
    if not Draw.objects.filter(quarter=quarter, status=Draw.Status.DRAWN, theme=None).exists():
        raise Refused(f"Nothing has been drawn for {quarter} yet, so there is nothing to report.")
    if open_report(quarter) is not None:
        raise MovedOn(f"The report for {quarter} is being prepared already.")
    last = CommitteeReport.objects.filter(quarter=quarter).aggregate(Max("number"))["number__max"]
    return CommitteeReport.objects.create(
        quarter=quarter, number=(last or 0) + 1, created_at=now, created_by=by
    )


@operation
def save_words(
    *,
    report: CommitteeReport,
    narrative: str,
    next_steps: str,
    version: int,
    by: User,
    now: datetime,
) -> CommitteeReport:
    """Save what was typed over ``version``; a rendered report needs rendering again afterwards.

    Raises StaleSave where somebody saved since, MovedOn where it is approved or being rendered.
    """
    require(by, Permission.PREPARE_REPORT)
    report = _locked(report, IN_PREPARATION)
    _refuse_while_rendering(report)
    if report.version != version:
        raise StaleSave(report)
    changed = (report.narrative, report.next_steps) != (narrative, next_steps)
    if changed:
        report.narrative, report.next_steps = narrative, next_steps
        report.status = Status.DRAFT  # the PDF no longer says what the page says
    report.version = version + 1
    report.save(update_fields=["narrative", "next_steps", "version", "status"])
    return report


@operation
def start_rendering(*, report: CommitteeReport, by: User, now: datetime) -> Job:
    """Let a worker freeze the figures as they are then, and make both editions' PDFs."""
    require(by, Permission.PREPARE_REPORT)
    report = _locked(report, IN_PREPARATION)
    job = queue_job(
        kind=Job.Kind.RENDER_REPORT,
        subject=f"report {report.pk}",
        arguments={"report": report.pk},
        by=by,
        now=now,
        page=reverse("reports:report", args=[report.pk]),
    )
    report.job = job
    report.save(update_fields=["job"])
    return job


@handles(Job.Kind.RENDER_REPORT)
def render_by_job(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job that `start_rendering` asked for."""
    report = CommitteeReport.objects.get(pk=job.arguments["report"])
    done = render_report(report=report, progress=progress, by=job.requested_by, now=timezone.now())
    return {"report": done.pk, "figures_sha256": done.figures_sha256}


@operation
def render_report(
    *, report: CommitteeReport, by: User, now: datetime, progress: Progress | None = None
) -> CommitteeReport:
    """Freeze the figures at ``now`` and render both editions from them: all or nothing.

    Raises MovedOn where the report is approved, Refused where it cannot be rendered.
    """
    require(by, Permission.PREPARE_REPORT)
    say = progress or Progress()
    report = _locked(report, IN_PREPARATION)
    say(5, "Counting")
    _freeze(report, now)
    words = Words(report.narrative, report.next_steps, report.number)
    for step, edition in enumerate(EDITIONS):
        say(25 + 35 * step, f"Setting the {edition} edition")
        made = render_pdf(report.figures, edition, words)
        IssuedReport.objects.create(
            report=report,
            edition=edition,
            pdf=made.pdf,
            sha256=hashlib.sha256(made.pdf).hexdigest(),
            pages=made.pages,
            rendered_at=now,
        )
    report.status, report.rendered_at = Status.RENDERED, now
    report.save(update_fields=["status", "rendered_at"])
    say(95, "Saving")
    authors = authors_of(report)
    send_notice(
        to=[user for user in _people_with(Role.DIRECTOR) if user.pk not in authors],
        subject=f"The committee report for {report.quarter} waits for approval",
        path=reverse("reports:report", args=[report.pk]),
    )
    return report


def _freeze(report: CommitteeReport, now: datetime) -> None:
    policy = report_policy(report.quarter)
    records = records_of(report.quarter, now)
    try:
        figures = freeze(records, now=now, today=local_date(now), policy=policy)
    except ValueError as error:
        raise Refused(str(error)) from error
    report.figures, report.figures_sha256 = figures, digest(figures)
    report.frozen_at, report.status = now, Status.FROZEN
    report.save(update_fields=["figures", "figures_sha256", "frozen_at", "status"])


@operation
def approve_report(
    *, report: CommitteeReport, by: User, now: datetime, seen: str | None = None
) -> CommitteeReport:
    """Approve both editions as rendered. Never by whoever began, wrote or made the report.

    ``seen`` is what `editions_seen` said of the editions shown; None asks for no check. Raises
    MovedOn where they have been made again since.
    """
    require(by, Permission.APPROVE_REPORT)
    report = _locked(report, (Status.RENDERED,))
    _refuse_while_rendering(report)
    _refuse_its_authors(report, by, "approve")
    if seen is not None and seen != editions_seen(issues_of(report)):
        raise MovedOn(
            "The report was made again after you opened this page: what you would approve is not "
            "what you were shown. Read it as it is now."
        )
    report.status, report.approved_at, report.approved_by = Status.APPROVED, now, by
    report.save(update_fields=["status", "approved_at", "approved_by"])
    send_notice(
        to=_people_with(Role.INFORMATION_GOVERNANCE),
        subject=f"The committee report for {report.quarter} waits to be published",
        path=reverse("reports:report", args=[report.pk]),
    )
    return report


@operation
def publish_report(
    *, report: CommitteeReport, by: User, now: datetime, reason: str = ""
) -> CommitteeReport:
    """Publish an approved report: committee members can read it from now on.

    Where the quarter has a published report it is superseded, for which ``reason`` is needed.
    Raises Refused for whoever began, wrote or made it, and without a reason where one is needed.
    """
    require(by, Permission.PUBLISH_REPORT)
    report = _locked(report, (Status.APPROVED,))
    _refuse_its_authors(report, by, "publish")
    earlier = CommitteeReport.objects.filter(
        quarter=report.quarter, status=Status.PUBLISHED
    ).first()
    if earlier is not None:
        if not is_written(reason):
            raise Refused(f"Say why this replaces report {earlier.number} for {report.quarter}.")
        _supersede(earlier, reason, now)
    report.status, report.published_at, report.published_by = Status.PUBLISHED, now, by
    report.save(update_fields=["status", "published_at", "published_by"])
    send_notice(
        to=_people_with(Role.COMMITTEE_MEMBER),
        subject=f"The committee report for {report.quarter} is published",
        path=reverse("reports:report", args=[report.pk]),
    )
    return report


@operation
def withdraw_approved(
    *, report: CommitteeReport, reason: str, by: User, now: datetime
) -> CommitteeReport:
    """Take an approved report back before it is published; the next one gets a new number."""
    require(by, Permission.APPROVE_REPORT)
    report = _locked(report, (Status.APPROVED,))
    if not is_written(reason):
        raise Refused("Say why this report is taken back.")
    _supersede(report, reason, now)
    return report


def _supersede(report: CommitteeReport, reason: str, now: datetime) -> None:
    report.status, report.superseded_at = Status.SUPERSEDED, now
    report.supersede_reason = reason.strip()[:500]
    report.save(update_fields=["status", "superseded_at", "supersede_reason"])


def _locked(report: CommitteeReport, states: tuple[str, ...]) -> CommitteeReport:
    """The report, locked after its quarter. MovedOn where it is in none of ``states``."""
    AuditQuarter.objects.select_for_update().get(pk=report.quarter_id)
    locked = CommitteeReport.objects.select_for_update(of=("self",)).select_related(
        "quarter", "job"
    ).get(pk=report.pk)  # fmt: skip
    if locked.status not in states:
        raise MovedOn(
            f"The report for {locked.quarter} has moved on: it is now "
            f"“{locked.get_status_display()}”."
        )
    return locked


def _refuse_its_authors(report: CommitteeReport, by: User, verb: str) -> None:
    did = in_one_sentence(authors_of(report).get(by.pk, ()))
    if did:
        raise Refused(f"{did}. Somebody else must {verb} it.")


def _refuse_while_rendering(report: CommitteeReport) -> None:
    if report.job is not None and report.job.is_live:
        raise MovedOn("The report is being rendered. Wait until that is done.")


def _people_with(role: str) -> list[User]:
    return list(User.objects.filter(groups__name=role, is_active=True))


# Baselines


@operation
def add_baseline(
    *,
    quarter: Quarter,
    line: ServiceLine,
    service: Service | None,
    counts: Counts,
    source: str,
    by: User,
    now: datetime,
) -> Baseline:
    """Enter a past quarter's figures of a line (``service`` None) or of one of its services.

    Raises Refused for a quarter that has figures of this product, or has not ended; where there is
    such a baseline already; and where the services would be more than their line.
    """
    require(by, Permission.PREPARE_REPORT)
    line = ServiceLine.objects.select_for_update().get(pk=line.pk)
    refusal = quarter_refusal(quarter, local_date(now), quarters_with_grades())
    if refusal:
        raise Refused(refusal)
    if service is not None and service.line_id != line.pk:
        raise Refused(f"{service} is not a service of {line}.")
    row = Baseline(quarter=quarter.label, line=line, service=service)
    if Baseline.objects.filter(quarter=quarter.label, line=line, service=service).exists():
        raise Refused(f"There is a baseline of {row} already. Change that one.")
    return _save_baseline(row, counts, source, by, now)


@operation
def change_baseline(
    *,
    baseline: Baseline,
    counts: Counts,
    source: str,
    by: User,
    now: datetime,
    seen: str = "",
) -> Baseline:
    """Put other figures in the place of a baseline's; the earlier ones stay in its history.

    Raises Refused as `add_baseline`, MovedOn where it was removed meanwhile.
    """
    require(by, Permission.PREPARE_REPORT)
    row = _locked_baseline(baseline)
    refuse_if_changed(seen, in_words(row, FIELDS))
    refusal = quarter_refusal(Quarter.parse(row.quarter), local_date(now), quarters_with_grades())
    if refusal:
        raise Refused(refusal)
    return _save_baseline(row, counts, source, by, now)


@operation
def remove_baseline(*, baseline: Baseline, by: User, now: datetime) -> None:
    """Remove a baseline; its history stays. Raises MovedOn where somebody else just did."""
    require(by, Permission.PREPARE_REPORT)
    _locked_baseline(baseline).delete()


@operation
def import_baselines(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Add and change the baselines of a CSV file, all of them or none.

    ``digest`` is that of the plan that was shown. Raises Refused where the file has problems, or
    would now do something else than was shown.
    """
    require(by, Permission.PREPARE_REPORT)
    lines = {line.name: line for line in ServiceLine.objects.select_for_update()}
    planned = plan_for_baselines(
        read_table(text, required=REQUIRED, optional=OPTIONAL), local_date(now)
    )
    if planned.plan.problems:
        raise Refused("The file has problems. Nothing was changed.")
    if planned.plan.digest != digest:
        raise Refused("Something has changed since you looked. Check the changes again.")
    services = {service.name: service for service in Service.objects.all()}
    known = {row.figures.key: row for row in Baseline.objects.select_related("line", "service")}
    for change in planned.plan.changes:
        if change.effect != "same":
            wanted = planned.wanted[change.line]
            row = known.get(wanted.key) or Baseline(
                quarter=wanted.quarter,
                line=lines[wanted.line],
                service=services.get(wanted.service),
            )
            _store_baseline(row, wanted.counts, wanted.source, by, now)
    return planned.plan


def _locked_baseline(baseline: Baseline) -> Baseline:
    ServiceLine.objects.select_for_update().get(pk=baseline.line_id)
    row = Baseline.objects.select_related("line", "service").filter(pk=baseline.pk).first()
    if row is None:
        raise MovedOn("Somebody else has removed this baseline.")
    return row


def _save_baseline(row: Baseline, counts: Counts, source: str, by: User, now: datetime) -> Baseline:
    """Store one baseline where it can stand beside those of its quarter and line."""
    if not any(counts):
        raise Refused("Fill in how many files had each grade. There must be at least one file.")
    others = Baseline.objects.filter(quarter=row.quarter, line=row.line).exclude(pk=row.pk)
    beside = [each.figures for each in others.select_related("line", "service")]
    refusal = group_refusal([*beside, replace(row.figures, counts=counts)])
    if refusal:
        raise Refused(refusal)
    return _store_baseline(row, counts, source, by, now)


def _store_baseline(
    row: Baseline, counts: Counts, source: str, by: User, now: datetime
) -> Baseline:
    row.outstanding, row.good, row.requires_improvement, row.inadequate = counts
    row.source = source
    row.entered_by, row.entered_at = by, now
    row.save()
    return row
