"""What becomes of an audit when its case is allocated, taken back, or leaves the sample.

Called by this app's receivers, inside the transaction of the operation on the sampled case.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import Refused, operation
from audits.models import Audit, Grading
from audits.operations.locking import lock_audit
from audits.operations.withdrawing import set_aside, take_out
from audits.queries.sampled_cases import (
    IN_SAMPLE,
    SUBMITTED_ONCE,
    in_sample,
    sample_that_keeps,
    why_no_room,
)
from audits.queries.tools import published_version, published_version_of
from audits.queries.visibility import NOT_SUBMITTED
from cases.models import Allocation, AuditQuarter, SampledCase
from cases.operations.allocation import cancel_case


@operation
def receive_allocation(*, allocation: Allocation, by: User, now: datetime) -> Audit:
    """Make the audit of a newly allocated case, or move the one there is to its new auditor.

    Raises Refused where the child has an audit that was begun already, or the service line has no
    published tool.
    """
    audit = _live_audit(allocation.sampled_case)
    audit = _make(allocation, by, now) if audit is None else _move(audit, allocation, now)
    send_notice(
        to=[allocation.auditor],
        subject=f"Audit {audit.reference} is with you",
        path=f"/audits/{audit.reference}/",
    )
    return audit


@operation
def take_back(*, allocation: Allocation, reason: str, by: User, now: datetime) -> None:
    """Take the audit of an ended allocation from its auditor: it waits for another.

    What the auditor wrote is set aside: kept, and unseen by the next one. They are told, unless
    they gave it back themselves.
    """
    audit = _live_audit(allocation.sampled_case)
    if audit is None or audit.status not in NOT_SUBMITTED:
        return
    set_aside(_drafts(audit), reason, now)
    _not_begun(audit)
    audit.status = Audit.Status.RETURNED
    audit.save(update_fields=["status", "started_at", "practitioner_judged"])
    if allocation.auditor_id != by.pk:
        send_notice(
            to=[allocation.auditor],
            subject=f"Audit {audit.reference} is not with you any more",
            path=reverse("audits:audit_list"),
        )


@operation
def leave_sample(*, sampled_case: SampledCase, reason: str, by: User, now: datetime) -> None:
    """Withdraw the audit of a case that is no longer in the sample, unless it was submitted.

    Raises Refused where it was submitted once and reopened: its result has been seen.
    """
    audit = _live_audit(sampled_case)
    if audit is not None and audit.status in NOT_SUBMITTED:
        if audit.submitted_at is not None:
            raise Refused(SUBMITTED_ONCE.format(audit.reference))
        take_out(audit, reason, by, now)


def _live_audit(sampled_case: SampledCase) -> Audit | None:
    found = sampled_case.audits.exclude(status=Audit.Status.WITHDRAWN).first()
    return lock_audit(found) if found else None


def _make(allocation: Allocation, by: User, now: datetime) -> Audit:
    sampled = allocation.sampled_case
    theme = sampled.draw.theme
    entry, case = sampled.entry, sampled.entry.case
    # A no-key lock: it orders the numbers, and readers of the quarter do not wait.
    quarter = AuditQuarter.objects.select_for_update(no_key=True).get(pk=sampled.draw.quarter_id)
    _make_room(allocation, by, now)
    try:
        with transaction.atomic():
            return Audit.objects.create(
                reference=_next_reference(quarter),
                kind=Audit.Kind.THEMATIC if theme else Audit.Kind.SAMPLE,
                child_id=entry.child_id,
                quarter=quarter,
                sampled_case=sampled,
                tool_version=(
                    published_version_of(theme.tool)
                    if theme
                    else published_version(entry.service.line)
                ),
                service=entry.service,
                # The case may have moved since the freeze; what is judged is on the audit too.
                team_id=case.team_id or entry.team_id,
                practitioner_id=case.practitioner_id or entry.practitioner_id,
                facts=entry.facts,
                auditor=allocation.auditor,
                allocated_at=allocation.allocated_at,
                due_on=allocation.due_on,
            )
    except IntegrityError as error:
        raise Refused("Another audit of this child was made just now.") from error


def _make_room(allocation: Allocation, by: User, now: datetime) -> None:
    """Withdraw an audit of the same child that an earlier sample left unbegun.

    Its case is no longer in that sample, and its auditor free of it.
    """
    draw, child = allocation.sampled_case.draw, allocation.sampled_case.entry.child
    sampled = in_sample([child.pk] if draw.theme_id is not None else [])
    if kept_by := sample_that_keeps(sampled[child.pk], draw.quarter_id):
        raise Refused(IN_SAMPLE.format(kept_by.reference))
    earlier = child.audits.exclude(status=Audit.Status.WITHDRAWN).first()
    if earlier is None:
        return
    earlier = lock_audit(earlier, with_sampled_case=True)
    if why := why_no_room(earlier, draw.quarter_id, draw.theme_id):
        raise Refused(why)
    take_out(earlier, "Not begun, and the child was drawn again", by, now)
    if earlier.sampled_case is not None:
        cancel_case(
            sampled_case=earlier.sampled_case,
            note=f"Not begun, and the child was drawn again in {draw.reference}",
            by=by,
            now=now,
        )


def _next_reference(quarter: AuditQuarter) -> str:
    """The next free number of the quarter: "2026-Q3-0042". The quarter must be locked."""
    prefix = f"{quarter.label}-"
    taken = Audit.objects.filter(reference__startswith=prefix).values_list("reference", flat=True)
    highest = max((int(reference.removeprefix(prefix)) for reference in taken), default=0)
    return f"{prefix}{highest + 1:04}"


def _move(audit: Audit, allocation: Allocation, now: datetime) -> Audit:
    if audit.status not in NOT_SUBMITTED:
        raise Refused("This audit has been submitted, so it stays with its auditor.")
    set_aside(_drafts(audit), "The audit was given to another auditor", now)
    _not_begun(audit)
    audit.status = Audit.Status.ALLOCATED
    audit.auditor = allocation.auditor
    audit.allocated_at, audit.due_on = allocation.allocated_at, allocation.due_on
    audit.save(
        update_fields=[
            "status",
            "auditor",
            "allocated_at",
            "due_on",
            "started_at",
            "practitioner_judged",
        ]
    )
    return audit


def _not_begun(audit: Audit) -> None:
    """As before it was begun: the child returns to the next frame, unless somebody begins it.

    Never so where the audit was submitted once: the child has been audited, and stays so.
    """
    audit.started_at = None
    audit.practitioner_judged = None
    if audit.submitted_at is None:
        audit.child.audit_reference = ""
        audit.child.save(update_fields=["audit_reference"])


def _drafts(audit: Audit) -> list[Grading]:
    return list(audit.gradings.filter(status=Grading.Status.DRAFT))
