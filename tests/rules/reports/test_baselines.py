"""Results from before the product: never mixed with its own, and as well protected."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.table_file import read_table
from cases.rules.intervals import Proportion
from cases.rules.quarters import Quarter
from reports.rules.baseline_file import (
    OPTIONAL,
    REQUIRED,
    Structure,
    plan_baselines,
    read_quarter,
)
from reports.rules.baselines import (
    BASELINE,
    BaselineFigures,
    group_refusal,
    publish,
    quarter_refusal,
    trend_points,
)
from reports.rules.earlier import earlier_quarters
from reports.rules.edition import EarlierPoint
from reports.rules.figures import TrendPoint, trend
from reports.rules.grade_rows import FOUR, NONE, TWO, Counts
from reports.rules.policy import ReportPolicy
from reports.rules.public import public_trend

POLICY = ReportPolicy()
TODAY = date(2026, 11, 23)
STRUCTURE = Structure(
    lines={"statutory": "Statutory", "early_help": "Early Help", "early help": "Early Help"},
    services={
        "child_protection": "Child Protection",
        "child protection": "Child Protection",
        "child in need": "Child in Need",
        "early help": "Early Help",
    },
    line_of={
        "Child Protection": "Statutory",
        "Child in Need": "Statutory",
        "Early Help": "Early Help",
    },
)
HEAD = ",".join(REQUIRED)
counts = st.tuples(*[st.integers(0, 30)] * 4)


def baseline(
    service: str = "", quarter: str = "2025-Q4", of: Counts = (5, 20, 10, 6)
) -> BaselineFigures:
    return BaselineFigures(quarter, "Statutory", service, of)


def measured(quarter: str, good: int = 20, n: int = 40) -> tuple[str, EarlierPoint]:
    point = TrendPoint(Quarter.parse(quarter).name, Proportion(good, n, 800 if n else 0))
    return "Statutory", EarlierPoint(point, FOUR)


def plan(text: str, *known: BaselineFigures, with_grades: tuple[str, ...] = ()) -> Any:
    table = read_table(text, required=REQUIRED, optional=OPTIONAL)
    return plan_baselines(table, {row.key: row for row in known}, STRUCTURE, with_grades, TODAY)


def test_share_is_of_the_files_entered() -> None:
    row = baseline(of=(1, 11, 10, 8))
    assert (row.good_or_better.percent, sum(row.counts)) == (40, 30)
    assert row.as_dict()["kind"] == BASELINE == "Baseline, before this product"
    assert (row.quarter_name, row.group) == ("Q4 2025/26", "Whole line")


@pytest.mark.parametrize(
    ("quarter", "word"),
    [("2026-Q3", "not over yet"), ("2027-Q1", "not over yet"), ("2026-Q2", "audits in this"),
     ("2026-Q1", "")],
)  # fmt: skip
def test_only_past_quarters_without_own_grades_take_a_baseline(quarter: str, word: str) -> None:
    refusal = quarter_refusal(Quarter.parse(quarter), TODAY, {"2026-Q2"})
    assert bool(refusal) == bool(word)
    assert word in refusal


def test_services_cannot_be_more_than_their_line() -> None:
    whole = baseline(of=(5, 20, 10, 6))
    parts = [
        baseline("Child Protection", of=(0, 12, 5, 6)),
        baseline("Child in Need", of=(5, 8, 5, 0)),
    ]
    assert group_refusal([whole, *parts]) == ""
    more = baseline("Child in Need", of=(5, 9, 5, 0))
    assert "graded good (21) than the whole line (20)" in group_refusal([whole, parts[0], more])
    assert group_refusal([more, parts[0]]) == ""  # no line to be more than


# Small numbers


def test_small_numbers_of_a_baseline_are_held_back() -> None:
    rows = [baseline(of=(3, 20, 10, 6)), baseline("Child Protection", of=(1, 2, 1, 0))]
    public = publish(rows, POLICY)
    assert public[rows[0].key].level == TWO
    assert (public[rows[1].key].level, public[rows[1].key].counts) == (NONE, ())
    assert publish([baseline()], POLICY)[baseline().key].level == FOUR


def test_a_service_is_not_given_away_by_its_line_less_the_other_services() -> None:
    # The line less Child in Need would be Child Protection: 1, 2, 1, 0.
    whole = baseline(of=(9, 22, 14, 9))
    parts = [
        baseline("Child Protection", of=(1, 2, 1, 0)),
        baseline("Child in Need", of=(8, 20, 13, 9)),
    ]
    public = publish([whole, *parts], POLICY)
    shown = {key[2]: row.level for key, row in public.items()}
    assert shown["Child Protection"] == NONE
    assert shown["Child in Need"] != shown[""] or shown[""] == NONE


def test_services_without_their_line_are_no_figure_of_it() -> None:
    parts = [baseline("Child Protection"), baseline("Child in Need")]
    public = publish(parts, POLICY)
    assert set(public) == {row.key for row in parts}
    assert trend_points(parts, POLICY) == []


@settings(max_examples=60)
@given(whole=counts, parts=st.lists(counts, max_size=3))
def test_no_small_count_is_ever_published(whole: Counts, parts: list[Counts]) -> None:
    services = [baseline(f"s{k}", of=of) for k, of in enumerate(parts)]
    a, b, c, d = (sum(column) for column in zip(whole, *parts, strict=True))
    rows = [baseline(of=(a, b, c, d)), *services]
    public = publish(rows, POLICY)
    assert set(public) == {row.key for row in rows}
    for row in public.values():
        assert all(count >= POLICY.smallest_count for count in row.counts)


def test_figures_that_do_not_fit_are_held_back_whole() -> None:
    rows = [baseline(of=(5, 5, 5, 5)), baseline("Child Protection", of=(6, 5, 5, 5))]
    assert {row.level for row in publish(rows, POLICY).values()} == {NONE}


# In a trend


def test_a_baseline_has_no_interval_and_nothing_is_compared_with_it() -> None:
    ((_, point, level),) = trend_points([baseline()], POLICY)
    rows = trend([point, measured("2026-Q1")[1].point, measured("2026-Q2")[1].point])
    assert (rows[0].as_dict()["baseline"], rows[0].as_dict()["good_or_better"]["interval"]) == (
        True, None,
    )  # fmt: skip
    assert rows[0].as_dict()["good_or_better"]["percent"] == 61
    assert [row.change is None for row in rows] == [True, True, False]
    levels = {"Q4 2025/26": level, "Q1 2026/27": FOUR, "Q2 2026/27": FOUR}
    public = public_trend(rows, levels)
    assert public[0]["good_or_better"]["interval"] is None
    assert public[0]["good_or_better"]["percent"] == 61
    assert public_trend(rows, levels | {"Q4 2025/26": NONE})[0]["good_or_better"] is None


def test_the_products_own_quarter_wins_over_a_baseline() -> None:
    rows = [baseline(quarter="2026-Q1"), baseline(quarter="2025-Q4"), baseline(quarter="2026-Q2")]
    own = {"2026-Q1": [measured("2026-Q1")], "2026-Q2": [measured("2026-Q2", 0, 0)]}
    earlier, shown = earlier_quarters(own, rows, POLICY, 7)
    points = [(each.point.quarter, each.point.baseline) for each in earlier["Statutory"]]
    assert points == [("Q4 2025/26", True), ("Q1 2026/27", False), ("Q2 2026/27", True)]
    assert [row.quarter for row in shown] == ["2025-Q4", "2026-Q2"]


def test_baselines_take_their_place_among_the_last_quarters() -> None:
    rows = [baseline(quarter=f"{year}-Q{n}") for year in (2023, 2024) for n in (1, 2, 3, 4)]
    earlier, shown = earlier_quarters({"2025-Q1": [measured("2025-Q1")]}, rows, POLICY, 3)
    assert [each.point.quarter for each in earlier["Statutory"]] == [
        "Q3 2024/25", "Q4 2024/25", "Q1 2025/26",
    ]  # fmt: skip
    assert len(shown) == 2
    assert earlier_quarters({}, rows, POLICY, 0) == ({}, ())


# Files


@pytest.mark.parametrize("text", ["2025-Q4", " 2025-q4 ", "Q4 2025/26", "q4 2025"])
def test_quarters_are_read_as_people_write_them(text: str) -> None:
    assert read_quarter(text) == Quarter(2025, 4)


@pytest.mark.parametrize("text", ["Q4 2025/27", "Q5 2025/26", "2025", "", "Q4 1066/67"])
def test_what_is_no_quarter_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"quarter|financial year"):
        read_quarter(text)


def test_file_adds_changes_and_leaves_alone() -> None:
    known = [baseline(), baseline("Child Protection", of=(1, 2, 3, 4))]
    made = plan(
        f"{HEAD},source,kind\n"
        "2025-Q4,Statutory,,5,20,10,6,,baseline\n"
        "Q4 2025/26,statutory,child_protection,1,2,4,4,Minutes,\n"
        "2025-Q4,early_help,,1,2,3,0,,\n",
        *known,
    )
    assert made.plan.problems == ()
    assert [(change.line, change.effect) for change in made.plan.changes] == [
        (2, "same"), (3, "change"), (4, "add"),
    ]  # fmt: skip
    assert made.plan.changes[1].details == (
        "requires improvement: 3 → 4", "source: none → Minutes",
    )  # fmt: skip
    assert made.wanted[4].key == ("2025-Q4", "Early Help", "")


def test_a_file_without_the_column_keeps_the_sources() -> None:
    known = BaselineFigures("2025-Q4", "Statutory", "", (5, 20, 10, 6), "Minutes")
    assert plan(f"{HEAD}\n2025-Q4,Statutory,,5,20,10,6\n", known).plan.changes[0].effect == "same"


def test_what_is_wrong_is_told_by_line_and_column() -> None:
    text = (
        f"{HEAD},kind\n"
        "soon,Statutory,,1,1,1,1,\n"
        "2026-Q3,Statutory,,1,1,1,1,\n"
        "2026-Q2,Statutory,,1,1,1,1,\n"
        "2025-Q4,Youth Justice,,1,1,1,1,\n"
        "2025-Q4,Statutory,Early Help,1,1,1,1,\n"
        "2025-Q4,Statutory,,1,-1,,1.5,audits\n"
        "2025-Q3,Statutory,,0,0,0,0,\n"
        "2025-Q2,Statutory,,1,1,1,1,\n"
        "2025-Q2,statutory,,2,2,2,2,\n"
    )
    made = plan(text, with_grades=("2026-Q2",))
    assert [(problem.line, problem.column) for problem in made.plan.problems] == [
        (2, "quarter"), (3, "quarter"), (4, "quarter"), (5, "line"), (6, "service"),
        (7, "good"), (7, "requires_improvement"), (7, "inadequate"), (7, "kind"),
        (8, "outstanding"), (10, "quarter"),
    ]  # fmt: skip


def test_file_and_what_is_known_must_fit_together() -> None:
    made = plan(f"{HEAD}\n2025-Q4,Statutory,Child Protection,6,0,0,0\n", baseline())
    (problem,) = made.plan.problems
    assert problem.line == 2
    assert "graded outstanding (6) than the whole line (5)" in problem.message


@settings(max_examples=40)
@given(st.lists(counts.filter(any), min_size=1, max_size=6))
def test_the_same_file_again_changes_nothing(rows: list[Counts]) -> None:
    lines = [
        f"{2010 + k}-Q{k % 4 + 1},Statutory,,{','.join(map(str, of))}" for k, of in enumerate(rows)
    ]
    text = "\n".join([HEAD, *lines])
    first = plan(text)
    again = plan(text, *first.wanted.values())
    assert {change.effect for change in first.plan.changes} == {"add"}
    assert {change.effect for change in again.plan.changes} == {"same"}
