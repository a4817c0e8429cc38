"""Pages that belong to no app: the home page, help, and the demo's mail."""

from __future__ import annotations

import email
from email import policy as email_policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import public, signed_in


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the person, by role."""
    from config.home import tasks_for

    return render(request, "home.html", {"tasks": tasks_for(request.user)})


@public
def help_page(request: HttpRequest) -> HttpResponse:
    """How a quarter runs, and what each role does."""
    return render(request, "help.html")


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "accessibility.html")


@signed_in
def demo_mail(request: HttpRequest) -> HttpResponse:
    """The demo's outgoing mail, newest first; there is no such page outside the demo."""
    if not settings.DEMO:
        raise Http404
    return render(request, "demo_mail.html", {"mails": kept_mail(Path(settings.EMAIL_FILE_PATH))})


def kept_mail(folder: Path, most: int = 50) -> list[dict[str, str]]:
    """The newest ``most`` messages in ``folder`` as {"to", "subject", "date", "body"}."""
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [_shown(_parsed(file)) for file in files[:most]]


def _parsed(file: Path) -> EmailMessage:
    # Django's file backend ends each message with a line of dashes.
    text = file.read_bytes().rsplit(b"-" * 79, 1)[0]
    return email.message_from_bytes(text, policy=email_policy.default)  # type: ignore[return-value]


def _shown(message: EmailMessage) -> dict[str, str]:
    body = message.get_body(preferencelist=("plain",))
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "date": str(message["Date"]),
        "body": body.get_content() if body else "",
    }
