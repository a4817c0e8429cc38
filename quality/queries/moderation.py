"""The moderation queue, and two gradings of one audit beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from accounts.models import User
from accounts.policy import Permission, may
from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.sorting import Sorts, place_in
from audits.models import Audit, Grading, StandardGrade, ToolVersion
from audits.queries.audit_list import of_draws
from audits.queries.visibility import gradings_visible_to
from audits.rules.checks import Checked, checked_of, checks_of
from audits.rules.grades import Scale
from cases.models import AuditQuarter
from cases.queries.calendar import local_date
from quality.models import Moderation
from quality.queries.people import OF_THE_LINE, against_now, refused_to
from quality.queries.visibility import moderations_visible_to
from quality.rules.moderation import Difference, compare

Status = Moderation.Status
# What independence is asked by (`refused_to`); load moderations with these.
TO_ASK = (
    "audit__quarter",
    "audit__sampled_case__entry__service",
    "audit__practitioner_judged",
    *(f"audit__{path}" for path in OF_THE_LINE),
)
LEFT = "They cannot sign in any more."
NOT_A_MODERATOR = "They are not a moderator any more."
# Those whose moderator must not learn yet by when they are due (quality.rules.moderation).
_DATE_HIDDEN = (
    Q(grade_by__isnull=False)
    & ~Q(status=Status.DECIDED)
    & ~Q(grading__status=Grading.Status.SUBMITTED)
)
_ORDER = Case(
    When(status=Status.DECIDED, then=Value(1)), default=Value(0), output_field=IntegerField()
)
SORTS: Sorts = {
    "reference": ("audit__reference",),
    "service": ("audit__service__name", "audit__team__name"),
    "moderator": ("moderator__name",),
    "due": ("shown_due_on",),
    "status": (place_in("status", Status.values),),
}


def moderation_list(
    user: User,
    *,
    status: str = "",
    quarter: AuditQuarter | None = None,
    kind: str = "",
    draw: str = "",
    mine: bool = False,
) -> QuerySet[Moderation]:
    """The moderations ``user`` may see; those that wait first, by when they are due for them, their
    ``shown_due_on``.

    ``draw`` is one of audits.queries.audit_list.DRAWS, or "" for all. Whoever takes moderations
    themself gets none listed that taking would refuse.
    """
    hidden = _DATE_HIDDEN
    if may(user, Permission.SEE_ALL_AUDITS):
        hidden &= Q(moderator=user)
    found = moderations_visible_to(user).annotate(
        shown_due_on=Case(When(hidden, then=F("grade_by")), default=F("due_on"))
    )
    # A reopened audit is with its auditor: nothing to moderate until it is submitted again.
    found = found.exclude(
        status=Status.REQUIRED,
        audit__status__in=(Audit.Status.IN_PROGRESS, Audit.Status.RETURNED, Audit.Status.ALLOCATED),
    )
    if status:
        found = found.filter(status=status)
    if quarter is not None:
        found = found.filter(audit__quarter=quarter)
    if kind:
        found = found.filter(audit__kind=kind)
    if draw:
        found = found.filter(of_draws(draw, "audit__"))
    if mine:
        found = found.filter(moderator=user)
    if not may(user, Permission.SEE_ALL_AUDITS):
        free = found.filter(status=Status.REQUIRED).select_related(*TO_ASK)
        found = found.exclude(pk__in=refused_to(user, list(free)))
    return found.select_related("audit__service", "audit__team", "moderator", "grading").order_by(
        _ORDER, "shown_due_on", "audit__reference"
    )


def hides_its_date(moderation: Moderation, user: User) -> bool:
    """Whether ``user`` must not learn by when it is due: as ``shown_due_on`` has it in the list."""
    if moderation.grade_by is None or moderation.status == Status.DECIDED:
        return False
    if may(user, Permission.SEE_ALL_AUDITS) and moderation.moderator_id != user.pk:
        return False
    return not second_is_in(moderation)


def asked_by(moderation: Moderation) -> date:
    """By when its moderator is asked for what they do next. Reads the second grading."""
    if moderation.grade_by is None or second_is_in(moderation):
        return moderation.due_on
    return moderation.grade_by


def is_late(now: datetime) -> Q:
    """The condition that a moderation waits for its moderator past the date that they see."""
    today = local_date(now)
    return Q(due_on__lt=today) | (_DATE_HIDDEN & Q(grade_by__lt=today))


def not_any_more(moderations: Sequence[Moderation]) -> dict[int, str]:
    """Which of some moderations need another moderator, and why, by primary key.

    They would be refused to submit or to decide, or cannot sign in. A fixed number of queries; load
    the moderations with TO_ASK and ``moderator``.
    """
    moderators = set(people_with_role(Role.MODERATOR).values_list("pk", flat=True))
    near = against_now(moderations)
    found = {}
    for each in moderations:
        because = [reason.sentence for reason in near.get(each.pk, ())]
        if each.moderator is not None and each.moderator_id not in moderators:
            because.insert(0, NOT_A_MODERATOR if each.moderator.is_active else LEFT)
        if because:
            found[each.pk] = " ".join(because)
    return found


def need_another_moderator() -> list[tuple[Moderation, str]]:
    """All moderations that are with somebody who must not, or cannot, finish them: with why."""
    waiting = Moderation.objects.filter(
        status=Status.ASSIGNED, audit__status=Audit.Status.SUBMITTED
    ).select_related("moderator", *TO_ASK)
    given = list(waiting.order_by("due_on", "audit__reference"))
    why = not_any_more(given)
    return [(each, why[each.pk]) for each in given if each.pk in why]


def second_is_in(moderation: Moderation) -> bool:
    """Whether the moderator has submitted their own grading."""
    second = moderation.grading
    return second is not None and second.status == Grading.Status.SUBMITTED


@dataclass(frozen=True)
class FactBeside:
    """One fact to check that the two answered differently."""

    question: str
    both: tuple[Checked, Checked]  # the auditor's and the moderator's


@dataclass(frozen=True)
class Beside:
    """One practice standard in both gradings; labels are the points of the tool's own scale."""

    title: str
    difference: Difference
    first_label: str
    second_label: str
    first_evidence: str
    second_evidence: str
    facts: tuple[FactBeside, ...]


