"""What the apps below tell this one. Runs inside the transaction of the operation that tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from audits.models import Audit, Grading
from audits.signals import (
    audit_reopened,
    audit_submitted,
    audit_withdrawn,
    feedback_released,
    grade_of_record_set,
    immediate_concern_raised,
    second_grading_submitted,
)
from cases.models import DeclaredConflict
from cases.signals import conflict_declared
from quality.operations.closing import close_when_complete
from quality.operations.escalating import keep_in_sight, report_concern, settle_escalations
from quality.operations.moderating import (
    heed_conflict,
    heed_later_concern,
    refuse_who_is_near_now,
    settle_submission,
    start_again,
    tell_second_grading_is_in,
)


@receiver(immediate_concern_raised)
def escalate_concern(
    audit: Audit, grading: Grading, text: str, told: str, by: User, now: datetime, **_: Any
) -> None:
    """A concern for a child's safety waits for nothing."""
    report_concern(audit=audit, text=text, told=told, by=by, now=now)
    if grading.status == Grading.Status.SUBMITTED:
        heed_later_concern(audit=audit)


@receiver(audit_submitted)
def escalate_and_moderate(
    audit: Audit, grading: Grading, by: User, now: datetime, **_: Any
) -> None:
    """The provisional grade escalates; moderation is chosen, or the grade stands."""
    settle_escalations(audit=audit, grade=grading.overall_grade, of_record=False, by=by, now=now)
    settle_submission(audit=audit, grading=grading, by=by, now=now)


@receiver(second_grading_submitted)
def tell_moderator(audit: Audit, grading: Grading, by: User, now: datetime, **_: Any) -> None:
    """The moderator can compare now, where they are still independent of the case."""
    refuse_who_is_near_now(grading=grading)
    tell_second_grading_is_in(audit=audit, grading=grading, by=by, now=now)


@receiver(grade_of_record_set)
def settle_grade(audit: Audit, by: User, now: datetime, **_: Any) -> None:
    """Escalations follow the grade of record."""
    record = audit.grading_of_record
    if record is not None:
        settle_escalations(audit=audit, grade=record.overall_grade, of_record=True, by=by, now=now)
        close_when_complete(audit=audit, by=by, now=now)


@receiver(audit_reopened)
def moderate_again(audit: Audit, by: User, now: datetime, **_: Any) -> None:
    """Escalations stay until the audit is submitted again; its moderation starts again."""
    start_again(audit=audit, by=by, now=now)


@receiver(feedback_released)
def close_with_feedback(audit: Audit, by: User, now: datetime, **_: Any) -> None:
    """Feedback may be the last thing that was missing."""
    close_when_complete(audit=audit, by=by, now=now)


@receiver(audit_withdrawn)
def keep_concern_in_sight(audit: Audit, by: User, now: datetime, **_: Any) -> None:
    """A concern for a child's safety outlives the audit that found it."""
    keep_in_sight(audit=audit, by=by, now=now)


@receiver(conflict_declared)
def give_moderation_back(conflict: DeclaredConflict, by: User, now: datetime, **_: Any) -> str:
    """Whoever must not grade a child's file does not keep its moderation."""
    return heed_conflict(conflict=conflict, by=by, now=now)
