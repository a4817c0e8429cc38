"""A report beside the one it replaces: public numbers that moved by so few that it tells of them.

Nothing is held back for it: a report that corrects another must be able to say another number.
Whoever approves and publishes it is told, and decides (docs/disclosure.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reports.rules.policy import ReportPolicy

Place = tuple[str, str, str]  # table, row, column
# Columns beside others that hold sizes and names, and find nothing out about anybody.
SIZES = ("Files", "Open", "Quota", "Selected", "In reserve", "Version", "Practice standards")
SUM = "All"  # last in a table of one column


def small_differences(
    replaced: Mapping[str, Any], report: Mapping[str, Any], policy: ReportPolicy
) -> list[str]:
    """Sentences on the numbers of two public editions that differ by fewer than the smallest count.

    Both are as they were frozen: `figures["editions"]["public"]`.
    """
    before = dict(_numbers(replaced))
    return [
        f"{', '.join(filter(None, place))}: {before[place]:,} before, {now:,} now"
        for place, now in _numbers(report)
        if place in before and 0 < abs(now - before[place]) < policy.smallest_count
    ]


def _numbers(edition: Mapping[str, Any]) -> Iterator[tuple[Place, int]]:
    """Every count that is not a size, by where it stands."""
    for section in edition["sections"]:
        for block in section["blocks"]:
            if block["type"] == "table":
                yield from _of_table(block)


def _of_table(block: Mapping[str, Any]) -> Iterator[tuple[Place, int]]:
    _, *columns = block["head"]
    alone = len(columns) == 1
    for name, *cells in block["rows"]:
        for column, text in zip(columns, cells, strict=True):
            size = name == SUM if alone else column in SIZES
            if not size and re.fullmatch(r"\d{1,3}(,\d{3})*", text):
                place = (block["caption"], name, "" if alone else column)
                yield place, int(text.replace(",", ""))
