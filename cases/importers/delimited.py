"""CSV files: the encoding is known by now; the separator and the header row are found here."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TextIO, cast

from cases.importers import template
from cases.importers.columns import ColumnChoice, find_header
from cases.importers.containers import NOT_A_SPREADSHEET
from cases.importers.headings import HEADER_SEARCH_ROWS
from cases.importers.records import FileFormat, FileRefused, SheetInfo
from cases.importers.source import Sheet

SEPARATORS = ",;\t|"
CSV_SHEET = "CSV"
_LONGEST_LINE = 64 * 1024
# A quotation mark that is never closed swallows the lines after it: no value has so many lines.
_LONGEST_RECORD = 20


class Records:
    """The records of one CSV file, in a folder or in an archive, read as a stream."""

    def __init__(self, path: Path | zipfile.Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._separator = self._find_separator()

    def __iter__(self) -> Iterator[tuple[int, list[str] | None]]:
        """`(line, cells)`; None for cells where a record cannot be taken apart.

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
                    yield line, None
                    continue
                yield line, cells if reader.line_num - line < _LONGEST_RECORD else None

    def text(self) -> TextIO:
        """The file opened as text, its line ends untouched."""
        opened = self._path.open("r", encoding=self._encoding, newline="")
        return cast(TextIO, opened)

    def top(self) -> tuple[list[int], list[list[str]]]:
        """The lines and the cells of the records, of the first ten, that hold anything."""
        found = [(line, cells) for line, cells in islice(self, HEADER_SEARCH_ROWS) if cells]
        return [line for line, _ in found], [cells for _, cells in found]

    def below(self, line: int) -> Iterator[tuple[int, list[str] | None]]:
        """The records that begin below a line."""
        return ((n, cells) for n, cells in self if n > line)

    def any_below(self, line: int) -> bool:
        """Whether there is a value below a line."""
        return any(any(map(str.strip, cells or ())) for _, cells in self.below(line))

    def _find_separator(self) -> str:
        """The separator that most often stands in the first ten lines; a comma if none does."""
        with self.text() as text:
            start = "".join(text.readline(_LONGEST_LINE) for _ in range(HEADER_SEARCH_ROWS))
        return max(SEPARATORS, key=start.count)


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
        self.sheets = [Sheet(info, found.profile, found.columns)]
        self.empty_lists: list[str] = []
        if not self._records.any_below(line):
            raise FileRefused("The list is empty: there are no rows below the headings.")

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[str] | None]]:
        """`(line, cells)` below the header; None for cells where a record cannot be taken apart."""
        return self._records.below(sheet.info.header_row)

    def _unknown(self) -> str:
        with self._records.text() as text:
            start = text.read(200).lstrip()
        if start.startswith("<"):
            return (
                "This file is a web page or XML, even if its name ends in .xls. Open it in Excel, "
                "save it as an Excel workbook (.xlsx), and upload that."
            )
        if not any(separator in start for separator in SEPARATORS):
            return NOT_A_SPREADSHEET
        return (
            f"None of the first {HEADER_SEARCH_ROWS} lines of this file holds the column headings "
            f"of the template. It needs: {', '.join(template.PROFILE.required)}."
        )