@dataclass(frozen=True)
class Compared:
    """Two gradings of one audit."""

    first: Grading
    second: Grading
    overall: Difference
    standards: tuple[Beside, ...]

    @property
    def differ(self) -> int:
        """On how many practice standards the two differ."""
        return sum(each.difference.direction != "same" for each in self.standards)


def compared(moderation: Moderation, user: User) -> Compared | None:
    """The auditor's and the moderator's grading, where ``user`` may read both.

    Four queries. Grades are compared as Ofsted's four, whatever the tool's scale.
    """
    readable = gradings_visible_to(user).filter(audit=moderation.audit_id).select_related("grader")
    submitted = {
        each.kind: each
        for each in readable.filter(status=Grading.Status.SUBMITTED)
        if each.kind == Grading.Kind.AUDITOR or each.pk == moderation.grading_id
    }
    first = submitted.get(Grading.Kind.AUDITOR)
    second = submitted.get(Grading.Kind.MODERATOR)
    if first is None or second is None:
        return None
    scale = Scale.from_dict(ToolVersion.objects.get(pk=moderation.audit.tool_version_id).scale)
    answers = {first.pk: _answers(first), second.pk: _answers(second)}
    graded = {
        pk: {
            code: scale.grade_of(each.grade) if each.grade else None for code, each in rows.items()
        }
        for pk, rows in answers.items()
    }
    result = compare(
        first_overall=first.overall_grade,
        second_overall=second.overall_grade,
        first_standards=graded[first.pk],
        second_standards=graded[second.pk],
    )
    return Compared(
        first,
        second,
        result.overall,
        tuple(
            _beside(difference, scale, answers[first.pk], answers[second.pk])
            for difference in result.standards
        ),
    )


def _answers(grading: Grading) -> dict[str, StandardGrade]:
    rows = StandardGrade.objects.filter(grading=grading).select_related("standard__section")
    ordered = rows.order_by("standard__section__order", "standard__order")
    return {row.standard.code: row for row in ordered}


def _beside(
    difference: Difference,
    scale: Scale,
    first: dict[str, StandardGrade],
    second: dict[str, StandardGrade],
) -> Beside:
    one, other = first.get(difference.subject), second.get(difference.subject)
    either = one or other
    return Beside(
        either.standard.title if either else difference.subject,
        difference,
        _label(one, scale),
        _label(other, scale),
        _words(one),
        _words(other),
        tuple(_facts(one, other)),
    )


def _facts(one: StandardGrade | None, other: StandardGrade | None) -> Iterator[FactBeside]:
    """The facts on which the two differ. Whether a standard applied is a difference of its own."""
    if one is None or other is None or one.not_applicable or other.not_applicable:
        return
    checks = checks_of(one.standard.checks)
    pairs = zip(checked_of(checks, one.checked), checked_of(checks, other.checked), strict=True)
    for (check, first), (_, second) in pairs:
        if first.answer != second.answer:
            yield FactBeside(check.question, (first, second))


def _label(answer: StandardGrade | None, scale: Scale) -> str:
    return scale.label_of(answer.grade) if answer and answer.grade else ""


def _words(answer: StandardGrade | None) -> str:
    if answer is None:
        return ""
    return answer.not_applicable_reason if answer.not_applicable else answer.evidence
