"""Changing the numbers that a quarter goes by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.operations import operation
from accounts.policy import Permission, require
from cases.models import AuditQuarter
from cases.operations.frame import lock_quarter
from cases.rules.quarters import Quarter


@operation
def change_policy(
    *, quarter: Quarter, section: str, values: dict[str, Any], by: User, now: datetime
) -> AuditQuarter:
    """Store ``values`` as the policy of one app (``section``) for a quarter, instead of what was.

    The caller has checked them by that app's policy. What is frozen or drawn already keeps the
    numbers that were stored with it; the history says who changed what.
    """
    require(by, Permission.CHANGE_POLICY)
    stored = lock_quarter(quarter)
    stored.policies = {**stored.policies, section: values}
    stored.save(update_fields=["policies"])
    return stored
