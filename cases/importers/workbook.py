"""Workbooks: the sheets that matter, opened once and let go as they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import python_calamine as calamine

from cases.importers import annex_a, template
from cases.importers.annex_a import ADOPTERS
from cases.importers.columns import (
    CHOSEN_TITLE,
    ColumnChoice,
    ColumnsUnknown,
    FlatHeader,
    find_header,
)
from cases.importers.containers import DAMAGED, PROTECTED
from cases.importers.error_cells import ErrorsOfSheet
from cases.importers.headings import HEADER_SEARCH_ROWS, known_fields, map_columns
from cases.importers.records import FileFormat, FileRefused, SheetInfo
from cases.importers.source import Sheet
from cases.importers.template import TEMPLATE

_ENDED = re.compile(r"\b(?:closed|ended|archived?|leavers)\b", re.IGNORECASE)
_SURE_FROM = 3  # headings that are known, the child's id among them
NO_LIST = (
    "None of the sheets of this workbook is a list that is known here. An Annex A workbook has "
    "sheets called List 1 to List 11; the template has the columns "
    + ", ".join(template.PROFILE.required)
    + "."
)


class Workbook:
    """An opened workbook: its format, its lists in the order of the file, its empty lists.

    Raises FileRefused where the workbook cannot be opened, holds no list, holds a list twice or
    without an id column, or holds only empty lists.
    """

    def __init__(
        self,
        path: Path,
        choices: Mapping[str, ColumnChoice] | None = None,
        errors: Mapping[str, ErrorsOfSheet] = MappingProxyType({}),
    ) -> None:
        self._path = path
        self._errors = errors
        self._choices = choices or {}
        self._loaded: dict[str, Any] = {}
        self._first: dict[str, Any] = {}  # the first sheet, which may be looked at twice
        self._book = _open(path)
        self.sheets: list[Sheet] = []
        self.empty_lists: list[str] = []
        self.format = FileFormat.ANNEX_A_WORKBOOK
        self._find_lists()
        if not self.sheets and not self.empty_lists:
            self._find_template()
        self._first.clear()
        if not any(sheet.profile.list_code != ADOPTERS for sheet in self.sheets):
            raise _nothing_in(self.empty_lists)

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[Any]]]:
        """`(line, cells)` below the header, errors of the spreadsheet as its words for them.

        The sheet is let go once its rows are given.
        """
        loaded = self._loaded.pop(sheet.info.name, None)
        if loaded is None:
            loaded = self._load(sheet.info.name)
        rows = islice(enumerate(loaded.iter_rows(), start=1), sheet.info.header_row, None)
        errors = self._errors.get(sheet.info.name)
        return ((n, _with_errors(cells, errors.get(n))) for n, cells in rows) if errors else rows

    def _load(self, name: str) -> Any:
        try:
            return self._book.get_sheet_by_name(name)
        except calamine.CalamineError as error:
            raise FileRefused(DAMAGED) from error

    def _worksheets(self) -> Iterator[tuple[str, Any, list[list[Any]]]]:
        for sheet in self._book.sheets_metadata:
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                loaded = self._first.get(sheet.name)
                if loaded is None:
                    loaded = self._load(sheet.name)
                if not self._first:
                    self._first[sheet.name] = loaded
                yield sheet.name, loaded, list(islice(loaded.iter_rows(), HEADER_SEARCH_ROWS))

    def _find_lists(self) -> None:
        unread: list[str] = []  # that list children all the same
        for name, loaded, top in self._worksheets():
            found = annex_a.find_list(name, top)
            if found is None:
                self._check_unknown(name, top)
                number = template.header_row(top)
                if number and "child_id" in known_fields(top[number - 1], template.PROFILE.columns):
                    unread.append(name)
            elif not found.has_id:
                raise no_id_column(found.profile.title, name)
            else:
                columns = map_columns(found.header, found.profile.columns)
                self._keep(name, loaded, FlatHeader(found.header_row, found.profile, columns))
                if found.remark and self.sheets:
                    self.sheets[-1].remarks.append(found.remark)
        self._not_read(unread, "is none of the lists of Annex A")

    def _check_unknown(self, name: str, top: Sequence[Sequence[object]]) -> None:
        """A sheet numbered as a list, but without headings: empty, or not to be trusted."""
        code = annex_a.list_by_number(name)
        if code is None or code == ADOPTERS:
            return
        title = annex_a.LISTS[code].title
        if any(cell not in ("", None) for row in top for cell in row):
            if template.header_row(top) is not None:
                return
            raise no_id_column(title, name)
        self.empty_lists.append(title)

    def _keep(self, name: str, loaded: Any, header: FlatHeader) -> None:
        profile = header.profile
        body = islice(loaded.iter_rows(), header.number, None)
        if not any(cell not in ("", None) for row in body for cell in row):
            self.empty_lists.append(profile.title)
            return
        for sheet in self.sheets:
            if sheet.profile.list_code == profile.list_code != TEMPLATE:
                raise FileRefused(
                    f"Two sheets are {profile.title}: \u201c{sheet.info.name}\u201d and "
                    f"\u201c{name}\u201d. Delete one of them, or put all rows into one."
                )
        info = SheetInfo(name, profile.list_code, profile.title, header.number)
        self.sheets.append(Sheet(info, profile, header.columns))
        if profile.list_code != ADOPTERS:
            self._loaded[name] = loaded

    def _find_template(self) -> None:
        """Every sheet with the template's columns, or columns that somebody has named, where no
        sheet is an Annex A list. One that lists children under other headings is asked about."""
        unknown: list[tuple[str, ColumnsUnknown]] = []
        left_out: list[tuple[str, str]] = []
        hidden = self._hidden()
        for name, loaded, top in self._worksheets():
            if name in hidden:
                left_out.append((name, "is hidden"))
                continue
            try:
                header = find_header(top, f"The sheet \u201c{name}\u201d", self._choices)
            except ColumnsUnknown as refused:
                unknown.append((name, refused))
                continue
            if header is None:
                continue
            if _ENDED.search(name) and "closed_on" not in header.columns.positions:
                left_out.append((name, "is of closed cases by its name"))
                continue
            self.format = FileFormat.TEMPLATE_WORKBOOK
            self._keep(name, loaded, header)
        found = bool(self.sheets or self.empty_lists)
        asked = [refused for _, refused in unknown if _lists_children(refused) or not found]
        if asked:
            raise max(asked, key=lambda refused: refused.likeness)
        if not found:
            raise FileRefused(NO_LIST)
        self._not_read([name for name, _ in unknown], "has other headings than the template")
        for name, because in left_out:
            self._not_read([name], because)

    def _hidden(self) -> frozenset[str]:
        """The names of sheets that whoever opens the workbook does not see."""
        visible = calamine.SheetVisibleEnum.Visible
        return frozenset(
            sheet.name for sheet in self._book.sheets_metadata if sheet.visible != visible
        )

    def _not_read(self, names: Sequence[str], because: str) -> None:
        """Tell of sheets that were left out, before the rows of the first that was not."""
        for sheet in self.sheets[:1]:
            sheet.remarks += [
                f"The sheet \u201c{name}\u201d {because}, so it was not read." for name in names
            ]


def _with_errors(cells: list[Any], errors: Mapping[int, str] | None) -> list[Any]:
    for place, error in (errors or {}).items():
        if place < len(cells) and cells[place] in ("", None):
            cells[place] = error
    return cells


def _lists_children(unknown: ColumnsUnknown) -> bool:
    """Whether a sheet is surely one with a row for each child, however else it is headed."""
    understood = unknown.asked.understood
    return "child_id" in understood and len(understood) >= _SURE_FROM


def _open(path: Path) -> Any:
    try:
        return calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise FileRefused(PROTECTED) from error
    except calamine.CalamineError as error:
        raise FileRefused(DAMAGED) from error


def no_id_column(title: str, sheet: str, what: str = "sheet") -> FileRefused:
    """The refusal of a list in which no child can be told from another."""
    return FileRefused(
        f"{title} ({what} \u201c{sheet}\u201d) has no column with the child\u2019s id in its first "
        f"{HEADER_SEARCH_ROWS} rows. The column is usually called \u201cChild Unique ID\u201d."
    )


def _nothing_in(empty: Sequence[str]) -> FileRefused:
    if not empty:
        return FileRefused(
            "This workbook lists adopters only (List 11). It holds no list of children."
        )
    if {*empty} <= {template.PROFILE.title, CHOSEN_TITLE}:
        return FileRefused("The list is empty: there are no rows below the headings.")
    return FileRefused("Every list is empty. No rows in: " + "; ".join(empty) + ".")
