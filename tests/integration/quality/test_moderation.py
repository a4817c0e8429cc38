"""Moderation: who is chosen, who may see what, what is decided, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import AccessRecord, User
from accounts.operations import MovedOn, Refused, record_access
from audits.models import Audit, Grading
from audits.operations.feedback import release_feedback
from audits.operations.saving import save_before
from audits.operations.submitting import reopen_audit, submit_grading
from audits.operations.tool_editing import publish, save_limits, start_draft
from audits.queries.visibility import gradings_visible_to
from audits.rules.grades import ZERO_TO_TEN
from cases.models import DeclaredConflict, Grader, Practitioner, Service, Team
from cases.operations.conflicts import declare_ahead
from config.home import tasks_for
from quality.models import Escalation, Moderation
from quality.operations.moderating import hand_back
from quality.operations.reminding import remind_moderators
from quality.queries.moderation import moderation_list
from quality.queries.people import possible_moderators
from tests.cast import NOW, TODAY, Cast
from tests.integration.audits.auditing import Make, fill, submitted
from tests.integration.quality.conftest import SameQueries
from tests.integration.quality.following import (
    assigned,
    decided,
    moderation_of,
    second_grading,
)

AsUser = Callable[[User], Client]


def text_of(response: Any) -> str:
    return response.content.decode()


def at(audit: Audit, rest: str = "") -> str:
    return f"/moderation/{audit.reference}/{rest}"


@pytest.fixture
def random_share(monkeypatch: pytest.MonkeyPatch, audit: Audit) -> Callable[[str], None]:
    """Set the share of audits moderated at random in the audit's quarter."""

    def set_to(share: str) -> None:
        quarter = audit.quarter
        quarter.policies = {"quality": {"moderation_random_share": share}}
        quarter.save()

    set_to("0")
    return set_to


class TestChoice:
    def test_a_good_audit_that_was_not_drawn_has_its_grade_at_once(
        self, audit: Audit, random_share: Any
    ) -> None:
        grading = submitted(audit, "good")
        assert audit.status == Audit.Status.FINALISED
        assert audit.grading_of_record == grading
        assert not Moderation.objects.exists()

    def test_one_that_was_drawn_at_random_waits(self, audit: Audit, random_share: Any) -> None:
        random_share("1")
        submitted(audit, "good")
        assert audit.status == Audit.Status.SUBMITTED
        moderation = moderation_of(audit)
        assert (moderation.reasons, moderation.blind) == (["random"], True)

    def test_every_inadequate_audit_waits_two_working_days(
        self, audit: Audit, random_share: Any
    ) -> None:
        submitted(audit, "inadequate")
        moderation = moderation_of(audit)
        assert moderation.reasons == ["inadequate"]
        assert str(moderation.due_on) == "2026-10-08"

    def test_the_share_drawn_is_that_of_the_quarter(
        self, make_audit: Make, audit: Audit, random_share: Any
    ) -> None:
        """The choice is by the reference: the same for ever, about one in five of many."""
        random_share(str(Fraction(1, 5)))
        audits = [make_audit() for _ in range(12)]
        for each in audits:
            submitted(each, "good")
        drawn = Moderation.objects.filter(audit__in=audits).count()
        assert 0 < drawn < 9


