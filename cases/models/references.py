"""What the rows of a frame name, kept by triggers instead of foreign keys."""

from __future__ import annotations

import pgtrigger


def named_by_a_frame(column: str, *, looked_up_by: str = "") -> pgtrigger.Trigger:
    """A trigger that refuses to delete a row which ``column`` of a frame's entry names.

    That half of a foreign key looks only where something is deleted, which hardly ever happens; the
    other half, which looks at every new entry, is what a frame of a million cannot afford.
    ``looked_up_by`` names a column of both tables that finds the entry by an index. Why:
    docs/decisions/0008 and 0009.
    """
    found = f"{column} = OLD.id"
    if looked_up_by:
        found += f" AND {looked_up_by} = OLD.{looked_up_by}"
    return pgtrigger.Trigger(
        name="named_by_a_frame",
        operation=pgtrigger.Delete,
        when=pgtrigger.Before,
        func=(
            f"IF EXISTS (SELECT FROM cases_frameentry WHERE {found}) THEN "
            "RAISE EXCEPTION 'A sampling frame names this row of %: it stays.', TG_TABLE_NAME "
            "USING ERRCODE = 'foreign_key_violation'; END IF; RETURN OLD;"
        ),
    )
