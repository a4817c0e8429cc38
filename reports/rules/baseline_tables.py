"""A line's baselines as tables of the report: all numbers, and what may be published of them."""

from __future__ import annotations

from audits.rules.grades import GRADES, label
from reports.rules.baselines import BASELINE, BASELINE_NOTE
from reports.rules.computed import LineFigures
from reports.rules.edition import Block, percent_words, table
from reports.rules.grade_rows import FOUR, NONE, PublicRow

GRADE_HEAD = [label(code) for code in GRADES]


def exempt_baselines(line: LineFigures) -> Block | None:
    """Every baseline of the line, its sources in the note; None where there is none."""
    if not line.baselines:
        return None
    rows = [
        (
            f"{row.quarter_name}, {row.group}",
            row.good_or_better.n,
            *row.counts,
            percent_words(row.good_or_better.percent),
        )
        for row in line.baselines
    ]
    sources = [
        f"{row.quarter_name}, {row.group}: {row.source}." for row in line.baselines if row.source
    ]
    return table(
        _caption(line),
        ["Quarter", "Files", *GRADE_HEAD, "Good or better"],
        rows,
        note=" ".join([BASELINE_NOTE, *(["Sources."] if sources else []), *sources]),
    )


def public_baselines(line: LineFigures, held_back: str) -> Block | None:
    """The baselines as they may be published; None where nothing of them may.

    ``held_back`` is the note that stands under a table with numbers held back.
    """
    shown = [(row, line.public_baselines[row.key]) for row in line.baselines]
    if all(public.level == NONE for _, public in shown):
        return None
    four = any(public.level == FOUR for _, public in shown)
    cells = [
        (
            f"{row.quarter_name}, {row.group}",
            public.n,
            *_grade_cells(public, four),
            percent_words(row.good_or_better.percent) if public.level != NONE else None,
        )
        for row, public in shown
    ]
    missing = any(value is None for row in cells for value in row)
    head = GRADE_HEAD if four else ["Good or better", "Below good"]
    return table(
        _caption(line),
        ["Quarter", "Files", *head, "Share good or better"],
        cells,
        note=f"{BASELINE_NOTE} {held_back}" if missing else BASELINE_NOTE,
    )


def _grade_cells(row: PublicRow, four: bool) -> list[int | None]:
    """A row's numbers; under four heads only where it shows all four grades."""
    width = 4 if four else 2
    if row.level == NONE or (four and row.level != FOUR):
        return [None] * width
    half = len(row.counts) // 2
    return list(row.counts) if four else [sum(row.counts[:half]), sum(row.counts[half:])]


def _caption(line: LineFigures) -> str:
    return f"{line.name}: {BASELINE[0].lower()}{BASELINE[1:]}"
