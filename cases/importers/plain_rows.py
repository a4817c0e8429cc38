"""Rows about which there is nothing to say, read column by column: nearly all of a file.

A row by itself is read by `RowReader`, which knows what to say of every cell. That takes a call of
Python for each cell. Here what the cells of a column mean is looked up for many rows at once, and
where a cell means anything that would have to be told, its row is left to `RowReader`. Of every row
that both can read they make the same (tests/rules/importers/test_importers_plain_rows.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from cases.importers import codes
from cases.importers.cells import Memo, age_at, is_error
from cases.importers.records import CaseRow, ReadLimits
from cases.importers.rows import (
    NO_CASE,
    OLDEST,
    ZEROS,
    Spellings,
    plain_id,
    wrong_with_closing,
)
from cases.importers.source import Sheet

Answer = TypeVar("Answer")
Known = tuple[Answer, bool]

_ROUNDED: Final = 1e15  # from here on a spreadsheet may have rounded a number
_ASK: Final[Any] = object()  # stands for a cell that has to be told about


class _Meanings(Memo[Any, Any]):
    """What the cells of one column mean, and whether any had to be told about."""

    asked = False

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__(lambda raw: _ASK if is_error(raw) else function(raw))

    def __missing__(self, key: Any) -> Any:
        value = super().__missing__(key)
        self.asked = self.asked or value is _ASK
        return value


class _Columns:
    """The columns of some rows by field, and which of the rows have to be told about."""

    def __init__(self, rows: Sequence[Sequence[Any]], sheet: Sheet) -> None:
        self._sheet = sheet
        self._places, self._width = sheet.columns.positions, sheet.columns.width
        self._size = len(rows)
        if set(map(len, rows)) != {self._width}:
            rows = [self._even(cells) for cells in rows]
        self._columns = list(zip(*rows, strict=True))
        self.asked: set[int] = set()

    def has(self, field: str) -> bool:
        """Whether there is a column of this field."""
        return field in self._places

    def cells(self, field: str) -> Sequence[Any]:
        """The cells of a field as they stand in the file; blank where it has no column."""
        return self._columns[self._places[field]] if self.has(field) else ("",) * self._size

    def meant(self, field: str, meanings: Memo[Any, Any]) -> Sequence[Any]:
        """What the cells of a field mean."""
        if not self.has(field):
            return (meanings[""],) * self._size
        return self.looked_up(self.cells(field), meanings)

    def looked_up(self, cells: Sequence[Any], meanings: Memo[Any, Any]) -> list[Any]:
        """What these cells mean, a row of each."""
        found = list(map(meanings.__getitem__, cells))
        return self.told(found) if isinstance(meanings, _Meanings) and meanings.asked else found

    def told(self, found: list[Any]) -> list[Any]:
        """The same; the rows of those that have to be told about are noted."""
        self.asked.update(at for at, value in enumerate(found) if value is _ASK)
        return found

    def ask_where_filled(self, places: Sequence[int]) -> None:
        """Rows with anything in one of these columns have to be read by themselves."""
        for place in places:
            self.asked.update(at for at, cell in enumerate(self._columns[place]) if cell)

    def _even(self, cells: Sequence[Any]) -> Sequence[Any]:
        """A row as wide as the headings; blank where values are missing or moved beyond them."""
        is_csv = self._sheet.is_csv
        if is_csv and len(cells) < self._width:
            return [""] * self._width
        if len(cells) <= self._width:
            return [*cells, *[""] * (self._width - len(cells))]
        moved = is_csv and len(cells) > self._sheet.columns.cells
        if moved or any(cells[self._width :]):
            return [""] * self._width
        return cells[: self._width]


class PlainRows:
    """Reads many rows of one sheet at once, without those that have to be told about."""

    def __init__(self, sheet: Sheet, as_of: date, spellings: Spellings, limits: ReadLimits) -> None:
        self._sheet = sheet
        self._as_of = as_of
        self._known = spellings
        self._limits = limits
        self._wanted = sheet.wanted
        self._is_template = sheet.is_template
        known = spellings
        self._said_closed = known.closed[sheet.status_asks]
        self._text = _Meanings(known.text.__getitem__)
        self._legal_status = _Meanings(known.legal_status.__getitem__)
        self._service = _Meanings(self._service_of)
        self._opened = _Meanings(lambda raw: self._past(raw, "opened_on"))
        self._status = _Meanings(self._open_status)
        self._closed = _Meanings(lambda raw: self._past(raw, "closed_on"))
        self._moved = _Meanings(lambda raw: self._past(raw, "transferred_in_on"))
        self._team = _Meanings(lambda raw: self._staff(raw, "team"))
        self._practitioner = _Meanings(lambda raw: self._staff(raw, "practitioner"))
        self._agency = _Meanings(lambda raw: self._answer(raw, known.agency))
        self._restricted = _Meanings(lambda raw: self._answer(raw, known.restricted))
        self._disability_team = _Meanings(lambda raw: self._answer(raw, known.yes_or_no))
        self._disabled = _Meanings(lambda raw: self._answer(raw, known.disability))
        self._gender = _Meanings(lambda raw: self._code(raw, known.gender))
        self._ethnicity = _Meanings(lambda raw: self._code(raw, known.ethnicity))
        self._born = _Meanings(self._age_of_born)
        self._age = _Meanings(lambda raw: _young(_told(known.age[raw])))

    def read(self, numbers: Sequence[int], rows: Sequence[Sequence[Any]]) -> list[CaseRow | None]:
        """Each row as a CaseRow, or None where it has to be read by itself, as a blank one has.

        ``numbers`` are the lines of the rows.
        """
        of = _Columns(rows, self._sheet)
        said = of.meant("service", self._text)
        if self._is_template:
            of.meant("status", self._status)
        elif of.has("status"):
            statuses = of.meant("status", self._text)
            said = [service or status for service, status in zip(said, statuses, strict=True)]
        services = of.looked_up(said, self._service)
        opened = of.meant("opened_on", self._opened)
        closed = of.meant("closed_on", self._closed)
        if any(closed):
            of.asked.update(self._never_closed(opened, closed))
        ages = of.meant("date_of_birth", self._born)
        if of.has("age"):
            given = of.meant("age", self._age)
            ages = [other if age is None else age for age, other in zip(ages, given, strict=True)]
        of.ask_where_filled(self._sheet.columns.more_restricted)
        profile, size = self._sheet.profile, len(rows)
        found: list[CaseRow | None] = list(map(CaseRow._make, zip(
            (self._sheet.info.name,) * size, numbers, self._ids(of), (profile.list_code,) * size,
            services, said,
            [day is None and (self._is_template or code is not None)
             for day, code in zip(closed, services, strict=True)],
            opened, closed, of.meant("team", self._team),
            of.meant("practitioner", self._practitioner), self._families(of),
            of.meant("agency", self._agency), of.meant("restricted", self._restricted), ages,
            of.meant("gender", self._text), of.meant("gender", self._gender),
            of.meant("ethnicity", self._text), of.meant("ethnicity", self._ethnicity),
            of.meant("disability", self._text), of.meant("disability", self._disabled),
            of.meant("disability_team", self._disability_team),
            of.meant("transferred_in_on", self._moved),
            of.meant("transferred_in_from", self._text),
            of.meant("legal_status", self._legal_status), of.meant("plan", self._text),
            strict=True,
        )))  # fmt: skip
        for at in of.asked:
            found[at] = None
        return found

    # Of many at once, because nearly always all are plain.

    def _ids(self, of: _Columns) -> Sequence[Any]:
        raw = of.cells("child_id")
        return raw if self._all_plain(raw) else of.told([self._id_of(value) for value in raw])

    def _families(self, of: _Columns) -> Sequence[Any]:
        raw = of.cells("family_id")
        if self._all_plain(list(filter(None, raw))) and ZEROS.isdisjoint(raw):
            return [value or "" for value in raw]
        found = [self._id_of(value) if value else "" for value in raw]
        return of.told([_ASK if value in ZEROS else value for value in found])

    def _id_of(self, raw: Any) -> Any:
        if plain_id(raw, self._limits):
            return raw
        whole = raw.__class__ is int or (raw.__class__ is float and raw.is_integer())
        return str(int(raw)) if whole and 0 <= raw < _ROUNDED else _ASK

    def _all_plain(self, ids: Sequence[Any]) -> bool:
        """Whether all are what `plain_id` says of one; False where it takes a look at each."""
        if not ids:
            return True
        if set(map(type, ids)) != {str}:
            return False
        together = "".join(ids)
        lengths = set(map(len, ids))
        return (
            together.isascii()
            and together.isalnum()
            and min(lengths) > 0
            and max(lengths) <= self._limits.max_id_length
            and not any(map(str.isalpha, ids))
        )

    def _never_closed(self, opened: Sequence[Any], closed: Sequence[Any]) -> Iterator[int]:
        """The places of rows with closing dates that cannot be."""
        for at, (start, end) in enumerate(zip(opened, closed, strict=True)):
            if isinstance(end, date) and wrong_with_closing(
                end, start if isinstance(start, date) else None, self._as_of
            ):
                yield at

    # What one cell means, or _ASK.

    def _service_of(self, text: str) -> Any:
        if text is _ASK:
            return _ASK
        fixed = self._sheet.profile.service_code
        if self._is_template:
            code = fixed or (self._known.service[text] if text else None)
            return _ASK if code is None or code == NO_CASE else code
        if self._sheet.profile.list_code != "list_6" or not text:
            return fixed
        code = self._known.status[text]
        return _ASK if code in (None, NO_CASE, codes.CLOSED) else code

    def _open_status(self, raw: Any) -> Any:
        text = self._known.text[raw]
        return None if not text or self._said_closed[text] == (False, True) else _ASK

    def _past(self, raw: Any, field: str) -> Any:
        value, readable = self._known.date[raw]
        if not readable or (value is not None and value > self._as_of):
            return _ASK
        return _ASK if value is None and field in self._wanted else value

    def _staff(self, raw: Any, field: str) -> Any:
        name = self._known.name[raw]
        return name if name or field not in self._wanted else _ASK

    def _answer(self, raw: Any, meaning: Callable[[str], Known[bool | None]]) -> Any:
        text = self._known.text[raw]
        return _told(meaning(text)) if text else None

    def _code(self, raw: Any, meaning: Callable[[str], str]) -> Any:
        text = self._known.text[raw]
        return (meaning(text) or _ASK) if text else ""

    def _age_of_born(self, raw: Any) -> Any:
        value = self._past(raw, "date_of_birth")
        return _young(age_at(value, self._as_of)) if isinstance(value, date) else value


def _young(age: Any) -> Any:
    return _ASK if isinstance(age, int) and age > OLDEST else age


def _told(answer: Known[Any]) -> Any:
    value, recognised = answer
    return value if recognised else _ASK
