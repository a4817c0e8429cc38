"""What runs by the clock: escalations that nobody acknowledged go up."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from quality.models import Escalation
from quality.operations.escalating import late_escalations, move_up


@shared_task
def move_late_escalations_up() -> int:
    """Send every late escalation up; how many went. One transaction each, so none waits for all."""
    by, moved = User.objects.system(), 0
    for pk in late_escalations(timezone.now()):
        escalation = Escalation.objects.select_related("audit").get(pk=pk)
        moved += move_up(escalation=escalation, by=by, now=timezone.now())
    return moved
