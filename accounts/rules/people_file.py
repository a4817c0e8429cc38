"""What a list of people (name, email, roles, active) would change.

A line whose e-mail address is known changes that person; any other line adds one. People who are
not in the file stay as they are: a short list must not take anybody's sign-in away. A column that
is not in the file changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.rules.table_file import (
    Change,
    Line,
    LineProblem,
    Plan,
    TableFile,
    repeated,
    yes_or_no,
)

REQUIRED = ("name", "email", "roles")
OPTIONAL = ("active",)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
MAX_NAME, MAX_EMAIL = 150, 254


@dataclass(frozen=True)
class Person:
    """A person as a line gives them, or as they are now. ``roles`` are codes."""

    name: str
    email: str
    roles: frozenset[str]
    active: bool = True


@dataclass(frozen=True)
class PeoplePlan:
    """The plan in words, and the same as people: line number → the person wanted."""

    plan: Plan
    wanted: Mapping[int, Person]


def plan_people(
    table: TableFile, known: Mapping[str, Person], role_labels: Mapping[str, str]
) -> PeoplePlan:
    """What ``table`` would do to ``known`` (lower-case e-mail address → person).

    ``role_labels`` maps each role's code to its words; a file may use either.
    """
    problems = [*table.problems, *repeated(table.lines, "email")]
    wanted: dict[int, Person] = {}
    changes: list[Change] = []
    for line in table.lines:
        now = known.get(line["email"].lower())
        person, wrong = _person(line, role_labels, "active" in table.headings, now)
        problems += wrong
        if person:
            wanted[line.number] = person
            changes.append(_change(line.number, person, now, role_labels))
    problems.sort(key=lambda problem: problem.line or 0)
    return PeoplePlan(Plan(tuple(changes), tuple(problems)), wanted)


def _person(
    line: Line, role_labels: Mapping[str, str], says_active: bool, now: Person | None
) -> tuple[Person | None, list[LineProblem]]:
    problems: list[LineProblem] = []

    def wrong(column: str, message: str) -> None:
        problems.append(LineProblem(line.number, column, message))

    name, address = " ".join(line["name"].split()), line["email"].lower()
    if not name:
        wrong("name", "There is no name.")
    elif len(name) > MAX_NAME:
        wrong("name", f"The name is longer than {MAX_NAME} characters.")
    if not ADDRESS.match(address) or len(address) > MAX_EMAIL:
        wrong("email", f"“{line['email']}” is not an email address.")
    roles, unknown = _roles(line["roles"], role_labels)
    for word in unknown:
        wrong("roles", f"There is no role called “{word}”.")
    active: bool | None = now.active if now else True
    if says_active and line["active"]:
        active = yes_or_no(line["active"])
    if active is None:
        wrong("active", f"“{line['active']}” is neither yes nor no.")
    if problems or active is None:
        return None, problems
    return Person(name, address, roles, active), []


def _roles(text: str, role_labels: Mapping[str, str]) -> tuple[frozenset[str], list[str]]:
    codes = {label.casefold(): code for code, label in role_labels.items()}
    codes |= {code: code for code in role_labels}
    words = [word.strip() for word in re.split(r"[;,|]", text) if word.strip()]
    unknown = [word for word in words if word.casefold() not in codes]
    return frozenset(codes[w.casefold()] for w in words if w.casefold() in codes), unknown


def _change(number: int, person: Person, now: Person | None, labels: Mapping[str, str]) -> Change:
    def words(roles: frozenset[str]) -> str:
        return ", ".join(label for code, label in labels.items() if code in roles) or "no role"

    if now is None:
        return Change(number, person.name, "add", (person.email, words(person.roles)))
    details = []
    if person.name != now.name:
        details.append(f"name: {now.name} → {person.name}")
    if person.roles != now.roles:
        details.append(f"roles: {words(now.roles)} → {words(person.roles)}")
    if person.active != now.active:
        details.append("can sign in again" if person.active else "can no longer sign in")
    return Change(number, person.name, "change" if details else "same", tuple(details))
