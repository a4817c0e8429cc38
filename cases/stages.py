"""A place on the page of a quarter for the apps above this one.

This app knows nothing of submitted, moderated or closed audits, yet they are how far a quarter is.
An app above registers a function (in its AppConfig.ready) that is asked for each quarter with a
sample, and answers with its steps; and another for what is left over to be decided:

    @register_stages
    def stages(quarter: AuditQuarter, user: User) -> list[Stage]: ...

    @register_matters
    def matters(quarter: AuditQuarter, user: User) -> list[Matter]: ...

Both run the same number of queries for every quarter. An address is empty where ``user`` may not
open the list behind a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from cases.models import AuditQuarter, Theme


@dataclass(frozen=True)
class Stage:
    """How many of the sample have come so far; lower ``place`` stands earlier.

    ``of``: out of how many, where it is not the whole sample.
    """

    label: str
    place: int
    number: int
    url: str = ""
    of: int | None = None


@dataclass(frozen=True)
class Matter:
    """Something that somebody has to decide: a sentence, and the list of what it is about."""

    text: str
    url: str
    action: str


StagesFunction = Callable[[AuditQuarter, User], list[Stage]]
MattersFunction = Callable[[AuditQuarter, User], list[Matter]]
ThemeUrl = Callable[[Theme], str]
_stages: list[StagesFunction] = []
_matters: list[MattersFunction] = []
_theme_urls: list[ThemeUrl] = []


def register_stages(function: StagesFunction) -> StagesFunction:
    """Ask ``function`` for steps of a quarter. Usable as a decorator."""
    if function not in _stages:
        _stages.append(function)
    return function


def register_matters(function: MattersFunction) -> MattersFunction:
    """Ask ``function`` for what is left to be decided. Usable as a decorator."""
    if function not in _matters:
        _matters.append(function)
    return function


def register_theme_url(function: ThemeUrl) -> ThemeUrl:
    """Ask ``function`` for the page of a theme: the app of its audits shows it."""
    _theme_urls[:] = [function]
    return function


def theme_url(theme: Theme) -> str:
    """The page of a theme; "" where nobody shows it."""
    return next((function(theme) for function in _theme_urls), "")


def stages_of(quarter: AuditQuarter, user: User) -> list[Stage]:
    """The steps of the apps above, in their order."""
    found = [stage for function in _stages for stage in function(quarter, user)]
    return sorted(found, key=lambda stage: stage.place)


def matters_of(quarter: AuditQuarter, user: User) -> list[Matter]:
    """What the apps above have to be decided."""
    return [matter for function in _matters for matter in function(quarter, user)]
