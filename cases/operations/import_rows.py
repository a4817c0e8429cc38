"""From a council's file to staged rows: read row by row, written by COPY in pieces.

Memory does not grow with the file: a piece of rows is all that is held.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection

from cases.importers import CaseRow, Problem, ReadFile, Row, Severity
from cases.importers.codes import yes_or_no
from cases.models import CaseImport, ImportProblem, StagedCase

Report = Callable[[int], None]

PIECE = 5_000
STAGED = (
    "sheet", "row", "child_id", "service_code", "is_open", "team", "practitioner", "agency",
    "opened_on", "closed_on", "restricted", "family_id", "age_years", "gender", "ethnicity",
    "disability", "transferred_in_on", "transferred_in_from", "legal_status", "plan",
)  # fmt: skip
PROBLEM = ("sheet", "row", "column", "message", "severity")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})


def _longest(model: Any, fields: Iterable[str]) -> dict[str, int]:
    lengths = {name: model._meta.get_field(name).max_length for name in fields}
    return {name: length for name, length in lengths.items() if length}


_AS_READ = attrgetter(*STAGED)
_STAGED_LENGTHS = [(STAGED.index(name), n) for name, n in _longest(StagedCase, STAGED).items()]
_PROBLEM_LENGTHS = _longest(ImportProblem, PROBLEM)


def stage(case_import: CaseImport, file: ReadFile, report: Report) -> None:
    """Write every row and problem of ``file`` to the staging tables of ``case_import``.

    ``report`` is told the number of rows read so far, after each piece.
    """
    read = 0
    for piece in _pieces(file.rows()):
        cases = [row for row in piece if isinstance(row, CaseRow)]
        problems = [row for row in piece if isinstance(row, Problem)]
        staged = [_staged(row, problems) for row in cases]
        copy(StagedCase, case_import, STAGED, staged)
        copy(ImportProblem, case_import, PROBLEM, map(_problem, problems))
        left_out = sum(problem.severity is Severity.ROW_LEFT_OUT for problem in problems)
        read += len(cases) + left_out
        report(read)


def _pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while piece := list(islice(rows, PIECE)):
        yield piece


def _staged(row: CaseRow, problems: list[Problem]) -> list[Any]:
    """The row's values in the order of STAGED; what is too long is cut, and that is a problem."""
    values = list(_AS_READ(row))
    for place, words in _IN_OUR_WORDS:
        values[place] = words(row)
    for place, longest in _STAGED_LENGTHS:
        if len(values[place]) > longest:
            values[place] = values[place][:longest]
            message = f"This is longer than {longest} characters. The rest was cut off."
            problems.append(Problem(row.sheet, row.row, STAGED[place], message, Severity.NOTE))
    return values


@lru_cache(maxsize=1000)
def _disability(text: str) -> str:
    """ "yes", "no", "" where not known, or the words of a council that names the disability."""
    answer, recognised = yes_or_no(text)
    if not recognised:
        return text
    return {True: "yes", False: "no", None: ""}[answer]


# Codes where the spelling is known, so that figures can count; else the text as it stood.
_IN_OUR_WORDS: tuple[tuple[int, Callable[[CaseRow], Any]], ...] = (
    (STAGED.index("service_code"), lambda row: row.service_code or ""),
    (STAGED.index("gender"), lambda row: row.gender_code or row.gender),
    (STAGED.index("ethnicity"), lambda row: row.ethnicity_code or row.ethnicity),
    (STAGED.index("disability"), lambda row: _disability(row.disability)),
)


def _problem(problem: Problem) -> list[Any]:
    message = problem.message
    if problem.value:
        message = f"{message} It says: {problem.value}"
    values = {
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "message": message,
        "severity": problem.severity.value,
    }
    for name, longest in _PROBLEM_LENGTHS.items():
        values[name] = str(values[name])[:longest]
    return list(values.values())


def copy(
    model: Any, case_import: CaseImport, fields: tuple[str, ...], rows: Iterable[list[Any]]
) -> None:
    """COPY ``rows`` (values in the order of ``fields``) of one import into a model's table."""
    text = io.StringIO()
    start = f"{case_import.pk}\t"
    for row in rows:
        text.write(start + "\t".join(map(_cell, row)) + "\n")
    if not text.tell():
        return
    text.seek(0)
    columns = ", ".join(f'"{name}"' for name in ("case_import_id", *fields))
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({columns}) FROM STDIN", text)


def _cell(value: Any) -> str:
    """One value in the text format of COPY."""
    if isinstance(value, str):
        # Translating goes letter by letter, and nearly every text stays as it is.
        return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return value.isoformat() if isinstance(value, date) else str(value)
