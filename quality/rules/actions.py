"""What an audit still needs before it can be closed, and who may verify an action.

Below good: at least one action for the manager and one for the practitioner (or, with a coded
reason, for a named stand-in). A standard below good in an audit that is good overall needs an
action or the manager's reason for none. Every action is verified by somebody other than its owner,
who says what changed for the child: actions not followed through are what inspectors find most
often (15 of 266 inspection reports since 2018 that were read for it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from accounts.rules.words import is_written
from audits.rules.grades import INADEQUATE, REQUIRES_IMPROVEMENT

MANAGER = "manager"
PRACTITIONER = "practitioner"
STAND_IN_REASONS = ("left", "none_allocated", "long_absence")
BELOW_GOOD = (REQUIRES_IMPROVEMENT, INADEQUATE)

# An action is part of a child's life now: one that may take longer than this is a hope.
LONGEST_YEARS = 1

# Whose word counts for more, lowest first.
AUTHORITY = ("team_manager", "head_of_service", "director")
_VERIFIED_FROM: Mapping[str, str] = {PRACTITIONER: "team_manager", MANAGER: "head_of_service"}
_NAMES: Mapping[str, str] = {
    "team_manager": "a team manager",
    "head_of_service": "a Head of Service",
    "director": "the Director",
}


@dataclass(frozen=True)
class ActionState:
    """One action as the rules see it.

    `owned_by_practitioner` is true where the practitioner owns it, false where somebody else does;
    for a practitioner's action that is a stand-in and needs one of `STAND_IN_REASONS`.
    """

    reference: str
    side: str  # MANAGER or PRACTITIONER
    status: str  # open, evidence_offered, verified, cancelled
    owned_by_practitioner: bool = False
    stand_in_reason: str = ""
    standard: str | None = None  # the code of the practice standard it answers
    change_for_child: str = ""


@dataclass(frozen=True)
class StandardState:
    """One practice standard's grade of record, and the manager's reason for no action on it."""

    code: str
    name: str
    grade: str | None  # None: not applicable
    no_action_reason: str = ""


@dataclass(frozen=True)
class AuditSnapshot:
    """An audit at the moment somebody wants to close it."""

    grade_of_record: str | None  # None: not settled
    standards: tuple[StandardState, ...]
    actions: tuple[ActionState, ...]
    moderation_open: bool = False
    feedback_released: bool = True
    open_escalations: tuple[str, ...] = ()  # their names, as the page shows them


@dataclass(frozen=True)
class Missing:
    """One thing missing before closing: a code, what it is about ("" for the whole), a sentence."""

    code: str
    about: str
    sentence: str


def missing_to_close(snapshot: AuditSnapshot) -> tuple[Missing, ...]:
    """Everything the audit still needs before it can be closed; empty when it can be."""
    return (
        *_missing_decisions(snapshot),
        *_missing_owners(snapshot),
        *_missing_for_standards(snapshot),
        *_unfinished_actions(snapshot),
    )


def _missing_decisions(snapshot: AuditSnapshot) -> list[Missing]:
    checks = [
        (snapshot.grade_of_record is None, "grade_of_record", "The grade of record is not set."),
        (snapshot.moderation_open, "moderation", "Its moderation has not been decided."),
        (not snapshot.feedback_released, "feedback", "The feedback has not been released."),
    ]
    missing = [Missing(code, "", sentence) for open_, code, sentence in checks if open_]
    missing += [
        Missing("escalation", name, f"The escalation “{name}” is still open.")
        for name in snapshot.open_escalations
    ]
    return missing


def counts_for_practitioner(action: ActionState) -> bool:
    """Whether it counts as the practitioner's action: theirs, or a stand-in's with a reason."""
    return action.side == PRACTITIONER and (
        action.owned_by_practitioner or action.stand_in_reason in STAND_IN_REASONS
    )


def missing_in_plan(actions: Iterable[ActionState]) -> tuple[Missing, ...]:
    """What a plan for an audit below good still needs: an action for each of the two."""
    live = [action for action in actions if action.status != "cancelled"]
    missing = []
    if not any(action.side == MANAGER for action in live):
        missing.append(
            Missing("manager_action", "", "An audit below good needs an action for the manager.")
        )
    if not any(counts_for_practitioner(action) for action in live):
        missing.append(
            Missing(
                "practitioner_action",
                "",
                "An audit below good needs an action for the practitioner, or for a named "
                "stand-in with the reason.",
            )
        )
    return tuple(missing)


def _missing_owners(snapshot: AuditSnapshot) -> tuple[Missing, ...]:
    below = snapshot.grade_of_record in BELOW_GOOD
    return missing_in_plan(snapshot.actions) if below else ()


def latest_due_on(today: date) -> date:
    """The last day by which an action planned today may be done: the same day next year."""
    year = today.year + LONGEST_YEARS
    try:
        return today.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28)


def untrue_stand_in(reason: str, present: str) -> str:
    """What is untrue about the reason for a stand-in, as a sentence; "" where nothing is.

    ``present`` is the practitioner who holds the case and works here, "" where there is none: they
    may be absent for long, but have not left, and somebody is allocated.
    """
    if not present or reason not in ("left", "none_allocated"):
        return ""
    return (
        f"{present} has not left and holds this case. Leave the stand-in empty, or say that they"
        " are absent for long."
    )


def _missing_for_standards(snapshot: AuditSnapshot) -> list[Missing]:
    if snapshot.grade_of_record is None or snapshot.grade_of_record in BELOW_GOOD:
        return []
    answered = {a.standard for a in snapshot.actions if a.status != "cancelled"}
    return [
        Missing(
            "standard",
            standard.code,
            f"“{standard.name}” is below good: it needs an action, or your reason for none.",
        )
        for standard in snapshot.standards
        if standard.grade in BELOW_GOOD
        and standard.code not in answered
        and not is_written(standard.no_action_reason)
    ]


def _unfinished_actions(snapshot: AuditSnapshot) -> list[Missing]:
    missing = []
    for action in snapshot.actions:
        if action.status not in ("verified", "cancelled"):
            missing.append(
                Missing("unverified", action.reference, "An action has not been verified.")
            )
        elif action.status == "verified" and not is_written(action.change_for_child):
            missing.append(
                Missing(
                    "change_for_child",
                    action.reference,
                    "Say what changed for the child because of this action.",
                )
            )
    return missing


@dataclass(frozen=True)
class MayVerify:
    """Whether somebody may verify an action, and why (not)."""

    allowed: bool
    because: str


def may_verify(
    *, side: str, owner: str | None, offered_by: str | None, verifier: str, levels: Collection[str]
) -> MayVerify:
    """Whether this person may verify the action.

    People are ids; `levels` are the verifier's levels of `AUTHORITY` over this audit's case. A
    practitioner's action is verified by the team manager or above, a manager's by the Head of
    Service or above, nobody's by its owner; nor by the one who offered the evidence, who speaks
    for an owner without a sign-in. Raises `KeyError` for a side that is none.
    """
    needed = _VERIFIED_FROM[side]
    if verifier == owner:
        return MayVerify(False, "Nobody verifies their own action.")
    if verifier == offered_by:
        return MayVerify(False, "Whoever offered the evidence cannot verify it.")
    enough = AUTHORITY[AUTHORITY.index(needed) :]
    if not any(level in enough for level in levels):
        return MayVerify(
            False, f"A {side}'s action is verified by {_NAMES[needed]} or somebody above."
        )
    highest = max((level for level in levels if level in enough), key=AUTHORITY.index)
    return MayVerify(True, f"Verified by {_NAMES[highest]}, who does not own it.")
