"""What runs by the clock: escalations that nobody acknowledged go up; reminders."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from accounts.once import first_today
from quality.models import Escalation
from quality.operations.escalating import late_escalations, move_up
from quality.operations.reminding import remind_moderators, remind_owners


@shared_task
def move_late_escalations_up() -> int:
    """Send every late escalation up; how many went. One transaction each, so none waits for all."""
    by, moved = User.objects.system(), 0
    for pk in late_escalations(timezone.now()):
        escalation = Escalation.objects.select_related("audit").get(pk=pk)
        moved += move_up(escalation=escalation, by=by, now=timezone.now())
    return moved


@shared_task
def send_reminders() -> int:
    """Remind moderators and owners of actions, once a day; how many people."""
    now = timezone.now()
    if not first_today("quality.reminders", now):
        return 0
    by = User.objects.system()
    return remind_moderators(by=by, now=now) + remind_owners(by=by, now=now)
