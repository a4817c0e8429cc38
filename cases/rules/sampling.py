"""The draw: which cases are audited this quarter, as a pure function of frame, seed and policy.

docs/draw.md specifies every step so that it can be repeated from the text alone;
cases/verify_draw.py is such a repetition and shares no code with this. In short: each stratum's
quota is a share of all its open cases, eligible or not; each eligible case has a ticket made from
seed and key; cases are taken in the order of `rotation`, passing over a child whose sibling is
selected; the reserves are those that come next.

One per family is kept by passing over, not by letting the lowest ticket stand for the family: that
would divide the chances of every sibling by the size of the family in all draws, also in those
(nearly all) in which no sibling comes near to being selected.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice, takewhile
from typing import Any, NamedTuple

from cases.rules.frame import Frame, FrameCase, hash_of
from cases.rules.policy import DrawPolicy
from cases.rules.rates import share_of
from cases.rules.rotation import Lots, Turn, in_turn, tickets_of

SELECTED = "selected"
RESERVE = "reserve"

FAMILY = "family"
PRACTITIONER = "practitioner"
RESTED = "rested"

PASSED_OVER: Mapping[str, str] = {
    FAMILY: "One child per family: a sibling was already selected.",
    PRACTITIONER: "Rotation: other cases of the same practitioner come first.",
    RESTED: "Rotation: its practitioner was audited last quarter and joins at the second pass.",
}

MAX_SEED = 200
MADE_HERE = "made by the system: "  # before a seed that nobody typed


class DrawnCase(NamedTuple):
    """A selected case or a reserve. ``rank`` counts from 1 in its stratum, reserves last."""

    key: str
    stratum: str
    role: str  # SELECTED or RESERVE
    rank: int
    ticket: str
    pass_number: int


class PassedOver(NamedTuple):
    """An eligible case not selected although its ticket is lower than a selected one's.

    A named tuple, because nearly a whole frame of a million can be passed over for others.
    """

    key: str
    stratum: str
    ticket: str
    code: str  # one of PASSED_OVER

    @property
    def because(self) -> str:
        """The reason as a sentence."""
        return PASSED_OVER[self.code]


@dataclass(frozen=True)
class StratumResult:
    """What was drawn from one stratum, in numbers of cases. ``not_eligible`` counts by reason."""

    name: str
    open: int
    eligible: int
    not_eligible: Mapping[str, int]
    quota: int
    selected: int
    reserves_wanted: int
    reserves: int

    @property
    def shortfall(self) -> int:
        """How many of the quota could not be filled."""
        return self.quota - self.selected

    @property
    def shortfall_because(self) -> str:
        """Why the quota was not filled, as a sentence; empty where it was."""
        if not self.shortfall:
            return ""
        if self.selected == self.eligible:
            return f"Only {self.eligible} of {self.open} open cases are eligible."
        return "The eligible cases left are of children whose sibling was already selected."

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON data, without the name."""
        return {
            "open": self.open,
            "eligible": self.eligible,
            "not_eligible": dict(sorted(self.not_eligible.items())),
            "quota": self.quota,
            "selected": self.selected,
            "reserves_wanted": self.reserves_wanted,
            "reserves": self.reserves,
            "shortfall": self.shortfall,
        }


@dataclass(frozen=True)
class DrawResult:
    """A whole draw. Strata in their fixed order; cases by stratum, then by rank."""

    frame_sha256: str
    seed: str
    policy: DrawPolicy
    strata: tuple[StratumResult, ...]
    drawn: tuple[DrawnCase, ...] = field(repr=False)
    passed_over: tuple[PassedOver, ...] = field(repr=False)

    @property
    def selected(self) -> tuple[DrawnCase, ...]:
        """The cases that fill the quotas."""
        return tuple(case for case in self.drawn if case.role == SELECTED)

    @property
    def reserves(self) -> tuple[DrawnCase, ...]:
        """The cases that stand ready to replace one of their stratum."""
        return tuple(case for case in self.drawn if case.role == RESERVE)

    def strata_as_dict(self) -> dict[str, dict[str, Any]]:
        """The numbers of every stratum by its name, as JSON data."""
        return {stratum.name: stratum.as_dict() for stratum in self.strata}

    @cached_property
    def sha256(self) -> str:
        """The hash of the draw, 64 hexadecimal digits: frame, seed, settings and result."""
        return hash_of(self.lines())

    def lines(self) -> Iterator[str]:
        """The draw as text, line by line, as docs/draw.md specifies it."""
        yield "case-file-audit draw 1\n"
        yield f"frame\t{self.frame_sha256}\n"
        yield f"seed\t{self.seed}\n"
        for name, value in sorted(self.policy.as_dict().items()):
            yield f"setting\t{name}\t{_written(value)}\n"
        for s in self.strata:
            yield f"stratum\t{s.name}\t{s.open}\t{s.eligible}\t{s.quota}\t{s.reserves_wanted}\n"
        for d in self.drawn:
            yield f"{d.role}\t{d.stratum}\t{d.rank}\t{d.pass_number}\t{d.ticket}\t{d.key}\n"
        for p in self.passed_over:
            yield f"passed_over\t{p.stratum}\t{p.ticket}\t{p.key}\t{p.code}\n"


