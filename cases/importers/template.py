"""Our own template: one row per open case, as CSV or as the same columns in a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cases.importers.annex_a import ListProfile
from cases.importers.codes import SERVICE_NAMES
from cases.importers.headings import (
    ASKS_CLOSED,
    ASKS_OPEN,
    COMMON,
    HEADER_SEARCH_ROWS,
    heading_key,
    known_fields,
)
from cases.importers.records import FileRefused

TEMPLATE: Final = "template"


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column of the template, as the help page explains it."""

    heading: str
    required: bool
    explanation: str
    example: str


_SERVICES = ", ".join(SERVICE_NAMES.values())
_COLUMNS = (
    TemplateColumn(
        "child_id", True, "The council\u2019s own id of the child. Kept as text: leading zeros "
        "stay. No names.", "00412345"),
    TemplateColumn("service", True, f"One of: {_SERVICES}.", "Child protection"),
    TemplateColumn("team", True, "The team that holds the case.", "Locality 3 Team 2"),
    TemplateColumn(
        "practitioner", True, "The allocated worker, written as in your staff list.",
        "R. Okafor"),
    TemplateColumn("opened_on", True, "The date the case opened, day first.", "14/02/2026"),
    TemplateColumn(
        "family_id", False, "An id shared by brothers and sisters, so that only one child of a "
        "family is drawn.", "F20871"),
    TemplateColumn(
        "closed_on", False, "Leave blank for an open case. A row with a closing date opens no "
        "case.", ""),
    TemplateColumn("agency", False, "Is the practitioner an agency worker? Yes or No.", "No"),
    TemplateColumn(
        "restricted", False, "Is the record restricted? Yes or No. A restricted case is counted "
        "and not drawn.", "No"),
    TemplateColumn(
        "date_of_birth", False, "Turned into the age in years on the as-of date, then "
        "forgotten.", "03/09/2014"),
    TemplateColumn("gender", False, "Male, Female, Not stated or Neither.", "Female"),
    TemplateColumn(
        "ethnicity", False, "The four-letter code of the school census, or the name of the "
        "group.", "WBRI"),
    TemplateColumn("disability", False, "Yes, No or Unknown.", "No"),
    TemplateColumn(
        "disability_team", False, "Does the team work with disabled children? Yes or No. The team "
        "is marked so where all its rows say Yes.", "No"),
    TemplateColumn(
        "transferred_in_on", False, "The date the case came from another authority, if it "
        "did.", ""),
    TemplateColumn(
        "transferred_in_from", False, "The authority the case came from.", ""),
    TemplateColumn(
        "legal_status", False, "For a looked after child: the legal status code.", ""),
    TemplateColumn("plan", False, "The plan the child has now, in a few words.",
                   "Child protection plan"),
)  # fmt: skip

PROFILE: Final = ListProfile(
    TEMPLATE,
    "the template",
    None,
    MappingProxyType(
        dict(COMMON)
        | {heading_key(name): "service" for name in ("service", "service name", "service code")}
        | {heading_key(name): "opened_on" for name in ("opened on", "opened", "open date",
                                                       "date opened", "start date")}
        | {heading_key(name): "closed_on" for name in ("closed on", "closed", "close date",
                                                       "date closed", "end date")}
        | dict.fromkeys((ASKS_CLOSED, ASKS_OPEN), "status")
    ),
    opening="opened_on",
    closing="closed_on",
    required=tuple(column.heading for column in _COLUMNS if column.required),
)  # fmt: skip


def template_columns() -> tuple[TemplateColumn, ...]:
    """Every column of the template in order, for the help page."""
    return _COLUMNS


def template_csv() -> str:
    """The template as CSV text: its headings alone.

    There is no example row, because one left in place would be read as a child.
    """
    out = io.StringIO(newline="")
    csv.writer(out).writerow(column.heading for column in _COLUMNS)
    return out.getvalue()


def header_row(top: Sequence[Sequence[object]]) -> int | None:
    """The 1-based row, of the first ten, with most of the template's headings (two or more)."""
    counts = [len(known_fields(row, PROFILE.columns)) for row in top[:HEADER_SEARCH_ROWS]]
    most = max(counts, default=0)
    return counts.index(most) + 1 if most >= 2 else None


def check_header(header: Sequence[object], what: str) -> None:
    """Raises FileRefused naming the required columns that are not there; `what` begins it."""
    fields = known_fields(header, PROFILE.columns)
    missing = [name for name in PROFILE.required if name not in fields]
    if "child_id" in missing:
        others = f" It also lacks: {', '.join(missing[1:])}." if len(missing) > 1 else ""
        raise FileRefused(f"{what} has no id column: the template needs child_id.{others}")
    if missing:
        raise FileRefused(
            f"{what} lacks {'a column' if len(missing) == 1 else 'columns'} that the template "
            f"needs: {', '.join(missing)}."
        )
