"""Two moderators, two managers, a manager and the clock: one result, and the other is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app

from accounts.models import User
from accounts.operations import MovedOn
from audits.models import Audit
from audits.operations.submitting import reopen_audit
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter
from quality.models import Escalation, Moderation
from quality.operations.acting import offer_evidence, verify_action
from quality.operations.escalating import acknowledge, move_up
from quality.operations.moderating import assign_moderator, decide_moderation
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.concurrency.test_audits_at_once import at_once, kinds
from tests.integration.audits.auditing import allocate, make_draw, sampled, submitted
from tests.integration.quality.following import agreed, escalation_of, moderation_of, second_grading


@pytest.fixture
def cast(committed: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return Cast()


@pytest.fixture
def audit(cast: Cast) -> Audit:
    """Inadequate: it waits for a moderator, and for the Head of Service."""
    quarter = AuditQuarter.objects.create(label=QUARTER, starts_on=TODAY, ends_on=TODAY)
    case = open_case(team=cast.riverside, practitioner=cast.practitioner)
    made = allocate(sampled(make_draw(quarter, cast.analyst), case), cast.auditor, cast.analyst)
    submitted(made, "inadequate")
    return made


def test_two_moderators_take_one_audit(audit: Audit, cast: Cast) -> None:
    def take(moderator: User) -> Any:
        return assign_moderator(
            moderation=moderation_of(audit), moderator=moderator, by=moderator, now=NOW
        )

    results = at_once(lambda: take(cast.moderator), lambda: take(cast.other_moderator))
    assert kinds(results) == ["Moderation", "MovedOn"]
    assert audit.gradings.filter(kind="moderator").count() == 1


def test_decided_in_two_tabs_is_decided_once(audit: Audit, cast: Cast) -> None:
    second_grading(audit, cast.moderator, "good")

    def decide(stands: str) -> Moderation:
        return decide_moderation(
            moderation=moderation_of(audit),
            stands=stands,
            rationale=f"The {stands}.",
            by=cast.moderator,
            now=NOW,
        )

    results = at_once(lambda: decide("first"), lambda: decide("second"))
    assert kinds(results) == ["Moderation", "MovedOn"]
    (kept,) = [result for result in results if isinstance(result, Moderation)]
    assert moderation_of(audit).rationale == kept.rationale


def test_a_decision_and_a_reopening_end_with_one_of_them(audit: Audit, cast: Cast) -> None:
    second_grading(audit, cast.moderator, "good")
    at_once(
        lambda: decide_moderation(
            moderation=moderation_of(audit),
            stands="second",
            rationale="Seen.",
            by=cast.moderator,
            now=NOW,
        ),
        lambda: reopen_audit(audit=audit, reason="A document", by=cast.lead, now=NOW),
    )
    audit.refresh_from_db()
    moderation = moderation_of(audit)
    # Whoever was first, a reopened audit has no grade of record and waits for a new moderation.
    assert audit.status == Audit.Status.IN_PROGRESS
    assert audit.grading_of_record is None
    assert moderation.status == Moderation.Status.REQUIRED


def test_two_managers_acknowledge_one_escalation(audit: Audit, cast: Cast) -> None:
    def answer(who: User) -> Escalation:
        return acknowledge(escalation=escalation_of(audit), response=who.name, by=who, now=NOW)

    results = at_once(lambda: answer(cast.head), lambda: answer(cast.director))
    assert kinds(results) == ["Escalation", "MovedOn"]
    stored = escalation_of(audit)
    assert stored.acknowledged_by is not None
    assert stored.response == stored.acknowledged_by.name


def test_the_clock_runs_twice_and_sends_it_up_once(audit: Audit, cast: Cast) -> None:
    def climb() -> bool:
        system = User.objects.system()
        return move_up(escalation=escalation_of(audit), by=system, now=NOW + timedelta(days=4))

    assert sorted(at_once(climb, climb)) == [False, True]
    assert escalation_of(audit).steps.count() == 2


def test_the_last_two_actions_verified_at_once_close_the_escalation(
    audit: Audit, cast: Cast
) -> None:
    of_manager, of_practitioner = agreed(escalation_of(audit), cast.head, cast.manager)
    offer_evidence(action=of_manager, evidence="Done.", by=cast.manager, now=NOW)
    offer_evidence(action=of_practitioner, evidence="Done.", by=cast.practitioner_user, now=NOW)
    results = at_once(
        lambda: verify_action(action=of_manager, change_for_child="Safe", by=cast.head, now=NOW),
        lambda: verify_action(
            action=of_practitioner, change_for_child="Safe", by=cast.manager, now=NOW
        ),
    )
    assert not any(isinstance(result, MovedOn) for result in results)
    assert escalation_of(audit).status == Escalation.Status.CLOSED
