"""Baselines as they are, their history, and the quarters that can have none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.apps import apps
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.rules.table_file import TableFile
from audits.models import Audit
from cases.models import Service, ServiceLine
from reports.models import Baseline
from reports.rules.baseline_file import BaselinePlan, Structure, plan_baselines
from reports.rules.baselines import BaselineFigures

FIELDS = ("outstanding", "good", "requires_improvement", "inadequate", "source")


def baselines() -> QuerySet[Baseline]:
    """All baselines, newest quarter first, a line's own before its services'."""
    return Baseline.objects.select_related("line", "service", "entered_by").order_by(
        "-quarter", "line__order", "line__name", F("service__precedence").asc(nulls_first=True)
    )


def baselines_before(label: str) -> list[BaselineFigures]:
    """The baselines of quarters before the one of this label, oldest first."""
    rows = Baseline.objects.filter(quarter__lt=label).select_related("line", "service")
    ordered = rows.order_by("quarter", "line__order", "service__precedence")
    # A whole line is what its services are parts of: it stands first.
    return sorted((row.figures for row in ordered), key=lambda row: (row.quarter, row.service > ""))


def quarters_with_grades() -> set[str]:
    """Labels of the quarters whose samples have grades of record."""
    found = (
        Audit.objects.filter(kind=Audit.Kind.SAMPLE, grading_of_record__isnull=False)
        .exclude(status=Audit.Status.WITHDRAWN)
        .order_by()
    )
    return set(found.values_list("quarter__label", flat=True).distinct())


def structure() -> Structure:
    """Lines and services as a file may name them."""
    lines = list(ServiceLine.objects.all())
    services = list(Service.objects.select_related("line"))
    return Structure(
        lines={word.casefold(): line.name for line in lines for word in (line.code, line.name)},
        services={word.casefold(): one.name for one in services for word in (one.code, one.name)},
        line_of={one.name: one.line.name for one in services},
    )


def plan_for_baselines(table: TableFile, today: date) -> BaselinePlan:
    """What a file would do now."""
    known = {row.figures.key: row.figures for row in baselines()}
    return plan_baselines(table, known, structure(), quarters_with_grades(), today)


def baseline_events() -> QuerySet[Any]:
    """The change history of all baselines, removed ones included, newest first."""
    events = apps.get_model("reports", "BaselineEvent").objects
    return events.select_related("line", "service", "pgh_context").order_by("-pgh_id")


def names_of_those_who_changed(events: Iterable[Any]) -> dict[int, str]:
    """Names by id of the people under whose names these events were made; one query."""
    ids = {event.pgh_context.metadata.get("user") for event in events if event.pgh_context}
    return {user.pk: user.name for user in User.objects.filter(pk__in=ids - {None})}
