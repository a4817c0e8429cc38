"""The access rule that every view carries, and the decorators that put it there.

A view without a rule stops the application from starting (config.access.refuse_unguarded).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from accounts.policy import Permission, require

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class AccessRule:
    """Who may call an address. Objects behind it are filtered by ``visible_to`` on top."""

    public: bool = False
    permissions: frozenset[Permission] = frozenset()  # any one of them; empty: all signed in

    def __str__(self) -> str:
        if self.public:
            return "everybody"
        return " or ".join(sorted(self.permissions)) or "everybody signed in"


def allow(*permissions: Permission) -> Callable[[View], View]:
    """The view is for people with at least one of ``permissions``; others get 403."""
    if not permissions:
        raise ValueError("Name a permission, or use signed_in or public.")
    rule = AccessRule(permissions=frozenset(permissions))

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require(request.user, *permissions)
            return view(request, *args, **kwargs)

        guarded.access_rule = rule  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """The view is for everybody who has signed in."""
    view.access_rule = AccessRule()  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """The view is for everybody, signed in or not."""
    view.access_rule = AccessRule(public=True)  # type: ignore[attr-defined]
    return login_not_required(view)


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in: what every view without ``@public`` is given."""

    user: User
