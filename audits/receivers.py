"""What the cases app tells this one. Runs inside the transaction of the operation that tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from audits.operations.allocating import leave_sample, receive_allocation, take_back
from audits.operations.grading import heed_conflict
from audits.operations.passing import pass_audit_on
from cases.models import Allocation, DeclaredConflict, SampledCase
from cases.signals import (
    allocation_ended,
    case_allocated,
    case_left_sample,
    case_passed_on,
    conflict_declared,
)


@receiver(case_allocated)
def make_or_move_audit(allocation: Allocation, by: User, now: datetime, **_: Any) -> None:
    """A case has its auditor: its audit is theirs."""
    receive_allocation(allocation=allocation, by=by, now=now)


@receiver(allocation_ended)
def take_audit_back(allocation: Allocation, reason: str, by: User, now: datetime, **_: Any) -> None:
    """A case has lost its auditor: the audit waits, until ``case_allocated`` gives it another."""
    take_back(allocation=allocation, reason=reason, by=by, now=now)


@receiver(case_left_sample)
def withdraw_unfinished_audit(
    sampled_case: SampledCase, reason: str, by: User, now: datetime, **_: Any
) -> None:
    """A case is not in the sample any more: an audit that was not submitted is withdrawn."""
    leave_sample(sampled_case=sampled_case, reason=reason, by=by, now=now)


@receiver(case_passed_on)
def pass_audit_to_new_draw(
    sampled_case: SampledCase, to: SampledCase, by: User, now: datetime, **_: Any
) -> None:
    """A case was drawn again and its child selected again: the audit goes on as it is."""
    pass_audit_on(sampled_case=sampled_case, to=to, by=by, now=now)


@receiver(conflict_declared)
def pass_conflicted_audit_on(conflict: DeclaredConflict, by: User, now: datetime, **_: Any) -> str:
    """Whoever must not grade a child's file does not keep it."""
    return heed_conflict(conflict=conflict, by=by, now=now)
