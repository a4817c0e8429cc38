"""The home page: what waits for the person who has signed in, by their permissions.

Each app says in its own queries how much waits; this module only asks and gives the words. A task
is asked for only where the person may do it, so the number of SQL queries depends on the roles and
never on how much waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User


@dataclass(frozen=True)
class Task:
    """One kind of work that waits: how much of it, and the page where it is done."""

    title: str
    count: int
    url: str
    hint: str = ""
    late: int = 0  # how many of them are overdue


def tasks_for(user: User, now: datetime) -> list[Task]:
    """What waits for ``user``, the most urgent kinds first; empty where nothing does."""
    return []
