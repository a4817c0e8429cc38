"""What a list of teams, or of Heads of Service, would change."""

from __future__ import annotations

import pytest

from accounts.rules.table_file import read_table
from cases.rules.people_files import (
    SERVICE_REQUIRED,
    TEAM_OPTIONAL,
    TEAM_REQUIRED,
    ServicePlan,
    ServiceRow,
    TeamPlan,
    TeamRow,
    plan_services,
    plan_teams,
)

SERVICES = {"child_protection": "Child Protection", "early_help": "Early Help"}
MANAGERS = {"mandy@x.test": True, "olive@x.test": True, "pat@x.test": False}
RIVER = TeamRow("Riverside", "child_protection", "mandy@x.test", "", False)
HEAD = "team,service,manager_email,deputy_email,disability"


def teams(*lines: str, head: str = HEAD, known: tuple[TeamRow, ...] = ()) -> TeamPlan:
    table = read_table("\n".join([head, *lines]), required=TEAM_REQUIRED, optional=TEAM_OPTIONAL)
    return plan_teams(table, {team.name.casefold(): team for team in known}, SERVICES, MANAGERS)


def services(*lines: str, known: tuple[ServiceRow, ...]) -> ServicePlan:
    table = read_table(
        "\n".join(["service,head_email,deputy_email", *lines]), required=SERVICE_REQUIRED
    )
    return plan_services(table, {row.name.casefold(): row for row in known}, MANAGERS)


def test_new_team_is_added_whole() -> None:
    given = teams("Hilltop,Early Help,Mandy@x.test,olive@x.test,yes")
    assert given.wanted[2] == TeamRow("Hilltop", "early_help", "mandy@x.test", "olive@x.test", True)
    assert given.plan.changes[0].effect == "add"


def test_known_team_is_found_whatever_its_capitals_and_keeps_its_name() -> None:
    given = teams("RIVERSIDE,child_protection,olive@x.test,,", known=(RIVER,))
    assert given.wanted[2].name == "Riverside"
    assert given.plan.changes[0].details == ("manager: mandy@x.test → olive@x.test",)


def test_missing_columns_change_nothing_and_empty_cells_empty() -> None:
    assert teams("Riverside,Child Protection", head="team,service", known=(RIVER,)).plan.changes[
        0
    ].effect == ("same")
    emptied = teams("Riverside,,,,", known=(RIVER,))
    assert emptied.plan.changes[0].details == (
        "service: child protection → none",
        "manager: mandy@x.test → nobody",
    )


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (",Early Help,,,", "team", "There is no name."),
        ("Hilltop,Nursing,,,", "service", "There is no service called “Nursing”."),
        ("H,,who@x.test,,", "manager_email", "Nobody who can sign in has who@x.test."),
        ("H,,,pat@x.test,", "deputy_email", "pat@x.test does not have the role Team manager."),
        ("H,,olive@x.test,Olive@x.test,", "deputy_email", "Nobody is their own deputy."),
        ("H,,,,perhaps", "disability", "“perhaps” is neither yes nor no."),
        (f"{'H' * 121},,,,", "team", "The name is longer than 120 characters."),
    ],
)
def test_what_is_wrong_with_a_line(line: str, column: str, words: str) -> None:
    given = teams(line)
    assert [(p.line, p.column, p.message) for p in given.plan.problems] == [(2, column, words)]
    assert not given.plan.changes


def test_deputy_in_the_file_may_not_be_the_manager_who_stays() -> None:
    given = teams("Riverside,,mandy@x.test", head="team,service,deputy_email", known=(RIVER,))
    assert [problem.message for problem in given.plan.problems] == ["Nobody is their own deputy."]


def test_services_get_heads_but_are_never_made() -> None:
    known = (ServiceRow("Early Help"), ServiceRow("Child Protection", "mandy@x.test"))
    given = services("early help,mandy@x.test,olive@x.test", "Nursing,,", known=known)
    assert given.wanted == {2: ServiceRow("Early Help", "mandy@x.test", "olive@x.test")}
    assert [problem.message for problem in given.plan.problems] == [
        "There is no service called “Nursing”."
    ]
