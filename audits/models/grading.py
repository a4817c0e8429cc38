"""Gradings: one person's judgements on one audit. Never overwritten by somebody else's."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from audits.models.audit import Audit
from audits.models.standards import PracticeStandard
from cases.models import Practitioner

# What a grader said: fixed once the grading is submitted or set aside.
JUDGEMENT = (
    "audit kind blind grader child_id_confirmed held_by_listed_practitioner held_most_by strengths"
    " improvements family_feedback family_feedback_text practitioner_involved practitioner_met_on"
    " practitioner_not_met_reason minutes_spent immediate_concern immediate_concern_text"
    " immediate_concern_told immediate_concern_at overall_grade suggested_grade override_reason"
    " above_cap summary submitted_at"
).split()


def _changed(fields: list[str]) -> pgtrigger.Q:
    """The condition of a trigger that one of ``fields`` is not what it was."""
    changed = pgtrigger.Q()
    for field in fields:
        changed |= pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")})
    return changed


class Grade(models.TextChoices):
    """Ofsted's four grades, best first (audits.rules.grades)."""

    OUTSTANDING = "outstanding", "Outstanding"
    GOOD = "good", "Good"
    REQUIRES_IMPROVEMENT = "requires_improvement", "Requires improvement"
    INADEQUATE = "inadequate", "Inadequate"


@tracked()
class Grading(models.Model):
    """One person's grading of one audit."""

    class Kind(models.TextChoices):
        AUDITOR = "auditor", "Auditor's grading"
        MODERATOR = "moderator", "Moderator's grading"
        GROUP = "group", "Group member's grading"
        EXTERNAL = "external", "External validator's grading"
        CONSENSUS = "consensus", "Consensus"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        SET_ASIDE = "set_aside", "Set aside"  # reassigned or reopened: kept, and not shown

    class FamilyFeedback(models.TextChoices):
        OBTAINED = "obtained", "Sought and obtained"
        NOT_OBTAINED = "not_obtained", "Sought, not obtained"
        NOT_SOUGHT = "not_sought", "Not sought"

    class PractitionerInvolved(models.TextChoices):
        MET = "met", "We met or spoke"
        NOT_MET = "not_met", "We did not"

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="gradings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    blind = models.BooleanField(default=False)  # made before the first grading could be seen
    grader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="gradings"
    )
    # Every save names the version it was typed over; no row changed means somebody was first. Each
    # page of the form has its own, so that two pages in two tabs are not in each other's way.
    version = models.PositiveIntegerField(default=1)  # before you start, immediate concern
    details_version = models.PositiveIntegerField(default=1)
    overall_version = models.PositiveIntegerField(default=1)

    child_id_confirmed = models.BooleanField(default=False)
    # None: not said yet. Who held the case most is on the audit.
    held_by_listed_practitioner = models.BooleanField(null=True, blank=True)
    held_most_by = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    strengths = models.TextField(blank=True)
    improvements = models.TextField("areas to improve", blank=True)
    family_feedback = models.CharField(max_length=14, choices=FamilyFeedback.choices, blank=True)
    family_feedback_text = models.TextField(blank=True)  # what they said, or why not
    practitioner_involved = models.CharField(
        max_length=10, choices=PractitionerInvolved.choices, blank=True
    )
    practitioner_met_on = models.DateField(null=True, blank=True)
    practitioner_not_met_reason = models.TextField(blank=True)
    minutes_spent = models.PositiveIntegerField(null=True, blank=True)

    immediate_concern = models.BooleanField("immediate safeguarding concern", default=False)
    immediate_concern_text = models.TextField(blank=True)
    immediate_concern_told = models.TextField("who was told, and when", blank=True)
    immediate_concern_at = models.DateTimeField(null=True, blank=True)

    overall_grade = models.CharField(max_length=22, choices=Grade.choices, blank=True)
    suggested_grade = models.CharField(max_length=22, choices=Grade.choices, blank=True)
    override_reason = models.TextField("why above the cap", blank=True)
    above_cap = models.BooleanField(default=False)
    summary = models.TextField("why this overall grade", blank=True)

    created_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)
    set_aside_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("audit", "created_at")
        constraints = (
            models.UniqueConstraint(
                fields=("audit", "kind", "grader"),
                condition=~Q(status="set_aside"),
                name="one_grading_per_person_and_kind",
            ),
            models.UniqueConstraint(
                fields=("audit", "kind"),
                condition=Q(kind__in=("auditor", "moderator", "consensus"))
                & ~Q(status="set_aside"),
                name="one_live_grading_of_single_kinds",
            ),
            models.CheckConstraint(
                condition=~Q(status="submitted")
                | (Q(submitted_at__isnull=False) & ~Q(overall_grade="")),
                name="submitted_grading_has_its_grade",
            ),
            models.CheckConstraint(
                condition=~Q(status="submitted") | Q(above_cap=False) | ~Q(override_reason=""),
                name="above_a_cap_only_with_a_reason",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="set_aside", set_aside_at__isnull=False) & ~Q(set_aside_reason="")
                )
                | (~Q(status="set_aside") & Q(set_aside_at__isnull=True)),
                name="set_aside_grading_has_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(immediate_concern=False) | Q(immediate_concern_at__isnull=False),
                name="immediate_concern_has_its_time",
            ),
        )
        triggers = (
            pgtrigger.Protect(
                name="submitted_is_submitted",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__status="draft")
                & (pgtrigger.Q(new__status="draft") | _changed(JUDGEMENT)),
            ),
            pgtrigger.Protect(
                name="set_aside_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status="set_aside")
                & ~pgtrigger.Q(new__status="set_aside"),
            ),
            pgtrigger.Protect(name="keep_gradings", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.audit}"


