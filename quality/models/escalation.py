"""Escalations of below-good audits and immediate concerns, with their clocks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from audits.models import Audit


@tracked()
class Escalation(models.Model):
    """One audit's escalation on one track: raised → acknowledged → plan agreed → … → closed."""

    class Track(models.TextChoices):
        IMMEDIATE_CONCERN = "immediate_concern", "Immediate safeguarding concern"
        INADEQUATE = "inadequate", "Inadequate"
        REQUIRES_IMPROVEMENT = "requires_improvement", "Requires improvement"

    class Level(models.TextChoices):
        TEAM_MANAGER = "team_manager", "Team manager"
        HEAD_OF_SERVICE = "head_of_service", "Head of Service"
        DIRECTOR = "director", "Director"

    class Status(models.TextChoices):
        RAISED = "raised", "Waiting to be acknowledged"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        PLAN_AGREED = "plan_agreed", "Action plan agreed"
        AWAITING_VERIFICATION = "awaiting_verification", "Waiting for verification"
        CLOSED = "closed", "Closed"
        STOOD_DOWN = "stood_down", "Stood down"  # the grade of record needs no escalation

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="escalations")
    track = models.CharField(max_length=20, choices=Track.choices)
    status = models.CharField(max_length=22, choices=Status.choices, default=Status.RAISED)
    level = models.CharField(max_length=16, choices=Level.choices)  # who must answer now
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    concern = models.TextField("what the immediate concern is", blank=True)
    told = models.TextField("who was telephoned, and when", blank=True)
    acknowledge_by = models.DateTimeField()
    plan_by = models.DateField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    response = models.TextField("what the manager says", blank=True)
    plan_agreed_at = models.DateTimeField(null=True, blank=True)
    plan_agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    stood_down_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("acknowledge_by", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("audit", "track"),
                condition=~Q(status__in=("closed", "stood_down")),
                name="one_open_escalation_per_track",
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=("acknowledged", "plan_agreed", "awaiting_verification", "closed")
                )
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="acknowledged_escalation_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("plan_agreed", "awaiting_verification", "closed"))
                | Q(plan_agreed_at__isnull=False, plan_agreed_by__isnull=False),
                name="agreed_plan_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("closed", "stood_down"),
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                )
                | (
                    ~Q(status__in=("closed", "stood_down"))
                    & Q(closed_at__isnull=True)
                    & Q(closed_by__isnull=True)
                ),
                name="closed_escalation_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(track="requires_improvement") | ~Q(level="director"),
                name="requires_improvement_stops_at_head_of_service",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_track_display()}: {self.audit}"


@tracked()
class EscalationStep(models.Model):
    """One handing of an escalation to a level: who got it, when, and by when to acknowledge."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="steps")
    level = models.CharField(max_length=16, choices=Escalation.Level.choices)
    sent_to = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    sent_at = models.DateTimeField()
    acknowledge_by = models.DateTimeField()

    class Meta:
        ordering = ("sent_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("escalation", "level"), name="an_escalation_reaches_a_level_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.escalation} to {self.get_level_display()}"
