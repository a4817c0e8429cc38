"""A staff list against what is known: who is who, what changes, and that nothing changes twice."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.table_file import read_table
from cases.importers.records import FileRefused
from cases.importers.staff_list import read_staff
from cases.rules.staff_file import (
    OPTIONAL,
    REQUIRED,
    Council,
    KnownMember,
    KnownTeam,
    StaffMember,
    StaffPlan,
    plan_staff,
)

TODAY = date(2026, 11, 23)
HEAD = "line,practitioner,team,staff_number,agency,started_on"
SERVICES = {"child_protection": "Child Protection", "child protection": "Child Protection"}
MANAGERS = {"mandy ager": "mandy@x.test", "mandy@x.test": "mandy@x.test", "oz@x.test": "oz@x.test"}


def known(pk: int, name: str, team: str = "Riverside", cases: int = 0, **more: Any) -> KnownMember:
    return KnownMember(pk, StaffMember(name, team, **{"in_list": False, **more}), cases)


def council(*people: KnownMember, **teams: KnownTeam) -> Council:
    riverside = {"riverside": KnownTeam("Riverside", "Child Protection", "mandy@x.test")}
    return Council(people, riverside | teams, SERVICES, MANAGERS)


def plan(text: str, *people: KnownMember, **teams: KnownTeam) -> StaffPlan:
    table = read_table(text, required=REQUIRED, optional=OPTIONAL)
    return plan_staff(table, council(*people, **teams))


def effects(made: StaffPlan) -> list[tuple[str, str]]:
    return [(change.name, change.effect) for change in made.plan.changes]


# Who is who


def test_staff_number_comes_first_then_name_and_team_without_one() -> None:
    made = plan(
        f"{HEAD}\n2,Pat Titioner-Smith,Hilltop,7,,\n3,ORLA TITIONER,riverside,8,yes,2026-01-05\n",
        known(1, "Pat Titioner", staff_number="7"),
        known(2, "Orla Titioner"),
        known(3, "Gone Girl", in_list=True),
        known(4, "Never Listed", cases=3),
    )
    assert made.plan.problems == ()
    assert made.wanted[2] == (1, StaffMember("Pat Titioner-Smith", "Hilltop", "7"))
    orla = StaffMember("Orla Titioner", "Riverside", "8", True, date(2026, 1, 5))
    assert made.wanted[3] == (2, orla)
    assert effects(made) == [
        ("Pat Titioner", "change"), ("Orla Titioner", "change"), ("Gone Girl", "gone"),
    ]  # fmt: skip
    assert [one.id for one in made.unmatched] == [4]


def test_a_line_without_a_number_means_the_one_of_its_name_and_team_who_has_one() -> None:
    pat = known(1, "Pat Titioner", staff_number="7", in_list=True)
    made = plan(f"{HEAD}\n2,pat titioner,Riverside,,yes,\n", pat)
    assert made.plan.problems == ()
    assert made.wanted[2] == (1, replace(pat.person, agency=True))
    assert plan("line,practitioner,team\n2,Pat Titioner,Riverside\n", pat).does_something is False
    other = plan(f"{HEAD}\n2,Pat Titioner,Riverside,9,,\n", pat)
    assert effects(other) == [("Pat Titioner", "add"), ("Pat Titioner", "gone")]


@pytest.mark.parametrize(
    ("lines", "here", "said"),
    [
        ("2,Pat,Riverside,,,\n", "7 8", "Several people here have this name and team."),
        ("2,Pat,Hilltop,7,,\n3,Pat,Riverside,,,\n", "7", "Another line can mean the one person"),
        ("2,Pat,Riverside,9,,\n3,Pat,Riverside,,,\n", "7", "Another line can mean the one"),
    ],
    ids=["two of one name", "moved with the number", "somebody new"],
)  # fmt: skip
def test_a_line_without_a_number_is_refused_where_two_people_can_be_meant(
    lines: str, here: str, said: str
) -> None:
    people = [known(pk, "Pat", staff_number=no) for pk, no in enumerate(here.split(), start=1)]
    (problem,) = plan(f"{HEAD}\n{lines}", *people).plan.problems
    assert problem.column == "practitioner"
    assert said in problem.message


def test_two_of_one_name_and_team_are_not_guessed_at() -> None:
    made = plan(
        f"{HEAD}\n2,Pat Titioner,Riverside,1,,\n3,Pat Titioner,Riverside,2,,\n",
        known(1, "Pat Titioner", cases=4),
    )
    assert effects(made) == [("Pat Titioner", "add")] * 2
    assert [remark.line for remark in made.remarks] == [2, 3]
    assert [one.id for one in made.unmatched] == [1]


def test_same_name_in_another_team_is_new_and_told() -> None:
    made = plan(f"{HEAD}\n5,Pat Titioner,Hilltop,,,\n", known(1, "Pat Titioner"))
    assert effects(made) == [("Pat Titioner", "add")]
    (remark,) = made.remarks
    assert "in Riverside: is it the same person?" in remark.message


def test_who_had_left_is_here_again() -> None:
    made = plan(f"{HEAD}\n2,Pat,Riverside,,,\n", known(1, "Pat", left_on=date(2026, 9, 1)))
    assert "had left on 1 September 2026: is here again" in made.plan.changes[0].details
    assert made.wanted[2][1].left_on is None


def test_a_column_that_is_not_there_or_empty_changes_nothing() -> None:
    one = known(1, "Pat", staff_number="7", agency=True, started_on=TODAY, in_list=True)
    assert not plan("line,practitioner,team\n2,Pat,Riverside\n", replace(
        one, person=replace(one.person, staff_number="")
    )).does_something  # fmt: skip
    assert not plan(f"{HEAD}\n2,Pat,Riverside,7,,\n", one).does_something
    assert plan(f"{HEAD}\n2,Pat,Riverside,7,no,\n", one).plan.changes[0].details == (
        "employment: agency → permanent",
    )


# What is wrong


def test_what_is_wrong_is_told_by_line_and_column_and_nothing_else_is_planned() -> None:
    made = plan(
        f"{HEAD}\n"
        "4,,Riverside,1,,\n"
        "5,Pat,Riverside,1,,\n"
        "6,Orla,Riverside,,,\n"
        "9,orla,RIVERSIDE,,,\n"
        "10,Ann,Riverside,?1.2E+12,?perhaps,?soon\n"
        f"12,{'x' * 151},Riverside,,,\n"
    )
    assert [(problem.line, problem.column) for problem in made.plan.problems] == [
        (4, "practitioner"), (5, "staff_number"), (9, "practitioner"), (10, "staff_number"),
        (12, "practitioner"),
    ]  # fmt: skip
    assert (made.wanted, made.plan.changes, made.does_something) == ({}, (), False)


def test_an_agency_word_or_a_date_that_cannot_be_read_is_told_and_left_out() -> None:
    made = plan(
        f"{HEAD}\n10,Ann,Riverside,,?perhaps,?soon\n11,Bob,Riverside,,maybe,32/1/2026\n",
        known(1, "Ann", agency=True, started_on=TODAY),
    )
    assert made.plan.problems == ()
    assert made.wanted[10] == (1, StaffMember("Ann", "Riverside", "", True, TODAY))
    assert made.wanted[11] == (None, StaffMember("Bob", "Riverside"))
    assert [(remark.line, remark.column) for remark in made.remarks] == [
        (10, "agency"), (10, "started_on"), (11, "agency"), (11, "started_on"),
    ]  # fmt: skip
    assert made.remarks[0].message == (
        "“perhaps” is neither yes nor no, agency nor permanent: left out."
    )


# Teams


def test_a_team_is_a_disability_team_where_all_its_lines_say_so() -> None:
    made = plan(
        "line,practitioner,team,disability_team\n"
        "2,A,Rainbow,yes\n3,B,rainbow,\n4,C,Mixed,yes\n5,D,Mixed,no\n6,E,Plain,no\n"
        "7,F,Stays,no\n8,G,Riverside,?some\n",
        stays=KnownTeam("Stays", disability=True),
    )
    assert made.teams[2] == KnownTeam("Rainbow", disability=True)
    assert made.teams[4] == KnownTeam("Mixed")
    assert made.teams[6] == KnownTeam("Plain")
    assert 7 not in made.teams
    assert [(remark.line, remark.column) for remark in made.remarks] == [
        (5, "disability_team"), (7, "disability_team"), (8, "disability_team"),
    ]  # fmt: skip
    assert "disability team: yes" in made.team_changes[0].details


def test_new_teams_are_made_and_what_is_empty_is_filled_in() -> None:
    made = plan(
        "line,practitioner,team,service,manager\n"
        "2,Ann,Northgate,child_protection,Mandy Ager\n"
        "3,Bob,Northgate,Child Protection,\n"
        "4,Cy,Hilltop,,oz@x.test\n",
        hilltop=KnownTeam("Hilltop", "", ""),
    )
    assert [(one.line, one.name, one.effect) for one in made.team_changes] == [
        (2, "Northgate", "add"), (4, "Hilltop", "change"),
    ]  # fmt: skip
    assert made.teams[2] == KnownTeam("Northgate", "Child Protection", "mandy@x.test")
    assert made.teams[4] == KnownTeam("Hilltop", "", "oz@x.test")
    assert made.remarks == ()


def test_who_manages_a_team_already_is_left_alone() -> None:
    made = plan(
        "line,practitioner,team,manager\n"
        "2,Ann,Riverside,oz@x.test\n"
        "3,Bob,Northgate,oz@x.test\n"
        "4,Cy,Northgate,Mandy Ager\n"
        "5,Di,Southgate,Nobody Known\n"
    )
    assert [remark.line for remark in made.remarks] == [2, 3, 5]
    assert "keeps mandy@x.test: an administrator" in made.remarks[0].message
    assert "several" in made.remarks[1].message
    assert "Nobody who can sign in as a team manager is “Nobody Known”" in made.remarks[2].message
    assert {team.manager for team in made.teams.values()} == {""}


# The same list again

names = st.sampled_from(["Ann", "Bob", "ann", "Cy Ó"])
lines = st.lists(
    st.tuples(names, st.sampled_from(["", "Riverside", "Hilltop"]),
              st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "yes", "no"])),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=150)
@given(before=lines, now=lines)
def test_the_same_list_again_changes_nothing(before: list[Any], now: list[Any]) -> None:
    def text(rows: list[Any]) -> str:
        body = [f"{k},{','.join(row)}," for k, row in enumerate(rows, start=2)]
        return "\n".join([HEAD, *body])

    def after(made: StaffPlan, people: tuple[KnownMember, ...]) -> tuple[KnownMember, ...]:
        held = {one.id: one for one in people}
        for one in made.gone:
            held[one.id] = replace(one, person=replace(one.person, in_list=False))
        for number, (pk, who) in made.wanted.items():
            key = pk if pk is not None else 100 * (len(held) + 1) + number
            held[key] = KnownMember(key, who)
        return tuple(held.values())

    people = after(plan(text(before)), ())
    made = plan(text(now), *people)
    if made.plan.problems:
        return
    there = after(made, people)
    again = plan(text(now), *there)
    assert not again.plan.problems
    assert not again.plan.does_something
    listed = [one for one in there if one.person.in_list]
    assert len(listed) == len(now)


# Files


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "staff.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def workbook(tmp_path: Path, *sheets: list[list[Any]]) -> Path:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "dd/mm/yyyy", "in_memory": True})
    for rows in sheets:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    path = tmp_path / "staff.xlsx"
    path.write_bytes(out.getvalue())
    return path


def test_headings_are_understood_as_councils_write_them(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Northmoor staff export\n\n"
        "Employee No;Surname;First Name;Team name;Line manager;Employment Type;Start date;Grade\n"
        "0042;Titioner;Pat;Riverside;Mandy Ager;Agency;05/01/2026;9\n"
        ";;;;;;;\n"
        "1009.0;Worker;Wes;N/A;;Permanent;;\n",
    )
    assert read_staff(path, today=TODAY).text.splitlines() == [
        "line,practitioner,staff_number,team,manager,agency,started_on",
        "4,Pat Titioner,0042,Riverside,Mandy Ager,yes,2026-01-05",
        "6,Wes Worker,1009,,,no,",
    ]


def test_columns_that_are_not_read_are_named_and_plain_headings_are_read(tmp_path: Path) -> None:
    given = read_staff(
        written(tmp_path, "Name,First name,Team,Grade,Employment,CWD,Email,Contract type,Grade\n"
                          "Pat,P,Riverside,9,Dunno,Yes,p@x.test,Agency,9\n"),
        today=TODAY,
    )  # fmt: skip
    assert given.text.splitlines() == [
        "line,practitioner,team,agency,disability_team", "2,Pat,Riverside,?Dunno,yes",
    ]  # fmt: skip
    assert given.unread == ("First name", "Grade", "Email", "Contract type")
    both = read_staff(written(tmp_path, "First name,Surname,Team\nPat,T,Riverside\n"), today=TODAY)
    assert both.unread == ()


def test_first_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        [["Worker", "Team", "Staff ID", "Agency", "Start"],
         ["Pat Titioner", "Riverside", 42, "Y", datetime(2026, 1, 5)],
         ["Wes Worker", "Hilltop", 10**15, "perhaps", "soon"]],
        [["Worker", "Team"], ["Not Read", "Riverside"]],
    )  # fmt: skip
    assert read_staff(path, today=TODAY).text.splitlines() == [
        "line,practitioner,staff_number,team,agency,started_on",
        "2,Pat Titioner,42,Riverside,yes,2026-01-05",
        "3,Wes Worker,?1000000000000000,Hilltop,?perhaps,?soon",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Worker Full Name,Team\nPat Titioner,Riverside\n",
        "Staff Surname,Staff Forename,Team\nTitioner,Pat,Riverside\n",
        "Worker Surname,Worker First Name,Team\nTitioner,Pat,Riverside\n",
    ],
)
def test_a_name_may_be_said_to_be_a_workers(tmp_path: Path, text: str) -> None:
    lines = read_staff(written(tmp_path, text), today=TODAY).text.splitlines()
    assert lines == ["line,practitioner,team", "2,Pat Titioner,Riverside"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Name,Phone\nPat,1\n", "needs a column “Practitioner”"),
        ("Name,Team\n,\n", "The list is empty"),
        ("%PDF-1.7 not a list", "not a spreadsheet|This file is"),
    ],
)
def test_what_is_no_list_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "staff.csv"
    path.write_text(text)
    with pytest.raises(FileRefused, match=words):
        read_staff(path, today=TODAY)


def test_too_many_people_are_refused(tmp_path: Path) -> None:
    body = "".join(f"Pat {k},Riverside\n" for k in range(5001))
    with pytest.raises(FileRefused, match="more than 5,000"):
        read_staff(written(tmp_path, "Name,Team\n" + body), today=TODAY)
