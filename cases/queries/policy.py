"""The sampling policy in force."""

from __future__ import annotations

from cases.models import AuditQuarter
from cases.rules.policy import CasePolicy


def case_policy(quarter: AuditQuarter) -> CasePolicy:
    """The policy stored with ``quarter``; the defaults where it has none of its own yet."""
    return CasePolicy.from_dict(quarter.policies.get("cases", {}))
