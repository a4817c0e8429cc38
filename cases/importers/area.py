"""How far out the cells of a worksheet lie, found in its XML while that is unpacked.

The library that reads workbooks allocates the area from A1 to the furthest cell with a value, at
32 bytes a cell: a stray value in XFD1048576 asks for 549 GB and ends the process. Cells without a
value (formatted and blank) cost nothing there, so they are not counted here either.
"""

from __future__ import annotations

import re
from typing import Final

from cases.importers.records import MEGABYTE, FileRefused

# Every ordinary writer begins a cell with its reference. Of those, only cells beyond column Z or
# row 99,999 matter, and a file has few of them, so this pattern is quick.
_FAR_CELL: Final = re.compile(
    rb'<c r="(?:([A-Z]{2,3})(\d{1,7})|([A-Z])(\d{6,7}))"[^>]*(?<!/)>',
)
_UNUSUAL_CELL: Final = re.compile(rb"<c[\t\r\n\f\v>]|<\w+:c[\s>]")
_ATTRIBUTES: Final = rb"((?:[^>\"']|\"[^\"]*\"|'[^']*')*)"
_ANY_CELL: Final = re.compile(rb"<(?:\w+:)?c(?=[\s>])" + _ATTRIBUTES + rb"(?<!/)>")
_ANY_ROW: Final = re.compile(rb"<(?:\w+:)?row(?=[\s>])" + _ATTRIBUTES + rb">")
_AN_E: Final = re.compile(rb"=\s*[\"']e[\"']")  # the type of a cell with an error
_REFERENCE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Z]*)(\d{1,7})[\"']")
_LONGEST_TAG: Final = MEGABYTE
_COLUMNS_NOT_LOOKED_FOR: Final = 26


class SheetArea:
    """The area of one worksheet; `look` takes its XML piece by piece."""

    def __init__(self, max_cells: int) -> None:
        self._max_cells = max_cells
        self._unfinished = b""
        self._row = self._column = 0
        self.has_errors = False  # may be said where there are none

    def look(self, piece: bytes) -> None:
        """Raises FileRefused as soon as a cell lies so far out that the area is too large."""
        text = self._unfinished + piece
        cut = text.rfind(b"<")
        self._unfinished = text[cut:] if cut >= 0 and b">" not in text[cut:] else b""
        if len(self._unfinished) > _LONGEST_TAG:
            raise FileRefused("A part of this workbook is damaged, so it was not opened.")
        text = text[: len(text) - len(self._unfinished)]
        self.has_errors = self.has_errors or _AN_E.search(text) is not None
        usual = text.count(b'<c r="')
        # The pattern takes as long as all the rest, so first whether any other tag is like a cell.
        if (text.count(b"<c") == usual and b":c" not in text) or (
            text.count(b"<c ") == usual and not _UNUSUAL_CELL.search(text)
        ):
            self._look_quickly(text)
        else:
            self._look_closely(text)
        if self._row * max(self._column, _COLUMNS_NOT_LOOKED_FOR) > self._max_cells:
            raise FileRefused(
                f"A sheet of this workbook has a cell as far out as row {self._row:,}, which "
                "makes it too large to read. Delete the rows and columns beyond the lists, or "
                "copy the lists into a new workbook, and upload that."
            )

    def finish(self) -> None:
        """The end of the entry: nothing is left to be said."""

    def _look_quickly(self, text: bytes) -> None:
        for letters, row, letter, far_row in _FAR_CELL.findall(text):
            self._reach(letters or letter, int(row or far_row))

    def _look_closely(self, text: bytes) -> None:
        """Any spelling of a cell; one without a reference stands in the row it is written in."""
        for attributes in _ANY_CELL.findall(text):
            if found := _REFERENCE.search(attributes):
                self._reach(found[1], int(found[2]))
        for attributes in _ANY_ROW.findall(text):
            if found := _REFERENCE.search(attributes):
                self._reach(found[1], int(found[2]))

    def _reach(self, letters: bytes, row: int) -> None:
        self._row = max(self._row, row)
        self._column = max(self._column, column_number(letters))


def column_number(letters: bytes) -> int:
    """The number of a column, counted from 1: "A" is 1, "AA" is 27; 0 without letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
