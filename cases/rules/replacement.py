"""Which reserve takes the place of a selected case that cannot be audited.

The next one in draw order of the same stratum, always: nobody picks. A reserve of a family with
another child in the sample at that moment is passed over, and that is recorded. docs/draw.md says
so too, because a replacement must be as easy to check as the draw.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from cases.rules.sampling import FAMILY

SIBLING_IN_SAMPLE = "One child per family: a sibling is in the sample."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reserve that has not been used or passed over. ``family`` is empty where not known."""

    key: str
    rank: int
    family: str = ""


@dataclass(frozen=True, slots=True)
class PassedOverReserve:
    """A reserve that was next, why it was not taken, as a code and as a sentence."""

    case: Waiting
    code: str = FAMILY
    because: str = SIBLING_IN_SAMPLE


@dataclass(frozen=True)
class NextReserve:
    """The reserve to take, None where none is left, and those passed over on the way to it."""

    case: Waiting | None
    passed_over: tuple[PassedOverReserve, ...]
    because: str


def next_reserve(
    waiting: Iterable[Waiting], families_in_use: Container[str], *, one_per_family: bool
) -> NextReserve:
    """The next reserve of a stratum.

    ``waiting`` are the reserves of that stratum in any order; ``families_in_use`` the family keys
    of the cases of the whole draw that are in the sample now, without the case that is replaced: a
    brother may take the place of his sister.
    """
    passed: list[PassedOverReserve] = []
    for reserve in sorted(waiting, key=lambda case: case.rank):
        if one_per_family and reserve.family and reserve.family in families_in_use:
            passed.append(PassedOverReserve(reserve))
            continue
        return NextReserve(reserve, tuple(passed), f"Reserve {reserve.rank} is next in draw order.")
    because = "Every reserve left has a sibling in the sample." if passed else "No reserve is left."
    return NextReserve(None, tuple(passed), because)
