"""What the frozen figures are put together from, and the blocks that page and PDF both show.

A report is a list of sections, a section a list of blocks: paragraphs, a table, a chart with its
table, or facts. Blocks are JSON-able data, so that what is frozen is what is shown, on the screen
and on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reports.rules.baselines import BaselineFigures
from reports.rules.figures import (
    ActionRecord,
    AuditRecord,
    EscalationRecord,
    FrameCount,
    TrendPoint,
)

Block = dict[str, Any]
HELD_BACK = "c"  # the mark that official statistics use for a number held back


@dataclass(frozen=True)
class DrawFacts:
    """How one draw can be checked by somebody who was not there."""

    reference: str
    status: str
    frame_number: int
    frame_sha256: str
    result_sha256: str
    seed: str
    seed_made: str  # how, as shown
    seed_witnesses: str
    seed_committed: bool
    drawn_at: datetime
    frozen_at: datetime
    reason: str  # why drawn again; empty for a first draw
    rate: str  # as a fraction, "1/20"


@dataclass(frozen=True)
class ReplacementCount:
    """Cases replaced, by coded reason (as shown) and team."""

    reason: str
    team: str
    count: int


@dataclass(frozen=True)
class EarlierPoint:
    """One line's quarter before this one, with the level it was or would be published at."""

    point: TrendPoint
    level: str


@dataclass(frozen=True)
class ThemeRecord:
    """A thematic programme of the quarter: in no other figure. ``grades``: best first."""

    name: str
    question: str
    cohort: tuple[str, ...]
    findings: str
    open: int
    selected: int
    grades: tuple[int, ...]


@dataclass(frozen=True)
class Records:
    """Everything that a quarter's figures are computed from."""

    quarter: str  # label
    quarter_name: str
    starts_on: str
    ends_on: str
    council: str
    lines: tuple[str, ...]
    audits: tuple[AuditRecord, ...]
    frame: tuple[FrameCount, ...]
    escalations: tuple[EscalationRecord, ...]
    actions: tuple[ActionRecord, ...]
    replacements: tuple[ReplacementCount, ...] = ()
    draws: tuple[DrawFacts, ...] = ()
    tools: tuple[tuple[str, int, int], ...] = ()  # title, version, number of standards
    earlier: Mapping[str, tuple[EarlierPoint, ...]] = field(default_factory=dict)  # by line
    baselines: tuple[BaselineFigures, ...] = ()  # of the trend's quarters
    themes: tuple[ThemeRecord, ...] = ()
    left_out: tuple[str, ...] = ()  # which open cases the council leaves out of the draw, and why


def paragraphs(*texts: str) -> Block:
    """Running text; empty sentences are left out."""
    return {"type": "paragraphs", "texts": [text for text in texts if text]}


def facts(caption: str, rows: Iterable[tuple[str, str]]) -> Block:
    """Names and values."""
    return {"type": "facts", "caption": caption, "rows": [list(row) for row in rows]}


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[Any]], *, note: str = ""
) -> Block:
    """A table whose first column names the row; the other columns are numbers where they can be."""
    return {
        "type": "table",
        "caption": caption,
        "head": list(head),
        "rows": [[cell(value) for value in row] for row in rows],
        "note": note,
    }


def chart(kind: str, caption: str, alt: str, data: Sequence[dict[str, Any]]) -> Block:
    """A picture of the table that follows it; `alt` says in words what it shows."""
    return {"type": "chart", "kind": kind, "caption": caption, "alt": alt, "data": list(data)}


def section(heading: str, *blocks: Block | None) -> dict[str, Any]:
    """A heading with what stands below it; what is None or empty is left out."""
    kept = [
        block for block in blocks if block and (block["type"] != "paragraphs" or block["texts"])
    ]
    return {"heading": heading, "blocks": kept}


def cell(value: Any) -> str:
    """A table's cell as it is shown: numbers with commas, None as not there."""
    if value is None:
        return HELD_BACK
    return f"{value:,}" if isinstance(value, int) else str(value)


def dash(value: Any) -> Any:
    """A cell for which there is nothing to show, as opposed to held back."""
    return "–" if value is None else value


def percent_words(value: int | None) -> str:
    """A percentage in a cell, "–" where there is none."""
    return "–" if value is None else f"{value}%"


def range_words(interval: Mapping[str, Any] | None) -> str:
    """An interval in a cell: "36% to 50%"."""
    if interval is None:
        return "–"
    return f"{interval['low_percent']}% to {interval['high_percent']}%"
