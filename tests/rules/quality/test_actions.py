"""What an audit needs before it closes, who may verify, and the tables of states."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.rules.actions import (
    MANAGER,
    PRACTITIONER,
    STAND_IN_REASONS,
    ActionState,
    AuditSnapshot,
    StandardState,
    latest_due_on,
    may_verify,
    missing_to_close,
    untrue_stand_in,
)
from quality.rules.policy import QualityPolicy
from quality.rules.transitions import (
    ACTION,
    ESCALATION,
    MODERATION,
    MovedOn,
    Transition,
    find,
    possible,
    target_of,
)

MANAGERS = ActionState("A1", MANAGER, "verified", change_for_child="Visits are weekly again.")
PRACTITIONERS = ActionState(
    "A2", PRACTITIONER, "verified", owned_by_practitioner=True, change_for_child="She was heard."
)
DONE = AuditSnapshot("requires_improvement", (), (MANAGERS, PRACTITIONERS))
PLAN = StandardState("plan", "Plan and review", "requires_improvement")


def codes(snapshot: AuditSnapshot) -> list[str]:
    return [missing.code for missing in missing_to_close(snapshot)]


def test_an_audit_below_good_with_both_actions_verified_closes() -> None:
    assert codes(DONE) == []
    assert codes(replace(DONE, grade_of_record="inadequate")) == []


def test_below_good_needs_an_action_for_each_of_the_two() -> None:
    assert codes(replace(DONE, actions=())) == ["manager_action", "practitioner_action"]
    assert codes(replace(DONE, actions=(MANAGERS,))) == ["practitioner_action"]
    assert codes(replace(DONE, actions=(PRACTITIONERS,))) == ["manager_action"]


def test_a_cancelled_action_does_not_count() -> None:
    cancelled = replace(MANAGERS, status="cancelled", change_for_child="")
    assert codes(replace(DONE, actions=(cancelled, PRACTITIONERS))) == ["manager_action"]


@pytest.mark.parametrize("reason", STAND_IN_REASONS)
def test_a_stand_in_counts_with_a_coded_reason_only(reason: str) -> None:
    stand_in = replace(PRACTITIONERS, owned_by_practitioner=False, stand_in_reason=reason)
    assert codes(replace(DONE, actions=(MANAGERS, stand_in))) == []
    for wrong in ("", "busy"):
        other = replace(stand_in, stand_in_reason=wrong)
        assert codes(replace(DONE, actions=(MANAGERS, other))) == ["practitioner_action"]


def test_what_changed_for_the_child_must_be_answered() -> None:
    silent = replace(MANAGERS, change_for_child=" ")
    assert codes(replace(DONE, actions=(silent, PRACTITIONERS))) == ["change_for_child"]


@pytest.mark.parametrize("status", ["open", "evidence_offered"])
def test_every_action_must_be_verified(status: str) -> None:
    late = replace(MANAGERS, reference="A3", status=status)
    missing = missing_to_close(replace(DONE, actions=(MANAGERS, PRACTITIONERS, late)))
    assert [(item.code, item.about) for item in missing] == [("unverified", "A3")]


def test_a_weak_standard_in_a_good_audit_needs_an_action_or_a_reason() -> None:
    good = AuditSnapshot("good", (PLAN, StandardState("voice", "Voice", "good")), ())
    missing = missing_to_close(good)
    assert [(item.code, item.about) for item in missing] == [("standard", "plan")]
    assert "Plan and review" in missing[0].sentence
    reasoned = replace(PLAN, no_action_reason="Put right before the audit ended.")
    assert codes(replace(good, standards=(reasoned,))) == []
    answered = replace(MANAGERS, standard="plan")
    assert codes(replace(good, actions=(answered,))) == []
    elsewhere = replace(MANAGERS, standard="voice")
    assert codes(replace(good, actions=(elsewhere,))) == ["standard"]


def test_a_good_audit_without_weak_standards_needs_no_action() -> None:
    none = StandardState("permanence", "Permanence", None)
    assert codes(AuditSnapshot("outstanding", (none,), ())) == []


def test_open_decisions_keep_an_audit_open() -> None:
    undecided = replace(
        DONE,
        grade_of_record=None,
        moderation_open=True,
        feedback_released=False,
        open_escalations=("Inadequate",),
    )
    assert codes(undecided) == ["grade_of_record", "moderation", "feedback", "escalation"]


@given(st.lists(st.builds(
    ActionState, st.just("A"), st.sampled_from([MANAGER, PRACTITIONER]),
    st.sampled_from(["open", "verified", "cancelled"]), st.booleans(),
    st.sampled_from(["", "left"]), st.none(), st.sampled_from(["", "Safer."]),
), max_size=4))  # fmt: skip
def test_nothing_below_good_closes_without_both_sides_finished(actions: list[ActionState]) -> None:
    if missing_to_close(AuditSnapshot("inadequate", (), tuple(actions))):
        return
    live = [action for action in actions if action.status != "cancelled"]
    assert {action.side for action in live} == {MANAGER, PRACTITIONER}
    assert all(action.status == "verified" and action.change_for_child for action in live)


@pytest.mark.parametrize(
    ("side", "levels", "allowed"),
    [
        (PRACTITIONER, ["team_manager"], True),
        (PRACTITIONER, ["director"], True),
        (PRACTITIONER, [], False),
        (MANAGER, ["team_manager"], False),
        (MANAGER, ["team_manager", "head_of_service"], True),
        (MANAGER, ["director"], True),
    ],
)
def test_who_may_verify(side: str, levels: list[str], allowed: bool) -> None:
    found = may_verify(side=side, owner="ann", offered_by="ann", verifier="ben", levels=levels)
    assert found.allowed is allowed
    assert found.because


def test_nobody_verifies_their_own_action_or_evidence() -> None:
    for people in ({"owner": "ann", "offered_by": None}, {"owner": None, "offered_by": "ann"}):
        found = may_verify(side=PRACTITIONER, verifier="ann", levels=["director"], **people)
        assert not found.allowed
    with pytest.raises(KeyError):
        may_verify(side="child", owner=None, offered_by=None, verifier="a", levels=["director"])


@pytest.mark.parametrize("table", [MODERATION, ESCALATION, ACTION])
def test_tables_name_each_transition_once_and_undoing_needs_a_reason(
    table: tuple[Transition, ...],
) -> None:
    names = [transition.name for transition in table]
    assert len(names) == len(set(names))
    undoing = {"reopen", "hand_back", "return", "cancel", "stand_down", "reassign"}
    for transition in table:
        if transition.name in undoing:
            assert "reason" in transition.needs


@pytest.mark.parametrize(
    ("table", "start", "end"),
    [
        (MODERATION, "required", "decided"),
        (ESCALATION, "raised", "closed"),
        (ACTION, "open", "verified"),
    ],
)
def test_every_state_is_reached_and_the_end_too(
    table: tuple[Transition, ...], start: str, end: str
) -> None:
    reached = {start}
    for _ in table:
        reached |= {t.target for t in table if t.sources & reached}
    assert end in reached
    assert {source for t in table for source in t.sources} <= reached


def test_transitions_start_only_where_the_table_says() -> None:
    assert target_of(ACTION, "offer_evidence", "open") == "evidence_offered"
    with pytest.raises(MovedOn, match="verified"):
        target_of(ACTION, "offer_evidence", "verified")
    with pytest.raises(KeyError):
        find(ACTION, "forget")
    assert possible(MODERATION, "assigned") == (
        "reassign",
        "hand_back",
        "decide",
        "start_again",
    )


def test_the_policy_survives_being_stored() -> None:
    changed = QualityPolicy(moderation_random_share=Fraction(1, 3), follow_up_months=6)
    stored = json.loads(json.dumps(changed.as_dict()))
    assert stored["moderation_random_share"] == "1/3"
    assert QualityPolicy.from_dict(stored) == changed
    assert QualityPolicy.from_dict({}) == QualityPolicy()


@pytest.mark.parametrize(
    "values",
    [{"moderation_share": "1/5"}, {"moderation_random_share": "6/5"}, {"follow_up_months": -1}],
)
def test_a_policy_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        QualityPolicy.from_dict(values)


@pytest.mark.parametrize("nothing", ["", " ", ".", "-", "…"])
def test_what_says_nothing_answers_nothing(nothing: str) -> None:
    silent = replace(MANAGERS, change_for_child=nothing)
    assert codes(replace(DONE, actions=(silent, PRACTITIONERS))) == ["change_for_child"]
    good = AuditSnapshot("good", (replace(PLAN, no_action_reason=nothing),), ())
    assert codes(good) == ["standard"]


def test_an_action_takes_a_year_at_most() -> None:
    assert latest_due_on(date(2026, 10, 6)) == date(2027, 10, 6)
    assert latest_due_on(date(2028, 2, 29)) == date(2029, 2, 28)


def test_who_holds_the_case_may_be_absent_and_no_more() -> None:
    for reason in STAND_IN_REASONS:
        assert untrue_stand_in(reason, "") == ""
    assert untrue_stand_in("long_absence", "Pat Titioner") == ""
    for reason in ("left", "none_allocated"):
        assert untrue_stand_in(reason, "Pat Titioner").startswith("Pat Titioner has not left")
