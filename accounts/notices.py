"""E-mail that holds a link and a reference, never anything about a child."""

from __future__ import annotations

from collections.abc import Iterable

from celery import current_app
from django.db import transaction

from accounts.models import User


def send_notice(*, to: Iterable[User], subject: str, path: str) -> None:
    """After commit, ask a worker to mail ``subject`` and a link to ``path`` to each person.

    ``subject`` names things by reference ("Audit 2026-Q3-0042 waits for you"), and says nothing of
    what is in them.
    """
    addresses = sorted({user.email for user in to if user.is_active and not user.is_system})
    if addresses:
        transaction.on_commit(
            lambda: current_app.send_task(
                "accounts.tasks.mail_notice", args=[addresses, subject, path]
            ),
            robust=True,
        )
