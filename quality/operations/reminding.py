"""Reminders of moderations and actions that are due soon or overdue."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.operations import operation
from audits.operations.reminding import remind
from cases.queries.calendar import local_date
from quality.models import Action, Moderation
from quality.queries.moderation import asked_by


@operation
def remind_moderators(*, by: User, now: datetime) -> int:
    """One message to each moderator with moderations to be reminded of today; how many people."""
    waiting = Moderation.objects.filter(status=Moderation.Status.ASSIGNED)
    return remind(
        (
            (each.moderator, asked_by(each))
            for each in waiting.select_related("moderator", "grading")
            if each.moderator is not None
        ),
        one="A moderation with you is due soon or overdue",
        many="{} moderations with you are due soon or overdue",
        path="/moderation/",
        today=local_date(now),
    )


@operation
def remind_owners(*, by: User, now: datetime) -> int:
    """One message to each owner of open actions to be reminded of today; how many people."""
    waiting = Action.objects.filter(status=Action.Status.OPEN)
    owned = (
        (action.owner or (action.practitioner.user if action.practitioner else None), action.due_on)
        for action in waiting.select_related("owner", "practitioner__user")
    )
    return remind(
        ((owner, due_on) for owner, due_on in owned if owner is not None),
        one="An action of yours is due soon or overdue",
        many="{} actions of yours are due soon or overdue",
        path="/actions/?whose=mine",
        today=local_date(now),
    )
