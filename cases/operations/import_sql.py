"""One list of open cases against the database: who is open to what, what would change, the change.

Set-based throughout, in temporary tables that live as long as the transaction:

- ``import_best``: one row for each child with an open case in the list (docs of
  cases.importers.summary: the service that comes first, then the first row of the file; what that
  row leaves blank is filled from the child's other rows).
- ``import_plan``: the same beside the child's present case, with the step to take: "open", "stay"
  (same service), "move", or "keep" (a case of a service that this list does not cover and that
  comes first is left alone).
- ``import_close``: the open cases that end, because the list covers their service and no longer
  has the child as open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from cases.models import CaseImport

# Confirming takes this lock, so that one list at a time is compared and taken over.
CONFIRM_LOCK = 0x6366_6101

# Nearly every child has one row, which then is the answer; only the rows of others are weighed.
_BEST = """
CREATE TEMP TABLE import_best ON COMMIT DROP AS
WITH list AS NOT MATERIALIZED (
  SELECT s.*, v.id AS service_id, v.precedence
  FROM cases_stagedcase s LEFT JOIN cases_service v ON v.code = s.service_code
  WHERE s.case_import_id = %(import)s
),
repeated AS MATERIALIZED (
  SELECT child_id FROM cases_stagedcase WHERE case_import_id = %(import)s
  GROUP BY child_id HAVING count(*) > 1
),
several AS MATERIALIZED (SELECT * FROM list JOIN repeated USING (child_id)),
sheet AS (  -- a sheet without any value has no such column: it says nothing, it clears nothing
  SELECT sheet, bool_or(team <> '' OR practitioner <> '') AS says_staff,
    bool_or(legal_status <> '') AS says_legal_status, bool_or(plan <> '') AS says_plan
  FROM list GROUP BY sheet
),
first AS (
  SELECT DISTINCT ON (child_id)
    id, child_id, service_id, service_code, precedence, sheet, row, opened_on, legal_status, plan
  FROM several WHERE is_open AND service_id IS NOT NULL
  ORDER BY child_id, precedence, id
),
filled AS (
  SELECT child_id,
    (array_agg(id ORDER BY precedence, id)
      FILTER (WHERE is_open AND (team <> '' OR practitioner <> '')))[1] AS staff_row,
    (array_agg(family_id ORDER BY precedence, id) FILTER (WHERE family_id <> ''))[1] AS family_id,
    bool_or(restricted) AS restricted,
    (array_agg(age_years ORDER BY precedence, id)
      FILTER (WHERE age_years IS NOT NULL))[1] AS age_years,
    (array_agg(gender ORDER BY precedence, id) FILTER (WHERE gender <> ''))[1] AS gender,
    (array_agg(ethnicity ORDER BY precedence, id) FILTER (WHERE ethnicity <> ''))[1] AS ethnicity,
    (array_agg(disability ORDER BY precedence, id)
      FILTER (WHERE disability <> ''))[1] AS disability,
    max(transferred_in_on) AS transferred_in_on,
    (array_agg(transferred_in_from ORDER BY precedence, id)
      FILTER (WHERE transferred_in_from <> ''))[1] AS transferred_in_from
  FROM several GROUP BY child_id
)
SELECT first.child_id, first.service_id, first.service_code, first.precedence, first.opened_on,
  first.legal_status, first.plan, sheet.says_legal_status, sheet.says_plan,
  sheet.says_staff OR filled.staff_row IS NOT NULL AS says_staff,
  coalesce(staff.team, '') AS team, coalesce(staff.practitioner, '') AS practitioner, staff.agency,
  coalesce(filled.family_id, '') AS family_id, filled.restricted, filled.age_years,
  coalesce(filled.gender, '') AS gender, coalesce(filled.ethnicity, '') AS ethnicity,
  coalesce(filled.disability, '') AS disability, filled.transferred_in_on,
  coalesce(filled.transferred_in_from, '') AS transferred_in_from
