"""Themes: the list, their cohorts' choices, and what their frames and draws hold."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from cases.models import AuditQuarter, Case, Draw, SamplingFrame, Service, Theme
from cases.rules.cohort import ATTRIBUTES

# Attributes whose values are chosen among those of the open cases; their columns.
CHOSEN = {
    name: "team__name" if name == "team" else name for name in ATTRIBUTES if name != "service"
}


def themes_visible_to(user: User) -> QuerySet[Theme]:
    """Themes with ``is_frozen`` and ``is_drawn``, newest quarter first; none for the others."""
    if not may(user, Permission.SEE_QUARTER):
        return Theme.objects.none()
    return _with_state(Theme.objects.select_related("quarter", "created_by"))


def themes_of(quarter: AuditQuarter) -> list[tuple[Theme, str]]:
    """A quarter's themes by name, each with where it stands: one query."""
    return [(theme, state_of(theme)) for theme in _with_state(quarter.themes.order_by("name"))]


def state_of(theme: Any) -> str:
    """Where a theme of `themes_visible_to` stands, in a word or two."""
    if theme.findings:
        return "Findings written"
    return "Drawn" if theme.is_drawn else "Frozen" if theme.is_frozen else "Planned"


def _with_state(themes: QuerySet[Theme]) -> QuerySet[Theme]:
    frames = SamplingFrame.objects.filter(theme=OuterRef("pk"), status="frozen").order_by()
    draws = Draw.objects.filter(theme=OuterRef("pk"), status="drawn").order_by()
    return themes.annotate(is_frozen=Exists(frames), is_drawn=Exists(draws))


def service_names() -> dict[str, str]:
    """The services' names by code, in their order: one query."""
    return dict(Service.objects.order_by("precedence").values_list("code", "name"))


def attribute_values() -> dict[str, list[str]]:
    """What the open cases say under each attribute of `CHOSEN`, in order: one query for each."""
    open_cases = Case.objects.filter(closed_on__isnull=True).order_by()
    return {
        name: sorted(filter(None, open_cases.values_list(column, flat=True).distinct()))
        for name, column in CHOSEN.items()
    }
