"""What a list of teams, or of Heads of Service, would change.

A line whose name is known changes that team; another one adds a team. Services are the council's
and are only given their head and deputy here. What is not in the file stays as it is; a column that
is not in the file changes nothing, an empty cell empties it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from accounts.rules.table_file import (
    Change,
    Line,
    LineProblem,
    Plan,
    TableFile,
    repeated,
    yes_or_no,
)

TEAM_REQUIRED = ("team", "service")
TEAM_OPTIONAL = ("manager_email", "deputy_email", "disability")
SERVICE_REQUIRED = ("service", "head_email", "deputy_email")
MAX_TEAM_NAME = 120

WORDS = {
    "name": "name",
    "service": "service",
    "manager": "manager",
    "head": "Head of Service",
    "deputy": "deputy",
    "disability": "disability team",
}


@dataclass(frozen=True)
class TeamRow:
    """A team as a line gives it, or as it is: the service by code, people by e-mail address."""

    name: str
    service: str = ""
    manager: str = ""
    deputy: str = ""
    disability: bool = False


@dataclass(frozen=True)
class ServiceRow:
    """A service, its head and deputy by e-mail address."""

    name: str
    head: str = ""
    deputy: str = ""


@dataclass(frozen=True)
class TeamPlan:
    """The plan in words, and the same as teams: line number → the team wanted."""

    plan: Plan
    wanted: Mapping[int, TeamRow]


@dataclass(frozen=True)
class ServicePlan:
    """The plan in words, and the same as services: line number → the service wanted."""

    plan: Plan
    wanted: Mapping[int, ServiceRow]


def plan_teams(
    table: TableFile,
    known: Mapping[str, TeamRow],
    service_names: Mapping[str, str],
    managers: Mapping[str, bool],
) -> TeamPlan:
    """What ``table`` would do to ``known`` (case-folded name → team).

    ``service_names``: code → name; a file may use either. ``managers``: e-mail address of everybody
    who can sign in → whether they have the team manager's role.
    """
    problems = [*table.problems, *repeated(table.lines, "team")]
    wanted: dict[int, TeamRow] = {}
    changes: list[Change] = []
    for line in table.lines:
        now = known.get(line["team"].casefold())
        team, wrong = _team(line, table.headings, now, service_names, managers)
        problems += wrong
        if not wrong:
            wanted[line.number] = team
            changes.append(_change(line.number, team, now))
    return TeamPlan(_plan(changes, problems), wanted)


def plan_services(
    table: TableFile, known: Mapping[str, ServiceRow], heads: Mapping[str, bool]
) -> ServicePlan:
    """What ``table`` would do to ``known`` (case-folded name → service); ``heads`` as above."""
    problems = [*table.problems, *repeated(table.lines, "service")]
    wanted: dict[int, ServiceRow] = {}
    changes: list[Change] = []
    for line in table.lines:
        now = known.get(line["service"].casefold())
        if now is None:
            words = f"There is no service called “{line['service']}”."
            problems.append(LineProblem(line.number, "service", words))
            continue
        row = replace(now, head=line["head_email"].lower(), deputy=line["deputy_email"].lower())
        wrong = [
            *_wrong_person(line, "head_email", heads, "Head of Service"),
            *_wrong_person(line, "deputy_email", heads, "Head of Service"),
            *_same_person(line, row.head, row.deputy),
        ]
        problems += wrong
        if not wrong:
            wanted[line.number] = row
            changes.append(_change(line.number, row, now))
    return ServicePlan(_plan(changes, problems), wanted)


def _plan(changes: list[Change], problems: list[LineProblem]) -> Plan:
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    return Plan(tuple(changes), tuple(ordered))


def _team(
    line: Line,
    headings: frozenset[str],
    now: TeamRow | None,
    service_names: Mapping[str, str],
    managers: Mapping[str, bool],
) -> tuple[TeamRow, list[LineProblem]]:
    codes = {name.casefold(): code for code, name in service_names.items()}
    codes |= {code: code for code in service_names} | {"": ""}
    team = now or TeamRow(" ".join(line["team"].split()))
    team = replace(team, service=codes.get(line["service"].casefold(), ""))
    if "manager_email" in headings:
        team = replace(team, manager=line["manager_email"].lower())
    if "deputy_email" in headings:
        team = replace(team, deputy=line["deputy_email"].lower())
    disability = yes_or_no(line["disability"])
    if "disability" in headings:
        team = replace(team, disability=bool(disability))
    problems = [
        *_wrong_name(line),
        *_wrong_person(line, "manager_email", managers, "Team manager"),
        *_wrong_person(line, "deputy_email", managers, "Team manager"),
        *_same_person(line, team.manager, team.deputy),
    ]
    if line["service"].casefold() not in codes:
        words = f"There is no service called “{line['service']}”."
        problems.append(LineProblem(line.number, "service", words))
    if disability is None:
        words = f"“{line['disability']}” is neither yes nor no."
        problems.append(LineProblem(line.number, "disability", words))
    return team, problems


def _wrong_name(line: Line) -> list[LineProblem]:
    if not line["team"]:
        return [LineProblem(line.number, "team", "There is no name.")]
    if len(line["team"]) > MAX_TEAM_NAME:
        words = f"The name is longer than {MAX_TEAM_NAME} characters."
        return [LineProblem(line.number, "team", words)]
    return []


def _wrong_person(
    line: Line, column: str, holders: Mapping[str, bool], role: str
) -> list[LineProblem]:
    address = line[column]
    if not address:
        return []
    if address.lower() not in holders:
        return [LineProblem(line.number, column, f"Nobody who can sign in has {address}.")]
    if not holders[address.lower()]:
        return [LineProblem(line.number, column, f"{address} does not have the role {role}.")]
    return []


def _same_person(line: Line, first: str, deputy: str) -> list[LineProblem]:
    if first and first == deputy:
        return [LineProblem(line.number, "deputy_email", "Nobody is their own deputy.")]
    return []


def _change(number: int, wanted: TeamRow | ServiceRow, now: TeamRow | ServiceRow | None) -> Change:
    before = now or type(wanted)(wanted.name)
    details = [
        f"{WORDS[field.name]}: {_word(before, field.name)} → {_word(wanted, field.name)}"
        for field in fields(wanted)
        if getattr(wanted, field.name) != getattr(before, field.name)
    ]
    if now is None:
        return Change(number, wanted.name, "add", tuple(details))
    return Change(number, wanted.name, "change" if details else "same", tuple(details))


def _word(row: Any, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "service":
        return value.replace("_", " ") or "none"
    return value or "nobody"
