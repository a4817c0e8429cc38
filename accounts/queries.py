"""Reading: people, and the log of what they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import AccessRecord, User
from accounts.roles import Role
from accounts.rules.people_file import PeoplePlan, Person, plan_people
from accounts.rules.table_file import TableFile

ROLE_LABELS: Mapping[str, str] = dict(Role.choices)


def people() -> QuerySet[User]:
    """Everybody who has or had a sign-in, by name, with their roles (two queries for all)."""
    return User.objects.filter(is_system=False).prefetch_related("groups").order_by("name", "pk")


def people_matching(*, text: str = "", role: str = "", state: str = "") -> QuerySet[User]:
    """People by part of name or e-mail address, role code, and state ("active" or "inactive")."""
    found = people()
    for word in text.split():
        found = found.filter(Q(name__icontains=word) | Q(email__icontains=word))
    if role:
        found = found.filter(groups__name=role)
    if state:
        found = found.filter(is_active=state == "active")
    return found


def people_with_role(*roles: str) -> QuerySet[User]:
    """Active people who hold at least one of ``roles``, by name."""
    holders = User.objects.filter(groups__name__in=roles, is_active=True, is_system=False)
    return holders.distinct().order_by("name", "pk")


def administrators() -> QuerySet[User]:
    """Those who can give and take roles."""
    return people_with_role(Role.ADMINISTRATOR)


def known_people() -> dict[str, Person]:
    """Everybody as the people file knows them, by lower-case e-mail address."""
    return {
        user.email.lower(): Person(user.name, user.email.lower(), user.roles, user.is_active)
        for user in people()
    }


def plan_for(table: TableFile) -> PeoplePlan:
    """What a people file would change today."""
    return plan_people(table, known_people(), ROLE_LABELS)


def person_in_words(user: User) -> dict[str, str]:
    """What the form about a person shows, in words."""
    return {
        "Name": user.name,
        "Email address": user.email,
        "Roles": ", ".join(user.role_labels),
        "Can sign in": "yes" if user.is_active else "no",
    }


def in_words(thing: Model, fields: Iterable[str]) -> dict[str, str]:
    """The named fields of any row in words, by their labels; people with their address."""
    labels = {field.name: capfirst(str(field.verbose_name)) for field in thing._meta.fields}
    return {labels[name]: _word(getattr(thing, name)) for name in fields}


def _word(value: object) -> str:
    if isinstance(value, User):
        return f"{value.name} ({value.email})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def access_records(
    *, person: User | None = None, kind: str = "", since: date | None = None, to: date | None = None
) -> QuerySet[AccessRecord]:
    """Readings and downloads, newest first; ``since`` and ``to`` are days, both included."""
    records = AccessRecord.objects.select_related("user").order_by("-at", "-pk")
    wanted: dict[str, Any] = {}
    if person:
        wanted["user"] = person
    if kind:
        wanted["kind"] = kind
    if since:
        wanted["at__gte"] = _midnight(since)
    if to:
        wanted["at__lt"] = _midnight(to + timedelta(days=1))
    return records.filter(**wanted)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
