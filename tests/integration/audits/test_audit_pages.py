"""The pages of an audit and of a grading, as people use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessRecord, User
from audits.models import Audit, FeedbackReply, Grading
from audits.operations.feedback import release_feedback
from audits.operations.grading import declare_conflict, open_grading
from audits.operations.saving import save_standard
from audits.operations.submitting import reopen_audit, set_grade_of_record
from audits.operations.withdrawing import withdraw_audit
from audits.panels import Panel, panels_for, register
from audits.queries.history import history_of
from cases.models import Case, DeclaredConflict, Service
from cases.operations.allocation import allocate_by_hand
from cases.operations.conflicts import register_conflict
from tests.cast import NOW, Cast
from tests.integration.audits.auditing import Make, begin, fill, submitted

AsUser = Callable[[User], Client]
HOSTILE = "<script>alert(1)</script> \u202etxet & 😀 {{ 7|add:7 }}"


def text_of(response: Any) -> str:
    return response.content.decode()


def url(audit: Audit, rest: str = "") -> str:
    return f"/audits/{audit.reference}/{rest}"


def page(grading: Grading, rest: str = "") -> str:
    return url(grading.audit, f"gradings/{grading.pk}/{rest}")


def posted(client: Client, address: str, **fields: object) -> Any:
    return client.post(address, {name: str(value) for name, value in fields.items()})


class TestWholePath:
    def test_an_auditor_grades_a_file_from_their_list_to_the_confirmation(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        assert audit.reference in text_of(client.get("/audits/"))
        shown = text_of(client.get(url(audit)))
        assert "0042_7" in shown
        assert "Begin this audit" in shown

        begun = posted(client, url(audit, "begin/"), child_id="0042_7", held_most="listed")
        grading = Grading.objects.get()
        assert begun.headers["Location"] == page(grading)
        tasks = text_of(client.get(page(grading)))
        assert "Not started" in tasks
        assert "things are missing" in tasks

        address = page(grading, "standards/lived_experience/")
        while "/standards/" in address:
            answer = grading.standard_grades.get(standard__code=address.split("/")[-2])
            saved = posted(
                client,
                address,
                version=answer.version,
                grade="good",
                evidence="Case note of 3 September.",
                **{f"check_{check['code']}": "yes" for check in answer.standard.checks},
            )
            assert saved.status_code == 302
            address = saved.headers["Location"]
        assert address == page(grading, "details/")
        saved = posted(
            client,
            address,
            version=1,
            strengths="Visits were regular.",
            improvements="Write the plan with the child.",
            family_feedback="not_sought",
            family_feedback_text="The child is very ill.",
            practitioner_involved="met",
            practitioner_met_on_day=6,
            practitioner_met_on_month=10,
            practitioner_met_on_year=2026,
        )
        assert saved.headers["Location"] == page(grading, "overall/")
        assert "graded standards (each counted by its weight) is good" in text_of(
            client.get(page(grading, "overall/"))
        )
        saved = posted(
            client, page(grading, "overall/"), version=1, overall_grade="good", minutes_spent=110
        )
        assert saved.headers["Location"] == page(grading, "check/")
        check = text_of(client.get(page(grading, "check/")))
        assert "Submit this grading" in check
        assert "Visits were regular." in check

        done = posted(client, page(grading, "submit/"))
        assert done.headers["Location"] == page(grading, "submitted/")
        assert "Grading submitted" in text_of(client.get(page(grading, "submitted/")))
        audit.refresh_from_db()
        assert audit.status == "submitted"
        again = posted(client, page(grading, "submit/"))
        assert again.headers["Location"] == page(grading, "submitted/")

    def test_save_and_back_leads_to_the_list(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = begin(audit)
        saved = posted(
            as_user(cast.auditor),
            page(grading, "standards/risk/"),
            version=1,
            evidence="x",
            next="list",
        )
        assert saved.headers["Location"] == page(grading)


class TestBeginPage:
    def test_the_wrong_file_is_said_on_the_page_and_nothing_typed_is_lost(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        answer = posted(
            as_user(cast.auditor), url(audit, "begin/"), child_id="9999", held_most="listed"
        )
        shown = text_of(answer)
        assert "That is not the child id of this audit" in shown
        assert 'value="9999"' in shown
        assert not Grading.objects.exists()

    def test_a_second_tab_is_led_to_the_grading_and_told(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        grading = begin(audit)
        for answer in (
            posted(client, url(audit, "begin/"), child_id="0042_7", held_most="listed"),
            client.get(url(audit, "begin/")),
        ):
            assert answer.headers["Location"] == page(grading)
            told = [str(each) for each in get_messages(answer.wsgi_request)]
            assert "You have already begun this audit. Here it is." in told
        assert Grading.objects.count() == 1

    def test_somebody_else_who_held_it_is_named(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        wanting = posted(client, url(audit, "begin/"), child_id="0042_7", held_most="another")
        assert "Choose the practitioner who held the case most" in text_of(wanting)
        posted(
            client,
            url(audit, "begin/"),
            child_id="0042_7",
            held_most="another",
            held_most_by=cast.other_practitioner.pk,
        )
        audit.refresh_from_db()
        assert audit.practitioner_judged == cast.other_practitioner

    def test_who_held_it_when_it_was_given_out_is_not_said_to_hold_it_now(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        assert "Pat Titioner, who holds it now" in text_of(client.get(url(audit, "begin/")))
        Case.objects.filter(child=audit.child).update(practitioner=cast.other_practitioner)
        shown = text_of(client.get(url(audit, "begin/")))
        assert "Pat Titioner, who held it when this audit was given out" in shown
        assert "holds it now" not in shown

    def test_a_case_without_practitioner_has_nobody_listed(
        self, cast: Cast, make_audit: Make, as_user: AsUser
    ) -> None:
        audit = make_audit(team=None, practitioner=None, service="early_help")
        client = as_user(cast.auditor)
        assert "who holds it now" not in text_of(client.get(url(audit, "begin/")))
        posted(client, url(audit, "begin/"), child_id=audit.child.local_id, held_most="nobody")
        grading = Grading.objects.get()
        assert grading.held_by_listed_practitioner is False
        assert grading.held_most_by is None


class TestGivenToSomebodyElse:
    def give(self, cast: Cast, audit: Audit, to: User) -> None:
        assert audit.sampled_case
        audit.sampled_case.refresh_from_db()
        allocate_by_hand(
            sampled_case=audit.sampled_case, auditor=to, reason="On leave", by=cast.analyst, now=NOW
        )

    def test_what_is_posted_afterwards_is_told_and_its_text_is_kept(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client, typed = as_user(cast.auditor), "I taught the child’s brother."
        self.give(cast, audit, cast.other_auditor)
        late = posted(client, url(audit, "conflict/"), reason=typed)
        assert late.status_code == 409
        assert f"Audit {audit.reference} is not with you any more." in text_of(late)
        assert typed in text_of(late)
        begun = posted(client, url(audit, "begin/"), child_id="0042_7", held_most="listed")
        assert begun.status_code == 409
        assert not Grading.objects.exists()
        assert not DeclaredConflict.objects.exists()
        assert client.get(url(audit, "begin/")).status_code == 404

    def test_whoever_never_had_it_learns_nothing(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        self.give(cast, audit, cast.other_auditor)
        stranger = as_user(cast.moderator)
        for rest in ("begin/", "conflict/"):
            assert posted(stranger, url(audit, rest), reason="x").status_code in (403, 404)

    def test_whoever_gets_it_back_can_begin_it(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        self.give(cast, audit, cast.other_auditor)
        self.give(cast, audit, cast.auditor)
        posted(as_user(cast.auditor), url(audit, "begin/"), child_id="0042_7", held_most="listed")
        assert Grading.objects.get().grader == cast.auditor

    def test_a_conflict_sent_twice_is_passed_on_once(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        for _ in range(2):
            done = posted(client, url(audit, "conflict/"), reason="I know the family")
            assert done.headers["Location"] == "/audits/"
        assert DeclaredConflict.objects.count() == 1


class TestWhoSawTheChild:
    def test_a_page_that_shows_whose_file_it_is_is_logged_as_such(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        for user in (cast.analyst, cast.auditor, cast.manager):
            page = text_of(as_user(user).get(url(audit)))
            seen = AccessRecord.objects.filter(user=user, reference=audit.reference)
            assert "0042_7" in page
            assert [record.what for record in seen] == ["child of an audit"]
        submitted(audit)
        as_user(cast.lead).get(url(audit))
        assert AccessRecord.objects.get(user=cast.lead).what == "audit"


class TestConflictPage:
    def test_the_audit_is_out_of_the_auditors_sight(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        for nothing in ("", " ", ".", "– –"):
            refused = posted(client, url(audit, "conflict/"), reason=nothing)
            assert "Write the reason" in text_of(refused), nothing
        done = posted(client, url(audit, "conflict/"), reason="I know the family")
        assert done.headers["Location"] == "/audits/"
        assert client.get(url(audit)).status_code == 404
        assert audit.reference not in text_of(client.get("/audits/"))
        assert "Waiting for an auditor" in text_of(as_user(cast.analyst).get(url(audit)))


class TestSavingByItself:
    def autosave(self, client: Client, address: str, **fields: object) -> HttpResponse:
        return client.post(  # type: ignore[return-value]
            address,
            {name: str(value) for name, value in fields.items()},
            headers={"HX-Request": "true"},
        )

    def test_a_line_says_when_and_brings_the_new_version(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = begin(audit)
        answer = self.autosave(
            as_user(cast.auditor), page(grading, "standards/risk/"), version=1, evidence="So far"
        )
        shown = text_of(answer)
        assert answer.status_code == 200
        assert shown.startswith("Saved ")
        assert 'name="version" value="2" id="id_version" hx-swap-oob="true"' in shown
        assert grading.standard_grades.get(standard__code="risk").evidence == "So far"

    def test_a_stale_one_is_told_and_writes_nothing(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "standards/risk/")
        self.autosave(client, address, version=1, evidence="First tab")
        stale = self.autosave(client, address, version=1, evidence="Second tab")
        assert stale.status_code == 409
        assert "another tab or on another device" in text_of(stale)
        assert grading.standard_grades.get(standard__code="risk").evidence == "First tab"

    @pytest.mark.parametrize(
        ("part", "typed"),
        [
            ("standards/risk/", {"evidence": "So far", "check_history_used": "no"}),
            ("details/", {"strengths": "Visits were regular."}),
            ("overall/", {"overall_grade": "good", "minutes_spent": "90"}),
        ],
    )
    def test_it_is_at_most_eight_queries(
        self,
        cast: Cast,
        audit: Audit,
        as_user: AsUser,
        django_assert_max_num_queries: DjangoAssertNumQueries,
        part: str,
        typed: dict[str, str],
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        with django_assert_max_num_queries(8):
            answer = self.autosave(client, page(grading, part), version=1, **typed)
        assert text_of(answer).startswith("Saved ")

    def test_the_pages_of_the_whole_form_take_a_fixed_number_of_queries(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        """Twelve standards and forty facts, empty and full."""
        audit.service = Service.objects.get(code="looked_after")  # asked about permanence as well
        audit.save(update_fields=["service"])
        grading, client = begin(audit), as_user(cast.auditor)
        facts = sum(len(each.standard.checks) for each in grading.standard_grades.all())
        assert (grading.standard_grades.count(), facts) == (12, 40)
        pages = ["", "check/", "details/", "overall/", "standards/risk/", "standards/identity/"]

        def queries() -> list[int]:
            counted = []
            client.get(page(grading))  # not counted: what only a first request asks for
            for part in pages:
                with CaptureQueriesContext(connection) as caught:
                    assert client.get(page(grading, part)).status_code == 200
                counted.append(len(caught))
            return counted

        empty = queries()
        fill(grading)
        assert queries() == empty
        assert max(empty) <= 12, dict(zip(pages, empty, strict=True))

    def test_what_is_wrong_is_said_in_the_line(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        answer = self.autosave(
            as_user(cast.auditor),
            page(begin(audit), "standards/risk/"),
            version=1,
            evidence="x\x00y",
        )
        assert answer.status_code == 422
        assert "Not saved yet" in text_of(answer)


class TestTwoTabs:
    def test_both_texts_are_shown_and_the_person_chooses(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "standards/risk/")
        posted(client, address, version=1, grade="good", evidence="First tab")
        stale = posted(client, address, version=1, grade="inadequate", evidence="Second tab")
        shown = text_of(stale)
        assert stale.status_code == 409
        assert "First tab" in shown
        assert "Second tab" in shown
        assert 'value="2"' in shown
        kept = posted(client, address, version=2, grade="inadequate", evidence="Second tab")
        assert kept.status_code == 302
        assert grading.standard_grades.get(standard__code="risk").evidence == "Second tab"

    def test_a_form_sent_twice_is_no_conflict(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        fields = {"version": 1, "grade": "good", "evidence": "Line one\r\nLine two"}
        for _ in range(2):
            assert posted(client, page(grading, "standards/risk/"), **fields).status_code == 302

    @pytest.mark.parametrize("part", ["details/", "overall/"])
    def test_the_other_pages_too(
        self, cast: Cast, audit: Audit, as_user: AsUser, part: str
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        field = "strengths" if part == "details/" else "summary"
        posted(client, page(grading, part), version=1, **{field: "First tab"})
        stale = posted(client, page(grading, part), version=1, **{field: "Second tab"})
        assert stale.status_code == 409
        assert "First tab" in text_of(stale)
        assert "Second tab" in text_of(stale)

    def test_a_save_after_submission_says_so_and_does_not_pretend(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = submitted(audit), as_user(cast.auditor)
        answer = posted(client, page(grading, "standards/risk/"), version=2, evidence="Late")
        assert answer.status_code == 409
        assert "has been submitted" in text_of(answer)


def withdrawn(audit: Audit, cast: Cast) -> None:
    withdraw_audit(audit=audit, reason="Not wanted", by=cast.lead, now=NOW)


def given_to_another(audit: Audit, cast: Cast) -> None:
    case = audit.sampled_case
    assert case
    allocate_by_hand(
        sampled_case=case, auditor=cast.other_auditor, reason="Leave", by=cast.analyst, now=NOW
    )


def conflict_registered(audit: Audit, cast: Cast) -> None:
    register_conflict(
        user=cast.auditor, child_id="0042_7", reason="A cousin", by=cast.analyst, now=NOW
    )


class TestTakenAway:
    """The form is open, and the audit is with its auditor no longer."""

    @pytest.fixture(params=[withdrawn, given_to_another, conflict_registered])
    def grading(self, request: pytest.FixtureRequest, cast: Cast, audit: Audit) -> Grading:
        grading = begin(audit)
        request.param(Audit.objects.get(pk=audit.pk), cast)
        return grading

    @pytest.mark.parametrize(
        ("part", "field"),
        [("standards/risk/", "evidence"), ("details/", "strengths"), ("overall/", "summary")],
    )
    def test_it_is_said_and_what_was_typed_can_be_copied(
        self, cast: Cast, grading: Grading, as_user: AsUser, part: str, field: str
    ) -> None:
        client, typed = as_user(cast.auditor), {field: f"{HOSTILE} of two hours"}
        answer = posted(client, page(grading, part), version=1, **typed)
        assert answer.status_code == 409
        assert "This audit is no longer with you. What you had saved has been kept." in text_of(
            answer
        )
        assert escape(typed[field]) in text_of(answer)
        by_itself = client.post(
            page(grading, part), {"version": 1, **typed}, headers={"HX-Request": "true"}
        )
        assert by_itself.status_code == 409
        assert "data-moved-on" in text_of(by_itself)

    def test_so_does_every_page_of_it(self, cast: Cast, grading: Grading, as_user: AsUser) -> None:
        client = as_user(cast.auditor)
        for part in ("", "before/", "check/", "submitted/", "concern/", "standards/risk/"):
            answer = client.get(page(grading, part))
            assert answer.status_code == 409, part
            assert "no longer with you" in text_of(answer)
        assert client.post(page(grading, "submit/")).status_code == 409

    def test_a_concern_that_has_not_gone_up_is_called_so(
        self, cast: Cast, grading: Grading, as_user: AsUser
    ) -> None:
        said = {"text": "Left alone at night", "told": "The duty team"}
        answer = posted(as_user(cast.auditor), page(grading, "concern/"), **said)
        assert answer.status_code == 409
        assert "The concern has not gone up: telephone" in text_of(answer)
        assert "Left alone at night" in text_of(answer)

    def test_a_stranger_learns_nothing(self, cast: Cast, grading: Grading, as_user: AsUser) -> None:
        for stranger in (cast.other_auditor, cast.moderator, cast.manager):
            client = as_user(stranger)
            for part in ("", "standards/risk/", "details/"):
                assert client.get(page(grading, part)).status_code in (403, 404)
                assert posted(client, page(grading, part)).status_code in (403, 404, 405)
        own = as_user(cast.auditor)
        assert own.get(page(grading).replace(grading.audit.reference, "X")).status_code == 404

    def test_a_grading_from_before_the_audit_was_reopened_leads_on(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        old = submitted(audit)
        reopen_audit(audit=audit, reason="Look again", by=cast.lead, now=NOW)
        answer = posted(as_user(cast.auditor), page(old, "details/"), version=2, strengths="Late")
        assert answer.status_code == 409
        assert "Go on in the new one" in text_of(answer)


class TestConcernPage:
    def test_the_numbers_come_first_and_both_answers_are_needed(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        shown = text_of(client.get(page(grading, "concern/")))
        assert "01632 960001" in shown
        assert "01632 960002" in shown
        wanting = text_of(posted(client, page(grading, "concern/"), text="Left alone"))
        assert "Telephone first" in wanting
        assert "Left alone" in wanting
        done = posted(client, page(grading, "concern/"), text="Left alone", told="Duty, 10:40")
        assert done.headers["Location"] == page(grading)
        grading.refresh_from_db()
        assert grading.immediate_concern

    @pytest.mark.parametrize(
        "part", ["", "before/", "standards/risk/", "details/", "overall/", "check/"]
    )
    def test_its_button_is_on_every_page_of_the_grading(
        self, cast: Cast, audit: Audit, as_user: AsUser, part: str
    ) -> None:
        grading = begin(audit)
        shown = text_of(as_user(cast.auditor).get(page(grading, part)))
        assert page(grading, "concern/") in shown


class TestHostileText:
    def test_it_is_stored_as_it_is_and_shown_escaped_everywhere(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = fill(begin(audit)), as_user(cast.auditor)
        risk = grading.standard_grades.get(standard__code="risk")
        address = page(grading, "standards/risk/")
        posted(client, address, version=risk.version, grade="good", evidence=HOSTILE)
        risk.refresh_from_db()
        assert risk.evidence == HOSTILE
        for part in ("standards/risk/", "check/"):
            shown = text_of(client.get(page(grading, part)))
            assert "<script>alert" not in shown
            assert "&lt;script&gt;alert(1)" in shown
            assert "{{ 7|add:7 }}" in shown

    def test_a_very_long_text_is_kept_and_a_longer_one_refused_with_its_length(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "standards/risk/")
        assert posted(client, address, version=1, evidence="ä" * 100_000).status_code == 302
        long = text_of(posted(client, address, version=2, evidence="ä" * 100_001))
        assert "must be 100,000 characters or fewer. You have 100,001." in long
        assert "ä" * 100_001 in long

    def test_a_null_byte_is_refused_and_the_text_stays(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        answer = posted(
            as_user(cast.auditor),
            page(begin(audit), "standards/risk/"),
            version=1,
            evidence="before\x00after",
        )
        assert answer.status_code == 200
        assert "Null characters are not allowed" in text_of(answer)


class TestWhoSeesWhat:
    PEOPLE = (
        "analyst lead auditor other_auditor moderator other_moderator manager other_manager"
        " practitioner_user head other_head director validator member governance administrator"
        " nobody"
    ).split()
    SEES_THE_AUDIT = {"analyst", "lead", "auditor", "manager", "head", "director"}

    def readers(self, cast: Cast, as_user: AsUser, grading: Grading) -> set[str]:
        return {
            name
            for name in self.PEOPLE
            if as_user(getattr(cast, name)).get(page(grading)).status_code == 200
        }

    def test_the_audits_page(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        answers = {
            name: as_user(getattr(cast, name)).get(url(audit)).status_code for name in self.PEOPLE
        }
        assert {name for name, code in answers.items() if code == 200} == self.SEES_THE_AUDIT
        no_role = {"practitioner_user", "member", "governance", "administrator", "nobody"}
        assert {name for name, code in answers.items() if code == 403} == no_role

    def test_a_draft_is_its_writers_alone(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        assert self.readers(cast, as_user, begin(audit)) == {"auditor"}

    def test_a_provisional_grade_is_for_those_who_see_all(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = submitted(audit)
        assert self.readers(cast, as_user, grading) == {"auditor", "lead", "director"}

    def test_once_it_stands_its_line_reads_it_and_the_analyst_never_does(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = submitted(audit)
        set_grade_of_record(audit=audit, grading=grading, by=cast.auditor, now=NOW)
        readers = {"auditor", "lead", "director", "manager", "head"}
        assert self.readers(cast, as_user, grading) == readers

    def test_a_moderator_is_blind_until_their_own_is_submitted(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        first = submitted(audit, "inadequate")
        second = open_grading(
            audit=audit, kind="moderator", grader=cast.moderator, by=cast.lead, now=NOW
        )
        assert self.readers(cast, as_user, first) == {"auditor", "lead", "director"}
        client = as_user(cast.moderator)
        assert "Inadequate" not in text_of(client.get(url(audit)))
        assert "Inadequate" not in text_of(client.get("/audits/"))
        history = text_of(client.get(url(audit, "history/")))
        assert "Inadequate" not in history
        client.post(page(second, "before/"), {"version": 1, "child_id": "0042_7"})
        second.refresh_from_db()
        fill(second)
        assert client.post(page(second, "submit/")).status_code == 302
        assert "moderator" in self.readers(cast, as_user, first)
        assert "auditor" not in self.readers(cast, as_user, second)
        set_grade_of_record(audit=audit, grading=second, by=cast.moderator, now=NOW)
        assert "auditor" in self.readers(cast, as_user, second)
        assert "manager" not in self.readers(cast, as_user, first)

    def test_blindness_overrides_a_role_that_sees_all(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        cast.lead.groups.add(*cast.moderator.groups.all())
        lead = User.objects.get(pk=cast.lead.pk)
        first = submitted(audit)
        assert as_user(lead).get(page(first)).status_code == 200
        open_grading(audit=audit, kind="moderator", grader=lead, by=lead, now=NOW)
        assert as_user(lead).get(page(first)).status_code == 404

    def test_the_next_auditor_never_sees_the_earlier_draft(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        draft = fill(begin(audit))
        declare_conflict(audit=audit, reason="I know them", by=cast.auditor, now=NOW)
        assert self.readers(cast, as_user, draft) == {"lead", "director"}

    def test_nobody_else_writes_in_a_grading(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = begin(audit)
        for name in self.PEOPLE:
            if name != "auditor":
                client = as_user(getattr(cast, name))
                answer = posted(client, page(grading, "standards/risk/"), version=1, evidence="x")
                assert answer.status_code in (403, 404), name
        assert grading.standard_grades.get(standard__code="risk").evidence == ""

    def test_the_child_id_is_not_in_any_title_or_address(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        for address in (url(audit), page(grading), page(grading, "before/")):
            shown = text_of(client.get(address))
            assert "0042_7" not in shown.split("</title>")[0]
            assert 'href="/0042_7' not in shown

    def test_reading_another_persons_grading_is_logged(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = submitted(audit)
        as_user(cast.director).get(page(grading))
        as_user(cast.auditor).get(page(grading))
        read = AccessRecord.objects.filter(kind="read", what="audit")
        assert [(each.user, each.reference) for each in read] == [(cast.director, audit.reference)]


class TestList:
    def test_filters_counts_and_pages(self, cast: Cast, make_audit: Make, as_user: AsUser) -> None:
        for _ in range(26):
            make_audit()
        begin(make_audit(service="early_help", team=cast.hilltop))
        client = as_user(cast.lead)
        first = text_of(client.get("/audits/"))
        assert "27 audits" in first
        assert "2026-Q3-0026" not in first
        assert "2026-Q3-0027" in text_of(client.get("/audits/?page=2"))
        begun = text_of(client.get("/audits/?status=in_progress&quarter=2026-Q3"))
        assert "1 audit<" in begun
        assert "1 audit<" in text_of(client.get("/audits/?service=early_help"))
        assert "27 audits" in text_of(client.get("/audits/?status=overdue"))
        none = text_of(client.get("/audits/?status=withdrawn"))
        assert "No audit matches these filters." in none
        wrong = client.get("/audits/?status=nonsense&quarter=1066-Q9&page=x")
        assert wrong.status_code == 200

    def test_an_auditor_sees_those_given_to_them(
        self, cast: Cast, make_audit: Make, as_user: AsUser
    ) -> None:
        mine, other = make_audit(), make_audit(auditor=cast.other_auditor)
        shown = text_of(as_user(cast.auditor).get("/audits/"))
        assert "My audits" in shown
        assert mine.reference in shown
        assert other.reference not in shown

    @pytest.mark.parametrize("who", ["lead", "auditor", "manager", "head"])
    def test_as_many_queries_for_one_as_for_thirty(
        self,
        cast: Cast,
        make_audit: Make,
        as_user: AsUser,
        django_assert_num_queries: DjangoAssertNumQueries,
        who: str,
    ) -> None:
        client = as_user(getattr(cast, who))
        make_audit()
        with CaptureQueriesContext(
            connection,
        ) as one:
            client.get("/audits/")
        for _ in range(29):
            make_audit()
        with django_assert_num_queries(len(one)):
            client.get("/audits/")

    def test_the_export_holds_no_child_id_no_formula_and_is_logged(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        cast.riverside.name = "=HYPERLINK(1)"
        cast.riverside.save()
        client = as_user(cast.analyst)
        exported = client.get("/audits/export.csv?quarter=2026-Q3")
        lines = text_of(exported).splitlines()
        assert lines[0].lstrip("\ufeff").startswith("reference,quarter,service,team")
        assert len(lines) == 2
        assert "0042_7" not in text_of(exported)
        assert "'=HYPERLINK(1)" in lines[1]
        record = AccessRecord.objects.get()
        assert (record.user, record.kind, record.reference) == (
            cast.analyst,
            "downloaded",
            "2026-Q3",
        )


class TestGradingPageQueries:
    def test_the_task_list_and_the_check_page_do_not_grow_with_what_is_written(
        self,
        cast: Cast,
        make_audit: Make,
        as_user: AsUser,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        client = as_user(cast.auditor)
        short = begin(make_audit(service="early_help"))
        long = fill(begin(make_audit(service="looked_after")))
        for part in ("", "standards/risk/", "check/"):
            first, second = page(short, part), page(long, part)
            with CaptureQueriesContext(connection) as few:
                client.get(first)
            with django_assert_num_queries(len(few)):
                client.get(second)
            assert len(few) <= 10


class TestSearch:
    def test_by_child_id_or_reference_and_only_by_post(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.analyst)
        for term in ("0042_7", audit.reference, audit.reference.lower(), " 0042_7 "):
            assert url(audit) in text_of(posted(client, "/audits/search/", term=term))
        assert url(audit) not in text_of(client.get("/audits/search/?term=0042_7"))
        assert "Nothing found" in text_of(posted(client, "/audits/search/", term="42_7"))

    def test_it_is_logged_without_the_child_id(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        posted(as_user(cast.analyst), "/audits/search/", term="0042_7")
        record = AccessRecord.objects.get()
        assert (record.kind, record.reference) == ("searched", audit.reference)
        assert "0042_7" not in f"{record.what}{record.reference}"

    def test_a_head_of_service_finds_their_services_alone(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        assert url(audit) in text_of(posted(as_user(cast.head), "/audits/search/", term="0042_7"))
        other = text_of(posted(as_user(cast.other_head), "/audits/search/", term="0042_7"))
        assert "Nothing found" in other

    def test_not_for_everybody(self, cast: Cast, as_user: AsUser) -> None:
        for user in (cast.auditor, cast.manager, cast.practitioner_user, cast.member):
            assert as_user(user).get("/audits/search/").status_code == 403


class TestHistory:
    def test_who_when_before_and_after(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        client = as_user(cast.auditor)
        posted(client, url(audit, "begin/"), child_id="0042_7", held_most="listed")
        grading = fill(Grading.objects.get())
        client.post(page(grading, "submit/"))
        shown = text_of(as_user(cast.lead).get(url(audit, "history/")))
        assert "Audrey Tor" in shown
        assert "Case note of 3 September" in shown
        assert "Submitted" in shown
        assert "0042_7" not in shown

    def test_long_texts_are_shortened(self, cast: Cast, audit: Audit) -> None:
        grading = begin(audit)
        risk = grading.standard_grades.select_related("standard__section__version").get(
            standard__code="risk"
        )
        save_standard(
            standard_grade=risk,
            version=1,
            grade="good",
            evidence="long " * 1000,
            by=cast.auditor,
            now=NOW,
        )
        entries = history_of(audit, cast.auditor)
        texts = [change.after for entry in entries for change in entry.changes]
        assert max(len(each) for each in texts) < 200

    def test_answers_are_in_words_and_only_what_changed(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = begin(audit)
        risk = grading.standard_grades.get(standard__code="risk")
        codes = [check["code"] for check in risk.standard.checks][:2]
        answers = {code: {"answer": "yes", "evidence": ""} for code in codes}
        said: dict[str, Any] = {"grade": "", "evidence": "", "by": cast.auditor, "now": NOW}
        save_standard(standard_grade=risk, version=1, checked=answers, **said)
        answers[codes[0]] = {"answer": "no", "evidence": "No chronology_2 there"}
        save_standard(standard_grade=risk, version=2, checked=answers, **said)
        name, other = (code.replace("_", " ") for code in codes)
        changes = (
            change
            for entry in history_of(audit, cast.auditor)
            for change in entry.changes
            if name in change.after
        )
        first, last = sorted(changes, key=lambda change: change.before)
        assert set(first.after.split("; ")) == {f"{name}: yes", f"{other}: yes"}
        assert (last.before, last.after) == (f"{name}: yes", f"{name}: no; No chronology_2 there")
        shown = text_of(as_user(cast.lead).get(url(audit, "history/")))
        assert "{" not in shown.partition("<main")[2].partition("</main")[0]

    def test_only_what_others_judged_counts_as_having_read_the_audit(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit)
        open_grading(
            audit=audit, kind="moderator", grader=cast.moderator, blind=True, by=cast.lead, now=NOW
        )
        for user, what in ((cast.moderator, "history of an audit"), (cast.lead, "audit")):
            assert as_user(user).get(url(audit, "history/")).status_code == 200
            assert AccessRecord.objects.get(user=user).what == what

    def test_it_is_for_those_allowed(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        assert as_user(cast.auditor).get(url(audit, "history/")).status_code == 403
        assert as_user(cast.other_head).get(url(audit, "history/")).status_code == 404
        assert as_user(cast.head).get(url(audit, "history/")).status_code == 200


class TestPanels:
    def test_an_app_above_has_its_place_on_the_page(
        self, cast: Cast, audit: Audit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audits.panels._functions", [])

        @register
        def late(audit: Audit, user: User) -> Panel | None:
            return Panel("Actions", "x.html", order=60)

        @register
        def early(audit: Audit, user: User) -> Panel | None:
            return Panel("Moderation", "x.html", order=10) if user == cast.lead else None

        assert [each.title for each in panels_for(audit, cast.lead)] == ["Moderation", "Actions"]
        assert [each.title for each in panels_for(audit, cast.auditor)] == ["Actions"]


class TestReopenAndWithdrawPages:
    def test_only_the_lead_and_with_a_reason(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        assert "Withdraw this audit" in text_of(client.get(url(audit)))
        submitted(audit)
        assert as_user(cast.moderator).get(url(audit, "reopen/")).status_code == 403
        assert "Reopen this audit" in text_of(client.get(url(audit)))
        done = posted(client, url(audit, "reopen/"), reason="Wrong file")
        assert done.headers["Location"] == url(audit)
        audit.refresh_from_db()
        assert audit.status == "in_progress"
        assert "Withdraw this audit" not in text_of(client.get(url(audit)))
        refused = posted(client, url(audit, "withdraw/"), reason="No longer wanted")
        assert "submitted once and reopened" in text_of(refused)
        assert "No longer wanted" in text_of(refused)

    def test_reopened_twice_is_told(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        submitted(audit)
        client = as_user(cast.lead)
        posted(client, url(audit, "reopen/"), reason="Wrong file")
        assert posted(client, url(audit, "reopen/"), reason="Wrong file").status_code == 409


class TestFeedback:
    @pytest.fixture
    def decided(self, cast: Cast, audit: Audit) -> Audit:
        grading = submitted(audit)
        set_grade_of_record(audit=audit, grading=grading, by=cast.auditor, now=NOW)
        audit.refresh_from_db()
        return audit

    def test_released_read_and_answered(self, cast: Cast, decided: Audit, as_user: AsUser) -> None:
        auditor = as_user(cast.auditor)
        prefilled = text_of(auditor.get(url(decided, "feedback/")))
        assert "Visits were regular." in prefilled
        done = posted(
            auditor,
            url(decided, "feedback/"),
            strengths="You visited regularly.",
            improvements=HOSTILE,
        )
        assert done.headers["Location"] == url(decided)

        client = as_user(cast.practitioner_user)
        assert decided.reference in text_of(client.get("/audits/feedback/"))
        address = f"/audits/feedback/{decided.reference}/"
        shown = text_of(client.get(address))
        assert shown.index("What was good") < shown.index("What to improve")
        assert "<script>alert" not in shown
        unread = decided.feedback.recipients.filter(read_at=None)
        assert unread.exists()  # looking at it changes nothing
        posted(client, f"{address}read/")
        assert not unread.exists()

        wanting = text_of(posted(client, f"{address}reply/", stance="disagree"))
        assert "Write what you do not agree with." in wanting
        posted(client, f"{address}reply/", stance="partly", text="The plan was written with him.")
        again = posted(client, f"{address}reply/", stance="agree", text="Twice")
        assert again.status_code == 409
        reply = FeedbackReply.objects.get()
        assert (reply.stance, reply.practitioner) == ("partly", cast.practitioner)
        assert "The plan was written with him." in text_of(auditor.get(url(decided)))

    def test_a_late_reply_is_taken_and_marked(
        self, cast: Cast, decided: Audit, as_user: AsUser
    ) -> None:
        feedback = release_feedback(
            audit=decided, strengths="S", improvements="I", by=cast.auditor, now=NOW
        )
        feedback.reply_by -= timedelta(days=365)
        feedback.save()
        client = as_user(cast.practitioner_user)
        address = f"/audits/feedback/{decided.reference}/"
        assert "The time to reply has passed" in text_of(client.get(address))
        posted(client, f"{address}reply/", stance="agree")
        assert FeedbackReply.objects.get().late

    def test_reply_by_is_ten_working_days_on(self, cast: Cast, decided: Audit) -> None:
        feedback = release_feedback(
            audit=decided, strengths="S", improvements="I", by=cast.auditor, now=NOW
        )
        assert feedback.reply_by.isoformat() == "2026-10-20"  # from Tuesday 6 October

    def test_it_goes_to_who_holds_the_case_and_to_who_held_it_most(
        self, cast: Cast, decided: Audit, as_user: AsUser
    ) -> None:
        decided.practitioner_judged = cast.other_practitioner
        decided.save()
        feedback = release_feedback(
            audit=decided, strengths="S", improvements="I", by=cast.auditor, now=NOW
        )
        got = {each.practitioner for each in feedback.recipients.all()}
        assert got == {cast.practitioner, cast.other_practitioner}

    def test_only_to_them(self, cast: Cast, decided: Audit, as_user: AsUser) -> None:
        release_feedback(audit=decided, strengths="S", improvements="I", by=cast.auditor, now=NOW)
        address = f"/audits/feedback/{decided.reference}/"
        assert as_user(cast.other_practitioner_user).get(address).status_code == 404
        assert as_user(cast.auditor).get(address).status_code == 403

    def test_not_before_the_grade_is_decided_and_not_by_strangers(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit)
        assert as_user(cast.auditor).get(url(audit, "feedback/")).status_code == 409
        early = posted(
            as_user(cast.auditor), url(audit, "feedback/"), strengths="S", improvements="I"
        )
        assert "after the grade of record" in text_of(early)
        assert as_user(cast.other_auditor).get(url(audit, "feedback/")).status_code == 404

    def test_released_once(self, cast: Cast, decided: Audit, as_user: AsUser) -> None:
        client = as_user(cast.lead)
        fields = {"strengths": "S", "improvements": "I"}
        assert posted(client, url(decided, "feedback/"), **fields).status_code == 302
        assert posted(client, url(decided, "feedback/"), **fields).status_code == 409

    def test_feedback_keeps_its_grade(self, cast: Cast, decided: Audit, as_user: AsUser) -> None:
        release_feedback(audit=decided, strengths="S", improvements="I", by=cast.auditor, now=NOW)
        refused = posted(as_user(cast.lead), url(decided, "reopen/"), reason="Look again")
        assert "Feedback on this audit has been given" in text_of(refused)
