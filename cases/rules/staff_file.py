"""What a council's staff list would change: who is new, changed, gone, and who is not in it.

The text comes from `cases.importers.staff_list`: one line for each person under fixed headings,
with the line's number in the council's own file. Somebody is known again by the staff number, else
by name and team: who has no number here, or, of a line without one, the only one there. Nobody is
made a sign-in, and nobody's leaving is taken from an absence: who is gone from the list only loses
the mark of being in it. Teams that are new are made, and what is empty in a team is filled in; a
manager or service that says otherwise is told and left alone, because it decides who sees a team's
audits.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from accounts.rules.table_file import Change, Line, LineProblem, Plan, TableFile

REQUIRED = ("line", "practitioner", "team")
OPTIONAL = ("staff_number", "service", "manager", "agency", "started_on", "disability_team")
LONGEST = {"practitioner": 150, "team": 120, "staff_number": 40}
_UNREADABLE = "?"  # as cases.importers.staff_list marks it

NameAndTeam = tuple[str, str]  # both case-folded


@dataclass(frozen=True)
class StaffMember:
    """A practitioner as the list gives them, or as they are here."""

    name: str
    team: str = ""
    staff_number: str = ""
    agency: bool = False
    started_on: date | None = None
    left_on: date | None = None
    in_list: bool = True

    @property
    def name_and_team(self) -> NameAndTeam:
        """By which somebody without a staff number is told apart."""
        return self.name.casefold(), self.team.casefold()


@dataclass(frozen=True)
class KnownMember:
    """A practitioner who is here, by id, and how many open cases they hold."""

    id: int
    person: StaffMember
    open_cases: int = 0


@dataclass(frozen=True)
class KnownTeam:
    """A team that is here, or as it would be: its service's name and its manager's address."""

    name: str
    service: str = ""
    manager: str = ""
    disability: bool = False  # it works with disabled children


@dataclass(frozen=True)
class Council:
    """What a list is compared with."""

    people: Sequence[KnownMember]
    teams: Mapping[str, KnownTeam]  # by case-folded name
    services: Mapping[str, str]  # case-folded name or code → name
    managers: Mapping[str, str]  # case-folded address, or name where only one has it → address


@dataclass(frozen=True)
class StaffPlan:
    """What the list would do, in words and as things.

    ``wanted``: line → (id of who is changed, None for somebody new; how they are to be).
    ``gone``: ids of those who were in the list before this one. ``remarks`` stop nothing.
    """

    plan: Plan
    team_changes: tuple[Change, ...] = ()
    remarks: tuple[LineProblem, ...] = ()
    wanted: Mapping[int, tuple[int | None, StaffMember]] = field(default_factory=dict)
    teams: Mapping[int, KnownTeam] = field(default_factory=dict)
    gone: tuple[KnownMember, ...] = ()
    unmatched: tuple[KnownMember, ...] = ()  # hold open cases and will be in no list

    @property
    def does_something(self) -> bool:
        """False for the same list again."""
        return self.plan.does_something or bool(self.team_changes)

    @property
    def digest(self) -> str:
        """Stands for exactly this plan: what is confirmed must be what was shown."""
        return hashlib.sha256(repr((self.plan.digest, self.team_changes)).encode()).hexdigest()


def plan_staff(table: TableFile, council: Council) -> StaffPlan:
    """What ``table`` would do to ``council``; no changes where a line cannot be used."""
    lines = [_renumbered(line) for line in table.lines]
    problems = [*table.problems, *_double(lines)]
    for line in lines:
        problems += _wrong_cells(line)
    matched, more = _match(lines, council)
    problems += more
    if problems:
        ordered = sorted(problems, key=lambda problem: problem.line or 0)
        return StaffPlan(Plan((), tuple(ordered)))
    wanted = {
        line.number: _member(line, table.headings, matched.get(line.number)) for line in lines
    }
    here = {one.id for one in matched.values()}
    gone = tuple(one for one in council.people if one.id not in here and one.person.in_list)
    teams, team_changes, remarks = _teams(lines, council)
    told = [
        *_namesakes(lines, matched, council),
        *(one for line in lines for one in _left_out(line)),
    ]
    changes = [_change(number, who, matched.get(number)) for number, who in wanted.items()]
    changes += [Change(0, one.person.name, "gone", (_where(one.person),)) for one in gone]
    return StaffPlan(
        plan=Plan(tuple(changes), ()),
        team_changes=tuple(team_changes),
        remarks=tuple(sorted([*remarks, *told], key=_by_line)),
        wanted={
            number: (matched[number].id if number in matched else None, who)
            for number, who in wanted.items()
        },
        teams=teams,
        gone=gone,
        unmatched=tuple(one for one in council.people if one.id not in here and one.open_cases),
    )


def _by_line(problem: LineProblem) -> int:
    return problem.line or 0


def _renumbered(line: Line) -> Line:
    """With the number that the line has in the council's own file."""
    number = line["line"]
    return Line(int(number), line.cells) if number.isascii() and number.isdigit() else line


