"""What the rows of a frame and cases name, kept by triggers instead of foreign keys."""

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


# A column of a case, and the table of what it names.
_NAMED_BY_CASES = (
    ("child_id", "cases_child"),
    ("service_id", "cases_service"),
    ("team_id", "cases_team"),
    ("practitioner_id", "cases_practitioner"),
    ("last_import_id", "cases_caseimport"),
)
_PAIRS = ", ".join(f"['{column}', '{table}']" for column, table in _NAMED_BY_CASES)

# Built while it runs, so that it is planned for the rows there are: once for a million of them, and
# for one of them without reading every child. A snapshot from before the statement could still
# show what somebody else has deleted since, so there must be none.
_LOOK = f"""
IF current_setting('transaction_isolation') <> 'read committed' THEN
  RAISE EXCEPTION 'Cases can be written in a READ COMMITTED transaction only.';
END IF;
FOREACH pair SLICE 1 IN ARRAY ARRAY[{_PAIRS}] LOOP
  EXECUTE format('SELECT %1$I FROM new_cases n WHERE %1$I IS NOT NULL'
    ' AND NOT EXISTS (SELECT FROM %2$I named WHERE named.id = n.%1$I) LIMIT 1', pair[1], pair[2])
    INTO orphan;
  IF orphan IS NOT NULL THEN
    RAISE EXCEPTION 'A case names a row of % that does not exist: %.', pair[2], orphan
      USING ERRCODE = 'foreign_key_violation';
  END IF;
END LOOP;
RETURN NULL;
"""  # noqa: S608 (names of our own)


def cases_name_what_exists() -> tuple[pgtrigger.Trigger, ...]:
    """Triggers that refuse a case which names no child, service, team, practitioner or import.

    One half of five foreign keys, looked up once for each statement instead of once for each row.
    The other half is `named_by_a_case`. Why, and why it is safe: docs/decisions/0016.
    """
    return tuple(
        pgtrigger.Trigger(
            name=f"names_what_exists_{word}",
            level=pgtrigger.Statement,
            operation=operation,
            when=pgtrigger.After,
            referencing=pgtrigger.Referencing(new="new_cases"),
            declare=[("pair", "text[]"), ("orphan", "bigint")],
            func=_LOOK,
        )
        for word, operation in (("insert", pgtrigger.Insert), ("update", pgtrigger.Update))
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