FROM first
JOIN filled USING (child_id)
JOIN sheet ON sheet.sheet = first.sheet
LEFT JOIN several AS staff ON staff.id = filled.staff_row
UNION ALL
SELECT child_id, service_id, service_code, precedence, opened_on, legal_status, plan,
  says_legal_status, says_plan, says_staff, team, practitioner,
  CASE WHEN team <> '' OR practitioner <> '' THEN agency END, family_id, restricted, age_years,
  gender, ethnicity, disability, transferred_in_on, transferred_in_from
FROM list JOIN sheet USING (sheet)
WHERE is_open AND service_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM repeated WHERE repeated.child_id = list.child_id)
"""

_PLAN = """
CREATE TEMP TABLE import_plan ON COMMIT DROP AS
SELECT best.*, present.id AS case_id, present.service_id AS old_service_id,
  old.code AS old_service_code,
  CASE
    WHEN present.id IS NULL THEN 'open'
    WHEN present.service_id = best.service_id THEN 'stay'
    WHEN old.code = ANY(%(covers)s) OR best.precedence < old.precedence THEN 'move'
    ELSE 'keep'
  END AS step
FROM import_best best
LEFT JOIN cases_child child ON child.local_id = best.child_id
LEFT JOIN cases_case present ON present.child_id = child.id AND present.closed_on IS NULL
LEFT JOIN cases_service old ON old.id = present.service_id
"""

# A row that gives a closing date is a better witness than the date of the list.
_CLOSE = """
CREATE TEMP TABLE import_close ON COMMIT DROP AS
SELECT present.id AS case_id, service.code AS service_code,
  coalesce(max(ended.closed_on), %(as_of)s) AS closed_on
FROM cases_case present
JOIN cases_child child ON child.id = present.child_id
JOIN cases_service service ON service.id = present.service_id
LEFT JOIN cases_stagedcase ended ON ended.case_import_id = %(import)s
  AND ended.child_id = child.local_id AND ended.service_code = service.code
  AND ended.closed_on IS NOT NULL
WHERE present.closed_on IS NULL AND service.code = ANY(%(covers)s)
  AND NOT EXISTS (SELECT 1 FROM import_best best WHERE best.child_id = child.local_id)
GROUP BY present.id, service.code
"""

_REPEATED = """
INSERT INTO cases_importproblem (case_import_id, sheet, row, "column", message, severity, done)
SELECT %(import)s, sheet, row, '', CASE WHEN service_code = used_code
    THEN format('This child is in row %%s as well.', used_row)
    ELSE format('This child is in row %%s as well, open to %%s, which comes first.', used_row,
      used_name) END, 'note', format('Row %%s was used.', used_row)
FROM (
  SELECT s.sheet, s.row, s.service_code, first_value(s.row) OVER one AS used_row,
    first_value(s.service_code) OVER one AS used_code, first_value(v.name) OVER one AS used_name
  FROM cases_stagedcase s JOIN cases_service v ON v.code = s.service_code
  WHERE s.case_import_id = %(import)s AND s.is_open AND s.child_id IN (
    SELECT child_id FROM cases_stagedcase WHERE case_import_id = %(import)s
    GROUP BY child_id HAVING count(*) > 1)
  WINDOW one AS (PARTITION BY s.sheet, s.child_id ORDER BY v.precedence, s.id)
) AS rows
WHERE row <> used_row
"""

# Annex A has most children in several lists: told for each pair of sheets, not for each row.
_ELSEWHERE = """
INSERT INTO cases_importproblem (case_import_id, sheet, row, "column", message, severity, done)
SELECT %(import)s, sheet, NULL, '', format(
    'Children of this sheet whose case is opened by the sheet “%%s”: %%s.', used_sheet,
    count(DISTINCT child_id)), 'note',
  'Each has one open case. The rows here fill in what is blank there.'
FROM (
  SELECT s.sheet, s.child_id, first_value(s.sheet) OVER one AS used_sheet
  FROM cases_stagedcase s JOIN cases_service v ON v.code = s.service_code
  WHERE s.case_import_id = %(import)s AND s.is_open AND s.child_id IN (
    SELECT child_id FROM cases_stagedcase WHERE case_import_id = %(import)s
    GROUP BY child_id HAVING min(sheet) <> max(sheet))
  WINDOW one AS (PARTITION BY s.child_id ORDER BY v.precedence, s.id)
) AS rows
WHERE sheet <> used_sheet GROUP BY sheet, used_sheet
"""

# No family has so many children: what looks like its id stands for something else.
LARGEST_FAMILY = 12
_FAMILIES = """
INSERT INTO cases_importproblem
  (case_import_id, sheet, row, "column", message, value, severity, done)
