"""Small numbers in public tables: what is held back so that no child can be read out of them.

Counts under five are suppressed, as are percentages of groups under ten; everybody or nobody of a
small group counts as small too. A second count is suppressed wherever the first could be worked
out from totals. Method: complementary cell suppression for two-way tables, with the range that
remains possible for each suppressed cell computed exactly as a flow in the table's network
(L. H. Cox, "Network models for complementary cell suppression", Journal of the American
Statistical Association 90 (1995), 1453–1462). What is promised, and what is not:
docs/disclosure.md. Rows of grades have their own, kinder way: `reports.rules.grade_rows`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cases.rules.intervals import percent
from reports.rules.policy import ReportPolicy

TOTAL = "total"  # names the row and the column of totals; no row or column may be called so
FEWEST_VALUES = 2  # that a suppressed count must still be able to have

# Why a count is held back. For the exempt edition and for tests only: in public every suppressed
# cell looks the same, because knowing which one is small is knowing something about it.
SMALL = "small"
SMALL_GROUP = "small_group"
DERIVABLE = "derivable"
QUARTER_BEFORE = "quarter_before"

Place = tuple[int, int]
Name = tuple[str, str]


class CannotProtect(ValueError):
    """What is public already gives a small number away, whatever is suppressed now."""


@dataclass(frozen=True)
class Shown:
    """A number that is published."""

    value: int


@dataclass(frozen=True)
class Suppressed:
    """A number that is held back. `reason` is not for the public."""

    reason: str


Cell = Shown | Suppressed


def cell_as_dict(cell: Cell) -> dict[str, Any]:
    """A cell as the public may have it: a value, or only that it is suppressed."""
    return {"value": cell.value if isinstance(cell, Shown) else None}


@dataclass(frozen=True)
class CountTable:
    """Counts of children, rows × columns; the totals follow from them.

    Raises `ValueError` for a table that is not rectangular, empty, holds a negative count, or
    names a row or column twice or "total".
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not self.rows or not self.columns or len(self.counts) != len(self.rows):
            raise ValueError("A table needs rows, columns and a row of counts for each row.")
        if any(len(row) != len(self.columns) for row in self.counts):
            raise ValueError("Every row needs a count for every column.")
        if any(count < 0 for row in self.counts for count in row):
            raise ValueError("A count cannot be negative.")
        for names in (self.rows, self.columns):
            if len(set(names)) != len(names) or TOTAL in names:
                raise ValueError("Rows and columns need names of their own.")

    def with_totals(self) -> dict[Place, int]:
        """Every count by place; the last row and the last column are the totals."""
        across = [(*row, sum(row)) for row in self.counts]
        down = [sum(column) for column in zip(*across, strict=True)]
        return {(i, j): n for i, row in enumerate([*across, down]) for j, n in enumerate(row)}

    def place(self, row: str, column: str) -> Place:
        """Where a named cell lies; "total" names the totals. Raises `ValueError` if nowhere."""
        return (*self.rows, TOTAL).index(row), (*self.columns, TOTAL).index(column)


@dataclass(frozen=True)
class ProtectedTable:
    """A table as it may be published. `source` holds the true counts and is not for the public."""

    source: CountTable
    cells: tuple[tuple[Cell, ...], ...]  # with the totals as last row and last column

    def cell(self, row: str, column: str) -> Cell:
        """One cell by name; "total" names the totals."""
        i, j = self.source.place(row, column)
        return self.cells[i][j]

    @property
    def suppressed(self) -> frozenset[Place]:
        """The places of all suppressed cells, totals included."""
        return frozenset(
            (i, j)
            for i, row in enumerate(self.cells)
            for j, cell in enumerate(row)
            if isinstance(cell, Suppressed)
        )

    def as_dict(self) -> dict[str, Any]:
        """The table for the public: names and cells, no reasons, no true counts."""
        return {
            "rows": [*self.source.rows, TOTAL],
            "columns": [*self.source.columns, TOTAL],
            "cells": [[cell_as_dict(cell) for cell in row] for row in self.cells],
        }


def percentage(part: Cell, whole: Cell, policy: ReportPolicy) -> Cell:
    """Part of whole as a whole percentage, where both are shown and the group is not small."""
    if isinstance(part, Suppressed):
        return part
    if isinstance(whole, Suppressed):
        return whole
    if whole.value < policy.smallest_group:
        return Suppressed(SMALL_GROUP)
    return Shown(percent(Fraction(part.value, whole.value)))


