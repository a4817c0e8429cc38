"""Which columns a flat list has: our template's, or those that somebody named once.

Case systems export one row for each allocation under headings of their own. Where the headings are
not the template's, the reader says so (`ColumnsUnknown`), somebody names the columns, and the
choice is used for every later file with the same headings. Nothing is guessed: what looks right is
only suggested.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from cases.importers.annex_a import ListProfile
from cases.importers.cells import clean_text
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


class ColumnsUnknown(FileRefused):
    """A list that can be read once somebody has said what its columns mean.

    ``headings`` are those of the file, without the ones that are never kept; ``suggested`` is field
    → heading for those that are known; ``signature`` stands for the whole set of headings.
    """

    def __init__(self, message: str, header: Sequence[object]) -> None:
        super().__init__(message)
        mapped = map_columns(header, PROFILE.columns)
        words = dict.fromkeys(text for cell in header if (text := clean_text(cell)))
        known = set(mapped.headings.values())
        self.headings = tuple(word for word in words if word in known or not is_personal(word))
        self.suggested = dict(mapped.headings)
        self.signature = signature(header)


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
    choice = choices.get(signature(header))
    if choice is not None:
        return _as_chosen(number, header, choice)
    try:
        check_header(header, what)
    except FileRefused as refused:
        raise ColumnsUnknown(refused.message, header) from refused
    return FlatHeader(number, PROFILE, map_columns(header, PROFILE.columns))


def _likely_row(top: Sequence[Sequence[object]]) -> int | None:
    """The first row that can only be headings.

    Three texts or more and nothing else, one of which is a heading known here, kept or not: a row
    of a list without headings would show a child's data to whoever is asked what it means.
    """
    for number, row in enumerate(top[:HEADER_SEARCH_ROWS], start=1):
        texts = [clean_text(cell) for cell in row]
        filled = [text for text in texts if text]
        if len(filled) < _FEWEST_HEADINGS or any(_is_value(text) for text in filled):
            continue
        if known_fields(row, PROFILE.columns) or any(map(names_a_person, filled)):
            return number
    return None


def _is_value(text: str) -> bool:
    """Whether a cell is a number, a date or an id rather than a heading."""
    return sum(map(str.isdigit, text)) >= sum(map(str.isalpha, text))


def _as_chosen(number: int, header: Sequence[object], choice: ColumnChoice) -> FlatHeader:
    known = {heading_key(heading): field for field, heading in choice.columns.items()}
    columns = map_columns(header, known)
    profile = replace(
        PROFILE,
        title=CHOSEN_TITLE,
        service_code=choice.service or None,
        columns=MappingProxyType(known),
    )
    return FlatHeader(number, profile, columns)
