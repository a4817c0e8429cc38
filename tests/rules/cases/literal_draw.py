"""The rules of the draw, taken word by word and as slowly as that is: an oracle for small frames.

Passes are walked one after the other, and at every step everything left is looked at again.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction

from cases.rules.frame import Frame, FrameCase
from cases.rules.policy import DrawPolicy


def ticket(seed: str, key: str) -> str:
    """The hash of three lines without a last line feed."""
    text = "\n".join(["case-file-audit ticket 1", seed, key])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def rounded_up(number: Fraction) -> int:
    whole = 0
    while whole < number:
        whole += 1
    return whole


def literal_order(
    eligible: list[FrameCase], seed: str, rested: frozenset[str], rotation: bool
) -> list[FrameCase]:
    """Pass after pass, always taking the lowest ticket that may still be taken in the pass."""
    left = sorted(eligible, key=lambda case: (ticket(seed, case.key), case.key))
    if not rotation:
        return left
    order: list[FrameCase] = []
    pass_number = 1
    while left:
        had_one: set[str] = set(rested) if pass_number == 1 else set()
        while takeable := [c for c in left if not c.practitioner or c.practitioner not in had_one]:
            case = takeable[0]
            left.remove(case)
            order.append(case)
            had_one.add(case.practitioner)
        pass_number += 1
    return order


def literal_draw(
    frame: Frame, seed: str, policy: DrawPolicy
) -> dict[str, tuple[list[str], list[str]]]:
    """Keys of selected cases and of reserves, in order, by stratum."""
    result: dict[str, tuple[list[str], list[str]]] = {}
    families: list[str] = []
    for name in sorted(frame.strata):
        cases = [case for case in frame.cases if case.stratum == name]
        exact = len(cases) * policy.rate
        share = rounded_up(
            exact if policy.rounding == "up" else exact - Fraction(1, 2) + _tie(exact)
        )
        quota = min(len(cases), max(share, policy.minimum_per_stratum))
        wanted = max(rounded_up(quota * policy.reserve_share), policy.reserve_minimum)
        eligible = [case for case in cases if not case.not_eligible]
        order = literal_order(eligible, seed, frame.rested, policy.rotation)
        selected: list[FrameCase] = []
        siblings: list[FrameCase] = []
        while order and len(selected) < quota:
            case = order.pop(0)
            if policy.one_per_family and case.family and case.family in families:
                siblings.append(case)
            else:
                selected.append(case)
                families.append(case.family)
        reserves = (order + siblings)[: wanted if quota else 0]
        result[name] = ([case.key for case in selected], [case.key for case in reserves])
    return result


def _tie(exact: Fraction) -> Fraction:
    """Pushes an exact half over the edge, so that halves go up."""
    return (
        Fraction(1, 10**6)
        if (2 * exact).denominator == 1 and exact.denominator == 2
        else Fraction(0)
    )
