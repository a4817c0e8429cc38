"""From submission to the grade of record, closing, and back."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from audits.models import Audit, Feedback, Grading, StandardGrade
from audits.operations.locking import lock_audit, lock_draft
from audits.operations.saving import added_to
from audits.operations.withdrawing import set_aside
from audits.queries.grading_state import grading_state, with_state
from audits.signals import (
    audit_reopened,
    audit_submitted,
    grade_of_record_set,
    second_grading_submitted,
)
from cases.operations.allocation import mark_audited, refuse_who_is_near

P = Permission
MAY_CLOSE = (P.PLAN_ACTIONS, P.VERIFY_ACTIONS, P.ANSWER_ESCALATION, P.SEE_ALL_AUDITS)
# What a reopened grading starts from: everything the grader said, and nothing of its fate.
_NOT_COPIED = {
    "id",
    "status",
    "version",
    "details_version",
    "overall_version",
    "created_at",
    "saved_at",
    "submitted_at",
    "set_aside_at",
    "set_aside_reason",
}
_SINGLE_KINDS = (Grading.Kind.AUDITOR, Grading.Kind.MODERATOR, Grading.Kind.CONSENSUS)


@operation
def submit_grading(*, grading: Grading, by: User, now: datetime) -> Grading:
    """Submit a complete grading: it is locked from now on.

    The auditor's makes the audit submitted and its case audited; moderation and escalation follow
    in the same transaction. Raises Refused while something is missing, or where the case came near
    to the auditor after they began; MovedOn where it was
    submitted before or the audit is no longer with ``by``.
    """
    require(by, P.GRADE)
    audit = lock_audit(grading.audit, with_sampled_case=True)
    lock_draft(grading, by)
    first = grading.kind == Grading.Kind.AUDITOR
    if first and audit.status != Audit.Status.IN_PROGRESS:
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    if first and audit.sampled_case is not None:
        refuse_who_is_near(audit.sampled_case, by)
    submitted = _submit(grading, now)
    if not first:
        second_grading_submitted.send(Audit, audit=audit, grading=submitted, by=by, now=now)
        return submitted
    audit.status = Audit.Status.SUBMITTED
    audit.submitted_at, audit.submitted_by = now, by
    audit.save(update_fields=["status", "submitted_at", "submitted_by"])
    if audit.sampled_case is not None:
        mark_audited(
            sampled_case=audit.sampled_case,
            practitioner_judged=audit.practitioner_judged,
            by=by,
            now=now,
        )
    audit_submitted.send(Audit, audit=audit, grading=submitted, by=by, now=now)
    return submitted


def _submit(grading: Grading, now: datetime) -> Grading:
    loaded = with_state(Grading.objects.filter(pk=grading.pk)).get()
    state = grading_state(loaded)
    missing = state.completeness.missing
    if missing:
        rest = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise Refused(f"This grading is not complete. {missing[0].sentence}{rest}.")
    check = state.overall
    loaded.status, loaded.submitted_at = Grading.Status.SUBMITTED, now
    loaded.above_cap = check is not None and check.needs_reason
    loaded.suggested_grade = state.suggested.grade or ""
    loaded.save(update_fields=["status", "submitted_at", "above_cap", "suggested_grade"])
    return loaded


@operation
def set_grade_of_record(*, audit: Audit, grading: Grading, by: User, now: datetime) -> Audit:
    """The grade that stands is that of ``grading``, a submitted one of this audit.

    Called when no moderation is needed, and by the decision of one. Raises MovedOn where the audit
    is not submitted (or is closed), Refused where the grading cannot stand.
    """
    require(by, P.GRADE, P.MODERATE, P.ASSIGN_MODERATOR)
    audit = lock_audit(audit)
    if audit.status not in (Audit.Status.SUBMITTED, Audit.Status.FINALISED):
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    if not audit.gradings.filter(pk=grading.pk, status=Grading.Status.SUBMITTED).exists():
        raise Refused("Only a submitted grading of this audit can be the grade of record.")
    audit.status = Audit.Status.FINALISED
    audit.grading_of_record = grading
    audit.finalised_at, audit.finalised_by = now, by
    audit.save(update_fields=["status", "grading_of_record", "finalised_at", "finalised_by"])
    grade_of_record_set.send(Audit, audit=audit, by=by, now=now)
    return audit


@operation
def close_audit(*, audit: Audit, by: User, now: datetime) -> Audit:
    """Close an audit whose grade is decided. What must be done before is the caller's to check.

    Raises MovedOn where it is not decided, or is closed already.
    """
    require(by, *MAY_CLOSE)
    audit = lock_audit(audit)
    if audit.status != Audit.Status.FINALISED:
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    audit.status, audit.closed_at, audit.closed_by = Audit.Status.CLOSED, now, by
    audit.save(update_fields=["status", "closed_at", "closed_by"])
    return audit


@operation
def reopen_audit(*, audit: Audit, reason: str, by: User, now: datetime) -> Grading:
    """Give a submitted audit back to its auditor; returns the draft they go on from.

    The submitted gradings are kept, set aside; the draft is a copy of the auditor's, with the
    immediate concerns that they raised since. Raises Refused without a reason, or where
    practitioners have been given feedback on it; MovedOn where it is not submitted or decided.
    """
    require(by, P.REOPEN_AUDIT)
    reason = reason.strip()
    if not is_written(reason):
        raise Refused("Write why the audit is reopened.")
    audit = lock_audit(audit)
    if audit.status not in (Audit.Status.SUBMITTED, Audit.Status.FINALISED):
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    if Feedback.objects.filter(audit=audit).exists():
        raise Refused(
            "Feedback on this audit has been given to the practitioner, so its grade stands."
        )
    live = audit.gradings.exclude(status=Grading.Status.SET_ASIDE)
    old = live.get(kind=Grading.Kind.AUDITOR)
    set_aside(list(live.filter(kind__in=_SINGLE_KINDS)), f"Reopened: {reason}", now)
    audit.status = Audit.Status.IN_PROGRESS
    audit.grading_of_record = audit.finalised_at = audit.finalised_by = None
    audit.save(update_fields=["status", "grading_of_record", "finalised_at", "finalised_by"])
    draft = _copy(old, now)
    audit_reopened.send(Audit, audit=audit, reason=reason, by=by, now=now)
    send_notice(
        to=[audit.auditor],
        subject=f"Audit {audit.reference} is with you again",
        path=f"/audits/{audit.reference}/",
    )
    return draft


def _copy(old: Grading, now: datetime) -> Grading:
    said = {
        field.attname: getattr(old, field.attname)
        for field in Grading._meta.concrete_fields
        if field.name not in _NOT_COPIED
    }
    draft = Grading(**said, created_at=now)
    for concern in old.later_concerns.all():  # which stood beside it, and now limits the grade
        draft.immediate_concern = True
        draft.immediate_concern_at = draft.immediate_concern_at or concern.raised_at
        draft.immediate_concern_text = added_to(draft.immediate_concern_text, concern.text)
        draft.immediate_concern_told = added_to(draft.immediate_concern_told, concern.told)
    draft.save()
    StandardGrade.objects.bulk_create(
        StandardGrade(
            grading=draft,
            standard_id=each.standard_id,
            grade=each.grade,
            not_applicable=each.not_applicable,
            not_applicable_reason=each.not_applicable_reason,
            evidence=each.evidence,
            checked=each.checked,
            saved_at=each.saved_at,
        )
        for each in old.standard_grades.all()
    )
    return draft