SELECT %(import)s, '', NULL, '', format(
    'This family id is that of %%s children with an open case. Is it a placeholder?', count(*)),
  left(family_id, 40), 'note', 'It was kept, so at most one of them is drawn.'
FROM import_best WHERE family_id <> ''
GROUP BY family_id HAVING count(*) > %(most)s ORDER BY count(*) DESC LIMIT 50
"""

_NO_SUCH_SERVICE = """
INSERT INTO cases_importproblem (case_import_id, sheet, row, "column", message, severity, done)
SELECT %(import)s, sheet, row, '', 'This service is not one of the council''s services here.',
  'value_left_out', 'The row opens no case.'
FROM cases_stagedcase s
WHERE s.case_import_id = %(import)s AND s.is_open AND s.service_code <> ''
  AND NOT EXISTS (SELECT 1 FROM cases_service v WHERE v.code = s.service_code)
"""

_TEAMS = """
INSERT INTO cases_team (name, service_id, works_with_disability)
SELECT mode() WITHIN GROUP (ORDER BY team), mode() WITHIN GROUP (ORDER BY service_id), false
FROM import_plan
WHERE step <> 'keep' AND team <> ''
  AND NOT EXISTS (SELECT 1 FROM cases_team t WHERE lower(t.name) = lower(import_plan.team))
GROUP BY lower(team)
"""

_TEAM_OF_NAME = """
CREATE TEMP TABLE import_team ON COMMIT DROP AS
SELECT DISTINCT ON (lower(name)) lower(name) AS key, id AS team_id
FROM cases_team WHERE lower(name) IN (SELECT lower(team) FROM import_plan)
ORDER BY lower(name), id
"""

# Teams about which the list says whether they work with disabled children: do all rows say so?
_DISABILITY_TEAMS = """
SELECT mode() WITHIN GROUP (ORDER BY team) AS name, lower(team) AS key,
  bool_and(disability_team) AS all_say, bool_or(disability_team) AS some_say
FROM cases_stagedcase
WHERE case_import_id = %(import)s AND team <> '' AND disability_team IS NOT NULL
GROUP BY lower(team)
"""

_TELL_DISABILITY_TEAMS = f"""
INSERT INTO cases_importproblem (case_import_id, sheet, row, "column", message, severity, done)
SELECT %(import)s, '', NULL, '',
  CASE WHEN said.all_say THEN format('All rows of %%s say that it is a disability team.', said.name)
    WHEN said.some_say
      THEN format('%%s is a disability team in some rows and not in others.', said.name)
    ELSE format('%%s is a disability team here and not in this list.', said.name) END,
  'note',
  CASE WHEN said.all_say THEN 'The team is marked so once the list is confirmed.'
    ELSE 'The team stays as it is.' END
FROM ({_DISABILITY_TEAMS}) AS said LEFT JOIN cases_team t ON lower(t.name) = said.key
WHERE CASE WHEN said.some_say THEN NOT said.all_say OR t.works_with_disability IS NOT TRUE
  ELSE t.works_with_disability END
ORDER BY said.key
"""  # noqa: S608 (expressions of our own)

_MARK_DISABILITY_TEAMS = f"""
UPDATE cases_team t SET works_with_disability = true
FROM ({_DISABILITY_TEAMS}) AS said
WHERE lower(t.name) = said.key AND said.all_say AND NOT t.works_with_disability
"""  # noqa: S608

_STAFF = """
CREATE TEMP TABLE import_staff ON COMMIT DROP AS
SELECT lower(practitioner) AS key, team_id,
  mode() WITHIN GROUP (ORDER BY practitioner) AS name, bool_or(agency) AS agency
