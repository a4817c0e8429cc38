"""The public edition's figures hold nothing that is held back."""

from __future__ import annotations

import json
from datetime import date

import pytest

from cases.rules.intervals import Proportion
from quality.rules.agreement import measure
from reports.rules.disclosure import TOTAL, CountTable, Shown, protect
from reports.rules.figures import (
    FrameCount,
    GradeFigures,
    StateFigures,
    TrendPoint,
    actions,
    trend,
)
from reports.rules.grade_rows import NONE, TWO, PublicRow
from reports.rules.policy import ReportPolicy
from reports.rules.public import (
    public_agreement,
    public_escalations,
    public_frame,
    public_grades,
    public_row,
    public_states,
    public_trend,
)

POLICY = ReportPolicy()


def figures(name: str, *counts: int) -> GradeFigures:
    n = sum(counts)
    return GradeFigures(name, counts, 0, 20 * n, Proportion(counts[0] + counts[1], n, 19 * n))


def test_a_row_not_shown_has_no_percentage_and_no_interval() -> None:
    small, large = figures("a", 1, 2, 3, 1), figures("b", 7, 30, 25, 6)
    line = figures("Statutory", 8, 32, 28, 7)
    public = public_grades(line, [small, large], POLICY)
    row = public_row(public.services[0], small)
    assert (row["level"], row["counts"]) == (NONE, [])
    assert (row["good_or_better_percent"], row["interval"]) == (None, None)
    headline = public_row(public.line, line)
    assert headline["good_or_better_percent"] == 53
    # The exact bounds have the number of eligible cases as their denominator.
    assert set(headline["interval"]) == {"low_percent", "high_percent", "confidence"}


def test_groups_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        public_grades(figures("Statutory", 9, 32, 28, 7), [figures("a", 1, 2, 3, 1)], POLICY)


def test_a_hidden_quarter_hides_the_change_to_the_next_one_too() -> None:
    rows = trend(
        [
            TrendPoint("2026-Q1", Proportion(20, 40, 800)),
            TrendPoint("2026-Q2", Proportion(3, 40, 800)),
            TrendPoint("2026-Q3", Proportion(20, 40, 800)),
            TrendPoint("2026-Q4", Proportion(25, 40, 800)),
        ]
    )
    public = public_trend(rows, {"2026-Q1": TWO, "2026-Q2": NONE, "2026-Q3": TWO, "2026-Q4": TWO})
    assert [row["good_or_better"] is None for row in public] == [False, True, False, False]
    assert [row["change"] is None for row in public] == [True, True, True, False]
    assert "population" not in json.dumps(public)


def test_states_with_few_children_are_held_back() -> None:
    table = CountTable(("open", "evidence_offered"), ("0 to 7 days", "8 days or more"),
                       ((12, 3), (20, 9)))  # fmt: skip
    public = public_states(StateFigures(table, {"verified": 30, "cancelled": 2}, 4), POLICY)
    assert public["open_by_age"]["cells"][0][1] == {"value": None}
    assert public["open_by_age"]["cells"][2][2] == {"value": 44}
    assert public["finished"] == {"verified": 30, "cancelled": None}
    assert public["overdue"] is None
    more_late = public_states(StateFigures(table, {}, 10), POLICY)
    assert more_late["overdue"] == 10


def test_open_ones_by_state_and_age_are_not_shown_where_few_are_left_over() -> None:
    """Of 27 open, 24 stand in one state: the other three, whatever theirs, would be told."""
    table = CountTable(("raised", "acknowledged", "plan_agreed"), ("0 to 7 days", "8 days or more"),
                       ((1, 0), (2, 0), (8, 16)))  # fmt: skip
    assert protect(table, POLICY).cell("plan_agreed", TOTAL) == Shown(24)
    figures_ = StateFigures(table, {"closed": 90}, 0)
    public = public_states(figures_, POLICY)
    assert (public["open"], public["open_by_age"]) == (27, None)
    row = PublicRow("Statutory", TWO, (83, 117), 200)
    escalated = public_escalations(figures_, row, POLICY)
    assert escalated
    assert (escalated["open"], escalated["closed"]) == (27, 90)
    assert escalated["open_by_age"] is None


def test_no_actions_at_all_is_a_table_of_held_back_zeros() -> None:
    public = public_states(actions([], date(2026, 11, 23), POLICY), POLICY)
    assert {cell["value"] for row in public["open_by_age"]["cells"] for cell in row} == {None}


@pytest.mark.parametrize(
    ("same", "lower", "higher", "expected"),
    [
        (20, 6, 5, {"same": 20, "different": 11, "lower": 6, "higher": 5, "same_percent": 65}),
        (20, 6, 2, {"same": 20, "different": 8, "lower": None, "higher": None,
                    "same_percent": 71}),
        (20, 2, 1, {"same": None, "different": None, "lower": None, "higher": None,
                    "same_percent": None}),
    ],
)  # fmt: skip
def test_moderation_is_shown_as_far_as_it_can_be(
    same: int, lower: int, higher: int, expected: dict[str, int | None]
) -> None:
    agreement = measure(
        [("good", "good")] * same
        + [("good", "requires_improvement")] * lower
        + [("good", "outstanding")] * higher
    )
    assert public_agreement(agreement, POLICY) == {"n": same + lower + higher, **expected}


def count(service: str, open_: int, **reasons: int) -> FrameCount:
    left = sum(reasons.values())
    return FrameCount("statutory", service, open_, open_ - left, reasons, -(-open_ // 20), 5, 3)


def test_few_restricted_records_do_not_follow_from_the_frame() -> None:
    public = public_frame(
        [count("a", 400, already_audited=60, restricted=2),
         count("b", 300, already_audited=50, restricted=20)],
        POLICY,
    )  # fmt: skip
    assert public["not_eligible"]["cells"][0][1] == {"value": None}
    assert public["eligible"] == 700 - 132
    assert public["described_percent"] == 81
    assert "eligible" not in public["services"][0]


def test_eligible_cases_are_not_shown_where_few_are_not() -> None:
    public = public_frame([count("a", 140, restricted=2)], POLICY)
    assert public["eligible"] is None
    assert public["described_percent"] is None


def test_a_frame_is_published_line_by_line() -> None:
    other = FrameCount("early_help", "b", 100, 100, {}, 5, 5, 3)
    with pytest.raises(ValueError, match="line by line"):
        public_frame([count("a", 140), other], POLICY)
    assert public_frame([other], POLICY)["not_eligible"] is None
