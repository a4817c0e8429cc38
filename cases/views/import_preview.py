"""What the page of one import shows: facts, figures, the difference by service, problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.paginator import Page
from django.utils import timezone

from accounts.models import User
from cases.forms.imports import (
    COLUMN_LABELS,
    ColumnsForm,
    ConfirmForm,
    CoversForm,
    ServicesForm,
)
from cases.models import CaseImport, ImportProblem, Job
from cases.operations.imports import subject_of
from cases.queries.import_meanings import service_choices
from cases.queries.imports import (
    SEVERITY_NAMES,
    ServiceChange,
    covered_names,
    difference_shown,
    every_service,
    in_words,
    last_confirmed_id,
    other_ids_changed,
    problem_counts,
    read_as,
    what_was_done,
)
from cases.queries.jobs import last_job

WOULD_CHANGE = (
    "Service", "In this list", "Open now", "Opens", "Moves in", "Moves out", "Closes",
    "Open afterwards",
)  # fmt: skip
NAME_HEAD: list[Any] = [
    "Name", "Team in this list", {"text": "Cases in this list", "numeric": True},
]  # fmt: skip
TEAM_HEAD: list[Any] = [
    "Team", {"text": "Cases in this list", "numeric": True},
    {"text": "In another team before", "numeric": True}, "Most of these from",
]  # fmt: skip
CHANGED = (
    "Service", "In this list", "Open before", "Opened", "Moved in", "Moved out", "Closed",
    "Open afterwards",
)  # fmt: skip


def preview(
    case_import: CaseImport,
    form: ConfirmForm | None = None,
    services_form: ServicesForm | None = None,
    columns_form: ColumnsForm | None = None,
    covers_form: CoversForm | None = None,
) -> dict[str, Any]:
    """Everything of the page but the list of problems. Four queries, five where something has to
    be said first."""
    services = every_service(case_import)
    changes = [change for change in services if change.concerned]
    closing = [change for change in changes if change.closes_much]
    summary = case_import.summary
    checked = case_import.status == CaseImport.Status.CHECKED
    job = last_job(subject_of(case_import))
    return {
        "facts": _facts(case_import, covered_names(case_import, services)),
        "figures": _figures(case_import),
        "change_head": _numeric_but_first(
            CHANGED if case_import.status == CaseImport.Status.CONFIRMED else WOULD_CHANGE
        ),
        "sheet_head": ["Sheet", "Read as", {"text": "Rows", "numeric": True}],
        "problem_head": ["Sheet", "Row", "Column", "Value", "What is wrong", "What was done"],
        "change_rows": [_change_row(change) for change in changes],
        "change_total": _change_total(changes),
        "covers": [change.name for change in services if change.covered],
        "not_covered": [change.name for change in changes if not change.covered],
        "outdated": [one.name for one in services if one.code in summary.get("outdated", ())],
        "list_2": checked and _has_list_2(summary),
        "unread": summary.get("unread", 0),
        "not_read": _not_read(case_import),
        "stays": sum(summary.get("stays", {}).values()),
        "stays_restricted": sum(summary.get("stays_restricted", {}).values()),
        "returns": sum(summary.get("returns", {}).values()),
        "closing": closing if checked else [],
        "new_teams": summary.get("new_teams", {}),
        "new_team_head": TEAM_HEAD,
        "new_team_rows": _team_rows(summary),
        "change_team": summary.get("change_team", 0),
        "staff": summary.get("staff", {}) if checked else {},
        "name_head": NAME_HEAD,
        "leaver_rows": _name_rows(summary, "most"),
        "new_name_rows": _name_rows(summary, "most_new"),
        "by_name_head": [*NAME_HEAD[:2], "Their team here", NAME_HEAD[2]],
        "by_name_rows": _name_rows(summary, "most_by_name"),
        "kept": sum(summary.get("kept", {}).values()),
        "newer": sum(summary.get("newer", {}).values()),
        "sheet_rows": _sheet_rows(summary),
        "under_other_ids": summary.get("under_other_ids", 0),
        "out_of_date": checked and _out_of_date(case_import),
        "confirm_failed": _confirm_failed(job),
        "form": form or ConfirmForm(initial=_seen(summary), closing=closing),
        "covers_form": covers_form
        or CoversForm(initial={"covers": summary.get("covers", [])}, services=services),
        "columns_form": columns_form or _columns_form(case_import),
        "services_form": services_form or _services_form(case_import),
        "job": job if job and job.status != Job.Status.SUCCEEDED else None,
        "problem_total": sum(problem_counts(case_import).values()),
    }


def _seen(summary: dict[str, Any]) -> dict[str, Any]:
    return {"compared_with": summary.get("based_on"), "shown": difference_shown(summary)}


def _confirm_failed(job: Job | None) -> bool:
    """Whether taking the list over was tried and did not end well: it is compared again first."""
    return bool(job and job.kind == Job.Kind.CONFIRM_IMPORT and job.status == Job.Status.FAILED)


def _has_list_2(summary: dict[str, Any]) -> bool:
    return any(sheet["list"] == "list_2" and sheet["rows"] for sheet in summary.get("sheets", []))


def _out_of_date(case_import: CaseImport) -> str:
    """What happened since the list was compared that makes its difference untrue; "" if nothing."""
    if case_import.summary.get("based_on") != last_confirmed_id():
        return "Another list was confirmed"
    return "Other ids of children were added or removed" if other_ids_changed(case_import) else ""


def _services_form(case_import: CaseImport) -> ServicesForm | None:
    unknown = case_import.summary.get("unknown_services")
    if not unknown or case_import.status != CaseImport.Status.CHECKED:
        return None
    return ServicesForm(unknown=unknown, services=service_choices())


def _columns_form(case_import: CaseImport) -> ColumnsForm | None:
    waits = case_import.status == CaseImport.Status.COLUMNS
    return columns_form(case_import.summary) if waits else None


def columns_form(asked: Mapping[str, Any], said: Mapping[str, Any] | None = None) -> ColumnsForm:
    """The question what headings mean, filled in with what is understood; ``said`` is an answer."""
    return ColumnsForm(
        said,
        initial={**asked["suggested"], "every_row": asked.get("service", "")},
        headings=asked["headings"],
        services=service_choices(),
    )


def _not_read(case_import: CaseImport) -> dict[str, Any] | None:
    """Columns of a checked list that were not read: their names, and whose meaning can be said."""
    summary = case_import.summary
    names = summary.get("unread_columns", [])
    if case_import.status != CaseImport.Status.CHECKED or not names:
        return None
    to_name = summary.get("to_name", [])
    return {
        "names": ", ".join(names),
        "count": len(names),
        "to_name": [
            {"signature": one["signature"], "sheet": one["sheet"] if len(to_name) > 1 else ""}
            for one in to_name
        ],
    }


def in_columns(columns: Mapping[str, str], service: str = "") -> str:
    """What headings mean, in words: "Child’s id: Client Ref; …"."""
    said = [f"{COLUMN_LABELS[field]}: {heading}" for field, heading in columns.items()]
    return "; ".join([*said, f"every row: {service}"] if service else said)


def problem_rows(problems: Iterable[ImportProblem]) -> list[list[Any]]:
    """Rows of the table of problems."""
    return [
        [
            problem.sheet or "The file",
            problem.row or "–",
            problem.column or "–",
            problem.value or "–",
            problem.message,
            what_was_done(problem.severity, problem.done),
        ]
        for problem in problems
    ]


def problem_caption(page: Page[ImportProblem], severity: str) -> str:
    """The caption of the table: which of how many are shown."""
    what = SEVERITY_NAMES[severity].lower() if severity else "in the order of the file"
    shown = f"{page.start_index():,} to {page.end_index():,} of {page.paginator.count:,}"
    return f"Problems {shown}, {what}" if page.paginator.count else f"Problems, {what}"


def _team_rows(summary: dict[str, Any]) -> list[list[str]]:
    return [
        [one["name"], f"{one['cases']:,}", f"{one['coming']:,}", one["most_from"] or "–"]
        for one in summary.get("new_teams", {}).get("first", [])
    ]


def _name_rows(summary: dict[str, Any], which: str) -> list[list[str]]:
    return [
        [
            one["name"],
            one["team"] or "No team",
            *([one["own_team"] or "No team"] if "own_team" in one else []),
            f"{one['cases']:,}",
        ]
        for one in summary.get("staff", {}).get(which, [])
    ]


def _sheet_rows(summary: dict[str, Any]) -> list[list[str]]:
    return [
        [sheet["name"], sheet["title"][:1].upper() + sheet["title"][1:], f"{sheet['rows']:,}"]
        for sheet in summary.get("sheets", [])
    ]


def _numeric_but_first(head: Iterable[str]) -> list[dict[str, Any]]:
    return [{"text": text, "numeric": place > 0} for place, text in enumerate(head)]


def _numbers(change: ServiceChange) -> list[int]:
    return [
        change.in_list, change.before, change.opens, change.moves_in, change.moves_out,
        change.closes, change.after,
    ]  # fmt: skip


def _change_row(change: ServiceChange) -> list[str]:
    return [change.name, *(f"{number:,}" for number in _numbers(change))]


def _change_total(changes: list[ServiceChange]) -> list[str]:
    columns = zip(*map(_numbers, changes), strict=True)
    return ["All services", *(f"{sum(column):,}" for column in columns)] if changes else []


def _figures(case_import: CaseImport) -> list[dict[str, Any]]:
    summary = case_import.summary
    if "rows_read" not in summary:
        return []
    problems = problem_counts(case_import)
    return [
        _figure(summary["rows_read"], "row read", "rows read"),
        *_rows_kept(summary),
        _figure(summary["children"], "child", "children"),
        _figure(summary["open_cases"], "open case", "open cases"),
        {
            **_figure(problems["row_left_out"], "row left out", "rows left out"),
            "warning": problems["row_left_out"] > 0,
            "url": "#problems" if problems["row_left_out"] else "",
        },
    ]


def _figure(number: int, one: str, many: str) -> dict[str, Any]:
    return {"value": f"{number:,}", "label": one if number == 1 else many}


def _rows_kept(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Only of lists that were read since these are counted."""
    if "rows_kept" not in summary:
        return []
    return [
        _figure(summary["rows_kept"], "row kept", "rows kept"),
        _figure(summary["rows_merged"], "row merged into another", "rows merged into another"),
    ]


