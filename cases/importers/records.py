"""What reading a council's file gives: rows, problems, and the file's own particulars.

Nothing here holds a name, an address, an NHS number, a UPN or a date of birth: a reader that has
no place to put them cannot pass them on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, PositiveInt

MEGABYTE = 1024 * 1024


class FileFormat(StrEnum):
    """The kinds of file that can be read, told apart by content and never by name."""

    ANNEX_A_WORKBOOK = "annex_a_workbook"
    ANNEX_A_CSV = "annex_a_csv"
    TEMPLATE_CSV = "template_csv"
    TEMPLATE_WORKBOOK = "template_workbook"


class Severity(StrEnum):
    """What was done about a problem."""

    ROW_LEFT_OUT = "row_left_out"
    VALUE_LEFT_OUT = "value_left_out"
    NOTE = "note"


class FileRefused(Exception):
    """The file as a whole cannot be accepted; `message` says why in the user's words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ReadLimits(BaseModel):
    """How large a file may be. Every limit is checked before a spreadsheet library sees the file.

    `max_cells` is the area of a worksheet from A1 to its furthest cell: the library holds that
    area in memory, so one stray cell in the last corner of a sheet would need 400 gigabytes.
    """

    model_config = ConfigDict(frozen=True)

    max_bytes: PositiveInt = 200 * MEGABYTE
    max_unpacked_bytes: PositiveInt = 600 * MEGABYTE
    max_ratio: PositiveInt = 200
    max_entries: PositiveInt = 2_000
    max_cells: PositiveInt = 10_000_000
    max_id_length: PositiveInt = 50


class CaseRow(NamedTuple):
    """One row about one child. Its problems, if any, are yielded just before it.

    A named tuple, because a file may have a million. `row` is the 1-based line of the sheet or
    file. `service_code` is None where the row is only an event (lists 1, 3, 4, 5 and 10): the child
    is known by it, no case is open by it; in the template, where the row does not say its service:
    `is_open` then says that the child is open to one, so a case they have is not closed. The
    `*_code` fields hold a recognised code or "", beside the text as the council typed it.
    `age_years` is the age at the as-of date, -1 for an unborn child.
    """

    sheet: str
    row: int
    child_id: str
    list_code: str
    service_code: str | None
    service_text: str
    is_open: bool
    opened_on: date | None
    closed_on: date | None
    team: str
    practitioner: str
    family_id: str
    agency: bool | None
    restricted: bool | None
    age_years: int | None
    gender: str
    gender_code: str
    ethnicity: str
    ethnicity_code: str
    disability: str
    disabled: bool | None
    disability_team: bool | None
    transferred_in_on: date | None
    transferred_in_from: str
    legal_status: str
    plan: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the file's owner should know. `row` is None where a whole sheet is meant.

    `column` is the heading as it stands in the file. `value` is what stood there, cut short;
    it is left empty for dates of birth and for whatever else is not kept. `done` says what was
    done, "" where the severity says it all.
    """

    sheet: str
    row: int | None
    column: str
    message: str
    severity: Severity
    value: str = ""
    done: str = ""


Row = CaseRow | Problem


@dataclass(slots=True)
class SheetInfo:
    """One list of a file. `rows_read` grows while the rows are read; blank rows do not count."""

    name: str
    list_code: str
    title: str
    header_row: int
    rows_read: int = 0
