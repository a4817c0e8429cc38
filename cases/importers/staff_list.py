"""A council's list of its staff, as CSV or the first sheet of a workbook, made into one shape.

Personnel systems export many columns; those understood are taken over under the names of
`cases.rules.staff_file`, every other column is left unread and named. Each line keeps its number in
the file, so that what is wrong can be put right there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

import python_calamine as calamine

from accounts.rules.table_file import OPEN_QUOTE, runs_together
from cases.importers.cells import clean_id, clean_name, clean_text, id_was_shortened, read_date
from cases.importers.codes import agency_status, yes_or_no
from cases.importers.containers import DAMAGED, NOT_A_SPREADSHEET, PROTECTED, Kind, inspect
from cases.importers.headings import HEADER_SEARCH_ROWS, ColumnMap, heading_key, known_fields
from cases.importers.headings import map_columns as _map_columns
from cases.importers.records import MEGABYTE, FileRefused, ReadLimits

LIMITS: Final = ReadLimits(
    max_bytes=5 * MEGABYTE, max_unpacked_bytes=100 * MEGABYTE, max_cells=2_000_000
)
MAX_ROWS: Final = 5_000
SEPARATORS = ",;\t|"
# Words in place of an answer that cannot be read: no heading, number or date looks like it.
UNREADABLE = "?"

_NAMES: Final = {
    "practitioner": "practitioner|name|full name|worker|worker name|practitioner name|staff name"
    "|employee|employee name|social worker|social worker name|display name|worker full name"
    "|practitioner full name|staff full name|staff member full name|employee full name"
    "|social worker full name|full name of worker|full name of practitioner",
    "first_name": "first name|forename|forenames|given name|known as|preferred name"
    "|worker first name|worker forename|practitioner first name|practitioner forename"
    "|staff first name|staff forename|employee first name|employee forename"
    "|social worker first name|social worker forename",
    "last_name": "last name|surname|family name|worker last name|worker surname"
    "|practitioner last name|practitioner surname|staff last name|staff surname"
    "|employee last name|employee surname|social worker last name|social worker surname",
    "staff_number": "staff number|staff no|staff id|employee number|employee no|employee id"
    "|payroll number|payroll no|payroll id|personnel number|personnel no|assignment number"
    "|worker id|person number",
    "team": "team|team name|allocated team|current team|work team",
    "service": "service|service name|service area",
    "manager": "manager|team manager|line manager|manager name|team manager name|manager email"
    "|team manager email|line manager email|line manager name|manager email address|reports to",
    "agency": "agency|agency worker|agency worker (y/n)|agency staff|employment type"
    "|contract type|type of contract|employment status|worker type|permanent or agency"
    "|employment",
    "disability_team": "disability team|disability team (y/n)|disabled children team"
    "|disabled children's team|works with disabled children|children with disabilities team"
    "|cwd|cwd team",
    "started_on": "start date|started|started on|date started|employment start date|started work"
    "|start|date of start|continuous service date|contract start date",
}
KNOWN: Final[Mapping[str, str]] = {
    heading_key(name): field for field, names in _NAMES.items() for name in names.split("|")
}
_AGENCY_WORDS: Final = {
    "agency staff": "yes", "agency social worker": "yes", "locum worker": "yes", "temp": "yes",
    "temporary agency": "yes", "employee": "no", "employed": "no", "permanent staff": "no",
    "fixed term": "no", "fixed-term": "no", "council": "no", "council employee": "no",
}  # fmt: skip
FIELDS: Final = ("practitioner", "staff_number", "team", "service", "manager", "agency",
                 "started_on", "disability_team")  # fmt: skip

_PARTS: Final = ("first_name", "last_name")  # of a name, read where there are both

Row = tuple[int, Sequence[Any]]


@dataclass(frozen=True)
class StaffList:
    """The list as CSV text with the column ``line`` and those of FIELDS that the file has; and the
    headings of the columns that were not read."""

    text: str
    unread: tuple[str, ...] = ()


def read_staff(path: Path, *, today: date) -> StaffList:
    """The list of staff that a file holds.

    Dates become ISO, agency "yes" or "no"; a cell that cannot be read stands behind UNREADABLE, and
    it alone for the name in a line with more values than headings.
    Raises FileRefused, in words, where the file is no list of staff.
    """
    container = inspect(path, LIMITS)
    if container.kind is Kind.LISTS:
        raise FileRefused(NOT_A_SPREADSHEET)
    if container.kind is Kind.WORKBOOK:
        rows = _workbook_rows(path)
    else:
        rows = _csv_rows(path, container.encoding)
    top = list(islice(rows, HEADER_SEARCH_ROWS))
    place = _header_place(top)
    columns = _map_columns(top[place][1], KNOWN)
    fields = _fields(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["line", *fields])
    written = 0
    for number, cells in _after(top[place + 1 :], rows):
        values = _values(cells, columns, fields, today)
        if container.kind is Kind.TEXT and len(cells) > columns.cells:
            # A comma in a name without quotation marks moves all that comes after it.
            values = [UNREADABLE if field == "practitioner" else "" for field in fields]
        if any(values):
            written += 1
            if written > MAX_ROWS:
                raise FileRefused(f"There are more than {MAX_ROWS:,} people in this list.")
            writer.writerow([number, *values])
    if not written:
        raise FileRefused("The list is empty: there are no rows below the headings.")
    return StaffList(out.getvalue(), _unread(columns))


def _unread(columns: ColumnMap) -> tuple[str, ...]:
    """The headings of columns of which nothing was read, once each, in the order of the file."""
    unread = {*columns.unread, *columns.dropped, *columns.repeated}
    names = [columns.headings[part] for part in _PARTS if part in columns.headings]
    unread |= set(names) if len(names) == 1 else set()
    return tuple(dict.fromkeys(heading for heading in columns.given if heading in unread))


def _after(rest: Sequence[Row], rows: Iterator[Row]) -> Iterator[Row]:
    yield from rest
    yield from rows


def _csv_rows(path: Path, encoding: str) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="") as text:
        start = "".join(text.readline(64 * 1024) for _ in range(HEADER_SEARCH_ROWS))
        text.seek(0)
        reader = csv.reader(text, delimiter=max(SEPARATORS, key=start.count))
        line = 1
        try:
            for cells in reader:
                if any(map(runs_together, cells)):
                    raise FileRefused(f"Line {line}: {OPEN_QUOTE}")
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise FileRefused(
                f"Line {line} cannot be taken apart: a quotation mark may be missing."
            ) from error


def _workbook_rows(path: Path) -> Iterator[Row]:
    """The rows of the first sheet, numbered as the spreadsheet shows them."""
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        names = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        if not names:
            raise FileRefused("There is no sheet in this workbook.")
        yield from enumerate(book.get_sheet_by_name(names[0]).iter_rows(), start=1)
    except calamine.PasswordError as error:
        raise FileRefused(PROTECTED) from error
    except calamine.CalamineError as error:
        raise FileRefused(DAMAGED) from error
    except BaseException as error:
        # The reader library is written in Rust; its panics are no ordinary exceptions.
        if type(error).__name__ == "PanicException":
            raise FileRefused(DAMAGED) from error
        raise


def _header_place(top: Sequence[Row]) -> int:
    """Which of the first rows holds the headings: the first with a name and a team."""
    for place, (_, cells) in enumerate(top):
        found = known_fields(cells, KNOWN)
        named = "practitioner" in found or found.issuperset(_PARTS)
        if named and "team" in found:
            return place
    raise FileRefused(
        "The headings were not found. A staff list needs a column “Practitioner” (or “First name” "
        "and “Surname”) and a column “Team”, in the first "
        f"{HEADER_SEARCH_ROWS} rows of the file or of the workbook’s first sheet."
    )


def _fields(columns: ColumnMap) -> list[str]:
    there = {*columns.positions}
    if there.issuperset(_PARTS):
        there.add("practitioner")
    return [field for field in FIELDS if field in there]


def _values(
    cells: Sequence[Any], columns: ColumnMap, fields: Sequence[str], today: date
) -> list[str]:
    def cell(field: str) -> Any:
        position = columns.positions.get(field)
        return cells[position] if position is not None and position < len(cells) else None

    return [_value(field, cell, today) for field in fields]


def _value(field: str, cell: Any, today: date) -> str:
    if field == "practitioner":
        whole = clean_name(cell("practitioner"))
        both = f"{clean_name(cell('first_name'))} {clean_name(cell('last_name'))}"
        return whole or both.strip()
    raw = cell(field)
    if field == "staff_number":
        return UNREADABLE + clean_text(raw) if id_was_shortened(raw) else clean_id(raw)
    if field == "agency":
        return _agency(raw)
    if field == "disability_team":
        return _yes_or_no(raw)
    if field == "started_on":
        day, readable = read_date(raw, as_of=today)
        return day.isoformat() if day else "" if readable else UNREADABLE + clean_text(raw)
    return clean_name(raw)


def _agency(raw: Any) -> str:
    text = clean_text(raw)
    return _answered(text, agency_status(_AGENCY_WORDS.get(text.casefold(), text)))


def _yes_or_no(raw: Any) -> str:
    text = clean_text(raw)
    return _answered(text, yes_or_no(text))


def _answered(text: str, found: tuple[bool | None, bool]) -> str:
    answer, readable = found
    if not readable:
        return UNREADABLE + text
    return "" if answer is None else "yes" if answer else "no"
