"""One cell: text, child ids, dates in the shapes councils send, ages, yes and no.

Every function takes a cell as a spreadsheet library gives it (text, number, date, time, bool,
None) and is pure; nothing here knows what day it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable
from datetime import date, datetime, time, timedelta
from math import isfinite, isnan
from types import NoneType
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Excel's error values, and what databases and data-frame tools write for "nothing".
EMPTY_WORDS = frozenset(
    {"#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "#multivalue"}
    | {"null", "<null>", "nan", "nat", "(blank)"}
)
_ERRORS = frozenset(word for word in EMPTY_WORDS if word.startswith("#"))
# In the column of an id, a date, a team or a worker these too stand for nothing.
PLACEHOLDERS = EMPTY_WORDS | {
    "n/a", "na", "none", "-", "--", ".", "n/k", "not known", "unknown", "tbc",
}  # fmt: skip
# Where a worker or a team should be named: rotation would take them all for one person's cases.
_NOBODY = frozenset(
    {"unallocated", "not allocated", "unassigned", "not assigned", "vacant", "vacancy",
     "vacant post", "awaiting allocation", "to be allocated", "tba", "no worker",
     "no social worker", "no allocated worker", "no practitioner", "no team", "not recorded",
     "nil", "?", "??", "0"}
)  # fmt: skip
_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 3_000, 80_000  # 1908 to 2119
_EARLIEST, _LATEST = date(1900, 1, 1), date(2120, 1, 1)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june",
         "jul july", "aug august", "sep sept september", "oct october", "nov november",
         "dec december"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_TIME_OF_DAY = re.compile(
    r"(?<=\d)[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}| ?[AaPp][Mm])?$"
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_MONTH_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/ ]([A-Za-z]{3,9})[-/ ,]\s*(\d{4}|\d{2})")
_COMPACT = re.compile(r"(19|20)(\d{2})(\d{2})(\d{2})")
_NUMBER = re.compile(r"\d{4,5}(?:\.\d+)?")
_KEPT_AS_TEXT = re.compile(r"=\"([^\"]+)\"|'([^']+)")
_WHOLE_FLOAT = re.compile(r"-?\d+\.0+")
_SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)


# Values of these types equal none of another type. Numbers do: 1, 1.0 and True are equal, and mean
# different things, so what they mean is not remembered.
_REMEMBERED = frozenset({str, date, datetime, time, NoneType})


class Memo(dict[Key, Value]):
    """Remembers a function's answers, up to a bound: a file repeats its dates and its teams.

    ``memo[key]`` is the answer, without a call of Python where it is known. The store is emptied
    when full, so memory does not grow with the file.
    """

    def __init__(self, function: Callable[[Key], Value], size: int = 20_000) -> None:
        super().__init__()
        self._function = function
        self._size = size

    def __missing__(self, key: Key) -> Value:
        value = self._function(key)
        if key.__class__ in _REMEMBERED:
            if len(self) >= self._size:
                self.clear()
            self[key] = value
        return value

    __call__ = dict.__getitem__


def clean_text(value: object) -> str:
    """A cell as text: spaces of every kind made single and trimmed, invisible characters gone.

    A whole number loses its ".0". Excel's errors and the like ("#N/A", "NULL") become "".
    """
    if value is None or isinstance(value, bool):
        return "" if value is None else ("Yes" if value else "No")
    if isinstance(value, float):
        if isnan(value):  # what a data-frame tool puts for nothing
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = _without_invisible(text)
    text = " ".join(text.split())
    return "" if text.casefold() in EMPTY_WORDS else text


def _without_invisible(text: str) -> str:
    """Control and format characters removed, separators (no-break spaces, line ends) as spaces."""
    out = []
    for character in text:
        if character in "\t\r\n" or unicodedata.category(character).startswith("Z"):
            out.append(" ")
        elif unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            out.append(character)
    return "".join(out)


def is_error(value: object) -> bool:
    """Whether a cell holds an error of a spreadsheet ("#N/A"), which hides what it would say."""
    return isinstance(value, str) and value.strip().casefold() in _ERRORS


def clean_name(value: object) -> str:
    """A team's or a worker's name; "" for a placeholder such as "N/A", "-" or "Unallocated"."""
    text = _unless_placeholder(value)
    return "" if text.casefold() in _NOBODY else text


def _unless_placeholder(value: object) -> str:
    text = clean_text(value)
    return "" if text.casefold() in PLACEHOLDERS else text


def clean_id(value: object) -> str:
    """A child id as text: "1009.0" and 1009.0 are "1009"; "00123" and "_AB" stay as they are.

    ="00123" and '00123 are "00123": what some systems write so that a spreadsheet keeps the zeros.
    """
    text = _unless_placeholder(value)
    if kept := _KEPT_AS_TEXT.fullmatch(text):
        text = _unless_placeholder(kept[1] or kept[2])
    return text.split(".")[0] if _WHOLE_FLOAT.fullmatch(text) else text


def id_was_shortened(value: object) -> bool:
    """Whether a spreadsheet has rounded an id away: 1.23457E+12, or more digits than it keeps.

    Excel keeps 15 significant digits of a number, so a longer id typed as a number is another id.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return abs(value) >= 1e15
    return isinstance(value, str) and _SHORTENED.fullmatch(value.strip()) is not None