def _key(line: Line) -> NameAndTeam:
    return line["practitioner"].casefold(), line["team"].casefold()


# What is wrong with a line


def _double(lines: Iterable[Line]) -> list[LineProblem]:
    """Staff numbers, and people without one, that stand in the list twice."""
    problems: list[LineProblem] = []
    numbers: dict[str, int] = {}
    people: dict[NameAndTeam, int] = {}
    for line in lines:
        if line["practitioner"] == _UNREADABLE:
            continue
        number = line["staff_number"]
        if number and number in numbers:
            again = f"The same staff number as on line {numbers[number]}."
            problems.append(LineProblem(line.number, "staff_number", again))
        if not number and _key(line) in people:
            again = f"The same name and team as on line {people[_key(line)]}, and no staff number."
            problems.append(LineProblem(line.number, "practitioner", again))
        if number:
            numbers.setdefault(number, line.number)
        else:
            people.setdefault(_key(line), line.number)
    return problems


def _wrong_cells(line: Line) -> list[LineProblem]:
    problems = []
    if line["practitioner"] == _UNREADABLE:
        words = (
            "This line has more values than there are headings. If a value has a comma in it, put "
            "it in quotation marks."
        )
        return [LineProblem(line.number, "practitioner", words)]
    if not line["practitioner"]:
        problems.append(LineProblem(line.number, "practitioner", "There is no name."))
    for column, most in LONGEST.items():
        if len(line[column]) > most:
            words = f"This is longer than {most} characters."
            problems.append(LineProblem(line.number, column, words))
    if line["staff_number"].startswith(_UNREADABLE):
        typed = line["staff_number"].removeprefix(_UNREADABLE)
        words = f"“{typed}” was shortened by a spreadsheet: format the column as text."
        problems.append(LineProblem(line.number, "staff_number", words))
    return problems


def _left_out(line: Line) -> Iterator[LineProblem]:
    """What is only told: without it the line is right all the same."""
    for column, wrong in (
        ("agency", "is neither yes nor no, agency nor permanent"),
        ("started_on", "is not a date"),
        ("disability_team", "is neither yes nor no"),
    ):
        if not _readable(line, column):
            typed = line[column].removeprefix(_UNREADABLE)
            yield LineProblem(line.number, column, f"“{typed}” {wrong}: left out.")


def _readable(line: Line, column: str) -> bool:
    text = line[column]
    if column == "started_on":
        return not text or _day(text) is not None
    return text in ("", "yes", "no")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# Who is who


_SEVERAL = (
    "Several people here have this name and team. Tell them apart by staff numbers, here and in "
    "the list."
)
_ANOTHER_LINE = (
    "Another line can mean the one person here of this name and team. Give this line a staff "
    "number."
)


def _match(
    lines: Sequence[Line], council: Council
) -> tuple[dict[int, KnownMember], list[LineProblem]]:
    """Line number → who they are here; and where it cannot be told."""
    by_number = {one.person.staff_number: one for one in council.people if one.person.staff_number}
    by_name: dict[NameAndTeam, list[KnownMember]] = defaultdict(list)
    for one in council.people:
        by_name[one.person.name_and_team].append(one)
    named = {by_number[no].id for line in lines if (no := line["staff_number"]) in by_number}
    unknown = Counter(_key(line) for line in lines if line["staff_number"] not in by_number)
    matched: dict[int, KnownMember] = {}
    problems: list[LineProblem] = []
    for line in lines:
        if line["staff_number"] in by_number:
            matched[line.number] = by_number[line["staff_number"]]
            continue
        namesakes = by_name.get(_key(line), [])
        meant = [one for one in namesakes if not one.person.staff_number]
        if not meant and not line["staff_number"]:
            meant = [one for one in namesakes if one.id not in named]
        if len(meant) == 1 and unknown[_key(line)] == 1:
            matched[line.number] = meant[0]
        elif not line["staff_number"] and namesakes:
            words = _SEVERAL if len(meant) > 1 else _ANOTHER_LINE
            problems.append(LineProblem(line.number, "practitioner", words))
    return matched, problems


def _namesakes(
    lines: Iterable[Line], matched: Mapping[int, KnownMember], council: Council
) -> list[LineProblem]:
    """New people whose name is here already, in another team or not to be told apart."""
    taken = {one.id for one in matched.values()}
    found = defaultdict(list)
    for one in council.people:
        if one.id not in taken and not one.person.staff_number:
            found[one.person.name.casefold()].append(one.person.team or "no team")
    return [
        LineProblem(
            line.number,
            "practitioner",
            f"Taken as somebody new. {line['practitioner']} is here without a staff number in "
            f"{', '.join(found[line['practitioner'].casefold()])}: is it the same person?",
        )
        for line in lines
        if line.number not in matched and line["practitioner"].casefold() in found
    ]


