"""Change history: who, when, before, after, written by database triggers.

Triggers see every change, bulk changes and changes made by hand in the database included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import models

Model = TypeVar("Model")


def tracked(
    *, inserts: pgtrigger.Condition | None = None, **options: Any
) -> Callable[[type[Model]], type[Model]]:
    """Record every insert, update and delete of a model; ``options`` as for pghistory.track.

    ``inserts`` says of which rows the insert is recorded: of others the row itself says where it
    came from.
    """
    # Fresh trackers each time: pghistory binds a tracker to the model it is first used on.
    return pghistory.track(
        pghistory.InsertEvent(condition=inserts),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        **options,
    )


def tracked_in_bulk(
    references: Mapping[str, models.ForeignKey[Any, Any]] | None = None,
    *,
    asked_by_object: bool = True,
    inserts: pgtrigger.Condition | None = None,
) -> Callable[[type[Model]], type[Model]]:
    """`tracked` for a table that one statement may fill by the hundred thousand.

    The history is written once for each statement, and can be asked by object alone: an index for
    each thing that a row refers to would cost more than the row. Nor by that unless the product
    asks so (``asked_by_object``). ``references`` are the fields that refer to something, made by
    `named`. ``inserts`` as for `tracked`.
    """
    options: dict[str, Any] = {"attrs": dict(references or {})}
    if not asked_by_object:
        options["obj_field"] = pghistory.ObjForeignKey(db_index=False, related_name="events")
    return tracked(
        inserts=inserts,
        level=pgtrigger.Statement,
        context_field=pghistory.ContextForeignKey(db_index=False),
        **options,
    )


def named(model: str, *, null: bool = False) -> models.ForeignKey[Any, Any]:
    """A field of a history that refers to a ``model``, without index or constraint."""
    return models.ForeignKey(
        model,
        on_delete=models.DO_NOTHING,
        null=null,
        blank=null,
        related_name="+",
        related_query_name="+",
        db_constraint=False,
        db_index=False,
    )