class TestAssigning:
    def test_the_lead_chooses_among_independent_moderators(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        cast.riverside.deputy = cast.other_moderator
        cast.riverside.save()
        client = as_user(cast.lead)
        shown = text_of(client.get(at(audit)))
        assert "Mo Derator" in shown
        assert "Olive Derator" not in shown
        assert "Every inadequate audit is moderated" in shown
        answer = client.post(at(audit, "assign/"), {"moderator": cast.moderator.pk})
        assert answer.status_code == 302
        moderation = moderation_of(audit)
        assert moderation.moderator == cast.moderator
        assert moderation.grading
        assert moderation.grading.status == Grading.Status.DRAFT

    def test_nobody_moderates_what_they_read_or_have_a_conflict_with(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit, "inadequate")
        record_access(
            by=cast.moderator, kind="read", what="audit", reference=audit.reference, now=NOW
        )
        DeclaredConflict.objects.create(
            user=cast.other_moderator, child=audit.child, reason="Cousin", declared_at=NOW
        )
        assert possible_moderators(audit, blind=True) == []
        with pytest.raises(Refused, match="cannot grade it blind"):
            assigned(audit, cast.moderator)
        with pytest.raises(Refused, match="cannot moderate"):
            assigned(audit, cast.other_moderator)

    def test_its_auditor_never_moderates_it(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "inadequate")
        cast.auditor.groups.add(*cast.moderator.groups.all())
        auditor = User.objects.get(pk=cast.auditor.pk)
        with pytest.raises(Refused, match="auditor"):
            assigned(audit, auditor)

    def test_a_moderator_takes_one_and_the_next_is_told(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        assert as_user(cast.moderator).post(at(audit, "take/")).status_code == 302
        late = as_user(cast.other_moderator).post(at(audit, "take/"))
        assert late.status_code == 409
        assert "Another moderator has taken" in text_of(late)
        assert as_user(cast.other_moderator).get(at(audit)).status_code == 404

    def test_giving_it_back_keeps_the_draft_aside(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        draft = assigned(audit, cast.moderator).grading
        assert draft
        client = as_user(cast.moderator)
        assert "Write why you give it back" in text_of(
            client.post(at(audit, "give-back/"), {"reason": ""})
        )
        said = {"reason": "I know the family", "conflict": "on"}
        assert client.post(at(audit, "give-back/"), said).status_code == 302
        draft.refresh_from_db()
        assert draft.status == Grading.Status.SET_ASIDE
        assert DeclaredConflict.objects.filter(user=cast.moderator, child=audit.child).exists()
        with pytest.raises(Refused):
            assigned(audit, cast.moderator)
        assert assigned(audit, cast.other_moderator).grading != draft

    def test_the_lead_gives_it_to_another_with_a_reason(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        assigned(audit, cast.moderator)
        client = as_user(cast.lead)
        chosen = {"moderator": cast.other_moderator.pk}
        shown = client.post(at(audit, "assign/"), chosen)
        assert "Write why another moderator is needed" in text_of(shown)
        client.post(at(audit, "assign/"), {**chosen, "reason": "Long leave"})
        assert moderation_of(audit).moderator == cast.other_moderator
        second_of_other = moderation_of(audit).grading
        assert second_of_other
        assert second_of_other.grader == cast.other_moderator


def near_by_another_team(cast: Cast, audit: Audit) -> None:
    Practitioner.objects.create(name="Mo Derator", team=cast.riverside, user=cast.moderator)


def near_by_a_team_of_the_past(cast: Cast, audit: Audit) -> None:
    """The case has moved from a team that they deputise to another."""
    old = Team.objects.create(name="Lakeside", deputy=cast.moderator)
    Audit.objects.filter(pk=audit.pk).update(team=cast.hilltop)
    case = audit.sampled_case.entry.case  # type: ignore[union-attr]
    case.team = old
    case.save()


def near_by_having_managed_it(cast: Cast, audit: Audit) -> None:
    for manager in (cast.moderator, cast.manager):
        cast.riverside.manager = manager
        cast.riverside.save()


def near_by_having_held_it(cast: Cast, audit: Audit) -> None:
    own = Practitioner.objects.create(
        name="Mo Derator", team=cast.hilltop, user=cast.moderator, left_on=TODAY
    )
    case = audit.sampled_case.entry.case  # type: ignore[union-attr]
    for practitioner in (own, cast.practitioner):
        case.practitioner = practitioner
        case.save()


def near_by_the_head(cast: Cast, audit: Audit) -> None:
    """The council says that teams under the same Head of Service are not independent."""
    quarter = audit.quarter
    quarter.policies = {**quarter.policies, "cases": {"other_teams_independent": False}}
    quarter.save()
    service = Service.objects.get(code="looked_after")
    Grader.objects.filter(user=cast.moderator).update(
        team=Team.objects.create(name="Lakeside", service=service)
    )


def near_by_reading(cast: Cast, audit: Audit) -> None:
    record_access(by=cast.moderator, kind="read", what="audit", reference=audit.reference, now=NOW)


def near_by_conflict(cast: Cast, audit: Audit) -> None:
    declare_ahead(child_id=audit.child.local_id, reason="Cousin", by=cast.moderator, now=NOW)


def exempt(cast: Cast, audit: Audit) -> None:
    Grader.objects.filter(user=cast.moderator).update(
        exempt_reason="Long leave", exempt_approved_by=cast.director
    )


class TestList:
    @pytest.mark.parametrize(
        "near",
        [
            near_by_another_team, near_by_a_team_of_the_past, near_by_having_managed_it,
            near_by_having_held_it, near_by_the_head, near_by_reading, near_by_conflict, exempt,
        ],
    )  # fmt: skip
    def test_nothing_is_listed_that_taking_would_refuse(
        self, cast: Cast, audit: Audit, as_user: AsUser, near: Callable[[Cast, Audit], None]
    ) -> None:
        submitted(audit, "inadequate")
        client = as_user(cast.moderator)
        assert audit.reference in text_of(client.get("/moderation/"))
        near(cast, audit)
        listed = text_of(client.get("/moderation/"))
        assert audit.reference not in listed
        assert "Nothing waits for moderation" in listed
        with pytest.raises(Refused):
            assigned(Audit.objects.get(pk=audit.pk), cast.moderator)
        assert audit.reference in text_of(as_user(cast.other_moderator).get("/moderation/"))
        assert audit.reference in text_of(as_user(cast.lead).get("/moderation/"))

    def test_all_that_is_listed_can_be_taken(
        self, cast: Cast, audit: Audit, make_audit: Make, as_user: AsUser
    ) -> None:
        audits = [audit, *(make_audit() for _ in range(3))]
        for each in audits:
            submitted(each, "inadequate")
        near_by_conflict(cast, audits[0])
        near_by_reading(cast, audits[1])
        listed = list(moderation_list(cast.moderator))
        assert [waiting.audit for waiting in listed] == audits[2:]
        for waiting in listed:
            assert assigned(waiting.audit, cast.moderator).moderator == cast.moderator
        assert [each.audit for each in moderation_list(cast.moderator)] == audits[2:]

    def test_what_is_with_them_is_listed_whatever_has_become_of_them(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit, "inadequate")
        assigned(audit, cast.moderator)
        exempt(cast, audit)
        assert moderation_list(cast.moderator).get().audit == audit

    def test_the_list_takes_as_many_queries_for_six_as_for_two(
        self, cast: Cast, make_audit: Make, as_user: AsUser, same_queries: SameQueries
    ) -> None:
        def more(number: int) -> None:
            for place in range(number):
                made = make_audit()
                submitted(made, "inadequate")
                if place % 2:
                    near_by_conflict(cast, made)

        same_queries(as_user(cast.moderator), "/moderation/", more)


class TestBlindness:
    def test_the_moderator_knows_nothing_before_they_have_submitted(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        first = submitted(audit, "inadequate")
        client = as_user(cast.moderator)
        before = text_of(client.get(at(audit)))
        assigned(audit, cast.moderator)
        for page in (at(audit), f"/audits/{audit.reference}/", "/moderation/", "/"):
            before += text_of(client.get(page))
        assert "nadequate" not in before
        grading = f"/audits/{audit.reference}/gradings/{first.pk}/"
        assert client.get(grading).status_code == 404
        assert not AccessRecord.objects.filter(user=cast.moderator, what="audit").exists()

    def test_the_auditor_learns_of_nothing_before_the_decision(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        second = second_grading(audit, cast.moderator, "good")
        client = as_user(cast.auditor)
        shown = text_of(client.get(f"/audits/{audit.reference}/"))
        assert "What follows" not in shown
        assert second.pk not in gradings_visible_to(cast.auditor).values_list("pk", flat=True)

    def test_both_are_shown_side_by_side_after_submission(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        second = second_grading(audit, cast.moderator, "requires_improvement")
        shown = text_of(as_user(cast.moderator).get(at(audit)))
        number = second.standard_grades.count()
        assert f"They differ on {number} practice standards of {number}" in shown
        assert "Moderator higher" in shown
        assert AccessRecord.objects.filter(
            user=cast.moderator, what="audit", reference=audit.reference
        ).exists()

    def test_facts_that_the_two_answered_differently_are_named(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        grading = assigned(audit, cast.moderator).grading
        assert grading is not None
        save_before(
            grading=grading, version=grading.version, child_id=audit.child.local_id,
            by=cast.moderator, now=NOW,
        )  # fmt: skip
        fill(grading, "inadequate")
        row = grading.standard_grades.get(standard__code="risk")
        row.checked["history_used"] = {"answer": "no", "evidence": "Only <b>one</b> of three"}
        row.save()
        submit_grading(grading=grading, by=cast.moderator, now=NOW)
        shown = text_of(as_user(cast.moderator).get(at(audit)))
        assert "1 fact differs" in shown
        assert "Does it draw on earlier referrals and interventions?" in shown
        assert "Only &lt;b&gt;one&lt;/b&gt; of three" in shown
        assert "Was the latest assessment finished" not in shown

    def test_the_provisional_grade_is_hidden_from_the_team_manager(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        """Inadequate goes to the Head of Service: the team manager waits for the decision."""
        submitted(audit, "inadequate")
        client = as_user(cast.manager)
        for page in (f"/audits/{audit.reference}/", "/"):
            assert "nadequate" not in text_of(client.get(page))
        assert "There are no escalations" in text_of(client.get("/escalations/"))
        head = text_of(as_user(cast.head).get(f"/audits/{audit.reference}/"))
        assert "Inadequate" in head


class TestDates:
    """By when a blind second grading is asked for does not tell what was graded first."""

    @pytest.fixture
    def three(self, cast: Cast, make_audit: Make, audit: Audit, random_share: Any) -> list[Audit]:
        """One drawn at random, one inadequate, one drawn at random; all on the same day."""
        random_share("1")
        audits = [audit, make_audit(), make_audit()]
        for each, grade in zip(audits, ("good", "inadequate", "good"), strict=True):
            submitted(each, grade)
        return audits

    def test_all_have_one_date_for_moderators(
        self, cast: Cast, three: list[Audit], as_user: AsUser
    ) -> None:
        assert [str(moderation_of(each).due_on) for each in three] == [
            "2026-10-13", "2026-10-08", "2026-10-13",
        ]  # fmt: skip
        client = as_user(cast.moderator)
        assigned(three[1], cast.moderator)
        assigned(three[2], cast.moderator)
        for address in ("/moderation/", "/moderation/?sort=due", "/moderation/moderations.csv"):
            shown = text_of(client.get(address))
            assert "13 Oct" not in shown
            assert "2026-10-13" not in shown
            places = [shown.index(each.reference) for each in three]
            assert places == sorted(places)
        for each in three:
            page = text_of(client.get(at(each)))
            assert "Grade the file by Thursday 8 October 2026" in page
            assert "13 October" not in page

    def test_the_lead_sees_the_date_of_each(
        self, cast: Cast, three: list[Audit], as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        assert "Due Tuesday 13 October 2026" in text_of(client.get(at(three[0])))
        assert "Due Thursday 8 October 2026" in text_of(client.get(at(three[1])))
        assert "2026-10-13" in text_of(client.get("/moderation/moderations.csv"))
        listed = text_of(client.get("/moderation/"))
        assert listed.index(three[1].reference) < listed.index(three[0].reference)

    def test_a_lead_who_moderates_it_sees_what_moderators_see(
        self, cast: Cast, three: list[Audit], as_user: AsUser
    ) -> None:
        cast.lead.groups.add(*cast.moderator.groups.all())
        lead = User.objects.get(pk=cast.lead.pk)
        assigned(three[0], lead)
        assert "Grade the file by Thursday 8 October 2026" in text_of(
            as_user(lead).get(at(three[0]))
        )

    def test_with_the_grading_in_it_is_the_date_of_the_decision(
        self, cast: Cast, three: list[Audit], as_user: AsUser
    ) -> None:
        second_grading(three[0], cast.moderator, "good")
        client = as_user(cast.moderator)
        assert "Due Tuesday 13 October 2026" in text_of(client.get(at(three[0])))
        assert "2026-10-13" in text_of(client.get("/moderation/moderations.csv"))

    def test_overdue_and_reminders_go_by_the_same_date(
        self, cast: Cast, three: list[Audit], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for each in three:
            assigned(each, cast.moderator)
        [task] = tasks_for(cast.moderator, NOW + timedelta(days=3))
        assert (task.count, task.late) == (3, 3)
        mails: list[str] = []
        monkeypatch.setattr(
            "audits.operations.reminding.send_notice",
            lambda *, to, subject, path: mails.append(subject),
        )
        remind_moderators(by=User.objects.system(), now=NOW + timedelta(days=3))
        assert mails == ["3 moderations with you are due soon or overdue"]

    def test_those_at_work_get_the_date_with_the_migration(self, three: list[Audit]) -> None:
        Moderation.objects.update(grade_by=None)
        migration = import_module("quality.migrations.0004_grade_by")
        migration.give_those_that_wait_a_date(apps, None)
        assert {str(each.grade_by) for each in Moderation.objects.all()} == {"2026-10-08"}


class TestDeciding:
    def test_the_second_stands_and_escalations_follow_it(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        second_grading(audit, cast.moderator, "good")
        client = as_user(cast.moderator)
        empty = client.post(at(audit, "decide/"), {"stands": "second", "rationale": ""})
        assert "Write why this grade stands" in text_of(empty)
        answer = client.post(
            at(audit, "decide/"), {"stands": "second", "rationale": "Visits were weekly."}
        )
        assert answer.status_code == 302
        audit.refresh_from_db()
        assert audit.status == Audit.Status.FINALISED
        assert audit.grading_of_record
        assert audit.grading_of_record.overall_grade == "good"
        moderation = moderation_of(audit)
        assert (moderation.first_grade, moderation.second_grade) == ("inadequate", "good")
        assert Escalation.objects.get().status == Escalation.Status.STOOD_DOWN
        shown = text_of(client.get(at(audit)))
        assert "Visits were weekly." in shown
        assert "Visits were weekly." in text_of(
            as_user(cast.auditor).get(f"/audits/{audit.reference}/")
        )

    def test_a_scale_of_ten_is_compared_as_the_four_grades(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        draft = start_draft(tool=audit.tool_version.tool, by=cast.lead, now=NOW)
        save_limits(version=draft, scale=ZERO_TO_TEN.as_dict(), limits=[], by=cast.lead, now=NOW)
        publish(version=draft, note="0 to 10", by=cast.lead, now=NOW)
        Audit.objects.filter(pk=audit.pk).update(tool_version=draft)
        audit.refresh_from_db()
        submitted(audit, "2", "inadequate")
        second_grading(audit, cast.moderator, "5", "requires_improvement")
        client = as_user(cast.moderator)
        shown = text_of(client.get(at(audit)))
        assert "2 (inadequate)" in shown
        assert "5 (requires improvement)" in shown
        assert "Moderator higher" in shown
        first = audit.gradings.get(kind="auditor")
        address = f"/audits/{audit.reference}/gradings/{first.pk}/"
        assert "2 (inadequate)" in text_of(as_user(cast.lead).get(address))
        client.post(at(audit, "decide/"), {"stands": "second", "rationale": "Seen."})
        assert text_of(as_user(cast.manager).get(f"/audits/{audit.reference}/"))

    def test_a_lower_grade_raises_what_the_first_did_not(
        self, cast: Cast, audit: Audit, random_share: Any
    ) -> None:
        random_share("1")
        submitted(audit, "good")
        assert not Escalation.objects.exists()
        decided(audit, cast.moderator, "requires_improvement")
        raised = Escalation.objects.get()
        assert (raised.track, raised.level) == ("requires_improvement", "team_manager")

    def test_deciding_before_grading_is_refused(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        assigned(audit, cast.moderator)
        client = as_user(cast.moderator)
        answer = client.post(at(audit, "decide/"), {"stands": "first", "rationale": "x"})
        assert "Grade the file yourself before you decide" in text_of(
            client.get(answer.headers["Location"])
        )
        audit.refresh_from_db()
        assert audit.status == Audit.Status.SUBMITTED

    def test_deciding_twice_is_told(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        submitted(audit, "inadequate")
        decided(audit, cast.moderator, "inadequate")
        again = as_user(cast.moderator).post(
            at(audit, "decide/"), {"stands": "first", "rationale": "x"}
        )
        assert again.status_code == 409

    def test_an_audit_reopened_while_the_reasons_are_written_loses_none_of_them(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        second_grading(audit, cast.moderator, "good")
        reopen_audit(audit=audit, reason="Look again", by=cast.lead, now=NOW)
        said = {"stands": "second", "rationale": "Visits were weekly."}
        answer = as_user(cast.moderator).post(at(audit, "decide/"), said)
        assert answer.status_code == 409
        assert "is not with you any more" in text_of(answer)
        assert "Visits were weekly." in text_of(answer)
        stranger = as_user(cast.other_moderator).post(at(audit, "decide/"), said)
        assert stranger.status_code == 404

    def test_feedback_comes_after_the_decision(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "inadequate")
        with pytest.raises(Refused, match="after the grade of record"):
            release_feedback(audit=audit, strengths="S", improvements="I", by=cast.auditor, now=NOW)


def near_as_its_manager(cast: Cast, audit: Audit) -> None:
    cast.riverside.manager = cast.moderator
    cast.riverside.save()


def near_by_conflict_unheeded(cast: Cast, audit: Audit) -> None:
    DeclaredConflict.objects.create(
        user=cast.moderator, child=audit.child, reason="Cousin", declared_at=NOW
    )


NOT_NOW = "You are not independent of this case now, so you cannot moderate it."


class TestNotIndependentAnyMore:
    """What was given to an independent moderator is not finished by one who is so no longer."""

    @pytest.fixture(params=[near_as_its_manager, near_by_conflict_unheeded])
    def comes_near(self, request: pytest.FixtureRequest, cast: Cast, audit: Audit) -> Any:
        return lambda: request.param(cast, audit)

    @pytest.fixture
    def draft(self, cast: Cast, audit: Audit) -> Grading:
        """The second grading, complete and not submitted."""
        submitted(audit, "inadequate")
        grading = assigned(audit, cast.moderator).grading
        assert grading
        save_before(
            grading=grading, version=grading.version, child_id=audit.child.local_id,
            by=cast.moderator, now=NOW,
        )  # fmt: skip
        return fill(grading, "good")

    def test_the_second_grading_is_not_submitted_and_is_handed_back(
        self, cast: Cast, audit: Audit, draft: Grading, comes_near: Any, as_user: AsUser
    ) -> None:
        comes_near()
        client = as_user(cast.moderator)
        address = f"/audits/{audit.reference}/gradings/{draft.pk}/submit/"
        refused = text_of(client.post(address, follow=True))
        assert NOT_NOW in refused
        assert "Give this moderation back" in refused
        draft.refresh_from_db()
        assert (draft.status, draft.overall_grade) == (Grading.Status.DRAFT, "good")
        shown = text_of(client.get(at(audit)))
        assert "You are not independent of this case now" in shown
        assert at(audit, "give-back/") in shown
        assert "Grade this file" not in shown
        client.post(at(audit, "give-back/"), {"reason": "I manage the team now"})
        assert moderation_of(audit).status == Moderation.Status.REQUIRED
        assert decided(audit, cast.other_moderator, "inadequate").status == "finalised"

    def test_nor_is_it_decided(
        self, cast: Cast, audit: Audit, draft: Grading, comes_near: Any, as_user: AsUser
    ) -> None:
        submit_grading(grading=draft, by=cast.moderator, now=NOW)
        comes_near()
        client = as_user(cast.moderator)
        shown = text_of(client.get(at(audit)))
        assert "Set the grade of record" not in shown
        said = {"stands": "second", "rationale": "Visits were weekly."}
        refused = text_of(client.post(at(audit, "decide/"), said))
        assert NOT_NOW in refused
        assert "Visits were weekly." in refused
        audit.refresh_from_db()
        assert audit.status == Audit.Status.SUBMITTED
        client.post(at(audit, "give-back/"), {"reason": "I manage the team now"})
        draft.refresh_from_db()
        assert draft.status == Grading.Status.SET_ASIDE
        assert decided(audit, cast.other_moderator, "inadequate").status == "finalised"

    def test_who_is_still_independent_decides_and_keeps_it(
        self, cast: Cast, audit: Audit, draft: Grading, as_user: AsUser
    ) -> None:
        """They have read the first grading by then, and may have become exempt."""
        exempt(cast, audit)
        submit_grading(grading=draft, by=cast.moderator, now=NOW)
        client = as_user(cast.moderator)
        assert "Set the grade of record" in text_of(client.get(at(audit)))
        assert client.post(at(audit, "give-back/"), {"reason": "x"}).status_code == 409
        answer = client.post(at(audit, "decide/"), {"stands": "first", "rationale": "Agreed."})
        assert answer.status_code == 302

    @pytest.mark.parametrize("graded", [False, True])
    def test_the_lead_sees_who_must_not_finish_and_gives_it_to_another(
        self, cast: Cast, audit: Audit, draft: Grading, comes_near: Any, as_user: AsUser,
        graded: bool,
    ) -> None:  # fmt: skip
        if graded:
            submit_grading(grading=draft, by=cast.moderator, now=NOW)
        client = as_user(cast.lead)
        assert "to give to somebody else" not in text_of(client.get("/moderation/"))
        chosen = {"moderator": cast.other_moderator.pk, "reason": "No longer independent"}
        if graded:
            assert "the decision is theirs" in text_of(client.post(at(audit, "assign/"), chosen))
        comes_near()
        shown = text_of(client.get("/moderation/"))
        assert "1 moderation to give to somebody else" in shown
        assert "Needs another moderator" in shown
        assert "Cousin" not in shown
        assert "must not, or cannot, finish this moderation" in text_of(client.get(at(audit)))
        assert client.post(at(audit, "assign/"), chosen).status_code == 302
        assert moderation_of(audit).moderator == cast.other_moderator
        assert "Needs another moderator" not in text_of(client.get("/moderation/"))

    def test_who_has_left_or_is_a_moderator_no_longer_is_shown_to_the_lead_alone(
        self, cast: Cast, audit: Audit, draft: Grading, as_user: AsUser
    ) -> None:
        submit_grading(grading=draft, by=cast.moderator, now=NOW)
        User.objects.filter(pk=cast.moderator.pk).update(is_active=False)
        client = as_user(cast.lead)
        assert "They cannot sign in any more." in text_of(client.get("/moderation/"))
        User.objects.filter(pk=cast.moderator.pk).update(is_active=True)
        cast.moderator.groups.clear()
        assert "They are not a moderator any more." in text_of(client.get("/moderation/"))
        others = text_of(as_user(cast.other_moderator).get("/moderation/"))
        assert "not a moderator any more" not in others
        chosen = {"moderator": cast.other_moderator.pk, "reason": "Has left"}
        assert client.post(at(audit, "assign/"), chosen).status_code == 302

    def test_marking_takes_as_many_queries_for_six_as_for_two(
        self, cast: Cast, make_audit: Make, as_user: AsUser, same_queries: SameQueries
    ) -> None:
        def more(number: int) -> None:
            for place in range(number):
                made = make_audit()
                submitted(made, "inadequate")
                assigned(made, (cast.moderator, cast.other_moderator)[place % 2])
                if place % 2:
                    near_by_conflict_unheeded(cast, made)

        same_queries(as_user(cast.lead), "/moderation/", more)


class TestReopening:
    def test_a_reopened_audit_is_moderated_again_whatever_its_grade(
        self, cast: Cast, audit: Audit, random_share: Any, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        decided(audit, cast.moderator, "inadequate")
        draft = reopen_audit(audit=audit, reason="A document came to light", by=cast.lead, now=NOW)
        moderation = moderation_of(audit)
        assert (moderation.status, moderation.moderator) == (Moderation.Status.REQUIRED, None)
        assert "Nothing waits for moderation" in text_of(as_user(cast.lead).get("/moderation/"))
        with pytest.raises(MovedOn):
            assigned(audit, cast.other_moderator)
        # The child's escalation is not silenced by the reopening.
        assert Escalation.objects.get().status == Escalation.Status.RAISED
        submit_grading(grading=fill(draft, "good"), by=cast.auditor, now=NOW)
        audit.refresh_from_db()
        assert audit.status == Audit.Status.SUBMITTED
        assert Escalation.objects.get().status == Escalation.Status.STOOD_DOWN
        decided(audit, cast.other_moderator, "good")
        assert audit.status == Audit.Status.FINALISED

    def test_a_reason_that_is_not_true_any_more_is_told_as_the_past(
        self, cast: Cast, audit: Audit, random_share: Any, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        Moderation.objects.update(reasons=["cap_overridden"])
        draft = reopen_audit(audit=audit, reason="Look again", by=cast.lead, now=NOW)
        submit_grading(grading=fill(draft, "good"), by=cast.auditor, now=NOW)
        audit.refresh_from_db()
        assert audit.status == Audit.Status.SUBMITTED
        moderation = moderation_of(audit)
        assert moderation.reasons == ["was_above_cap"]
        assert str(moderation.due_on) == "2026-10-13"
        shown = text_of(as_user(cast.lead).get(at(audit)))
        assert "The overall grade is above its cap" not in shown
        assert "Before it was reopened, its grade was above the cap" in shown

    def test_the_moderator_who_compared_does_not_grade_it_blind_again(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        second_grading(audit, cast.moderator, "inadequate")
        as_user(cast.moderator).get(at(audit))
        draft = reopen_audit(audit=audit, reason="Again", by=cast.lead, now=NOW)
        submit_grading(grading=fill(draft, "inadequate"), by=cast.auditor, now=NOW)
        with pytest.raises(Refused, match="cannot grade it blind"):
            assigned(audit, cast.moderator)


class TestPages:
    def test_the_list_takes_the_same_queries_whatever_is_in_it(
        self, cast: Cast, make_audit: Make, as_user: AsUser, same_queries: Any
    ) -> None:
        def more(number: int) -> None:
            for _ in range(number):
                submitted(make_audit(), "inadequate")

        same_queries(as_user(cast.lead), "/moderation/", more)
        same_queries(as_user(cast.moderator), "/moderation/", more)

    def test_filters(self, cast: Cast, make_audit: Make, as_user: AsUser) -> None:
        one, other = make_audit(), make_audit()
        submitted(one, "inadequate")
        submitted(other, "inadequate")
        assigned(one, cast.moderator)
        client = as_user(cast.lead)
        shown = text_of(client.get("/moderation/?status=assigned"))
        assert one.reference in shown
        assert other.reference not in shown
        mine = text_of(as_user(cast.moderator).get("/moderation/?whose=mine"))
        assert one.reference in mine
        assert other.reference not in mine
        none = text_of(client.get("/moderation/?status=decided"))
        assert "No moderation matches these filters" in none

    def test_only_the_moderator_gives_it_back(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "inadequate")
        moderation = assigned(audit, cast.moderator)
        with pytest.raises(MovedOn):
            hand_back(
                moderation=moderation,
                reason="x",
                conflict=False,
                by=cast.other_moderator,
                now=NOW,
            )
        with pytest.raises(Refused, match="Write why"):
            hand_back(moderation=moderation, reason=" ", conflict=False, by=cast.moderator, now=NOW)
