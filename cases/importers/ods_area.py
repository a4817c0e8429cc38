"""How many cells an OpenDocument spreadsheet comes to, found in its XML while that is unpacked.

A cell or a row is written once with a number of repetitions, and the library that reads
spreadsheets writes them out: a file of a kilobyte can ask for 17 thousand million cells. Blank
cells and rows after the last value cost nothing there, so they are not counted here either; every
program writes such a tail down to row 1,048,576.
"""

from __future__ import annotations

from xml.parsers import expat

from cases.importers.plain_xml import NotPlainXml, plain_parser
from cases.importers.records import FileRefused

CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
_MOST_DIGITS = 9


class OdsArea:
    """The cells of all sheets together; `look` takes content.xml piece by piece."""

    def __init__(self, max_cells: int, damaged: str) -> None:
        self._max_cells = max_cells
        self._damaged = damaged
        # Cells of the sheets before this one; of this one the rows so far, the last row with a
        # value, and the last column with one.
        self._done = self._rows = self._filled = self._width = 0
        self._row_repeated = self._column = self._last_value = 0
        self._cell_repeated = 0
        self.has_errors = False
        self._parser = plain_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def look(self, piece: bytes) -> None:
        """Raises FileRefused as soon as there are too many cells, or the XML is not in order."""
        self._parse(piece, final=False)

    def finish(self) -> None:
        """The end of the file: what is cut off is damaged."""
        self._parse(b"", final=True)

    def _parse(self, piece: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(piece, final)
        except (expat.ExpatError, NotPlainXml, ValueError) as error:
            raise FileRefused(self._damaged) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in CELLS:
            self._cell_repeated = repetitions(attributes.get("table:number-columns-repeated"))
            if "office:value-type" in attributes:
                self._value()
            self.has_errors = self.has_errors or holds_an_error(attributes)
        elif name == "table:table-row":
            self._row_repeated = repetitions(attributes.get("table:number-rows-repeated"))
            self._column = self._last_value = 0
        elif name == "table:table":
            self._end_sheet()

    def _end(self, name: str) -> None:
        if name in CELLS:
            self._column += self._cell_repeated
            self._cell_repeated = 0
        elif name == "table:table-row":
            self._end_row()

    def _text(self, text: str) -> None:
        if self._cell_repeated and not text.isspace():
            self._value()

    def _value(self) -> None:
        self._last_value = self._column + self._cell_repeated

    def _end_row(self) -> None:
        self._rows += self._row_repeated
        if self._last_value:
            self._filled = self._rows
            self._width = max(self._width, self._last_value)
        if self._done + self._filled * self._width > self._max_cells:
            raise FileRefused(
                f"A sheet of this workbook has a value as far out as row {self._filled:,}, column "
                f"{self._width:,}, which makes it too large to read. Delete the rows and columns "
                "beyond the lists, or copy the lists into a new workbook, and upload that."
            )

    def _end_sheet(self) -> None:
        self._done += self._filled * self._width
        self._rows = self._filled = self._width = 0


def holds_an_error(attributes: dict[str, str]) -> bool:
    """Whether a cell holds an error such as #N/A, as spreadsheet programs write it."""
    return attributes.get("calcext:value-type") == "error"


def repetitions(text: str | None) -> int:
    """A number of repetitions; one where none is given. Raises ValueError."""
    if text is None:
        return 1
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text) if len(text) <= _MOST_DIGITS else 10**_MOST_DIGITS
