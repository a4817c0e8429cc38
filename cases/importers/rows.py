"""From the cells of one row to a CaseRow and its problems.

No row raises, and no child is lost because of an attribute: a row is left out only where its id
cannot be trusted, or where somebody has said that rows of its service open no case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from operator import itemgetter
from typing import Any, Final

from cases.importers import codes
from cases.importers.cells import (
    Memo,
    age_at,
    clean_id,
    clean_name,
    clean_text,
    id_was_shortened,
    is_error,
    read_age,
    read_date,
)
from cases.importers.ethnicities import ethnicity_code
from cases.importers.headings import COMMON, heading_key
from cases.importers.records import CaseRow, Problem, ReadLimits, Severity
from cases.importers.source import Sheet

_COUNTS_AS_RESTRICTED: Final = "The record counts as restricted, so it is not drawn."
NO_STAFF: Final = {"team": "There is no team.", "practitioner": "There is no practitioner."}
_ONCE_KNOWN: Final = "The case can be drawn, and allocated once its {0} is known."
# What is said of a cell with an error of the spreadsheet, where more than its value is gone.
_DONE_WITHOUT: Final = {
    "restricted": _COUNTS_AS_RESTRICTED,
    "team": _ONCE_KNOWN.format("team"),
    "practitioner": _ONCE_KNOWN.format("practitioner"),
}

LEFT_OUT, VALUE_OUT, NOTE = Severity.ROW_LEFT_OUT, Severity.VALUE_LEFT_OUT, Severity.NOTE
FIELDS: Final = (
    "child_id", "service", "status", "team", "practitioner", "opened_on", "closed_on",
    "family_id", "agency", "restricted", "date_of_birth", "age", "gender", "ethnicity",
    "disability", "disability_team", "transferred_in_on", "transferred_in_from", "legal_status",
    "plan",
)  # fmt: skip
SHOWN_LENGTH: Final = 40
_SPELLINGS_REPORTED: Final = 200
_SERVICES_ASKED: Final = 50
NO_CASE: Final = ""  # what a service's name means that opens no case, as somebody has said
_DAY: Final = re.compile(r"(?:19|20)\d\d([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2(?:19|20)\d\d")
_A_TOTAL: Final = re.compile(r"(?:sub-?|grand )?(?:totals?|count|sum|page)\b[ :.]", re.IGNORECASE)
_NO_IDS: Final = frozenset({"true", "false", "yes", "no", "unborn"})
_WITH_SEPARATORS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_TOTALS: Final = frozenset({"total", "grand total", "totals", "sum", "count"})
_ALLOWED_SERVICES: Final = ", ".join(codes.SERVICE_NAMES.values())
OPENS_NO_CASE: Final = "As you have said, rows of this service open no case."
_ONLY_RESTRICTED: Final = "Of the row only the restriction counts."
_STAYS: Final = "The row opens no case. An open case of this child stays where it is, because "
_NOT_SAID: Final = f"{_STAYS}the row does not say its service."
_NOT_KNOWN: Final = f"{_STAYS}its service is not known."
NO_CHILD: Final = ("This is a line of totals, not a child.", "This line repeats the headings.")
_OPEN: Final = "The date was left out, so the case counts as open."
OLDEST: Final = 30  # years; young people leaving care are known to the council until 25
_TOO_OLD: Final = "No child or young person is so old."
_AN_ERROR: Final = "The spreadsheet shows an error here instead of a value."
_A_SCRAP: Final = "This line has one value alone: the rest of the line before it, or a footer."
_NARROWEST: Final = 4  # columns of a list in which such a line cannot be a row
_KEPT_BLANK: Final = "It was left blank."
_AS_TEXT: Final = "It is kept as text."
_SHIFTED: Final = (
    "The line has more values than there are headings, so values may stand in the wrong columns. "
    "If a value has a comma in it, put it in quotation marks. If every line ends with a comma, "
    "end the line of headings with one too."
)
_LINES_NAMED: Final = 10
_CUT_SHORT: Final = (
    "What is missing counts as blank. If a value has a line break in it, put it in quotation marks."
)
ZEROS: Final = frozenset("0" * length for length in range(1, 13))
_NO_FAMILY: Final = frozenset(
    {"not recorded", "not applicable", "not stated", "no family", "no family id", "no", "nil",
     "blank", "missing", "not available", "not linked"}
)  # fmt: skip


@dataclass(slots=True)
class UnknownService:
    """A service's name as it first stood in the file, and in how many rows."""

    said: str
    rows: int = 1