def protect(
    table: CountTable,
    policy: ReportPolicy,
    *,
    public: Iterable[Name] = (),
    withheld: Iterable[Name] = (),
    before: ProtectedTable | None = None,
) -> ProtectedTable:
    """The table as it may be published.

    `public` names cells (row, column) that another table of the report already shows, `withheld`
    those that another one already holds back; totals are named "total". `before` is the quarter
    before's table, given for running totals only: what was hidden stays hidden, and a count whose
    growth since is small is hidden too. Raises `CannotProtect` where public cells give a small
    number away, `ValueError` where `before` is a table of other rows or columns, or shrank.
    """
    values = table.with_totals()
    open_already = {table.place(*name) for name in public}
    floors = _floors(table, before)
    reasons = _first_reasons(table, policy)
    reasons |= _reasons_from_before(values, before, policy)
    reasons |= {table.place(*name): DERIVABLE for name in withheld}
    reasons = {place: why for place, why in reasons.items() if place not in open_already}
    while exposed := _exposed(values, reasons, floors):
        choice = _next_to_suppress(values, reasons, floors, exposed, open_already)
        if choice is None:
            raise CannotProtect("Public totals already give a small number of this table away.")
        reasons[choice] = DERIVABLE
    height, width = len(table.rows) + 1, len(table.columns) + 1
    return ProtectedTable(
        source=table,
        cells=tuple(
            tuple(
                Suppressed(reasons[i, j]) if (i, j) in reasons else Shown(values[i, j])
                for j in range(width)
            )
            for i in range(height)
        ),
    )


def possible_values(protected: ProtectedTable, row: str, column: str) -> tuple[int, int | None]:
    """The least and the greatest count a reader could not rule out (None: no upper limit).

    A reader is taken to know every shown cell, that rows and columns add up, and that counts are
    not negative. For a shown cell both are its value.
    """
    values = protected.source.with_totals()
    place = protected.source.place(row, column)
    hidden = protected.suppressed
    if place not in hidden:
        return values[place], values[place]
    network = _Network(values, hidden, {})
    unlimited = 1 + 2 * sum(values.values())
    up, down = network.room(place, unlimited)
    return values[place] - down, None if up >= unlimited else values[place] + up


def leaves_small_rest(protected: ProtectedTable, policy: ReportPolicy) -> bool:
    """True where a shown total less the shown counts of its row or column is a small count."""
    across = protected.cells
    down = tuple(zip(*across, strict=True))
    return any(_small_rest(line, policy) for line in (*across, *down))


def _small_rest(line: Sequence[Cell], policy: ReportPolicy) -> bool:
    *cells, total = line
    shown = [cell.value for cell in cells if isinstance(cell, Shown)]
    if isinstance(total, Suppressed) or len(shown) == len(cells):
        return False
    return total.value - sum(shown) < policy.smallest_count


def _first_reasons(table: CountTable, policy: ReportPolicy) -> dict[Place, str]:
    """The cells that are small in themselves."""
    values = table.with_totals()
    last_row, last_column = len(table.rows), len(table.columns)
    reasons = {place: SMALL for place, count in values.items() if count < policy.smallest_count}
    for (i, j), count in values.items():
        if i == last_row or j == last_column or (i, j) in reasons:
            continue
        # All of a small group: of a table's only column (row) everybody is, which says nothing.
        groups = ([values[i, last_column]] if last_column > 1 else []) + (
            [values[last_row, j]] if last_row > 1 else []
        )
        if any(count == group < policy.smallest_group for group in groups):
            reasons[i, j] = SMALL_GROUP
    return reasons


def _floors(table: CountTable, before: ProtectedTable | None) -> Mapping[Place, int]:
    """What a reader knows each running total to have reached already."""
    if before is None:
        return {}
    if (before.source.rows, before.source.columns) != (table.rows, table.columns):
        raise ValueError("The quarter before has other rows or columns.")
    then, now = before.source.with_totals(), table.with_totals()
    if any(now[place] < then[place] for place in now):
        raise ValueError("A running total cannot shrink.")
    return {place: then[place] for place in then if place not in before.suppressed}


