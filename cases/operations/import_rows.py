"""From a council's file to staged rows: read row by row, written by COPY in pieces.

Memory does not grow with the file: a piece of rows is all that is held.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any, Self

from django.db import connection
from django.db.backends.utils import CursorWrapper

from cases.importers import CaseRow, Problem, ReadFile, Severity
from cases.importers.codes import yes_or_no
from cases.models import CaseImport, ImportProblem, StagedCase
from cases.operations.bulk import NULL, uncollected

Report = Callable[[int], None]

STAGED = (
    "sheet", "row", "child_id", "service_code", "is_open", "team", "practitioner", "agency",
    "opened_on", "closed_on", "restricted", "family_id", "age_years", "gender", "ethnicity",
    "disability", "disability_team", "transferred_in_on", "transferred_in_from", "legal_status",
    "plan",
)  # fmt: skip
PROBLEM = ("sheet", "row", "column", "message", "value", "severity", "done")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})


def _longest(model: Any, fields: Iterable[str]) -> dict[str, int]:
    lengths = {name: model._meta.get_field(name).max_length for name in fields}
    return {name: length for name, length in lengths.items() if length}


_LENGTHS = _longest(StagedCase, STAGED)
_ANSWERS = {None: NULL, True: "t", False: "f"}
_PROBLEM_LENGTHS = _longest(ImportProblem, PROBLEM)


@dataclass(slots=True)
class Said:
    """What the rows of a list say anything about, so that nobody looks at all of them again.

    ``services`` are the codes of all rows, open or closed, "" left out.
    """

    services: set[str] = field(default_factory=set)
    families: bool = False
    disability_teams: bool = False

    def hear(
        self,
        services: Sequence[str | None],
        families: Sequence[str],
        disability_teams: Sequence[bool | None],
    ) -> None:
        """Note what some rows say: the values of each column."""
        self.services.update(filter(None, set(services)))
        self.families = self.families or any(families)
        self.disability_teams = self.disability_teams or set(disability_teams) != {None}


def stage(case_import: CaseImport, file: ReadFile, report: Report) -> Said:
    """Write every row and problem of ``file`` to the staging tables of ``case_import``.

    ``report`` is told the number of rows read so far, after each piece.
    """
    read, said = 0, Said()
    with connection.cursor() as cursor, _Copying(cursor, case_import.pk) as copying, uncollected():
        for piece in file.pieces():
            cases = [row for row in piece if isinstance(row, CaseRow)]
            problems = [row for row in piece if isinstance(row, Problem)]
            copying.rows(StagedCase, STAGED, _staged(cases, problems, said))
            copying.rows(ImportProblem, PROBLEM, [_problem(problem) for problem in problems])
            left_out = sum(problem.severity is Severity.ROW_LEFT_OUT for problem in problems)
            read += len(cases) + left_out
            report(read)
    return said


def _staged(rows: list[CaseRow], problems: list[Problem], said: Said) -> Iterator[str]:
    """The rows' values in the order of STAGED as lines for COPY, worked out column by column.

    ``said`` hears what they say. What is too long is cut, and that is a problem. Codes where the
    spelling is known, so that figures can count; else the text as it stood.
    """
    if not rows:
        return iter(())
    (
        sheet, row, child, _, service, _, is_open, opened_on, closed_on, team, practitioner, family,
        agency, restricted, age, gender, gender_code, ethnicity, ethnicity_code, disability, _,
        disability_team, moved_on, moved_from, legal_status, plan,
    ) = zip(*rows, strict=True)  # fmt: skip
    said.hear(service, family, disability_team)

    def text(name: str, values: Sequence[str]) -> Sequence[str]:
        longest = _LENGTHS[name]
        if max(map(len, values)) > longest:
            cut = partial(_cut, name=name, longest=longest, problems=problems)
            values = list(map(cut, rows, values))
        together = "".join(values)
        if "\\" in together or not together.isprintable():
            values = [value.translate(_ESCAPES) for value in values]
        return values

    return map("\t".join, zip(
        text("sheet", sheet), map(str, row), text("child_id", child),
        [code or "" for code in service], map(_ANSWERS.__getitem__, is_open), text("team", team),
        text("practitioner", practitioner), map(_ANSWERS.__getitem__, agency),
        map(_day, opened_on), map(_day, closed_on), map(_ANSWERS.__getitem__, restricted),
        text("family_id", family), map(_number, age),
        text("gender", [code or word for code, word in zip(gender_code, gender, strict=True)]),
        text("ethnicity",
             [code or word for code, word in zip(ethnicity_code, ethnicity, strict=True)]),
        text("disability", list(map(_disability, disability))),
        map(_ANSWERS.__getitem__, disability_team), map(_day, moved_on),
        text("transferred_in_from", moved_from), text("legal_status", legal_status),
        text("plan", plan),
        strict=True,
    ))  # fmt: skip


def _cut(row: CaseRow, text: str, name: str, longest: int, problems: list[Problem]) -> str:
    if len(text) <= longest:
        return text
    message = f"This is longer than {longest} characters."
    done = "The rest was cut off."
    problems.append(Problem(row.sheet, row.row, name, message, Severity.NOTE, done=done))
    return text[:longest]


@lru_cache(maxsize=200)
def _number(number: int | None) -> str:
    return NULL if number is None else str(number)


@lru_cache(maxsize=20_000)
def _day(day: date | None) -> str:
    return NULL if day is None else day.isoformat()


@lru_cache(maxsize=1000)
def _disability(text: str) -> str:
    """ "yes", "no", "" where not known, or the words of a council that names the disability."""
    answer, recognised = yes_or_no(text)
    if not recognised:
        return text
    return {True: "yes", False: "no", None: ""}[answer]


def _problem(problem: Problem) -> str:
    texts = {
        "sheet": problem.sheet,
        "column": problem.column,
        "message": problem.message,
        "value": problem.value,
        "severity": problem.severity.value,
        "done": problem.done,
    }
    sheet, column, message, *rest = (
        text[: _PROBLEM_LENGTHS[name]].translate(_ESCAPES) for name, text in texts.items()
    )
    row = NULL if problem.row is None else str(problem.row)
    return "\t".join((sheet, row, column, message, *rest))


class _Copying:
    """Sends rows by COPY while the next are being read: a thread waits for the database.

    One COPY at a time, since they share a connection, which nobody else may use until the end.
    Leaving waits for the last, and raises what went wrong in any.
    """

    def __init__(self, cursor: CursorWrapper, case_import: int) -> None:
        self._cursor = cursor
        self._case_import = case_import
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._sent: Future[None] | None = None

    def rows(self, model: Any, fields: tuple[str, ...], lines: Iterable[str]) -> None:
        """COPY rows of the import into a model's table: lines of values in the order of fields."""
        start = f"{self._case_import}\t"
        if text := f"\n{start}".join(lines):
            text = f"{start}{text}\n"
            columns = ", ".join(f'"{name}"' for name in ("case_import_id", *fields))
            self._wait()
            self._sent = self._thread.submit(
                self._cursor.copy_expert,
                f"COPY {model._meta.db_table} ({columns}) FROM STDIN",
                io.StringIO(text),
                len(text),  # in one go: for each smaller piece the thread would wait its turn
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown()
        if kind is None:
            self._wait()

    def _wait(self) -> None:
        if self._sent is not None:
            self._sent.result()
