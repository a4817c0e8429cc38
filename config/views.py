"""Pages that belong to no app: the home page, help, and the demo's mail."""

from __future__ import annotations

import email
from email import policy as email_policy
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.access import SignedInRequest, public, signed_in
from accounts.roles import EXPLANATIONS, Role
from config.home import tasks_for


@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for the person, by role."""
    tasks = tasks_for(request.user, timezone.now())
    return render(request, "home.html", {"tasks": tasks, "has_roles": bool(request.user.roles)})


@public
def help_page(request: HttpRequest) -> HttpResponse:
    """How a quarter runs, and what each role does."""
    roles = [{"key": role.label, "value": EXPLANATIONS[role]} for role in Role]
    return render(request, "help.html", {"roles": roles})


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


def kept_mail(folder: Path, most: int = 50) -> list[dict[str, Any]]:
    """The newest ``most`` messages in ``folder`` as {"to", "subject", "sent", "body"}.

    Django's file backend appends the messages of one connection to one file, each ended by a line
    of dashes.
    """
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    mails = (_shown(text) for file in files for text in reversed(_messages(file)))
    return list(islice(mails, most))


def _messages(file: Path) -> list[bytes]:
    return [text for text in file.read_bytes().split(b"-" * 79 + b"\n") if text.strip()]


def _shown(text: bytes) -> dict[str, Any]:
    message = email.message_from_bytes(text, policy=email_policy.default)
    body = message.get_body(preferencelist=("plain",))
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "sent": parsedate_to_datetime(str(message["Date"])),
        "body": body.get_content().strip() if body else "",
    }
