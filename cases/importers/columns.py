"""Which columns a flat list has: our template's, or those that somebody named once.

Case systems export one row for each allocation under headings of their own. Where the headings are
not the template's, the reader says so (`ColumnsUnknown`), somebody names the columns, and the
choice is used for every later file with the same headings. Nothing is guessed: what looks right is
only suggested.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from cases.importers.annex_a import ListProfile
from cases.importers.cells import clean_text, read_date
from cases.importers.headings import (
    HEADER_SEARCH_ROWS,
    ColumnMap,
    heading_key,
    is_personal,
    known_fields,
    map_columns,
    names_a_person,
)
from cases.importers.records import FileRefused
from cases.importers.template import PROFILE, check_header, header_row

CHOSEN_TITLE: Final = "a list whose columns were named"
_FEWEST_HEADINGS: Final = 3
_LONGEST_HEADING: Final = 120
_TOGETHER: Final = re.compile(r"\d+|[^\W\d_]+")
_MARKUP: Final = ("<", "{")  # how web pages and the like begin
# What case systems call the column that says whether a case is open. Other things are called so
# too, so that somebody has to say it.
_LIKELY_STATUS: Final = frozenset(
    heading_key(name)
    for name in ("status", "case status", "current status", "current case status", "record status",
                 "involvement status", "allocation status", "open/closed", "open or closed")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What somebody said of a set of headings: field → heading, as it stands in the file.

    ``service`` is the code that every row has, "" where a column gives it.
    """

    columns: Mapping[str, str]
    service: str = ""


@dataclass(frozen=True, slots=True)
class FlatHeader:
    """A header row (1-based, within the rows looked at), and how the rows below it are read."""

    number: int
    profile: ListProfile
    columns: ColumnMap


@dataclass(frozen=True, slots=True)
class Headings:
    """What can be said of a set of headings, and what is understood of it already.

    ``offered`` are those of the file, without the ones that are never kept; ``understood`` is field
    → heading; ``service`` the code that every row has, "" where a column gives it; ``signature``
    stands for the whole set; ``sheet`` is where they stand.
    """

    offered: tuple[str, ...]
    understood: Mapping[str, str]
    signature: str
    service: str = ""
    sheet: str = ""

    @property
    def suggested(self) -> Mapping[str, str]:
        """What is understood, and the one column that is likely to say whether a case is open."""
        if "status" in self.understood:
            return self.understood
        likely = [each for each in self.offered if heading_key(each) in _LIKELY_STATUS]
        return {**self.understood, "status": likely[0]} if len(likely) == 1 else self.understood


class ColumnsUnknown(FileRefused):
    """A list that can be read once somebody has said what its columns mean."""

    def __init__(self, message: str, header: Sequence[object]) -> None:
        super().__init__(message)
        self.asked = headings_of(map_columns(header, PROFILE.columns))

    @property
    def likeness(self) -> tuple[bool, int]:
        """How much this is like a list of cases: the greater of several sheets is asked about."""
        return "child_id" in self.asked.understood, len(self.asked.offered)


def headings_of(columns: ColumnMap, service: str = "", sheet: str = "") -> Headings:
    """What can be said of the headings of a flat list."""
    offered = tuple(
        heading
        for heading in dict.fromkeys(columns.given)
        if heading_key(heading) in PROFILE.columns
        or heading in columns.headings.values()
        or not is_personal(heading)
    )
    return Headings(offered, dict(columns.headings), signature(columns.given), service, sheet)


def signature(header: Sequence[object]) -> str:
    """Stands for a set of headings in any order: SHA-256 in hex."""
    keys = sorted(key for cell in header if (key := heading_key(cell)))
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def find_header(
    top: Sequence[Sequence[object]], what: str, choices: Mapping[str, ColumnChoice]
) -> FlatHeader | None:
    """The header among a file's first rows; None where no row looks like headings.

    ``choices``: what was said, by signature. ``what`` begins the words of a refusal. Raises
    ColumnsUnknown where the headings are neither the template's nor named.
    """
    number = header_row(top) or _likely_row(top)
    if number is None:
        return None
    header = top[number - 1]
    choice = _kept(choices.get(signature(header)))
    if choice is not None:
        return _as_chosen(number, header, choice)
    try:
        check_header(header, what)
    except FileRefused as refused:
        raise ColumnsUnknown(refused.message, header) from refused
    return FlatHeader(number, PROFILE, map_columns(header, PROFILE.columns))


