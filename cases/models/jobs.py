"""Long work: the row is the truth, the broker only carries its id.

Jobs live in this app because it is the lowest that has long work (imports and draws); reports uses
them too.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Job(models.Model):
    """One piece of work for a worker: what, for whom, how far, and what became of it."""

    class Kind(models.TextChoices):
        CHECK_IMPORT = "check_import", "Read a list of open cases"
        CONFIRM_IMPORT = "confirm_import", "Take over a list of open cases"
        FREEZE_FRAME = "freeze_frame", "Freeze the sampling frame"
        DRAW_SAMPLE = "draw_sample", "Draw the sample"
        ESTIMATE_CHANCES = "estimate_chances", "Estimate the chances of being selected"
        RENDER_REPORT = "render_report", "Render the committee report"

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Finished"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    # What the work is about ("import 12", "2026-Q3"): at most one live job for each subject.
    subject = models.CharField(max_length=80)
    arguments = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    progress = models.PositiveSmallIntegerField("percent done", default=0)
    progress_text = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField("what went wrong, in words", blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject"),
                condition=Q(status__in=("queued", "running")),
                name="one_live_job_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("queued", "running")) | Q(finished_at__isnull=False),
                name="ended_job_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error=""), name="failed_job_says_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.subject})"

    @property
    def is_live(self) -> bool:
        """Waiting or running."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)