@tracked()
class StandardGrade(models.Model):
    """The judgement on one practice standard, with its evidence."""

    grading = models.ForeignKey(Grading, on_delete=models.PROTECT, related_name="standard_grades")
    standard = models.ForeignKey(PracticeStandard, on_delete=models.PROTECT, related_name="+")
    grade = models.CharField(max_length=22, choices=Grade.choices, blank=True)
    not_applicable = models.BooleanField(default=False)
    not_applicable_reason = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    # {code of a fact: {"answer", "evidence"}}, audits.rules.checks
    checked = models.JSONField(default=dict, blank=True)
    # Like the grading's: one standard can be saved while another is open in a second tab.
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("standard__section__order", "standard__order")
        constraints = (
            models.UniqueConstraint(fields=("grading", "standard"), name="one_grade_per_standard"),
            models.CheckConstraint(
                condition=Q(not_applicable=False) | Q(grade=""), name="not_applicable_has_no_grade"
            ),
        )
        triggers = (
            pgtrigger.Trigger(
                name="only_in_a_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=(
                    "IF EXISTS (SELECT 1 FROM audits_grading g WHERE g.id ="
                    " (CASE WHEN TG_OP = 'DELETE' THEN OLD.grading_id ELSE NEW.grading_id END)"
                    " AND g.status <> 'draft') THEN"
                    " RAISE EXCEPTION 'a submitted grading cannot be changed'; END IF;"
                    " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.standard}: {self.get_grade_display() or 'no grade'}"


@tracked()
class LaterConcern(models.Model):
    """An immediate safeguarding concern that its grader saw after they had submitted.

    A submitted grading is locked, and a child's safety waits for nothing: so it stands beside it.
    """

    grading = models.ForeignKey(Grading, on_delete=models.PROTECT, related_name="later_concerns")
    text = models.TextField("what the immediate concern is")
    told = models.TextField("who was told, and when")
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ("raised_at", "pk")
        triggers = (
            pgtrigger.Protect(
                name="keep_later_concerns", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        )

    def __str__(self) -> str:
        return f"Immediate concern after submission of {self.grading}"
