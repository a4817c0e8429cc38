"""A sheet to be read: its particulars, how its rows are understood, remarks about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cases.importers.annex_a import ListProfile
from cases.importers.headings import ColumnMap
from cases.importers.records import Problem, Severity, SheetInfo


@dataclass(slots=True)
class Sheet:
    """One list of a workbook, or the one table of a CSV file."""

    info: SheetInfo
    profile: ListProfile
    columns: ColumnMap
    remarks: list[str] = field(default_factory=list)

    def notes(self) -> list[Problem]:
        """What is to be said of the sheet as a whole, before its rows."""
        notes = [self._note("", remark) for remark in self.remarks]
        repeated = "Another column before this one means the same. Only the first was read."
        notes += [self._note(heading, repeated) for heading in self.columns.repeated]
        for name, heading, consequence in (
            ("opened_on", self.profile.opening, "no case of this list has an opening date"),
            ("closed_on", self.profile.closing, "every row of this list counts as open"),
        ):
            wanted = self.profile.list_code != "template" and heading
            if wanted and name not in self.columns.positions:
                notes.append(
                    self._note("", f"There is no column \u201c{heading}\u201d, so {consequence}.")
                )
        return notes

    def _note(self, column: str, message: str) -> Problem:
        return Problem(self.info.name, None, column, message, Severity.NOTE)