def _reasons_from_before(
    values: Mapping[Place, int], before: ProtectedTable | None, policy: ReportPolicy
) -> dict[Place, str]:
    if before is None:
        return {}
    then = before.source.with_totals()
    return {
        place: QUARTER_BEFORE
        for place, count in values.items()
        if place in before.suppressed or count - then[place] < policy.smallest_count
    }


def _exposed(
    values: Mapping[Place, int], hidden: Iterable[Place], floors: Mapping[Place, int]
) -> list[Place]:
    """The suppressed cells that a reader could work out."""
    places = frozenset(hidden)
    network = _Network(values, places, floors)
    return [place for place in sorted(places) if sum(network.room(place, 1)) < FEWEST_VALUES - 1]


def _next_to_suppress(
    values: Mapping[Place, int],
    hidden: Mapping[Place, str],
    floors: Mapping[Place, int],
    exposed: Sequence[Place],
    open_already: Iterable[Place],
) -> Place | None:
    """The cell whose suppression leaves the fewest exposed: counts before totals, small first."""
    last_row, last_column = max(values)
    kept = set(open_already) | set(hidden)
    lines = {("row", i) for i, _ in exposed} | {("column", j) for _, j in exposed}
    candidates = [
        (i, j)
        for i, j in values
        if (i, j) not in kept and (("row", i) in lines or ("column", j) in lines)
    ] or [place for place in values if place not in kept]

    def cost(place: Place) -> tuple[int, int, int, Place]:
        totals = (place[0] == last_row) + (place[1] == last_column)
        left = len(_exposed(values, [*hidden, place], floors))
        return left, totals, values[place], place

    return min(candidates, key=cost, default=None)


class _Network:
    """How far suppressed cells can move while every row and column still adds up.

    Rows and columns, totals included, are nodes; a suppressed cell is an arc between its row and
    its column. Written with totals negative, every row and every column sums to 0, so a change
    that nobody can see is a circulation: going from a row to a column lowers the signed cell,
    going back raises it. With whole counts the greatest flow is a whole number, so the ranges are
    exact.
    """

    def __init__(
        self, values: Mapping[Place, int], hidden: Iterable[Place], floors: Mapping[Place, int]
    ) -> None:
        self._last = max(values)
        self._down = {place: values[place] - floors.get(place, 0) for place in hidden}

    def room(self, place: Place, limit: int) -> tuple[int, int]:
        """How far the true count could be higher and lower, each up to `limit`."""
        row, column = (0, place[0]), (1, place[1])
        rises = self._flow(row, column, place, limit)
        falls = self._flow(column, row, place, limit)
        up, down = (falls, rises) if self._is_negative(place) else (rises, falls)
        return up, min(down, self._down[place])

    def _is_negative(self, place: Place) -> bool:
        return (place[0] == self._last[0]) != (place[1] == self._last[1])

    def _capacities(self, without: Place, limit: int) -> dict[Place, dict[Place, int]]:
        graph: dict[Place, dict[Place, int]] = {}
        for place, down in self._down.items():
            if place == without:
                continue
            row, column = (0, place[0]), (1, place[1])
            lower, raise_ = (limit, down) if self._is_negative(place) else (down, limit)
            graph.setdefault(row, {})[column] = lower
            graph.setdefault(column, {})[row] = raise_
        return graph

    def _flow(self, source: Place, sink: Place, without: Place, limit: int) -> int:
        """The greatest flow from source to sink, up to `limit` (Edmonds and Karp)."""
        graph = self._capacities(without, limit)
        flow = 0
        while flow < limit and (path := _shortest(graph, source, sink)):
            amount = min(limit - flow, *(graph[a][b] for a, b in path))
            for a, b in path:
                graph[a][b] -= amount
                graph[b][a] += amount
            flow += amount
        return flow


def _shortest(
    graph: Mapping[Place, Mapping[Place, int]], source: Place, sink: Place
) -> list[tuple[Place, Place]]:
    """The arcs of a shortest path with room left on every arc; empty where there is none."""
    came_from: dict[Place, Place] = {source: source}
    queue = deque([source])
    while queue and sink not in came_from:
        node = queue.popleft()
        for neighbour, room in graph.get(node, {}).items():
            if room > 0 and neighbour not in came_from:
                came_from[neighbour] = node
                queue.append(neighbour)
    if sink not in came_from:
        return []
    path = []
    node = sink
    while node != source:
        path.append((came_from[node], node))
        node = came_from[node]
    return path
