"""Every address has an access rule, or nothing starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.access import AccessRule

PUBLIC = AccessRule(public=True)
SIGNED_IN = AccessRule()

# Views that come with a library and so cannot carry a rule of their own.
LIBRARY_RULES: dict[str, AccessRule] = {
    "account_login": PUBLIC,
    "account_signup": PUBLIC,
    "account_logout": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_change_password": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "account_inactive": PUBLIC,
}


def addresses(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every URL pattern of the project with its full route."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        else:
            yield route, pattern


def rule_of(pattern: URLPattern) -> AccessRule | None:
    """The access rule of one address; None where there is none."""
    view: Any = pattern.callback
    rule: AccessRule | None = getattr(view, "access_rule", None)
    return rule or LIBRARY_RULES.get(pattern.name or "")


def unguarded() -> list[str]:
    """The routes that have no access rule; must be empty."""
    return [route for route, pattern in addresses() if rule_of(pattern) is None]


def refuse_unguarded() -> None:
    """Raise ImproperlyConfigured where an address has no access rule."""
    routes = unguarded()
    if routes:
        raise ImproperlyConfigured(f"Addresses without an access rule: {', '.join(routes)}")
