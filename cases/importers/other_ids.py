"""What a list of other ids of children would change: two columns, `child_id` and `other_id`.

Systems give a child ids of their own. From then on what any file says under the other id is about
the child. Where both ids are children here already, the two become one: docs/decisions/0019.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from accounts.rules.table_file import Change, Line, LineProblem, Plan, TableFile
from cases.importers.cells import clean_id
from cases.importers.records import ReadLimits
from cases.importers.rows import wrong_with_id

REQUIRED = ("child_id", "other_id")
_LIMITS = ReadLimits()


@dataclass(frozen=True)
class KnownChild:
    """A child who is here: what must not be lost, or done twice, where two become one.

    ``audit`` is the reference of their audit, "" where there is none; ``drawn`` that of the draw in
    which they wait to be audited.
    """

    is_open: bool = False
    audit: str = ""
    drawn: str = ""
    audited_earlier: date | None = None

    @property
    def named(self) -> str:
        """What names the child for good, in words; "" where nothing does."""
        if self.audit:
            return f"audited as {self.audit}"
        return f"drawn in {self.drawn}" if self.drawn else ""


@dataclass(frozen=True)
class OtherIdsPlan:
    """The plan in words, and the same as pairs (id that stays, other id), in their order."""

    plan: Plan
    pairs: tuple[tuple[str, str], ...]


def plan_other_ids(
    table: TableFile, here: Mapping[str, KnownChild], known: Mapping[str, str]
) -> OtherIdsPlan:
    """What ``table`` would change.

    ``here``: id → the child, for every child of the table, or of ``known``, who is here. ``known``:
    other id → the child's id, so far.
    """
    planner = _Planner(dict(here), dict(known))
    problems = list(table.problems)
    changes: list[Change] = []
    for line in table.lines:
        wrong = list(_wrong(line))
        if not wrong:
            outcome = planner.take(line)
            if isinstance(outcome, Change):
                changes.append(outcome)
            else:
                wrong = [outcome]
        problems += wrong
    return OtherIdsPlan(Plan(() if problems else tuple(changes), tuple(problems)), planner.pairs)


def _wrong(line: Line) -> Iterator[LineProblem]:
    for column in REQUIRED:
        words = wrong_with_id(line[column], clean_id(line[column]), _LIMITS)
        if words:
            yield LineProblem(line.number, column, words)


@dataclass
class _Planner:
    """Follows the lines: a later line meets what the earlier ones have done."""

    here: dict[str, KnownChild]
    known: dict[str, str]
    pairs: tuple[tuple[str, str], ...] = ()
    stays: dict[str, int] = field(default_factory=dict)  # id that stays → its first line

    def take(self, line: Line) -> Change | LineProblem:
        given, other = clean_id(line["child_id"]), clean_id(line["other_id"])
        stays = self.known.get(given, given)
        if given == other:
            return LineProblem(line.number, "other_id", "The same id twice.")
        if self.known.get(other, other) == stays:
            return Change(line.number, given, "same", (f"Known already: {other}.",))
        if other in self.known:
            words = f"This is another id of {self.known[other]} already. Remove that first."
            return LineProblem(line.number, "other_id", words)
        return self._join(line.number, stays, other)

    def _join(self, number: int, stays: str, other: str) -> Change | LineProblem:
        ours, theirs = self.here.get(stays), self.here.get(other)
        if ours and theirs and ours.named and theirs.named:
            words = (
                f"{stays} was {ours.named} and {other} was {theirs.named}. No child is audited "
                "twice: withdraw or replace one of them first."
            )
            return LineProblem(number, "other_id", words)
        details = []
        if theirs and theirs.named:
            details = [f"{other} was {theirs.named}, so this id stays."]
            stays, other, ours, theirs = other, stays, theirs, ours
        if other in self.stays:
            words = (
                f"{other} stays by line {self.stays[other]}. Put this line in a file of its own."
            )
            return LineProblem(number, "other_id", words)
        details = [f"Other id: {other}.", *details, *_details(ours, theirs)]
        self._record(number, stays, other, ours or KnownChild(), theirs or KnownChild())
        return Change(number, stays, "add", tuple(details))

    def _record(
        self, number: int, stays: str, other: str, ours: KnownChild, theirs: KnownChild
    ) -> None:
        self.pairs += ((stays, other),)
        self.stays.setdefault(stays, number)
        self.here[stays] = replace(
            ours,
            is_open=ours.is_open or theirs.is_open,
            audited_earlier=later(ours.audited_earlier, theirs.audited_earlier),
        )
        self.here.pop(other, None)
        self.known |= {one: stays for one, child in self.known.items() if child == other}
        self.known[other] = stays


def later(one: date | None, other: date | None) -> date | None:
    """The later of two dates, either of which may be missing."""
    return max(filter(None, (one, other)), default=None)


def _details(ours: KnownChild | None, theirs: KnownChild | None) -> Iterator[str]:
    """In words: what becomes of two children who are one."""
    if ours is None:
        yield "No list of open cases has named the child under the id that stays yet."
    if theirs is None:
        return
    if theirs.is_open and ours and ours.is_open:
        yield "Both have an open case: the one under the other id closes."
    elif theirs.is_open:
        yield "The open case under the other id goes on under the id that stays."
    if theirs.audited_earlier and not (ours and ours.audited_earlier):
        yield f"Audited earlier, on {theirs.audited_earlier:%d/%m/%Y}: counts for the child."
