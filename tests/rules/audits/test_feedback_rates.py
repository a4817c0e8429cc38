"""Counts of feedback, and the rates made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.rules.feedback_rates import FeedbackCounts, added, of


def test_late_replies_are_replies_and_the_overdue_are_none() -> None:
    counts = FeedbackCounts(recipients=10, agreed=3, partly=1, disagreed=2, late=2, overdue=1)
    assert (counts.replied, counts.in_time, counts.due, counts.waiting) == (6, 4, 7, 3)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 0, "–"),
        (0, 7, "0 of 7 (0%)"),
        (7, 7, "7 of 7 (100%)"),
        (1, 8, "1 of 8 (13%)"),  # 12.5: half up
        (14, 400, "14 of 400 (4%)"),  # 3.5 exactly, a float may say 3
        (1000, 1250, "1,000 of 1,250 (80%)"),
    ],
)
def test_a_rate_says_of_how_many(part: int, whole: int, words: str) -> None:
    assert of(part, whole) == words


counts = st.builds(FeedbackCounts, *[st.integers(0, 50)] * 11)


@given(st.lists(counts, max_size=5))
def test_a_line_is_the_sum_of_its_services(services: list[FeedbackCounts]) -> None:
    line = added(services)
    for name in ("decided", "released", "replied", "in_time", "due", "waiting"):
        assert getattr(line, name) == sum(getattr(each, name) for each in services)