FROM import_plan LEFT JOIN import_team ON import_team.key = lower(team)
WHERE step <> 'keep' AND practitioner <> ''
GROUP BY lower(practitioner), team_id
"""

_PRACTITIONERS = """
INSERT INTO cases_practitioner (name, staff_number, team_id, agency)
SELECT s.name, '', s.team_id, coalesce(s.agency, false) FROM import_staff s
WHERE NOT EXISTS (
  SELECT 1 FROM cases_practitioner p
  WHERE lower(p.name) = s.key AND p.team_id IS NOT DISTINCT FROM s.team_id)
"""

# Of several people of one name in one team, the one who is still there and can sign in.
_PRACTITIONER_OF_NAME = """
CREATE TEMP TABLE import_practitioner ON COMMIT DROP AS
SELECT DISTINCT ON (s.key, s.team_id) s.key, s.team_id, p.id AS practitioner_id, s.agency
FROM import_staff s JOIN cases_practitioner p
  ON lower(p.name) = s.key AND p.team_id IS NOT DISTINCT FROM s.team_id
ORDER BY s.key, s.team_id, p.left_on IS NOT NULL, p.user_id IS NULL, p.id
"""

LEAVERS_SHOWN = 20

# Names of the list that nobody has who is still there; matched as `_PRACTITIONER_OF_NAME` does.
_STAFF_NAMED = """
SELECT coalesce(known.name, named.practitioner), named.team, named.cases, known.id IS NOT NULL
FROM (
  SELECT mode() WITHIN GROUP (ORDER BY practitioner) AS practitioner,
    mode() WITHIN GROUP (ORDER BY team) AS team, lower(team) AS team_key,
    lower(practitioner) AS key, count(*) AS cases
  FROM import_plan WHERE step <> 'keep' AND practitioner <> ''
  GROUP BY lower(practitioner), lower(team)
) AS named
LEFT JOIN LATERAL (
  SELECT p.id, p.name, p.left_on FROM cases_practitioner p
  LEFT JOIN cases_team t ON t.id = p.team_id
  WHERE lower(p.name) = named.key AND lower(coalesce(t.name, '')) = named.team_key
  ORDER BY p.left_on IS NOT NULL LIMIT 1
) AS known ON true
WHERE known.id IS NULL OR known.left_on IS NOT NULL
ORDER BY named.cases DESC, named.key, named.team_key
"""

_AGENCY = """
UPDATE cases_practitioner p SET agency = i.agency FROM import_practitioner i
WHERE p.id = i.practitioner_id AND i.agency IS NOT NULL AND p.agency <> i.agency
"""

_CHILDREN = """
INSERT INTO cases_child (local_id, audit_reference)
SELECT child_id, '' FROM (
  SELECT DISTINCT child_id FROM cases_stagedcase WHERE case_import_id = %(import)s
) AS named
WHERE NOT EXISTS (SELECT FROM cases_child c WHERE c.local_id = named.child_id)
ORDER BY child_id
ON CONFLICT (local_id) DO NOTHING
"""

VALUES = (
    "service_id", "team_id", "practitioner_id", "opened_on", "restricted", "family_id",
    "age_years", "gender", "ethnicity", "disability", "transferred_in_on", "transferred_in_from",
    "legal_status", "plan",
)  # fmt: skip

# The values a case will have: the list's, or where it says nothing those the case has already.
_CASE = """
CREATE TEMP TABLE import_case ON COMMIT DROP AS
SELECT plan.case_id, child.id AS child_id, plan.service_id,
  CASE WHEN plan.says_staff OR plan.step = 'move' THEN team.team_id
    ELSE present.team_id END AS team_id,
  CASE WHEN plan.says_staff OR plan.step = 'move' THEN worker.practitioner_id
    ELSE present.practitioner_id END AS practitioner_id,
  coalesce(plan.opened_on, present.opened_on) AS opened_on,
  coalesce(plan.restricted, present.restricted, false) AS restricted,
  coalesce(nullif(plan.family_id, ''), present.family_id, '') AS family_id,
  coalesce(plan.age_years, present.age_years) AS age_years,
  coalesce(nullif(plan.gender, ''), present.gender, '') AS gender,
  coalesce(nullif(plan.ethnicity, ''), present.ethnicity, '') AS ethnicity,
  coalesce(nullif(plan.disability, ''), present.disability, '') AS disability,
  coalesce(plan.transferred_in_on, present.transferred_in_on) AS transferred_in_on,
  coalesce(nullif(plan.transferred_in_from, ''), present.transferred_in_from, '')
    AS transferred_in_from,
  CASE WHEN plan.says_legal_status OR plan.step = 'move' THEN plan.legal_status
    ELSE coalesce(present.legal_status, '') END AS legal_status,
  CASE WHEN plan.says_plan OR plan.step = 'move' THEN plan.plan
    ELSE coalesce(present.plan, '') END AS plan
