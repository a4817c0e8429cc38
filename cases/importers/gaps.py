"""What a list that completes open cases would change: `child_id`, `team`, `practitioner`.

Annex A's early help list has neither team nor practitioner. Such a list fills in what a case lacks
and changes nothing that a case has: that is for lists of open cases to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from accounts.rules.table_file import Change, Line, LineProblem, Plan, TableFile
from cases.importers.cells import clean_id, clean_name
from cases.importers.records import ReadLimits
from cases.importers.rows import wrong_with_id

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
    staff: Collection[tuple[str, str]],
) -> GapsPlan:
    """What ``table`` would change.

    ``held``: child id → the case, for every child of the table that is here. ``teams``: names of
    all teams, case-folded. ``staff``: (practitioner, team or "") of everybody, case-folded.
    """
    problems = list(table.problems)
    first: dict[str, int] = {}
    changes: list[Change] = []
    wanted: dict[str, Completion] = {}
    for line in table.lines:
        child_id = clean_id(line["child_id"])
        wrong = list(_wrong(line, child_id, held, first))
        problems += wrong
        if wrong:
            continue
        first[child_id] = line.number
        case = held[child_id]
        given = _completion(line, case)
        details = _details(line, case, given, teams, staff)
        does_something = bool(given.team or given.practitioner)
        if does_something:
            wanted[child_id] = given
        effect = "change" if does_something else "same"
        changes.append(Change(line.number, child_id, effect, tuple(details)))
    return GapsPlan(Plan(() if problems else tuple(changes), tuple(problems)), wanted)


def _wrong(
    line: Line, child_id: str, held: Mapping[str, Held], first: Mapping[str, int]
) -> Iterator[LineProblem]:
    words = wrong_with_id(line["child_id"], child_id, _LIMITS)
    if not words and child_id not in held:
        words = "No list of open cases has named this child."
    if not words and child_id in first:
        words = f"The same child as on line {first[child_id]}."
    if words:
        yield LineProblem(line.number, "child_id", words)
    for column, longest in LONGEST.items():
        if len(line[column]) > longest:
            words = f"The name is longer than {longest} characters."
            yield LineProblem(line.number, column, words)


def _completion(line: Line, case: Held) -> Completion:
    if not case.is_open:
        return Completion("", "")
    return Completion(
        "" if case.team else clean_name(line["team"]),
        "" if case.practitioner else clean_name(line["practitioner"]),
    )


def _details(
    line: Line,
    case: Held,
    given: Completion,
    teams: Collection[str],
    staff: Collection[tuple[str, str]],
) -> Iterator[str]:
    """In words: what is filled in, what is new, what stays, what is still missing."""
    if not case.is_open:
        yield "The child has no open case: nothing to complete."
        return
    team = given.team or case.team
    if given.team:
        new = "" if given.team.casefold() in teams else " (a new team)"
        yield f"Team: {given.team}{new}."
    if given.practitioner:
        known = (given.practitioner.casefold(), team.casefold()) in staff
        new = "" if known else " (not in the staff list: added, without an account)"
        yield f"Practitioner: {given.practitioner}{new}."
    for column, has in (("team", case.team), ("practitioner", case.practitioner)):
        says = clean_name(line[column])
        if has and says and says.casefold() != has.casefold():
            yield f"The {column} stays {has}. Only a list of open cases changes it."
        if not has and not says:
            yield f"Still without a {column}."
