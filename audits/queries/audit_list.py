"""The list of audits: what is filtered, counted and shown of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from accounts.models import User
from accounts.policy import Permission, may
from accounts.sorting import Sorts, place_in
from audits.models import Audit, Grading
from audits.queries.feedback_rates import with_feedback
from audits.queries.visibility import (
    DECIDED,
    NOT_SUBMITTED,
    SUBMITTED,
    WITH_AUDITOR,
    audits_visible_to,
    with_auditor,
)
from audits.rules.grades import GRADES
from cases.models import AuditQuarter, Draw, Service, Team

OVERDUE = "overdue"
NOT_STARTED = "not_started"
HANDED_IN = "handed_in"
DECIDED_GROUP = "decided"
# Several states under one word: what the list calls them, and which they are.
STATUS_GROUPS: Mapping[str, tuple[str, Sequence[str]]] = {
    NOT_STARTED: (
        "Not started, with or without an auditor",
        (Audit.Status.ALLOCATED, Audit.Status.RETURNED),
    ),
    HANDED_IN: ("Submitted, decided or not", SUBMITTED),
    DECIDED_GROUP: ("Grade of record set, closed or not", DECIDED),
}
# Where a quarter was drawn again, what was submitted of an earlier draw stays.
STANDS, EARLIER = "stands", "earlier"
DRAWS: Mapping[str, str] = {STANDS: "The draw that stands", EARLIER: "An earlier draw"}
# By what the list shows, never by what it hides: the grade that this person may know, and no
# auditor where an audit waits for one.
SORTS: Sorts = {
    "reference": ("reference",),
    "service": ("service__name", "team__name"),
    "auditor": (
        Case(When(status=Audit.Status.RETURNED, then=Value(None)), default=F("auditor__name")),
    ),
    "due": ("due_on",),
    "status": (place_in("status", Audit.Status.values),),
    "grade": (place_in("shown_grade", GRADES),),
}


@dataclass(frozen=True)
class Filters:
    """What of the list is asked for; None and "" are everything."""

    status: str = ""  # a code of Audit.Status, of STATUS_GROUPS, or "overdue"
    service: Service | None = None
    team: Team | None = None
    auditor: User | None = None
    quarter: AuditQuarter | None = None
    before: AuditQuarter | None = None  # of any quarter before this one
    kind: str = ""  # a code of Audit.Kind
    mine: bool = False
    feedback: str = ""  # one of queries.feedback_rates.STATES
    draw: str = ""  # one of DRAWS


def grades_only_own(user: User) -> bool:
    """Whether the list of ``user`` holds nothing but what they grade: "My audits"."""
    everybodys = (
        Permission.SEE_ALL_AUDITS,
        Permission.SEE_AUDIT_PROGRESS,
        Permission.ANSWER_ESCALATION,
    )
    return not may(user, *everybodys)


def audit_list(user: User, filters: Filters, today: date) -> QuerySet[Audit]:
    """The audits that ``user`` may see and asked for, those due first at the top.

    Each has ``is_overdue`` on ``today``, and ``shown_grade``: the grade of record, "" where there
    is none or ``user`` must not know it yet.
    """
    own_draft = Grading.objects.filter(
        audit=OuterRef("pk"), grader=user, status=Grading.Status.DRAFT
    )
    overdue = Q(status__in=NOT_SUBMITTED, due_on__lt=today)
    audits = (
        _in_scope(user, filters, today)
        .annotate(
            is_overdue=Case(
                When(overdue, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
            shown_grade=Case(
                When(Exists(own_draft), then=Value("")),
                When(
                    status__in=DECIDED,
                    then=F("grading_of_record__overall_grade"),
                ),
                default=Value(""),
            ),
        )
        .select_related("service", "team", "quarter", "auditor")
    )
    if filters.status == OVERDUE:
        audits = audits.filter(overdue)
    elif filters.status in STATUS_GROUPS:
        audits = audits.filter(status__in=STATUS_GROUPS[filters.status][1])
    elif filters.status:
        audits = audits.filter(status=filters.status)
    if filters.mine or grades_only_own(user):
        # What has to be done comes before what is done.
        done = Case(When(status__in=WITH_AUDITOR, then=Value(0)), default=Value(1))
        return audits.order_by(done, "due_on", "reference")
    return audits.order_by("-quarter__starts_on", "reference")


@dataclass(frozen=True)
class Counts:
    """How many audits stand where, of those asked for."""

    not_started: int
    in_progress: int
    submitted: int
    decided: int
    overdue: int
    total: int  # without those withdrawn


def audit_counts(user: User, filters: Filters, today: date) -> Counts:
    """The numbers above the list, whatever status is filtered by. One query."""
    status = Audit.Status
    not_started = Q(status__in=STATUS_GROUPS[NOT_STARTED][1])
    counts = _in_scope(user, filters, today).aggregate(
        not_started=Count("pk", filter=not_started),
        in_progress=Count("pk", filter=Q(status=status.IN_PROGRESS)),
        submitted=Count("pk", filter=Q(status=status.SUBMITTED)),
        decided=Count("pk", filter=Q(status__in=DECIDED)),
        overdue=Count("pk", filter=Q(status__in=NOT_SUBMITTED, due_on__lt=today)),
        total=Count("pk", filter=~Q(status=status.WITHDRAWN)),
    )
    return Counts(**counts)


def auditors_listed(user: User) -> QuerySet[User]:
    """The auditors of the audits that ``user`` may see, by name."""
    audits = audits_visible_to(user).exclude(status=Audit.Status.RETURNED)
    return User.objects.filter(pk__in=audits.order_by().values("auditor")).order_by("name", "pk")


def of_draws(which: str, audit: str = "") -> Q:
    """The condition that an audit is of such draws, one of `DRAWS`; ``audit`` is a path to it."""
    status = Draw.Status.DRAWN if which == STANDS else Draw.Status.SUPERSEDED
    return Q(**{f"{audit}sampled_case__draw__status": status})


def _in_scope(user: User, filters: Filters, today: date) -> QuerySet[Audit]:
    audits = audits_visible_to(user)
    if filters.service is not None:
        audits = audits.filter(service=filters.service)
    if filters.quarter is not None:
        audits = audits.filter(quarter=filters.quarter)
    if filters.before is not None:
        audits = audits.filter(quarter__starts_on__lt=filters.before.starts_on)
    if filters.kind:
        audits = audits.filter(kind=filters.kind)
    if filters.draw:
        audits = audits.filter(of_draws(filters.draw))
    if filters.team is not None:
        audits = audits.filter(team=filters.team)
    if filters.auditor is not None:
        audits = audits.filter(with_auditor(filters.auditor))
    if filters.mine:
        graded = Grading.objects.filter(audit=OuterRef("pk"), grader=user).exclude(
            status=Grading.Status.SET_ASIDE
        )
        audits = audits.filter(with_auditor(user) | Q(Exists(graded)))
    if filters.feedback:
        audits = with_feedback(audits, filters.feedback, today)
    return audits