FROM import_plan plan
JOIN cases_child child ON child.local_id = plan.child_id
LEFT JOIN cases_case present ON present.id = plan.case_id
LEFT JOIN import_team team ON team.key = lower(plan.team)
LEFT JOIN import_practitioner worker
  ON worker.key = lower(plan.practitioner) AND worker.team_id IS NOT DISTINCT FROM team.team_id
WHERE plan.step <> 'keep'
"""

_LIST = ", ".join(VALUES)
_NEW = ", ".join(f"new.{name}" for name in VALUES)
_OLD = ", ".join(f"c.{name}" for name in VALUES)

# A case about which the list says nothing new is not touched: no change, no history.
_UPDATE = f"""
UPDATE cases_case c SET ({_LIST}, last_import_id) = ({_NEW}, %(import)s)
FROM import_case new
WHERE c.id = new.case_id AND ({_OLD}) IS DISTINCT FROM ({_NEW})
"""  # noqa: S608 (column names of our own)

_INSERT = f"""
INSERT INTO cases_case (child_id, {_LIST}, last_import_id)
SELECT new.child_id, {_NEW}, %(import)s FROM import_case new WHERE new.case_id IS NULL
ORDER BY new.child_id
"""  # noqa: S608

_END = """
UPDATE cases_case c SET closed_on = gone.closed_on, last_import_id = %(import)s
FROM import_close gone WHERE c.id = gone.case_id
"""

_TABLES = (
    "import_best", "import_plan", "import_close", "import_team", "import_staff",
    "import_practitioner", "import_case",
)  # fmt: skip


def lock_confirming() -> None:
    """Wait until no other list is being taken over; held to the end of the transaction."""
    _run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": CONFIRM_LOCK})


def resolve(case_import: CaseImport) -> None:
    """Work out each child's one open case in the staged list (``import_best``)."""
    # ON COMMIT DROP comes too late where one transaction compares and then takes over.
    _run(f"DROP TABLE IF EXISTS {', '.join(_TABLES)}")
    # The staging table is filled and emptied all the time: by its stale statistics the planner
    # would take a million rows for one and loop. ANALYZE would make other imports wait.
    _run("SELECT set_config('enable_nestloop', 'off', true)")
    # A million rows are sorted and joined here, and in the usual 4 MB that goes through the disk.
    # Compiling such statements takes longer than it saves.
    _run("SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true)")
    _run(_BEST, {"import": case_import.pk})
    _run("ANALYZE import_best (child_id)")


def note_repeated_rows(case_import: CaseImport) -> None:
    """List the rows that opened no case although they say open, and the row used instead; and the
    ids of families that are none. After ``resolve``."""
    values = {"import": case_import.pk, "most": LARGEST_FAMILY}
    for sql in (_REPEATED, _ELSEWHERE, _NO_SUCH_SERVICE, _FAMILIES, _TELL_DISABILITY_TEAMS):
        _run(sql, values)


def count_list(case_import: CaseImport) -> dict[str, Any]:
    """``{"children", "open_cases", "by_service", "rows_kept", "rows_merged"}`` of the list; after
    ``resolve``. A row that says open is merged where another opened the child's case."""
    ((children, kept, opening),) = _rows(
        "SELECT count(DISTINCT child_id), count(*), count(*) FILTER (WHERE is_open AND"
        " service_code IN (SELECT code FROM cases_service))"
        " FROM cases_stagedcase WHERE case_import_id = %(import)s",
        {"import": case_import.pk},
    )
    by_service = _counts("SELECT service_code, count(*) FROM import_best GROUP BY service_code")
    open_cases = sum(by_service.values())
    return {
        "children": children,
        "open_cases": open_cases,
        "by_service": by_service,
        "rows_kept": kept,
        "rows_merged": opening - open_cases,
    }


