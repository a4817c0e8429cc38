"""Change history: who, when, before, after, written by database triggers.

Triggers see every change, bulk changes and changes made by hand in the database included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory

Model = TypeVar("Model")


def tracked(**options: Any) -> Callable[[type[Model]], type[Model]]:
    """Record every insert, update and delete of a model; ``options`` as for pghistory.track."""
    # Fresh trackers each time: pghistory binds a tracker to the model it is first used on.
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )
