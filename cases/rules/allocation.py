"""Which auditor grades which file.

Independence is absolute. Among those independent, the auditor with the most free capacity is next,
ties by a shuffle that the seed decides. Where that auditor is out of reach for one case, cases
already given out in this allocation are passed on, so that no case stays without an auditor while
any way of giving all of them out exists, and free capacity ends as even as independence allows.

That is a minimum-cost flow with convex costs at the auditors: each case is added along the chain
that ends at the auditor with the most free capacity, which keeps the whole optimal (Ahuja, Magnanti
and Orlin, Network Flows, 1993, sections 9.7 and 14.5). With A auditors and C cases a step looks at
no more than A × C pairs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cases.rules.independence import (
    SENTENCES,
    CaseToGrade,
    NotIndependent,
    Person,
    independence,
)


@dataclass(frozen=True)
class Auditor:
    """An auditor, how many files they can take in a quarter, and how many they have in hand."""

    person: Person
    capacity: int
    in_hand: int = 0

    @property
    def free(self) -> int:
        """How many more they can take; never negative."""
        return max(self.capacity - self.in_hand, 0)


@dataclass(frozen=True)
class Assignment:
    """A case's key and its auditor's id."""

    case: str
    auditor: str


@dataclass(frozen=True)
class Unallocated:
    """A case's key, and why nobody could be given it."""

    case: str
    because: str


@dataclass(frozen=True)
class AllocationResult:
    """Who grades what, and the cases that nobody can grade; both by the cases' keys."""

    assignments: tuple[Assignment, ...]
    unallocated: tuple[Unallocated, ...]


def allocate(
    cases: Sequence[CaseToGrade],
    auditors: Sequence[Auditor],
    seed: str,
    *,
    other_teams_independent: bool = True,
) -> AllocationResult:
    """Give every case an independent auditor with free capacity, as evenly as can be.

    The order in which cases and auditors are given means nothing. Raises `ValueError` where a case
    or an auditor is there twice.
    """
    _no_repeats("case", [case.key for case in cases])
    _no_repeats("auditor", [auditor.person.id for auditor in auditors])
    allocation = _Allocation(cases, auditors, seed, other_teams_independent)
    for case in sorted(cases, key=lambda case: _shuffled(seed, "case", case.key)):
        allocation.add(case.key)
    given = allocation.auditor_of
    ordered = sorted(cases, key=lambda case: case.key)
    return AllocationResult(
        tuple(Assignment(c.key, given[c.key]) for c in ordered if c.key in given),
        tuple(
            Unallocated(c.key, why_nobody(c, auditors, other_teams_independent))
            for c in ordered
            if c.key not in given
        ),
    )


def why_nobody(
    case: CaseToGrade, auditors: Iterable[Auditor], other_teams_independent: bool = True
) -> str:
    """Why none of these auditors can take the case, in words; each counted by the first reason."""
    if case.missing:
        return case.missing
    counts: Counter[str] = Counter()
    full = 0
    for auditor in auditors:
        judged = independence(auditor.person, case, other_teams_independent=other_teams_independent)
        if isinstance(judged, NotIndependent):
            counts[judged.because[0].code] += 1
        else:
            full += 1
    parts = [f"{counts[code]} {SENTENCES[code][1]}" for code in SENTENCES if counts[code]]
    if not full:
        listed = f": {', '.join(parts)}" if parts else ""
        return f"No auditor is independent of this case{listed}."
    others = f" (the others: {', '.join(parts)})" if parts else ""
    who = (
        "The one independent auditor has" if full == 1 else f"All {full} independent auditors have"
    )
    return f"{who} no free capacity left{others}."


def _no_repeats(what: str, ids: list[str]) -> None:
    repeated = [known for known, times in Counter(ids).items() if times > 1]
    if repeated:
        raise ValueError(f"This {what} is there twice: {min(repeated)}.")


def _shuffled(seed: str, *what: str) -> str:
    """A place in a shuffle: the same in every process, unlike `hash`; another for every seed."""
    text = "\n".join(("case-file-audit allocation 1", seed, *what))
    return hashlib.sha256(text.encode()).hexdigest()


class _Allocation:
    """What has been given out so far. Internal to `allocate`; everything here is by id and key."""

    def __init__(
        self,
        cases: Sequence[CaseToGrade],
        auditors: Sequence[Auditor],
        seed: str,
        other_teams_independent: bool,
    ) -> None:
        self.seed = seed
        self.free = {auditor.person.id: auditor.free for auditor in auditors}
        self.held: dict[str, set[str]] = {auditor.person.id: set() for auditor in auditors}
        self.auditor_of: dict[str, str] = {}
        self.may_grade = {
            case.key: frozenset(
                auditor.person.id
                for auditor in auditors
                if not case.missing
                and not isinstance(
                    independence(
                        auditor.person, case, other_teams_independent=other_teams_independent
                    ),
                    NotIndependent,
                )
            )
            for case in cases
        }

    def add(self, key: str) -> None:
        """Give a case out, passing on others where that is fairer or the only way."""
        reached = self._reach(key)
        usable = [auditor for auditor in reached if self.free[auditor] > 0]
        if not usable:
            return
        last = min(
            usable,
            key=lambda auditor: (
                -self.free[auditor],
                len(reached[auditor]),
                _shuffled(self.seed, "auditor", key, auditor),
            ),
        )
        self.free[last] -= 1
        for case, auditor in reached[last]:
            self._give(case, auditor)

    def _give(self, case: str, auditor: str) -> None:
        if before := self.auditor_of.get(case):
            self.held[before].remove(case)
        self.held[auditor].add(case)
        self.auditor_of[case] = auditor

    def _reach(self, key: str) -> dict[str, tuple[tuple[str, str], ...]]:
        """Every auditor the case can end up costing, with the moves that make it so.

        A move is (case, its new auditor): first the case itself, then one of that auditor's cases
        to somebody else, and so on; the shortest chain to each auditor.
        """
        chains: dict[str, tuple[tuple[str, str], ...]] = {
            auditor: ((key, auditor),) for auditor in sorted(self.may_grade[key])
        }
        waiting = list(chains)
        for auditor in waiting:  # grows while it is walked: breadth first
            for case in sorted(self.held[auditor]):
                for other in sorted(self.may_grade[case] - chains.keys()):
                    chains[other] = (*chains[auditor], (case, other))
                    waiting.append(other)
        return chains
