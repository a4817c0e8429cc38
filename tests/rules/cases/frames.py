"""Frames for tests: by hand, at random for hypothesis, and of a council's size."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from cases.rules.frame import Frame, FrameCase
from cases.rules.policy import DrawPolicy
from cases.rules.quarters import Quarter

QUARTER = Quarter(2026, 3)
FROZEN_ON = date(2026, 10, 5)
PLAIN = DrawPolicy(rotation=False, one_per_family=False)


def frame_of(
    *cases: FrameCase, rested: frozenset[str] = frozenset(), empty: frozenset[str] = frozenset()
) -> Frame:
    """A frame of these cases."""
    return Frame(QUARTER, FROZEN_ON, cases, rested, empty)


def plain_cases(
    count: int, stratum: str = "Child in Need", not_eligible: int = 0
) -> list[FrameCase]:
    """So many cases that differ in their keys alone, the first ones not eligible."""
    return [
        FrameCase(
            f"{stratum[:2]}-{n:05}".replace(" ", "_"), stratum, "restricted" * (n < not_eligible)
        )
        for n in range(count)
    ]


def council(count: int, seed: int) -> Frame:
    """A frame of ``count`` cases with practitioners, families and reasons, as a council has."""
    dice = random.Random(seed)
    people = [f"p{n}" for n in range(count // 17 + 1)]
    cases = [
        FrameCase(
            key=f"{n:08x}",
            stratum=dice.choice(["Looked After", "Child in Need", "Early Help", "Früh–Hilfe"]),
            not_eligible=dice.choice(["", "", "", "", "already_audited", "restricted"]),
            practitioner=dice.choice([*people, ""]),
            family=dice.choice(["", f"f{dice.randrange(count)}"]),
        )
        for n in range(count)
    ]
    return frame_of(*cases, rested=frozenset(dice.sample(people, len(people) // 3)))


SEEDS = st.sampled_from(["7", "1 1 2 3", "dice: 6 6 6", "Ågård", "x" * 200])

POLICIES = st.builds(
    DrawPolicy,
    rate=st.sampled_from([Fraction(1, 20), Fraction(1, 10), Fraction(1, 3), Fraction(1)]),
    rounding=st.sampled_from(["up", "nearest"]),
    minimum_per_stratum=st.integers(0, 2),
    reserve_share=st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(3, 2)]),
    reserve_minimum=st.integers(0, 3),
    rotation=st.booleans(),
    one_per_family=st.booleans(),
)


@st.composite
def frames(draw: st.DrawFn, most: int = 40, least: int = 1) -> Frame:
    """Small frames in which practitioners and families meet often."""
    keys = draw(
        st.lists(
            st.text("0123456789abcdef", min_size=1, max_size=4),
            unique=True,
            min_size=least,
            max_size=most,
        )
    )
    cases = [
        FrameCase(
            key,
            draw(st.sampled_from(["A", "B b", "Ç"])),
            draw(st.sampled_from(["", "", "", "restricted", "already_audited"])),
            draw(st.sampled_from(["", "p1", "p2", "p3", "p4"])),
            draw(st.sampled_from(["", "", "f1", "f2", "f3"])),
        )
        for key in keys
    ]
    rested = draw(st.frozensets(st.sampled_from(["p1", "p2", "p9"])))
    return frame_of(*cases, rested=rested, empty=draw(st.frozensets(st.just("Empty"))))
