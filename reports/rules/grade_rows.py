"""Rows of grades in public: four grades, else good or better against below good, else the year.

A row is published whole or in a coarser form, never with holes: all four grades; else good or
better against below good; else not at all, with the year's four quarters pooled at the year's end
where that is large enough. Rows of services add up to their line's row, so a row that is held back
may need another one to be coarser as well.

The check is by example. For every number held back, another set of grades must exist that would
have been published in exactly the same way, in which that number is different. Such sets are
looked for by moving one audit, or by exchanging audits between two services and two quarters; where
none is found the publication is made coarser until one is. Finding one proves it, so the promise
(docs/disclosure.md) does not rest on the search being complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from reports.rules.disclosure import CannotProtect
from reports.rules.policy import ReportPolicy

FOUR = "four_grades"
TWO = "two_groups"  # good or better against below good
NONE = "not_shown"
_COARSER = {FOUR: TWO, TWO: NONE}

Counts = tuple[int, int, int, int]
_GRADES = range(4)
# A number that must be protected: quarter, row, and the grade's place or "good or better" (4).
_Target = tuple[int, int, int]
_GOOD_OR_BETTER = 4


@dataclass(frozen=True)
class GradeRow:
    """How many audits of a service (or line) have each grade, best first."""

    name: str
    counts: Counts

    @property
    def n(self) -> int:
        """All audits of the row."""
        return sum(self.counts)


@dataclass(frozen=True)
class PublicRow:
    """A row as it may be published.

    `counts` has four numbers, two (good or better, below good) or none, by `level`. `n` is None
    where even the number of audits is small.
    """

    name: str
    level: str
    counts: tuple[int, ...]
    n: int | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for the public."""
        return {
            "name": self.name, "level": self.level, "counts": list(self.counts), "n": self.n,
        }  # fmt: skip


