"""Moderation, escalation and actions."""

from quality.models.escalation import Escalation, EscalationStep
from quality.models.improvement import Action, NoActionReason
from quality.models.moderation import Moderation

__all__ = ["Action", "Escalation", "EscalationStep", "Moderation", "NoActionReason"]
