"""What the form of a grading does with answers that are wrong, half done, or changed elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from audits.models import Audit, Grading, ToolVersion
from audits.operations.tool_editing import publish, save_limits, start_draft
from audits.rules.grades import ZERO_TO_TEN
from tests.cast import NOW, Cast
from tests.integration.audits.auditing import begin, submitted

AsUser = Callable[[User], Client]
WRONG = "That is not the child id of this audit"


def text_of(response: Any) -> str:
    return response.content.decode()


def page(grading: Grading, part: str) -> str:
    return f"/audits/{grading.audit.reference}/gradings/{grading.pk}/{part}"


def typed(**fields: object) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}


def saved_by_itself(client: Client, address: str, **fields: object) -> Any:
    return client.post(address, typed(**fields), headers={"HX-Request": "true"})


def version_of_tool(
    audit: Audit, lead: User, *, scale: dict[str, Any] | None = None, limits: list[Any]
) -> ToolVersion:
    """The audit's tool published anew with another scale or other limits, and used by it."""
    draft = start_draft(tool=audit.tool_version.tool, by=lead, now=NOW)
    save_limits(version=draft, scale=scale or draft.scale, limits=limits, by=lead, now=NOW)
    publish(version=draft, note="In tests", by=lead, now=NOW)
    Audit.objects.filter(pk=audit.pk).update(tool_version=draft)
    audit.refresh_from_db()
    return draft


