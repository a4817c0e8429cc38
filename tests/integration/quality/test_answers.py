"""Answers that say nothing are no answers; and what a page does with a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.operations import Refused
from audits.models import Audit, PracticeStandard
from quality.models import Action, Escalation, Moderation
from quality.operations import acting
from quality.operations.acting import Planned
from quality.operations.escalating import acknowledge
from quality.operations.moderating import assign_moderator, decide_moderation, hand_back
from tests.cast import NOW, TODAY, Cast
from tests.integration.audits.auditing import submitted
from tests.integration.quality.following import (
    agreed,
    assigned,
    escalation_of,
    moderation_of,
    planned,
    second_grading,
)

AsUser = Callable[[User], Client]
NOTHING = (".", "-", " – ", "…", "?\n!")


def text_of(response: Any) -> str:
    return response.content.decode()


@pytest.fixture
def raised(audit: Audit) -> Escalation:
    """Requires improvement, of record: with the team manager."""
    quarter = audit.quarter
    quarter.policies = {"quality": {"moderation_random_share": "0"}}
    quarter.save()
    submitted(audit, "requires_improvement")
    return escalation_of(audit, "requires_improvement")


@pytest.fixture
def plan(cast: Cast, raised: Escalation) -> list[Action]:
    return agreed(raised, cast.manager, cast.manager)


@pytest.fixture
def offered(cast: Cast, plan: list[Action]) -> Action:
    """The practitioner's action, with evidence."""
    return acting.offer_evidence(
        action=plan[1], evidence="Seen.", by=cast.practitioner_user, now=NOW
    )


class TestOperationsRefuse:
    """A full stop closes no loop, whatever way it comes in."""

    @pytest.mark.parametrize("nothing", NOTHING)
    def test_in_answer_to_an_escalation(self, cast: Cast, raised: Escalation, nothing: str) -> None:
        with pytest.raises(Refused, match="Write what you make of it"):
            acknowledge(escalation=raised, response=nothing, by=cast.manager, now=NOW)

    def test_in_a_plan(self, cast: Cast, raised: Escalation) -> None:
        acknowledge(escalation=raised, response="Yes.", by=cast.manager, now=NOW)
        with pytest.raises(Refused, match="Write what will be done"):
            acting.plan_action(
                audit=raised.audit,
                planned=Planned("manager", " . ", TODAY + timedelta(7), owner=cast.manager),
                escalation=raised,
                by=cast.manager,
                now=NOW,
            )

    @pytest.mark.parametrize("nothing", NOTHING)
    def test_as_evidence_and_as_what_changed(
        self, cast: Cast, plan: list[Action], nothing: str
    ) -> None:
        owner, action = cast.practitioner_user, plan[1]
        with pytest.raises(Refused, match="Write what was done"):
            acting.offer_evidence(action=action, evidence=nothing, by=owner, now=NOW)
        acting.offer_evidence(action=action, evidence="Seen.", by=owner, now=NOW)
        with pytest.raises(Refused, match="Write what changed"):
            acting.verify_action(action=action, change_for_child=nothing, by=cast.manager, now=NOW)
        action.refresh_from_db()
        assert action.status == Action.Status.EVIDENCE_OFFERED

    def test_as_a_reason_to_send_back_cancel_or_open_again(
        self, cast: Cast, offered: Action
    ) -> None:
        with pytest.raises(Refused, match="Write what is missing"):
            acting.return_action(action=offered, reason="-", by=cast.manager, now=NOW)
        with pytest.raises(Refused, match="Write why this will not"):
            acting.cancel_action(action=offered, reason=".", by=cast.manager, now=NOW)
        acting.verify_action(action=offered, change_for_child="Safe", by=cast.manager, now=NOW)
        with pytest.raises(Refused, match="Write why it is opened again"):
            acting.reopen_action(action=offered, reason="...", by=cast.head, now=NOW)

    def test_as_a_reason_for_no_action(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "good")
        audit.refresh_from_db()
        Audit.objects.filter(pk=audit.pk).update(
            status="finalised", finalised_at=NOW, finalised_by=cast.lead,
            grading_of_record=audit.gradings.get(),
        )  # fmt: skip
        standard = PracticeStandard.objects.filter(section__version=audit.tool_version).first()
        assert standard
        with pytest.raises(Refused, match="Write why no action is needed"):
            acting.give_reason_for_none(
                audit=audit, standard=standard, reason=".", by=cast.manager, now=NOW
            )

    def test_as_a_reason_to_give_a_moderation_back_or_to_another(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit, "inadequate")
        moderation = assigned(audit, cast.moderator)
        with pytest.raises(Refused, match="Write why you give"):
            hand_back(moderation=moderation, reason=".", conflict=False, by=cast.moderator, now=NOW)
        with pytest.raises(Refused, match="Write why another moderator"):
            assign_moderator(
                moderation=moderation, moderator=cast.other_moderator, reason="-", by=cast.lead,
                now=NOW,
            )  # fmt: skip
        assert moderation_of(audit).moderator == cast.moderator

    def test_as_the_reason_why_a_grade_stands(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "inadequate")
        second_grading(audit, cast.moderator, "good")
        with pytest.raises(Refused, match="Say why the grade that stands"):
            decide_moderation(
                moderation=moderation_of(audit), stands="second", rationale=".", by=cast.moderator,
                now=NOW,
            )  # fmt: skip
        assert moderation_of(audit).status == Moderation.Status.ASSIGNED


