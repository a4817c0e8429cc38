"""A draw from a frozen frame, the cases it chose, and replacements of those."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import named, tracked, tracked_in_bulk
from cases.models.frame import AuditQuarter, FrameEntry, SamplingFrame
from cases.models.people import Practitioner
from cases.models.references import drawn_from_what_exists, not_emptied_while_named


@tracked()
class Draw(models.Model):
    """One reproducible selection from a frame: a pure function of (frame, seed, policy)."""

    class Status(models.TextChoices):
        DRAWN = "drawn", "Drawn"
        SUPERSEDED = "superseded", "Superseded"

    class SeedMade(models.TextChoices):
        TYPED = "typed", "Typed before witnesses"
        GENERATED = "generated", "Made by the system"
        UNWITNESSED = "unwitnessed", "Given without a witness"  # on the command line

    quarter = models.ForeignKey(AuditQuarter, on_delete=models.PROTECT, related_name="draws")
    frame = models.ForeignKey(SamplingFrame, on_delete=models.PROTECT, related_name="draws")
    # As of its frame. None: the quarter's sample, the only one that headline figures are made of.
    theme = models.ForeignKey(
        "cases.Theme", on_delete=models.PROTECT, null=True, blank=True, related_name="draws"
    )
    number = models.PositiveSmallIntegerField()  # in its quarter; of themes from 101
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAWN)
    seed = models.CharField(max_length=200)
    seed_witnesses = models.CharField("who saw the seed made", max_length=300, blank=True)
    # What is not said to have been seen or made here was seen by nobody.
    seed_made = models.CharField(
        "how the seed was made",
        max_length=11,
        choices=SeedMade.choices,
        default=SeedMade.UNWITNESSED,
    )
    # False where the seed was known before the frame was frozen (command line without a frame).
    seed_committed = models.BooleanField()
    policy = models.JSONField()  # CasePolicy.as_dict(), the rate included
    result_sha256 = models.CharField(max_length=64)
    # {stratum: {"open", "eligible", "not_eligible": {reason: n}, "quota", "selected",
    #  "reserves", "shortfall"}}
    strata = models.JSONField()
    reason = models.CharField("why drawn again", max_length=500, blank=True)
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-quarter__starts_on", "-number")
        constraints = (
            models.UniqueConstraint(fields=("quarter", "number"), name="draws_are_numbered"),
            models.UniqueConstraint(
                fields=("quarter",),
                condition=Q(status="drawn", theme__isnull=True),
                name="one_live_draw_per_quarter",
            ),
            models.UniqueConstraint(
                fields=("theme",), condition=Q(status="drawn"), name="one_live_draw_per_theme"
            ),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(reason="") | Q(theme__isnull=False),
                name="a_second_draw_says_why",
            ),
            models.CheckConstraint(
                condition=Q(theme__isnull=True, number__lt=101)
                | Q(theme__isnull=False, number__gte=101),
                name="draws_of_themes_are_numbered_apart",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="superseded", superseded_at__isnull=False, superseded_by__isnull=False
                )
                | Q(status="drawn", superseded_at__isnull=True, superseded_by__isnull=True),
                name="superseded_draw_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(seed_made="generated")
                | (Q(seed_made="typed") & ~Q(seed_witnesses=""))
                | Q(seed_made="unwitnessed", seed_witnesses=""),
                name="typed_seed_has_its_witnesses",
            ),
            models.CheckConstraint(
                condition=Q(seed_made="generated") | ~Q(seed__istartswith="made by the system"),
                name="only_a_generated_seed_says_so",
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(
                name="drawn_is_drawn", exclude=["status", "superseded_at", "superseded_by"]
            ),
            pgtrigger.Protect(name="keep_draws", operation=pgtrigger.Delete),
            not_emptied_while_named("cases_sampledcase"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """How people and files name it: "2026-Q3-D1"."""
        return f"{self.quarter.label}-D{self.number}"


# A draw may store tens of thousands at once.
@tracked_in_bulk({
    "draw": named("cases.Draw"),
    "entry": named("cases.FrameEntry"),
    "replaced_by": named("cases.SampledCase", null=True),
    "practitioner_judged": named("cases.Practitioner", null=True),
})  # fmt: skip
class SampledCase(models.Model):
    """One case that a draw chose, or keeps in reserve."""

    class Role(models.TextChoices):
        SELECTED = "selected", "Selected"
        RESERVE = "reserve", "Reserve"

    class Status(models.TextChoices):
        IN_RESERVE = "in_reserve", "In reserve"
        DRAWN = "drawn", "Not allocated"
        ALLOCATED = "allocated", "Allocated"
        AUDITED = "audited", "Audited"
        REPLACED = "replaced", "Replaced"
        NOT_AUDITABLE = "not_auditable", "Could not be audited"  # and no reserve was left
        PASSED_OVER = "passed_over", "Passed over"  # a reserve whose sibling is in the sample
        # Before it was audited, its draw was superseded, or its child drawn again.
        CANCELLED = "cancelled", "Cancelled"

    # Selected, and the audit not submitted yet: it can still be replaced or given to any auditor.
    TO_BE_AUDITED = (Status.DRAWN, Status.ALLOCATED)
    STILL_OPEN = (*TO_BE_AUDITED, Status.IN_RESERVE)

    # The database holds draw and entry by a trigger (`drawn_from_what_exists`).
    draw = models.ForeignKey(
        Draw, on_delete=models.PROTECT, related_name="cases", db_constraint=False, db_index=False
    )  # `ranks_are_unique` is its index
    entry = models.ForeignKey(
        FrameEntry,
        on_delete=models.PROTECT,
        related_name="sampled",
        db_constraint=False,
        db_index=False,
    )  # `a_case_is_drawn_once` is its index
    stratum = models.CharField(max_length=220)
    role = models.CharField(max_length=10, choices=Role.choices)  # as drawn; never changes
    rank = models.PositiveIntegerField()  # in draw order within the stratum, from 1
    ticket = models.CharField(max_length=64)
    pass_number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=14, choices=Status.choices)
    # The reserve that took this one's place, and why.
    replaced_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    note = models.CharField(max_length=500, blank=True)  # why passed over or cancelled
    # Who held the case for most of the period judged, as its submitted audit says: rotation rests
    # them. ``judged_known`` without a practitioner: somebody who is not in the list.
    practitioner_judged = models.ForeignKey(
        Practitioner,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nothing asks by it
    )
    # A draw stores its cases by SQL of its own.
    judged_known = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ("stratum", "rank")
        constraints = (
            models.UniqueConstraint(fields=("entry", "draw"), name="a_case_is_drawn_once"),
            models.UniqueConstraint(fields=("draw", "stratum", "rank"), name="ranks_are_unique"),
            models.CheckConstraint(
                condition=Q(status="replaced", replaced_by__isnull=False)
                | (~Q(status="replaced") & Q(replaced_by__isnull=True)),
                name="replaced_case_has_its_reserve",
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(
                name="order_of_the_draw",
                fields=["draw", "entry", "stratum", "role", "rank", "ticket", "pass_number"],
            ),
            pgtrigger.Protect(name="keep_sampled_cases", operation=pgtrigger.Delete),
            drawn_from_what_exists(("draw_id", "cases_draw"), ("entry_id", "cases_frameentry")),
        )

    def __str__(self) -> str:
        return f"{self.stratum} {self.rank}"


class SeedEntered(models.Model):
    """A seed that somebody entered and no draw was made with: from then on it is known.

    A frame that is frozen later proves nothing with it.
    """

    seed = models.CharField(max_length=200)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "seeds entered"
        indexes = (models.Index(fields=("seed",), name="seed_entered"),)
        triggers = (
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return self.seed


@tracked()
class Replacement(models.Model):
    """A request that the next reserve takes the place of a case that cannot be audited."""

    class Reason(models.TextChoices):
        FILE_UNAVAILABLE = "file_unavailable", "The file is not available"
        RESTRICTED_SINCE = "restricted_since", "The record has been restricted since the draw"
        IN_COURT = "in_court", "In court or under inquiry"
        CHILD_IN_CRISIS = "child_in_crisis", "The child is in crisis"
        NO_INDEPENDENT_AUDITOR = "no_independent_auditor", "No independent auditor"
        AUDITED_SINCE = "audited_since", "Another audit of the child has begun since"
        OTHER = "other", "Another reason"

    class Status(models.TextChoices):
        REQUESTED = "requested", "Waiting for approval"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        LAPSED = "lapsed", "No longer needed"  # audited meanwhile, or no longer in a live draw

    sampled_case = models.ForeignKey(
        SampledCase, on_delete=models.PROTECT, related_name="replacements"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.REQUESTED)
    reason = models.CharField(max_length=30, choices=Reason.choices)
    explanation = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decision_note = models.TextField(blank=True)

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("sampled_case",),
                condition=Q(status__in=("requested", "approved")),
                name="one_live_replacement_per_case",
            ),
            models.CheckConstraint(
                condition=~Q(reason="other") | ~Q(explanation=""), name="other_reason_is_explained"
            ),
            models.CheckConstraint(
                condition=Q(status="requested", decided_at__isnull=True, decided_by__isnull=True)
                | (
                    ~Q(status="requested")
                    & Q(decided_at__isnull=False)
                    & Q(decided_by__isnull=False)
                ),
                name="decided_replacement_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | ~Q(decided_by=models.F("requested_by")),
                name="replacement_approved_by_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sampled_case}: {self.get_reason_display()}"


class ChancesOfDraw(models.Model):
    """How likely a draw was to select each case of its frame, estimated by a worker. Immutable."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, related_name="chances")
    simulated_draws = models.PositiveIntegerField()
    # {stratum: {"open", "not_eligible", "never", "lowest", "highest", "average"}}
    strata = models.JSONField()
    estimated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "chances of draws"
        triggers = (
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"Chances of {self.draw}"


class InclusionProbability(models.Model):
    """One eligible case's estimated chance of being selected. Cases without a row have none."""

    chances = models.ForeignKey(
        ChancesOfDraw, on_delete=models.PROTECT, related_name="of_cases", db_index=False
    )  # `one_probability_per_case` is its index
    entry = models.ForeignKey(
        FrameEntry, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    probability = models.FloatField()

    class Meta:
        verbose_name_plural = "inclusion probabilities"
        constraints = (
            models.UniqueConstraint(fields=("chances", "entry"), name="one_probability_per_case"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="probability_is_a_share"
            ),
        )
        triggers = (
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete),
            drawn_from_what_exists(("entry_id", "cases_frameentry")),
        )

    def __str__(self) -> str:
        return f"{self.entry}: {self.probability:.4f}"
