"""Reminders: to whom, when, and what they do not say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import User
from accounts.once import first_today
from audits.models import Audit
from audits.operations.feedback import release_feedback
from audits.operations.reminding import remind_auditors, remind_practitioners
from audits.tasks import send_reminders as audits_reminders
from quality.operations.reminding import remind_moderators, remind_owners
from quality.tasks import send_reminders as quality_reminders
from tests.cast import NOW, Cast
from tests.integration.audits.auditing import Make, submitted
from tests.integration.quality.following import agreed, assigned, escalation_of

Sent = list[list[str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What workers are asked to mail: address, subject, path."""
    mails: Sent = []

    def told(*, to: Any, subject: str, path: str) -> None:
        mails.extend([user.email, subject, path] for user in to)

    monkeypatch.setattr("audits.operations.reminding.send_notice", told)
    return mails


def morning(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 7, 30, tzinfo=UTC)


def test_an_auditor_is_told_once_of_all_that_is_due(
    cast: Cast, make_audit: Make, sent: Sent
) -> None:
    for _ in range(3):
        make_audit()  # due on Tuesday 27 October
    make_audit(auditor=cast.other_auditor)
    system = User.objects.system()
    assert remind_auditors(by=system, now=morning(10, 22)) == 0
    assert remind_auditors(by=system, now=morning(10, 23)) == 2
    assert sent == [
        [cast.auditor.email, "3 audits with you are due soon or overdue", "/audits/"],
        [cast.other_auditor.email, "An audit with you is due soon or overdue", "/audits/"],
    ]
    assert remind_auditors(by=system, now=morning(10, 26)) == 0
    assert remind_auditors(by=system, now=morning(10, 28)) == 2


def test_what_is_submitted_is_no_longer_asked_for(cast: Cast, audit: Audit, sent: Sent) -> None:
    submitted(audit)
    assert remind_auditors(by=User.objects.system(), now=morning(10, 23)) == 0


def test_practitioners_moderators_and_owners(cast: Cast, make_audit: Make, sent: Sent) -> None:
    quarter = make_audit().quarter
    quarter.policies = {"quality": {"moderation_random_share": "0"}}
    quarter.save()
    needs_work, inadequate = make_audit(), make_audit()
    submitted(needs_work, "requires_improvement")
    agreed(escalation_of(needs_work, "requires_improvement"), cast.manager, cast.manager)
    release_feedback(
        audit=needs_work, strengths="S", improvements="I", by=cast.auditor, now=NOW
    )  # reply by Tuesday 20 October
    submitted(inadequate, "inadequate")
    assigned(inadequate, cast.moderator)  # due on Thursday 8 October
    system = User.objects.system()
    assert remind_practitioners(by=system, now=morning(10, 16)) == 1
    assert remind_moderators(by=system, now=morning(10, 9)) == 1
    assert remind_owners(by=system, now=morning(10, 14)) == 2  # both due on 13 October
    assert {mail[0] for mail in sent} == {
        cast.practitioner_user.email,
        cast.moderator.email,
        cast.manager.email,
    }
    assert not any("nadequate" in word or "C0" in word for mail in sent for word in mail)


def test_the_tasks_run_once_a_day(cast: Cast, sent: Sent) -> None:
    cache.clear()
    assert first_today("a-thing", NOW)
    assert not first_today("a-thing", NOW)
    assert audits_reminders() == 0
    assert quality_reminders() == 0
    cache.clear()
