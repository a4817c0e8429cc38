"""CSV files: the encoding is known by now; the separator and the header row are found here."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO, cast

from cases.importers import template
from cases.importers.columns import ColumnChoice, find_header
from cases.importers.containers import NOT_A_SPREADSHEET
from cases.importers.headings import HEADER_SEARCH_ROWS, ColumnMap, heading_key, known_fields
from cases.importers.records import FileFormat, FileRefused, SheetInfo
from cases.importers.source import Sheet

SEPARATORS = ",;\t|"
CSV_SHEET = "CSV"
_LONGEST_LINE = 64 * 1024
# A quotation mark that is never closed swallows the lines after it. Where the columns do not tell,
# no value has so many lines.
_LONGEST_RECORD = 20
_ONE_VALUE = (
    "This file has one value in each line. A list needs several, with a comma, semicolon, tab or "
    f"bar between them: {', '.join(template.PROFILE.required)}."
)
# In a narrower table an honest value of two lines could look like two rows run together.
_NARROWEST = 4


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that cannot be taken apart, and how many lines it runs over."""

    lines: int


Record = tuple[int, list[str] | Broken]


class Records:
    """The records of one CSV file, in a folder or in an archive, read as a stream."""

    def __init__(self, path: Path | zipfile.Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._separator = self._find_separator()

    def read(self, columns: ColumnMap | None = None) -> Iterator[Record]:
        """`(line, cells)`, or what is broken. With ``columns`` lines run together are found too.

        The line is the one the record begins on: a value in quotes may run over several.
        """
        with self.text() as text:
            reader = csv.reader(text, delimiter=self._separator)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    yield line, Broken(max(reader.line_num - line + 1, 1))
                    continue
                more = reader.line_num - line
                if more > 0 and self._run_together(cells, columns, more):
                    yield line, Broken(more + 1)
                else:
                    yield line, cells

    def _run_together(self, cells: Sequence[str], columns: ColumnMap | None, more: int) -> bool:
        """Whether a record of one line and ``more`` is several rows, by a quotation mark left open.

        It has too few or too many values; or one value holds the rest of a row, whole rows, and
        the beginning of a row as far as where it stands. Of many lines it is enough that most are
        like rows: a note has no commas as they have.
        """
        if columns is None:
            return more >= _LONGEST_RECORD
        number = len(cells)
        while number > columns.cells and not cells[number - 1].strip():
            number -= 1
        if not columns.width <= number <= columns.cells:
            return True
        if number < _NARROWEST:
            return more >= _LONGEST_RECORD
        return any(
            self._holds_rows(value, place, number)
            for place, value in enumerate(cells)
            if "\n" in value
        )

    def _holds_rows(self, value: str, place: int, number: int) -> bool:
        first, *whole, last = (line.count(self._separator) for line in value.split("\n"))
        if len(whole) >= _LONGEST_RECORD:
            return whole.count(number - 1) * 2 > len(whole)
        return (first, last) == (number - 1 - place, place) and set(whole) <= {number - 1}

    def text(self) -> TextIO:
        """The file opened as text, its line ends untouched."""
        opened = self._path.open("r", encoding=self._encoding, newline="")
        return cast(TextIO, opened)

    def top(self) -> tuple[list[int], list[list[str]]]:
        """The lines and the cells of the records, of the first ten, that hold anything."""
        lines: list[int] = []
        top: list[list[str]] = []
        for line, cells in islice(self.read(), HEADER_SEARCH_ROWS):
            if cells and not isinstance(cells, Broken):
                lines.append(line)
                top.append(cells)
        return lines, top

    def below(self, line: int, columns: ColumnMap | None = None) -> Iterator[Record]:
        """The records that begin below a line."""
        return ((n, cells) for n, cells in self.read(columns) if n > line)

    def any_below(self, line: int) -> bool:
        """Whether there is a value below a line."""
        return any(
            not isinstance(cells, Broken) and any(map(str.strip, cells))
            for _, cells in self.below(line)
        )

    def are_blank(self) -> bool:
        """Whether there is nothing in any of them."""
        return not any(
            isinstance(cells, Broken) or any(map(str.strip, cells)) for _, cells in self.read()
        )

    def _find_separator(self) -> str:
        """The separator by which a line among the first ten has most headings that are known here;
        where none has any, the one that stands in them most often; a comma if none does."""
        with self.text() as text:
            lines = [text.readline(_LONGEST_LINE) for _ in range(HEADER_SEARCH_ROWS)]

        def known(separator: str) -> int:
            try:
                rows = list(csv.reader(lines, delimiter=separator))
            except csv.Error:
                return 0
            return max(
                (len(known_fields(row, template.PROFILE.columns)) for row in rows), default=0
            )

        start = "".join(lines)
        return max(SEPARATORS, key=lambda separator: (known(separator), start.count(separator)))


def _is_one_column(start: str) -> bool:
    """Whether lines without any separator are a table of one column rather than a letter."""
    first, *others = filter(None, map(str.strip, start.splitlines()))
    known = heading_key(first) in template.PROFILE.columns
    return known or (bool(others) and not any(" " in line for line in others))


class DelimitedFile:
    """A template CSV: one sheet, streamed. Raises FileRefused where it is not one, or empty."""

    format = FileFormat.TEMPLATE_CSV

    def __init__(
        self, path: Path, encoding: str, choices: Mapping[str, ColumnChoice] | None = None
    ) -> None:
        self._records = Records(path, encoding)
        lines, top = self._records.top()
        found = find_header(top, "This file", choices or {})
        if found is None:
            raise FileRefused(self._unknown())
        line = lines[found.number - 1]
        info = SheetInfo(CSV_SHEET, template.TEMPLATE, found.profile.title, line)
        self.sheets = [Sheet(info, found.profile, found.columns, is_csv=True)]
        self.empty_lists: list[str] = []
        if not self._records.any_below(line):
            raise FileRefused("The list is empty: there are no rows below the headings.")

    def rows(self, sheet: Sheet) -> Iterator[Record]:
        """`(line, cells)` below the header, or what is broken."""
        return self._records.below(sheet.info.header_row, sheet.columns)

    def _unknown(self) -> str:
        with self._records.text() as text:
            start = text.read(200).lstrip()
        if start.startswith("<"):
            return (
                "This file is a web page or XML, even if its name ends in .xls. Open it in Excel, "
                "save it as an Excel workbook (.xlsx), and upload that."
            )
        if self._records.are_blank():
            return "This file holds only blank lines."
        if not any(separator in start for separator in SEPARATORS):
            return _ONE_VALUE if _is_one_column(start) else NOT_A_SPREADSHEET
        return (
            f"None of the first {HEADER_SEARCH_ROWS} lines of this file holds the column headings "
            f"of the template. It needs: {', '.join(template.PROFILE.required)}."
        )
