"""Who may grade a file at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.independence import (
    OWN_WORDS,
    SENTENCES,
    CaseToGrade,
    Independent,
    NotIndependent,
    Person,
    independence,
)

CASE = CaseToGrade(
    "c1",
    team="north",
    head="hilary",
    holders=frozenset({"petra", "former"}),
    line=frozenset({"manager", "hilary", "supervisor"}),
    conflicts=frozenset({"neighbour"}),
)
STRANGER = Person("stranger", team="south", head="hilary")


def codes(person: Person, case: CaseToGrade = CASE, *, other_teams: bool = True) -> list[str]:
    judged = independence(person, case, other_teams_independent=other_teams)
    return [reason.code for reason in judged.because] if isinstance(judged, NotIndependent) else []


def test_another_team_under_the_same_head_is_independent() -> None:
    assert independence(STRANGER, CASE) == Independent()


def test_unless_the_council_sets_it_otherwise() -> None:
    assert codes(STRANGER, other_teams=False) == ["same_head"]
    assert codes(replace(STRANGER, head="other"), other_teams=False) == []
    assert codes(replace(STRANGER, head=""), replace(CASE, head=""), other_teams=False) == []


@pytest.mark.parametrize(
    ("person", "code", "sentence"),
    [
        (Person("petra"), "holds", "They hold or held this case."),
        (Person("former"), "holds", "They hold or held this case."),
        (Person("x", team="north"), "own_team", "The case is of their own team."),
        (Person("hilary"), "line", "They are in the line that manages this case."),
        (Person("neighbour"), "conflict", "They declared a conflict with this case."),
        (Person("x", accredited=False), "not_accredited", "They are not accredited as an auditor."),
        (Person("x", exempt="On leave."), "exempt", "They are exempt from auditing: On leave."),
    ],
)
def test_each_reason(person: Person, code: str, sentence: str) -> None:
    judged = independence(person, CASE)
    assert isinstance(judged, NotIndependent)
    assert [(reason.code, reason.sentence) for reason in judged.because] == [(code, sentence)]


def test_all_reasons_are_given() -> None:
    case = replace(CASE, conflicts=frozenset({"petra"}), line=frozenset({"petra"}))
    person = Person("petra", team="north", exempt="New in post")
    assert codes(person, case) == ["exempt", "holds", "own_team", "line", "conflict"]


def test_every_team_of_a_person_counts_and_every_team_that_has_the_case() -> None:
    moved = replace(CASE, other_teams=frozenset({"west"}), other_heads=frozenset({"omar"}))
    for person in (
        Person("x", team="west"),
        Person("x", team="audit", other_teams=frozenset({"north"})),
        Person("x", team="audit", other_teams=frozenset({"west", "east"})),
    ):
        assert codes(person, moved) == ["own_team"]
        # The own team is reason enough; its head is not a second one.
        assert codes(replace(person, head="omar"), moved, other_teams=False) == ["own_team"]
    assert codes(Person("x", team="west")) == []
    assert codes(Person("x", "east", "omar"), moved, other_teams=False) == ["same_head"]
    elsewhere = Person("x", "east", "oona", other_heads=frozenset({"omar"}))
    assert codes(elsewhere, moved, other_teams=False) == ["same_head"]
    assert codes(elsewhere, CASE, other_teams=False) == []


def test_every_reason_has_words_for_the_person_themself() -> None:
    assert OWN_WORDS.keys() == SENTENCES.keys()


def test_having_no_team_is_no_team_in_common() -> None:
    assert codes(Person("x", team=""), replace(CASE, team="")) == []


PEOPLE = st.sampled_from(["a", "b", "c"])
TEAMS = st.sampled_from(["", "t1", "t2"])
CASES = st.builds(
    CaseToGrade,
    st.just("key"),
    team=TEAMS,
    head=TEAMS,
    holders=st.frozensets(PEOPLE),
    line=st.frozensets(PEOPLE),
    conflicts=st.frozensets(PEOPLE),
)


@given(PEOPLE, TEAMS, TEAMS, CASES, st.booleans())
def test_nobody_near_a_case_is_ever_independent(
    person: str, team: str, head: str, case: CaseToGrade, other_teams: bool
) -> None:
    judged = independence(Person(person, team, head), case, other_teams_independent=other_teams)
    near = person in case.holders | case.line | case.conflicts or (team and team == case.team)
    if near:
        assert isinstance(judged, NotIndependent)
    elif other_teams:
        assert isinstance(judged, Independent)
