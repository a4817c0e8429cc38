"""Reading the environment, with an error that says what to set."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """The environment variable ``name``; ImproperlyConfigured names it where it is missing."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}; see .env.example.")
    return value


def optional(name: str, default: str) -> str:
    """The environment variable ``name``, or ``default`` where it is missing or empty."""
    return os.environ.get(name) or default


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes or on; False for 0, false, no or off."""
    value = optional(name, str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.")


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, empty items left out."""
    return [word.strip() for word in optional(name, default).split(",") if word.strip()]
