"""Changing the numbers that a quarter goes by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.operations import operation, refuse_if_changed
from accounts.policy import Permission, require
from cases.models import AuditQuarter
from cases.operations.frame import lock_quarter
from cases.queries.policy import numbers_in_words
from cases.rules.quarters import Quarter


@operation
def change_policies(
    *,
    quarter: Quarter,
    changes: Mapping[str, Mapping[str, Any]],
    seen: str = "",
    by: User,
    now: datetime,
) -> AuditQuarter:
    """Change numbers of a quarter: ``changes`` has those of each app by its section's code.

    The caller has checked them by that app's policy. What is frozen or drawn already keeps the
    numbers that were stored with it; the history says who changed what. ``seen`` is the digest of
    the numbers that the form showed; raises ChangedMeanwhile where they are others by now.
    """
    require(by, Permission.CHANGE_POLICY)
    stored = lock_quarter(quarter)
    if seen:
        says = "What they changed is at the foot of the page."
        refuse_if_changed(seen, numbers_in_words(stored), says)
    for section, values in changes.items():
        before = stored.policies.get(section, {})
        stored.policies = {**stored.policies, section: {**before, **values}}
    stored.save(update_fields=["policies"])
    return stored
