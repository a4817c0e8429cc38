"""Moderation: a second grading by somebody independent, and what is then decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from audits.models import Audit, Grade, Grading


@tracked()
class Moderation(models.Model):
    """One audit's moderation: required → assigned → decided."""

    class Status(models.TextChoices):
        REQUIRED = "required", "Needs a moderator"
        ASSIGNED = "assigned", "With the moderator"
        DECIDED = "decided", "Decided"

    audit = models.OneToOneField(Audit, on_delete=models.PROTECT, related_name="moderation")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.REQUIRED)
    reasons = models.JSONField()  # codes of quality.rules.moderation
    blind = models.BooleanField()
    due_on = models.DateField()
    # What moderators see of it until their blind grading is in; null where they see due_on.
    grade_by = models.DateField(null=True, blank=True)
    required_at = models.DateTimeField()
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="moderations",
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    grading = models.OneToOneField(
        Grading, on_delete=models.PROTECT, null=True, blank=True, related_name="moderation"
    )
    # The two grades compared, kept beside each other as they stood when it was decided.
    first_grade = models.CharField(max_length=22, choices=Grade.choices, blank=True)
    second_grade = models.CharField(max_length=22, choices=Grade.choices, blank=True)
    rationale = models.TextField("why this grade stands", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("due_on", "audit__reference")
        constraints = (
            models.CheckConstraint(
                condition=Q(status="required", moderator__isnull=True)
                | (
                    ~Q(status="required")
                    & Q(moderator__isnull=False)
                    & Q(assigned_at__isnull=False)
                    & Q(assigned_by__isnull=False)
                ),
                name="assigned_moderation_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        status="decided",
                        decided_at__isnull=False,
                        decided_by__isnull=False,
                        grading__isnull=False,
                    )
                    & ~Q(rationale="")
                    & ~Q(first_grade="")
                    & ~Q(second_grade="")
                )
                | (~Q(status="decided") & Q(decided_at__isnull=True)),
                name="decided_moderation_has_who_when_why",
            ),
        )

    def __str__(self) -> str:
        return f"Moderation of {self.audit}"
