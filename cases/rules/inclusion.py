"""How likely each case of a frame is to be selected, estimated by drawing again and again.

Rotation and the rule for families make chances unequal: the only case of a practitioner is more
likely to be selected than one of twenty. No formula gives these chances for any frame, so the draw
itself is repeated with other seeds and the selections are counted (the Horvitz–Thompson estimator
needs these probabilities; on estimating them by simulation: M. E. Thompson and C. Wu,
"Simulation-based randomized systematic PPS sampling under substitution of units", Survey
Methodology 34, 2008).

Cases that nothing in the frame tells apart have the same chance, so they share one estimate: a
stratum of a hundred such cases gives a hundred counts for each draw instead of one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from cases.rules.frame import Frame, FrameCase
from cases.rules.policy import DrawPolicy
from cases.rules.sampling import draw

MOST_DRAWS = 5_000
FEWEST_DRAWS = 100
CASES_SEEN = 15_000_000  # of all simulated draws together: 5,000 draws of 3,000 cases


@dataclass(frozen=True)
class StratumChances:
    """The chances of one stratum's cases: numbers of cases, and shares from 0 to 1.

    ``never`` counts eligible cases that no simulated draw selected, nor one of those like them;
    ``lowest``, ``highest`` and ``average`` are of all eligible cases, 0 where there is none.
    """

    name: str
    open: int
    not_eligible: int
    never: int
    lowest: float
    highest: float
    average: float

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON data, without the name; shares with six decimals."""
        return {
            "open": self.open,
            "not_eligible": self.not_eligible,
            "never": self.never,
            "lowest": round(self.lowest, 6),
            "highest": round(self.highest, 6),
            "average": round(self.average, 6),
        }


@dataclass(frozen=True)
class Chances:
    """Every eligible case's chance by its key; those of cases that are not eligible are zero."""

    draws: int
    of_case: Mapping[str, float]
    strata: tuple[StratumChances, ...]


def number_of_draws(open_cases: int) -> int:
    """How many draws are simulated: 5,000 up to 3,000 open cases, then fewer, at least 100.

    Of 5,000, a chance of 5% that one case has alone is known to within 0.6 percentage points (two
    standard errors, √(0.05 · 0.95 / 5,000) each); one that many cases share, more closely.
    """
    return max(FEWEST_DRAWS, min(MOST_DRAWS, CASES_SEEN // max(open_cases, 1)))


def simulated_seed(frame_sha256: str, number: int) -> str:
    """The seed of a simulated draw: anybody with the frame can repeat the estimate."""
    return f"chances {frame_sha256} {number}"


def estimate_chances(
    frame: Frame,
    policy: DrawPolicy,
    draws: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Chances:
    """Simulate ``draws`` draws of ``frame`` and estimate every case's chance of being selected.

    The same frame, policy and number give the same estimate. ``progress`` is called with the
    number of draws done. Raises `ValueError` as `draw` does, or where ``draws`` is below 1.
    """
    if draws < 1:
        raise ValueError("At least one draw must be simulated.")
    selected: Counter[str] = Counter()
    for number in range(1, draws + 1):
        result = draw(frame, simulated_seed(frame.sha256, number), policy)
        selected.update(case.key for case in result.selected)
        progress(number)
    of_case: dict[str, float] = {}
    for alike in cases_alike(frame, policy):
        times = sum(selected[case.key] for case in alike)
        chance = times / (draws * len(alike))
        of_case.update((case.key, chance) for case in alike)
    return Chances(draws, of_case, _by_stratum(frame, of_case))


def cases_alike(frame: Frame, policy: DrawPolicy) -> list[list[FrameCase]]:
    """The eligible cases, those together that the draw's rules cannot tell apart.

    Two cases are alike if they are in the same stratum and their practitioners and families have
    as many cases of each sort there, the sorts told apart in the same way (colour refinement). In
    a stratum without rotation and families all are alike.
    """
    cases = [case for case in frame.cases if not case.not_eligible]
    rotation, families = policy.rotation, policy.one_per_family
    in_family = Counter(case.family for case in cases if case.family)
    # A case without practitioner is in the first pass, as one of a practitioner of its own.
    people: list[Hashable] = [
        (case.practitioner, case.stratum) if case.practitioner and rotation else case.key
        for case in cases
    ]
    # A family of one eligible child never passes anybody over.
    kin: list[Hashable] = [
        case.family if families and in_family[case.family] > 1 else case.key for case in cases
    ]
    rested = [rotation and case.practitioner in frame.rested for case in cases]
    colours = _numbered(zip((case.stratum for case in cases), rested, strict=True))
    while True:
        refined = _numbered(
            zip(colours, _around(people, colours), _around(kin, colours), strict=True)
        )
        if max(refined, default=0) == max(colours, default=0):
            break
        colours = refined
    groups: defaultdict[int, list[FrameCase]] = defaultdict(list)
    for colour, case in zip(colours, cases, strict=True):
        groups[colour].append(case)
    return list(groups.values())


def _around(groups: Sequence[Hashable], colours: Sequence[int]) -> list[int]:
    """For each case, the number that stands for the colours in its group."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for group, colour in zip(groups, colours, strict=True):
        found[group].append(colour)
    looks = _numbered(tuple(sorted(members)) for members in found.values())
    of_group = dict(zip(found, looks, strict=True))
    return [of_group[group] for group in groups]


def _numbered(things: Iterable[Hashable]) -> list[int]:
    """Each thing's number: equal things have the same, counted from 1 as they come."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(thing, len(numbers) + 1) for thing in things]


def _by_stratum(frame: Frame, of_case: Mapping[str, float]) -> tuple[StratumChances, ...]:
    chances: dict[str, list[float]] = {name: [] for name in frame.strata}
    not_eligible: Counter[str] = Counter()
    for case in frame.cases:
        if case.not_eligible:
            not_eligible[case.stratum] += 1
        else:
            chances[case.stratum].append(of_case[case.key])
    return tuple(
        StratumChances(
            name=name,
            open=len(found) + not_eligible[name],
            not_eligible=not_eligible[name],
            never=sum(chance == 0 for chance in found),
            lowest=min(found, default=0.0),
            highest=max(found, default=0.0),
            average=fmean(found) if found else 0.0,
        )
        for name, found in chances.items()
    )
