"""From a grade below good to a closed audit: escalations, their clocks, actions, verification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused
from audits.models import Audit
from audits.operations.feedback import release_feedback
from audits.operations.grading import declare_conflict
from audits.operations.saving import raise_immediate_concern
from audits.operations.submitting import reopen_audit, submit_grading
from audits.operations.withdrawing import withdraw_audit
from cases.models import Case, Practitioner, Replacement, Service
from cases.operations.replacement import request_replacement
from cases.queries.calendar import local_date
from quality.models import Action, Escalation, Moderation, NoActionReason
from quality.operations import acting
from quality.operations.acting import Planned, offer_evidence, plan_action, verify_action
from quality.operations.escalating import acknowledge, agree_plan, late_escalations, move_up
from quality.queries.people import present_practitioner
from quality.tasks import move_late_escalations_up
from tests.cast import NOW, TODAY, Cast, person
from tests.integration.audits.auditing import Make, begin, fill, submitted
from tests.integration.quality.following import (
    agreed,
    assigned,
    decided,
    done,
    escalation_of,
    planned,
)

AsUser = Callable[[User], Client]


def text_of(response: Any) -> str:
    return response.content.decode()


def late(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def due_in(days: int) -> dict[str, str]:
    """What a form posts for a date so many days from the day on which the page is asked for."""
    day = local_date(timezone.now()) + timedelta(days)
    return {
        "due_on_day": f"{day.day}",
        "due_on_month": f"{day.month}",
        "due_on_year": f"{day.year}",
    }


@pytest.fixture
def no_random(audit: Audit) -> None:
    """No audit is moderated at random."""
    quarter = audit.quarter
    quarter.policies = {"quality": {"moderation_random_share": "0"}}
    quarter.save()


@pytest.fixture
def needs_work(audit: Audit, no_random: None) -> Audit:
    """Requires improvement, of record: with the team manager."""
    submitted(audit, "requires_improvement")
    return audit


class TestRaising:
    def test_requires_improvement_goes_to_the_team_manager(
        self, cast: Cast, needs_work: Audit
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        assert raised.level == "team_manager"
        assert str(raised.plan_by) == "2026-10-20"
        assert [list(step.sent_to.all()) for step in raised.steps.all()] == [[cast.manager]]

    def test_inadequate_goes_to_the_head_while_the_grade_is_provisional(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit, "inadequate")
        raised = escalation_of(audit)
        assert raised.level == "head_of_service"
        assert str(raised.plan_by) == "2026-10-13"

    def test_where_a_team_has_no_manager_it_begins_with_the_head(
        self, cast: Cast, audit: Audit, no_random: None
    ) -> None:
        cast.riverside.manager = None
        cast.riverside.save()
        submitted(audit, "requires_improvement")
        assert escalation_of(audit, "requires_improvement").level == "head_of_service"

    def test_a_concern_waits_for_no_submission_and_keeps_what_is_added(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = begin(audit)
        for text in ("Left alone", "Left alone\n\nAnd hungry"):
            raise_immediate_concern(
                grading=grading, text=text, told="Duty, 10:40", by=cast.auditor, now=NOW
            )
        raised = Escalation.objects.get()
        assert (raised.track, raised.level) == ("immediate_concern", "head_of_service")
        assert raised.acknowledge_by == NOW + timedelta(hours=2)
        assert raised.concern == "Left alone\n\nAnd hungry"
        shown = text_of(as_user(cast.head).get(f"/escalations/{raised.pk}/"))
        assert "And hungry" in shown
        assert "Telephone first" in shown

    def test_after_submission_it_goes_up_and_the_moderation_heeds_it(
        self, cast: Cast, audit: Audit
    ) -> None:
        audit.quarter.policies = {"quality": {"moderation_random_share": "1"}}
        audit.quarter.save()
        raise_immediate_concern(
            grading=submitted(audit, "good"),
            text="Left alone",
            told="Duty",
            by=cast.auditor,
            now=late(2),
        )
        raised = Escalation.objects.get()
        assert (raised.track, raised.concern, raised.told) == (
            "immediate_concern",
            "Left alone",
            "Duty",
        )
        assert "immediate_concern" in Moderation.objects.get(audit=audit).reasons

    def test_where_the_grade_stands_the_leads_are_told_too(
        self,
        cast: Cast,
        audit: Audit,
        no_random: None,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        grading = submitted(audit, "good")
        sent: list[list[str]] = []
        monkeypatch.setattr(
            "accounts.notices.current_app.send_task", lambda name, args: sent.append(args)
        )
        with django_capture_on_commit_callbacks(execute=True):
            raise_immediate_concern(
                grading=grading, text="Left alone", told="Duty", by=cast.auditor, now=late(2)
            )
        assert {cast.lead.email, cast.head.email} <= {address for address, _, _ in sent}
        assert "Left alone" not in str(sent)
        assert Escalation.objects.get().status == "raised"

    def test_who_decides_on_a_replacement_sees_the_concern_and_how_far_the_audit_is(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        raise_immediate_concern(
            grading=begin(audit), text="Left alone", told="Duty", by=cast.auditor, now=NOW
        )
        case = audit.sampled_case
        assert case
        asked = request_replacement(
            sampled_case=case, reason="child_in_crisis", explanation="", by=cast.analyst, now=NOW
        )
        page = text_of(as_user(cast.lead).get(f"/replacements/{asked.pk}/"))
        assert "in progress, with Audrey Tor, begun on 6 October 2026" in page
        assert "Raised on 6 October 2026: waiting to be acknowledged" in page
        assert "It stays open where the case is replaced" in page
        assert "Left alone" not in page
        assert "Raised on" not in text_of(as_user(cast.analyst).get(f"/replacements/{asked.pk}/"))

    def test_once_submitted_is_said_where_a_replacement_is_asked_for(
        self, cast: Cast, audit: Audit, no_random: None, as_user: AsUser
    ) -> None:
        submitted(audit)
        reopen_audit(audit=audit, reason="A standard was missed", by=cast.lead, now=NOW)
        declare_conflict(audit=audit, reason="I know the family", by=cast.auditor, now=NOW)
        case = audit.sampled_case
        assert case
        analyst, ask = as_user(cast.analyst), f"/sampled/{case.pk}/replacement/"
        assert ask not in text_of(analyst.get(f"/sampled/{case.pk}/"))
        told = analyst.post(ask, {"reason": "other", "explanation": "It is in court"})
        assert "was submitted once and reopened" in text_of(told)
        assert "It is in court" in text_of(told)
        assert not Replacement.objects.exists()
        audit.refresh_from_db()
        assert audit.status == "returned"

    def test_the_practitioners_action_goes_to_who_holds_the_case_now(
        self, cast: Cast, audit: Audit, no_random: None
    ) -> None:
        submitted(audit, "inadequate")
        raised = escalation_of(audit)
        acknowledge(escalation=raised, response="Seen.", by=cast.head, now=NOW)
        assert planned(raised, cast.head, "practitioner").practitioner == cast.practitioner
        of_child = Case.objects.filter(child=audit.child)
        of_child.update(practitioner=cast.other_practitioner)
        assert planned(raised, cast.head, "practitioner").practitioner == cast.other_practitioner
        of_child.update(closed_on=TODAY)  # nobody holds it: who did answers for it
        assert planned(raised, cast.head, "practitioner").practitioner == cast.practitioner

    def test_a_concern_outlives_the_audit_that_found_it(self, cast: Cast, audit: Audit) -> None:
        grading = begin(audit)
        raise_immediate_concern(
            grading=grading, text="Left alone", told="Duty", by=cast.auditor, now=NOW
        )
        withdraw_audit(audit=audit, reason="Drawn by mistake", by=cast.lead, now=NOW)
        raised = Escalation.objects.get()
        acknowledge(escalation=raised, response="Visited.", by=cast.head, now=NOW)
        action = planned(raised, cast.head, owner=cast.manager)
        agree_plan(escalation=raised, by=cast.head, now=NOW)
        done(action, cast.manager, cast.head)
        raised.refresh_from_db()
        assert raised.status == Escalation.Status.CLOSED

    def test_who_answers_for_a_concern_is_told_that_its_audit_is_withdrawn(
        self,
        cast: Cast,
        audit: Audit,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        raise_immediate_concern(
            grading=begin(audit), text="Left alone", told="Duty", by=cast.auditor, now=NOW
        )
        sent: list[list[str]] = []
        monkeypatch.setattr(
            "accounts.notices.current_app.send_task", lambda name, args: sent.append(args)
        )
        with django_capture_on_commit_callbacks(execute=True):
            withdraw_audit(audit=audit, reason="Drawn by mistake", by=cast.lead, now=late(1))
        raised = Escalation.objects.get()
        assert raised.status == "raised"
        assert late_escalations(late(3)) == [raised.pk]
        to_answer = [args for args in sent if args[2] == f"/escalations/{raised.pk}/"]
        assert {address for address, _, _ in to_answer} == {cast.head.email, cast.lead.email}
        assert {subject for _, subject, _ in to_answer} == {
            f"Audit {audit.reference} was withdrawn, and its escalation stays open"
        }

    def test_the_mail_says_nothing_of_the_child_or_the_grade(
        self,
        cast: Cast,
        audit: Audit,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        sent: list[Any] = []
        monkeypatch.setattr(
            "accounts.notices.current_app.send_task", lambda name, args: sent.append(args)
        )
        with django_capture_on_commit_callbacks(execute=True):
            submitted(audit, "inadequate")
        to_head = [args for args in sent if args[0] == cast.head.email]
        assert to_head == [
            [
                cast.head.email,
                f"Audit {audit.reference} needs your answer",
                f"/escalations/{escalation_of(audit).pk}/",
            ]
        ]
        assert mail.outbox == []


class TestClimbing:
    def test_it_goes_up_one_level_when_nobody_acknowledges_it(
        self, cast: Cast, needs_work: Audit
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        assert raised.acknowledge_by < late(24 * 8)
        system = User.objects.system()
        assert not move_up(escalation=raised, by=system, now=late(24))
        assert move_up(escalation=raised, by=system, now=late(24 * 8))
        raised.refresh_from_db()
        assert raised.level == "head_of_service"
        assert raised.acknowledge_by > late(24 * 8)
        # Requires improvement goes no further than the Head of Service.
        assert not move_up(escalation=raised, by=system, now=late(24 * 60))
        assert raised.steps.count() == 2

    def test_an_inadequate_audit_climbs_to_the_director(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "inadequate")
        raised = escalation_of(audit)
        assert move_up(escalation=raised, by=User.objects.system(), now=late(24 * 3))
        raised.refresh_from_db()
        assert raised.level == "director"
        assert list(raised.steps.last().sent_to.all()) == [cast.director]  # type: ignore[union-attr]

    def test_the_task_moves_every_late_one_once(self, cast: Cast, make_audit: Make) -> None:
        for _ in range(3):
            submitted(make_audit(), "inadequate")
        acknowledge(escalation=Escalation.objects.all()[0], response="Seen.", by=cast.head, now=NOW)
        # The clock of the tests stands before today: the deadlines have passed.
        assert len(late_escalations(late(24 * 30))) == 2
        assert move_late_escalations_up() == 2
        assert move_late_escalations_up() == 0
        assert Escalation.objects.filter(level="director").count() == 2

    def test_what_went_up_can_still_be_answered_by_who_had_it_first(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit, "inadequate")
        raised = escalation_of(audit)
        move_up(escalation=raised, by=User.objects.system(), now=late(24 * 3))
        acknowledge(escalation=raised, response="Late, sorry.", by=cast.head, now=late(24 * 4))
        raised.refresh_from_db()
        assert raised.status == Escalation.Status.ACKNOWLEDGED


class TestWhatToImprove:
    def test_where_the_second_grading_says_none_it_is_the_auditors_words(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        page = f"/escalations/{escalation_of(audit).pk}/"
        provisional = text_of(as_user(cast.head).get(page))
        assert "Write the plan with the child." in provisional
        assert "who graded the file first" not in provisional
        decided(audit, cast.moderator, "inadequate")
        shown = text_of(as_user(cast.head).get(page))
        assert "Read the grading by Mo Derator" in shown
        assert "Nothing written" not in shown
        assert "Write the plan with the child." in shown
        assert "These are the words of Audrey Tor, who graded the file first" in shown

    def test_the_words_of_the_grading_that_stands_come_first(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        decided(audit, cast.moderator, "inadequate", "first")
        shown = text_of(as_user(cast.head).get(f"/escalations/{escalation_of(audit).pk}/"))
        assert "Write the plan with the child." in shown
        assert "who graded the file first" not in shown


class TestAnswering:
    def test_nothing_typed_is_lost_and_a_second_answer_is_told(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        client, path = as_user(cast.manager), f"/escalations/{raised.pk}/acknowledge/"
        assert "Write what you make of it" in text_of(client.post(path, {"response": " "}))
        assert client.post(path, {"response": "I see them today."}).status_code == 302
        again = as_user(cast.head).post(path, {"response": "Me too."})
        assert again.status_code == 409
        assert "Me too.</textarea>" in text_of(again)
        assert "Mandy Ager has acknowledged this escalation already" in text_of(again)

    def test_actions_are_planned_after_it_is_acknowledged(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        with pytest.raises(Refused, match="Acknowledge"):
            planned(raised, cast.manager, owner=cast.manager)

    def test_a_plan_needs_an_action_for_each_of_the_two(
        self, cast: Cast, needs_work: Audit
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        acknowledge(escalation=raised, response="Yes.", by=cast.manager, now=NOW)
        with pytest.raises(Refused, match="manager"):
            agree_plan(escalation=raised, by=cast.manager, now=NOW)
        planned(raised, cast.manager, owner=cast.manager)
        with pytest.raises(Refused, match="practitioner"):
            agree_plan(escalation=raised, by=cast.manager, now=NOW)
        planned(raised, cast.manager, "practitioner")
        agree_plan(escalation=raised, by=cast.manager, now=NOW)
        with pytest.raises(MovedOn):
            agree_plan(escalation=raised, by=cast.manager, now=NOW)

    def test_outsiders_cannot_answer(self, cast: Cast, needs_work: Audit) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        for outsider in (cast.other_manager, cast.other_head, cast.auditor, cast.lead):
            with pytest.raises(PermissionDenied):
                acknowledge(escalation=raised, response="x", by=outsider, now=NOW)

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({"side": ""}, "Say whose action it is"),
            ({"owner": ""}, "Choose the manager who owns the action"),
            ({"description": ""}, "Write what will be done"),
            ({"due_on_day": "31", "due_on_month": "2"}, "must be a real date"),
            ({"due_on_year": "2020"}, "“Done by” must be today or later"),
            ({"due_on_year": "9999"}, "an action takes a year at most"),
            (
                {"side": "practitioner", "stand_in_reason": "left", "stand_in": "manager"},
                "Pat Titioner has not left and holds this case",
            ),
            (
                {"side": "practitioner", "stand_in_reason": "left"},
                "Choose who stands in",
            ),
        ],
    )
    def test_each_wrong_field_says_so_and_keeps_the_rest(
        self,
        cast: Cast,
        needs_work: Audit,
        as_user: AsUser,
        said: dict[str, str],
        error: str,
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        acknowledge(escalation=raised, response="Yes.", by=cast.manager, now=NOW)
        right = {
            "side": "manager",
            "owner": str(cast.manager.pk),
            "description": "Supervise weekly & <b>note</b> it",
            **due_in(30),
        }
        client, path = as_user(cast.manager), f"/escalations/{raised.pk}/actions/"
        if "stand_in" in said:
            said = said | {"stand_in": str(cast.manager.pk)}
        shown = text_of(client.post(path, right | said))
        assert error in shown
        if "description" not in said:
            assert "Supervise weekly &amp; &lt;b&gt;note&lt;/b&gt; it" in shown
        assert not Action.objects.exists()
        assert client.post(path, right).status_code == 302
        assert Action.objects.get().owner == cast.manager


class TestStandIns:
    def test_a_practitioner_who_left_needs_a_named_stand_in(
        self, cast: Cast, needs_work: Audit
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        acknowledge(escalation=raised, response="Yes.", by=cast.manager, now=NOW)
        here = Practitioner.objects.filter(pk=cast.practitioner.pk)
        here.update(left_on=local_date(timezone.now()) + timedelta(days=1))
        assert present_practitioner(raised.audit) == cast.practitioner
        here.update(left_on=TODAY)
        with pytest.raises(Refused, match="stand-in"):
            planned(raised, cast.manager, "practitioner")
        what, due = "See the child.", TODAY + timedelta(5)
        for wrong in (cast.other_manager, cast.auditor):
            with pytest.raises(Refused, match="stand-in"):
                plan_action(
                    audit=raised.audit,
                    planned=Planned("practitioner", what, due, wrong, "left"),
                    escalation=raised,
                    by=cast.manager,
                    now=NOW,
                )
        action = plan_action(
            audit=raised.audit,
            planned=Planned("practitioner", what, due, cast.manager, "left"),
            escalation=raised,
            by=cast.manager,
            now=NOW,
        )
        assert (action.owner, action.practitioner) == (cast.manager, None)

    @pytest.mark.parametrize("untrue", ["left", "none_allocated"])
    def test_the_reason_is_true_while_the_practitioner_holds_the_case(
        self, cast: Cast, needs_work: Audit, untrue: str
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        acknowledge(escalation=raised, response="Yes.", by=cast.manager, now=NOW)

        def plan(reason: str) -> Action:
            said = Planned("practitioner", "See her.", TODAY + timedelta(5), cast.manager, reason)
            return plan_action(
                audit=raised.audit, planned=said, escalation=raised, by=cast.manager, now=NOW
            )

        with pytest.raises(Refused, match="Pat Titioner has not left and holds this case"):
            plan(untrue)
        assert plan("long_absence").owner == cast.manager
        # The sign-in is ended first, the list of practitioners comes later.
        User.objects.filter(pk=cast.practitioner_user.pk).update(is_active=False)
        assert plan(untrue).owner == cast.manager

    def test_no_action_is_put_off_for_ever(self, cast: Cast, needs_work: Audit) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        acknowledge(escalation=raised, response="Yes.", by=cast.manager, now=NOW)
        for wrong in (date(9999, 12, 20), date(2027, 10, 7)):
            with pytest.raises(Refused, match="by 6 October 2027"):
                plan_action(
                    audit=raised.audit,
                    planned=Planned("manager", "See her.", wrong, cast.manager),
                    escalation=raised,
                    by=cast.manager,
                    now=NOW,
                )
        last = Planned("manager", "See her.", date(2027, 10, 6), cast.manager)
        plan_action(audit=raised.audit, planned=last, escalation=raised, by=cast.manager, now=NOW)

    def test_evidence_for_one_who_does_not_sign_in_is_offered_by_a_manager(
        self, cast: Cast, needs_work: Audit
    ) -> None:
        Practitioner.objects.filter(pk=cast.practitioner.pk).update(user=None)
        raised = escalation_of(needs_work, "requires_improvement")
        _, action = agreed(raised, cast.manager, cast.manager)
        offer_evidence(action=action, evidence="Seen on the file.", by=cast.manager, now=NOW)
        with pytest.raises(PermissionDenied, match="offered the evidence"):
            verify_action(action=action, change_for_child="x", by=cast.manager, now=NOW)
        verify_action(action=action, change_for_child="Safe.", by=cast.head, now=NOW)


class TestVerifying:
    @pytest.fixture
    def plan(self, cast: Cast, needs_work: Audit) -> list[Action]:
        return agreed(escalation_of(needs_work, "requires_improvement"), cast.manager, cast.manager)

    def test_nobody_verifies_their_own_and_a_managers_needs_the_head(
        self, cast: Cast, plan: list[Action]
    ) -> None:
        of_manager, of_practitioner = plan
        offer_evidence(action=of_manager, evidence="Done.", by=cast.manager, now=NOW)
        offer_evidence(action=of_practitioner, evidence="Done.", by=cast.practitioner_user, now=NOW)
        for wrong, action in (
            (cast.manager, of_manager),
            (cast.practitioner_user, of_practitioner),
            (cast.other_head, of_manager),
            (cast.other_manager, of_practitioner),
            (cast.lead, of_practitioner),
        ):
            with pytest.raises(PermissionDenied):
                verify_action(action=action, change_for_child="x", by=wrong, now=NOW)
        with pytest.raises(Refused, match="what changed"):
            verify_action(action=of_practitioner, change_for_child=" ", by=cast.manager, now=NOW)
        verify_action(action=of_practitioner, change_for_child="Safe", by=cast.manager, now=NOW)
        verify_action(action=of_manager, change_for_child="Safe", by=cast.head, now=NOW)

    def test_the_escalation_follows_its_actions(self, cast: Cast, plan: list[Action]) -> None:
        of_manager, of_practitioner = plan
        raised = Escalation.objects.get()

        def state() -> str:
            raised.refresh_from_db()
            return raised.status

        assert state() == "plan_agreed"
        offer_evidence(action=of_manager, evidence="Done.", by=cast.manager, now=NOW)
        offer_evidence(action=of_practitioner, evidence="Done.", by=cast.practitioner_user, now=NOW)
        assert state() == "awaiting_verification"
        acting.return_action(action=of_manager, reason="No date.", by=cast.head, now=NOW)
        assert state() == "plan_agreed"
        done(of_manager, cast.manager, cast.head)
        assert state() == "awaiting_verification"
        verify_action(action=of_practitioner, change_for_child="Safe", by=cast.manager, now=NOW)
        assert state() == "closed"
        assert raised.closed_by == cast.manager
        acting.reopen_action(action=of_manager, reason="Wrong one.", by=cast.head, now=NOW)
        assert state() == "plan_agreed"
        assert raised.closed_at is None

    def test_verifying_twice_is_told(self, cast: Cast, plan: list[Action], as_user: AsUser) -> None:
        _, action = plan
        done(action, cast.practitioner_user, cast.manager)
        again = as_user(cast.head).post(
            f"/actions/{action.pk}/verify/", {"change_for_child": "Safe."}
        )
        assert again.status_code == 409
        assert "it is now “verified”" in text_of(again)

    def test_cancelling_leaves_no_plan_without_the_two(
        self, cast: Cast, plan: list[Action]
    ) -> None:
        of_manager, _ = plan
        with pytest.raises(Refused, match="Plan another action first"):
            acting.cancel_action(action=of_manager, reason="Moved", by=cast.manager, now=NOW)
        of_manager.refresh_from_db()
        assert of_manager.status == Action.Status.OPEN
        planned(Escalation.objects.get(), cast.manager, owner=cast.manager)
        acting.cancel_action(action=of_manager, reason="Moved", by=cast.manager, now=NOW)

    def test_what_was_returned_tells_the_owner_why(
        self, cast: Cast, plan: list[Action], as_user: AsUser
    ) -> None:
        _, action = plan
        practitioner, manager = as_user(cast.practitioner_user), as_user(cast.manager)
        path = f"/actions/{action.pk}/"
        empty = practitioner.post(f"{path}evidence/", {"evidence": ""})
        assert "Write what was done" in text_of(empty)
        practitioner.post(f"{path}evidence/", {"evidence": "Saw her."})
        assert "Saw her." in text_of(manager.get(path))
        manager.post(f"{path}return/", {"reason": "When? Where is it noted?"})
        assert "When? Where is it noted?" in text_of(practitioner.get(path))


class TestClosing:
    def test_an_inadequate_audit_from_submission_to_closed_through_the_pages(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        decided(audit, cast.moderator, "inadequate", "first")
        release_feedback(audit=audit, strengths="S", improvements="I", by=cast.auditor, now=NOW)
        head, manager = as_user(cast.head), as_user(cast.manager)
        practitioner = as_user(cast.practitioner_user)
        page = f"/escalations/{escalation_of(audit).pk}/"

        assert "1 escalation to acknowledge" in text_of(head.get("/"))
        head.post(f"{page}acknowledge/", {"response": "I have read the file."})
        due = due_in(30)
        manages = {"side": "manager", "owner": cast.manager.pk, "description": "Supervise."}
        head.post(f"{page}actions/", {**manages, **due})
        assert "needs an action for the practitioner" in text_of(head.get(page))
        manager.post(
            f"{page}actions/", {"side": "practitioner", "description": "See the child.", **due}
        )
        assert "Agree the plan" in text_of(head.get(page))
        head.post(f"{page}agree/")
        of_manager, of_practitioner = Action.objects.order_by("pk")

        manager.post(f"/actions/{of_manager.pk}/evidence/", {"evidence": "Four meetings."})
        practitioner.post(f"/actions/{of_practitioner.pk}/evidence/", {"evidence": "Seen."})
        assert "Nobody verifies their own action" in text_of(
            manager.get(f"/actions/{of_manager.pk}/")
        )
        said = {"change_for_child": "She is at school every day."}
        manager.post(f"/actions/{of_practitioner.pk}/verify/", said)
        waiting = text_of(manager.get(f"/audits/{audit.reference}/"))
        assert "The escalation “Inadequate” is still open." in waiting
        head.post(f"/actions/{of_manager.pk}/verify/", said)

        audit.refresh_from_db()
        assert audit.status == Audit.Status.CLOSED
        assert audit.closed_by == cast.head
        assert escalation_of(audit).status == Escalation.Status.CLOSED
        assert "She is at school every day." in text_of(
            practitioner.get(f"/actions/{of_practitioner.pk}/")
        )

    def test_a_good_audit_closes_with_its_feedback(
        self, cast: Cast, audit: Audit, no_random: None
    ) -> None:
        submitted(audit, "good")
        release_feedback(audit=audit, strengths="S", improvements="I", by=cast.auditor, now=NOW)
        audit.refresh_from_db()
        assert audit.status == Audit.Status.CLOSED
        assert audit.closed_by
        assert audit.closed_by.is_system

    def test_a_standard_below_good_needs_an_action_or_a_reason(
        self, cast: Cast, audit: Audit, no_random: None, as_user: AsUser
    ) -> None:
        grading = fill(begin(audit), "good")
        below = list(grading.standard_grades.select_related("standard").order_by("pk")[:1])
        below[0].grade = "requires_improvement"
        below[0].save()
        grading.refresh_from_db()
        submit_grading(grading=grading, by=cast.auditor, now=NOW)
        release_feedback(audit=audit, strengths="S", improvements="I", by=cast.auditor, now=NOW)
        audit.refresh_from_db()
        assert audit.status == Audit.Status.FINALISED
        client, code = as_user(cast.manager), below[0].standard.code
        shown = text_of(client.get(f"/audits/{audit.reference}/"))
        assert "Practice standards below good" in shown
        path = f"/audits/{audit.reference}/actions/{code}/none/"
        assert "Write the reason" in text_of(client.post(path, {"reason": ""}))
        assert client.post(path, {"reason": "Put right since."}).status_code == 302
        assert NoActionReason.objects.get().given_by == cast.manager
        audit.refresh_from_db()
        assert audit.status == Audit.Status.CLOSED

    def test_an_action_on_such_a_standard_is_planned_from_the_audit(
        self, cast: Cast, audit: Audit, no_random: None, as_user: AsUser
    ) -> None:
        submitted(audit, "good")
        client = as_user(cast.manager)
        client.post(
            f"/audits/{audit.reference}/actions/",
            {
                "side": "practitioner",
                "description": "Write the chronology.",
                **due_in(30),
            },
        )
        action = Action.objects.get()
        assert action.escalation is None
        release_feedback(audit=audit, strengths="S", improvements="I", by=cast.auditor, now=NOW)
        audit.refresh_from_db()
        assert audit.status == Audit.Status.FINALISED
        done(action, cast.practitioner_user, cast.manager)
        audit.refresh_from_db()
        assert audit.status == Audit.Status.CLOSED

    def test_no_reason_replaces_the_actions_of_an_audit_below_good(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        code = needs_work.gradings.get().standard_grades.first().standard.code  # type: ignore[union-attr]
        shown = as_user(cast.manager).post(
            f"/audits/{needs_work.reference}/actions/{code}/none/", {"reason": "Fine."}
        )
        assert "An audit below good needs actions" in text_of(shown)

    def test_actions_move_with_the_grade_of_record(self, cast: Cast, audit: Audit) -> None:
        """Planned while inadequate was provisional, they are the plan of what stands."""
        submitted(audit, "inadequate")
        actions = agreed(escalation_of(audit), cast.head, cast.manager)
        decided(audit, cast.moderator, "requires_improvement")
        assert escalation_of(audit).status == Escalation.Status.STOOD_DOWN
        new = escalation_of(audit, "requires_improvement")
        assert {a.escalation_id for a in Action.objects.all()} == {new.pk}
        with pytest.raises(MovedOn, match="another escalation"):
            offer_evidence(action=actions[0], evidence="x", by=cast.manager, now=NOW)


class TestWhoSeesWhat:
    def test_owners_see_their_actions_and_no_others(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        of_manager, of_practitioner = agreed(raised, cast.manager, cast.manager)
        client = as_user(cast.practitioner_user)
        assert client.get(f"/actions/{of_practitioner.pk}/").status_code == 200
        assert client.get(f"/actions/{of_manager.pk}/").status_code == 404
        assert client.get(f"/escalations/{raised.pk}/").status_code == 403

    def test_deputies_stand_in_for_heads(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        deputy = person("Dora Deputy", "head_of_service")
        Service.objects.filter(code="child_protection").update(deputy=deputy)
        page = f"/escalations/{escalation_of(needs_work, 'requires_improvement').pk}/"
        assert as_user(deputy).get(page).status_code == 200

    def test_lists_take_the_same_queries_whatever_is_in_them(
        self, cast: Cast, make_audit: Make, as_user: AsUser, same_queries: Any, no_random: None
    ) -> None:
        def more(number: int) -> None:
            for _ in range(number):
                audit = make_audit()
                submitted(audit, "requires_improvement")
                agreed(escalation_of(audit, "requires_improvement"), cast.manager, cast.manager)

        for who in (cast.manager, cast.head, cast.lead):
            same_queries(as_user(who), "/escalations/", more)
            same_queries(as_user(who), "/actions/", more)

    def test_an_escalation_takes_the_same_queries_however_long_its_plan(
        self, cast: Cast, needs_work: Audit, as_user: AsUser, same_queries: Any
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        agreed(raised, cast.manager, cast.manager)

        def more(number: int) -> None:
            for _ in range(number):
                planned(raised, cast.manager, owner=cast.manager)

        same_queries(as_user(cast.manager), f"/escalations/{raised.pk}/", more)
        same_queries(as_user(cast.manager), f"/audits/{needs_work.reference}/", more)

    def test_hostile_text_is_shown_as_text(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        hostile = "<script>alert(1)</script> \u202etxet & {{ 7|add:7 }}"
        raised = escalation_of(needs_work, "requires_improvement")
        acknowledge(escalation=raised, response=hostile, by=cast.manager, now=NOW)
        shown = text_of(as_user(cast.head).get(f"/escalations/{raised.pk}/"))
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert "{{ 7|add:7 }}" in shown

    def test_filters(self, cast: Cast, needs_work: Audit, as_user: AsUser) -> None:
        client = as_user(cast.manager)
        assert needs_work.reference in text_of(client.get("/escalations/?late=yes"))
        assert needs_work.reference in text_of(client.get("/escalations/?status=open"))
        none = text_of(client.get("/escalations/?track=inadequate"))
        assert "No escalation matches these filters" in none
        agreed(escalation_of(needs_work, "requires_improvement"), cast.manager, cast.manager)
        assert "Supervise" not in text_of(client.get("/actions/?status=verified"))
        assert "see the child alone" in text_of(client.get("/actions/?whose=mine"))
        assert "No action matches these filters" in text_of(client.get("/actions/?whose=verify"))


def number_of(client: Client, words: str) -> tuple[int, int]:
    """What the home page says of a kind of work, and how many its link leads to."""
    [task] = [t for t in client.get("/").context["tasks"] if words in t.title]
    return task.count, client.get(task.url).context["page"].paginator.count


class TestNumbersLeadToWhatTheyCount:
    def test_escalations_for_the_person_to_answer(
        self, cast: Cast, make_audit: Make, as_user: AsUser, no_random: None
    ) -> None:
        audits = [make_audit() for _ in range(4)]
        for each in audits:
            submitted(each, "requires_improvement")
        system = User.objects.system()
        for each in audits[:2]:
            raised = escalation_of(each, "requires_improvement")
            move_up(escalation=raised, by=system, now=late(24 * 8))
        acknowledge(
            escalation=escalation_of(audits[2], "requires_improvement"),
            response="Yes.",
            by=cast.manager,
            now=NOW,
        )
        head, manager = as_user(cast.head), as_user(cast.manager)
        assert number_of(head, "to acknowledge") == (2, 2)
        assert number_of(manager, "to acknowledge") == (1, 1)
        assert number_of(manager, "to plan actions for") == (1, 1)
        listed = text_of(head.get("/escalations/?whose=mine"))
        assert audits[0].reference in listed
        assert audits[3].reference not in listed
        assert "For me to answer" in listed
        downloaded = text_of(head.get("/escalations/escalations.csv?whose=mine"))
        assert audits[0].reference in downloaded
        assert audits[3].reference not in downloaded

    def test_whoever_was_sent_it_and_answers_for_the_case_no_more_is_not_asked(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        assert number_of(as_user(cast.manager), "to acknowledge") == (1, 1)
        Audit.objects.filter(pk=needs_work.pk).update(team=cast.hilltop)
        assert "to acknowledge" not in text_of(as_user(cast.manager).get("/"))

    def test_actions_to_carry_out_and_to_verify(
        self, cast: Cast, needs_work: Audit, as_user: AsUser
    ) -> None:
        raised = escalation_of(needs_work, "requires_improvement")
        mine, _ = agreed(raised, cast.manager, cast.manager)
        other = planned(raised, cast.manager, owner=cast.manager)
        planned(raised, cast.manager, owner=cast.head)
        offer_evidence(action=mine, evidence="Done.", by=cast.manager, now=NOW)
        assert number_of(as_user(cast.manager), "to carry out") == (1, 1)
        assert number_of(as_user(cast.head), "to verify") == (1, 1)
        assert other.status == Action.Status.OPEN

    def test_moderations_to_make_and_to_give_to_somebody(
        self, cast: Cast, make_audit: Make, as_user: AsUser
    ) -> None:
        audits = [make_audit() for _ in range(4)]
        for each in audits:
            submitted(each, "inadequate")
        assigned(audits[0], cast.moderator)
        decided(audits[1], cast.moderator, "inadequate")
        assert number_of(as_user(cast.moderator), "to moderate") == (1, 1)
        assert number_of(as_user(cast.lead), "moderator") == (2, 2)
