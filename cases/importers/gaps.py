"""What a list that completes open cases would change: `child_id`, `team`, `practitioner`.

Annex A's early help list has neither team nor practitioner. Such a list fills in what a case lacks
and changes nothing that a case has: that is for lists of open cases to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from accounts.rules.table_file import Change, Line, Plan, TableFile
from cases.importers.cells import clean_id, clean_name
from cases.importers.records import ReadLimits
from cases.importers.rows import wrong_with_id
from cases.rules.practitioner_names import KnownWorkers, Worker

REQUIRED = ("child_id", "team", "practitioner")
LONGEST = {"team": 120, "practitioner": 150}
_LIMITS = ReadLimits()


@dataclass(frozen=True)
class Held:
    """A child's open case as it is: the names of its team and practitioner, "" where it has none.

    ``is_open`` is False for a child who is known and has no open case.
    """

    team: str = ""
    practitioner: str = ""
    is_open: bool = True


NOT_OPEN = Held(is_open=False)


@dataclass(frozen=True)
class Completion:
    """What one case is given; "" for what it has already, or the list does not say."""

    team: str
    practitioner: str


@dataclass(frozen=True)
class GapsPlan:
    """The plan in words, and the same as names by child id."""

    plan: Plan
    wanted: Mapping[str, Completion]


def plan_gaps(
    table: TableFile,
    held: Mapping[str, Held],
    teams: Collection[str],
    staff: KnownWorkers,
    own_ids: Mapping[str, str] | None = None,
) -> GapsPlan:
    """What ``table`` would change.

    A line that cannot be used is left out, and listed as such: another system's list always names
    children who have no open case here. ``held``: child id → the case, for every child of the table
    that is here. ``teams``: names of all teams, case-folded. ``staff``: everybody.
    ``own_ids``: another id of a child → the child's own.
    """
    first: dict[str, int] = {}
    changes: list[Change] = []
    wanted: dict[str, Completion] = {}
    for line in table.lines:
        given = clean_id(line["child_id"])
        child_id = (own_ids or {}).get(given, given)
        if wrong := tuple(_wrong(line, child_id, held, first)):
            changes.append(Change(line.number, given[:60] or "No id", "left", wrong))
            continue
        first[child_id] = line.number
        case = held[child_id]
        completion = _completion(line, case, staff)
        details = _details(line, case, completion, teams, staff)
        does_something = bool(completion.team or completion.practitioner)
        if does_something:
            wanted[child_id] = completion
        effect = "change" if does_something else "same"
        changes.append(Change(line.number, child_id, effect, tuple(details)))
    changes_unless = () if table.problems else tuple(changes)
    return GapsPlan(Plan(changes_unless, table.problems), wanted)


def _wrong(
    line: Line, child_id: str, held: Mapping[str, Held], first: Mapping[str, int]
) -> Iterator[str]:
    """In words: why a line cannot be used."""
    words = wrong_with_id(line["child_id"], child_id, _LIMITS)
    if not words and not held.get(child_id, NOT_OPEN).is_open:
        words = "No open case here."
    if not words and child_id in first:
        words = f"The same child as on line {first[child_id]}."
    if words:
        yield words
    for column, longest in LONGEST.items():
        if len(line[column]) > longest:
            yield f"The name of the {column} is longer than {longest} characters."


def _completion(line: Line, case: Held, staff: KnownWorkers) -> Completion:
    team = "" if case.team else clean_name(line["team"])
    practitioner = "" if case.practitioner else clean_name(line["practitioner"])
    if practitioner and not (team or case.team):
        known = staff.find(practitioner, "")
        team = known.team if known else ""
    return Completion(team, practitioner)


def _elsewhere(known: Worker) -> str:
    return f" (found by name: here in {known.team})" if known.team else " (found by name)"


def _details(
    line: Line,
    case: Held,
    given: Completion,
    teams: Collection[str],
    staff: KnownWorkers,
) -> Iterator[str]:
    """In words: what is filled in, what is new, what stays, what is still missing."""
    team = given.team or case.team
    if given.team:
        new = "" if given.team.casefold() in teams else " (a new team)"
        yield f"Team: {given.team}{new}."
    if given.practitioner:
        known = staff.find(given.practitioner, team)
        new = " (not in the staff list: added, without an account)"
        if known:
            new = "" if known.team.casefold() == team.casefold() else _elsewhere(known)
        yield f"Practitioner: {given.practitioner}{new}."
    for column, has in (("team", case.team), ("practitioner", case.practitioner)):
        says = clean_name(line[column])
        if has and says and says.casefold() != has.casefold():
            yield f"The {column} stays {has}. Only a list of open cases changes it."
        if not has and not getattr(given, column):
            yield f"Still without a {column}."
