"""Audit tools: versioned forms made of practice standards, never changed after publication."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from cases.models import ServiceLine

_REFUSE = "RAISE EXCEPTION 'a published audit tool cannot be changed'; END IF;"


def _only_in_draft(column: str, lookup: str = "") -> pgtrigger.Trigger:
    """A trigger that forbids any change of a row whose tool version is not a draft."""
    version_of = lookup or "{row}.{column}"
    check = (
        "IF EXISTS (SELECT 1 FROM audits_toolversion v WHERE v.id = ({version})"  # noqa: S608
        " AND v.status <> 'draft') THEN " + _REFUSE
    )
    old = check.format(version=version_of.format(row="OLD", column=column))
    new = check.format(version=version_of.format(row="NEW", column=column))
    return pgtrigger.Trigger(
        name="only_in_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=(
            f"IF TG_OP <> 'INSERT' THEN {old} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {new} RETURN NEW; END IF; RETURN OLD;"
        ),
    )


@tracked()
class AuditTool(models.Model):
    """A form for one service line, e.g. the Statutory tool; what it asks is in its versions."""

    code = models.SlugField(unique=True, max_length=40)
    title = models.CharField(max_length=120)
    line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="tools")

    class Meta:
        ordering = ("title",)
        triggers = (
            # Every version is shown and exported under them.
            pgtrigger.Trigger(
                name="published_under_its_name",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__code__df=pgtrigger.F("new__code"))
                | pgtrigger.Q(old__title__df=pgtrigger.F("new__title"))
                | pgtrigger.Q(old__line__df=pgtrigger.F("new__line")),
                func=(
                    "IF EXISTS (SELECT 1 FROM audits_toolversion v WHERE v.tool_id = OLD.id"  # noqa: S608
                    " AND v.status <> 'draft') THEN " + _REFUSE + " RETURN NEW;"
                ),
            ),
        )

    def __str__(self) -> str:
        return self.title


@tracked()
class ToolVersion(models.Model):
    """One version of a tool: draft → published → retired. Immutable once it is published."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    tool = models.ForeignKey(AuditTool, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    scale = models.JSONField()  # audits.rules.grades.Scale as a dict
    limits = models.JSONField()  # declarative grade limits, audits.rules.limits
    note = models.CharField("what changed", max_length=500, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("tool", "-number")
        constraints = (
            models.UniqueConstraint(fields=("tool", "number"), name="versions_are_numbered"),
            models.UniqueConstraint(
                fields=("tool",),
                condition=Q(status="published"),
                name="one_published_version_per_tool",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at__isnull=True, published_by__isnull=True)
                | (
                    ~Q(status="draft")
                    & Q(published_at__isnull=False)
                    & Q(published_by__isnull=False)
                ),
                name="published_version_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(status="retired", retired_at__isnull=False)
                | (~Q(status="retired") & Q(retired_at__isnull=True)),
                name="retired_version_has_when",
            ),
        )
        triggers = (
            pgtrigger.Protect(
                name="published_is_published",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=("published", "retired"))
                & (
                    pgtrigger.Q(old__tool__df=pgtrigger.F("new__tool"))
                    | pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                    | pgtrigger.Q(old__scale__df=pgtrigger.F("new__scale"))
                    | pgtrigger.Q(old__limits__df=pgtrigger.F("new__limits"))
                    | pgtrigger.Q(old__note__df=pgtrigger.F("new__note"))
                    | pgtrigger.Q(old__published_at__df=pgtrigger.F("new__published_at"))
                    | pgtrigger.Q(old__published_by__df=pgtrigger.F("new__published_by"))
                    | pgtrigger.Q(new__status="draft")
                ),
            ),
            pgtrigger.Protect(
                name="retired_is_retired",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status="retired")
                & (
                    ~pgtrigger.Q(new__status="retired")
                    | pgtrigger.Q(old__retired_at__df=pgtrigger.F("new__retired_at"))
                ),
            ),
            pgtrigger.Protect(
                name="keep_published_versions",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__status="draft"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.tool}, version {self.number}"


@tracked()
class Section(models.Model):
    """A group of practice standards on one page of the form."""

    version = models.ForeignKey(ToolVersion, on_delete=models.PROTECT, related_name="sections")
    code = models.SlugField(max_length=40)
    title = models.CharField(max_length=120)
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("order",)
        constraints = (
            models.UniqueConstraint(fields=("version", "code"), name="section_codes_are_unique"),
            models.UniqueConstraint(fields=("version", "order"), name="sections_are_ordered"),
        )
        triggers = (_only_in_draft("version_id"),)

    def __str__(self) -> str:
        return self.title


@tracked()
class PracticeStandard(models.Model):
    """What good practice is in one respect, and what each grade looks like in a case file."""

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="standards")
    code = models.SlugField(max_length=40)
    title = models.CharField(max_length=160)
    definition = models.TextField()
    descriptors = models.JSONField()  # {grade code: what it looks like in a file}
    prompts = models.JSONField(default=list, blank=True)  # where to look
    # Facts to check: [{"code", "question"}], audits.rules.checks
    checks = models.JSONField(default=list, blank=True)
    critical = models.BooleanField(default=False)
    weight = models.PositiveSmallIntegerField(default=1)
    may_be_not_applicable = models.BooleanField(default=True)
    applies_when = models.JSONField(default=dict, blank=True)  # audits.rules.applicability
    look_back_months = models.PositiveSmallIntegerField(default=6)
    read_back_months = models.PositiveSmallIntegerField(default=12)
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("section__order", "order")
        constraints = (
            models.UniqueConstraint(fields=("section", "code"), name="standard_codes_are_unique"),
            models.UniqueConstraint(fields=("section", "order"), name="standards_are_ordered"),
        )
        triggers = (
            _only_in_draft(
                "section_id",
                "SELECT s.version_id FROM audits_section s WHERE s.id = {row}.{column}",
            ),
        )

    def __str__(self) -> str:
        return self.title
