"""How feedback is taken up: released, read, answered, in time or late.

Counts of two things that are never mixed: audits (with a grade of record, with feedback released)
and recipients (a practitioner to whom feedback on one audit went). One audit has none, one or two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction

from cases.rules.intervals import percent


@dataclass(frozen=True)
class FeedbackCounts:
    """One service's, line's or quarter's feedback on a day."""

    decided: int = 0  # audits with a grade of record
    released: int = 0  # of them, with feedback released
    unaddressed: int = 0  # of those, to nobody: no practitioner is known for the case
    recipients: int = 0
    cannot_sign_in: int = 0  # of the recipients: left, or without an account here
    read: int = 0
    agreed: int = 0
    partly: int = 0
    disagreed: int = 0
    late: int = 0  # of the replies, after the deadline
    overdue: int = 0  # no reply, and the deadline has passed

    @property
    def replied(self) -> int:
        """Replies, in time or late."""
        return self.agreed + self.partly + self.disagreed

    @property
    def in_time(self) -> int:
        """Replies by the deadline."""
        return self.replied - self.late

    @property
    def due(self) -> int:
        """Recipients who have replied or whose deadline has passed: of these, how many in time."""
        return self.replied + self.overdue

    @property
    def waiting(self) -> int:
        """Recipients who have not replied and still have time."""
        return self.recipients - self.due

    def __add__(self, other: FeedbackCounts) -> FeedbackCounts:
        return FeedbackCounts(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        )


def added(counts: Iterable[FeedbackCounts]) -> FeedbackCounts:
    """Several services' counts as one; nothing at all is all zeros."""
    return sum(counts, FeedbackCounts())


def of(part: int, whole: int) -> str:
    """A rate in a table's cell: "12 of 15 (80%)"; "–" where there is nothing to be a part of.

    The percentage is whole, half rounded up in exact arithmetic.
    """
    return f"{part:,} of {whole:,} ({percent(Fraction(part, whole))}%)" if whole else "–"
