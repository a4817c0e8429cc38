"""Actions that follow an audit, seen through until the loop is closed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from audits.models import Audit, PracticeStandard
from cases.models import Practitioner
from quality.models.escalation import Escalation


@tracked()
class Action(models.Model):
    """One thing somebody will do about an audit: open → evidence offered → verified."""

    class Side(models.TextChoices):
        MANAGER = "manager", "Manager"
        PRACTITIONER = "practitioner", "Practitioner"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        EVIDENCE_OFFERED = "evidence_offered", "Waiting for verification"
        VERIFIED = "verified", "Verified"
        CANCELLED = "cancelled", "Cancelled"

    class StandIn(models.TextChoices):
        """Why somebody else owns what would be the practitioner's action."""

        LEFT = "left", "The practitioner has left"
        NONE_ALLOCATED = "none_allocated", "No practitioner is allocated"
        LONG_ABSENCE = "long_absence", "The practitioner is absent for long"

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="actions")
    escalation = models.ForeignKey(
        Escalation, on_delete=models.PROTECT, null=True, blank=True, related_name="actions"
    )
    standard = models.ForeignKey(
        PracticeStandard, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    side = models.CharField("whose part", max_length=12, choices=Side.choices)
    # A manager's action is owned by a user; a practitioner's by the practitioner (who may not sign
    # in here) or by a named stand-in.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="actions_owned",
    )
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="actions"
    )
    stand_in_reason = models.CharField(max_length=20, choices=StandIn.choices, blank=True)
    description = models.TextField("what will be done")
    due_on = models.DateField()
    status = models.CharField(max_length=18, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    evidence = models.TextField("what was done", blank=True)
    offered_at = models.DateTimeField(null=True, blank=True)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    returned_reason = models.TextField("why the evidence was not enough", blank=True)
    change_for_child = models.TextField("what changed for the child?", blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancel_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("due_on", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | Q(practitioner__isnull=False),
                name="action_has_an_owner",
            ),
            models.CheckConstraint(
                condition=~Q(side="practitioner")
                | Q(practitioner__isnull=False)
                | ~Q(stand_in_reason=""),
                name="stand_in_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("evidence_offered", "verified"))
                | (Q(offered_at__isnull=False, offered_by__isnull=False) & ~Q(evidence="")),
                name="offered_action_has_its_evidence",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="verified", verified_at__isnull=False, verified_by__isnull=False)
                    & ~Q(change_for_child="")
                )
                | (~Q(status="verified") & Q(verified_at__isnull=True)),
                name="verified_action_says_what_changed",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True)
                | Q(owner__isnull=True)
                | ~Q(verified_by=models.F("owner")),
                name="never_verified_by_its_owner",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                    & ~Q(cancel_reason="")
                )
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
                name="cancelled_action_has_who_when_why",
            ),
        )
        indexes = (models.Index(fields=("status", "due_on"), name="actions_by_due"),)

    def __str__(self) -> str:
        return f"{self.get_side_display()}'s action on {self.audit}"


@tracked()
class NoActionReason(models.Model):
    """Why a manager plans no action for a standard below good in an audit that is good overall."""

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="no_action_reasons")
    standard = models.ForeignKey(PracticeStandard, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField("why no action is needed")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("audit", "standard")
        constraints = (
            models.UniqueConstraint(
                fields=("audit", "standard"), name="one_reason_for_no_action_per_standard"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="no_action_says_why"),
        )

    def __str__(self) -> str:
        return f"No action on {self.standard}: {self.audit}"
