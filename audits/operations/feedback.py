"""Feedback: released after the grade of record, read, and answered."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, may, require
from accounts.rules.words import is_written
from audits.models import Audit, Feedback, FeedbackRecipient, FeedbackReply, Grading
from audits.operations.locking import lock_audit
from audits.queries.policy import policy_of
from audits.queries.visibility import DECIDED, audits_visible_to
from audits.signals import feedback_released
from cases.models import Practitioner
from cases.queries.calendar import bank_holidays, local_date
from cases.rules.working_days import add_working_days

P = Permission


@operation
def release_feedback(
    *, audit: Audit, strengths: str, improvements: str, by: User, now: datetime
) -> Feedback:
    """Give the practitioners of an audit what was good and what to improve.

    It goes to who holds the case and to who held it most. Where one of them is an agency worker,
    has left or does not sign in here, the team manager is told too. Raises Refused while a text or
    the grade of record is missing, MovedOn where feedback was released before.
    """
    if not may_release(by, audit):
        raise PermissionDenied("Feedback is released by who graded the audit.")
    if not (is_written(strengths) and is_written(improvements)):
        raise Refused("Write what was good and what to improve.")
    audit = lock_audit(audit)
    if audit.status not in DECIDED:
        raise Refused("Feedback is released after the grade of record is set.")
    today = local_date(now)
    reply_by = add_working_days(today, policy_of(audit.quarter).reply_working_days, bank_holidays())
    try:
        with transaction.atomic():
            feedback = Feedback.objects.create(
                audit=audit,
                strengths=strengths,
                improvements=improvements,
                released_at=now,
                released_by=by,
                reply_by=reply_by,
            )
    except IntegrityError as error:
        raise MovedOn("Feedback on this audit has been released already.") from error
    today = local_date(now)
    recipients = recipients_of(audit, today)
    FeedbackRecipient.objects.bulk_create(
        FeedbackRecipient(feedback=feedback, practitioner=each) for each in recipients
    )
    _tell(audit, recipients, today)
    feedback_released.send(Audit, audit=audit, feedback=feedback, by=by, now=now)
    return feedback


def recipients_of(audit: Audit, today: date) -> list[Practitioner]:
    """Who held the case at its allocation and for most of the period judged, each once.

    Where one of them is an agency worker or has left, also who holds it today: they go on with it.
    """
    found = [each for each in (audit.practitioner, audit.practitioner_judged) if each is not None]
    if any(_may_be_gone(each, today) for each in found):
        holding = Practitioner.objects.select_related("user", "team").filter(
            cases__child=audit.child_id, cases__closed_on__isnull=True
        )
        found += holding
    return list(dict.fromkeys(found))


def _may_be_gone(practitioner: Practitioner, today: date) -> bool:
    return practitioner.agency or practitioner.has_left(today)


def may_release(user: User, audit: Audit) -> bool:
    """The auditor and second graders of the audit, and those whose role releases feedback."""
    if not audits_visible_to(user).filter(pk=audit.pk).exists():
        return False
    if may(user, P.RELEASE_FEEDBACK):
        return True
    graded = audit.gradings.filter(grader=user, status=Grading.Status.SUBMITTED)
    return may(user, P.GRADE) and graded.exists()


def _tell(audit: Audit, recipients: list[Practitioner], today: date) -> None:
    reached = [each.user for each in recipients if each.user and not each.has_left(today)]
    send_notice(
        to=reached,
        subject=f"Feedback on audit {audit.reference} is ready for you",
        path=f"/audits/feedback/{audit.reference}/",
    )
    manager = audit.team.manager if audit.team else None
    not_reached = len(reached) < max(1, len(recipients))
    gone = any(_may_be_gone(each, today) for each in recipients)
    if manager is not None and (not_reached or gone):
        send_notice(
            to=[manager],
            subject=f"Feedback on audit {audit.reference} needs you to pass it on",
            path=f"/audits/{audit.reference}/",
        )


@operation
def mark_feedback_read(*, feedback: Feedback, by: User, now: datetime) -> None:
    """The practitioner has read it. A second time changes nothing."""
    require(by, P.READ_FEEDBACK)
    feedback.recipients.filter(practitioner__user=by, read_at=None).update(read_at=now)


@operation
def reply_to_feedback(
    *, feedback: Feedback, stance: str, text: str, by: User, now: datetime
) -> FeedbackReply:
    """A practitioner's one answer; after the deadline it is taken too, and marked late.

    ``stance`` is a code of FeedbackReply.Stance. Raises Refused for a disagreement without words,
    MovedOn where they have replied before.
    """
    require(by, P.READ_FEEDBACK)
    recipient = feedback.recipients.filter(practitioner__user=by).first()
    if recipient is None:
        raise PermissionDenied("This feedback is not for you.")
    if stance not in FeedbackReply.Stance.values:
        raise Refused("Say whether you agree.")
    if stance != FeedbackReply.Stance.AGREE and not is_written(text):
        raise Refused("Write what you do not agree with.")
    try:
        with transaction.atomic():
            reply = FeedbackReply.objects.create(
                feedback=feedback,
                practitioner_id=recipient.practitioner_id,
                stance=stance,
                text=text,
                replied_at=now,
                replied_by=by,
                late=local_date(now) > feedback.reply_by,
            )
    except IntegrityError as error:
        raise MovedOn("You have replied to this feedback already.") from error
    feedback.recipients.filter(pk=recipient.pk, read_at=None).update(read_at=now)
    send_notice(
        to=[feedback.released_by],
        subject=f"There is a reply to your feedback on audit {feedback.audit.reference}",
        path=f"/audits/{feedback.audit.reference}/",
    )
    return reply
