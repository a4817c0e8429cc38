"""Rows of grades in public: the finest form that gives nobody away, checked by brute force."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.rules.disclosure import CannotProtect
from reports.rules.grade_rows import (
    FOUR,
    NONE,
    TWO,
    Counts,
    GradeRow,
    PublicGrades,
    PublicRow,
    protect_grades,
    protect_year,
)
from reports.rules.policy import ReportPolicy

POLICY = ReportPolicy()
# The same rules at thresholds low enough for every possible set of grades to be tried.
LOW = ReportPolicy(smallest_count=2, smallest_group=4)
LOWEST = ReportPolicy(smallest_count=1, smallest_group=2)


def rows(*counts: Counts) -> list[GradeRow]:
    return [GradeRow(f"s{k}", row) for k, row in enumerate(counts)]


def levels(public: PublicGrades) -> tuple[str, ...]:
    return (*(row.level for row in public.services), public.line.level)


def ways(n: int) -> list[Counts]:
    """All ways to give n audits four grades."""
    return [
        (a, b, c, n - a - b - c) for a, b, c in product(range(n + 1), repeat=3) if a + b + c <= n
    ]


def agrees(row: PublicRow, counts: Counts) -> bool:
    if row.level == FOUR:
        return row.counts == counts
    return row.level == NONE or row.counts == (counts[0] + counts[1], counts[2] + counts[3])


def added(all_: tuple[Counts, ...]) -> Counts:
    a, b, c, d = (sum(column) for column in zip(*all_, strict=True))
    return a, b, c, d


def possible(public: PublicGrades) -> list[tuple[Counts, ...]]:
    """Every set of grades, the line's last, that a reader who knows each n could not rule out."""
    choices = [
        [way for way in ways(true.n) if agrees(row, way)]
        for row, true in zip(public.services, public.service_rows, strict=True)
    ]
    sets = ((*chosen, added(chosen)) for chosen in product(*choices))
    return [chosen for chosen in sets if agrees(public.line, chosen[-1])]


def assert_nothing_given_away(
    public: PublicGrades, sets: list[tuple[Counts, ...]], level: tuple[str, ...]
) -> None:
    true = (*(row.counts for row in public.service_rows), public.line_row.counts)
    for k, counts in enumerate(true):
        if level[k] == FOUR or not sum(counts):
            continue
        for grade in range(4):
            assert len({chosen[k][grade] for chosen in sets}) >= 2
        if level[k] == NONE:
            assert len({chosen[k][0] + chosen[k][1] for chosen in sets}) >= 2


def few(largest: int) -> st.SearchStrategy[Counts]:
    return st.integers(0, largest).flatmap(lambda n: st.sampled_from(ways(n)))


@settings(max_examples=60)
@given(st.lists(few(6), min_size=1, max_size=2))
def test_two_services_give_nothing_away(counts: list[Counts]) -> None:
    public = protect_grades(rows(*counts), "line", LOW)
    assert_nothing_given_away(public, possible(public), levels(public))


@settings(max_examples=40)
@given(st.lists(few(4), min_size=3, max_size=3))
def test_three_services_give_nothing_away(counts: list[Counts]) -> None:
    public = protect_grades(rows(*counts), "line", LOWEST)
    assert_nothing_given_away(public, possible(public), levels(public))


@settings(max_examples=100)
@given(st.lists(st.tuples(*[st.integers(0, 30)] * 4), min_size=1, max_size=5))
def test_no_small_number_is_shown(counts: list[Counts]) -> None:
    public = protect_grades(rows(*counts), "line", POLICY)
    for row in (*public.services, public.line):
        assert all(count >= 5 for count in row.counts)
        assert row.level == NONE or sum(row.counts) >= 10
        assert row.n is None or row.n == 0 or row.n >= 5


def test_a_row_is_shown_as_finely_as_it_can_be() -> None:
    public = protect_grades(
        rows((5, 20, 20, 5), (2, 20, 20, 8), (1, 9, 4, 1), (0, 3, 3, 0)), "Statutory", POLICY
    )
    # The last is too small; the third gives way with it, or the line less the others would be it.
    assert levels(public) == (FOUR, TWO, NONE, NONE, FOUR)


