"""What the apps above this one know of sampled cases: asked here, answered there.

This app knows nothing of audits or escalations. An app above registers functions when it starts:

    @add_obstacles
    def obstacles(cases: Sequence[SampledCase]) -> Mapping[int, str]: ...

says for each case (by primary key) that nobody can be given why, in a sentence; a fixed number of
queries, however many cases.

    @add_facts
    def facts(case: SampledCase) -> Sequence[tuple[str, str]]: ...

says what somebody should know, as (key, value), before a case is taken out of the sample.

    @add_holds
    def holds(case: SampledCase) -> str: ...

says in a sentence why a case must stay in the sample, and nothing where it may leave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cases.models import SampledCase

Obstacles = Callable[[Sequence[SampledCase]], Mapping[int, str]]
Facts = Callable[[SampledCase], Sequence[tuple[str, str]]]
Holds = Callable[[SampledCase], str]

_obstacles: list[Obstacles] = []
_facts: list[Facts] = []
_holds: list[Holds] = []


def add_obstacles(function: Obstacles) -> Obstacles:
    """Ask ``function`` whenever cases are to be given to auditors. Usable as a decorator."""
    if function not in _obstacles:
        _obstacles.append(function)
    return function


def add_facts(function: Facts) -> Facts:
    """Ask ``function`` whenever a replacement is to be decided. Usable as a decorator."""
    if function not in _facts:
        _facts.append(function)
    return function


def add_holds(function: Holds) -> Holds:
    """Ask ``function`` whenever a replacement is to be asked for. Usable as a decorator."""
    if function not in _holds:
        _holds.append(function)
    return function


def obstacles_to(cases: Sequence[SampledCase]) -> dict[int, str]:
    """Why some of the cases cannot be given to anybody, by primary key."""
    found: dict[int, str] = {}
    for function in _obstacles:
        found = {**function(cases), **found}
    return found


def facts_about(case: SampledCase) -> list[tuple[str, str]]:
    """What the apps above know of a case."""
    return [fact for function in _facts for fact in function(case)]


def held_in_sample(case: SampledCase) -> str:
    """Why a case cannot be replaced; "" where it can."""
    return " ".join(why for function in _holds if (why := function(case)))
