"""A place on the audit's page for the apps above this one.

This app knows nothing of moderation, escalation or actions, yet they belong on the page of their
audit. An app above registers a function (in its AppConfig.ready) that is asked for each audit and
reader, and answers with a Panel, or with None where there is nothing for that reader:

    @register
    def escalation_panel(audit: Audit, user: User) -> Panel | None: ...

The template is included with ``panel`` (the Panel) and ``audit``; what it shows is in
``panel.context``, ready to print. The function decides what ``user`` may see; blindness is
``audits.queries.visibility.is_blind(user, audit)``. A function runs the same number of queries for
every audit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from audits.models import Audit


@dataclass(frozen=True)
class Panel:
    """One part of the audit's page; lower ``order`` stands higher."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 50


PanelFunction = Callable[[Audit, User], Panel | None]
_functions: list[PanelFunction] = []


def register(function: PanelFunction) -> PanelFunction:
    """Ask ``function`` for a panel whenever an audit's page is shown. Usable as a decorator."""
    if function not in _functions:
        _functions.append(function)
    return function


def panels_for(audit: Audit, user: User) -> list[Panel]:
    """The panels of an audit's page for one reader, in their order."""
    panels = [panel for function in _functions if (panel := function(audit, user)) is not None]
    return sorted(panels, key=lambda panel: panel.order)
