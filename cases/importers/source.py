"""A sheet to be read: its particulars, how its rows are understood, remarks about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cases.importers.annex_a import ListProfile
from cases.importers.headings import ColumnMap, asks_whether
from cases.importers.records import Problem, Severity, SheetInfo
from cases.importers.template import TEMPLATE

# Fields that every row of the template should have, as they are called where they are not there.
WANTED: Final = {"team": "team", "practitioner": "practitioner", "opened_on": "opening date"}

_ONCE_KNOWN: Final = "The cases can be drawn, and allocated once their {0}s are known."
_LACKING: Final = {
    "team": _ONCE_KNOWN.format("team"),
    "practitioner": _ONCE_KNOWN.format("practitioner"),
    "opened_on": "No case counts as opened recently.",
}


@dataclass(slots=True)
class Sheet:
    """One list of a workbook, or the one table of a CSV file."""

    info: SheetInfo
    profile: ListProfile
    columns: ColumnMap
    is_csv: bool = False  # a value too many may have moved those after it
    remarks: list[str] = field(default_factory=list)

    @property
    def is_template(self) -> bool:
        """Whether this is our own template, or a table whose columns somebody has named."""
        return self.profile.list_code == TEMPLATE

    @property
    def wanted(self) -> frozenset[str]:
        """What every row of the template has; only where there is a column is its lack told."""
        if not self.is_template:
            return frozenset()
        return frozenset(WANTED) & self.columns.positions.keys()

    @property
    def status_asks(self) -> str:
        """ "closed" or "open" where yes means that, by the heading of the status; else ""."""
        return asks_whether(self.columns.headings.get("status", ""))

    def notes(self) -> list[Problem]:
        """What is to be said of the sheet as a whole, before its rows."""
        notes = [self._note("", remark) for remark in self.remarks]
        repeated = "Another column before this one means the same."
        notes += [
            self._note(heading, repeated, "Only the first was read.")
            for heading in self.columns.repeated
        ]
        if self.is_template:
            notes += [
                self._note("", f"There is no column for the {words}.", _LACKING[wanted])
                for wanted, words in WANTED.items()
                if wanted not in self.columns.positions
            ]
        for name, heading, consequence in (
            ("opened_on", self.profile.opening, "No case of this list has an opening date."),
            ("closed_on", self.profile.closing, "Every row of this list counts as open."),
        ):
            wanted = not self.is_template and heading
            if wanted and name not in self.columns.positions:
                words = f"There is no column \u201c{heading}\u201d."
                notes.append(self._note("", words, consequence))
        return notes

    def _note(self, column: str, message: str, done: str = "") -> Problem:
        return Problem(self.info.name, None, column, message, Severity.NOTE, done=done)
