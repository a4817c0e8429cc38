"""Small numbers: an attacker who knows everything shown and can add up finds nothing out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.rules.disclosure import (
    QUARTER_BEFORE,
    SMALL,
    SMALL_GROUP,
    TOTAL,
    CannotProtect,
    CountTable,
    ProtectedTable,
    Shown,
    Suppressed,
    percentage,
    possible_values,
    protect,
)
from reports.rules.policy import ReportPolicy

POLICY = ReportPolicy()


def table(*counts: tuple[int, ...]) -> CountTable:
    rows = tuple(f"r{i}" for i in range(len(counts)))
    columns = tuple(f"c{j}" for j in range(len(counts[0])))
    return CountTable(rows, columns, counts)


def shown(protected: ProtectedTable) -> dict[tuple[int, int], int]:
    return {
        (i, j): cell.value
        for i, row in enumerate(protected.cells)
        for j, cell in enumerate(row)
        if isinstance(cell, Shown)
    }


def alternatives(protected: ProtectedTable, reach: int) -> list[dict[tuple[int, int], int]]:
    """Every table within `reach` of the true one that would show the same numbers."""
    source = protected.source
    public = shown(protected)
    hidden = [
        (i, j)
        for i in range(len(source.rows))
        for j in range(len(source.columns))
        if (i, j) not in public
    ]
    found = []
    for steps in product(range(-reach, reach + 1), repeat=len(hidden)):
        counts = [list(row) for row in source.counts]
        for (i, j), step in zip(hidden, steps, strict=True):
            counts[i][j] += step
        if min(min(row) for row in counts) < 0:
            continue
        values = CountTable(
            source.rows, source.columns, tuple(tuple(row) for row in counts)
        ).with_totals()
        if all(values[place] == value for place, value in public.items()):
            found.append(values)
    return found


small_tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.one_of(st.integers(0, 6), st.integers(0, 40))] * width),
        min_size=1,
        max_size=3 if width < 3 else 2,
    )
)


@settings(max_examples=120)
@given(small_tables)
def test_no_suppressed_count_can_be_worked_out(counts: list[tuple[int, ...]]) -> None:
    protected = protect(table(*counts), POLICY)
    others = alternatives(protected, 1 if len(counts) * len(counts[0]) > 4 else 3)
    for place in protected.suppressed:
        assert len({values[place] for values in others}) >= 2


@settings(max_examples=150)
@given(small_tables)
def test_no_small_count_is_shown(counts: list[tuple[int, ...]]) -> None:
    protected = protect(table(*counts), POLICY)
    assert all(value >= POLICY.smallest_count for value in shown(protected).values())


@settings(max_examples=80)
@given(small_tables)
def test_what_is_shown_is_true_and_large_tables_are_left_alone(
    counts: list[tuple[int, ...]],
) -> None:
    source = table(*counts)
    true = source.with_totals()
    assert all(true[place] == value for place, value in shown(protect(source, POLICY)).items())
    large = table(*[tuple(n + 10 for n in row) for row in counts])
    assert not protect(large, POLICY).suppressed


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=2))
def test_the_range_left_to_a_reader_is_exact(counts: list[tuple[int, ...]]) -> None:
    protected = protect(table(*counts), POLICY)
    others = alternatives(protected, 6)
    for i, row in enumerate(protected.source.rows):
        for j, column in enumerate(protected.source.columns):
            low, high = possible_values(protected, row, column)
            values = {other[i, j] for other in others}
            assert min(values) == low
            if high is not None and high <= protected.source.counts[i][j] + 6:
                assert max(values) == high


def test_a_lone_small_count_takes_a_second_one_with_it() -> None:
    protected = protect(table((3, 20, 30), (12, 25, 40)), POLICY)
    assert protected.cell("r0", "c0") == Suppressed(SMALL)
    # One more in its row, one more in its column, and the corner they need: no totals.
    assert protected.suppressed == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert protected.cell(TOTAL, TOTAL) == Shown(130)
    assert possible_values(protected, "r0", "c0") == (0, 15)


def test_everybody_of_a_small_group_is_suppressed_too() -> None:
    protected = protect(table((8, 0), (30, 40)), POLICY)
    assert protected.cell("r0", "c0") == Suppressed(SMALL_GROUP)
    assert isinstance(protected.cell("r0", "c1"), Suppressed)


def test_everybody_of_a_large_group_is_not_given_away_by_the_total() -> None:
    # Nobody of 40 is in the second column: with the total shown that follows from the first.
    protected = protect(table((40, 0), (30, 40)), POLICY)
    low, high = possible_values(protected, "r0", "c1")
    assert low == 0
    assert high is None or high > 0


def test_the_public_table_does_not_say_which_cell_was_small() -> None:
    protected = protect(table((3, 20, 30), (12, 25, 40)), POLICY)
    public = protected.as_dict()
    assert public["cells"][0][:2] == [{"value": None}, {"value": None}]
    assert SMALL not in str(public)


def test_a_number_already_public_is_not_held_back() -> None:
    source = table((3, 20), (30, 25))
    protected = protect(source, POLICY, public=[("r0", TOTAL), (TOTAL, "c0"), (TOTAL, TOTAL)])
    assert protected.cell("r0", TOTAL) == Shown(23)
    assert {(0, 0), (0, 1)} <= protected.suppressed


def test_public_numbers_that_give_a_small_one_away_are_refused() -> None:
    with pytest.raises(CannotProtect):
        protect(table((3, 20)), POLICY, public=[("r0", "c1"), ("r0", TOTAL)])


def test_a_number_withheld_elsewhere_is_withheld_here() -> None:
    protected = protect(table((13, 20), (30, 25)), POLICY, withheld=[(TOTAL, "c0")])
    assert isinstance(protected.cell(TOTAL, "c0"), Suppressed)
    low, high = possible_values(protected, TOTAL, "c0")
    assert high is None or high > low


def test_a_running_total_that_grew_by_few_is_hidden() -> None:
    before = protect(table((20, 30), (40, 50)), POLICY)
    assert not before.suppressed
    after = protect(table((22, 40), (50, 60)), POLICY, before=before)
    assert after.cell("r0", "c0") == Suppressed(QUARTER_BEFORE)
    assert len(after.suppressed) >= 2


def test_a_running_total_once_hidden_stays_hidden() -> None:
    before = protect(table((3, 20), (30, 25)), POLICY)
    after = protect(table((30, 40), (60, 55)), POLICY, before=before)
    assert before.suppressed <= after.suppressed


grown = st.tuples(
    st.lists(st.tuples(*[st.integers(0, 12)] * 2), min_size=2, max_size=2),
    st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=2, max_size=2),
)


@settings(max_examples=60)
@given(grown)
def test_two_quarters_of_a_running_total_together_give_nothing_away(
    quarters: tuple[list[tuple[int, ...]], list[tuple[int, ...]]],
) -> None:
    first, growth = quarters
    second = [
        tuple(a + b for a, b in zip(then, more, strict=True))
        for then, more in zip(first, growth, strict=True)
    ]
    before = protect(table(*first), POLICY)
    after = protect(table(*second), POLICY, before=before)
    pairs = [
        (then, now)
        for then in alternatives(before, 1)
        for now in alternatives(after, 1)
        if all(now[place] >= then[place] for place in now)
    ]
    for k, protected in enumerate((before, after)):
        for place in protected.suppressed:
            assert len({pair[k][place] for pair in pairs}) >= 2
    for place in set(shown(before)) & set(shown(after)):
        assert shown(after)[place] - shown(before)[place] >= POLICY.smallest_count


@pytest.mark.parametrize(
    ("now", "problem"),
    [(table((1, 2)), "other rows"), (table((20, 30), (40, 49)), "cannot shrink")],
)
def test_the_quarter_before_must_fit(now: CountTable, problem: str) -> None:
    before = protect(table((20, 30), (40, 50)), POLICY)
    with pytest.raises(ValueError, match=problem):
        protect(now, POLICY, before=before)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (Shown(6), Shown(9), Suppressed(SMALL_GROUP)),
        (Shown(5), Shown(10), Shown(50)),
        (Suppressed(SMALL), Shown(40), Suppressed(SMALL)),
        (Shown(5), Suppressed(SMALL), Suppressed(SMALL)),
        (Shown(38), Shown(109), Shown(35)),
    ],
)
def test_percentages_of_small_groups_are_not_shown(
    part: Shown | Suppressed, whole: Shown | Suppressed, expected: Shown | Suppressed
) -> None:
    assert percentage(part, whole, POLICY) == expected


@pytest.mark.parametrize(
    ("rows", "columns", "counts"),
    [
        ((), ("a",), ()),
        (("a",), ("b",), ((1, 2),)),
        (("a",), ("b",), ((-1,),)),
        (("a", "a"), ("b",), ((1,), (2,))),
        (("total",), ("b",), ((1,),)),
    ],
)
def test_tables_that_are_none_are_refused(
    rows: tuple[str, ...], columns: tuple[str, ...], counts: tuple[tuple[int, ...], ...]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        CountTable(rows, columns, counts)
