"""The two entrances: what a file is, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from pathlib import Path

from cases.importers.annex_a import ADOPTERS
from cases.importers.columns import (
    CHOSEN_TITLE,
    ColumnChoice,
    ColumnsUnknown,
    Headings,
    headings_of,
)
from cases.importers.containers import DAMAGED, Container, Kind, inspect
from cases.importers.csv_lists import CsvFile, CsvLists, files_in, fingerprint, is_a_list
from cases.importers.delimited import Broken, DelimitedFile
from cases.importers.error_cells import error_cells
from cases.importers.plain_rows import PlainRows
from cases.importers.records import (
    FileFormat,
    FileRefused,
    Problem,
    ReadLimits,
    Row,
    Severity,
    SheetInfo,
)
from cases.importers.rows import RowReader, Spellings, UnknownService
from cases.importers.source import Sheet
from cases.importers.workbook import Workbook

Source = Workbook | DelimitedFile | CsvLists
_AT_ONCE = 5_000


@dataclass(slots=True)
class ReadFile:
    """A file that was accepted. Nothing of its content is held, except by `rows`."""

    path: Path
    sha256: str
    format: FileFormat
    sheets: tuple[SheetInfo, ...]
    empty_lists: tuple[str, ...]
    dropped_columns: tuple[str, ...]
    unread_columns: tuple[str, ...]
    _as_of: date
    _services: Mapping[str, str]
    _limits: ReadLimits
    _source: Source
    # Of several files that were given together: the name and the SHA-256 of each.
    files: tuple[tuple[str, str], ...] = ()
    unknown_services: tuple[UnknownService, ...] = ()

    @property
    def chosen_columns(self) -> dict[str, str]:
        """Field → heading where somebody has named the columns; empty for the known formats."""
        return {
            field: heading
            for sheet in self._source.sheets
            if sheet.profile.title == CHOSEN_TITLE
            for field, heading in sheet.columns.headings.items()
        }

    @property
    def nameable(self) -> tuple[Headings, ...]:
        """The headings of flat lists that have columns of which nothing is read: what these mean
        can be said. Each set of headings once."""
        found: dict[str, Headings] = {}
        for sheet in self._source.sheets:
            if sheet.is_template and sheet.columns.unread:
                service = sheet.profile.service_code or ""
                one = headings_of(sheet.columns, service, sheet.info.name)
                found.setdefault(one.signature, one)
        return tuple(found.values())

    def rows(self) -> Iterator[Row]:
        """Every row once: a CaseRow, or a Problem that says the row was left out.

        Problems of a kept row come just before it; remarks on a whole sheet (row None) before its
        rows. A generator: a CSV file is streamed, a workbook is read sheet by sheet. It can be
        called again, and never raises for one bad row. `unknown_services` is right at its end.
        """
        return chain.from_iterable(self.pieces())

    def pieces(self) -> Iterator[list[Row]]:
        """What `rows` gives, some thousands at a time."""
        yield self._list_notes()
        spellings = Spellings(self._as_of, self._services)
        for sheet in self._source.sheets:
            sheet.info.rows_read = 0
            if sheet.profile.list_code == ADOPTERS:
                continue
            yield [*sheet.notes()]
            yield from self._of_sheet(sheet, spellings)
        yield [*spellings.not_reported()]
        self.unknown_services = tuple(spellings.unknown_services.values())

    def _of_sheet(self, sheet: Sheet, spellings: Spellings) -> Iterator[list[Row]]:
        one = RowReader(sheet, self._as_of, spellings, self._limits)
        many = PlainRows(sheet, self._as_of, spellings, self._limits)
        records = self._source.rows(sheet)
        while piece := list(islice(records, _AT_ONCE)):
            numbers, given = zip(*piece, strict=True)
            plain = many.read(numbers, [() if type(each) is Broken else each for each in given])
            found: list[Row] = [row for row in plain if row is not None]
            if len(found) == len(plain):
                sheet.info.rows_read += len(found)
                yield found
                continue
            found = []
            for number, cells, row in zip(numbers, given, plain, strict=True):
                if row is not None:
                    found.append(row)
                elif isinstance(cells, Broken):
                    lost = one.broken(number, cells.lines)
                    found += lost
                    sheet.info.rows_read += len(lost) - 1
                elif _is_blank(cells):
                    continue
                else:
                    row = one.read(number, cells)
                    found += one.problems
                    if row is not None:
                        found.append(row)
                sheet.info.rows_read += 1
            yield found
        yield [*one.at_the_end()]

    @property
    def missing_lists(self) -> tuple[str, ...]:
        """Titles of the lists for which no file was given; empty for anything but CSV files."""
        return tuple(self._source.missing_lists) if isinstance(self._source, CsvLists) else ()

    def _list_notes(self) -> list[Row]:
        notes: list[Row] = []
        if self.empty_lists:
            lists = "; ".join(self.empty_lists)
            notes.append(Problem("", None, "", f"No rows in: {lists}.", Severity.NOTE))
        if self.missing_lists:
            lists = "; ".join(self.missing_lists)
            notes.append(Problem("", None, "", f"No file was given for: {lists}.", Severity.NOTE))
        return notes


def _is_blank(cells: list[object] | list[str]) -> bool:
    """Whether a row is only formatted: every cell empty, or spaces of some kind."""
    for cell in cells:  # nearly always the first decides
        if cell is None:
            continue
        if not isinstance(cell, str) or cell.strip("\ufeff\u200b \t\r\n\xa0"):
            return False
    return True


def read(
    path: str | Path,
    *,
    as_of: date,
    limits: ReadLimits | None = None,
    services: Mapping[str, str] | None = None,
    columns: Mapping[str, ColumnChoice] | None = None,
) -> ReadFile:
    """Open a council's file and say what it is; its rows follow from `ReadFile.rows`.

    `as_of` is the date the list is true for: ages are counted at it, and later dates are
    problems. `services` says what names of services mean that are not known here: the name as
    `codes.plain` makes it, and a service's code, or `NO_CASE` where its rows open no case.
    `columns` is what was said of headings that are not the template's, by their signature. Raises
    FileRefused, with a message for the user, where the file as a whole cannot be accepted;
    ColumnsUnknown, which is one, where it can be once its columns are named.
    """
    path, limits = Path(path), limits or ReadLimits()
    container = inspect(path, limits)
    source: Source
    sha256 = container.sha256
    files: tuple[tuple[str, str], ...] = ()
    if container.kind is Kind.TEXT:
        source = _open_text(path, container, columns)
    elif container.kind is Kind.LISTS:
        found = files_in(path)
        source = CsvLists(found)
        sha256 = fingerprint(file.sha256 for file in found)
        files = tuple((file.name, file.sha256) for file in found)
    else:
        source = _open_workbook(path, columns, container.has_errors)
    columns_of = [sheet.columns for sheet in source.sheets]
    dropped = dict.fromkeys(name for columns in columns_of for name in columns.dropped)
    unread = dict.fromkeys(name for columns in columns_of for name in columns.unread)
    return ReadFile(
        path=path,
        sha256=sha256,
        format=source.format,
        sheets=tuple(sheet.info for sheet in source.sheets),
        empty_lists=tuple(source.empty_lists),
        dropped_columns=tuple(dropped),
        unread_columns=tuple(unread),
        _as_of=as_of,
        _services=services or {},
        _limits=limits,
        _source=source,
        files=files,
    )


def _open_text(
    path: Path, container: Container, columns: Mapping[str, ColumnChoice] | None
) -> DelimitedFile | CsvLists:
    """The template, or columns that somebody has named; else one list of Annex A by itself."""
    try:
        return DelimitedFile(path, container.encoding, columns)
    except ColumnsUnknown:
        if not is_a_list(path, container.encoding):
            raise
        return CsvLists([CsvFile("", path, container.encoding, container.sha256)])


def _open_workbook(
    path: Path, columns: Mapping[str, ColumnChoice] | None, has_errors: bool
) -> Workbook:
    try:
        return Workbook(path, columns, error_cells(path) if has_errors else {})
    except BaseException as error:
        # The reader library is written in Rust; its panics are no ordinary exceptions.
        if type(error).__name__ == "PanicException":
            raise FileRefused(DAMAGED) from error
        raise


def sniff(path: str | Path, *, limits: ReadLimits | None = None) -> FileFormat:
    """Which kind of file this is, by its content; raises FileRefused like `read`."""
    return read(path, as_of=date.max, limits=limits).format