def _likely_row(top: Sequence[Sequence[object]]) -> int | None:
    """The row that can only be headings; None where a child's data might be taken for them.

    What is taken for headings is shown to whoever is asked what it means. So it is either a row of
    texts above rows with values, as full as any of the rows before it, or holds a heading known
    here, kept or not.
    """
    rows = [_filled(row) for row in top[:HEADER_SEARCH_ROWS]]
    likely = [number for number in range(1, len(rows) + 1) if _heads_a_list(rows, number)]
    if likely:
        return max(likely, key=lambda number: len(rows[number - 1]))  # the first of the fullest
    for number, row in enumerate(rows, start=1):
        if _texts_alone(row) and _known(row):
            return number
    return None


def _filled(row: Sequence[object]) -> dict[int, object]:
    """Place → cell, for cells that hold anything."""
    return {place: cell for place, cell in enumerate(row) if clean_text(cell)}


def _texts_alone(row: Mapping[int, object]) -> bool:
    return len(row) >= _FEWEST_HEADINGS and not any(map(_is_value, row.values()))


def _known(row: Mapping[int, object]) -> bool:
    """Whether one of the cells is a heading known here, kept or not."""
    cells = [*row.values()]
    return bool(known_fields(cells, PROFILE.columns)) or any(
        names_a_person(clean_text(cell)) for cell in cells
    )


def _heads_a_list(rows: Sequence[Mapping[int, object]], number: int) -> bool:
    """Whether a row is several different texts, with a number, a date or an id below one of them.

    Not where rows of data begin above it: these are as full as it is and have values. Nor where a
    cell is of the same shape as one below, as ids are, or stands below once more, as a service or
    a team does.
    """
    row, above, below = rows[number - 1], rows[: number - 1], rows[number:]
    texts = [clean_text(cell) for cell in row.values()]
    if not _texts_alone(row) or len({heading_key(text) for text in texts}) < _FEWEST_HEADINGS:
        return False
    if any(len(text) > _LONGEST_HEADING or text.startswith(_MARKUP) for text in texts):
        return False
    if any(len(other) >= len(row) and not _texts_alone(other) for other in above):
        return False
    said = _words(row)
    others = [other for other in below if _words(other) != said]  # headings may be repeated
    under = [(row[place], other[place]) for other in others for place in row.keys() & other.keys()]
    return any(_is_value(cell) or _is_id(cell) for _, cell in under) and not any(
        (_is_id(heading) and _shape(heading) == _shape(cell))
        or heading_key(heading) == heading_key(cell)
        for heading, cell in under
    )


def _is_value(cell: object) -> bool:
    """Whether a cell is a number, a date or an id rather than a heading."""
    text = clean_text(cell)
    if not isinstance(cell, str) or sum(map(str.isdigit, text)) >= sum(map(str.isalpha, text)):
        return True
    return read_date(text, as_of=date.max)[0] is not None


def _is_id(cell: object) -> bool:
    """Whether a cell is one word with a digit in it, as ids are; some headings are as well."""
    text = clean_text(cell)
    return " " not in text and any(map(str.isdigit, text))


def _shape(cell: object) -> str:
    """A cell with all letters that stand together made one, and all digits."""
    return _TOGETHER.sub(lambda found: "9" if found[0].isdigit() else "a", clean_text(cell))


def _words(row: Mapping[int, object]) -> list[str]:
    return [heading_key(cell) for cell in row.values()]


def _kept(choice: ColumnChoice | None) -> ColumnChoice | None:
    """A choice without columns that are known to be personal since; None where no id is left."""
    if choice is None:
        return None
    columns = {
        field: heading
        for field, heading in choice.columns.items()
        if heading_key(heading) in PROFILE.columns or not is_personal(heading)
    }
    return replace(choice, columns=columns) if "child_id" in columns else None


def _as_chosen(number: int, header: Sequence[object], choice: ColumnChoice) -> FlatHeader:
    known = {heading_key(heading): field for field, heading in choice.columns.items()}
    if "restricted" in choice.columns:  # any column that is known to say it counts beside
        also = {key: field for key, field in PROFILE.columns.items() if field == "restricted"}
        known = also | known
    columns = map_columns(header, known)
    profile = replace(
        PROFILE,
        title=CHOSEN_TITLE,
        service_code=choice.service or None,
        columns=MappingProxyType(known),
    )
    return FlatHeader(number, profile, columns)
