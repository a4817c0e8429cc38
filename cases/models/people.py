"""Service lines, services, teams, practitioners and the people who grade."""

from __future__ import annotations

from datetime import date

import pgtrigger
from django.conf import settings
from django.db import models

from accounts.history import tracked
from cases.models.references import named_by_a_case, named_by_a_frame


@tracked()
class ServiceLine(models.Model):
    """Early Help or Statutory by default: the two are always reported apart."""

    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=80, unique=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("order", "name")

    def __str__(self) -> str:
        return self.name


@tracked()
class Service(models.Model):
    """What a child's case is open to; ``precedence`` decides where several apply (lowest first)."""

    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=80, unique=True)
    line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="services")
    precedence = models.PositiveSmallIntegerField(unique=True)
    head = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="services_headed",
        verbose_name="Head of Service",
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="services_deputised",
        verbose_name="deputy Head of Service",
    )

    class Meta:
        ordering = ("precedence",)
        triggers = (named_by_a_frame("service_id"), *named_by_a_case("service_id"))

    def __str__(self) -> str:
        return self.name


# By statement, like children and cases: a list may bring all of them at once, and what a trigger
# for each row costs grows with the number of rows before it.
@tracked(level=pgtrigger.Statement)
class Team(models.Model):
    """A team of practitioners. Its Head of Service is that of its service."""

    name = models.CharField(max_length=120, unique=True)
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, blank=True, related_name="teams"
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="teams_managed",
        verbose_name="team manager",
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="teams_deputised",
        verbose_name="deputy team manager",
    )
    works_with_disability = models.BooleanField("disability team", default=False)

    class Meta:
        ordering = ("name",)
        triggers = (named_by_a_frame("team_id"), *named_by_a_case("team_id"))

    def __str__(self) -> str:
        return self.name


@tracked(level=pgtrigger.Statement)
class Practitioner(models.Model):
    """The allocated worker of cases. May or may not sign in here (``user``)."""

    name = models.CharField(max_length=150)
    staff_number = models.CharField(max_length=40, blank=True)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="practitioners"
    )
    agency = models.BooleanField("agency worker", default=False)
    started_on = models.DateField(null=True, blank=True)
    # In the staff list that was uploaded last. Imports write practitioners by SQL of their own.
    in_staff_list = models.BooleanField(default=False, db_default=False)
    left_on = models.DateField(null=True, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="practitioner",
    )

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("staff_number",),
                condition=~models.Q(staff_number=""),
                name="one_practitioner_per_staff_number",
            ),
            # Where a file gives no staff number, name and team are all there is to tell people
            # apart by.
            models.UniqueConstraint(
                fields=("name", "team"),
                condition=models.Q(staff_number=""),
                nulls_distinct=False,
                name="one_practitioner_per_name_and_team",
            ),
        )
        triggers = (named_by_a_frame("practitioner_id"), *named_by_a_case("practitioner_id"))

    def __str__(self) -> str:
        return self.name

    def has_left(self, on: date) -> bool:
        """Whether they are gone on a day; whoever will leave is here until then."""
        return self.left_on is not None and self.left_on <= on

    @staticmethod
    def in_post(on: date, of: str = "") -> models.Q:
        """The same for the database: who has not left on a day. ``of``: the way to them, with
        its underscores."""
        return models.Q(**{f"{of}left_on": None}) | models.Q(**{f"{of}left_on__gt": on})


@tracked()
class Grader(models.Model):
    """Somebody who grades files, as auditor or moderator: their team and how much they can take."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grader"
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="graders"
    )
    capacity = models.PositiveSmallIntegerField("audits in a quarter", default=6)
    accredited_on = models.DateField(null=True, blank=True)
    exempt_reason = models.CharField("why exempt from auditing", max_length=200, blank=True)
    exempt_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        ordering = ("user__name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(exempt_reason="") | models.Q(exempt_approved_by__isnull=False),
                name="exemption_has_an_approver",
            ),
        )

    def __str__(self) -> str:
        return str(self.user)
