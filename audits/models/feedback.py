"""Feedback to the practitioner, released after the grade of record, and their replies."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.history import tracked
from audits.models.audit import Audit
from cases.models import Practitioner


@tracked()
class Feedback(models.Model):
    """What was good first, then what to improve: what the practitioners of an audit read."""

    audit = models.OneToOneField(Audit, on_delete=models.PROTECT, related_name="feedback")
    strengths = models.TextField()
    improvements = models.TextField()
    released_at = models.DateTimeField()
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reply_by = models.DateField()

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ("-released_at",)

    def __str__(self) -> str:
        return f"Feedback on {self.audit}"


@tracked()
class FeedbackRecipient(models.Model):
    """One practitioner to whom feedback goes: who holds the case now, who held it most."""

    feedback = models.ForeignKey(Feedback, on_delete=models.PROTECT, related_name="recipients")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("feedback", "practitioner"), name="feedback_goes_to_each_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.feedback} to {self.practitioner}"


@tracked()
class FeedbackReply(models.Model):
    """A practitioner's answer. A late one is taken too, and marked."""

    class Stance(models.TextChoices):
        AGREE = "agree", "I agree"
        PARTLY = "partly", "I agree in part"
        DISAGREE = "disagree", "I disagree"

    feedback = models.ForeignKey(Feedback, on_delete=models.PROTECT, related_name="replies")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    stance = models.CharField(max_length=10, choices=Stance.choices)
    text = models.TextField(blank=True)
    replied_at = models.DateTimeField()
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    late = models.BooleanField()

    class Meta:
        verbose_name_plural = "feedback replies"
        ordering = ("replied_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("feedback", "practitioner"), name="one_reply_per_practitioner"
            ),
        )

    def __str__(self) -> str:
        return f"Reply of {self.practitioner} on {self.feedback}"
