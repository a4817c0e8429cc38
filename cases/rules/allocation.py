"""Which auditor grades which file (domain.md section 4): independence first, then free capacity.

People, teams and files are named by opaque ids; ties are broken by hashes of a seed, so the same
question has the same answer in every process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class File:
    """A case file to be graded. ``line``: everybody who holds or held it, and their managers."""

    file: str
    line: frozenset[str] = frozenset()
    team: str = ""
    head: str = ""
    conflicts: frozenset[str] = frozenset()  # who declared a conflict about the child
    has_practitioner: bool = True


@dataclass(frozen=True)
class Auditor:
    """Somebody who grades: ``capacity`` is for the quarter, ``load`` what they have of it."""

    person: str
    team: str = ""
    head: str = ""
    capacity: int = 0
    load: int = 0
    exempt: str = ""


@dataclass(frozen=True)
class Independence:
    """Whether somebody may grade a file; ``because`` says why not."""

    because: tuple[str, ...] = ()

    @property
    def independent(self) -> bool:
        return not self.because


@dataclass(frozen=True)
class Assignment:
    """One file to one auditor. ``warning`` where part of independence could not be checked."""

    file: str
    auditor: str
    warning: str = ""


@dataclass(frozen=True)
class Unallocated:
    """A file that nobody can grade, and why."""

    file: str
    because: str


@dataclass(frozen=True)
class AllocationResult:
    """Everything asked for is either assigned or unallocated."""

    assignments: tuple[Assignment, ...]
    unallocated: tuple[Unallocated, ...]


NO_LINE = "No practitioner or team is recorded, so only declared conflicts could be checked."


def independence(
    auditor: Auditor, file: File, *, other_teams_independent: bool = True
) -> Independence:
    """Whether ``auditor`` may grade ``file``: all that stands against it, in words."""
    because = []
    if auditor.person in file.line:
        because.append("They hold or held this case, or manage it.")
    if auditor.team and auditor.team == file.team:
        because.append("The case is held in their own team.")
    if not other_teams_independent and auditor.head and auditor.head == file.head:
        because.append("The case is under their own Head of Service.")
    if auditor.person in file.conflicts:
        because.append("They declared a conflict about this child.")
    return Independence(tuple(because))


def allocate(
    files: Iterable[File],
    auditors: Iterable[Auditor],
    *,
    seed: str,
    other_teams_independent: bool = True,
) -> AllocationResult:
    """Give each file to the independent auditor with the most free capacity.

    Files that fewest auditors can take go first, so that they find one; ties are broken by hashes
    of ``seed``. Exempt auditors and those without free capacity get nothing.
    """
    graders = [auditor for auditor in auditors if not auditor.exempt]
    free = {auditor.person: auditor.capacity - auditor.load for auditor in graders}
    choices = {
        file: [
            auditor.person
            for auditor in graders
            if independence(
                auditor, file, other_teams_independent=other_teams_independent
            ).independent
        ]
        for file in files
    }
    order = sorted(choices, key=lambda file: (len(choices[file]), _shuffle(seed, file.file)))
    assignments: list[Assignment] = []
    unallocated: list[Unallocated] = []
    for file in order:
        able = [person for person in choices[file] if free[person] > 0]
        if not able:
            unallocated.append(Unallocated(file.file, _why_not(bool(graders), choices[file])))
            continue
        chosen = min(able, key=lambda person: (-free[person], _shuffle(seed, file.file, person)))
        free[chosen] -= 1
        warning = "" if file.has_practitioner and file.team else NO_LINE
        assignments.append(Assignment(file.file, chosen, warning))
    return AllocationResult(tuple(assignments), tuple(unallocated))


def _why_not(any_grader: bool, independent: list[str]) -> str:
    if not any_grader:
        return "There is no auditor who is not exempt."
    if not independent:
        return "No auditor is independent of this case."
    return "Every independent auditor has as many audits as they can take this quarter."


def _shuffle(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
