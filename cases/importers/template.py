"""Our own template: one row per open case, as CSV or as the same columns in a workbook."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cases.importers.annex_a import ListProfile
from cases.importers.codes import SERVICE_NAMES
from cases.importers.headings import COMMON, heading_key

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
    ),
    opening="opened_on",
    closing="closed_on",
    required=tuple(column.heading for column in _COLUMNS if column.required),
)  # fmt: skip


def template_columns() -> tuple[TemplateColumn, ...]:
    """Every column of the template in order, for the help page."""
    return _COLUMNS


def template_csv() -> str:
    """The template as CSV text: the headings and one example row to be overwritten."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(column.heading for column in _COLUMNS)
    writer.writerow(column.example for column in _COLUMNS)
    return out.getvalue()
