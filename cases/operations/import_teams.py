"""The teams that a list names: which of them are new, and whose cases change team, in SQL.

A new team has no manager and is often an old one misspelt, so it is part of the difference that is
shown and confirmed. Run by `import_sql`, whose temporary tables are used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

SHOWN: Final = 100  # far more teams than any council has

# As most of its rows spell it, and of the service that most of its cases are open to.
NEW = """
CREATE TEMP TABLE import_new_team ON COMMIT DROP AS
SELECT lower(team) AS key, (array_agg(team ORDER BY cases DESC, team))[1] AS name,
  (array_agg(service_id ORDER BY cases DESC, service_id))[1] AS service_id,
  sum(cases)::bigint AS cases
FROM (
  SELECT team, service_id, sum(cases) AS cases FROM import_said
  WHERE team <> '' GROUP BY team, service_id
) AS said
WHERE NOT EXISTS (SELECT FROM cases_team t WHERE lower(t.name) = lower(said.team))
GROUP BY lower(team)
"""

# Each with how many of its cases are in another team now, and the team that most of these are in.
LISTED = """
SELECT new.name, new.cases, coalesce(sum(old.cases), 0)::bigint,
  coalesce((array_agg(old.name ORDER BY old.cases DESC, old.name))[1], '')
FROM import_new_team new LEFT JOIN (
  SELECT lower(said.team) AS key, t.name, sum(said.cases) AS cases
  FROM import_said said JOIN cases_team t ON t.id = said.old_team_id
  GROUP BY lower(said.team), t.name
) AS old USING (key)
GROUP BY new.key, new.name, new.cases
ORDER BY new.cases DESC, new.key
"""

CHANGING = """
SELECT coalesce(sum(cases), 0)::bigint FROM import_said said
JOIN cases_team t ON t.id = said.old_team_id
WHERE said.team <> '' AND lower(t.name) <> lower(said.team)
"""

MAKE = """
INSERT INTO cases_team (name, service_id, works_with_disability)
SELECT name, service_id, false FROM import_new_team new
WHERE NOT EXISTS (SELECT FROM cases_team t WHERE lower(t.name) = new.key)
"""

TABLES = ("import_new_team",)


def new_teams(rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """``{"number", "first"}`` of the new teams, most cases first: name, cases, how many of them
    come from another team, and from which most of these do."""
    keys = ("name", "cases", "coming", "most_from")
    return {
        "number": len(rows),
        "first": [dict(zip(keys, row, strict=True)) for row in rows[:SHOWN]],
    }
