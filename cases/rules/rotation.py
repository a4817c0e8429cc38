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
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from cases.rules.frame import FrameCase


def tickets_of(seed: str, keys: Iterable[str]) -> list[bytes]:
    """The ticket of each of these cases' keys: 32 bytes, written as 64 hexadecimal digits.

    SHA-256 of a line naming this use, a line with the seed, and the key. With the seed fixed after
    the frame, nobody can steer which case gets a low ticket, and everybody can compute it
    (compare Rivest, "Sampler: a post-election auditing sampling tool", 2011). Bytes are in the
    order of their digits, and of a million tickets few are ever written.
    """
    start, sha256 = f"case-file-audit ticket 1\n{seed}\n".encode(), hashlib.sha256
    return [sha256(start + key.encode()).digest() for key in keys]


# A case with its ticket. Among these the lower comes first: by ticket, then (a tie) by key.
Lot = tuple[bytes, FrameCase]


class Turn(NamedTuple):
    """A case's place in the order: its pass (from 1) and its ticket."""

    pass_number: int
    ticket: bytes
    case: FrameCase

    @property
    def luck(self) -> tuple[bytes, str]:
        """What alone would decide if there were no passes."""
        return self.ticket, self.case.key


class Lots:
    """The lots with the lowest tickets first; sorted as far as anybody looks.

    Of a million few are ever looked at: those with the lowest tickets, which are sorted first.
    """

    SORTED_AT_ONCE = 10_000  # of so many, all: that takes no time

    def __init__(self, lots: Iterable[Lot]) -> None:
        lots = list(lots)
        self._parts = _divided(lots) if len(lots) > self.SORTED_AT_ONCE else [lots]
        self._sorted = 0

    def __iter__(self) -> Iterator[Lot]:
        for place, part in enumerate(self._parts):
            if place == self._sorted:
                part.sort()
                self._sorted += 1
            yield from part


def _divided(lots: list[Lot]) -> list[list[Lot]]:
    """About the lowest eighth, and the others."""
    some = sorted(ticket for ticket, _ in lots[:: 1 + len(lots) // 1000])
    low = some[len(some) // 8]
    return [[lot for lot in lots if lot[0] <= low], [lot for lot in lots if lot[0] > low]]


def in_turn(lots: Iterable[Lot], *, rotation: bool, rested: Collection[str]) -> Iterator[Turn]:
    """The draw order of the eligible cases of one stratum, which come by ticket.

    Pass by pass, the lower lots of each first; without ``rotation`` there is one pass. ``rested``
    are the practitioners who join at the second. One by one, because of a million cases few are
    ever looked at: the passes after the first are made when the first is used up.
    """
    if not rotation:
        for ticket, case in lots:
            yield Turn(1, ticket, case)
        return
    seen, later = set(rested), list[Lot]()
    for ticket, case in lots:
        person = case.practitioner
        if person in seen:
            later.append((ticket, case))
            continue
        if person:
            seen.add(person)
        yield Turn(1, ticket, case)
    latest: dict[str, int] = {}
    passes: defaultdict[int, list[Lot]] = defaultdict(list)
    for lot in later:
        person = lot[1].practitioner
        latest[person] = latest.get(person, 1) + 1
        passes[latest[person]].append(lot)
    for number in sorted(passes):
        for ticket, case in passes[number]:
            yield Turn(number, ticket, case)
