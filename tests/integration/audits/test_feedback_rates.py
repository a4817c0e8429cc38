"""Feedback rates: what is counted, for whom, and the lists behind the numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audits.models import Audit, Feedback
from audits.operations.feedback import mark_feedback_read, release_feedback, reply_to_feedback
from audits.operations.submitting import reopen_audit, set_grade_of_record
from audits.queries.feedback_rates import feedback_rates
from audits.rules.feedback_rates import FeedbackCounts
from cases.models import Practitioner
from tests.cast import NOW, TODAY, Cast
from tests.integration.audits.auditing import Make, submitted

AsUser = Callable[[User], Client]
RATES = "/audits/feedback/rates/"


@pytest.fixture
def decide(make_audit: Make) -> Make:
    """decide(**case): an audit with its grade of record."""

    def make(**facts: Any) -> Audit:
        audit = make_audit(**facts)
        grading = submitted(audit)
        set_grade_of_record(audit=audit, grading=grading, by=audit.auditor, now=NOW)
        audit.refresh_from_db()
        return audit

    return make


def released(audit: Audit) -> Feedback:
    texts = {"strengths": "Visits were regular.", "improvements": "Write the plan together."}
    return release_feedback(audit=audit, **texts, by=audit.auditor, now=NOW)


def reply(feedback: Feedback, by: User, stance: str = "agree", **after: int) -> None:
    reply_to_feedback(
        feedback=feedback, stance=stance, text="So it was.", by=by, now=NOW + timedelta(**after)
    )


def counts(user: User, today: date = TODAY) -> dict[str, FeedbackCounts]:
    return {row.service.code: row.counts for row in feedback_rates(user, today)}


def test_from_the_grade_of_record_to_the_reply(cast: Cast, decide: Make, make_audit: Make) -> None:
    submitted(make_audit())  # no grade of record yet: in no rate
    decide()
    released(decide())
    read = released(decide())
    mark_feedback_read(feedback=read, by=cast.practitioner_user, now=NOW)
    reply(released(decide()), cast.practitioner_user)
    reply(released(decide()), cast.practitioner_user, "disagree", days=30)

    found = counts(cast.lead)["child_protection"]
    assert found == FeedbackCounts(
        decided=5, released=4, recipients=4, read=3, agreed=1, disagreed=1, late=1
    )
    assert (found.in_time, found.waiting) == (1, 2)
    # 10 working days after Tuesday 6 October is the 20th: that day is in time, the next is not.
    assert counts(cast.lead, date(2026, 10, 20))["child_protection"].overdue == 0
    assert counts(cast.lead, date(2026, 10, 21))["child_protection"].overdue == 2


def test_two_recipients_of_one_audit_are_two(cast: Cast, decide: Make) -> None:
    """Who holds the case now has left; who held it most replies."""
    gone = Practitioner.objects.create(name="Gone Away", team=cast.riverside, left_on=TODAY)
    audit = decide()
    Audit.objects.filter(pk=audit.pk).update(practitioner=gone)
    audit.refresh_from_db()
    reply(released(audit), cast.practitioner_user)
    found = counts(cast.lead)["child_protection"]
    assert (found.released, found.recipients, found.cannot_sign_in) == (1, 2, 1)
    assert (found.read, found.replied, found.waiting) == (1, 1, 1)


def test_feedback_to_nobody_is_released_and_said(cast: Cast, decide: Make, as_user: AsUser) -> None:
    audit = decide()
    Audit.objects.filter(pk=audit.pk).update(practitioner=None, practitioner_judged=None)
    audit.refresh_from_db()
    released(audit)
    found = counts(cast.lead)["child_protection"]
    assert (found.released, found.unaddressed, found.recipients) == (1, 1, 0)
    assert "went to nobody by name" in as_user(cast.lead).get(RATES).content.decode()


def test_a_reopened_audit_waits_to_be_counted_again(cast: Cast, decide: Make) -> None:
    audit = decide()
    reopen_audit(audit=audit, reason="The wrong file was graded.", by=cast.lead, now=NOW)
    assert counts(cast.lead) == {}


def test_a_head_of_service_has_their_own_services(
    cast: Cast, decide: Make, as_user: AsUser
) -> None:
    decide()
    assert set(counts(cast.head)) == {"child_protection"}
    assert counts(cast.other_head) == {}
    assert set(counts(cast.director)) == set(counts(cast.analyst)) == {"child_protection"}
    shown = as_user(cast.head).get(RATES).content.decode()
    assert "in your services" in shown
    assert "nothing to measure" in as_user(cast.other_head).get(RATES).content.decode()


def test_somebody_with_both_roles_has_every_service(cast: Cast, decide: Make) -> None:
    decide()
    cast.other_head.groups.add(*cast.director.groups.all())
    cast.other_head.refresh_from_db()
    assert set(counts(User.objects.get(pk=cast.other_head.pk))) == {"child_protection"}


def test_every_number_leads_to_the_audits_it_counts(
    cast: Cast, decide: Make, as_user: AsUser
) -> None:
    client = as_user(cast.head)
    waiting, late, disagreed = decide(), decide(), decide()
    decide(service="looked_after")
    reply(released(late), cast.practitioner_user, days=30)
    reply(released(disagreed), cast.practitioner_user, "disagree")
    unread = decide()
    released(unread)
    Feedback.objects.filter(audit=unread).update(reply_by=date(2020, 1, 1))

    shown = client.get(RATES).content.decode()
    links = {
        state: address.replace("&amp;", "&")
        for address, state in re.findall(
            r'href="(/audits/\?quarter=2026-Q3&amp;service=child_protection'
            r'&amp;feedback=(\w+))"',
            shown,
        )
    }
    expected = {
        "not_released": [waiting],
        "released": [late, disagreed, unread],
        "not_read": [unread],
        "answered_late": [late],
        "answer_overdue": [unread],
        "disagreed": [disagreed],
    }
    assert set(links) == set(expected)
    for state, audits in expected.items():
        listed = client.get(links[state]).content.decode()
        found = set(re.findall(r"2026-Q3-[0-9]{4}", listed))
        assert found == {audit.reference for audit in audits}, state


def test_the_line_is_summed_where_it_has_several_services(
    cast: Cast, decide: Make, as_user: AsUser
) -> None:
    released(decide())
    client = as_user(cast.lead)
    assert "all services" not in client.get(RATES).content.decode()
    decide(service="looked_after")
    shown = client.get(RATES).content.decode()
    assert "Statutory, all services" in shown
    assert "1 of 2 (50%)" in shown
    assert "your services together" in as_user(cast.head).get(RATES).content.decode()


def test_a_quarter_that_does_not_exist_shows_the_newest(
    cast: Cast, decide: Make, as_user: AsUser
) -> None:
    decide()
    for asked in ("2019-Q1", "nonsense", ""):
        shown = as_user(cast.lead).get(RATES, {"quarter": asked}).content.decode()
        assert "Q3 2026/27" in shown
        assert "Child Protection" in shown


def test_more_audits_take_no_more_queries(cast: Cast, decide: Make, as_user: AsUser) -> None:
    client = as_user(cast.lead)
    reply(released(decide()), cast.practitioner_user)
    client.get(RATES)
    with CaptureQueriesContext(connection) as few:
        client.get(RATES)
    for service in ("looked_after", "child_in_need", "child_protection"):
        reply(released(decide(service=service)), cast.practitioner_user)
        released(decide(service=service))
    with CaptureQueriesContext(connection) as many:
        client.get(RATES)
    assert len(many) == len(few) <= 8


def test_an_auditor_is_offered_neither_the_rates_nor_the_filter(
    cast: Cast, decide: Make, as_user: AsUser
) -> None:
    decide()
    shown = as_user(cast.auditor).get("/audits/?feedback=not_released").content.decode()
    assert "Feedback rates" not in shown
    assert 'name="feedback"' not in shown
    assert "1 audit" in shown


@pytest.mark.parametrize(
    ("changed", "passed_on"),
    [
        ({}, False),
        ({"agency": True}, True),
        ({"left_on": TODAY}, True),
        ({"left_on": TODAY + timedelta(days=1)}, False),
    ],
)
def test_agency_workers_and_leavers_are_not_the_only_ones_told(
    cast: Cast,
    decide: Make,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    passed_on: bool,
) -> None:
    """Who holds the case today is given the feedback too, and the manager is told."""
    told: list[tuple[str, User]] = []
    monkeypatch.setattr(
        "audits.operations.feedback.send_notice",
        lambda *, to, subject, path: told.extend((subject, each) for each in to),
    )
    audit = decide()
    Practitioner.objects.filter(pk=cast.practitioner.pk).update(**changed)
    audit.child.cases.update(practitioner=cast.other_practitioner)
    audit.refresh_from_db()
    feedback = released(audit)
    names = set(feedback.recipients.values_list("practitioner__name", flat=True))
    both = {cast.practitioner.name, cast.other_practitioner.name}
    assert names == (both if passed_on else {cast.practitioner.name})
    managers = [who for subject, who in told if "pass it on" in subject]
    assert managers == ([cast.manager] if passed_on else [])
