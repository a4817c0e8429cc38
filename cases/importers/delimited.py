"""CSV files: the encoding is known by now; the separator and the header row are found here."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

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


class DelimitedFile:
    """A template CSV: one sheet, streamed. Raises FileRefused where it is not one, or empty."""

    format = FileFormat.TEMPLATE_CSV

    def __init__(
        self, path: Path, encoding: str, choices: Mapping[str, ColumnChoice] | None = None
    ) -> None:
        self._path = path
        self._encoding = encoding
        self._separator = self._find_separator()
        top = [cells for _, cells in islice(self._records(), HEADER_SEARCH_ROWS) if cells]
        lines = [line for line, cells in islice(self._records(), HEADER_SEARCH_ROWS) if cells]
        found = find_header(top, "This file", choices or {})
        if found is None:
            raise FileRefused(self._unknown())
        line = lines[found.number - 1]
        info = SheetInfo(CSV_SHEET, template.TEMPLATE, found.profile.title, line)
        self._sheet = Sheet(info, found.profile, found.columns)
        self.sheets = [self._sheet]
        self.empty_lists: list[str] = []
        if not any(any(map(str.strip, cells or ())) for _, cells in self.rows(self._sheet)):
            raise FileRefused("The list is empty: there are no rows below the headings.")

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[str] | None]]:
        """`(line, cells)` below the header; None for cells where a record cannot be taken apart.

        The line is the one the record begins on: a value in quotes may run over several.
        """
        return ((n, cells) for n, cells in self._records() if n > sheet.info.header_row)

    def _records(self) -> Iterator[tuple[int, list[str] | None]]:
        with self._path.open(encoding=self._encoding, newline="") as text:
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

    def _find_separator(self) -> str:
        """The separator that most often stands in the first ten lines; a comma if none does."""
        with self._path.open(encoding=self._encoding, newline="") as text:
            start = "".join(text.readline(_LONGEST_LINE) for _ in range(HEADER_SEARCH_ROWS))
        return max(SEPARATORS, key=start.count)

    def _unknown(self) -> str:
        with self._path.open(encoding=self._encoding) as text:
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
