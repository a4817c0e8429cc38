"""Cells of a workbook that hold an error of the spreadsheet, such as #N/A.

The library that reads workbooks gives them as blank. A blank says nothing; an error hides what the
cell would say, a restriction for example.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final
from xml.parsers import expat

from cases.importers.area import column_number
from cases.importers.containers import DAMAGED
from cases.importers.ods_area import CELLS, holds_an_error, repetitions
from cases.importers.plain_xml import NotPlainXml, plain_parser
from cases.importers.records import FileRefused

# Row → column → the error, both counted from 1 and 0, as rows and cells of a list are.
ErrorsOfSheet = dict[int, dict[int, str]]

MOST: Final = 200_000
_CHUNK: Final = 256 * 1024
_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\s[^>]*?\bt\s*=\s*[\"']e[\"'][^>]*(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL
)
_REFERENCE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>\s*(#[^<]{1,20})</")
_END_OF_CELL: Final = re.compile(rb"</(?:\w+:)?c>")
_CONTENT: Final = "content.xml"


def error_cells(path: Path) -> dict[str, ErrorsOfSheet]:
    """The cells with an error of each sheet, by the sheet's name; of .xlsx and .ods.

    The file is one that `containers.inspect` accepted. Raises FileRefused where there are more
    than 200,000 of them, or what is in the file is damaged.
    """
    try:
        return _found(path)
    except (expat.ExpatError, NotPlainXml, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise FileRefused(DAMAGED) from error


def _found(path: Path) -> dict[str, ErrorsOfSheet]:
    with zipfile.ZipFile(path) as archive:
        if _CONTENT in archive.namelist():
            with archive.open(_CONTENT) as content:
                return _OfOpenDocument(content).found
        found: dict[str, ErrorsOfSheet] = {}
        for name, entry in _worksheets(archive):
            with archive.open(entry) as sheet:
                if cells := _of_worksheet(sheet):
                    found[name] = cells
        return found


def _worksheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Each sheet's name and the entry that holds it."""
    entries = set(archive.namelist())
    targets = {
        attributes.get("Id"): attributes.get("Target", "")
        for attributes in _elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    }
    for attributes in _elements(archive, "xl/workbook.xml", "sheet"):
        relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
        target = targets.get(relation, "")
        entry = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        if target and entry in entries:
            yield attributes.get("name", ""), entry


def _elements(archive: zipfile.ZipFile, entry: str, wanted: str) -> list[dict[str, str]]:
    """The attributes of all elements of a name, whatever prefix they have."""
    found: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == wanted:
            found.append(attributes)

    parser = plain_parser()
    parser.StartElementHandler = start
    with archive.open(entry) as xml:
        parser.Parse(xml.read(), True)
    return found


def _of_worksheet(sheet: IO[bytes]) -> ErrorsOfSheet:
    found: ErrorsOfSheet = {}
    number = 0
    rest = b""
    while piece := sheet.read(_CHUNK):
        text = rest + piece
        ends = [end.end() for end in _END_OF_CELL.finditer(text)]
        cut = ends[-1] if ends else 0
        rest = text[cut:]
        for cell in _CELL.finditer(text, 0, cut):
            reference = _REFERENCE.search(cell[0])
            if reference is None:
                continue
            number += 1
            _refuse_many(number)
            value = _VALUE.search(cell[1])
            error = value[1].decode("ascii", "replace") if value else "#N/A"
            found.setdefault(int(reference[2]), {})[column_number(reference[1]) - 1] = error
    return found


def _refuse_many(number: int) -> None:
    if number > MOST:
        raise FileRefused(
            f"More than {MOST:,} cells of this workbook hold an error such as #N/A. Put the "
            "formulas right, and upload it again."
        )


class _OfOpenDocument:
    """The errors in the content of an .ods file, in `found`."""

    def __init__(self, content: IO[bytes]) -> None:
        self.found: dict[str, ErrorsOfSheet] = {}
        self._sheet = ""
        self._row, self._rows, self._column = 1, 1, 0
        self._number = 0
        parser = plain_parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        while piece := content.read(_CHUNK):
            parser.Parse(piece, False)
        parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self._sheet, self._row = attributes.get("table:name", ""), 1
        elif name == "table:table-row":
            self._rows = repetitions(attributes.get("table:number-rows-repeated"))
            self._column = 0
        elif name in CELLS:
            repeated = repetitions(attributes.get("table:number-columns-repeated"))
            if holds_an_error(attributes):
                self._error(repeated)
            self._column += repeated

    def _error(self, repeated: int) -> None:
        self._number += self._rows * repeated
        _refuse_many(self._number)
        for row in range(self._row, self._row + self._rows):
            cells = self.found.setdefault(self._sheet, {}).setdefault(row, {})
            cells.update(dict.fromkeys(range(self._column, self._column + repeated), "#N/A"))

    def _end(self, name: str) -> None:
        if name == "table:table-row":
            self._row += self._rows
