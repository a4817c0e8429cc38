"""Which reserve comes next."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from cases.rules.replacement import Waiting, next_reserve

FIRST = Waiting("a", 8, "f1")
SECOND = Waiting("b", 9)
THIRD = Waiting("c", 10, "f2")

WAITING = st.lists(
    st.builds(
        Waiting,
        key=st.text("abc", min_size=1, max_size=3),
        rank=st.integers(1, 50),
        family=st.sampled_from(["", "f1", "f2", "f3"]),
    ),
    unique_by=lambda case: case.rank,
)
IN_USE = st.frozensets(st.sampled_from(["", "f1", "f2", "f9"]))


def test_the_lowest_rank_is_next_whatever_the_order_given() -> None:
    found = next_reserve([THIRD, FIRST, SECOND], frozenset(), one_per_family=True)
    assert (found.case, found.passed_over) == (FIRST, ())
    assert found.because == "Reserve 8 is next in draw order."


def test_a_sibling_is_passed_over_and_recorded() -> None:
    found = next_reserve([FIRST, SECOND, THIRD], {"f1"}, one_per_family=True)
    assert found.case == SECOND
    (passed,) = found.passed_over
    assert (passed.case, passed.code) == (FIRST, "family")
    assert "sibling is in the sample" in passed.because


def test_siblings_are_taken_where_the_rule_is_off() -> None:
    assert next_reserve([FIRST], {"f1"}, one_per_family=False).case == FIRST


def test_no_reserve_left() -> None:
    assert next_reserve([], {"f1"}, one_per_family=True).because == "No reserve is left."
    found = next_reserve([FIRST, THIRD], {"f1", "f2"}, one_per_family=True)
    assert found.case is None
    assert [passed.case for passed in found.passed_over] == [FIRST, THIRD]
    assert found.because == "Every reserve left has a sibling in the sample."


@given(WAITING, IN_USE, st.booleans(), st.randoms())
def test_next_and_passed_over_are_the_first_ranks(
    waiting: list[Waiting], in_use: frozenset[str], rule: bool, dice: random.Random
) -> None:
    found = next_reserve(waiting, in_use, one_per_family=rule)
    dice.shuffle(waiting)
    assert next_reserve(waiting, in_use, one_per_family=rule) == found
    walked = [passed.case for passed in found.passed_over] + ([found.case] if found.case else [])
    assert walked == sorted(waiting, key=lambda case: case.rank)[: len(walked)]
    assert all(p.case.family and p.case.family in in_use for p in found.passed_over)
    if found.case is None:
        assert len(walked) == len(waiting)
    elif rule and found.case.family:
        assert found.case.family not in in_use