class Spellings:
    """What cells mean, remembered for one file, so that a repeated value is worked out once."""

    def __init__(self, as_of: date, services: Mapping[str, str] | None = None) -> None:
        given = services or {}
        self.date: Memo[Any, tuple[date | None, bool]] = Memo(
            lambda value: read_date(value, as_of=as_of)
        )
        self.age: Memo[Any, tuple[int | None, bool]] = Memo(read_age)
        self.text: Memo[Any, str] = Memo(clean_text)
        self.name: Memo[Any, str] = Memo(clean_name)
        self.service: Memo[str, str | None] = Memo(
            lambda text: codes.service_code(text) or given.get(codes.word_key(text))
        )
        self.status: Memo[str, str | None] = Memo(
            lambda text: codes.case_status(text) or given.get(codes.word_key(text))
        )
        # By what the column asks: nothing, whether the case is closed, or whether it is open.
        self.closed: dict[str, Memo[str, tuple[bool, bool]]] = {
            "": Memo(codes.closed_status),
            "closed": Memo(lambda text: codes.closed_answer(text, yes=True)),
            "open": Memo(lambda text: codes.closed_answer(text, yes=False)),
        }
        self.unknown_services: dict[str, UnknownService] = {}
        self.gender: Memo[str, str] = Memo(codes.gender_code)
        self.ethnicity: Memo[str, str] = Memo(ethnicity_code)
        self.yes_or_no: Memo[str, tuple[bool | None, bool]] = Memo(codes.yes_or_no)
        self.legal_status: Memo[Any, str] = Memo(
            lambda value: codes.legal_status(clean_text(value))
        )
        self.restricted: Memo[str, tuple[bool | None, bool]] = Memo(codes.restricted_flag)
        self.agency: Memo[str, tuple[bool | None, bool]] = Memo(codes.agency_status)
        self.disability: Memo[str, tuple[bool | None, bool]] = Memo(codes.disability_answer)
        self._reported: set[tuple[str, str]] = set()
        self._rows_beyond: Counter[str] = Counter()

    def not_known(self, text: str) -> None:
        """Count a row whose service's name is not known, so that somebody can say what it means."""
        key = codes.word_key(text)
        if key in self.unknown_services:
            self.unknown_services[key].rows += 1
        elif len(self.unknown_services) < _SERVICES_ASKED:
            self.unknown_services[key] = UnknownService(text[: codes.LONGEST_WORD])
        else:
            self._rows_beyond["service"] += 1

    def first_time(self, field: str, text: str) -> bool:
        """Whether an unknown spelling is new, so that it is reported once and not per row."""
        key = (field, text)
        if key in self._reported:
            return False
        if len(self._reported) >= _SPELLINGS_REPORTED:
            self._rows_beyond[field] += 1
            return False
        self._reported.add(key)
        return True

    def not_reported(self) -> list[Problem]:
        """How many rows have words that are not known and were not told one by one."""
        notes = []
        for field, rows in self._rows_beyond.items():
            number = "1 more row has" if rows == 1 else f"{rows:,} more rows have"
            message = f"{number} a spelling of {field} that is not known."
            done = "It is kept as text." if field != "service" else "It will be asked about later."
            notes.append(Problem("", None, "", message, NOTE, done=done))
        return notes


