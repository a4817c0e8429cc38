"""Chances of being selected, estimated by drawing again and again."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from math import sqrt

import pytest
from hypothesis import given, settings

from cases.rules.frame import Frame, FrameCase
from cases.rules.inclusion import (
    Chances,
    StratumChances,
    cases_alike,
    estimate_chances,
    number_of_draws,
    simulated_seed,
)
from cases.rules.policy import DrawPolicy
from cases.rules.rotation import Lots, in_turn
from cases.rules.sampling import _select, draw
from tests.rules.cases.frames import PLAIN, frame_of, frames, plain_cases

POLICY = DrawPolicy(rate=Fraction(1, 5))
DRAWS = 400


def of(frame: Frame, policy: DrawPolicy = POLICY, draws: int = DRAWS) -> Chances:
    return estimate_chances(frame, policy, draws)


def worked_by(person: str, number: int, stratum: str = "A", family: str = "") -> list[FrameCase]:
    return [FrameCase(f"{person}{n}", stratum, "", person, family) for n in range(number)]


def test_without_rotation_and_families_the_chance_is_exactly_quota_by_eligible() -> None:
    chances = of(frame_of(*plain_cases(60, not_eligible=10)), replace(PLAIN, rate=POLICY.rate))
    assert set(chances.of_case.values()) == {12 / 50}
    assert chances.strata == (
        StratumChances("Child in Need", 60, 10, 0, 12 / 50, 12 / 50, 12 / 50),
    )


def test_the_only_case_of_a_practitioner_is_more_likely() -> None:
    """One practitioner with one case, one with nine; one is selected: the lowest of ten tickets."""
    frame = frame_of(*worked_by("p", 1), *worked_by("q", 9))
    both, one = replace(POLICY, rate=Fraction(1, 5)), replace(POLICY, rate=Fraction(1, 10))
    assert of(frame, one).of_case["p0"] == pytest.approx(0.1, abs=4 * sqrt(0.09 / DRAWS))
    assert of(frame, both).of_case["p0"] == 1  # two places, two practitioners in pass 1
    assert of(frame, both).of_case["q4"] == pytest.approx(1 / 9)


def test_a_chance_of_zero_is_found_and_counted() -> None:
    """Quota 2, five practitioners in the first pass, one rested: never reached."""
    frame = frame_of(*worked_by("p", 1), *worked_by("q", 9))
    frame = replace(frame, rested=frozenset({"p"}), cases=(*frame.cases, *worked_by("r", 2)))
    chances = of(frame, replace(POLICY, rate=Fraction(1, 6)))
    assert chances.of_case["p0"] == 0
    assert chances.strata[0].never == 1
    assert chances.strata[0].lowest == 0


@pytest.mark.parametrize(
    "cases",
    [
        [*worked_by("p", 1), *worked_by("q", 2), *worked_by("r", 2, family="f")],
        [*worked_by("p", 2, family="f"), *worked_by("q", 3, family="g")],
        [FrameCase("a", "A", "", "p", "f"), *worked_by("q", 2, "B", "f"), *worked_by("p", 2, "B")],
        [FrameCase("a", "A", "", "", "f"), FrameCase("b", "A", "", "", "f"), *worked_by("p", 3)],
    ],
)
def test_small_frames_have_the_chances_that_all_orders_of_tickets_give(
    cases: list[FrameCase],
) -> None:
    policy = replace(POLICY, rate=Fraction(2, 5))
    frame = frame_of(*cases)
    found = estimate_chances(frame, policy, 1_500)
    for key, chance in exactly(frame, policy).items():
        error = sqrt(chance * (1 - chance) / 1_500)
        assert found.of_case[key] == pytest.approx(chance, abs=4 * error + 1e-9), key


def exactly(frame: Frame, policy: DrawPolicy) -> dict[str, float]:
    """Every order of the tickets is as likely as any other: count the selections over all."""
    times: dict[str, int] = {case.key: 0 for case in frame.cases}
    orders = list(permutations(sorted(times)))
    for order in orders:
        families: set[str] = set()
        for name in frame.strata:
            of_stratum = [case for case in frame.cases if case.stratum == name]
            lots = Lots((bytes([order.index(case.key)]), case) for case in of_stratum)
            turns = in_turn(lots, rotation=policy.rotation, rested=frame.rested)
            quota = -(-len(of_stratum) * 2 // 5)
            for turn in _select(turns, quota, families, policy)[0]:
                times[turn.case.key] += 1
    return {key: number / len(orders) for key, number in times.items()}


def test_who_is_alike() -> None:
    frame = frame_of(
        *worked_by("p", 3), *worked_by("q", 3), *worked_by("r", 1), FrameCase("s", "A"),
        *worked_by("t", 3, family="f"), FrameCase("u", "B", "", "p"), FrameCase("v", "A", "new"),
    )  # fmt: skip
    groups = {"".join(sorted(case.key for case in group)) for group in cases_alike(frame, POLICY)}
    # One case of a practitioner and one of nobody known; p's case in B does not set p apart in A.
    assert groups == {"p0p1p2q0q1q2", "r0s", "t0t1t2", "u"}
    rested = replace(frame, rested=frozenset({"q"}))
    assert len(cases_alike(rested, POLICY)) == 5
    assert len(cases_alike(rested, PLAIN)) == 2


@settings(max_examples=30)
@given(frames())
def test_the_chances_add_up_to_what_is_selected(frame: Frame) -> None:
    chances = estimate_chances(frame, POLICY, 5)
    selected = [
        draw(frame, simulated_seed(frame.sha256, number), POLICY).selected for number in range(1, 6)
    ]
    for stratum in chances.strata:
        mean = sum(case.stratum == stratum.name for each in selected for case in each) / 5
        eligible = stratum.open - stratum.not_eligible
        assert stratum.average * eligible == pytest.approx(mean)
        assert 0 <= stratum.lowest <= stratum.average <= stratum.highest <= 1 + 1e-9
    keys = {case.key for case in frame.cases if not case.not_eligible}
    assert set(chances.of_case) == keys
    assert estimate_chances(frame, POLICY, 5) == chances


def test_big_frames_get_fewer_draws() -> None:
    assert number_of_draws(0) == number_of_draws(3_000) == 5_000
    assert number_of_draws(50_000) == 300
    assert number_of_draws(1_000_000) == 100


def test_progress_is_told_and_no_draw_is_no_estimate() -> None:
    told: list[int] = []
    estimate_chances(frame_of(*plain_cases(5)), POLICY, 3, told.append)
    assert told == [1, 2, 3]
    with pytest.raises(ValueError, match="At least one draw"):
        estimate_chances(frame_of(*plain_cases(5)), POLICY, 0)
