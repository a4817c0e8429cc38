"""Error pages: what happened and what to do, and never anything about a child."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.expired_forms import answer_to_old_key


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long or came from elsewhere (CSRF).

    What was typed is kept and shown again, where it was typed on a page of this site.
    """
    return answer_to_old_key(request) or render(request, "errors/403_csrf.html", status=403)