def wrong_with_closing(closed_on: date, opened_on: date | None, as_of: date) -> str:
    """Why no case can have closed on this day; "" where it can.

    Databases write 01/01/1900 where they have no date; no young person has been known that long.
    """
    if opened_on is not None and closed_on < opened_on:
        return "The closing date is before the opening date."
    if closed_on.year < as_of.year - OLDEST:
        return "The closing date is longer ago than any case can be."
    return ""


def is_a_scrap(cells: Sequence[Any], width: int) -> bool:
    """Whether a line of CSV is the rest of the line before it, or a footer: one value alone."""
    return len(cells) == 1 and width >= _NARROWEST


def plain_id(raw: Any, limits: ReadLimits) -> bool:
    """Whether a cell is an id as nearly all are: letters and digits of both sorts or digits alone.

    Nothing that `clean_id` would change or `wrong_with_id` object to: no placeholder, no total and
    no heading of an id has a digit, and a number that a spreadsheet rounded has a sign in it.
    """
    return (
        raw.__class__ is str
        and raw.isalnum()
        and raw.isascii()
        and not raw.isalpha()
        and len(raw) <= limits.max_id_length
    )


def wrong_with_id(raw: Any, child_id: str, limits: ReadLimits) -> str:
    """Why a row cannot be said to be about one child; "" where it can.

    ``raw`` is the cell as it stands in the file, ``child_id`` what `clean_id` made of it.
    """
    if is_error(raw):
        return _AN_ERROR
    if not child_id:
        return "There is no child id."
    if id_was_shortened(raw):
        return (
            "The child id was turned into a rounded number by a spreadsheet. Format the "
            "column as text and export it again."
        )
    if len(child_id) > limits.max_id_length:
        return f"The child id is longer than {limits.max_id_length} characters."
    if child_id.casefold() in _TOTALS or _A_TOTAL.match(child_id):
        return NO_CHILD[0]
    if not child_id.isdigit() and COMMON.get(heading_key(child_id)) == "child_id":
        return NO_CHILD[1]
    return _something_else(raw, child_id)


def _something_else(raw: Any, child_id: str) -> str:
    """What stands where an id should, in a sentence; "" where it may be one."""
    if isinstance(raw, (bool, date, time)) or child_id.casefold() in _NO_IDS:
        return "This is no child id, but a date, a time, or a word."
    if _DAY.fullmatch(child_id):
        return "This is no child id, but a date."
    words = child_id.count(" ") + 1
    if words > 2 or (words == 2 and not any(map(str.isdigit, child_id))):
        return "This is no child id: it is several words."
    if _WITH_SEPARATORS.fullmatch(child_id):
        return (
            "A spreadsheet has put separators into the child id. Format the column as text and "
            "export it again."
        )
    return ""


