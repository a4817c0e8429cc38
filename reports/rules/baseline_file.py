"""What a file of baselines would change: past results as a spreadsheet keeps them, line by line.

A line whose quarter, line and service are known changes that baseline; another one adds one. What
is not in the file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from accounts.rules.table_file import Change, Line, LineProblem, Plan, TableFile
from audits.rules.grades import GRADES, in_words
from cases.rules.quarters import Quarter
from reports.rules.baselines import (
    MOST,
    BaselineFigures,
    Key,
    group_refusal,
    quarter_refusal,
)
from reports.rules.grade_rows import Counts

REQUIRED = ("quarter", "line", "service", *GRADES)
OPTIONAL = ("source", "kind")
KIND = "baseline"
LONGEST_SOURCE = 200
_SPOKEN = re.compile(r"Q([1-4])\s+([0-9]{4})(?:/([0-9]{2}))?", re.IGNORECASE)


@dataclass(frozen=True)
class Structure:
    """The council's lines and services: name or code, case-folded → name."""

    lines: Mapping[str, str]
    services: Mapping[str, str]
    line_of: Mapping[str, str]  # a service's name → its line's


@dataclass(frozen=True)
class BaselinePlan:
    """The plan in words, and the same as figures: line number → the baseline wanted."""

    plan: Plan
    wanted: Mapping[int, BaselineFigures]


def read_quarter(text: str) -> Quarter:
    """A quarter as typed: "2025-Q4", "Q4 2025/26" or "Q4 2025". Raises `ValueError` in words."""
    found = _SPOKEN.fullmatch(text.strip())
    if found is None:
        return Quarter.parse(text)
    quarter = Quarter(int(found[2]), int(found[1]))
    if found[3] and int(found[3]) != (quarter.year + 1) % 100:
        raise ValueError(f"“{text.strip()}” is no financial year: {quarter.year} is followed by "
                         f"{(quarter.year + 1) % 100:02}.")  # fmt: skip
    return quarter


def plan_baselines(
    table: TableFile,
    known: Mapping[Key, BaselineFigures],
    structure: Structure,
    with_grades: Collection[str],
    today: date,
) -> BaselinePlan:
    """What ``table`` would do to ``known``; ``with_grades`` as for `quarter_refusal`."""
    problems = list(table.problems)
    wanted: dict[int, BaselineFigures] = {}
    first_at: dict[Key, int] = {}
    for line in table.lines:
        row, wrong = _row(line, table.headings, known, structure, with_grades, today)
        if row is not None and row.key in first_at:
            again = f"The same quarter, line and service as on line {first_at[row.key]}."
            wrong.append(LineProblem(line.number, "quarter", again))
        problems += wrong
        if row is not None and not wrong:
            wanted[line.number] = row
            first_at[row.key] = line.number
    problems += _groups(wanted, known)
    changes = [_change(number, row, known.get(row.key)) for number, row in wanted.items()]
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    return BaselinePlan(Plan(tuple(changes), tuple(ordered)), wanted)


def _row(
    line: Line,
    headings: Collection[str],
    known: Mapping[Key, BaselineFigures],
    structure: Structure,
    with_grades: Collection[str],
    today: date,
) -> tuple[BaselineFigures | None, list[LineProblem]]:
    """The baseline of a line, None where it is not even known of what; and what is wrong."""
    quarter, wrong = _quarter(line, with_grades, today)
    line_name, service, more = _group(line, structure)
    counts, bad_counts = _counts(line)
    wrong += more + bad_counts
    if line["kind"].casefold() not in ("", KIND):
        wrong.append(LineProblem(line.number, "kind", f"This column can only say “{KIND}”."))
    if len(line["source"]) > LONGEST_SOURCE:
        words = f"This is longer than {LONGEST_SOURCE} characters."
        wrong.append(LineProblem(line.number, "source", words))
    if quarter is None or not line_name:
        return None, wrong
    now = known.get((quarter.label, line_name, service))
    kept = now.source if now is not None and "source" not in headings else line["source"]
    return BaselineFigures(quarter.label, line_name, service, counts, kept), wrong


def _quarter(
    line: Line, with_grades: Collection[str], today: date
) -> tuple[Quarter | None, list[LineProblem]]:
    try:
        quarter = read_quarter(line["quarter"])
    except ValueError as error:
        return None, [LineProblem(line.number, "quarter", str(error))]
    refusal = quarter_refusal(quarter, today, with_grades)
    return quarter, [LineProblem(line.number, "quarter", refusal)] if refusal else []


def _group(line: Line, structure: Structure) -> tuple[str, str, list[LineProblem]]:
    name = structure.lines.get(line["line"].casefold(), "")
    if not name:
        words = f"There is no service line called “{line['line']}”."
        return "", "", [LineProblem(line.number, "line", words)]
    if not line["service"]:
        return name, "", []
    service = structure.services.get(line["service"].casefold(), "")
    if structure.line_of.get(service) != name:
        words = f"{name} has no service called “{line['service']}”."
        return name, service, [LineProblem(line.number, "service", words)]
    return name, service, []


def _counts(line: Line) -> tuple[Counts, list[LineProblem]]:
    numbers, problems = [], []
    for code in GRADES:
        text = line[code].replace(",", "")
        good = text.isascii() and text.isdigit() and int(text) <= MOST
        numbers.append(int(text) if good else 0)
        if not good:
            words = f"“{line[code]}” is not a number of files. Write 0 where there were none."
            problems.append(LineProblem(line.number, code, words))
    if not problems and not any(numbers):
        problems.append(LineProblem(line.number, GRADES[0], "There are no files in this line."))
    a, b, c, d = numbers
    return (a, b, c, d), problems


def _groups(
    wanted: Mapping[int, BaselineFigures], known: Mapping[Key, BaselineFigures]
) -> list[LineProblem]:
    """Where services would be more than their line, at the last line that speaks of them."""
    after = {**known, **{row.key: row for row in wanted.values()}}
    last_at = {row.key[:2]: number for number, row in wanted.items()}
    problems = []
    for group, number in last_at.items():
        refusal = group_refusal(row for key, row in after.items() if key[:2] == group)
        if refusal:
            problems.append(LineProblem(number, "", refusal))
    return problems


def _change(number: int, row: BaselineFigures, now: BaselineFigures | None) -> Change:
    before = now.counts if now else (0, 0, 0, 0)
    details = [
        f"{in_words(code)}: {then:,} → {count:,}" if now else f"{in_words(code)}: {count:,}"
        for code, then, count in zip(GRADES, before, row.counts, strict=True)
        if then != count or now is None
    ]
    source = now.source if now else ""
    if source != row.source:
        details.append(f"source: {source or 'none'} → {row.source or 'none'}")
    name = f"{row.quarter_name}, {row.line}, {row.group}"
    if now is None:
        return Change(number, name, "add", tuple(details))
    return Change(number, name, "change" if details else "same", tuple(details))