def test_one_hidden_service_takes_the_smallest_other_with_it() -> None:
    public = protect_grades(rows((4, 40, 40, 4), (2, 20, 20, 3), (1, 2, 3, 1)), "Statutory", POLICY)
    assert levels(public) == (TWO, NONE, NONE, FOUR)


def test_a_line_of_one_service_is_shown_as_that_service_is() -> None:
    public = protect_grades(rows((3, 20, 10, 2)), "Early Help", POLICY)
    assert levels(public) == (TWO, TWO)
    assert public.line.counts == public.services[0].counts == (23, 12)


def test_everybody_or_nobody_of_a_group_is_not_shown() -> None:
    public = protect_grades(rows((9, 20, 0, 0), (6, 30, 22, 9)), "line", POLICY)
    assert public.services[0].level == NONE
    assert public.services[0].counts == ()


def test_nothing_audited_is_nothing_to_hide() -> None:
    public = protect_grades(rows((0, 0, 0, 0), (9, 20, 20, 9)), "line", POLICY)
    assert levels(public) == (NONE, FOUR, FOUR)
    assert public.services[0].n == 0


def test_the_public_form_holds_no_hidden_count() -> None:
    public = protect_grades(rows((1, 2, 33, 1), (0, 37, 34, 3)), "line", POLICY)
    assert "33" not in str(public.as_dict())


def test_a_line_already_published_keeps_its_level() -> None:
    public = protect_grades(rows((9, 20, 20, 2), (1, 2, 2, 8)), "line", POLICY, line_level=TWO)
    assert public.line.level == TWO
    assert public.services[0].level == NONE


def test_a_line_that_gives_its_groups_away_is_refused() -> None:
    with pytest.raises(CannotProtect):
        protect_grades(rows((0, 3, 0, 0), (0, 0, 0, 0)), "line", POLICY, line_level=TWO)


def test_a_service_has_one_row() -> None:
    with pytest.raises(ValueError, match="one row"):
        protect_grades([GradeRow("a", (1, 1, 1, 1))] * 2, "line", POLICY)


@settings(max_examples=25)
@given(st.lists(st.tuples(few(3), few(3)), min_size=2, max_size=2))
def test_a_year_gives_nothing_away(year: list[tuple[Counts, Counts]]) -> None:
    """Two services, two quarters: every set of grades that both quarters and the year allow."""
    quarters = [protect_grades(rows(*counts), "line", LOWEST) for counts in year]
    pooled = protect_year(quarters, LOWEST)
    names = ["s0", "s1", "line"]
    pairs = [
        pair
        for pair in product(*(possible(quarter) for quarter in quarters))
        if all(
            agrees(pooled[name], added(tuple(chosen[k] for chosen in pair)))
            for k, name in enumerate(names)
            if name in pooled
        )
    ]
    for t, quarter in enumerate(quarters):
        assert_nothing_given_away(quarter, [pair[t] for pair in pairs], levels(quarter))


def test_the_year_is_pooled_where_every_quarter_is_too_small() -> None:
    quarter = protect_grades(
        rows((10, 30, 30, 10), (1, 3, 3, 1), (1, 2, 4, 1)), "Statutory", POLICY
    )
    pooled = protect_year([quarter] * 4, POLICY)
    assert pooled["s1"].counts == (16, 16)
    assert pooled["s2"].counts == (12, 20)
    assert "s0" not in pooled


def test_the_year_is_not_pooled_where_one_quarter_would_follow() -> None:
    shown = protect_grades(rows((10, 30, 30, 10), (5, 10, 10, 5)), "Statutory", POLICY)
    hidden = protect_grades(rows((10, 30, 30, 10), (1, 3, 3, 1), (1, 2, 4, 1)), "Statutory", POLICY)
    # s1 was shown in three quarters: its year would give the fourth away.
    assert "s1" not in protect_year([shown, shown, shown, hidden], POLICY)


def test_no_quarters_no_year() -> None:
    assert protect_year([], POLICY) == {}
