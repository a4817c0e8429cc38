"""What a list of children audited before this product would change: two columns, `child_id` and
`audited_on`.

A child of such a list counts as already audited in every frame frozen from then on, whether or not
a list of open cases has named the child yet. A line without a date takes a registration back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from accounts.rules.table_file import Change, Line, LineProblem, Plan, TableFile
from cases.importers.cells import clean_id, read_date
from cases.importers.other_ids import later
from cases.importers.records import ReadLimits
from cases.importers.rows import wrong_with_id

REQUIRED = ("child_id", "audited_on")
_LIMITS = ReadLimits()


@dataclass(frozen=True)
class AuditedEarlierPlan:
    """The plan in words, and the same as dates: child id → the date wanted, None for no date."""

    plan: Plan
    wanted: Mapping[str, date | None]


@dataclass(frozen=True)
class _Named:
    """A line about a child, by the id and with the date that stand in it."""

    line: int
    given: str
    audited_on: date | None


def plan_audited_earlier(
    table: TableFile,
    known: Mapping[str, date | None],
    today: date,
    own_ids: Mapping[str, str] | None = None,
) -> AuditedEarlierPlan:
    """What ``table`` would change; a child on several lines has the latest of the dates.

    ``known``: id of every child of the table that is here → the date registered so far, None where
    there is none. ``today``: nothing was audited after it. ``own_ids``: another id of a child → the
    child's own.
    """
    problems = list(table.problems)
    wanted: dict[str, date | None] = {}
    named: dict[str, list[_Named]] = {}
    for line in table.lines:
        given = clean_id(line["child_id"])
        child_id = (own_ids or {}).get(given, given)
        audited_on, wrong = _read(line, child_id, known, today)
        problems += wrong
        if wrong:
            continue
        named.setdefault(child_id, []).append(_Named(line.number, given, audited_on))
        wanted[child_id] = later(wanted.get(child_id), audited_on)
    changes: list[Change] = []
    for child_id, audited_on in wanted.items():
        counts = next(one for one in named[child_id] if one.audited_on == audited_on)
        here, now = child_id in known, known.get(child_id)
        change = _change(counts.line, child_id, audited_on, here, now)
        changes.append(_under(counts.given if counts.given != child_id else "", change))
        changes += [_again(one, counts) for one in named[child_id] if one is not counts]
    ordered = tuple(sorted(changes, key=lambda change: change.line))
    return AuditedEarlierPlan(Plan(() if problems else ordered, tuple(problems)), wanted)


def _again(one: _Named, counts: _Named) -> Change:
    """What a line does whose child stands on another line that counts: nothing."""
    why = "." if one.audited_on == counts.audited_on else ", which has the later date."
    return Change(one.line, one.given, "same", (f"The same child as line {counts.line}{why}",))


def _under(given: str, change: Change) -> Change:
    """The change, with the other id by which the file names the child."""
    if not given:
        return change
    return replace(change, details=(f"{given} is another id of this child.", *change.details))


def _read(
    line: Line, child_id: str, known: Mapping[str, date | None], today: date
) -> tuple[date | None, list[LineProblem]]:
    """The date of a line, and what is wrong with the line."""
    wrong = wrong_with_id(line["child_id"], child_id, _LIMITS)
    if wrong:
        return None, [LineProblem(line.number, "child_id", wrong)]
    audited_on, readable = read_date(line["audited_on"], as_of=today)
    if not readable:
        words = f"“{line['audited_on'][:40]}” cannot be read as a date."
    elif audited_on is None and known.get(child_id) is None:
        words = "There is no date. Where the day is not known, write the last it can have been."
    elif audited_on is not None and audited_on > today:
        words = "The date is in the future."
    else:
        return audited_on, []
    return None, [LineProblem(line.number, "audited_on", words)]


def _change(
    number: int, child_id: str, wanted: date | None, is_here: bool, now: date | None
) -> Change:
    details = [] if is_here else ["No list of open cases has named this child yet."]
    if wanted == now:
        return Change(number, child_id, "same", tuple(details))
    if wanted is None:
        gone = f"Audited on {now:%d/%m/%Y} → not audited: can be drawn again."
        return Change(number, child_id, "change", (gone,))
    if now is None:
        return Change(number, child_id, "add", (f"Audited on {wanted:%d/%m/%Y}.", *details))
    return Change(
        number, child_id, "change", (f"Audited on {now:%d/%m/%Y} → {wanted:%d/%m/%Y}.", *details)
    )
