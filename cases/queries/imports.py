"""Imports of open cases: the list, one import as its page shows it, and what stands against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from cases.models import CaseImport, ImportProblem, Service
from cases.queries.import_meanings import columns_by_signature, services_by_name
from cases.queries.other_ids import NO_OTHER_IDS, state_of_other_ids

# More than one case in ten closing by absence is more often a wrong file than a good quarter.
MUCH = 10
DIFFERENCE = (
    "based_on", "covers", "before", "opens", "moves", "moves_out", "closes", "kept", "newer",
    "returns", "stays", "new_teams", "change_team",
)  # fmt: skip

FORMAT_NAMES = {
    "annex_a_workbook": "Annex A workbook",
    "annex_a_csv": "Annex A, a CSV file for each list",
    "template_csv": "Template (CSV)",
    "template_workbook": "Template (workbook)",
}
# The same where somebody has said what the columns mean.
NAMED_FORMAT_NAMES = {
    "template_csv": "A CSV file whose columns were named",
    "template_workbook": "A workbook whose columns were named",
}
ANNEX_A = ("annex_a_workbook", "annex_a_csv")
SEVERITY_NAMES = {
    "row_left_out": "Row left out",
    "value_left_out": "Value left out",
    "note": "Note",
}

# What was done, in a sentence.
DONE = {
    "row_left_out": "The row was left out.",
    "value_left_out": "The value was left out and the row was kept.",
    "note": "Nothing had to be done.",
}


def read_as(case_import: CaseImport) -> str:
    """What kind of list an import was read as, in words; "" where it was not read."""
    names = NAMED_FORMAT_NAMES if case_import.summary.get("chosen_columns") else FORMAT_NAMES
    return names.get(case_import.file_format, "")


def what_was_done(severity: str, done: str) -> str:
    """What was done about a problem, in a sentence that stands by itself."""
    return done or DONE.get(severity, severity)


def all_of_it(problem: ImportProblem) -> str:
    """What is wrong, what was done where that is not plain, and what it says there: in one text."""
    says = f"It says: {problem.value}" if problem.value else ""
    return " ".join(filter(None, (problem.message, problem.done, says)))


def imports_visible_to(user: User) -> QuerySet[CaseImport]:
    """All imports, for those who import; none for anybody else."""
    if not may(user, Permission.IMPORT_CASES):
        return CaseImport.objects.none()
    return CaseImport.objects.select_related("uploaded_by", "confirmed_by")


def last_confirmed_id() -> int:
    """The id of the list that was confirmed last; 0 before the first.

    What a list would change is right as long as this stays the same.
    """
    last = CaseImport.objects.filter(status=CaseImport.Status.CONFIRMED).order_by("-confirmed_at")
    return last.values_list("pk", flat=True).first() or 0


def other_ids_changed(case_import: CaseImport) -> bool:
    """Whether ids of children were joined or parted since the list was compared."""
    return bool(case_import.summary.get("other_ids", NO_OTHER_IDS) != state_of_other_ids())


def imports_behind_open_cases() -> list[CaseImport]:
    """For each service the list that was confirmed last for it, each list once, newest first.

    These are the snapshots that the open cases rest on at this moment.
    """
    covered: set[str] = set()
    behind = []
    confirmed = CaseImport.objects.filter(status=CaseImport.Status.CONFIRMED)
    for case_import in confirmed.order_by("-confirmed_at"):
        covers = set(case_import.summary.get("covers", ()))
        if covers - covered:
            behind.append(case_import)
            covered |= covers
    return behind


def confirmed_already(file_sha256: str, as_of: date) -> str:
    """Why a file cannot be imported a second time, in words; "" where it can.

    It can where another list has been confirmed since for a service that it covers, where it has
    cases of a service that it was not said to cover (it may have been meant to), and where it would
    be read otherwise now than it was.
    """
    confirmed = CaseImport.objects.filter(status=CaseImport.Status.CONFIRMED)
    same = confirmed.filter(file_sha256=file_sha256, as_of=as_of).order_by("-confirmed_at").first()
    if same is None:
        return ""
    covers = set(same.summary.get("covers", ()))
    if set(same.summary.get("by_service", ())) - covers:
        return ""
    if same.summary.get("reading") != reading_now():
        return ""
    since = confirmed.filter(confirmed_at__gt=same.confirmed_at).values_list("summary", flat=True)
    if any(covers & set(summary.get("covers", ())) for summary in since):
        return ""
    return (
        f"This file was already imported as of {in_words(as_of)} ({same.file_name}). "
        "Importing it again would change nothing."
    )


def services_not_covered_before(file_sha256: str) -> set[str]:
    """Services that a file has cases of, and that it was not said to hold all cases of when it was
    confirmed last."""
    confirmed = CaseImport.objects.filter(status=CaseImport.Status.CONFIRMED)
    same = confirmed.filter(file_sha256=file_sha256).order_by("-confirmed_at").first()
    if same is None:
        return set()
    return set(same.summary.get("by_service", ())) - set(same.summary.get("covers", ()))


def reading_now() -> str:
    """A fingerprint of all that the reading of a list depends on besides its file: what names of
    services and named columns mean, the order of services, other ids of children. Six queries."""
    columns = {
        key: [sorted(choice.columns.items()), choice.service]
        for key, choice in columns_by_signature().items()
    }
    in_order = list(Service.objects.order_by("precedence").values_list("code", flat=True))
    return _fingerprint([services_by_name(), columns, in_order, state_of_other_ids()])


def services_with_newer_list(as_of: date) -> set[str]:
    """The codes of the services for which a list newer than ``as_of`` was confirmed."""
    newer = CaseImport.objects.filter(status=CaseImport.Status.CONFIRMED, as_of__gt=as_of)
    summaries = newer.values_list("summary", flat=True)
    return {code for summary in summaries for code in summary.get("covers", ())}


def annex_a_covered_early_help() -> bool:
    """Whether the list that was confirmed last for early help was an Annex A workbook or its CSV:
    somebody then said that list 2 holds every open early help case."""
    confirmed = CaseImport.objects.filter(
        status=CaseImport.Status.CONFIRMED, summary__covers__contains="early_help"
    )
    last = confirmed.order_by("-confirmed_at").values_list("file_format", flat=True).first()
    return last in ANNEX_A


def newer_confirmed(covers: Iterable[str], as_of: date) -> str:
    """Why a list is too old, in words; "" where none of its services has a newer list."""
    wanted = set(covers)
    newer = CaseImport.objects.filter(status=CaseImport.Status.CONFIRMED, as_of__gt=as_of)
    for case_import in newer.order_by("-as_of"):
        both = wanted & set(case_import.summary.get("covers", ()))
        if both:
            names = Service.objects.filter(code__in=both).values_list("name", flat=True)
            return (
                f"This list is of {in_words(as_of)}. A newer one, of "
                f"{in_words(case_import.as_of)}, was confirmed for {_listed(names)}, and an older "
                "list would undo it."
            )
    return ""


def in_words(day: date) -> str:
    """A date as in a sentence: 30 September 2026."""
    return f"{day.day} {day:%B %Y}"


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True)
class ServiceChange:
    """What a list does to one service's open cases; ``after`` is what the service has then."""

    code: str
    name: str
    in_list: int
    before: int
    opens: int
    moves_in: int
    moves_out: int
    closes: int
    covered: bool
    unread: bool  # rows that could not be read, which may have been of such cases

    @property
    def after(self) -> int:
        """Open cases once the list is taken over."""
        return self.before + self.opens + self.moves_in - self.moves_out - self.closes

    @property
    def concerned(self) -> bool:
        """Whether the list says anything about the service, or it has open cases now."""
        return bool(self.covered or self.in_list or self.before or self.moves_in)

    @property
    def closes_much(self) -> bool:
        """More than a tenth of the service's open cases would close, or any beside rows that could
        not be read."""
        return self.closes * MUCH > self.before or (self.unread and self.closes > 0)