def services_in_rows(case_import: CaseImport) -> set[str]:
    """The codes of the council's services that the list has any row of, open or closed."""
    sql = (
        "SELECT DISTINCT s.service_code FROM cases_stagedcase s"
        " JOIN cases_service v ON v.code = s.service_code WHERE s.case_import_id = %(import)s"
    )
    return {code for (code,) in _rows(sql, {"import": case_import.pk})}


def compare(case_import: CaseImport, covers: Sequence[str]) -> dict[str, dict[str, int]]:
    """What taking the list over would do to the open cases, in numbers by service code.

    ``covers`` are the services whose cases close by absence. Keys: "before" (open now), "opens",
    "moves" (in from another service), "moves_out", "closes", and "kept" (children of the list whose
    case in another service stays as it is, counted by that service). After ``resolve``.
    """
    values = {"import": case_import.pk, "covers": list(covers), "as_of": case_import.as_of}
    _run(_PLAN, values)
    _run(_CLOSE, values)
    _run("ANALYZE import_plan (child_id, step, team, practitioner)")
    step = "SELECT {0}, count(*) FROM import_plan WHERE step = '{1}' GROUP BY {0}"
    return {
        "before": _counts(
            "SELECT v.code, count(*) FROM cases_case c JOIN cases_service v ON v.id = c.service_id"
            " WHERE c.closed_on IS NULL GROUP BY v.code"
        ),
        "opens": _counts(step.format("service_code", "open")),
        "moves": _counts(step.format("service_code", "move")),
        "moves_out": _counts(step.format("old_service_code", "move")),
        "closes": _counts("SELECT service_code, count(*) FROM import_close GROUP BY service_code"),
        "kept": _counts(step.format("old_service_code", "keep")),
    }


def take_over(case_import: CaseImport) -> None:
    """Open, move, complete and close cases as compared; after ``compare`` in one transaction.

    Teams and practitioners that are not known yet are made, matched by name (and team) without
    regard to case; a new team's service is the one most of its cases in the list are open to.
    """
    values = {"import": case_import.pk}
    for sql in (_TEAMS, _TEAM_OF_NAME, _STAFF, _PRACTITIONERS, _PRACTITIONER_OF_NAME, _AGENCY):
        _run(sql)
    _run(_MARK_DISABILITY_TEAMS, values)
    _run("ANALYZE import_team (key); ANALYZE import_practitioner (key, team_id)")
    _run(_CHILDREN, values)
    _run(_CASE, values)
    _run("ANALYZE import_case (case_id)")
    # Closing first: nothing else may ever see a child with two open cases.
    _run(_END, values)
    _run(_UPDATE, values)
    _run(_INSERT, values)


def staff_named() -> dict[str, Any]:
    """What taking over would make of the practitioners' names. After ``compare``.

    "new" counts the names (with their team) that nobody has yet; "left" those that only people
    have who left; "most" are the first of the latter, each with "name", "team" and "cases" of the
    list, most cases first.
    """
    rows = _rows(_STAFF_NAMED)
    left = [
        {"name": name, "team": team, "cases": cases} for name, team, cases, known in rows if known
    ]
    return {"new": len(rows) - len(left), "left": len(left), "most": left[:LEAVERS_SHOWN]}


def forget_rows(case_import: CaseImport) -> None:
    """Delete the staged rows of a list that has come to its end."""
    _run(
        "DELETE FROM cases_stagedcase WHERE case_import_id = %(import)s", {"import": case_import.pk}
    )


def _run(sql: str, values: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or {})


def _rows(sql: str, values: dict[str, Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or {})
        return cursor.fetchall()


def _counts(sql: str) -> dict[str, int]:
    return {str(code): number for code, number in _rows(sql)}
