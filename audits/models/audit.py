"""The audit of one child's file: once ever, whatever the number of gradings."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from audits.models.standards import ToolVersion
from cases.models import AuditQuarter, Child, Practitioner, SampledCase, Service, Team


@tracked()
class Audit(models.Model):
    """One audit of one child's file. The database holds it: never the same child again."""

    class Kind(models.TextChoices):
        SAMPLE = "sample", "Quarterly sample"
        THEMATIC = "thematic", "Thematic"
        EXTERNAL = "external", "External validation"
        GROUP = "group", "Group audit"

    class Status(models.TextChoices):
        ALLOCATED = "allocated", "Not started"
        RETURNED = "returned", "Waiting for an auditor"  # `auditor` is the last one, out of it now
        IN_PROGRESS = "in_progress", "In progress"
        SUBMITTED = "submitted", "Submitted"
        FINALISED = "finalised", "Grade of record set"
        CLOSED = "closed", "Closed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    reference = models.CharField(max_length=20, unique=True)  # "2026-Q3-0042"
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SAMPLE)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ALLOCATED)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="audits")
    quarter = models.ForeignKey(AuditQuarter, on_delete=models.PROTECT, related_name="audits")
    sampled_case = models.ForeignKey(
        SampledCase, on_delete=models.PROTECT, null=True, blank=True, related_name="audits"
    )
    tool_version = models.ForeignKey(ToolVersion, on_delete=models.PROTECT, related_name="audits")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="audits")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="audits"
    )
    # Who holds the case now (actions), and who held it for most of the period judged (rates,
    # rotation); feedback goes to both.
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="audits"
    )
    practitioner_judged = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="audits_judged"
    )
    facts = models.JSONField(default=dict, blank=True)  # the frame entry's facts, as of the freeze
    auditor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="audits"
    )
    allocated_at = models.DateTimeField()
    due_on = models.DateField()
    started_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The grade that stands, set by an operation: a pointer, never a copy.
    grading_of_record = models.ForeignKey(
        "audits.Grading", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    finalised_at = models.DateTimeField(null=True, blank=True)
    finalised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdraw_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-quarter__starts_on", "reference")
        constraints = (
            models.UniqueConstraint(
                fields=("child",), condition=~Q(status="withdrawn"), name="one_audit_per_child_ever"
            ),
            models.UniqueConstraint(
                fields=("sampled_case",),
                condition=~Q(status="withdrawn"),
                name="one_audit_per_sampled_case",
            ),
            models.CheckConstraint(
                condition=~Q(status="in_progress") | Q(started_at__isnull=False),
                name="audit_in_progress_has_started",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("submitted", "finalised", "closed"))
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="submitted_audit_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("finalised", "closed"))
                | Q(
                    grading_of_record__isnull=False,
                    finalised_at__isnull=False,
                    finalised_by__isnull=False,
                ),
                name="finalised_audit_has_its_grade_of_record",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="closed_audit_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="withdrawn", withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdraw_reason="")
                )
                | (~Q(status="withdrawn") & Q(withdrawn_at__isnull=True)),
                name="withdrawn_audit_has_who_when_why",
            ),
        )
        indexes = (
            models.Index(fields=("quarter", "status"), name="audits_by_quarter"),
            models.Index(fields=("auditor", "status"), name="audits_by_auditor"),
        )

    def __str__(self) -> str:
        return self.reference
