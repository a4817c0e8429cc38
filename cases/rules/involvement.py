"""To which service a child's case was open on a day, by what lists said of it over time.

A case goes on when the child moves to another service, and then says the present service and since
when. What it said before is in its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class State:
    """What a case said: its service, since when ("opened on", where known), first said on."""

    service: str
    opened_on: date | None
    said_on: date


def service_on(day: date, states: Iterable[State], closed_on: date | None) -> str:
    """The service of a case on ``day``; "" where it was not open.

    ``states`` in the order in which they were said. A service without a date of its own began
    when it was first said, the first of all before anything that is known.
    """
    if closed_on is not None and closed_on <= day:
        return ""
    found, began = "", None
    for spell in _spells(states):
        if began is None:
            began = spell.opened_on or date.min
        elif spell.opened_on is not None and spell.opened_on > began:
            began = spell.opened_on
        else:
            began = spell.said_on
        if began > day:
            break
        found = spell.service
    return found


def _spells(states: Iterable[State]) -> Iterator[State]:
    """One state for each stretch in one service, with the earliest of its dates."""
    last: State | None = None
    for state in states:
        if last is not None and last.service == state.service:
            dates = [one for one in (last.opened_on, state.opened_on) if one is not None]
            last = replace(last, opened_on=min(dates, default=None))
            continue
        if last is not None:
            yield last
        last = state
    if last is not None:
        yield last
