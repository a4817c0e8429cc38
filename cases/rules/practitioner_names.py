"""Whom a list means by a practitioner's name and team.

Names are all that lists give. Of one name and team is the same person; a name alone is followed
only where it cannot be mistaken, so that somebody who changed team is not two people. The same in
SQL, for a whole list at once: `cases.operations.import_sql`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Worker:
    """A practitioner: ``team`` "" where they have none; ``listed`` in the staff list, or signs in.

    ``signs_in`` tells which of several of one name and team is meant.
    """

    id: int
    name: str
    team: str = ""
    in_post: bool = True
    listed: bool = False
    signs_in: bool = False


class KnownWorkers:
    """Everybody, to be found by name."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self._of_name: defaultdict[str, list[Worker]] = defaultdict(list)
        for worker in sorted(workers, key=lambda one: (not one.in_post, not one.signs_in, one.id)):
            self._of_name[worker.name.casefold()].append(worker)

    def find(self, name: str, team: str) -> Worker | None:
        """Who is meant; None where nobody has the name, or it could be several.

        With a team: who has the name there, else the only one of that name in post who is listed.
        Without: that one, else the only one in post who has a team, else who has none either.
        """
        namesakes = self._of_name.get(name.casefold(), [])
        there = next((one for one in namesakes if one.team.casefold() == team.casefold()), None)
        listed = _only(one for one in namesakes if one.in_post and one.listed)
        if team:
            return there or listed
        return listed or _only(one for one in namesakes if one.in_post and one.team) or there


def _only(workers: Iterable[Worker]) -> Worker | None:
    found = list(workers)
    return found[0] if len(found) == 1 else None
