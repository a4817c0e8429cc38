"""What is left of sessions that have ended.

The database keeps a session's row until somebody deletes it, and a row can hold what was typed
into a form (`accounts.expired_forms`). Nobody can open an ended session any more, so of one that
somebody had signed in to only its owner is kept for a while: who comes back to a page that was open
over a weekend is told from whoever else uses the same browser.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

OWNER_KEPT = timedelta(days=7)


@transaction.atomic
def forget_ended_sessions(now: datetime) -> int:
    """Delete ended sessions, or all of them but their owner; how many were changed or deleted."""
    forgotten = 0
    ended = Session.objects.select_for_update().filter(expire_date__lt=now)
    for session in ended.iterator(chunk_size=1000):
        held = session.get_decoded()
        owner = held.get(SESSION_KEY)
        if owner is None or session.expire_date < now - OWNER_KEPT:
            session.delete()
        elif set(held) != {SESSION_KEY}:
            session.session_data = Session.objects.encode({SESSION_KEY: owner})
            session.save(update_fields=["session_data"])
        else:
            continue
        forgotten += 1
    return forgotten
