"""Annex A as CSV files, one for each list, as most case systems export it.

Several files are kept as one archive, so that they are checked, confirmed and deleted together.
Which list a file is, its columns say, as those of a sheet do; where they leave it open, its name.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from cases.importers import annex_a, template
from cases.importers.annex_a import ADOPTERS, LISTS
from cases.importers.containers import inspect_text
from cases.importers.delimited import Record, Records
from cases.importers.headings import map_columns
from cases.importers.records import FileFormat, FileRefused, SheetInfo
from cases.importers.source import Sheet
from cases.importers.workbook import no_id_column

LIST_COUNT: Final = len(LISTS)
_SHEET_LENGTH: Final = 60
_NUMBER_IN_NAME: Final = re.compile(r"(?<![a-z])list[\s_.\-]*0*(\d{1,2})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One CSV file that was given: its name ("" where it is not known), content and SHA-256."""

    name: str
    path: Path | zipfile.Path
    encoding: str
    sha256: str


class CsvLists:
    """The lists that CSV files hold, in the order of their numbers.

    Raises FileRefused where a file is no list, has no id column, or is a list given twice, and
    where no file holds a child.
    """

    format = FileFormat.ANNEX_A_CSV

    def __init__(self, files: Sequence[CsvFile]) -> None:
        self._records: dict[str, Records] = {}
        self._sheets: dict[str, Sheet] = {}
        self._given: dict[str, str] = {}
        for file in files:
            self._add(file)
        self.sheets = [self._sheets[code] for code in LISTS if code in self._sheets]
        self.empty_lists = [
            LISTS[code].title for code in LISTS if code in self._given and code not in self._sheets
        ]
        self.missing_lists = [
            LISTS[code].title for code in LISTS if code not in self._given and code != ADOPTERS
        ]
        if not any(code != ADOPTERS for code in self._sheets):
            raise FileRefused(self._nothing())

    def rows(self, sheet: Sheet) -> Iterator[Record]:
        """`(line, cells)` below the header, or what is broken."""
        records = self._records[sheet.info.list_code]
        return records.below(sheet.info.header_row, sheet.columns)

    def _add(self, file: CsvFile) -> None:
        records = Records(file.path, file.encoding)
        lines, top = records.top()
        name = name_as_sheet(file.name)
        found = annex_a.find_list(name, top, what="file")
        if found is None:
            self._add_without_headings(file, name, top)
            return
        profile = found.profile
        self._give(profile.list_code, file.name)
        if not found.has_id:
            raise no_id_column(profile.title, file.name, "file")
        header_row = lines[found.header_row - 1]
        if not records.any_below(header_row):
            return
        sheet_name = PurePosixPath(file.name).stem[:_SHEET_LENGTH] or profile.title.split(":")[0]
        info = SheetInfo(sheet_name, profile.list_code, profile.title, header_row)
        columns = map_columns(found.header, profile.columns)
        sheet = Sheet(info, profile, columns, is_csv=True)
        if found.remark:
            sheet.remarks.append(found.remark)
        self._records[profile.list_code], self._sheets[profile.list_code] = records, sheet

    def _add_without_headings(self, file: CsvFile, name: str, top: Sequence[Sequence[str]]) -> None:
        """A file named as a list that holds nothing is an empty list; any other is refused."""
        code = annex_a.list_by_number(name)
        if code is not None and not any(cell.strip() for row in top for cell in row):
            self._give(code, file.name)
        elif code is not None and template.header_row(top) is None:
            raise no_id_column(LISTS[code].title, file.name, "file")
        else:
            raise FileRefused(
                f"{_quoted(file.name)} is none of the lists of Annex A: neither its columns nor "
                "its name say which. Leave it out, or, if it is the template, upload it alone."
            )

    def _give(self, code: str, name: str) -> None:
        if code in self._given:
            raise FileRefused(
                f"Two files are {LISTS[code].title}: {_quoted(self._given[code])} and "
                f"{_quoted(name)}. Upload one of them."
            )
        self._given[code] = name

    def _nothing(self) -> str:
        if ADOPTERS in self._sheets and not self.empty_lists:
            return "These files list adopters only (List 11). There is no list of children."
        return "Every list is empty. No rows in: " + "; ".join(self.empty_lists) + "."


def is_a_list(path: Path, encoding: str) -> bool:
    """Whether the columns of one CSV file, whatever its name, are those of a list of Annex A."""
    found = annex_a.find_list("", Records(path, encoding).top()[1])
    return found is not None and found.profile.list_code != ADOPTERS


def name_as_sheet(file_name: str) -> str:
    """A file's name as a sheet would be called: "Annex A List 6 Sept.csv" is "List 6"."""
    stem = PurePosixPath(file_name).stem
    numbered = _NUMBER_IN_NAME.search(stem)
    return f"List {int(numbered[1])}" if numbered else stem


def _quoted(name: str) -> str:
    return f"\u201c{name}\u201d"


# --- several files as one -----------------------------------------------------------------------


def pack(files: Iterable[tuple[str, IO[bytes]]], target: IO[bytes]) -> None:
    """Write CSV files (name, content) into one archive, unchanged and without their dates."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, (name, content) in enumerate(files, start=1):
            safe = PurePosixPath(name.replace("\\", "/")).name.encode("utf-8", "replace").decode()
            # The folder tells two files of one name apart.
            with archive.open(zipfile.ZipInfo(f"{number:02}/{safe}"), "w") as entry:
                shutil.copyfileobj(content, entry)


def files_in(path: Path) -> list[CsvFile]:
    """The CSV files of an archive that has been inspected, in the order in which they lie there.

    Raises FileRefused, with the file's name, where one is no text.
    """
    found = []
    archive = zipfile.ZipFile(path)
    for entry in archive.infolist():
        name = PurePosixPath(entry.filename).name
        with archive.open(entry) as content:
            try:
                container = inspect_text(content)
            except FileRefused as refused:
                raise FileRefused(f"{_quoted(name)}: {refused.message}") from refused
        at = zipfile.Path(archive, entry.filename)
        found.append(CsvFile(name, at, container.encoding, container.sha256))
    return found


def fingerprint(hashes: Iterable[str]) -> str:
    """One SHA-256 for several files: of their SHA-256 in hex, sorted, a line feed between each.

    The order in which the files were chosen makes no difference, nor do their names.
    """
    return hashlib.sha256("\n".join(sorted(hashes)).encode("ascii")).hexdigest()
