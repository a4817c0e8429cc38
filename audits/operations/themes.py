"""Writing: planning a theme, changing it, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation, refuse_if_changed
from accounts.policy import Permission, require
from accounts.queries import in_words
from audits.queries.tools import published_version_of
from cases.models import SamplingFrame, Theme
from cases.operations.frame import lock_quarter
from cases.queries.frame import live_draw, live_frame
from cases.queries.policy import case_policy
from cases.queries.themes import cohort_in_words
from cases.rules.cohort import Cohort, in_months
from cases.rules.quarters import Quarter

COHORT_CHANGED = "The cohort was changed"
LONGEST_MONTH = 31  # days


@dataclass(frozen=True)
class ThemePlan:
    """What a theme asks, with which tool (by code), of which cases."""

    name: str
    question: str
    tool: str
    cohort: Cohort


def plan_in_words(theme: Theme) -> dict[str, str]:
    """What a theme asks of whom, by the labels of its form."""
    words = in_words(theme, ("name", "question", "tool"))
    return words | {"Open cases of": cohort_in_words(theme)}


@operation
def create_theme(*, quarter: Quarter, plan: ThemePlan, by: User, now: datetime) -> Theme:
    """Plan a theme. Raises Refused where its name is taken or its tool has nothing published."""
    require(by, Permission.MANAGE_THEMES)
    stored = lock_quarter(quarter)
    theme = Theme(quarter=stored, created_at=now, created_by=by)
    _write(theme, plan)
    return theme


@operation
def change_theme(
    *, theme: Theme, plan: ThemePlan, seen: str = "", by: User, now: datetime
) -> Theme:
    """Change a theme that is not drawn. A frozen cohort that changes has to be frozen again.

    ``seen`` is of the theme that the form was opened on.
    """
    require(by, Permission.MANAGE_THEMES)
    theme = _locked(theme)
    if live_draw(theme.quarter, theme) is not None:
        raise MovedOn("The theme’s cases are drawn, so it stays as it is.")
    refuse_if_changed(seen, plan_in_words(theme))
    frame = live_frame(theme.quarter, theme)
    if frame is not None and plan.cohort.as_dict() != theme.cohort:
        frame.status = SamplingFrame.Status.SUPERSEDED
        frame.superseded_at, frame.superseded_by = now, by
        frame.supersede_reason = COHORT_CHANGED
        frame.save()
    _write(theme, plan)
    return theme


@operation
def write_findings(
    *, theme: Theme, findings: str, seen: str = "", by: User, now: datetime
) -> Theme:
    """Write what a theme found. ``seen`` is of the text it was typed over."""
    require(by, Permission.MANAGE_THEMES)
    theme = _locked(theme)
    refuse_if_changed(seen, in_words(theme, ["findings"]))
    theme.findings = findings.strip()
    theme.save(update_fields=["findings"])
    return theme


def _locked(theme: Theme) -> Theme:
    lock_quarter(theme.quarter.quarter)
    return Theme.objects.select_related("quarter").get(pk=theme.pk)


def _write(theme: Theme, plan: ThemePlan) -> None:
    published_version_of(plan.tool)
    named_so = Theme.objects.filter(quarter=theme.quarter, name__iexact=plan.name)
    if named_so.exclude(pk=theme.pk).exists():
        raise Refused(f"{theme.quarter} has a theme of that name already.")
    weeks = case_policy(theme.quarter).minimum_weeks_open
    months = plan.cohort.opened_within
    if months is not None and months * LONGEST_MONTH < weeks * 7:
        raise Refused(
            f"A case can be drawn once it has been open for {weeks} weeks, so none that was opened "
            f"within the last {in_months(months)} can be. Choose more months."
        )
    theme.name, theme.question, theme.tool = plan.name, plan.question, plan.tool
    theme.cohort = plan.cohort.as_dict()
    theme.save()
