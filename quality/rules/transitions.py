"""What can happen to a moderation, an escalation and an action: the tables of their states.

Each row names a transition, the states it starts from, the state it leads to and what it needs.
One operation carries out each row; an undo (hand back, reopen, return) is a row like any other and
always needs a reason. "Overdue" is no state: it is computed from the stored deadline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Transition:
    """One permitted change of state. `needs` holds codes of what must be given or true."""

    name: str
    sources: frozenset[str]
    target: str
    needs: tuple[str, ...] = ()


class MovedOn(ValueError):
    """The thing is no longer in a state from which this can be done: answer 409, never 403."""


def _row(name: str, sources: str, target: str, *needs: str) -> Transition:
    return Transition(name, frozenset(sources.split()), target, needs)


MODERATION: tuple[Transition, ...] = (
    _row("assign", "required", "assigned", "moderator", "independent"),
    _row("reassign", "assigned", "assigned", "moderator", "independent", "reason"),
    _row("hand_back", "assigned", "required", "reason"),
    _row("decide", "assigned", "decided", "second_grading", "rationale"),
    # The audit goes back to its auditor: another second grading follows the next submission.
    _row("start_again", "required assigned decided", "required", "audit_reopened"),
)

ESCALATION: tuple[Transition, ...] = (
    _row("hand_up", "raised", "raised", "deadline_passed"),
    _row("acknowledge", "raised", "acknowledged", "response"),
    _row("agree_plan", "acknowledged", "plan_agreed", "actions"),
    _row("await_verification", "plan_agreed", "awaiting_verification", "evidence_for_all"),
    _row("resume_plan", "awaiting_verification", "plan_agreed", "action_open_again"),
    _row("close", "awaiting_verification", "closed", "all_verified"),
    _row("stand_down", "raised acknowledged plan_agreed awaiting_verification", "stood_down",
         "grade_of_record", "reason"),
    _row("reopen", "closed", "plan_agreed", "reason"),
)  # fmt: skip

ACTION: tuple[Transition, ...] = (
    _row("offer_evidence", "open", "evidence_offered", "evidence"),
    _row("return", "evidence_offered", "open", "not_owner", "reason"),
    _row("verify", "evidence_offered", "verified", "not_owner", "change_for_child"),
    _row("cancel", "open evidence_offered", "cancelled", "reason"),
    _row("reopen", "verified", "open", "reason"),
)


def find(table: Iterable[Transition], name: str) -> Transition:
    """The transition of that name. Raises `KeyError` where the table has none."""
    for transition in table:
        if transition.name == name:
            return transition
    raise KeyError(name)


def target_of(table: Iterable[Transition], name: str, status: str) -> str:
    """The state that the transition leads to from `status`.

    Raises `MovedOn` where it cannot start from there, `KeyError` for an unknown name.
    """
    transition = find(table, name)
    if status not in transition.sources:
        raise MovedOn(f"“{name}” cannot be done: this is now “{status}”.")
    return transition.target


def possible(table: Iterable[Transition], status: str) -> tuple[str, ...]:
    """The names of what can be done from `status`, in the table's order."""
    return tuple(transition.name for transition in table if status in transition.sources)
