"""Which auditor grades which file: independent always, balanced, complete where possible."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.rules.allocation import AllocationResult, Auditor, allocate, why_nobody
from cases.rules.independence import CaseToGrade, NotIndependent, Person, independence
from config.launch import ROOT

TEAMS = ("north", "south", "east", "west")


def auditor(
    name: str, capacity: int = 6, in_hand: int = 0, team: str = "", exempt: str = ""
) -> Auditor:
    return Auditor(Person(name, team, exempt=exempt), capacity, in_hand)


def case(key: str, team: str = "central", conflicts: tuple[str, ...] = ()) -> CaseToGrade:
    return CaseToGrade(key, team, conflicts=frozenset(conflicts))


def council(cases: int, auditors: int) -> tuple[list[CaseToGrade], list[Auditor]]:
    """Cases and auditors of four teams, with as much capacity as there is work."""
    return (
        [case(f"c{n:03}", TEAMS[n % 4]) for n in range(cases)],
        [auditor(f"a{n:02}", cases // auditors + 2, team=TEAMS[n % 4]) for n in range(auditors)],
    )


def loads(result: AllocationResult, auditors: list[Auditor]) -> dict[str, int]:
    """How many cases each auditor was given, those without any included."""
    counts = Counter(assignment.auditor for assignment in result.assignments)
    return {a.person.id: counts[a.person.id] for a in auditors}


AUDITORS = st.lists(
    st.builds(
        Auditor,
        st.builds(
            Person,
            st.sampled_from("abcd"),
            st.sampled_from(["", "t1", "t2"]),
            exempt=st.sampled_from(["", "", "", "On leave"]),
            accredited=st.sampled_from([True, True, True, False]),
        ),
        capacity=st.integers(0, 4),
        in_hand=st.integers(0, 2),
    ),
    max_size=4,
    unique_by=lambda auditor: auditor.person.id,
)
CASES = st.lists(
    st.builds(
        CaseToGrade,
        st.sampled_from("123456"),
        team=st.sampled_from(["", "t1", "t2", "t3"]),
        holders=st.frozensets(st.sampled_from("ab"), max_size=1),
        conflicts=st.frozensets(st.sampled_from("abcd"), max_size=2),
    ),
    max_size=6,
    unique_by=lambda case: case.key,
)


def may_grade(person: Person, case: CaseToGrade) -> bool:
    return not isinstance(independence(person, case), NotIndependent)


def best_possible(cases: list[CaseToGrade], auditors: list[Auditor]) -> tuple[int, int]:
    """Most cases that can be given out, and then the least sum of squares of free capacity.

    By trying every way there is.
    """
    best = (0, 0)
    for ways in product([None, *auditors], repeat=len(cases)):
        counts = Counter(who.person.id for who in ways if who)
        if any(counts[a.person.id] > a.free for a in auditors):
            continue
        if all(not who or may_grade(who.person, c) for c, who in zip(cases, ways, strict=True)):
            squares = sum((a.free - counts[a.person.id]) ** 2 for a in auditors)
            best = max(best, (counts.total(), -squares))
    return best


@settings(max_examples=60)
@given(CASES, AUDITORS, st.text(max_size=5))
def test_as_many_and_as_even_as_any_way_there_is(
    cases: list[CaseToGrade], auditors: list[Auditor], seed: str
) -> None:
    result = allocate(cases, auditors, seed)
    counts = loads(result, auditors)
    squares = sum((a.free - counts[a.person.id]) ** 2 for a in auditors)
    most, least_squares = best_possible(cases, auditors)
    assert len(result.assignments) == most
    if most:
        assert -squares == least_squares


@settings(max_examples=150)
@given(CASES, AUDITORS, st.text(max_size=5), st.randoms())
def test_independence_capacity_and_nothing_lost(
    cases: list[CaseToGrade], auditors: list[Auditor], seed: str, dice: random.Random
) -> None:
    result = allocate(cases, auditors, seed)
    person = {auditor.person.id: auditor.person for auditor in auditors}
    by_key = {case.key: case for case in cases}
    assert all(may_grade(person[a.auditor], by_key[a.case]) for a in result.assignments)
    assert not any(person[a.auditor].exempt for a in result.assignments)
    assert all(person[a.auditor].accredited for a in result.assignments)
    assert all(loads(result, auditors)[a.person.id] <= a.free for a in auditors)
    given_out = [a.case for a in result.assignments] + [u.case for u in result.unallocated]
    assert sorted(given_out) == sorted(by_key)
    assert all(u.because.endswith(".") for u in result.unallocated)
    dice.shuffle(cases)
    dice.shuffle(auditors)
    assert allocate(cases, auditors, seed) == result


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_work_is_balanced_to_within_one(seed: str) -> None:
    cases, auditors = council(cases=205, auditors=40)
    result = allocate(cases, auditors, seed)
    assert result.unallocated == ()
    counts = loads(result, auditors).values()
    assert max(counts) - min(counts) <= 1


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(0, 60), st.integers(0, 3), st.text(max_size=5))
def test_among_equals_whom_nothing_rules_out_work_differs_by_one_at_most(
    people: int, work: int, spare: int, seed: str
) -> None:
    capacity = -(-work // people) + spare
    auditors = [auditor(f"a{n:02}", capacity) for n in range(people)]
    result = allocate([case(f"c{n:02}") for n in range(work)], auditors, seed)
    counts = loads(result, auditors).values()
    assert sum(counts) == work
    assert max(counts) - min(counts) <= 1


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(0, 40), st.integers(0, 4), st.text(max_size=5))
def test_where_work_is_more_than_they_can_take_everybody_takes_all_they_can(
    people: int, work: int, capacity: int, seed: str
) -> None:
    auditors = [auditor(f"a{n:02}", capacity) for n in range(people)]
    result = allocate([case(f"c{n:02}") for n in range(work)], auditors, seed)
    given_out = min(work, people * capacity)
    counts = loads(result, auditors).values()
    assert (sum(counts), len(result.unallocated)) == (given_out, work - given_out)
    assert max(counts) - min(counts) <= 1


def test_free_capacity_is_what_is_balanced() -> None:
    auditors = [auditor("busy", 6, in_hand=5), auditor("half", 3), auditor("free", 9)]
    result = allocate([case(f"{n}") for n in range(7)], auditors, "seed")
    assert loads(result, auditors) == {"busy": 0, "half": 1, "free": 6}


def test_a_case_that_only_one_can_grade_gets_that_one() -> None:
    """Whatever the order, somebody who can grade everything makes room."""
    auditors = [auditor("any", 1), auditor("some", 1)]
    cases = [case("1"), case("2", conflicts=("some",))]
    for seed in map(str, range(20)):
        found = {a.case: a.auditor for a in allocate(cases, auditors, seed).assignments}
        assert found == {"1": "some", "2": "any"}


def test_another_seed_shuffles_ties() -> None:
    cases, auditors = council(cases=40, auditors=8)
    assert allocate(cases, auditors, "1") != allocate(cases, auditors, "2")


def test_other_teams_of_the_same_head_where_they_do_not_count_as_independent() -> None:
    near = Auditor(Person("near", "south", "hilary"), 6)
    far = Auditor(Person("far", "east", "omar"), 1)
    cases = [CaseToGrade(f"{n}", "north", "hilary") for n in range(2)]
    assert allocate(cases, [near, far], "s").unallocated == ()
    strict = allocate(cases, [near, far], "s", other_teams_independent=False)
    assert [a.auditor for a in strict.assignments] == ["far"]
    (left,) = strict.unallocated
    assert left.because == (
        "The one independent auditor has no free capacity left "
        "(the others: 1 under the same Head of Service)."
    )


@pytest.mark.parametrize(
    ("auditors", "because"),
    [
        ([], "No auditor is independent of this case."),
        (
            [
                auditor("a", team="central"),
                auditor("b", team="central"),
                auditor("c", exempt="Ill"),
            ],
            "No auditor is independent of this case: 2 of its team, 1 exempt from auditing.",
        ),
        (
            [auditor("a", 0), auditor("b", 2, in_hand=3)],
            "All 2 independent auditors have no free capacity left.",
        ),
        (
            [auditor("a", 0), auditor("x"), auditor("b", team="central")],
            (
                "The one independent auditor has no free capacity left "
                "(the others: 1 of its team, 1 with a declared conflict)."
            ),
        ),
    ],
)
def test_why_a_case_has_nobody(auditors: list[Auditor], because: str) -> None:
    hard = case("1", conflicts=("x",))
    assert why_nobody(hard, auditors) == because
    (left,) = allocate([hard], auditors, "s").unallocated
    assert left.because == because


def test_nobody_and_nothing() -> None:
    assert allocate([], [auditor("a")], "s") == AllocationResult((), ())


def test_repeats_are_refused() -> None:
    with pytest.raises(ValueError, match="case is there twice: 1"):
        allocate([case("1"), case("1")], [], "s")
    with pytest.raises(ValueError, match="auditor is there twice: a"):
        allocate([], [auditor("a"), auditor("a", 2)], "s")


def test_free_capacity_is_never_negative() -> None:
    assert auditor("a", 2, in_hand=5).free == 0
    assert replace(auditor("a", 2), in_hand=1).free == 1


def test_every_process_allocates_the_same() -> None:
    code = (
        "from tests.rules.cases.test_allocation import allocate, council;"
        "print([(a.case, a.auditor) for a in allocate(*council(30, 6), 'seed').assignments])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(printed) == 1
    assert "a05" in printed.pop()