def _facts(case_import: CaseImport, covers: list[str]) -> list[dict[str, Any]]:
    facts = [
        ("File", case_import.file_name),
        ("Read as", read_as(case_import)),
        ("Uploaded", _who_and_when(case_import.uploaded_by, case_import.uploaded_at)),
    ]
    if case_import.confirmed_at:
        who_and_when = _who_and_when(case_import.confirmed_by, case_import.confirmed_at)
        facts.append(("Confirmed", who_and_when))
    if "covers" in case_import.summary:
        facts.append(("Services that it covers", ", ".join(covers) or "None"))
    if chosen := case_import.summary.get("chosen_columns"):
        facts.append(("Columns as they were named", in_columns(chosen)))
    dropped = case_import.summary.get("dropped_columns", [])
    if dropped:
        facts.append(("Columns not kept", ", ".join(dropped)))
    unread = case_import.summary.get("unread_columns", [])
    if unread:
        facts.append(("Columns not read", ", ".join(unread)))
    empty = case_import.summary.get("empty_lists", [])
    if empty:
        facts.append(("Lists without rows", "; ".join(empty)))
    missing = case_import.summary.get("missing_lists", [])
    if missing:
        facts.append(("Lists without a file", "; ".join(missing)))
    files = case_import.summary.get("files", [])
    facts += [(f"Fingerprint of {file['name']} (SHA-256)", file["sha256"]) for file in files]
    label = "Fingerprint of all files together" if files else "Fingerprint of the file (SHA-256)"
    facts.append((label, case_import.file_sha256))
    return [{"key": key, "value": value} for key, value in facts if value]


def _who_and_when(who: User | None, when: datetime) -> str:
    local = timezone.localtime(when)
    clock = f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
    return f"{in_words(local.date())} at {clock} by {who}"