class RowReader:
    """Reads the rows of one sheet. `problems` holds those of the row read last."""

    def __init__(self, sheet: Sheet, as_of: date, spellings: Spellings, limits: ReadLimits) -> None:
        self._sheet = sheet
        self._name = sheet.info.name
        self._profile = sheet.profile
        self._is_template = sheet.is_template
        self._wanted = sheet.wanted
        self._as_of = as_of
        self._known = spellings
        self._closed = spellings.closed[sheet.status_asks]
        self._limits = limits
        self._width = sheet.columns.width
        self._shifted = False
        self._beyond = 0
        self._short = 0
        self._first_short: list[int] = []
        # A field without a column is read from one blank cell behind the row.
        self._pick = itemgetter(*(sheet.columns.positions.get(f, self._width) for f in FIELDS))
        self._row = 0
        self._failed: set[str] = set()  # fields whose cells hold an error of the spreadsheet
        self.problems: list[Problem] = []

    def read(self, row: int, cells: Sequence[Any]) -> CaseRow | None:
        """The row as a CaseRow, or None where it is left out; a problem then says why."""
        self._row = row
        self.problems = []
        self._shifted = False
        trusted = self._in_columns(cells)
        if trusted is None:
            return None
        cells = trusted
        picked = self._pick(self._padded(self._restricted_by_any(cells)))
        self._failed = {
            field for field, cell in zip(FIELDS[1:], picked[1:], strict=True) if is_error(cell)
        }
        (raw_id, service, status, team, worker, opened, closed, family, agency, restricted, born,
         age, gender, ethnicity, disability, disability_team, moved_on, moved_from, legal, plan,
         ) = picked  # fmt: skip
        child_id = self._child_id(raw_id)
        if child_id is None:
            return None
        for field, cell in zip(FIELDS, picked, strict=True):
            if field in self._failed:
                self._say(field, _AN_ERROR, VALUE_OUT, cell, _DONE_WITHOUT.get(field, ""))
        known = self._known
        if self._gives_a_day(status) and not known.text(closed):
            closed, status = status, ""
        service_text, status_text = known.text(service), known.text(status)
        if not self._is_template:  # there a status does not give the service
            service_text = status_text = service_text or status_text
        code, status_open = self._service(service_text)
        if code == NO_CASE:
            return self._of_no_case(child_id, service_text, restricted)
        if self._is_template and status_text:
            status_open = not self._says_closed(status_text)
        opened_on = self._past_date("opened_on", opened, "It says the case was opened")
        closed_on, is_open = self._closing(closed, opened_on, status_open, status_text)
        gender_text, ethnicity_text = known.text(gender), known.text(ethnicity)
        disability_text = known.text(disability)
        return CaseRow(
            sheet=self._name,
            row=row,
            child_id=child_id,
            list_code=self._profile.list_code,
            service_code=code,
            service_text=service_text,
            is_open=is_open and (code is not None or self._is_template),
            opened_on=opened_on,
            closed_on=closed_on,
            team=self._staff("team", team),
            practitioner=self._staff("practitioner", worker),
            family_id=family
            if plain_id(family, self._limits) and family not in ZEROS
            else self._family(family),
            agency=self._answer("agency", agency),
            restricted=self._restricted(restricted),
            age_years=self._age(born, age),
            gender=gender_text,
            gender_code=self._code("gender", gender_text, known.gender),
            ethnicity=ethnicity_text,
            ethnicity_code=self._code("ethnicity", ethnicity_text, known.ethnicity),
            disability=disability_text,
            disabled=self._disabled(disability_text),
            disability_team=self._answer("disability_team", disability_team),
            transferred_in_on=self._past_date(
                "transferred_in_on", moved_on, "It says the case was transferred in"
            ),
            transferred_in_from=known.text(moved_from),
            legal_status=known.legal_status(legal),
            plan=known.text(plan),
        )

    def _of_no_case(self, child_id: str, service_text: str, restricted: Any) -> CaseRow | None:
        """Nothing counts of a row whose service opens no case but that the record is restricted."""
        if not self._restricted(restricted):
            self._say("service", OPENS_NO_CASE, LEFT_OUT, service_text)
            return None
        self._say("service", OPENS_NO_CASE, NOTE, service_text, _ONLY_RESTRICTED)
        return CaseRow(
            sheet=self._name, row=self._row, child_id=child_id, list_code=self._profile.list_code,
            service_code=None, service_text=service_text, is_open=False, opened_on=None,
            closed_on=None, team="", practitioner="", family_id="", agency=None, restricted=True,
            age_years=None, gender="", gender_code="", ethnicity="", ethnicity_code="",
            disability="", disabled=None, disability_team=None, transferred_in_on=None,
            transferred_in_from="", legal_status="", plan="",
        )  # fmt: skip

    def broken(self, row: int, lines: int) -> list[Problem]:
        """The problems of a record that could not be taken apart, one for each of its lines."""
        self._row = row
        if lines == 1:
            return [self._problem("", "This line could not be taken apart.", LEFT_OUT)]
        message = (
            "A quotation mark is opened here and not closed in this line, so that "
            f"{lines:,} lines were read as one row."
        )
        done = f"Lines {row:,} to {row + lines - 1:,} were left out."
        problems = [self._problem("", message, LEFT_OUT, done=done)]
        for line in range(row + 1, row + lines):
            self._row = line
            message = f"A quotation mark that is opened in line {row:,} runs over this line."
            problems.append(self._problem("", message, LEFT_OUT))
        return problems

    def _restricted_by_any(self, cells: Sequence[Any]) -> Sequence[Any]:
        """Of several columns about a restriction the one that says there is, else the first."""
        columns = self._sheet.columns
        first = columns.positions.get("restricted", 0)
        for place in columns.more_restricted:
            said = cells[place] if place < len(cells) else ""
            text = self._known.text(said)
            if is_error(said) or (text and self._known.restricted(text)[0]):
                padded = self._padded(cells)
                return [*padded[:first], said, *padded[first + 1 :]]
        return cells

    def _padded(self, cells: Sequence[Any]) -> Sequence[Any]:
        return [*cells, *[""] * (self._width - len(cells) + 1)]

    def _in_columns(self, cells: Sequence[Any]) -> Sequence[Any] | None:
        """The values that stand in their columns; None where the row cannot be used at all."""
        if self._sheet.is_csv and is_a_scrap(cells, self._width):
            self._say("", _A_SCRAP, LEFT_OUT)
            return None
        if self._sheet.is_csv and len(cells) < self._width:
            self._short += 1
            if self._short <= _LINES_NAMED:
                self._first_short.append(self._row)
        return self._too_long(cells) if len(cells) > self._width else cells

    def _too_long(self, cells: Sequence[Any]) -> Sequence[Any] | None:
        """A row without what stands beyond the headings, which may have moved the other values.

        Where the last column is blank, so is what a comma too many pushed beyond it. None where
        not even the id can be trusted then.
        """
        too_many = len(cells) - self._sheet.columns.cells
        if self._sheet.is_csv and too_many > 0:
            return self._where_trusted(cells, too_many)
        if any(clean_text(cell) for cell in cells[self._width :]):
            self._beyond += 1
        return cells[: self._width]

    def _where_trusted(self, cells: Sequence[Any], too_many: int) -> Sequence[Any] | None:
        """Only the id and the service of a row in which one value was taken for several.

        A name could stand where the team is read, and a date in another's place. The id counts
        where nothing but the service stands before it, the service where its name is known.
        """
        places = self._sheet.columns.positions
        kept: list[Any] = [""] * self._width
        first = {places.get("child_id"), places.get("service")}
        at = places["child_id"]
        known_id = all(place in first for place in range(at))
        service = places.get("service") if self._is_template else None
        named = service is not None and bool(self._known.service(self._known.text(cells[service])))
        if not known_id:
            self._say("", _SHIFTED, LEFT_OUT)
            return None
        kept[at] = cells[at]
        opened = "The case counts as open." if self._profile.service_code else _NOT_SAID
        done = f"Only the child id was taken. {opened}"
        if service is not None and named:
            kept[service] = cells[service]
            done = "Only the child id and the service were taken. The case counts as open."
        flag = places.get("restricted")
        if flag is not None and any(
            self._known.restricted(text)[0]
            for cell in cells[flag : flag + too_many + 1]
            if (text := self._known.text(cell))
        ):
            kept[flag] = "Yes"
            done = done.replace("open.", "open, and as restricted.")
        self._say("", _SHIFTED, VALUE_OUT, done=done)
        self._shifted = True
        return kept

    def at_the_end(self) -> list[Problem]:
        """What can be said of the sheet once its rows are read."""
        told = []
        if self._beyond:
            rows = "One row has" if self._beyond == 1 else f"{self._beyond:,} rows have"
            message = f"{rows} values in columns without a heading."
            told.append((message, "Those values were not read."))
        if self._short:
            lines = ", ".join(f"{line:,}" for line in self._first_short)
            others = self._short - len(self._first_short)
            more = f" and {others:,} more" if others else ""
            message = f"Lines with fewer values than there are headings: {lines}{more}."
            told.append((message, _CUT_SHORT))
        return [Problem(self._name, None, "", what, NOTE, done=done) for what, done in told]

    # --- whose row it is

    def _child_id(self, raw: Any) -> str | None:
        child_id = clean_id(raw)
        wrong = wrong_with_id(raw, child_id, self._limits)
        if wrong:
            self._say("child_id", wrong, LEFT_OUT)
            return None
        return child_id

    # --- which service, and is it open

    def _service(self, text: str) -> tuple[str | None, bool]:
        """`(code, open as far as the status says)`; see the rules in annex_a."""
        if self._is_template and self._profile.service_code:  # every row is of one service
            return self._profile.service_code, True
        if self._is_template:
            return self._template_service(text)
        if self._profile.list_code != "list_6" or not text:
            return self._profile.service_code, True
        code = self._known.status(text)
        if code == codes.CLOSED:
            return self._profile.service_code, False
        if code == NO_CASE:
            self._say("status", OPENS_NO_CASE, NOTE, text, "The row opens no case.")
            return self._profile.service_code, False
        if code is None:
            self._known.not_known(text)
            if self._known.first_time("status", text):
                self._say("status", "This case status is not known.", NOTE, text,
                          "The row is read as child in need.")  # fmt: skip
            return self._profile.service_code, True
        return code, True

    def _template_service(self, text: str) -> tuple[str | None, bool]:
        code = self._known.service(text) if text else None
        if code is None:
            what = "This service is not known." if text else "There is no service."
            if text:
                self._known.not_known(text)
            self._say("service", f"{what} Use one of: {_ALLOWED_SERVICES}.", VALUE_OUT, text,
                      _NOT_KNOWN if text else _NOT_SAID)  # fmt: skip
        return code, True

    def _gives_a_day(self, status: Any) -> bool:
        """Whether a column that asks if a case is closed says when it was."""
        if self._sheet.status_asks != "closed" or not self._is_template:
            return False
        _, known = codes.closed_answer(self._known.text(status), yes=True)
        return not known and self._known.date(status)[0] is not None

    def _says_closed(self, text: str) -> bool:
        closed, recognised = self._closed(text)
        if not recognised and self._known.first_time("status", text):
            self._say("status", "This status is not known.", NOTE, text,
                      "The case counts as open.")  # fmt: skip
        return closed

    def _closing(
        self, raw: Any, opened_on: date | None, status_open: bool, status: str
    ) -> tuple[date | None, bool]:
        """The closing date and whether the case is open on the as-of date.

        A date that cannot be read, or that cannot be, leaves the case open: one case too many in
        the frame is seen and replaced, one too few is never missed.
        """
        closed_on, readable = self._known.date(raw)
        if not readable:
            self._say("closed_on", "This closing date cannot be read.", VALUE_OUT, raw, _OPEN)
            return None, status_open
        if closed_on is not None and closed_on > self._as_of:
            self._say("closed_on", "The closing date is after the as-of date.", VALUE_OUT, raw,
                      _OPEN)  # fmt: skip
            return None, status_open
        if closed_on is not None and (
            wrong := wrong_with_closing(closed_on, opened_on, self._as_of)
        ):
            self._say("closed_on", wrong, VALUE_OUT, raw, _OPEN)
            return None, status_open
        if closed_on is None and not status_open:
            self._say("status", "The case status says closed and there is no closing date.",
                      NOTE, status, "The row counts as closed.")  # fmt: skip
        return closed_on, status_open and closed_on is None

    # --- attributes

    def _past_date(self, field: str, raw: Any, says: str) -> date | None:
        value, readable = self._known.date(raw)
        if not readable:
            # Such a column may hold yes and no, which is told once.
            if field != "transferred_in_on" or self._known.first_time(field, str(raw)):
                self._say(field, "This date cannot be read.", VALUE_OUT, raw)
        elif value is not None and value > self._as_of:
            self._say(field, f"{says} after the as-of date.", VALUE_OUT, raw)
            return None
        elif value is None and field in self._wanted and field not in self._failed:
            self._say(field, "There is no opening date.", NOTE, done=_KEPT_BLANK)
        return value

    def _staff(self, field: str, raw: Any) -> str:
        name = self._known.name(raw)
        if not name and field in self._wanted and field not in self._failed:
            self._say(field, NO_STAFF[field], NOTE, done=_ONCE_KNOWN.format(field))
        return name

    def _age(self, born: Any, age: Any) -> int | None:
        value, readable = self._known.date(born)
        if not readable:
            self._say("date_of_birth", "The date of birth cannot be read.", VALUE_OUT)
        elif value is not None and value > self._as_of:
            self._say("date_of_birth", "The date of birth is after the as-of date. If the child is "
                                       "not born yet, give the age as -1.", VALUE_OUT)  # fmt: skip
        elif value is not None:
            years = age_at(value, self._as_of)
            if years <= OLDEST:
                return years
            self._say("date_of_birth", _TOO_OLD, VALUE_OUT)
        said, readable = self._known.age(age)
        if not readable:
            self._say("age", "This age cannot be read.", VALUE_OUT)
        elif said is not None and said > OLDEST:
            self._say("age", _TOO_OLD, VALUE_OUT)
            return None
        return said

    def _answer(self, field: str, raw: Any) -> bool | None:
        text = self._known.text(raw)
        if not text:
            return None
        meant = self._known.agency if field == "agency" else self._known.yes_or_no
        answer, recognised = meant(text)
        if not recognised:
            self._say(field, "This should be Yes or No.", VALUE_OUT, text)
        return answer

    def _restricted(self, raw: Any) -> bool | None:
        """A record about which the list says what is not understood is not drawn."""
        if "restricted" in self._failed:
            return True
        text = self._known.text(raw)
        if not text:
            return None
        answer, recognised = self._known.restricted(text)
        if not recognised:
            self._say("restricted", "This is neither Yes nor No.", NOTE, text,
                      _COUNTS_AS_RESTRICTED)  # fmt: skip
        return answer

    def _family(self, raw: Any) -> str:
        if not raw:
            return ""
        family = clean_id(raw)
        return "" if family.casefold() in _NO_FAMILY or not family.strip("0") else family

    def _disabled(self, text: str) -> bool | None:
        """Anything but no or unknown names a disability (councils write "Autism", "LD")."""
        if not text:
            return None
        answer, recognised = self._known.disability(text)
        if not recognised and self._known.first_time("disability", text):
            self._say("disability", "This spelling of disability is not known.", NOTE, text,
                      "It is kept as text and counts as a disability.")  # fmt: skip
        return answer

    def _code(self, field: str, text: str, meaning: Memo[str, str]) -> str:
        if not text:
            return ""
        code = meaning(text)
        if not code and self._known.first_time(field, text):
            self._say(field, f"This spelling of {field} is not known.", NOTE, text, _AS_TEXT)
        return code

    # --- saying what is wrong

    def _say(
        self, field: str, message: str, severity: Severity, value: Any = "", done: str = ""
    ) -> None:
        if self._shifted and severity is not LEFT_OUT:  # all has been said
            return
        heading = self._sheet.columns.headings.get(field, "")
        self.problems.append(self._problem(heading, message, severity, value, done))

    def _problem(
        self, column: str, message: str, severity: Severity, value: Any = "", done: str = ""
    ) -> Problem:
        shown = str(value) if isinstance(value, date) else clean_text(value) or str(value).strip()
        if len(shown) > SHOWN_LENGTH:
            shown = shown[: SHOWN_LENGTH - 1] + "\u2026"
        return Problem(self._name, self._row, column, message, severity, shown, done)