def read_date(value: object, *, as_of: date) -> tuple[date | None, bool]:
    """`(date, True)`, `(None, True)` for a blank, `(None, False)` where it cannot be read.

    Shapes: a date cell; 2010-01-31; 31/01/2010, 31-01-10, 31.01.2010 (always the day first);
    8 Jan 2000; 20100131; Excel's serial number. A time of day after the date is ignored.
    A two-digit year is of this century unless that lies more than a year after `as_of`.
    """
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return _plausible(value)
    if isinstance(value, time):  # what is left of a date cell holding 0
        return None, value == time(0, 0)
    if isinstance(value, bool):
        return None, False
    if isinstance(value, (int, float)):
        return _from_number(float(value))
    text = clean_text(value)
    if not text or text.casefold() in PLACEHOLDERS:
        return None, True
    return _from_text(_TIME_OF_DAY.sub("", text), as_of)


def _from_number(number: float) -> tuple[date | None, bool]:
    if number == 0:
        return None, True
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return _EXCEL_EPOCH + timedelta(days=int(number)), True
    if not isfinite(number):
        return None, False
    whole = str(int(number))
    return _from_text(whole, _LATEST) if _COMPACT.fullmatch(whole) else (None, False)


def _from_text(text: str, as_of: date) -> tuple[date | None, bool]:
    if found := _YEAR_FIRST.fullmatch(text):
        return _build(found[1], int(found[3]), found[4], as_of)
    if found := _DAY_FIRST.fullmatch(text):
        return _build(found[4], int(found[3]), found[1], as_of)
    if found := _MONTH_NAMED.fullmatch(text):
        month = _MONTHS.get(found[2].casefold())
        return _build(found[3], month, found[1], as_of) if month else (None, False)
    if found := _COMPACT.fullmatch(text):
        return _build(found[1] + found[2], int(found[3]), found[4], as_of)
    if _NUMBER.fullmatch(text):
        return _from_number(float(text))
    return None, False


def _build(year: str, month: int, day: str, as_of: date) -> tuple[date | None, bool]:
    number = int(year)
    if len(year) == 2:
        number += 2000 if 2000 + number <= as_of.year + 1 else 1900
    try:
        return _plausible(date(number, month, int(day)))
    except ValueError:
        return None, False


def _plausible(value: date) -> tuple[date | None, bool]:
    return (value, True) if _EARLIEST <= value <= _LATEST else (None, False)


def age_at(born: date, as_of: date) -> int:
    """Age in whole years at the last birthday; a child born on 29 February ages on 1 March."""
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def read_age(value: object) -> tuple[int | None, bool]:
    """Whole years from an age column, read like `read_date`. Annex A gives an unborn child -1."""
    text = clean_text(value)
    if not text or text.casefold() in PLACEHOLDERS:
        return None, True
    try:
        number = float(text)
    except ValueError:
        return (-1, True) if text.casefold() == "unborn" else (None, False)
    return (int(number) if number >= 0 else -1, True) if -1 <= number <= 120 else (None, False)
