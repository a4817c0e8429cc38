"""This file, this auditor."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from cases.models.draw import SampledCase


@tracked()
class Allocation(models.Model):
    """One sampled case given to one auditor; ended when it goes to another or falls away."""

    sampled_case = models.ForeignKey(
        SampledCase, on_delete=models.PROTECT, related_name="allocations"
    )
    auditor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="allocations"
    )
    due_on = models.DateField()
    by_hand = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    allocated_at = models.DateTimeField()
    allocated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-allocated_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("sampled_case",),
                condition=Q(ended_at__isnull=True),
                name="one_live_allocation_per_case",
            ),
            models.CheckConstraint(
                condition=Q(by_hand=False) | ~Q(reason=""), name="a_change_by_hand_says_why"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="ended_allocation_has_who_when_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sampled_case} to {self.auditor}"