@dataclass(frozen=True)
class PublicGrades:
    """One line's grades in one quarter as they may be published, and the true rows beside them.

    `line_row` and `service_rows` are the true counts: not for the public.
    """

    line: PublicRow
    services: tuple[PublicRow, ...]
    line_row: GradeRow
    service_rows: tuple[GradeRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for the public: no true counts of what is held back."""
        return {
            "line": self.line.as_dict(),
            "services": [row.as_dict() for row in self.services],
        }


def protect_grades(
    services: Sequence[GradeRow],
    line: str,
    policy: ReportPolicy,
    *,
    line_level: str | None = None,
) -> PublicGrades:
    """One line's quarter as it may be published: its services' rows and their sum.

    `line_level` fixes the level of the line's row where another table of the report has published
    it already (the same line by kind of worker, say): only rows below it then give way. Raises
    `ValueError` where two services have the same name, `CannotProtect` where a fixed line gives a
    number away.
    """
    if len({row.name for row in services}) != len(services):
        raise ValueError("A service can have one row only.")
    total = GradeRow(line, _sum(row.counts for row in services))
    levels = [*(_finest(row, policy) for row in services), line_level or _finest(total, policy)]
    while exposed := _exposed([_Quarter(tuple(services), tuple(levels))], frozenset()):
        coarser = _made_coarser(services, levels, fixed_line=line_level is not None)
        if coarser is None:
            raise CannotProtect(f"{line}: {len(exposed)} numbers follow from the line's row.")
        levels = coarser
    rows = [
        _publish(row, level, policy) for row, level in zip((*services, total), levels, strict=True)
    ]
    return PublicGrades(rows[-1], tuple(rows[:-1]), total, tuple(services))


def protect_year(quarters: Sequence[PublicGrades], policy: ReportPolicy) -> dict[str, PublicRow]:
    """The year pooled, for the rows that the year's last quarter does not show; by row name.

    `quarters` are the published quarters of one line and one financial year, in order, ending with
    the last. To be called once, at the year's end: a sum to date shown in two quarters running
    would give the quarter between away. A row that cannot be pooled safely is left out.
    """
    if not quarters:
        return {}
    names = tuple(dict.fromkeys(row.name for q in quarters for row in q.service_rows))
    year = [_Quarter.of(quarter, names) for quarter in quarters]
    rows = [*names, quarters[-1].line.name]
    hidden = {row.name for row in (*quarters[-1].services, quarters[-1].line) if row.level == NONE}
    pooled: frozenset[int] = frozenset()
    result = {}
    # The largest first: it is the one that most readers miss.
    order = sorted(range(len(rows)), key=lambda k: -sum(sum(q.counts(k)) for q in year))
    for k in order:
        whole = GradeRow(rows[k], _sum(q.counts(k) for q in year))
        if rows[k] not in hidden or _finest(whole, policy) == NONE:
            continue
        if not _exposed(year, pooled | {k}):
            pooled |= {k}
            result[rows[k]] = _publish(whole, TWO, policy)
    return result


def _sum(rows: Iterable[Counts]) -> Counts:
    columns = [sum(column) for column in zip((0, 0, 0, 0), *rows, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]


def _groups(counts: Counts) -> tuple[int, int]:
    return counts[0] + counts[1], counts[2] + counts[3]


def _finest(row: GradeRow, policy: ReportPolicy) -> str:
    """The finest form in which no count of the row is small in itself."""
    if row.n < policy.smallest_group:
        return NONE
    if min(row.counts) >= policy.smallest_count:
        return FOUR
    return TWO if min(_groups(row.counts)) >= policy.smallest_count else NONE


def _view(counts: Counts, level: str) -> tuple[int, ...]:
    return counts if level == FOUR else _groups(counts) if level == TWO else ()


def _publish(row: GradeRow, level: str, policy: ReportPolicy) -> PublicRow:
    small = 0 < row.n < policy.smallest_count
    return PublicRow(row.name, level, _view(row.counts, level), None if small else row.n)


def _made_coarser(
    services: Sequence[GradeRow], levels: list[str], *, fixed_line: bool
) -> list[str] | None:
    """The levels after the step that leaves least exposed; None where no step is left.

    The line's own row is the report's headline: it gives way only when every service has.
    """

    def after(k: int) -> list[str]:
        return [_COARSER[level] if i == k else level for i, level in enumerate(levels)]

    def cost(k: int) -> tuple[int, int, int]:
        quarter = _Quarter(tuple(services), tuple(after(k)))
        return len(_exposed([quarter], frozenset())), services[k].n, k

    steps = [k for k, row in enumerate(services) if levels[k] != NONE and row.n]
    if steps:
        return after(min(steps, key=cost))
    return None if fixed_line or levels[-1] == NONE else after(len(services))


@dataclass(frozen=True)
class _Quarter:
    """One quarter's true rows and the levels at which they are published, the line's last."""

    services: tuple[GradeRow, ...]
    levels: tuple[str, ...]

    @classmethod
    def of(cls, public: PublicGrades, names: Sequence[str]) -> _Quarter:
        """A published quarter with a row (empty where it had none) for each of the names."""
        true = {row.name: row for row in public.service_rows}
        level = {row.name: row.level for row in public.services}
        return cls(
            tuple(true.get(name, GradeRow(name, (0, 0, 0, 0))) for name in names),
            (*(level.get(name, NONE) for name in names), public.line.level),
        )

    def counts(self, k: int) -> Counts:
        """The true counts of the k-th service, or of the line after the last."""
        if k < len(self.services):
            return self.services[k].counts
        return _sum(row.counts for row in self.services)


# One audit of a service gets another grade: service, from, to.
_Move = tuple[int, int, int]


@dataclass(frozen=True)
class _Unseen:
    """A change of one quarter's grades that its publication does not show.

    `differs` are the numbers that it changes, `pooled` what it does to each row's good or better.
    """

    differs: frozenset[tuple[int, int]]
    pooled: tuple[tuple[int, int], ...]


def _exposed(quarters: Sequence[_Quarter], pooled: frozenset[int]) -> set[_Target]:
    """The numbers held back for which no other possible value was found."""
    unseen = [_unseen_changes(quarter, pooled) for quarter in quarters]
    free: set[_Target] = set()
    for t, changes in enumerate(unseen):
        others = {u.pooled for s, more in enumerate(unseen) if s != t for u in more}
        for change in changes:
            back = tuple((row, -amount) for row, amount in change.pooled)
            # What a pooled year would show, another quarter must be able to undo.
            if not change.pooled or back in others:
                free |= {(t, row, place) for row, place in change.differs}
    return _targets(quarters) - free


def _targets(quarters: Sequence[_Quarter]) -> set[_Target]:
    targets = set()
    for t, quarter in enumerate(quarters):
        for k, level in enumerate(quarter.levels):
            if not sum(quarter.counts(k)):
                continue  # where nothing was audited there is nothing to hold back
            if level != FOUR:
                targets |= {(t, k, grade) for grade in _GRADES}
            if level == NONE:
                targets.add((t, k, _GOOD_OR_BETTER))
    return targets


def _unseen_changes(quarter: _Quarter, pooled: frozenset[int]) -> set[_Unseen]:
    """Changes of one or two audits' grades that leave all published rows as they are."""
    single = [
        (k, a, b)
        for k, row in enumerate(quarter.services)
        for a, b in permutations(_GRADES, 2)
        if row.counts[a] and not _shows(quarter.levels[k], [(k, a, b)], k)
    ]
    line = len(quarter.services)
    by_effect: dict[tuple[int, ...], list[_Move]] = {}
    for move in single:
        by_effect.setdefault(_effect(quarter.levels[line], [move]), []).append(move)
    changes = {_summary([move], line, pooled) for move in by_effect.get(_no_effect(quarter), [])}
    for move in single:
        undone = tuple(-x for x in _effect(quarter.levels[line], [move]))
        changes |= {
            _summary([move, other], line, pooled)
            for other in by_effect.get(undone, [])
            if other[0] != move[0]
        }
    return changes


def _delta(moves: Sequence[_Move], service: int | None = None) -> Counts:
    change = [0, 0, 0, 0]
    for k, a, b in moves:
        if service is None or k == service:
            change[a] -= 1
            change[b] += 1
    return change[0], change[1], change[2], change[3]


def _shows(level: str, moves: Sequence[_Move], service: int) -> bool:
    return any(_view(_delta(moves, service), level))


def _effect(level: str, moves: Sequence[_Move]) -> tuple[int, ...]:
    """What the moves change in the line's published row."""
    return _view(_delta(moves), level)


def _no_effect(quarter: _Quarter) -> tuple[int, ...]:
    return (0,) * len(_view((0, 0, 0, 0), quarter.levels[-1]))


def _summary(moves: Sequence[_Move], line: int, pooled: frozenset[int]) -> _Unseen:
    deltas = {k: _delta(moves, k) for k, _, _ in moves} | {line: _delta(moves)}
    good = {k: _groups(delta)[0] for k, delta in deltas.items()}
    differs = {(k, g) for k, delta in deltas.items() for g in _GRADES if delta[g]}
    differs |= {(k, _GOOD_OR_BETTER) for k, amount in good.items() if amount}
    return _Unseen(
        frozenset(differs),
        tuple(sorted((k, amount) for k, amount in good.items() if k in pooled and amount)),
    )
