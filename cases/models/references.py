"""What rows of a frame, cases and drawn cases name, kept by triggers instead of foreign keys."""

from __future__ import annotations

from collections.abc import Iterable

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


# A column of a case, and the table of what it names.
_NAMED_BY_CASES = (
    ("child_id", "cases_child"),
    ("service_id", "cases_service"),
    ("team_id", "cases_team"),
    ("practitioner_id", "cases_practitioner"),
    ("last_import_id", "cases_caseimport"),
)
# A snapshot from before the statement could still show what somebody else has deleted since.
_NO_OLD_SNAPSHOT = """
IF current_setting('transaction_isolation') <> 'read committed' THEN
  RAISE EXCEPTION 'Cases can be written in a READ COMMITTED transaction only.';
END IF;
"""


def cases_name_what_exists() -> tuple[pgtrigger.Trigger, ...]:
    """Triggers that refuse a case which names no child, service, team, practitioner or import.

    The other half is `named_by_a_case`. Why, and why it is safe: docs/decisions/0016.
    """
    return tuple(
        _names_what_exists(f"names_what_exists_{word}", operation, _NAMED_BY_CASES, "A case")
        for word, operation in (("insert", pgtrigger.Insert), ("update", pgtrigger.Update))
    )


def drawn_from_what_exists(*names: tuple[str, str]) -> pgtrigger.Trigger:
    """A trigger that refuses a new row which names no entry of a frame, or no draw.

    ``names`` are columns that never change and the tables of what they name. Of these nothing is
    ever deleted: other triggers see to that, and `not_emptied_while_named` to the rest. Why:
    docs/decisions/0023.
    """
    return _names_what_exists("drawn_from_what_exists", pgtrigger.Insert, names, "A drawn case", "")


def _names_what_exists(
    name: str,
    operation: pgtrigger.Operation,
    names: Iterable[tuple[str, str]],
    what: str,
    guard: str = _NO_OLD_SNAPSHOT,
) -> pgtrigger.Trigger:
    """One half of foreign keys, looked up once for each statement instead of once for each row.

    Built while it runs, so that it is planned for the rows there are: once for a million of them,
    and for one of them without reading every child.
    """
    pairs = ", ".join(f"['{column}', '{table}']" for column, table in names)
    look = f"""{guard}
FOREACH pair SLICE 1 IN ARRAY ARRAY[{pairs}] LOOP
  EXECUTE format('SELECT %1$I FROM new_rows n WHERE %1$I IS NOT NULL'
    ' AND NOT EXISTS (SELECT FROM %2$I named WHERE named.id = n.%1$I) LIMIT 1', pair[1], pair[2])
    INTO orphan;
  IF orphan IS NOT NULL THEN
    RAISE EXCEPTION '{what} names a row of % that does not exist: %.', pair[2], orphan
      USING ERRCODE = 'foreign_key_violation';
  END IF;
END LOOP;
RETURN NULL;
"""  # noqa: S608 (names of our own)
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        operation=operation,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("pair", "text[]"), ("orphan", "bigint")],
        func=look,
    )


def not_emptied_while_named(*tables: str) -> pgtrigger.Trigger:
    """A trigger that refuses to empty a table while ``tables`` hold rows that name its rows.

    With `drawn_from_what_exists` of those, and triggers that let no row be deleted or renumbered,
    all that a foreign key promises.
    """
    held = " OR ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    return pgtrigger.Trigger(
        name="not_emptied_while_named",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        when=pgtrigger.After,
        func=(
            f"IF {held} THEN RAISE EXCEPTION 'Drawn cases name rows of %: they stay.', "
            "TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;"
        ),
    )


def named_by_a_case(column: str) -> tuple[pgtrigger.Trigger, ...]:
    """Triggers that keep a row which ``column`` of a case names: not deleted, not renumbered.

    They first wait for everybody who is writing cases, and make others wait until the deletion has
    ended: whoever writes a case then sees it. Emptying the whole table is refused as long as a
    case names anything in it.
    """
    refused = (
        "RAISE EXCEPTION 'A case names this row of %: it stays.', TG_TABLE_NAME "
        "USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;"
    )
    locked = (
        "IF current_setting('transaction_isolation') <> 'read committed' THEN RAISE EXCEPTION "
        "'What cases name is deleted in a READ COMMITTED transaction only.'; END IF; "
        "LOCK TABLE cases_case IN SHARE ROW EXCLUSIVE MODE; "
    )
    return (
        pgtrigger.Trigger(
            name="named_by_a_case",
            operation=pgtrigger.Delete | pgtrigger.UpdateOf("id"),
            when=pgtrigger.After,
            func=(
                "IF TG_OP = 'UPDATE' AND NEW.id = OLD.id THEN RETURN NULL; END IF; "
                f"{locked}IF EXISTS (SELECT FROM cases_case WHERE {column} = OLD.id) THEN {refused}"
            ),
        ),
        pgtrigger.Trigger(
            name="named_by_any_case",
            level=pgtrigger.Statement,
            operation=pgtrigger.Truncate,
            when=pgtrigger.After,
            func=(
                f"{locked}IF EXISTS (SELECT FROM cases_case WHERE {column} IS NOT NULL) "
                f"THEN {refused}"
            ),
        ),
    )
