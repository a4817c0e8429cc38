"""What runs by the clock: reminders, on the mornings of working days."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from accounts.once import first_today
from audits.operations.reminding import remind_auditors, remind_practitioners


@shared_task
def send_reminders() -> int:
    """Remind auditors and practitioners, once a day; how many people."""
    now = timezone.now()
    if not first_today("audits.reminders", now):
        return 0
    by = User.objects.system()
    return remind_auditors(by=by, now=now) + remind_practitioners(by=by, now=now)
