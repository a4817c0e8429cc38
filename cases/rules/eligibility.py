"""Whether an open case can be drawn, and if not, the first reason why.

Every case that cannot be drawn still counts as open: the quota is a share of all open cases, and
the frame shows how many were left out for which reason. Where several reasons apply a case is
counted once, by the first in the order of `REASONS`, so that the counts add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cases.rules.policy import CasePolicy

ALREADY_AUDITED = "already_audited"
IN_ANOTHER_DRAW = "in_another_draw"
RESTRICTED = "restricted"
OPENED_RECENTLY = "opened_recently"
EXCLUDED = "excluded"

# Code: heading of its count in tables.
REASONS: Mapping[str, str] = {
    ALREADY_AUDITED: "Already audited",
    RESTRICTED: "Restricted record",
    OPENED_RECENTLY: "Opened recently",
    EXCLUDED: "Excluded by the council",
}
# No sample takes a child from that of another quarter that still runs; a theme takes none from any
# other draw, of its quarter or of one that still runs.
ALL_REASONS: Mapping[str, str] = {**REASONS, IN_ANOTHER_DRAW: "In another draw"}


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What decides about one open case. ``service`` and ``team`` are named as in the policy.

    ``opened_on`` is None where the council's list has no date: such a case is eligible, since a
    date left out must not be a way out of being audited.
    """

    already_audited: bool = False
    restricted: bool = False
    opened_on: date | None = None
    service: str = ""
    team: str = ""
    legal_status: str = ""
    plan: str = ""
    in_another_draw: bool = False


@dataclass(frozen=True, slots=True)
class Eligibility:
    """``code`` is empty for an eligible case, else of `ALL_REASONS`; ``because`` says it."""

    code: str = ""
    because: str = ""

    @property
    def eligible(self) -> bool:
        """Whether the case can be drawn."""
        return not self.code


ELIGIBLE = Eligibility()


def opened_too_late_from(frozen_on: date, policy: CasePolicy) -> date:
    """The first opening date that is too recent: cases opened on it or later are not eligible."""
    return frozen_on - timedelta(weeks=policy.minimum_weeks_open) + timedelta(days=1)


def decide(case: CaseFacts, frozen_on: date, policy: CasePolicy) -> Eligibility:
    """Whether a case, open on the day the frame is frozen, can be drawn.

    A case opened exactly ``minimum_weeks_open`` weeks before can. With 0 weeks the date it was
    opened does not matter at all.
    """
    if case.already_audited:
        return Eligibility(ALREADY_AUDITED, "The child's file has been audited before.")
    if case.restricted:
        return Eligibility(RESTRICTED, "The record is restricted.")
    if _opened_recently(case.opened_on, frozen_on, policy):
        return Eligibility(OPENED_RECENTLY, _recently(policy.minimum_weeks_open))
    for exclusion in policy.excluded:
        if exclusion.covers(getattr(case, exclusion.field)):
            return Eligibility(EXCLUDED, exclusion.because)
    if case.in_another_draw:
        return Eligibility(
            IN_ANOTHER_DRAW,
            "The child is in another draw of the quarter or of one that still runs.",
        )
    return ELIGIBLE


def _opened_recently(opened_on: date | None, frozen_on: date, policy: CasePolicy) -> bool:
    if opened_on is None or policy.minimum_weeks_open == 0:
        return False
    return opened_on >= opened_too_late_from(frozen_on, policy)


def _recently(weeks: int) -> str:
    return (
        f"The case was opened less than {weeks} week{'' if weeks == 1 else 's'} before the frame "
        "was frozen."
    )
