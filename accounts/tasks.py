"""What workers do for this app."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage

BODY = """{subject}

Sign in to see it: {url}

This message holds no information about any child. Please do not reply to it.
{council}, Case File Audit
"""


@shared_task(
    bind=True,
    name="accounts.tasks.mail_notice",
    autoretry_for=(OSError,),
    retry_backoff=True,
    max_retries=8,
)
def mail_notice(self: Any, addresses: list[str], subject: str, path: str) -> None:
    """Send one notice to each address, one message each so that nobody sees the others."""
    body = BODY.format(subject=subject, url=settings.SITE_URL + path, council=settings.COUNCIL_NAME)
    for address in addresses:
        EmailMessage(settings.EMAIL_SUBJECT_PREFIX + subject, body, to=[address]).send()
