"""Committee reports: prepared, rendered, approved by another, published, superseded."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.roles import Role
from cases.models import AuditQuarter, Draw, Job
from cases.operations.jobs import Progress, handles, queue_job
from cases.queries.calendar import local_date
from reports.models import CommitteeReport, IssuedReport
from reports.queries import open_report, records_of, report_policy
from reports.rendering import Words, render_pdf
from reports.rules.frozen import EDITIONS, digest, freeze

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
    if not Draw.objects.filter(quarter=quarter, status=Draw.Status.DRAWN).exists():
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
    send_notice(
        to=[user for user in _people_with(Role.DIRECTOR) if user.pk != report.created_by_id],
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
def approve_report(*, report: CommitteeReport, by: User, now: datetime) -> CommitteeReport:
    """Approve both editions as rendered. Never by the person who began the report."""
    require(by, Permission.APPROVE_REPORT)
    report = _locked(report, (Status.RENDERED,))
    _refuse_while_rendering(report)
    if by.pk == report.created_by_id:
        raise Refused("You began this report. Somebody else must approve it.")
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
    Raises Refused for the person who began the report, and without a reason where one is needed.
    """
    require(by, Permission.PUBLISH_REPORT)
    report = _locked(report, (Status.APPROVED,))
    if by.pk == report.created_by_id:
        raise Refused("You began this report. Somebody else must publish it.")
    earlier = CommitteeReport.objects.filter(
        quarter=report.quarter, status=Status.PUBLISHED
    ).first()
    if earlier is not None:
        if not reason.strip():
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
    if not reason.strip():
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


def _refuse_while_rendering(report: CommitteeReport) -> None:
    if report.job is not None and report.job.is_live:
        raise MovedOn("The report is being rendered. Wait until that is done.")


def _people_with(role: str) -> list[User]:
    return list(User.objects.filter(groups__name=role, is_active=True))
