"""Which audits, gradings and feedback somebody may see. Independence and blindness take away.

Everything that shows an audit goes through these querysets. An app above this one can add readers
of its own (who is asked to moderate, who answers an escalation) by ``add_audit_readers`` and
``add_grading_readers``; what blindness hides stays hidden from them too.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit, Feedback, FeedbackRecipient, Grading
from cases.models import Allocation

P = Permission
Readers = Callable[[User], Q]

# Once the grade of record is set, everybody concerned may see how it was reached.
DECIDED = (Audit.Status.FINALISED, Audit.Status.CLOSED)
SUBMITTED = (Audit.Status.SUBMITTED, *DECIDED)
# The audit is with its auditor; nothing has been submitted.
WITH_AUDITOR = (Audit.Status.ALLOCATED, Audit.Status.IN_PROGRESS)
NOT_SUBMITTED = (*WITH_AUDITOR, Audit.Status.RETURNED)

_audit_readers: list[Readers] = []
_grading_readers: list[Readers] = []


def add_audit_readers(readers: Readers) -> Readers:
    """Register who else sees an audit: a function from a user to a condition on Audit."""
    if readers not in _audit_readers:
        _audit_readers.append(readers)
    return readers


def add_grading_readers(readers: Readers) -> Readers:
    """Register who else sees a submitted grading: from a user to a condition on Grading.

    Blindness and an auditor's wait for the decision come on top.
    """
    if readers not in _grading_readers:
        _grading_readers.append(readers)
    return readers


def audits_visible_to(user: User) -> QuerySet[Audit]:
    """The audits whose page ``user`` may open; what is on the page is decided further."""
    if not may(user, P.SEE_AUDITS):
        return Audit.objects.none()
    if may(user, P.SEE_ALL_AUDITS, P.SEE_AUDIT_PROGRESS):
        return Audit.objects.all()
    seen = _own(user) | _in_line(user, "")
    for readers in _audit_readers:
        seen |= readers(user)
    return Audit.objects.filter(seen)


def audits_taken_from(user: User) -> QuerySet[Audit]:
    """Audits that ``user`` had to grade and has not any more: they learn that, and no more."""
    if not may(user, P.SEE_AUDITS):
        return Audit.objects.none()
    had = Allocation.objects.filter(
        sampled_case=OuterRef("sampled_case"), auditor=user, ended_at__isnull=False
    )
    return Audit.objects.filter(~with_auditor(user) & Q(Exists(had)))


def with_auditor(user: User) -> Q:
    """The condition that ``user`` is an audit's auditor; one that waits for another is nobody's."""
    return Q(auditor=user) & ~Q(status=Audit.Status.RETURNED)


def _own(user: User) -> Q:
    """Those ``user`` grades, or has graded; not one that was taken from them."""
    gradings = Grading.objects.filter(audit=OuterRef("pk"), grader=user)
    graded = Q(Exists(gradings.exclude(status=Grading.Status.SET_ASIDE)))
    return with_auditor(user) | graded


def _in_line(user: User, audit: str) -> Q:
    """The managers of the case: team manager, Head of Service, and their deputies."""
    places = (
        "team__manager",
        "team__deputy",
        "service__head",
        "service__deputy",
        "team__service__head",
        "team__service__deputy",
    )
    condition = Q()
    for place in places:
        condition |= Q(**{f"{audit}{place}": user})
    return condition


def own_gradings(user: User) -> QuerySet[Grading]:
    """Those of ``gradings_visible_to`` that are the person's own: a short question, asked at every
    save, where the whole rule would have to look at roles, lines and moderations.
    """
    if not may(user, P.SEE_AUDITS):
        return Grading.objects.none()
    return Grading.objects.filter(_mine(user))


def gradings_taken_from(user: User) -> QuerySet[Grading]:
    """Gradings of ``user`` that were set aside: they learn that it is so, and see none of it."""
    if not may(user, P.SEE_AUDITS):
        return Grading.objects.none()
    return Grading.objects.filter(grader=user, status=Grading.Status.SET_ASIDE)


def _mine(user: User) -> Q:
    return Q(grader=user) & ~Q(status=Grading.Status.SET_ASIDE)


def gradings_visible_to(user: User) -> QuerySet[Grading]:
    """The gradings that ``user`` may read now.

    - Their own, unless it was set aside by a reassignment.
    - A draft of somebody else: nobody. What was set aside: those who see all audits.
    - Those who see all audits, and second graders who have submitted theirs: all submitted ones.
    - The auditor, and the line of the case: once the grade of record is set; the line sees the
      grading of record alone.
    - Whoever is grading an audit themself sees no other grading of it before they submit, whatever
      their roles; nor does its auditor before the grade of record is set.
    """
    if not may(user, P.SEE_AUDITS):
        return Grading.objects.none()
    submitted = Q(status=Grading.Status.SUBMITTED)
    others = submitted & (
        Q(Exists(_graded_by(user, Grading.Status.SUBMITTED).exclude(kind=Grading.Kind.AUDITOR)))
        | Q(audit__auditor=user)
        | (_in_line(user, "audit__") & Q(audit__grading_of_record=F("pk")))
    )
    for readers in _grading_readers:
        others |= submitted & readers(user)
    if may(user, P.SEE_ALL_AUDITS):
        others |= ~Q(status=Grading.Status.DRAFT)
    waits = Q(audit__auditor=user) & ~Q(audit__status__in=DECIDED)
    blind = Q(Exists(_graded_by(user, Grading.Status.DRAFT)))
    return Grading.objects.filter(_mine(user) | (others & ~waits & ~blind))


def _graded_by(user: User, status: str) -> QuerySet[Grading]:
    return Grading.objects.filter(audit=OuterRef("audit"), grader=user, status=status)


def is_blind(user: User, audit: Audit) -> bool:
    """Whether ``user`` must not learn yet what others judged of this audit.

    So while their own grading of it is a draft, and for its auditor until the grade is decided.
    """
    if audit.auditor_id == user.pk and audit.status not in DECIDED:
        return True
    drafts = audit.gradings.filter(grader=user, status=Grading.Status.DRAFT)
    return drafts.exists()


def may_see_child_id(user: User, audit: Audit) -> bool:
    """Whether ``user`` needs the child's local id: to find the file, or to answer for the case."""
    if may(user, P.SEE_ALL_AUDITS, P.SEE_AUDIT_PROGRESS):
        return True
    concerned = Audit.objects.filter(_own(user) | _in_line(user, ""), pk=audit.pk)
    return may(user, P.SEE_AUDITS) and concerned.exists()


def feedback_visible_to(user: User) -> QuerySet[Feedback]:
    """Feedback released to ``user`` as a practitioner: theirs alone."""
    if not may(user, P.READ_FEEDBACK):
        return Feedback.objects.none()
    mine = FeedbackRecipient.objects.filter(feedback=OuterRef("pk"), practitioner__user=user)
    return Feedback.objects.filter(Exists(mine))
