"""Whether somebody may grade a file at all.

Nobody grades a file of a case they hold or held, of their own team or line, or where they declared
a conflict. The line of a case is its practitioner, supervisor, team manager, service manager and
Head of Service. Whether another team under the same Head of Service is far enough away is a
setting. The same question is asked of auditors, of moderators, and for every change by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

HOLDS = "holds"
OWN_TEAM = "own_team"
LINE = "line"
CONFLICT = "conflict"
SAME_HEAD = "same_head"
EXEMPT = "exempt"
NOT_ACCREDITED = "not_accredited"

# Code: (of one person and one case, of several people in a count).
SENTENCES = {
    HOLDS: ("They hold or held this case.", "who hold or held it"),
    OWN_TEAM: ("The case is of their own team.", "of its team"),
    LINE: ("They are in the line that manages this case.", "in its line"),
    CONFLICT: ("They declared a conflict with this case.", "with a declared conflict"),
    SAME_HEAD: (
        "The case is of a team under the same Head of Service.",
        "under the same Head of Service",
    ),
    EXEMPT: ("They are exempt from auditing.", "exempt from auditing"),
    NOT_ACCREDITED: ("They are not accredited as an auditor.", "not accredited"),
}

# The same, to the person themself.
OWN_WORDS = {
    HOLDS: "You hold or held it.",
    OWN_TEAM: "It is of a team of yours.",
    LINE: "You are in the line that manages it.",
    CONFLICT: "You declared a conflict with it.",
    SAME_HEAD: "It is of a team under the same Head of Service as yours.",
    EXEMPT: "You are exempt from auditing.",
    NOT_ACCREDITED: "You are not accredited as an auditor.",
}

ANOTHER_ID = (
    "This id is known now to be another id of a child who is here under their own. Ask for a "
    "replacement."
)
NOT_COMPLETE = "It cannot be allocated before {} known."


@dataclass(frozen=True)
class Person:
    """Somebody who may grade: an id, their team and its Head of Service (ids, empty if none).

    ``other_teams`` are those that they work in, manage or deputise besides, ``other_heads`` the
    Heads of Service of these. ``exempt`` is why they are exempt from auditing, empty where they are
    not. ``accredited`` is False where the programme asks for accreditation and they have none on
    the day.
    """

    id: str
    team: str = ""
    head: str = ""
    exempt: str = ""
    accredited: bool = True
    other_teams: frozenset[str] = frozenset()
    other_heads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CaseToGrade:
    """One case, and everybody near it: ids of the same kind as those of `Person`.

    ``holders`` hold or held the case; ``line`` supervises or manages it; ``conflicts`` declared
    one. ``team`` and ``head`` are empty where not known; where the case moved, ``other_teams`` and
    ``other_heads`` are those that it was with, or is with, besides. ``missing`` is why
    the case cannot be given to anybody yet, empty where nothing is: without a practitioner and a
    team nobody can be ruled out.
    """

    key: str
    team: str = ""
    head: str = ""
    holders: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    missing: str = ""
    other_teams: frozenset[str] = frozenset()
    other_heads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reason:
    """One reason against: a code (key of SENTENCES) and its sentence."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Independent:
    """May grade."""


@dataclass(frozen=True)
class NotIndependent:
    """May not grade, with every reason."""

    because: tuple[Reason, ...]


def independence(
    person: Person, case: CaseToGrade, *, other_teams_independent: bool = True
) -> Independent | NotIndependent:
    """Whether this person may grade this case."""
    own_team = _in_common((person.team, *person.other_teams), (case.team, *case.other_teams))
    same_head = not other_teams_independent and _in_common(
        (person.head, *person.other_heads), (case.head, *case.other_heads)
    )
    against = {
        EXEMPT: bool(person.exempt),
        NOT_ACCREDITED: not person.accredited,
        HOLDS: person.id in case.holders,
        OWN_TEAM: own_team,
        LINE: person.id in case.line,
        CONFLICT: person.id in case.conflicts,
        SAME_HEAD: same_head and not own_team,
    }
    because = tuple(
        Reason(code, _sentence(code, person)) for code, applies in against.items() if applies
    )
    return NotIndependent(because) if because else Independent()


def _in_common(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two lists of ids share one; what is not known is shared with nobody."""
    return bool((set(some) & set(others)) - {""})


def _sentence(code: str, person: Person) -> str:
    if code == EXEMPT:
        return f"They are exempt from auditing: {person.exempt.rstrip('.')}."
    return SENTENCES[code][0]


def missing_for_allocation(
    *,
    practitioner: bool,
    team: bool,
    manager: bool,
    audited_before_on: date | None = None,
    another_id: bool = False,
) -> str:
    """Why a case cannot be given to an auditor, in a sentence; "" where nothing stands against it.

    What follows a grade goes to the practitioner and the team manager, so both must be known first.
    ``audited_before_on`` is when the child's file was audited before this product, where that was
    registered after the draw: never the same child again. ``another_id``: since the freeze the id
    of this case became known as another id of a child, who can be drawn under their own.
    """
    if another_id:
        return ANOTHER_ID
    if audited_before_on is not None:
        return (
            f"This child’s file was audited before, on {audited_before_on.day}"
            f" {audited_before_on:%B %Y}, and no child is audited twice. Ask for a replacement."
        )
    lacking = [
        words
        for words, known in (
            ("its practitioner", practitioner),
            ("its team", team),
            ("its team’s manager", manager or not team),
        )
        if not known
    ]
    if not lacking:
        return ""
    verb = "is" if len(lacking) == 1 else "are"
    return NOT_COMPLETE.format(f"{' and '.join(lacking)} {verb}")
