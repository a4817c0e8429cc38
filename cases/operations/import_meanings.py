"""Deciding what a council's files mean, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.models import User
from accounts.operations import Refused, operation
from accounts.policy import Permission, require
from cases.importers.codes import plain
from cases.importers.rows import NO_CASE
from cases.models import ImportMeaning
from cases.queries.import_meanings import service_choices

LONGEST_NAME = 200


@operation
def remember_services(*, meanings: Mapping[str, str], by: User, now: datetime) -> None:
    """Keep what names of services mean: name → a service's code, or NO_CASE.

    A later decision about the same name takes the place of the earlier, which stays in the history.
    Raises Refused where there is no such service, or the name is too long to be one.
    """
    require(by, Permission.IMPORT_CASES)
    codes = {code for code, _ in service_choices()}
    for said, code in meanings.items():
        if code != NO_CASE and code not in codes:
            raise Refused(f"There is no service with the code “{code}”.")
        if not 0 < len(plain(said)) <= LONGEST_NAME:
            raise Refused(f"“{said[:40]}” cannot be the name of a service.")
        ImportMeaning.objects.update_or_create(
            kind=ImportMeaning.Kind.SERVICE,
            key=plain(said),
            defaults={
                "said": said,
                "meaning": {"service": code},
                "decided_by": by,
                "decided_at": now,
            },
        )


@operation
def forget_meaning(*, meaning: ImportMeaning, by: User, now: datetime) -> None:
    """Take a decision back: the next list that says the same asks again."""
    require(by, Permission.IMPORT_CASES)
    meaning.delete()
