"""Taking an audit out: its case left the sample, or it should not be done at all."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from audits.models import Audit, Grading
from audits.operations.locking import lock_audit
from audits.queries.visibility import NOT_SUBMITTED, WITH_AUDITOR
from audits.signals import audit_withdrawn
from cases.models import SampledCase
from cases.operations.allocation import return_to_allocation


@operation
def withdraw_audit(*, audit: Audit, reason: str, by: User, now: datetime) -> Audit:
    """Withdraw an audit that was never submitted; its case waits for an auditor or a replacement.

    Raises MovedOn once it was submitted or withdrawn, Refused without a reason, and where it was
    submitted once and reopened: its earlier result has been seen, so it is graded to its end.
    """
    require(by, Permission.REOPEN_AUDIT)
    if not is_written(reason):
        raise Refused("Write why the audit is withdrawn.")
    audit = lock_audit(audit, with_sampled_case=True)
    if audit.status not in NOT_SUBMITTED:
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    if audit.submitted_at is not None:
        raise Refused(
            "This audit was submitted once and reopened. It cannot be withdrawn: grade it again."
        )
    take_out(audit, reason.strip(), by, now)
    sampled = audit.sampled_case
    if sampled is not None and sampled.status == SampledCase.Status.ALLOCATED:
        return_to_allocation(sampled_case=sampled, reason=reason.strip(), by=by, now=now)
    return audit


def take_out(audit: Audit, reason: str, by: User, now: datetime) -> None:
    """Withdraw a locked audit: drafts are kept aside, the child may be drawn again.

    Its auditor is told. The caller has seen to it that it was never submitted.
    """
    if audit.status in WITH_AUDITOR:
        send_notice(
            to=[audit.auditor],
            subject=f"Audit {audit.reference} was withdrawn: you need not grade it",
            path=f"/audits/{audit.reference}/",
        )
    set_aside(list(audit.gradings.exclude(status=Grading.Status.SET_ASIDE)), reason, now)
    audit.status = Audit.Status.WITHDRAWN
    audit.withdrawn_at, audit.withdrawn_by = now, by
    audit.withdraw_reason = reason[:500]
    audit.save(update_fields=["status", "withdrawn_at", "withdrawn_by", "withdraw_reason"])
    child = audit.child
    child.audit_reference = ""
    child.save(update_fields=["audit_reference"])
    audit_withdrawn.send(Audit, audit=audit, reason=reason, by=by, now=now)


def set_aside(gradings: list[Grading], reason: str, now: datetime) -> None:
    """Set gradings aside: kept as they are, and no longer counted or shown."""
    for grading in gradings:
        grading.status, grading.set_aside_at = Grading.Status.SET_ASIDE, now
        grading.set_aside_reason = reason[:500]
        grading.save(update_fields=["status", "set_aside_at", "set_aside_reason"])
