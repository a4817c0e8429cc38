"""Themes: a question put to a group of open cases, apart from the quarter's sample."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from cases.models.frame import AuditQuarter
from cases.rules.cohort import Cohort


@tracked()
class Theme(models.Model):
    """A thematic programme of one quarter: its question, its cohort and its question set.

    Frozen and drawn as the quarter's sample is, with frames and draws of its own, numbered from
    `FIRST_NUMBER`. Its audits never enter the headline figures.
    """

    FIRST_NUMBER = 101

    quarter = models.ForeignKey(AuditQuarter, on_delete=models.PROTECT, related_name="themes")
    name = models.CharField(max_length=120)
    question = models.TextField("what it shall find out", max_length=2000)
    tool = models.SlugField("code of the audit tool", max_length=40)  # of an app above this one
    cohort = models.JSONField(default=dict, blank=True)  # Cohort.as_dict()
    findings = models.TextField("what was found", max_length=10_000, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-quarter__starts_on", "name")
        constraints = (
            models.UniqueConstraint(fields=("quarter", "name"), name="themes_have_names"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(tool=""), name="theme_is_named"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def conditions(self) -> Cohort:
        """The cohort as the rules know it."""
        return Cohort.from_dict(self.cohort)

    @property
    def subject(self) -> str:
        """What its jobs are about: at most one of a kind at a time."""
        return f"{self.quarter.label} theme {self.pk}"
