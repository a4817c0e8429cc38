"""The home page: what waits for the person who has signed in, by their permissions.

A kind of work is asked for only where the person may do it, with one SQL query each and two more
where reports wait: how many queries the page takes never depends on how much waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Model, Q, QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.policy import Permission, permissions_of
from audits.models import Audit, FeedbackRecipient
from audits.queries.visibility import DECIDED, WITH_AUDITOR
from cases.models import CaseImport, Draw, Replacement, SampledCase
from cases.queries.calendar import local_date
from quality.models import Action, Escalation, Moderation
from quality.queries.moderation import is_late
from quality.queries.visibility import actions_to_verify, escalations_sent_to
from reports.models import CommitteeReport
from reports.queries import reports_of_others

P = Permission
Things = QuerySet[Model]


@dataclass(frozen=True)
class Task:
    """One kind of work that waits, in the shape of components/task_list.html."""

    title: str
    url: str
    count: int
    late: int = 0

    @property
    def status(self) -> str:
        return "overdue" if self.late else "incomplete"

    @property
    def status_text(self) -> str:
        return f"{self.late:,} overdue" if self.late else "To do"


@dataclass(frozen=True)
class Kind:
    """A kind of work: who does it, where, what waits of it for a person, and what is late then."""

    permission: Permission
    one: str
    many: str
    page: str  # URL name
    waiting: Callable[[User], Things]
    late: Callable[[datetime], Q] | None = None
    filters: str = ""  # with which the page lists what is counted, and nothing else

    @property
    def url(self) -> str:
        """Where the number leads."""
        return reverse(self.page) + (f"?{self.filters}" if self.filters else "")


def tasks_for(user: User, now: datetime) -> list[Task]:
    """What waits for ``user``: kinds with something overdue first; empty where nothing waits."""
    granted = permissions_of(user)
    tasks = [_task(kind, user, now) for kind in KINDS if kind.permission in granted]
    return sorted((task for task in tasks if task), key=lambda task: task.late == 0)


def _task(kind: Kind, user: User, now: datetime) -> Task | None:
    late = kind.late(now) if kind.late else Q(pk__in=())
    counts = kind.waiting(user).aggregate(
        all=Count("pk", distinct=True), late=Count("pk", filter=late, distinct=True)
    )
    if not counts["all"]:
        return None
    words = kind.one if counts["all"] == 1 else kind.many
    return Task(f"{counts['all']:,} {words}", kind.url, counts["all"], counts["late"])


def _due(field: str) -> Callable[[datetime], Q]:
    return lambda now: Q(**{f"{field}__lt": local_date(now)})


# Escalations and actions


def _to_acknowledge(user: User) -> Things:
    """Raised, and sent to the person at the level that it stands at now."""
    return escalations_sent_to(user).filter(status=Escalation.Status.RAISED)


def _to_plan(user: User) -> Things:
    return escalations_sent_to(user).filter(status=Escalation.Status.ACKNOWLEDGED)


def _own_actions(user: User) -> Things:
    mine = Q(owner=user) | Q(owner=None, practitioner__user=user)
    return Action.objects.filter(mine, status=Action.Status.OPEN)


# Audits and moderation


def _to_grade(user: User) -> Things:
    return Audit.objects.filter(auditor=user, status__in=WITH_AUDITOR)


def _feedback_to_release(user: User) -> Things:
    return Audit.objects.filter(auditor=user, status__in=DECIDED, feedback=None)


def _feedback_to_read(user: User) -> Things:
    return FeedbackRecipient.objects.filter(practitioner__user=user, read_at=None)


def _without_auditor(user: User) -> Things:
    return Audit.objects.filter(status=Audit.Status.RETURNED)


def _to_moderate(user: User) -> Things:
    return Moderation.objects.filter(status=Moderation.Status.ASSIGNED, moderator=user)


def _without_moderator(user: User) -> Things:
    return Moderation.objects.filter(
        status=Moderation.Status.REQUIRED, audit__status=Audit.Status.SUBMITTED
    )


# The sample and the reports


def _to_confirm(user: User) -> Things:
    return CaseImport.objects.filter(status=CaseImport.Status.CHECKED)


def _to_allocate(user: User) -> Things:
    return SampledCase.objects.filter(
        status=SampledCase.Status.DRAWN, draw__status=Draw.Status.DRAWN
    )


def _to_approve(user: User) -> Things:
    requested = Replacement.objects.filter(status=Replacement.Status.REQUESTED)
    return requested.exclude(requested_by=user)


def _reports(status: str) -> Callable[[User], Things]:
    """Nobody approves or publishes what they wrote or made themselves."""
    return lambda user: reports_of_others(user, status)


KINDS: tuple[Kind, ...] = (
    Kind(
        P.ANSWER_ESCALATION,
        "escalation to acknowledge",
        "escalations to acknowledge",
        "quality:escalation_list",
        _to_acknowledge,
        lambda now: Q(acknowledge_by__lt=now),
        "whose=mine&status=raised",
    ),
    Kind(
        P.PLAN_ACTIONS,
        "escalation to plan actions for",
        "escalations to plan actions for",
        "quality:escalation_list",
        _to_plan,
        _due("plan_by"),
        "whose=mine&status=acknowledged",
    ),
    Kind(
        P.GRADE,
        "audit to grade",
        "audits to grade",
        "audits:audit_list",
        _to_grade,
        _due("due_on"),
    ),
    Kind(
        P.MODERATE,
        "audit to moderate",
        "audits to moderate",
        "quality:moderation_list",
        _to_moderate,
        is_late,
        "whose=mine&status=assigned",
    ),
    Kind(
        P.OWN_ACTIONS,
        "action to carry out",
        "actions to carry out",
        "quality:action_list",
        _own_actions,
        _due("due_on"),
        "whose=mine&status=open",
    ),
    Kind(
        P.VERIFY_ACTIONS,
        "action to verify",
        "actions to verify",
        "quality:action_list",
        actions_to_verify,
        filters="whose=verify",
    ),
    Kind(
        P.READ_FEEDBACK,
        "audit with feedback to read",
        "audits with feedback to read",
        "audits:feedback_list",
        _feedback_to_read,
    ),
    Kind(
        P.GRADE,
        "audit to give feedback on",
        "audits to give feedback on",
        "audits:audit_list",
        _feedback_to_release,
    ),
    Kind(
        P.APPROVE_REPLACEMENT,
        "replacement to approve or refuse",
        "replacements to approve or refuse",
        "cases:replacement_list",
        _to_approve,
    ),
    Kind(
        P.ASSIGN_MODERATOR,
        "audit that needs a moderator",
        "audits that need a moderator",
        "quality:moderation_list",
        _without_moderator,
        _due("due_on"),
        "status=required",
    ),
    Kind(
        P.REASSIGN_AUDIT,
        "audit that needs another auditor",
        "audits that need another auditor",
        "audits:audit_list",
        _without_auditor,
        _due("due_on"),
    ),
    Kind(
        P.IMPORT_CASES,
        "list of open cases to confirm",
        "lists of open cases to confirm",
        "cases:import_list",
        _to_confirm,
    ),
    Kind(
        P.ALLOCATE_AUDITS,
        "drawn case to allocate",
        "drawn cases to allocate",
        "cases:quarter_list",
        _to_allocate,
    ),
    Kind(
        P.APPROVE_REPORT,
        "report to approve",
        "reports to approve",
        "reports:report_list",
        _reports(CommitteeReport.Status.RENDERED),
    ),
    Kind(
        P.PUBLISH_REPORT,
        "report to publish",
        "reports to publish",
        "reports:report_list",
        _reports(CommitteeReport.Status.APPROVED),
    ),
)
