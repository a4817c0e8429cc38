"""Committee reports: figures frozen as data, then rendered, approved, published."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from cases.models import AuditQuarter, Job, Service, ServiceLine
from reports.rules.baselines import BaselineFigures


@tracked()
class CommitteeReport(models.Model):
    """One quarter's report, numbered: draft → figures frozen → rendered → approved → published."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        FROZEN = "frozen", "Figures frozen"
        RENDERED = "rendered", "Waiting for approval"
        FAILED = "failed", "Rendering failed"
        APPROVED = "approved", "Approved"
        PUBLISHED = "published", "Published"
        SUPERSEDED = "superseded", "Superseded"

    quarter = models.ForeignKey(AuditQuarter, on_delete=models.PROTECT, related_name="reports")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    narrative = models.TextField(
        blank=True, help_text="What the figures mean, in your own words. Plain paragraphs."
    )
    next_steps = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)  # of the narrative, for two tabs
    figures = models.JSONField(default=dict, blank=True)
    figures_sha256 = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    rendered_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    supersede_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-quarter__starts_on", "-number")
        constraints = (
            models.UniqueConstraint(fields=("quarter", "number"), name="reports_are_numbered"),
            models.UniqueConstraint(
                fields=("quarter",),
                condition=Q(status="published"),
                name="one_published_report_per_quarter",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("draft", "superseded"))
                | (Q(frozen_at__isnull=False) & ~Q(figures_sha256="")),
                name="frozen_report_has_its_figures",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("rendered", "approved", "published"))
                | Q(rendered_at__isnull=False),
                name="rendered_report_has_when",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="superseded", superseded_at__isnull=False) & ~Q(supersede_reason="")
                )
                | (~Q(status="superseded") & Q(superseded_at__isnull=True)),
                name="superseded_report_has_when_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("approved", "published"))
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="approved_report_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("created_by")),
                name="report_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status="published")
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="published_report_has_who_and_when",
            ),
        )
        triggers = (
            pgtrigger.Protect(
                name="frozen_figures_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=("approved", "published", "superseded"))
                & (
                    pgtrigger.Q(old__figures__df=pgtrigger.F("new__figures"))
                    | pgtrigger.Q(old__narrative__df=pgtrigger.F("new__narrative"))
                    | pgtrigger.Q(old__next_steps__df=pgtrigger.F("new__next_steps"))
                ),
            ),
            pgtrigger.Protect(name="keep_reports", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"Committee report {self.quarter}, {self.number}"


class IssuedReport(models.Model):
    """The bytes of one rendered edition, as issued. Never changed."""

    class Edition(models.TextChoices):
        PUBLIC = "public", "Public edition"
        EXEMPT = "exempt", "Exempt edition"

    report = models.ForeignKey(CommitteeReport, on_delete=models.PROTECT, related_name="issued")
    edition = models.CharField(max_length=8, choices=Edition.choices)
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveSmallIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        ordering = ("report", "edition", "-rendered_at")
        triggers = (
            pgtrigger.Protect(
                name="issued_is_issued", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        )

    def __str__(self) -> str:
        return f"{self.report} ({self.get_edition_display()})"


@tracked()
class Baseline(models.Model):
    """A past quarter's results from before the product, of a line or one of its services.

    Typed or uploaded by hand: not audits. The quarter is a label, because a council has quarters
    to tell of that were never opened here.
    """

    quarter = models.CharField(max_length=7)
    line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outstanding = models.PositiveSmallIntegerField(default=0)
    good = models.PositiveSmallIntegerField(default=0)
    requires_improvement = models.PositiveSmallIntegerField(default=0)
    inadequate = models.PositiveSmallIntegerField(default=0)
    source = models.CharField("where the figures come from", max_length=200, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-quarter", "line__order", "service__precedence")
        constraints = (
            models.UniqueConstraint(
                fields=("quarter", "line", "service"),
                nulls_distinct=False,
                name="one_baseline_per_quarter_line_and_service",
            ),
            models.CheckConstraint(
                condition=Q(quarter__regex=r"^[0-9]{4}-Q[1-4]$"), name="baseline_names_a_quarter"
            ),
            models.CheckConstraint(
                condition=Q(outstanding__gt=0)
                | Q(good__gt=0)
                | Q(requires_improvement__gt=0)
                | Q(inadequate__gt=0),
                name="baseline_has_figures",
            ),
        )

    def __str__(self) -> str:
        figures = self.figures
        return f"{figures.quarter_name}, {figures.line}, {figures.service or figures.group.lower()}"

    @property
    def figures(self) -> BaselineFigures:
        """The same as the rules see it."""
        return BaselineFigures(
            quarter=self.quarter,
            line=self.line.name,
            service=self.service.name if self.service else "",
            counts=(self.outstanding, self.good, self.requires_improvement, self.inadequate),
            source=self.source,
        )
