"""Reading a short list (people, teams) from a CSV file that somebody made in a spreadsheet.

Says for each line what is wrong with it, by the line's number in the file, so that it can be put
right there. Lists of children's cases are read elsewhere: they are large and come in many shapes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_LINES = 5000
Rows = Iterator[tuple[int, list[str]]]
OPEN_QUOTE = "A quotation mark is opened here and not closed, so that lines run together."
_TOO_MANY = (
    "There are more cells than headings. If a value has a comma in it, put it in quotation marks."
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0", ""})


@dataclass(frozen=True)
class Line:
    """One line of the file: its number as a spreadsheet shows it, and its cells by heading."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, heading: str) -> str:
        return self.cells.get(heading, "")


@dataclass(frozen=True)
class LineProblem:
    """What is wrong, and where; ``line`` is None for the file as a whole."""

    line: int | None
    column: str
    message: str


@dataclass(frozen=True)
class TableFile:
    """A file as read: the lines that can be used, and what is wrong with the others."""

    lines: tuple[Line, ...]
    problems: tuple[LineProblem, ...]
    headings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Change:
    """What one line would do, ``details`` in words.

    ``effect`` is "add", "change", "same", or "left" for a line that cannot be used and is left out.
    """

    line: int
    name: str
    effect: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a whole file would do; nothing is done while there are problems."""

    changes: tuple[Change, ...]
    problems: tuple[LineProblem, ...]

    @property
    def does_something(self) -> bool:
        return any(change.effect not in ("same", "left") for change in self.changes)

    def number(self, effect: str) -> int:
        """How many lines have this effect."""
        return sum(change.effect == effect for change in self.changes)

    @property
    def digest(self) -> str:
        """Stands for exactly this plan: what is confirmed must be what was shown."""
        return hashlib.sha256(repr(self.changes).encode()).hexdigest()


def decode(data: bytes) -> str:
    """The text of a CSV file: UTF-8 with or without a mark, else what Excel writes in England."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_table(text: str, *, required: Sequence[str], optional: Sequence[str] = ()) -> TableFile:
    """The lines of ``text`` whose first line holds ``required`` headings, in any order.

    Headings are compared without regard to case, spaces and hyphens. Empty lines are passed over;
    unknown columns are reported, because a misspelt heading would silently lose a column.
    """
    if "\x00" in text:
        return _refused("This is not a CSV file. Save the sheet as “CSV UTF-8” and try again.")
    rows = _rows(text)
    try:
        return _read(rows, required, optional)
    except csv.Error:
        return _refused(
            "The file cannot be taken apart. Is there a quotation mark that is opened and not "
            "closed?"
        )


def _read(rows: Rows, required: Sequence[str], optional: Sequence[str]) -> TableFile:
    first = next(rows, None)
    if first is None:
        return _refused("The file is empty.")
    headings = [_heading(cell) for cell in first[1]]
    wrong = _wrong_headings(headings, required, optional)
    if wrong:
        return TableFile((), tuple(wrong))
    lines, problems = _lines(rows, headings)
    if not lines and not problems:
        return _refused("The file has headings but no lines under them.")
    return TableFile(tuple(lines), tuple(problems), frozenset(headings))


def repeated(lines: Collection[Line], heading: str) -> Iterator[LineProblem]:
    """A problem for every line whose cell under ``heading`` stood on an earlier line."""
    seen: dict[str, int] = {}
    for line in lines:
        word = line[heading].casefold()
        if word and word in seen:
            yield LineProblem(line.number, heading, f"The same as on line {seen[word]}.")
        seen.setdefault(word, line.number)


def yes_or_no(text: str) -> bool | None:
    """True or False for yes, no or nothing; None for any other word."""
    word = text.strip().casefold()
    if word in YES:
        return True
    return False if word in NO else None


def guarded(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: the text after an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """The cell as it was before ``guarded``, so that a downloaded list can be uploaded again."""
    inner = text[1:]
    return inner if text.startswith("'") and inner.startswith(FORMULA_STARTS) else text


def runs_together(cell: str) -> bool:
    """Whether a value holds the end of one line and the beginning of another, with a separator: a
    quotation mark was left open."""
    return "\n" in cell and any(separator in cell for separator in ",;\t")


def _refused(message: str) -> TableFile:
    return TableFile((), (LineProblem(None, "", message),))


def _heading(cell: str) -> str:
    return cell.strip().casefold().replace("-", "").replace(" ", "_")


def _rows(text: str) -> Rows:
    """(line number, cells) of each line that is not empty."""
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield start, cells
        start = reader.line_num + 1


def _wrong_headings(
    headings: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[LineProblem]:
    known = {*required, *optional}
    wrong = [
        LineProblem(1, name, "This column is missing.") for name in required if name not in headings
    ]
    for name in headings:
        if name and name not in known:
            expected = ", ".join([*required, *optional])
            wrong.append(LineProblem(1, name, f"Unknown column. The columns are: {expected}."))
        elif name and headings.count(name) > 1:
            wrong.append(LineProblem(1, name, "This column is there more than once."))
    return wrong


def _lines(rows: Rows, headings: Sequence[str]) -> tuple[list[Line], list[LineProblem]]:
    lines: list[Line] = []
    problems: list[LineProblem] = []
    for number, cells in rows:
        if len(lines) == MAX_LINES:
            problems.append(LineProblem(number, "", f"There are more than {MAX_LINES:,} lines."))
            break
        if len(cells) > len(headings):  # blank ones too: the last value may be what is blank
            problems.append(LineProblem(number, "", _TOO_MANY))
            continue
        if any(runs_together(cell) for cell in cells):
            problems.append(LineProblem(number, "", OPEN_QUOTE))
            continue
        values = {
            name: unguarded(cell.strip())
            for name, cell in zip(headings, cells, strict=False)
            if name
        }
        lines.append(Line(number, values))
    return lines, problems
