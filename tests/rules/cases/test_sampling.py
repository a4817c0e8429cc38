"""The draw: quotas, rotation, families, reserves, and what makes it the same everywhere."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.rules.frame import Frame, FrameCase
from cases.rules.policy import CasePolicy, DrawPolicy
from cases.rules.rotation import Lots
from cases.rules.sampling import (
    DrawResult,
    StratumResult,
    clean_seed,
    draw,
    quota_of,
    reserves_of,
)
from config.launch import ROOT
from tests.rules.cases.frames import PLAIN, POLICIES, SEEDS, council, frame_of, frames, plain_cases
from tests.rules.cases.literal_draw import literal_draw

POLICY = DrawPolicy()
RATES = st.fractions(Fraction(1, 100), 1, max_denominator=100)


def only_stratum(result: DrawResult) -> StratumResult:
    (stratum,) = result.strata
    return stratum


def keys_by_stratum(result: DrawResult) -> dict[str, tuple[list[str], list[str]]]:
    found: dict[str, tuple[list[str], list[str]]] = {s.name: ([], []) for s in result.strata}
    for case in result.drawn:
        found[case.stratum][case.role == "reserve"].append(case.key)
    return found


# Quotas


@pytest.mark.parametrize(
    ("open_cases", "not_eligible", "quota", "reserves"),
    [(140, 0, 7, 4), (141, 0, 8, 4), (140, 40, 7, 4), (1, 0, 1, 0), (20, 0, 1, 2), (21, 0, 2, 2)],
)
def test_quota_is_a_share_of_all_open_cases(
    open_cases: int, not_eligible: int, quota: int, reserves: int
) -> None:
    frame = frame_of(*plain_cases(open_cases, not_eligible=not_eligible))
    numbers = only_stratum(draw(frame, "seed", POLICY))
    assert numbers.open == open_cases
    assert numbers.eligible == open_cases - not_eligible
    assert numbers.not_eligible == ({"restricted": not_eligible} if not_eligible else {})
    assert (numbers.quota, numbers.selected, numbers.shortfall) == (quota, quota, 0)
    assert numbers.reserves == reserves


def test_a_shortfall_is_shown_and_explained() -> None:
    numbers = only_stratum(draw(frame_of(*plain_cases(140, not_eligible=137)), "seed", POLICY))
    assert (numbers.quota, numbers.selected, numbers.shortfall) == (7, 3, 4)
    assert (numbers.reserves_wanted, numbers.reserves) == (4, 0)
    assert numbers.shortfall_because == "Only 3 of 140 open cases are eligible."
    assert numbers.as_dict()["shortfall"] == 4


def test_a_shortfall_for_siblings_says_so() -> None:
    cases = [FrameCase(f"{n}", "A", "", "", "f1") for n in range(4)]
    numbers = only_stratum(draw(frame_of(*cases), "seed", replace(POLICY, rate=Fraction(1, 2))))
    assert (numbers.quota, numbers.selected, numbers.reserves) == (2, 1, 2)
    assert "sibling was already selected" in numbers.shortfall_because


def test_no_shortfall_needs_no_words() -> None:
    assert only_stratum(draw(frame_of(*plain_cases(5)), "seed", POLICY)).shortfall_because == ""


def test_an_empty_stratum_is_shown_with_zeros() -> None:
    frame = frame_of(*plain_cases(20), empty=frozenset({"Care Leavers"}))
    assert draw(frame, "seed", POLICY).strata_as_dict()["Care Leavers"] == {
        "open": 0,
        "eligible": 0,
        "not_eligible": {},
        "quota": 0,
        "selected": 0,
        "reserves_wanted": 0,
        "reserves": 0,
        "shortfall": 0,
    }


def test_a_stratum_without_eligible_cases_is_all_shortfall() -> None:
    numbers = only_stratum(draw(frame_of(*plain_cases(30, not_eligible=30)), "seed", POLICY))
    assert (numbers.quota, numbers.selected, numbers.shortfall) == (2, 0, 2)


def test_an_empty_frame_cannot_be_drawn_from() -> None:
    with pytest.raises(ValueError, match="holds no open case"):
        draw(frame_of(empty=frozenset({"Early Help"})), "seed", POLICY)


@given(st.integers(0, 5000), POLICIES)
def test_quota_of(open_cases: int, policy: DrawPolicy) -> None:
    quota = quota_of(open_cases, policy)
    assert 0 <= quota <= open_cases
    assert quota >= min(policy.minimum_per_stratum, open_cases)
    if policy.rounding == "up":
        assert quota >= open_cases * policy.rate
    share = open_cases * policy.rate
    assert quota < share + 1 or quota <= policy.minimum_per_stratum
    assert reserves_of(quota, policy) >= quota * policy.reserve_share


# Against the rules taken literally


@settings(max_examples=150)
@given(frames(), SEEDS, POLICIES)
def test_like_the_rules_taken_word_by_word(frame: Frame, seed: str, policy: DrawPolicy) -> None:
    assert keys_by_stratum(draw(frame, seed, policy)) == literal_draw(frame, seed, policy)


@settings(max_examples=50)
@given(frames(), SEEDS, POLICIES)
def test_like_that_also_where_the_lowest_tickets_are_sorted_first(
    frame: Frame, seed: str, policy: DrawPolicy
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lots, "SORTED_AT_ONCE", 3)
        found = draw(frame, seed, policy)
    assert found.sha256 == draw(frame, seed, policy).sha256
    assert keys_by_stratum(found) == literal_draw(frame, seed, policy)


@pytest.mark.parametrize("different", [1, 2, 40_000])
def test_lots_come_by_ticket_and_key_however_far_they_are_looked_at(different: int) -> None:
    cases = [FrameCase(f"{number:05}", "A") for number in range(12_000)]
    random.Random(7).shuffle(cases)
    given = [((int(case.key) * 7919 % different).to_bytes(2), case) for case in cases]
    expected, lots = sorted(given), Lots(given)
    assert [lot for lot, _ in zip(lots, range(10), strict=False)] == expected[:10]
    assert list(lots) == expected
    assert list(lots) == expected
    assert not list(Lots([]))


@pytest.mark.parametrize("size", range(1, 13))
def test_every_small_size_against_brute_force(size: int) -> None:
    """Every way of giving up to 12 cases to practitioners and families in regular patterns."""
    for people, siblings, rested in product((1, 2, 3, 13), (1, 2, 3), ((), ("p0",), ("p0", "p1"))):
        cases = [
            FrameCase(f"{n:x}", "AB"[n % 2], "", f"p{n % people}", f"f{n // siblings}")
            for n in range(size)
        ]
        frame = frame_of(*cases, rested=frozenset(rested))
        for rate in (Fraction(1, 20), Fraction(1, 3), Fraction(1)):
            policy = replace(POLICY, rate=rate)
            assert keys_by_stratum(draw(frame, "7 3", policy)) == literal_draw(frame, "7 3", policy)


# What holds for every draw


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES)
def test_nobody_is_drawn_twice_or_without_being_eligible(
    frame: Frame, seed: str, policy: DrawPolicy
) -> None:
    result = draw(frame, seed, policy)
    by_key = {case.key: case for case in frame.cases}
    assert len({case.key for case in result.drawn}) == len(result.drawn)
    assert all(not by_key[case.key].not_eligible for case in result.drawn)
    assert all(by_key[case.key].stratum == case.stratum for case in result.drawn)
    for stratum in result.strata:
        ranks = [case.rank for case in result.drawn if case.stratum == stratum.name]
        roles = [case.role for case in result.drawn if case.stratum == stratum.name]
        assert ranks == list(range(1, stratum.selected + stratum.reserves + 1))
        assert roles == ["selected"] * stratum.selected + ["reserve"] * stratum.reserves
        assert stratum.open == stratum.eligible + sum(stratum.not_eligible.values())


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES, st.randoms())
def test_order_of_the_rows_changes_nothing(
    frame: Frame, seed: str, policy: DrawPolicy, dice: random.Random
) -> None:
    rows = list(frame.cases)
    dice.shuffle(rows)
    again = draw(replace(frame, cases=tuple(rows)), seed, policy)
    assert again == draw(frame, seed, policy)
    assert again.sha256 == draw(frame, seed, policy).sha256


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES)
def test_one_child_of_a_family_is_selected(frame: Frame, seed: str, policy: DrawPolicy) -> None:
    family = {case.key: case.family for case in frame.cases}
    result = draw(frame, seed, replace(policy, one_per_family=True))
    selected = [family[case.key] for case in result.selected if family[case.key]]
    assert len(set(selected)) == len(selected)


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES, st.integers(0, 10))
def test_more_reserves_keep_those_there_were(
    frame: Frame, seed: str, policy: DrawPolicy, more: int
) -> None:
    few = draw(frame, seed, policy)
    many = draw(frame, seed, replace(policy, reserve_minimum=policy.reserve_minimum + more))
    assert set(few.drawn) <= set(many.drawn)
    assert few.selected == many.selected


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES)
def test_a_higher_rate_keeps_those_there_were_where_families_do_not_meddle(
    frame: Frame, seed: str, policy: DrawPolicy
) -> None:
    policy = replace(policy, one_per_family=False, rate=Fraction(1, 10))
    few = {case.key for case in draw(frame, seed, policy).selected}
    many = draw(frame, seed, replace(policy, rate=Fraction(1, 2))).selected
    assert few <= {case.key for case in many}


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES, RATES, RATES)
def test_a_higher_rate_keeps_those_there_were_within_one_stratum(
    frame: Frame, seed: str, policy: DrawPolicy, one: Fraction, other: Fraction
) -> None:
    """With families on: within a stratum each case is decided by those before it alone."""
    alone = replace(
        frame,
        cases=tuple(case._replace(stratum="A") for case in frame.cases),
        empty_strata=frozenset(),
    )
    policy = replace(policy, one_per_family=True)
    lower, higher = sorted((one, other))
    few = draw(alone, seed, replace(policy, rate=lower)).selected
    many = draw(alone, seed, replace(policy, rate=higher)).selected
    assert many[: len(few)] == few


def test_a_higher_rate_may_leave_a_sibling_in_a_later_stratum_out() -> None:
    """The exception that docs/draw.md names: a sibling that only the higher rate takes."""
    cases = [FrameCase(f"a{n}", "A", "", "", "f" if n == 9 else "") for n in range(10)]
    cases += [FrameCase("b0", "B", "", "", "f")]
    seed = next(
        seed
        for seed in map(str, range(1000))
        if draw(frame_of(*cases), seed, POLICY).selected[0].key != "a9"
    )
    few = {case.key for case in draw(frame_of(*cases), seed, POLICY).selected}
    everything = replace(POLICY, rate=Fraction(1))
    many = {case.key for case in draw(frame_of(*cases), seed, everything).selected}
    assert few - many == {"b0"}


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES)
def test_in_a_pass_a_practitioner_has_at_most_one(
    frame: Frame, seed: str, policy: DrawPolicy
) -> None:
    person = {case.key: case.practitioner for case in frame.cases}
    result = draw(frame, seed, replace(policy, rotation=True, rate=Fraction(1)))
    turns = Counter(
        (case.stratum, person[case.key], case.pass_number)
        for case in result.drawn
        if person[case.key]
    )
    assert all(times == 1 for times in turns.values())
    for case in result.drawn:
        if not person[case.key]:
            assert case.pass_number == 1
        if person[case.key] in frame.rested:
            assert case.pass_number >= 2


@settings(max_examples=80)
@given(frames(), SEEDS, POLICIES)
def test_whoever_has_a_lower_ticket_than_a_selected_case_is_selected_or_accounted_for(
    frame: Frame, seed: str, policy: DrawPolicy
) -> None:
    everything = replace(policy, rate=Fraction(1), rotation=False, one_per_family=False)
    ticket = {case.key: case.ticket for case in draw(frame, seed, everything).drawn}
    result = draw(frame, seed, policy)
    chosen = {case.key for case in result.selected}
    expected = {
        case.key
        for case in frame.cases
        if case.key in ticket
        and case.key not in chosen
        and any(s.stratum == case.stratum and s.ticket > ticket[case.key] for s in result.selected)
    }
    assert {case.key for case in result.passed_over} == expected
    assert all(case.because.endswith(".") for case in result.passed_over)


# Rotation and families, by example


def test_with_enough_practitioners_nobody_is_drawn_twice() -> None:
    cases = [FrameCase(f"{n:04}", "A", "", f"p{n % 20}") for n in range(400)]
    person = {case.key: case.practitioner for case in cases}
    selected = draw(frame_of(*cases), "seed", POLICY).selected
    assert len(selected) == 20
    assert len({person[case.key] for case in selected}) == 20


def test_rested_practitioners_wait_for_the_second_pass_but_are_not_excluded() -> None:
    cases = [FrameCase(f"{n:04}", "A", "", f"p{n % 4}") for n in range(80)]
    frame = frame_of(*cases, rested=frozenset({"p0", "p1"}))
    person = {case.key: case.practitioner for case in cases}
    four = [person[case.key] for case in draw(frame, "seed", POLICY).selected]
    assert set(four[:2]) == {"p2", "p3"}
    all_rested = replace(frame, rested=frozenset({"p0", "p1", "p2", "p3"}))
    assert len({person[c.key] for c in draw(all_rested, "seed", POLICY).selected}) == 4


def test_rotation_is_by_stratum() -> None:
    cases = [FrameCase(f"{s}{n}", s, "", "p1") for s in "AB" for n in range(3)]
    assert [c.pass_number for c in draw(frame_of(*cases), "seed", POLICY).selected] == [1, 1]


def test_reasons_of_those_passed_over() -> None:
    cases = [FrameCase(f"{n:03}", "A", "", f"p{n % 20}", f"f{n // 3}") for n in range(60)]
    rested = frozenset(f"p{n}" for n in range(10))
    policy = replace(POLICY, rate=Fraction(1, 6))
    result = draw(frame_of(*cases, rested=rested), "seed", policy)
    assert {case.code for case in result.passed_over} == {"family", "practitioner", "rested"}
    first = {case.code: case for case in result.passed_over}
    assert "audited last quarter" in first["rested"].because
    assert "same practitioner" in first["practitioner"].because
    assert "sibling" in first["family"].because


def test_a_passed_over_sibling_is_the_last_of_the_reserves() -> None:
    cases = [FrameCase(f"{n}", "A", "", "", "f1" if n < 2 else "") for n in range(6)]
    policy = replace(POLICY, rate=Fraction(1, 2), reserve_minimum=6)
    for seed in map(str, range(40)):
        result = draw(frame_of(*cases), seed, policy)
        siblings = [case.key for case in result.passed_over if case.code == "family"]
        if siblings:
            assert result.reserves[-1].key == siblings[-1]
            return
    pytest.fail("no seed drew two siblings")


# The seed


def test_another_seed_is_another_draw() -> None:
    frame = frame_of(*plain_cases(200))
    assert draw(frame, "a", PLAIN).selected != draw(frame, "b", PLAIN).selected


@pytest.mark.parametrize(
    ("typed", "seed"), [(" 1 2 3 ", "1 2 3"), ("Å", "Å"), ("dice  6", "dice  6"), ("\t7\n", "7")]
)
def test_the_seed_is_tidied(typed: str, seed: str) -> None:
    assert clean_seed(typed) == seed
    assert clean_seed(seed) == seed


@pytest.mark.parametrize(
    "typed", ["", "  ", "1\n2", "a\tb", "x" * 201, "a\u2028b", "\ud800", "a\x00"]
)
def test_what_is_no_seed_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="seed"):
        clean_seed(typed)


def test_only_a_tidy_seed_draws() -> None:
    with pytest.raises(ValueError, match="spaces around it"):
        draw(frame_of(*plain_cases(3)), " 7", POLICY)


def test_a_policy_with_more_in_it_draws_the_same() -> None:
    frame = frame_of(*plain_cases(50))
    result = draw(frame, "7", CasePolicy(minimum_weeks_open=2))
    assert result == draw(frame, "7", POLICY)
    assert result.policy == POLICY


def test_every_process_draws_the_same() -> None:
    """Python's own hashes differ from process to process; the draw must not see them."""
    code = (
        "from tests.rules.cases.frames import council; from cases.rules.sampling import draw;"
        "from cases.rules.policy import DrawPolicy;"
        "print(draw(council(300, 4), 'seed', DrawPolicy()).sha256)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert hashes == {draw(council(300, 4), "seed", POLICY).sha256}


# Chances


def test_without_rotation_and_families_every_case_has_the_same_chance() -> None:
    """Chi-square over 2,000 draws of 6 from 60 at fixed seeds.

    Draws without replacement make the statistic (n-1)/(n-m) times smaller than chi-square with
    n-1 = 59 degrees of freedom; 98.3 and 31.0 are its 99.9% and 0.1% points.
    """
    draws, cases, quota = 2000, 60, 6
    frame = frame_of(*plain_cases(cases))
    policy = replace(PLAIN, rate=Fraction(1, 10), reserve_minimum=0, reserve_share=Fraction(0))
    counts = Counter(
        case.key for n in range(draws) for case in draw(frame, f"seed {n}", policy).selected
    )
    expected = draws * quota / cases
    statistic = sum((counts[case.key] - expected) ** 2 / expected for case in frame.cases)
    assert 31.0 < statistic * (cases - 1) / (cases - quota) < 98.3


def test_a_big_frame_keeps_its_promises() -> None:
    frame = council(30_000, seed=2)
    result = draw(frame, "seed", POLICY)
    assert all(s.selected == s.quota == quota_of(s.open, POLICY) for s in result.strata)
    assert len({case.key for case in result.drawn}) == len(result.drawn)
