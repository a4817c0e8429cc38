"""Feedback on a decided audit: released, read by the practitioners, and mostly answered."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from audits.models import Feedback, FeedbackRecipient, FeedbackReply
from audits.operations.feedback import recipients_of
from audits.rules.policy import AuditPolicy
from config.demo_council import words
from config.demo_council.draws import LONDON, later, weighted, working_days_on
from config.demo_council.following import Following

READ, REPLIED = 0.88, 0.72
STANCES = (("agree", 0.7), ("partly", 0.2), ("disagree", 0.1))
REPLY_WITHIN = AuditPolicy().reply_working_days


def release_feedback(following: Following, at: datetime, strengths: str, improvements: str) -> None:
    """Give feedback to both practitioners some days after ``at``, who read it and mostly reply."""
    released = later(following.rng, at, 1, 4)
    if released > following.now:
        return
    audit, made = following.audit, following.made
    made.feedback = Feedback(
        audit=audit,
        strengths=strengths,
        improvements=improvements,
        released_at=released,
        released_by=audit.auditor,
        reply_by=working_days_on(released.astimezone(LONDON).date(), REPLY_WITHIN),
    )
    today = following.now.astimezone(LONDON).date()
    for practitioner in recipients_of(audit, today):
        recipient = FeedbackRecipient(feedback=made.feedback, practitioner=practitioner)
        made.recipients.append(recipient)
        here = not practitioner.has_left(today)
        if practitioner.user and here and following.rng.random() < READ:
            _read(following, recipient, made.feedback, practitioner.user)


def _read(
    following: Following, recipient: FeedbackRecipient, feedback: Feedback, user: User
) -> None:
    rng = following.rng
    read_at = later(rng, feedback.released_at, 0, 7)
    if read_at > following.now:
        return
    recipient.read_at = read_at
    replied_at = later(rng, read_at, 0, 6)
    if rng.random() > REPLIED or replied_at > following.now:
        return
    stance = weighted(rng, STANCES)
    following.made.replies.append(
        FeedbackReply(
            feedback=feedback,
            practitioner=recipient.practitioner,
            stance=stance,
            text=rng.choice(words.REPLIES[stance]),
            replied_at=replied_at,
            replied_by=user,
            late=replied_at.astimezone(LONDON).date() > feedback.reply_by,
        )
    )