def _written(value: object) -> str:
    """A setting's value in the hashed text: true, false, or as it is printed."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def clean_seed(text: str) -> str:
    """The seed as it is used and stored: without spaces around it, in Unicode's form NFC.

    So that a seed read off a screen and typed again draws the same. Raises `ValueError`, in words
    for a page, where nothing is left, it is too long, or it holds control characters.
    """
    seed = unicodedata.normalize("NFC", text.strip())
    if not seed:
        raise ValueError("Enter a seed: without one nobody could repeat the draw.")
    if len(seed) > MAX_SEED:
        raise ValueError(f"The seed is longer than {MAX_SEED} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in seed):
        raise ValueError("The seed must be a single line of ordinary characters.")
    return seed


def clean_typed_seed(text: str) -> str:
    """`clean_seed` of one that somebody typed, which must not say that the software made it."""
    seed = clean_seed(text)
    if seed.casefold().startswith(MADE_HERE.strip(" :")):
        raise ValueError(
            f"“{MADE_HERE.strip(' :')}” stands before seeds that this software has made. "
            "Enter the seed as it was made."
        )
    return seed


def quota_of(open_cases: int, policy: DrawPolicy) -> int:
    """How many cases of a stratum are selected. Counted on all its open cases, exactly."""
    share = share_of(open_cases, policy.rate, policy.rounding)
    return min(max(share, policy.minimum_per_stratum), open_cases)


def reserves_of(quota: int, policy: DrawPolicy) -> int:
    """How many reserves a stratum with this quota should have."""
    if quota == 0:
        return 0
    return max(share_of(quota, policy.reserve_share, "up"), policy.reserve_minimum)


def draw(frame: Frame, seed: str, policy: DrawPolicy) -> DrawResult:
    """Draw the sample. The same frame, seed and policy give the same result on every machine.

    Raises `ValueError` where the frame has no case at all, or where the seed is not as `clean_seed`
    leaves it.
    """
    if seed != clean_seed(seed):
        raise ValueError("The seed has spaces around it or is not in its normal form.")
    if not frame.cases:
        raise ValueError("There is nothing to draw from: the frame holds no open case.")
    strata = {name: _Stratum(name, [], Counter()) for name in frame.strata}
    for case in frame.cases:
        stratum = strata[case.stratum]
        if code := case.not_eligible:
            stratum.not_eligible[code] += 1
        else:
            stratum.eligible.append(case)
    families, policy = set[str](), policy.draw
    parts = [
        _draw_stratum(stratum, seed, frame.rested, families, policy) for stratum in strata.values()
    ]
    return DrawResult(
        frame_sha256=frame.sha256,
        seed=seed,
        policy=policy,
        strata=tuple(part.numbers for part in parts),
        drawn=tuple(case for part in parts for case in part.drawn),
        passed_over=tuple(case for part in parts for case in part.passed_over),
    )


class _Stratum(NamedTuple):
    """The cases to draw from, and how many others there are, by reason."""

    name: str
    eligible: list[FrameCase]
    not_eligible: Counter[str]


@dataclass(frozen=True)
class _Part:
    numbers: StratumResult
    drawn: list[DrawnCase]
    passed_over: list[PassedOver]


def _draw_stratum(
    stratum: _Stratum,
    seed: str,
    rested: Collection[str],
    families: set[str],
    policy: DrawPolicy,
) -> _Part:
    """Draw one stratum; the families of those selected are added to ``families``."""
    name, eligible, not_eligible = stratum
    open_cases = len(eligible) + not_eligible.total()
    quota = quota_of(open_cases, policy)
    wanted = reserves_of(quota, policy)
    tickets = tickets_of(seed, (case.key for case in eligible))
    lots = Lots(zip(tickets, eligible, strict=True))
    turns = in_turn(lots, rotation=policy.rotation, rested=rested)
    selected, siblings = _select(turns, quota, families, policy)
    # Siblings stand behind all others: of use only where the child selected before is replaced.
    reserves = list(islice(chain(turns, siblings), wanted))
    numbers = StratumResult(
        name=name,
        open=open_cases,
        eligible=len(eligible),
        not_eligible=not_eligible,
        quota=quota,
        selected=len(selected),
        reserves_wanted=wanted,
        reserves=len(reserves),
    )
    drawn = [*_drawn(selected, SELECTED, 1), *_drawn(reserves, RESERVE, len(selected) + 1)]
    return _Part(numbers, drawn, _passed_over(lots, selected, siblings, rested))


def _select(
    turns: Iterator[Turn], quota: int, families: set[str], policy: DrawPolicy
) -> tuple[list[Turn], list[Turn]]:
    """Those selected and, passed over on the way, their siblings; ``turns`` then goes on."""
    selected: list[Turn] = []
    siblings: list[Turn] = []
    while len(selected) < quota and (turn := next(turns, None)):
        family = turn.case.family if policy.one_per_family else ""
        if family in families:
            siblings.append(turn)
            continue
        selected.append(turn)
        if family:
            families.add(family)
    return selected, siblings


def _drawn(turns: Iterable[Turn], role: str, first_rank: int) -> Iterator[DrawnCase]:
    for rank, turn in enumerate(turns, first_rank):
        case = turn.case
        yield DrawnCase(case.key, case.stratum, role, rank, turn.ticket.hex(), turn.pass_number)


def _passed_over(
    lots: Lots, selected: list[Turn], siblings: list[Turn], rested: Collection[str]
) -> list[PassedOver]:
    """Whoever has a lower ticket than somebody selected and is not, by ticket."""
    if not selected:
        return []
    last = max(turn.luck for turn in selected)
    taken = {turn.case.key for turn in selected}
    kin = {turn.case.key for turn in siblings}
    # Not there in the first pass, and still without a case in any.
    waiting = set(rested)
    found: list[PassedOver] = []
    for ticket, case in takewhile(lambda lot: (lot[0], lot[1].key) < last, lots):
        why_later = RESTED if case.practitioner in waiting else PRACTITIONER
        waiting.discard(case.practitioner)
        if case.key not in taken:
            code = FAMILY if case.key in kin else why_later
            found.append(PassedOver(case.key, case.stratum, ticket.hex(), code))
    return found