class TestOneWrongAnswer:
    """An answer that cannot be stored keeps no other from being saved."""

    def test_a_date_typed_by_half(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "details/")
        answer = saved_by_itself(
            client, address, version=1, strengths="Seen alone.", practitioner_met_on_day=3
        )
        assert answer.status_code == 422
        assert answer["Held-Back"] == "practitioner_met_on"
        assert "but not all of it" in text_of(answer)
        assert "must include a month and year" in text_of(answer)
        assert 'value="2"' in text_of(answer)
        grading.refresh_from_db()
        assert (grading.strengths, grading.practitioner_met_on) == ("Seen alone.", None)
        # It is still on the page: sent by its button it is shown with its error, and nothing else.
        shown = client.post(address, typed(version=2, practitioner_met_on_day=3))
        assert shown.status_code == 200
        assert "must include a month and year" in text_of(shown)

    def test_what_was_stored_of_the_wrong_answer_stays(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "overall/")
        saved_by_itself(client, address, version=1, minutes_spent=95)
        answer = saved_by_itself(
            client, address, version=2, minutes_spent="about two hours", summary="A steady plan."
        )
        assert answer["Held-Back"] == "minutes_spent"
        grading.refresh_from_db()
        assert (grading.minutes_spent, grading.summary) == (95, "A steady plan.")

    def test_too_long_a_text_and_a_fact(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        answer = saved_by_itself(
            client,
            page(grading, "standards/risk/"),
            version=1,
            grade="good",
            evidence="x" * 100_001,
            check_history_used="perhaps",
        )
        assert answer["Held-Back"] == "check_history_used evidence"
        assert "100,000 characters or fewer" in text_of(answer)
        stored = grading.standard_grades.get(standard__code="risk")
        assert (stored.grade, stored.evidence, stored.checked) == ("good", "", {})

    def test_where_nothing_else_was_changed_nothing_is_said_to_be_saved(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        answer = saved_by_itself(
            as_user(cast.auditor),
            page(begin(audit), "details/"),
            version=1,
            practitioner_met_on_day=3,
        )
        assert "Not saved yet" in text_of(answer)
        assert "Held-Back" not in answer

    def test_a_day_still_to_come_is_said_at_its_field(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading = begin(audit)
        shown = as_user(cast.auditor).post(
            page(grading, "details/"),
            typed(
                version=1,
                strengths="Seen alone.",
                practitioner_met_on_day=1,
                practitioner_met_on_month=1,
                practitioner_met_on_year=2199,
            ),
        )
        assert 'href="#id_practitioner_met_on' in text_of(shown)
        assert "Seen alone." in text_of(shown)

    def test_above_a_limit_is_saved_while_its_reason_is_still_to_come(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        saved_by_itself(client, page(grading, "standards/risk/"), version=1, grade="inadequate")
        address = page(grading, "overall/")
        chosen = {"overall_grade": "good", "minutes_spent": 90}
        assert "Saved" in text_of(saved_by_itself(client, address, version=1, **chosen))
        grading.refresh_from_db()
        assert (grading.overall_grade, grading.above_cap) == ("good", True)
        asked = client.post(address, typed(version=2, **chosen))
        assert 'href="#id_override_reason' in text_of(asked)
        assert "limited to inadequate" in text_of(asked)
        given = client.post(address, typed(version=2, override_reason="Seen today.", **chosen))
        assert given.status_code == 302


class TestBeforeYouStart:
    def test_it_saves_itself(
        self,
        cast: Cast,
        audit: Audit,
        as_user: AsUser,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "before/")
        assert "hx-post" in text_of(client.get(address))
        with django_assert_max_num_queries(9):  # one is for the audit: who is judged
            answer = saved_by_itself(
                client, address, version=1, child_id="0042_7", held_most="nobody"
            )
        assert text_of(answer).startswith("Saved ")
        grading.refresh_from_db()
        assert grading.held_by_listed_practitioner is False

    def test_a_wrong_child_id_is_held_back_and_takes_no_confirmation_away(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "before/")
        answer = saved_by_itself(client, address, version=1, child_id="00", held_most="nobody")
        assert answer["Held-Back"] == "child_id"
        assert WRONG in text_of(answer)
        grading.refresh_from_db()
        assert (grading.child_id_confirmed, grading.held_by_listed_practitioner) == (True, False)
        shown = client.post(address, typed(version=2, child_id="00", held_most="nobody"))
        assert 'href="#id_child_id' in text_of(shown)

    def test_another_practitioner_is_saved_with_the_name_and_not_before(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        said = {"version": 1, "child_id": "0042_7", "held_most": "another"}
        waiting = saved_by_itself(client, page(grading, "before/"), **said)
        assert "Not saved yet" in text_of(waiting)
        grading.refresh_from_db()
        assert grading.held_by_listed_practitioner is True
        saved_by_itself(
            client, page(grading, "before/"), **said, held_most_by=cast.other_practitioner.pk
        )
        grading.refresh_from_db()
        assert grading.held_most_by == cast.other_practitioner

    def test_two_tabs_are_shown_both_answers(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        address = page(grading, "before/")
        client.post(address, typed(version=1, child_id="0042_7", held_most="nobody"))
        other = typed(
            version=1,
            child_id="0042_7",
            held_most="another",
            held_most_by=cast.other_practitioner.pk,
        )
        shown = client.post(address, other)
        assert shown.status_code == 409
        conflict = text_of(shown).split("Yours, not saved yet")
        assert "Nobody, or somebody who is not in the list" in conflict[0]
        assert "Another practitioner" in conflict[1]
        assert str(cast.other_practitioner) in conflict[2]
        assert client.post(address, other | {"version": "2"}).status_code == 302
        grading.refresh_from_db()
        assert grading.held_most_by == cast.other_practitioner


@pytest.mark.parametrize("part", ["concern/", "begin/"])
def test_a_page_that_only_its_button_saves_keeps_its_text_in_the_browser(
    cast: Cast, audit: Audit, as_user: AsUser, part: str
) -> None:
    address = f"/audits/{audit.reference}/begin/" if part == "begin/" else page(begin(audit), part)
    shown = text_of(as_user(cast.auditor).get(address))
    assert 'data-keep="' in shown
    assert "kept-offer" in shown
    assert "hx-post" not in shown


class TestWordsOfTheTool:
    def test_the_pages_say_what_the_limits_of_this_tool_are(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        limit = {
            "code": "critical",
            "when": "critical_standard",
            "grade": "requires_improvement",
            "cap": "good",
        }
        version_of_tool(audit, cast.lead, limits=[limit])
        grading, client = begin(audit), as_user(cast.auditor)
        shown = text_of(client.get(page(grading, "standards/risk/")))
        assert "graded requires improvement or worse: the overall grade is at best good" in shown
        assert "at best inadequate" not in text_of(client.get(page(grading, "concern/")))

    def test_the_shipped_limits(self, cast: Cast, audit: Audit, as_user: AsUser) -> None:
        grading, client = begin(audit), as_user(cast.auditor)
        risk = text_of(client.get(page(grading, "standards/risk/")))
        assert "A critical standard graded inadequate: the overall grade is at best inad" in risk
        concern = text_of(client.get(page(grading, "concern/")))
        assert "An immediate safeguarding concern: the overall grade is at best inad" in concern

    def test_the_history_says_a_grade_in_the_words_of_its_scale(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        version_of_tool(audit, cast.lead, scale=ZERO_TO_TEN.as_dict(), limits=[])
        submitted(audit, "7", "good")
        shown = text_of(as_user(cast.lead).get(f"/audits/{audit.reference}/history/"))
        assert "7 (good)" in shown


class TestConcernAfterSubmission:
    def test_the_auditor_finds_the_button_on_every_page_and_reads_what_they_wrote(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        grading, client = submitted(audit), as_user(cast.auditor)
        address = page(grading, "concern/")
        for here in (page(grading, ""), page(grading, "submitted/"), f"/audits/{audit.reference}/"):
            assert f'href="{address}"' in text_of(client.get(here)), here
        assert f'href="{address}"' not in text_of(as_user(cast.lead).get(page(grading, "")))
        shown = text_of(client.get(address))
        assert "Your grading stays as you submitted it" in shown
        refused = client.post(address, typed(text="Left alone on Friday", told=""))
        assert "Left alone on Friday" in text_of(refused)
        done = client.post(address, typed(text="Left alone on Friday", told="Duty, 10:40"))
        assert done["Location"] == page(grading, "")
        for user in (cast.auditor, cast.lead):
            read = text_of(as_user(user).get(page(grading, "")))
            assert "Immediate safeguarding concern after submission" in read
            assert "Left alone on Friday" in read
            assert "Duty, 10:40" in read
