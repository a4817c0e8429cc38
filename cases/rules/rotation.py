"""The order in which the eligible cases of a stratum are drawn: by ticket, in passes.

Rotation orders, it never excludes: in every pass a practitioner has at most one case, the one
with their lowest ticket of those left, so that auditing goes round the staff instead of falling on
one person by chance. A practitioner whose work was audited last quarter joins at the second pass.
A case without a known practitioner counts as a practitioner of its own: it is always in the first
pass.

That order can be had without walking pass after pass: a practitioner's cases, by ticket, belong to
passes 1, 2, 3 and so on (2, 3, 4 where they joined at the second). docs/draw.md specifies it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple

from cases.rules.frame import FrameCase


def ticketing(seed: str) -> Callable[[str], str]:
    """The function that gives a case's key its ticket: 64 hexadecimal digits.

    SHA-256 of a line naming this use, a line with the seed, and the key. With the seed fixed after
    the frame, nobody can steer which case gets a low ticket, and everybody can compute it
    (compare Rivest, "Sampler: a post-election auditing sampling tool", 2011).
    """
    start = f"case-file-audit ticket 1\n{seed}\n".encode()

    def ticket(key: str) -> str:
        return hashlib.sha256(start + key.encode()).hexdigest()

    return ticket


# A case with its ticket. Among these the lower comes first: by ticket, then (a tie) by key.
Lot = tuple[str, FrameCase]


class Turn(NamedTuple):
    """A case's place in the order: its pass (from 1) and its ticket."""

    pass_number: int
    ticket: str
    case: FrameCase

    @property
    def luck(self) -> tuple[str, str]:
        """What alone would decide if there were no passes."""
        return self.ticket, self.case.key


def draw_order(
    cases: Iterable[FrameCase],
    ticket: Callable[[str], str],
    *,
    rotation: bool,
    rested: Container[str],
) -> list[list[Lot]]:
    """The eligible cases of one stratum in draw order: pass by pass, the lower lots of each first.

    Without rotation there is one pass. `in_turn` goes through them one after the other.
    """
    by_ticket = sorted((ticket(case.key), case) for case in cases)
    if not rotation:
        return [by_ticket]
    taken: defaultdict[str, int] = defaultdict(int)
    passes: defaultdict[int, list[Lot]] = defaultdict(list)
    for lot in by_ticket:
        pass_number = 1
        if person := lot[1].practitioner:
            taken[person] += 1
            pass_number = taken[person] + (person in rested)
        passes[pass_number].append(lot)
    return [passes[number] for number in range(1, max(passes, default=0) + 1)]


def in_turn(passes: Iterable[Iterable[Lot]]) -> Iterator[Turn]:
    """The turns of an order. One by one: of a million cases few are ever looked at."""
    for number, lots in enumerate(passes, 1):
        for ticket, case in lots:
            yield Turn(number, ticket, case)
