"""What a list of people would change."""

from __future__ import annotations

from accounts.rules.people_file import OPTIONAL, REQUIRED, PeoplePlan, Person, plan_people
from accounts.rules.table_file import read_table

LABELS = {"auditor": "Auditor", "team_manager": "Team manager", "administrator": "Administrator"}
SAM = Person("Sam Smith", "sam@x.test", frozenset({"auditor"}))


def plan(*lines: str, head: str = "name,email,roles", known: tuple[Person, ...] = ()) -> PeoplePlan:
    table = read_table("\n".join([head, *lines]), required=REQUIRED, optional=OPTIONAL)
    return plan_people(table, {person.email: person for person in known}, LABELS)


def problems(given: PeoplePlan) -> list[tuple[int | None, str, str]]:
    return [(p.line, p.column, p.message) for p in given.plan.problems]


def test_roles_may_be_words_or_codes_with_usual_separators() -> None:
    for roles in ("Auditor; Team manager", "auditor|TEAM MANAGER", '"auditor, team_manager"'):
        given = plan(f"Sam,SAM@x.test,{roles}")
        assert given.wanted[2].roles == {"auditor", "team_manager"}
        assert given.wanted[2].email == "sam@x.test"


def test_new_person_is_added_and_known_one_changed() -> None:
    given = plan("Samuel Smith,sam@x.test,Auditor; Administrator", "Tom,tom@x.test,", known=(SAM,))
    sam, tom = given.plan.changes
    assert (sam.effect, sam.details) == (
        "change",
        ("name: Sam Smith → Samuel Smith", "roles: Auditor → Auditor, Administrator"),
    )
    assert (tom.effect, tom.details) == ("add", ("tom@x.test", "no role"))


def test_line_that_says_what_is_so_changes_nothing() -> None:
    given = plan("Sam Smith,Sam@X.test,auditor", known=(SAM,))
    assert [change.effect for change in given.plan.changes] == ["same"]
    assert not given.plan.does_something


def test_file_without_the_column_leaves_a_stopped_sign_in_stopped() -> None:
    stopped = Person("Sam Smith", "sam@x.test", frozenset({"auditor"}), active=False)
    assert not plan("Sam Smith,sam@x.test,auditor", known=(stopped,)).plan.does_something
    head = "name,email,roles,active"
    again = plan("Sam Smith,sam@x.test,auditor,yes", head=head, known=(stopped,))
    assert again.plan.changes[0].details == ("can sign in again",)


def test_empty_cell_for_active_changes_nothing() -> None:
    given = plan("Sam Smith,sam@x.test,auditor,", head="name,email,roles,active", known=(SAM,))
    assert given.plan.changes[0].effect == "same"


def test_every_problem_of_every_line_is_named() -> None:
    given = plan(
        ",nonsense,auditor; Wizard,perhaps",
        "Sam,sam@x.test,auditor,yes",
        "Sam,sam@x.test,auditor,yes",
        head="name,email,roles,active",
    )
    assert problems(given) == [
        (2, "name", "There is no name."),
        (2, "email", "“nonsense” is not an email address."),
        (2, "roles", "There is no role called “Wizard”."),
        (2, "active", "“perhaps” is neither yes nor no."),
        (4, "email", "The same as on line 3."),
    ]


def test_digest_stands_for_what_is_shown() -> None:
    line = "Sam Smith,sam@x.test,administrator"
    assert plan(line).plan.digest == plan(line).plan.digest
    assert plan(line).plan.digest != plan(line, known=(SAM,)).plan.digest
