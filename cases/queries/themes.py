"""Themes: the list, their cohorts' choices, and what their frames and draws hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Case as CaseWhen
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.models import User
from accounts.policy import Permission, may
from accounts.sorting import Sorts, place_in
from cases.models import AuditQuarter, Case, Draw, SamplingFrame, Service, Theme
from cases.rules.cohort import ATTRIBUTES

# Attributes whose values are chosen among those of the open cases; their columns.
CHOSEN = {
    name: "team__name" if name == "team" else name for name in ATTRIBUTES if name != "service"
}


# Where a theme stands.
PLANNED, FROZEN, DRAWN, FOUND = "planned", "frozen", "drawn", "found"
STATES: Mapping[str, str] = {
    PLANNED: "Planned",
    FROZEN: "Frozen",
    DRAWN: "Drawn",
    FOUND: "Findings written",
}
THEME_SORTS: Sorts = {
    "theme": ("name",),
    "quarter": ("quarter__starts_on",),
    "state": (place_in("stands", tuple(STATES)),),
}


def themes_visible_to(user: User) -> QuerySet[Theme]:
    """Themes with where each ``stands`` (of `STATES`), newest quarter first; none for others."""
    if not may(user, Permission.SEE_QUARTER):
        return Theme.objects.none()
    return _with_state(Theme.objects.select_related("quarter", "created_by"))


def themes_asked_for(user: User, *, quarter: str = "", state: str = "") -> QuerySet[Theme]:
    """Those of a quarter, by its label, and in a state; "" is all."""
    found = themes_visible_to(user)
    if quarter:
        found = found.filter(quarter__label=quarter)
    return found.filter(Q(stands=state)) if state else found


def quarters_with_themes(user: User) -> list[str]:
    """Labels of the quarters that have a theme, newest first: one query."""
    labels = themes_visible_to(user).order_by("-quarter__starts_on")
    return list(labels.values_list("quarter__label", flat=True).distinct())


def themes_of(quarter: AuditQuarter) -> list[tuple[Theme, str]]:
    """A quarter's themes by name, each with where it stands: one query."""
    return [(theme, state_of(theme)) for theme in _with_state(quarter.themes.order_by("name"))]


def state_of(theme: Any) -> str:
    """Where a theme of `themes_visible_to` stands, in a word or two."""
    return STATES[theme.stands]


def _with_state(themes: QuerySet[Theme]) -> QuerySet[Theme]:
    frames = SamplingFrame.objects.filter(theme=OuterRef("pk"), status="frozen").order_by()
    draws = Draw.objects.filter(theme=OuterRef("pk"), status="drawn").order_by()
    stands = CaseWhen(
        When(~Q(findings=""), then=Value(FOUND)),
        When(Exists(draws), then=Value(DRAWN)),
        When(Exists(frames), then=Value(FROZEN)),
        default=Value(PLANNED),
        output_field=CharField(),
    )
    return themes.annotate(stands=stands)


def service_names() -> dict[str, str]:
    """The services' names by code, in their order: one query."""
    return dict(Service.objects.order_by("precedence").values_list("code", "name"))


def cohort_in_words(theme: Theme) -> str:
    """Which open cases a theme looks at, in one line: one query."""
    return "; ".join(theme.conditions.words(service_names()))


def attribute_values() -> dict[str, list[str]]:
    """What the open cases say under each attribute of `CHOSEN`, in order: one query for each."""
    open_cases = Case.objects.filter(closed_on__isnull=True).order_by()
    return {
        name: sorted(filter(None, open_cases.values_list(column, flat=True).distinct()))
        for name, column in CHOSEN.items()
    }
