"""Error pages: what happened and what to do, and never anything about a child."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that was open too long or came from elsewhere (CSRF)."""
    return render(request, "errors/403_csrf.html", status=403)