def _member(line: Line, headings: Iterable[str], now: KnownMember | None) -> StaffMember:
    """How somebody is to be: a column that is not in the file changes nothing."""
    who = now.person if now else StaffMember(line["practitioner"])
    # Names are spelt as here where only the capitals differ: lists of cases know them so.
    if line["practitioner"].casefold() != who.name.casefold():
        who = replace(who, name=line["practitioner"])
    if line["team"].casefold() != who.team.casefold():
        who = replace(who, team=line["team"])
    if line["staff_number"]:
        who = replace(who, staff_number=line["staff_number"])
    if "agency" in headings and line["agency"] and _readable(line, "agency"):
        who = replace(who, agency=line["agency"] == "yes")
    if "started_on" in headings and line["started_on"] and _readable(line, "started_on"):
        who = replace(who, started_on=_day(line["started_on"]))
    return replace(who, left_on=None, in_list=True)


# Teams


def _teams(
    lines: Sequence[Line], council: Council
) -> tuple[dict[int, KnownTeam], list[Change], list[LineProblem]]:
    """Teams to make or to fill in, by the first line that names them; and what is only told."""
    of_team: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line["team"]:
            of_team[line["team"].casefold()].append(line)
    wanted: dict[int, KnownTeam] = {}
    changes: list[Change] = []
    remarks: list[LineProblem] = []
    for key, members in of_team.items():
        first = members[0]
        now = council.teams.get(key)
        team = now or KnownTeam(first["team"])
        service, told = _one_word(members, "service", council.services, team.service)
        remarks += told
        manager, told = _one_word(members, "manager", council.managers, team.manager)
        remarks += told
        disability, told = _disability_team(members, team)
        remarks += told
        team = replace(
            team,
            service=team.service or service,
            manager=team.manager or manager,
            disability=disability,
        )
        if team != now:
            wanted[first.number] = team
            changes.append(_team_change(first.number, team, now))
    return wanted, changes, remarks


def _one_word(
    members: Sequence[Line], column: str, known: Mapping[str, str], present: str
) -> tuple[str, list[LineProblem]]:
    """What all lines of a team say in a column, "" where they differ or it is not known here."""
    said = {line[column].casefold(): line for line in members if line[column]}
    meant = {known.get(word, "") for word in said} - {""}
    told = [
        LineProblem(line.number, column, f"{_unknown(column)} “{line[column]}”: left out.")
        for word, line in said.items()
        if word not in known
    ]
    first = next(iter(said.values()), None)
    if first is not None and len(meant) > 1:
        words = f"{first['team']} has several in this column, so none is taken."
        return "", [*told, LineProblem(first.number, column, words)]
    one = next(iter(meant), "")
    if first is not None and one and present and one != present:
        words = f"{first['team']} keeps {present}: an administrator can change that."
        told.append(LineProblem(first.number, column, words))
    return one, told


def _disability_team(members: Sequence[Line], team: KnownTeam) -> tuple[bool, list[LineProblem]]:
    """Whether a team is marked afterwards: where all its lines that say anything say yes."""
    said = {line["disability_team"]: line for line in members if line["disability_team"]}
    words = ""
    if len(said.keys() & {"yes", "no"}) > 1:
        words = f"{team.name} has yes and no in this column, so neither is taken."
    elif "no" in said and team.disability:
        words = f"{team.name} stays a disability team: an administrator can change that."
    told = [
        LineProblem(line.number, "disability_team", words)
        for answer, line in said.items()
        if words and answer == "no"
    ]
    return team.disability or ("yes" in said and "no" not in said), told


def _unknown(column: str) -> str:
    if column == "manager":
        return "Nobody who can sign in as a team manager is"
    return "There is no service called"


# In words


def _change(number: int, who: StaffMember, now: KnownMember | None) -> Change:
    if now is None:
        return Change(number, who.name, "add", _details(who, StaffMember(who.name), new=True))
    details = _details(who, now.person, new=False)
    return Change(number, now.person.name, "change" if details else "same", details)


def _details(who: StaffMember, before: StaffMember, *, new: bool) -> tuple[str, ...]:
    facts = [
        ("name", before.name, who.name),
        ("staff number", before.staff_number, who.staff_number),
        ("team", before.team, who.team),
        ("employment", _contract(before), _contract(who)),
        ("started on", _written(before.started_on), _written(who.started_on)),
    ]
    found = [
        f"{label}: {now}" if new else f"{label}: {then or 'none'} → {now or 'none'}"
        for label, then, now in facts
        if then != now
    ]
    if before.left_on and not new:
        found.append(f"had left on {_written(before.left_on)}: is here again")
    if not before.in_list and not new:
        found.append("is in the staff list now")
    return tuple(found)


def _team_change(number: int, team: KnownTeam, now: KnownTeam | None) -> Change:
    before = now or KnownTeam(team.name)
    facts = [
        ("service", before.service, team.service),
        ("manager", before.manager, team.manager),
        ("disability team", _yes(before.disability), _yes(team.disability)),
    ]
    details = tuple(f"{label}: {value}" for label, then, value in facts if then != value)
    return Change(number, team.name, "change" if now else "add", details)


def _yes(marked: bool) -> str:
    return "yes" if marked else "no"


def _contract(who: StaffMember) -> str:
    return "agency" if who.agency else "permanent"


def _written(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _where(who: StaffMember) -> str:
    return who.team or "no team"
