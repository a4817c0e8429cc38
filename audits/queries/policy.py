"""The policy numbers of auditing that are in force in a quarter."""

from __future__ import annotations

from audits.rules.policy import AuditPolicy
from cases.models import AuditQuarter


def policy_of(quarter: AuditQuarter) -> AuditPolicy:
    """The quarter's own numbers; the defaults where it has none."""
    return AuditPolicy.from_dict(quarter.policies.get("audits", {}))
