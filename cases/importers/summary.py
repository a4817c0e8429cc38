"""Counting a file's rows without a database: for checks, tests and small files.

An import does the same in SQL over its staged rows. The rule, for both:

- A child is one `child_id`, in whatever list, except list 11.
- A child has at most one open case: of the open rows, the one whose service comes first in the
  order of precedence. An open row of another service does not open a second case.
- Of several open rows of that service, the first in the file stands. What it leaves blank is filled
  from the child's other rows, in order of precedence, then from the event lists; what is true of a
  case in its service (opening date, legal status, plan) from open rows of that service alone.
- A care leaver whom list 6 calls closed is open by list 9, because a closed row closes nothing:
  it only fails to open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cases.importers.codes import PRECEDENCE
from cases.importers.records import CaseRow, Row, Severity


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file amounts to. `rows_read` includes rows left out; `by_service` has every service
    of the precedence, zeros included, and sums to `open_cases`."""

    rows_read: int
    children: int
    open_cases: int
    by_service: dict[str, int]
    rows_left_out: int


def summarise(rows: Iterable[Row], precedence: Sequence[str] = PRECEDENCE) -> Summary:
    """Rows read, children, open cases and open cases by service."""
    rank = {service: place for place, service in enumerate(precedence)}
    best: dict[str, int | None] = {}
    read = left_out = 0
    for row in rows:
        if not isinstance(row, CaseRow):
            left_out += row.severity is Severity.ROW_LEFT_OUT
            continue
        read += 1
        held = best.setdefault(row.child_id, None)
        if row.is_open and row.service_code in rank:
            place = rank[row.service_code]
            best[row.child_id] = place if held is None else min(held, place)
    by_service = dict.fromkeys(precedence, 0)
    for first in best.values():
        if first is not None:
            by_service[precedence[first]] += 1
    return Summary(read + left_out, len(best), sum(by_service.values()), by_service, left_out)
