"""E-mail that holds a link and a reference, never anything about a child."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User


def send_notice(*, to: Iterable[User], subject: str, path: str, more: str = "") -> None:
    """After commit, ask a worker to mail ``subject`` and a link to ``path`` to each person.

    ``subject`` names things by reference ("Audit 2026-Q3-0042 waits for you"), and says nothing of
    what is in them; nor does ``more``, lines that follow it in the message.
    """
    addresses = sorted({user.email for user in to if user.is_active and not user.is_system})

    def send() -> None:
        for address in addresses:
            args = [address, subject, path, *([more] if more else [])]
            current_app.send_task("accounts.tasks.mail_notice", args=args)

    if addresses:
        transaction.on_commit(send, robust=True)


def send_invitation(user: User) -> None:
    """After commit, ask a worker to mail ``user`` a link to set a password.

    The link itself is made in the worker: whoever holds it can sign in, so it must not lie in the
    queue.
    """
    transaction.on_commit(
        lambda: current_app.send_task("accounts.tasks.mail_invitation", args=[user.pk]), robust=True
    )


def password_link(user: User) -> str:
    """A full address where ``user`` can set a password: once, and for a few days only.

    It stops working when it was used, when they sign in, and after settings.PASSWORD_RESET_TIMEOUT.
    """
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return f"{settings.SITE_URL}{path}"
