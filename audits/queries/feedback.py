"""Feedback as its practitioner sees it, and as the audit's page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from audits.models import Audit, Feedback, FeedbackReply
from audits.queries.visibility import feedback_visible_to


@dataclass(frozen=True)
class FeedbackLine:
    """One line of a practitioner's list."""

    feedback: Feedback
    read_at: datetime | None
    reply: FeedbackReply | None
    state: str  # "complete" (replied), "overdue" (late, no reply), "open"


def feedback_lines(user: User, today: date) -> list[FeedbackLine]:
    """All feedback to ``user``, newest first. Three queries."""
    found = (
        feedback_visible_to(user)
        .select_related("audit__service", "audit__quarter")
        .prefetch_related("recipients__practitioner", "replies__practitioner")
    )
    return [feedback_line(feedback, user, today) for feedback in found]


def feedback_line(feedback: Feedback, user: User, today: date) -> FeedbackLine:
    """One feedback, as far as ``user`` has read and answered it."""
    mine = [each for each in feedback.recipients.all() if each.practitioner.user_id == user.pk]
    replies = [each for each in feedback.replies.all() if each.practitioner.user_id == user.pk]
    reply = replies[0] if replies else None
    state = "complete" if reply else "overdue" if today > feedback.reply_by else "open"
    return FeedbackLine(feedback, mine[0].read_at if mine else None, reply, state)


def feedback_of(audit: Audit) -> Feedback | None:
    """The released feedback of an audit with its recipients and replies; None before."""
    return (
        Feedback.objects.filter(audit=audit)
        .select_related("released_by")
        .prefetch_related("recipients__practitioner", "replies__practitioner")
        .first()
    )
