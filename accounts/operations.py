"""Writing: the frame of every operation, and what happens to accounts.

An operation is one function: keyword-only, told who (``by``) and when (``now``), inside one
transaction, under the name of the person who did it in the change history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pghistory
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import AccessRecord, User
from accounts.policy import Permission, require
from accounts.roles import Role

Params = ParamSpec("Params")
Result = TypeVar("Result")


class MovedOn(Exception):
    """The thing is no longer in the state that this needs; the message says what happened.

    Pages answer 409 with the message, never 403: the person was allowed, but somebody was first.
    """


class Refused(Exception):
    """A rule of the domain forbids this; the message says which, in the user's words."""


def operation(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Run ``function`` in one transaction, recording ``by`` and its name with every change."""

    @wraps(function)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        by: Any = kwargs["by"]
        with (
            pghistory.context(user=by.pk, operation=function.__name__),
            transaction.atomic(),
        ):
            return function(*args, **kwargs)

    return run


def record_access(*, by: User, kind: str, what: str, reference: str, now: datetime) -> None:
    """Log that ``by`` read or downloaded something about a child. Cheap: one insert."""
    AccessRecord.objects.create(user=by, kind=kind, what=what, reference=reference, at=now)


@operation
def add_person(
    *, email: str, name: str, roles: Iterable[str], password: str | None, by: User, now: datetime
) -> User:
    """Make an account with ``roles`` (codes of Role)."""
    require(by, Permission.MANAGE_PEOPLE)
    user = User.objects.create_user(email, name, password)
    user.groups.set(_groups(roles))
    return user


@operation
def change_person(
    *,
    user: User,
    name: str,
    email: str,
    roles: Iterable[str],
    active: bool,
    by: User,
    now: datetime,
) -> User:
    """Change a person's name, address, roles and whether they can sign in.

    Nobody takes the administrator's role or the sign-in from themselves: the council must never
    be left without somebody who can give it back.
    """
    require(by, Permission.MANAGE_PEOPLE)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_system:
        raise PermissionDenied("The system's own account cannot be changed.")
    wanted = set(roles)
    if user.pk == by.pk and not (active and Role.ADMINISTRATOR in wanted):
        raise Refused("You cannot take your own administrator role or sign-in away.")
    user.name, user.email, user.is_active = name, email.lower(), active
    user.save(update_fields=["name", "email", "is_active"])
    user.groups.set(_groups(wanted))
    return user


def _groups(roles: Iterable[str]) -> list[Group]:
    codes = set(roles)
    unknown = codes - set(Role.values)
    if unknown:
        raise ValueError(f"Unknown roles: {', '.join(sorted(unknown))}")
    return list(Group.objects.filter(name__in=codes))
