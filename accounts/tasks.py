"""What workers do for this app."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from accounts.models import User
from accounts.notices import password_link

BODY = """{subject}

Sign in to see it: {url}

This message holds no information about any child. Please do not reply to it.
{council}, Case File Audit
"""

INVITATION = """Dear {name},

You can now use Case File Audit, where {council} checks the quality of its work with children and
families. Choose a password first:

{link}

The link works once, for {days} days. After that, ask for a new one here:
{again}

If you did not expect this message, tell your council's administrator. Please do not reply to it.
{council}, Case File Audit
"""
RETRY: dict[str, Any] = {
    "autoretry_for": (OSError,),
    "retry_backoff": True,
    "max_retries": 8,
}


@shared_task(name="accounts.tasks.mail_notice", **RETRY)
def mail_notice(address: str, subject: str, path: str, more: str = "") -> None:
    """Send one notice to one address: nobody sees the others, and a retry repeats nothing."""
    said = f"{subject}\n\n{more}" if more else subject
    body = BODY.format(subject=said, url=settings.SITE_URL + path, council=settings.COUNCIL_NAME)
    EmailMessage(settings.EMAIL_SUBJECT_PREFIX + subject, body, to=[address]).send()


@shared_task(name="accounts.tasks.forget_ended_sessions")
def forget_ended_sessions() -> int:
    """Nothing of a session outlives it but whose it was, and that for a week."""
    return sessions.forget_ended_sessions(timezone.now())


@shared_task(name="accounts.tasks.mail_invitation", **RETRY)
def mail_invitation(user_id: int) -> None:
    """Send a new person the link to set their first password; nothing where they have one."""
    user = User.objects.filter(pk=user_id, is_active=True, is_system=False).first()
    if user is None or user.has_usable_password():
        return
    body = INVITATION.format(
        name=user.name,
        council=settings.COUNCIL_NAME,
        link=password_link(user),
        days=settings.PASSWORD_RESET_TIMEOUT // (24 * 3600),
        again=settings.SITE_URL + reverse("account_reset_password"),
    )
    subject = f"{settings.EMAIL_SUBJECT_PREFIX}Choose your password"
    EmailMessage(subject, body, to=[user.email]).send()
