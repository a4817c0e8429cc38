"""The policy numbers of moderation, escalation and actions that are in force in a quarter."""

from __future__ import annotations

from cases.models import AuditQuarter
from quality.rules.policy import QualityPolicy


def policy_of(quarter: AuditQuarter) -> QualityPolicy:
    """The quarter's own numbers; the defaults where it has none."""
    return QualityPolicy.from_dict(quarter.policies.get("quality", {}))
