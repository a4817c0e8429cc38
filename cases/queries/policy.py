"""The numbers in force in a quarter, and who changed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.apps import apps

from accounts.models import User
from cases.models import AuditQuarter
from cases.policies import sections
from cases.rules.numbers import shown
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter


def case_policy(quarter: AuditQuarter) -> CasePolicy:
    """The policy stored with ``quarter``; the defaults where it has none of its own yet."""
    return CasePolicy.from_dict(quarter.policies.get("cases", {}))


def policies_to_begin_with(quarter: Quarter) -> dict[str, Any]:
    """What a quarter begins with: the numbers of the one before it, if there was one."""
    earlier = AuditQuarter.objects.filter(starts_on__lt=quarter.starts).order_by("-starts_on")
    return dict(earlier.values_list("policies", flat=True).first() or {})


def quarter_as_it_begins(quarter: Quarter) -> AuditQuarter:
    """A quarter that nothing was done in yet, not stored, with the numbers it will have."""
    return AuditQuarter(
        label=quarter.label,
        starts_on=quarter.starts,
        ends_on=quarter.ends,
        policies=policies_to_begin_with(quarter),
    )


def numbers_in_words(quarter: AuditQuarter) -> dict[str, str]:
    """Every number in force, by its label: what a form about them shows."""
    return {
        f"{group.title}, {number.label}": shown(number, values[number.name])
        for section in sections()
        for values in [section.in_force(quarter.policies.get(section.code, {}))]
        for group in section.groups
        for number in group.numbers
    }


@dataclass(frozen=True)
class NumberChange:
    """One number that somebody changed."""

    label: str
    before: str
    after: str
    who: str
    when: datetime


def number_changes(quarter: AuditQuarter) -> list[NumberChange]:
    """Who changed which number of a quarter, newest first. Two queries."""
    events: Any = apps.get_model("cases", "AuditQuarterEvent").objects
    of_quarter = events.filter(pgh_obj_id=quarter.pk)
    rows = list(of_quarter.select_related("pgh_context").order_by("pgh_id"))
    users = {_user_of(row) for row in rows}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=users)}
    found: list[NumberChange] = []
    for before, after in pairwise(rows):
        who = names.get(_user_of(after), "Not through the application")
        for label, one, other in _differences(before, after):
            found.append(NumberChange(label, one, other, who, after.pgh_created_at))
    return found[::-1]


def _user_of(event: Any) -> int:
    """The number of the person who made a change; 0 where that is not known."""
    return int((event.pgh_context.metadata if event.pgh_context else {}).get("user") or 0)


def _differences(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    if before.policies == after.policies:
        return
    then, now = numbers_in_words(before), numbers_in_words(after)
    for label, words in now.items():
        if then[label] != words:
            yield label, then[label], words