def service_changes(case_import: CaseImport) -> list[ServiceChange]:
    """The difference by service, in the order of precedence; a service not concerned is left out.

    Empty until the list is checked. One query.
    """
    return [change for change in every_service(case_import) if change.concerned]


def covered_names(case_import: CaseImport, services: Iterable[ServiceChange]) -> list[str]:
    """The services of which a list holds all open cases, in the order of precedence.

    ``services`` as `every_service`; a query only for lists of which no comparison is kept.
    """
    if "before" in case_import.summary:
        return [one.name for one in services if one.covered]
    covers = case_import.summary.get("covers", ())
    found = Service.objects.filter(code__in=covers).order_by("precedence")
    return list(found.values_list("name", flat=True)) if covers else []


def every_service(case_import: CaseImport) -> list[ServiceChange]:
    """As `service_changes`, with the services that are not concerned."""
    summary = case_import.summary
    if "before" not in summary:
        return []
    return [
        _change(summary, code, name)
        for code, name in Service.objects.order_by("precedence").values_list("code", "name")
    ]


def difference_shown(summary: dict[str, Any]) -> str:
    """A short fingerprint of what a list would change, and of what it was compared with.

    Whoever confirms sends back the one of the page they saw; what is done has the same one.
    """
    return _fingerprint({key: summary.get(key, {}) for key in DIFFERENCE})


def _fingerprint(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _change(summary: dict[str, Any], code: str, name: str) -> ServiceChange:
    def number(key: str) -> int:
        return int(summary[key].get(code, 0))

    return ServiceChange(
        code=code,
        name=name,
        in_list=number("by_service"),
        before=number("before"),
        opens=number("opens"),
        moves_in=number("moves"),
        moves_out=number("moves_out"),
        closes=number("closes"),
        covered=code in summary["covers"],
        unread=summary.get("unread", 0) > 0,
    )


def closing_much(case_import: CaseImport) -> list[ServiceChange]:
    """The services of which so much would close that confirming asks again."""
    return [change for change in service_changes(case_import) if change.closes_much]


def problems_of(case_import: CaseImport, severity: str = "") -> QuerySet[ImportProblem]:
    """The list's problems in the order of the file, of one severity where it is given."""
    problems = ImportProblem.objects.filter(case_import=case_import)
    return problems.filter(severity=severity) if severity else problems


def problem_counts(case_import: CaseImport) -> dict[str, int]:
    """How many problems there are of each severity, as counted when the list was checked."""
    counted: dict[str, int] = case_import.summary.get("problems", {})
    return {severity: counted.get(severity, 0) for severity in SEVERITY_NAMES}


def by_service_name(case_import: CaseImport) -> dict[str, int]:
    """Open cases in the list by the service's name as on screen, every service, zeros included."""
    counted = case_import.summary["by_service"]
    services = Service.objects.order_by("precedence").values_list("code", "name")
    return {name: counted.get(code, 0) for code, name in services}
