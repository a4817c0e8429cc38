"""Deciding what a council's files mean, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from cases.importers.codes import word_key
from cases.importers.rows import FIELDS, NO_CASE
from cases.models import CaseImport, ImportMeaning, Job
from cases.operations.imports import check_again
from cases.queries.import_meanings import answers_that_hold, headings_asked, service_choices

NOT_WAITING = "The columns of this list cannot be named now: it has moved on."


@operation
def remember_services(*, meanings: Mapping[str, str], by: User, now: datetime) -> None:
    """Keep what names of services mean: name → a service's code, or NO_CASE.

    A later decision about the same name takes the place of the earlier, which stays in the history.
    Raises Refused where there is no such service, or no name.
    """
    require(by, Permission.IMPORT_CASES)
    codes = {code for code, _ in service_choices()}
    for said, code in meanings.items():
        if code != NO_CASE and code not in codes:
            raise Refused(f"There is no service with the code “{code}”.")
        if not word_key(said):
            raise Refused(f"“{said[:40]}” cannot be the name of a service.")
        ImportMeaning.objects.update_or_create(
            kind=ImportMeaning.Kind.SERVICE,
            key=word_key(said),
            defaults={
                "said": said,
                "meaning": {"service": code},
                "decided_by": by,
                "decided_at": now,
            },
        )


@operation
def name_services(
    *, case_import: CaseImport, meanings: Mapping[str, str], by: User, now: datetime
) -> Job:
    """Say what names of services mean that are not known, and have the list read again.

    Returns the job that reads it. As `remember_services`, but what somebody else has said meanwhile
    holds; MovedOn where the list has moved on or does not ask about a name.
    """
    require(by, Permission.IMPORT_CASES)
    case_import = CaseImport.objects.select_for_update().get(pk=case_import.pk)
    held = answers_that_hold(meanings)
    asked = {one["said"] for one in case_import.summary.get("unknown_services", [])}
    new = {said: code for said, code in meanings.items() if said not in held}
    if others := [said for said in new if said not in asked]:
        raise MovedOn(f"This list does not ask about “{others[0]}”: it has been read again since.")
    remember_services(meanings=new, by=by, now=now)
    return check_again(case_import=case_import, by=by, now=now)


@operation
def name_columns(
    *,
    case_import: CaseImport,
    columns: Mapping[str, str],
    service: str,
    by: User,
    now: datetime,
    signature: str = "",
) -> Job:
    """Say what the headings of a list mean, and have it read; returns the job that does.

    The list waits for its columns, or is checked and has columns that were not read. ``columns``:
    field → heading of the file. ``service``: the code every row has, "" where a column gives it.
    ``signature``: of which headings, where there are several. Remembered for every later file with
    the same headings. Raises Refused where the id, or the service, is not said, a heading is not in
    the file or is used twice; MovedOn where the list has no such columns to name.
    """
    require(by, Permission.IMPORT_CASES)
    case_import = CaseImport.objects.select_for_update().get(pk=case_import.pk)
    asked = headings_asked(case_import, signature)
    if asked is None:
        raise MovedOn(NOT_WAITING)
    headings = asked["headings"]
    _refuse_choice(columns, service, headings)
    ImportMeaning.objects.update_or_create(
        kind=ImportMeaning.Kind.COLUMNS,
        key=asked["signature"],
        defaults={
            "said": ", ".join(headings),
            "meaning": {"columns": dict(columns), "service": service},
            "decided_by": by,
            "decided_at": now,
        },
    )
    return check_again(case_import=case_import, by=by, now=now)


def _refuse_choice(columns: Mapping[str, str], service: str, headings: Sequence[str]) -> None:
    if "child_id" not in columns:
        raise Refused("Say which column holds the child’s id.")
    if bool(service) == ("service" in columns):
        raise Refused("Say either which column holds the service or which service every row has.")
    if service and service not in {code for code, _ in service_choices()}:
        raise Refused(f"There is no service with the code “{service}”.")
    if unknown := sorted(set(columns) - set(FIELDS)):
        raise Refused(f"There is no field “{unknown[0]}”.")
    used = list(columns.values())
    for heading in used:
        if heading not in headings:
            raise Refused(f"The file has no column “{heading}”.")
        if used.count(heading) > 1:
            raise Refused(f"The column “{heading}” can mean one thing only.")


@operation
def forget_meaning(*, meaning: ImportMeaning, by: User, now: datetime) -> None:
    """Take a decision back: the next list that says the same is read without it, or asks again."""
    require(by, Permission.IMPORT_CASES)
    meaning.delete()
