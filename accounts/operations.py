"""Writing: the frame of every operation, and what happens to accounts.

An operation is one function: keyword-only, told who (``by``) and when (``now``), inside one
transaction, under the name of the person who did it in the change history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pghistory
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import AccessRecord, User
from accounts.notices import send_invitation
from accounts.policy import Permission, require
from accounts.queries import administrators, people, person_in_words, plan_for
from accounts.roles import Role
from accounts.rules.people_file import OPTIONAL, REQUIRED, Person
from accounts.rules.seen import in_one_line
from accounts.rules.seen import seen as digest_of
from accounts.rules.table_file import Change, Plan, read_table

Params = ParamSpec("Params")
Result = TypeVar("Result")


class MovedOn(Exception):
    """The thing is no longer in the state that this needs; the message says what happened.

    Pages answer 409 with the message, never 403: the person was allowed, but somebody was first.
    """


class Refused(Exception):
    """A rule of the domain forbids this; the message says which, in the user's words."""


class ChangedMeanwhile(Refused):
    """Somebody else changed the thing after the form was opened; saving again replaces theirs."""

    def __init__(self, now: Mapping[str, str], says: str = "") -> None:
        super().__init__(
            "Somebody else changed this after you opened the page. "
            f"{says or f'It now says: {in_one_line(now)}.'}"
            " Save again to put what you typed in its place."
        )
        self.seen = digest_of(now)


def refuse_if_changed(seen_then: str, now: Mapping[str, str], says: str = "") -> None:
    """Raise ChangedMeanwhile unless ``now`` (facts in words) is what the form was opened on.

    Call it with the row locked. An empty ``seen_then`` asks for no check: files, commands. ``says``
    is said instead of the facts, where these are many.
    """
    if seen_then and seen_then != digest_of(now):
        raise ChangedMeanwhile(now, says)


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
    *,
    email: str,
    name: str,
    roles: Iterable[str],
    password: str | None,
    by: User,
    now: datetime,
    invite: bool = True,
) -> User:
    """Make an account with ``roles`` (codes of Role).

    Without ``password`` the person gets a link to set one by e-mail, unless ``invite`` is False
    (the command line prints the link). Raises Refused where the address is taken.
    """
    require(by, Permission.MANAGE_PEOPLE)
    _lock_people()
    _refuse_taken_address(email)
    user = User.objects.create_user(email, name, password)
    user.groups.set(_groups(roles))
    if password is None and invite:
        send_invitation(user)
    return user


@operation
def invite_again(*, user: User, by: User, now: datetime) -> None:
    """Send the link to set a first password once more; Refused where there is nothing to set."""
    require(by, Permission.MANAGE_PEOPLE)
    if user.has_usable_password():
        raise Refused(f"{user.name} has a password. They can ask for a new one when signing in.")
    if not user.is_active:
        raise Refused(f"{user.name} cannot sign in. Let them sign in first.")
    send_invitation(user)


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
    seen: str = "",
) -> User:
    """Change a person's name, address, roles and whether they can sign in.

    Nobody takes the administrator's role or the sign-in from themselves, nor from the last who has
    both: the council must never be left without somebody who can give them back. And nobody gives
    themselves a role: whoever manages people sees no child's file unless somebody else lets them.
    """
    require(by, Permission.MANAGE_PEOPLE)
    _lock_people()
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_system:
        raise PermissionDenied("The system's own account cannot be changed.")
    refuse_if_changed(seen, person_in_words(user))
    wanted = set(roles)
    if not (active and Role.ADMINISTRATOR in wanted):
        _refuse_losing_administrator(user, by)
    if user.pk == by.pk and wanted - set(user.roles):
        raise Refused("You cannot give yourself a role. Another administrator can.")
    _refuse_taken_address(email, besides=user)
    user.name, user.email, user.is_active = name, email.lower(), active
    user.save(update_fields=["name", "email", "is_active"])
    # The sign-in library keeps addresses of its own, and would go on taking the old one.
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    user.groups.set(_groups(wanted))
    user.__dict__.pop("roles", None)  # what was read of them above no longer holds
    return user


@operation
def import_people(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Add and change the people of a CSV file, all of them or none.

    ``digest`` is that of the plan that was shown. Raises Refused where the file has problems, where
    a change is refused, and where the file would now do something else than was shown.
    """
    require(by, Permission.MANAGE_PEOPLE)
    _lock_people()
    planned = plan_for(read_table(text, required=REQUIRED, optional=OPTIONAL))
    if planned.plan.problems:
        raise Refused("The file has problems. Nothing was changed.")
    if planned.plan.digest != digest:
        raise Refused("People have changed since you looked. Check the changes again.")
    known = {user.email.lower(): user for user in people()}
    for change in planned.plan.changes:
        if change.effect != "same":
            _take_over(planned.wanted[change.line], known, change, by, now)
    return planned.plan


def _take_over(
    person: Person, known: Mapping[str, User], change: Change, by: User, now: datetime
) -> None:
    facts: dict[str, Any] = {"email": person.email, "name": person.name, "roles": person.roles}
    try:
        user = known.get(person.email)
        if user is None:
            user = add_person(**facts, password=None, invite=person.active, by=by, now=now)
        if change.effect == "change" or not person.active:
            change_person(user=user, **facts, active=person.active, by=by, now=now)
    except Refused as refusal:
        raise Refused(f"Line {change.line}: {refusal}") from refusal


def _lock_people() -> None:
    """One change of people at a time: two administrators could otherwise remove each other."""
    Group.objects.select_for_update().get(name=Role.ADMINISTRATOR)


def _refuse_losing_administrator(user: User, by: User) -> None:
    if user.pk == by.pk and Role.ADMINISTRATOR in user.roles:
        raise Refused("You cannot take your own administrator role or sign-in away.")
    administrators_left = administrators().exclude(pk=user.pk)
    if Role.ADMINISTRATOR in user.roles and user.is_active and not administrators_left.exists():
        raise Refused(
            f"{user.name} is the last administrator. Make somebody else administrator first."
        )


def _refuse_taken_address(email: str, besides: User | None = None) -> None:
    others = User.objects.filter(email__iexact=email)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise Refused(f"Somebody else already has the address {email}.")


def _groups(roles: Iterable[str]) -> list[Group]:
    codes = set(roles)
    unknown = codes - set(Role.values)
    if unknown:
        raise ValueError(f"Unknown roles: {', '.join(sorted(unknown))}")
    return list(Group.objects.filter(name__in=codes))