def at_the_field(response: Any, field: str, words: str) -> bool:
    """Whether the page says ``words`` at the field, first in its summary, and in its title."""
    shown = text_of(response)
    form = response.context["form"]
    return (
        response.status_code == 200
        and [*form.errors] == [field]
        and f'<a href="#id_{field}">{words}</a>' in shown
        and shown.index("govuk-error-summary") < shown.index("<h1")
        and "<title>Error: " in shown
    )


class TestPagesSayWhereItIs:
    """Each page with a wrong answer: summary, title, and the words at the field."""

    def test_acknowledging(self, cast: Cast, raised: Escalation, as_user: AsUser) -> None:
        client, path = as_user(cast.manager), f"/escalations/{raised.pk}/"
        answer = client.post(f"{path}acknowledge/", {"response": "-"})
        assert at_the_field(answer, "response", "Write what you make of it and what happens first")
        assert "Error: " not in text_of(client.get(path))

    def test_planning(self, cast: Cast, plan: list[Action], as_user: AsUser) -> None:
        soon = TODAY.replace(year=TODAY.year + 1)
        said = {
            "side": "practitioner", "description": ".", "due_on_day": soon.day,
            "due_on_month": soon.month, "due_on_year": soon.year,
        }  # fmt: skip
        path = f"/escalations/{plan[0].escalation_id}/actions/"
        answer = as_user(cast.manager).post(path, said)
        assert "Write what will be done" in text_of(answer)

    def test_offering_and_verifying(self, cast: Cast, plan: list[Action], as_user: AsUser) -> None:
        path, owner = f"/actions/{plan[1].pk}/", as_user(cast.practitioner_user)
        answer = owner.post(f"{path}evidence/", {"evidence": "."})
        assert at_the_field(answer, "evidence", "Write what was done")
        owner.post(f"{path}evidence/", {"evidence": "Seen."})
        answer = as_user(cast.manager).post(f"{path}verify/", {"change_for_child": "."})
        assert at_the_field(answer, "change_for_child", "Write what changed for the child")
        assert "Error: " not in text_of(as_user(cast.manager).get(path))

    def test_moderating(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        submitted(audit, "inadequate")
        page, lead = f"/moderation/{audit.reference}/", as_user(cast.lead)
        answer = lead.post(f"{page}assign/", {"moderator": ""})
        assert at_the_field(answer, "moderator", "Choose a moderator")
        assigned(audit, cast.moderator)
        said = {"moderator": cast.other_moderator.pk, "reason": "."}
        answer = lead.post(f"{page}assign/", said)
        assert at_the_field(answer, "reason", "Write why another moderator is needed")
        moderator = as_user(cast.moderator)
        answer = moderator.post(f"{page}give-back/", {"reason": "-"})
        assert at_the_field(answer, "reason", "Write why you give it back")
        assert "Error: " not in text_of(moderator.get(page))

    def test_deciding(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        submitted(audit, "inadequate")
        second_grading(audit, cast.moderator, "good")
        page, client = f"/moderation/{audit.reference}/", as_user(cast.moderator)
        answer = client.post(f"{page}decide/", {"stands": "second", "rationale": "."})
        assert at_the_field(answer, "rationale", "Write why this grade stands")
        assert moderation_of(audit).status == Moderation.Status.ASSIGNED


class TestOpeningWhatIsOnlyPostedTo:
    """The address bar holds such an address after an error: opened, it leads to the page."""

    @pytest.mark.parametrize("rest", ["evidence/", "verify/"])
    def test_an_action(self, cast: Cast, plan: list[Action], as_user: AsUser, rest: str) -> None:
        action = planned(plan[0].escalation, cast.manager, "practitioner")  # type: ignore[arg-type]
        who = cast.practitioner_user if rest == "evidence/" else cast.manager
        answer = as_user(who).get(f"/actions/{action.pk}/{rest}")
        assert (answer.status_code, answer["Location"]) == (302, f"/actions/{action.pk}/")
        assert as_user(who).put(f"/actions/{action.pk}/{rest}").status_code == 405
        assert as_user(cast.other_manager).get(f"/actions/{action.pk}/{rest}").status_code == 404

    @pytest.mark.parametrize("rest", ["acknowledge/", "agree/"])
    def test_an_escalation(
        self, cast: Cast, raised: Escalation, as_user: AsUser, rest: str
    ) -> None:
        page = f"/escalations/{raised.pk}/"
        answer = as_user(cast.manager).get(page + rest)
        assert (answer.status_code, answer["Location"]) == (302, page)
        assert as_user(cast.lead).get(page + rest).status_code == 403
        raised.refresh_from_db()
        assert raised.status == Escalation.Status.RAISED

    def test_a_moderation(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        submitted(audit, "inadequate")
        page = f"/moderation/{audit.reference}/"
        for who, rest in ((cast.lead, "assign/"), (cast.moderator, "take/")):
            answer = as_user(who).get(page + rest)
            assert (answer.status_code, answer["Location"]) == (302, page)
        assert moderation_of(audit).status == Moderation.Status.REQUIRED
        assigned(audit, cast.moderator)
        assert as_user(cast.moderator).get(page + "decide/")["Location"] == page
        assert as_user(cast.other_moderator).get(page + "decide/").status_code == 404
