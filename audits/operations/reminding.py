"""Reminders of audits that are due soon or overdue, and of feedback that waits for its reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import operation
from audits.models import Audit, FeedbackRecipient
from audits.queries.visibility import WITH_AUDITOR
from cases.models import Practitioner
from cases.queries.calendar import bank_holidays, local_date
from cases.rules.reminders import is_reminded


@operation
def remind_auditors(*, by: User, now: datetime) -> int:
    """One message to each auditor who has audits to be reminded of today; how many people."""
    waiting = Audit.objects.filter(status__in=WITH_AUDITOR).select_related("auditor")
    return remind(
        ((audit.auditor, audit.due_on) for audit in waiting),
        one="An audit with you is due soon or overdue",
        many="{} audits with you are due soon or overdue",
        path="/audits/",
        today=local_date(now),
    )


@operation
def remind_practitioners(*, by: User, now: datetime) -> int:
    """One message to each practitioner whose feedback has not been read; how many people."""
    unread = FeedbackRecipient.objects.filter(
        Practitioner.in_post(local_date(now), of="practitioner__"),
        read_at=None,
        practitioner__user__isnull=False,
    ).select_related("practitioner__user", "feedback")
    return remind(
        (
            (each.practitioner.user, each.feedback.reply_by)
            for each in unread
            if each.practitioner.user is not None
        ),
        one="Feedback on an audit waits for you",
        many="Feedback on {} audits waits for you",
        path="/audits/feedback/",
        today=local_date(now),
    )


def remind(
    deadlines: Iterable[tuple[User, date]], *, one: str, many: str, path: str, today: date
) -> int:
    """One message to each person with a deadline to be reminded of today; how many people.

    ``many`` holds "{}" for the number. The message names no audit: it holds the link to the list.
    """
    holidays = bank_holidays()
    counts = Counter(user for user, due_on in deadlines if is_reminded(due_on, today, holidays))
    for user, number in counts.items():
        send_notice(to=[user], subject=one if number == 1 else many.format(number), path=path)
    return len(counts)
