"""A child, known by the council's local id alone, and their open case."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from accounts.history import named, tracked, tracked_in_bulk
from cases.models.people import Practitioner, Service, Team
from cases.models.references import cases_name_what_exists, named_by_a_case, named_by_a_frame


# An import brings every child of the council at once, and each index costs at every row of it:
# there are those that a page asks by, and no others.
@tracked_in_bulk(
    {"first_import": named("cases.CaseImport", null=True)},
    asked_by_object=False,
    inserts=pgtrigger.Q(new__first_import__isnull=True),
)
class Child(models.Model):
    """Known by the council's local child id (text): no name, address, NHS number or UPN."""

    local_id = models.CharField("child id", max_length=60)
    # The list that brought the child: who and when is in its history, and stands there once for
    # all. Of a child that came otherwise, the child's own history says it.
    first_import = models.ForeignKey(
        "cases.CaseImport",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    # Set while an audit of this child has begun and is not withdrawn, by audits.operations: this
    # app decides eligibility and cannot know of audits. Says why a child is not drawn again.
    audit_reference = models.CharField(max_length=20, blank=True)
    # The file was audited before this product was in use, as the council's own records say: such a
    # child is not drawn either.
    audited_before_on = models.DateField("audited earlier, on", null=True, blank=True)
    # While no case is open: a list said so, or the last case ended so. The next case begins so,
    # unless the list that opens it says no. Of an open case, the case says it.
    restricted = models.BooleanField("restricted record", default=False, db_default=False)

    class Meta:
        verbose_name_plural = "children"
        ordering = ("local_id",)
        constraints = (models.UniqueConstraint(fields=("local_id",), name="one_child_per_id"),)
        indexes = (
            models.Index(
                fields=("audit_reference",),
                condition=~models.Q(audit_reference=""),
                name="child_by_audit",
            ),
        )
        triggers = (named_by_a_frame("child_id"), *named_by_a_case("child_id"))

    def __str__(self) -> str:
        return self.local_id

    @property
    def already_audited(self) -> bool:
        """Whether the file was audited, here or before this product: "never the same child again".

        The same in SQL: `cases.queries.audited_earlier.already_audited`.
        """
        return bool(self.audit_reference) or self.audited_before_on is not None

    @property
    def audited_earlier(self) -> bool:
        """Whether the file was audited before this product, and no audit has begun here since."""
        return self.audited_before_on is not None and not self.audit_reference


@tracked()
class ChildAlias(models.Model):
    """Another id of a child, in another of the council's systems: one child, many ids.

    What a file says under ``other_id`` is about ``child``. Why, and what becomes of two children
    who turn out to be one: docs/decisions/0019.
    """

    other_id = models.CharField("other id", max_length=60)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="aliases")

    class Meta:
        verbose_name_plural = "child aliases"
        ordering = ("other_id",)
        constraints = (models.UniqueConstraint(fields=("other_id",), name="an_id_is_of_one_child"),)

    def __str__(self) -> str:
        return f"{self.other_id} is {self.child}"


@tracked_in_bulk({
    "child": named("cases.Child"),
    "service": named("cases.Service"),
    "team": named("cases.Team", null=True),
    "practitioner": named("cases.Practitioner", null=True),
    "last_import": named("cases.CaseImport", null=True),
})  # fmt: skip
class Case(models.Model):
    """One child's open involvement with a service. At most one is open for each child."""

    # What a case names is kept by triggers that look once for each statement: a list brings very
    # many cases, and foreign keys look five times for every one of them.
    child = models.ForeignKey(
        Child, on_delete=models.PROTECT, related_name="cases", db_constraint=False
    )
    service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        related_name="cases",
        db_index=False,
        db_constraint=False,
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        db_constraint=False,
    )
    practitioner = models.ForeignKey(
        Practitioner,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        db_constraint=False,
    )
    # A second file completed what the list had not said: a list that still does not say it takes
    # nothing away (docs/decisions/0019).
    team_completed = models.BooleanField(default=False, db_default=False)
    practitioner_completed = models.BooleanField(default=False, db_default=False)
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    restricted = models.BooleanField("restricted record", default=False)
    family_id = models.CharField(max_length=60, blank=True)
    age_years = models.SmallIntegerField("age at the import's date", null=True, blank=True)
    gender = models.CharField(max_length=40, blank=True)
    ethnicity = models.CharField(max_length=120, blank=True)
    disability = models.CharField(max_length=120, blank=True)
    transferred_in_on = models.DateField(null=True, blank=True)
    transferred_in_from = models.CharField(max_length=120, blank=True)
    legal_status = models.CharField(max_length=120, blank=True)
    plan = models.CharField(max_length=120, blank=True)
    last_import = models.ForeignKey(
        "cases.CaseImport",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        ordering = ("child__local_id",)
        constraints = (
            models.UniqueConstraint(
                fields=("child",),
                condition=models.Q(closed_on__isnull=True),
                name="one_open_case_per_child",
            ),
        )
        triggers = (
            named_by_a_frame("case_id", looked_up_by="child_id"),
            *cases_name_what_exists(),
        )

    def __str__(self) -> str:
        return f"{self.child} ({self.service})"


@tracked()
class DeclaredConflict(models.Model):
    """Somebody who must not grade this child's file, by their own word.

    In force until it is ended, which undoes a mistake; the row stays. Read those in force by
    `cases.queries.conflicts.conflicts_in_force`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="declared_conflicts"
    )
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="declared_conflicts")
    # What was typed, where it was not declared at the file: perhaps another id of the child, and
    # the person is shown what they typed. Nobody learns an id by declaring.
    declared_as = models.CharField("id as it was given", max_length=60, blank=True)
    reason = models.CharField(max_length=500)
    declared_at = models.DateTimeField()
    # Who registered it for them; nobody where they declared it themselves.
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "child"),
                condition=models.Q(ended_at__isnull=True),
                name="one_conflict_in_force_per_pair",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (
                    models.Q(ended_at__isnull=False, ended_by__isnull=False)
                    & ~models.Q(end_reason="")
                ),
                name="ended_conflict_has_who_when_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} and {self.child}"
