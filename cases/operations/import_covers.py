"""Of which services a list holds all open cases: only their cases close by absence.

Suggested by its content, and said by whoever imports it; never taken for granted of early help,
which usually lies in another system. Why: docs/decisions/0017.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from accounts.operations import Refused
from cases.importers import FileRefused, ReadFile, Severity
from cases.importers.rows import NO_CHILD, OPENS_NO_CASE
from cases.models import CaseImport, ImportProblem, Service
from cases.queries.imports import (
    ANNEX_A,
    annex_a_covered_early_help,
    newer_confirmed,
    services_not_covered_before,
    services_with_newer_list,
)

# Annex A: each list holds all its cases, also of a service that none of its rows happens to name,
# and none of others: a care leaver of list 6 says nothing of list 9. List 2 is another matter.
LIST_COVERS = {
    "list_6": ("child_in_need", "assessment"),
    "list_7": ("child_protection",),
    "list_8": ("looked_after",),
    "list_9": ("care_leaver",),
}
LIST_2 = "list_2"


def refuse_covers(covers: Collection[str], as_of: date) -> None:
    """Raise Refused where a list cannot be said to hold all open cases of these services."""
    known = set(Service.objects.values_list("code", flat=True))
    if unknown := sorted(set(covers) - known):
        raise Refused(f"There is no service with the code “{unknown[0]}”.")
    if words := newer_confirmed(covers, as_of):
        raise Refused(words)


def unread(case_import: CaseImport) -> int:
    """Rows that may have been about a child, and nobody can say about which."""
    lost = ImportProblem.objects.filter(case_import=case_import, severity=Severity.ROW_LEFT_OUT)
    return lost.exclude(message__startswith=OPENS_NO_CASE).exclude(message__in=NO_CHILD).count()


def covered(case_import: CaseImport, file: ReadFile, in_rows: Collection[str]) -> dict[str, Any]:
    """``{"covers", "covers_said", "outdated"}``: of which services the list says all.

    ``in_rows`` are the services that it has any row of, open or closed. What somebody has said,
    else what the content suggests; a service for which a newer list was confirmed is left out.
    Raises FileRefused where that leaves none.
    """
    said = case_import.summary.get("covers_said")
    known = set(Service.objects.values_list("code", flat=True))
    wanted = (_suggested(file, in_rows) if said is None else set(said)) & known
    newer = services_with_newer_list(case_import.as_of)
    if wanted <= newer:
        words = newer_confirmed(wanted, case_import.as_of)
        if words:
            raise FileRefused(words)
    covers = {"covers": sorted(wanted - newer), "outdated": sorted(newer)}
    return covers if said is None else covers | {"covers_said": said}


def _suggested(file: ReadFile, in_rows: Collection[str]) -> set[str]:
    """The services that a list most likely says all of.

    Not those of which the same file was said before not to hold all. An empty list of Annex A
    suggests nothing. List 2 holds assessments of early help, seldom the whole caseload: it is
    suggested only where the last list for early help was Annex A as well.
    """
    not_all = services_not_covered_before(file.sha256)
    if file.format not in ANNEX_A:
        return set(in_rows) - not_all
    filled = {sheet.list_code for sheet in file.sheets if sheet.rows_read}
    covers = {code for list_code in filled for code in LIST_COVERS.get(list_code, ())}
    if LIST_2 in filled and annex_a_covered_early_help():
        covers.add("early_help")
    return covers - not_all
