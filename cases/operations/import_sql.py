"""One list of open cases against the database: who is open to what, what would change, the change.

Set-based throughout, in temporary tables that live as long as the transaction:

- ``import_best``: one row for each child with an open case in the list (docs of
  cases.importers.summary: the service that comes first, then the first row of the file, its blanks
  filled). The practitioner and the team are those of the first row that names a practitioner.
- ``import_plan``: the same beside the child's present case, with the step to take: "open", "stay"
  (same service), "move", or "keep" (a case is left alone that is of a service which comes first
  and which this list does not cover, and one of which a newer list has said something).
- ``import_close``: the open cases that end, because the list covers their service and no longer
  has the child as open, and no list has the child open to another service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cases.importers.rows import NO_STAFF
from cases.models import CaseImport, ChildAlias, ImportProblem, Service
from cases.operations import import_elsewhere, import_teams
from cases.operations.import_rows import Said
from cases.queries.calendar import local_date

# Confirming takes this lock, so that one list at a time is compared and taken over.
CONFIRM_LOCK = 0x6366_6101

# Of a service without any value a sheet says nothing: it clears nothing.
_SHEET = """
CREATE TEMP TABLE import_sheet ON COMMIT DROP AS
SELECT sheet, service_code, bool_or(team <> '') AS says_team,
  bool_or(practitioner <> '') AS says_practitioner,
  bool_or(legal_status <> '') AS says_legal_status, bool_or(plan <> '') AS says_plan
FROM cases_stagedcase WHERE case_import_id = %(import)s GROUP BY sheet, service_code
"""

# Nearly every child has one row, which then is the answer; only the rows of others are weighed.
_BEST = """
CREATE TEMP TABLE import_best ON COMMIT DROP AS
WITH list AS NOT MATERIALIZED (
  SELECT s.*, v.id AS service_id, v.precedence
  FROM cases_stagedcase s
  LEFT JOIN cases_service v ON v.code = s.service_code AND v.code <> ALL(%(outdated)s)
  WHERE s.case_import_id = %(import)s
),
repeated AS MATERIALIZED (
  SELECT child_id FROM cases_stagedcase WHERE case_import_id = %(import)s
  GROUP BY child_id HAVING count(*) > 1
),
several AS MATERIALIZED (
  SELECT list.*, says_team, says_practitioner, says_legal_status, says_plan
  FROM list JOIN repeated USING (child_id) JOIN import_sheet USING (sheet, service_code)
),
first AS (
  SELECT DISTINCT ON (child_id) child_id, service_id, service_code, precedence
  FROM several WHERE is_open AND service_id IS NOT NULL
  ORDER BY child_id, precedence, id
),
of_service AS (  -- what is true of a case in its service comes from no row of another service
  SELECT child_id,
    (array_agg(opened_on ORDER BY id) FILTER (WHERE opened_on IS NOT NULL))[1] AS opened_on,
    -- short breaks only where no row says more: they are not drawn
    (array_agg(legal_status ORDER BY legal_status IN ('V3', 'V4'), id)
      FILTER (WHERE legal_status <> ''))[1] AS legal_status,
    (array_agg(plan ORDER BY id) FILTER (WHERE plan <> ''))[1] AS plan,
    bool_or(says_team) AS says_team, bool_or(says_practitioner) AS says_practitioner,
    bool_or(says_legal_status) AS says_legal_status, bool_or(says_plan) AS says_plan
  FROM several JOIN first USING (child_id, service_id) WHERE is_open GROUP BY child_id
),
filled AS (
  SELECT child_id,
    -- who has the case, with the team of the same row; where nobody is named, a team
    (array_agg(id ORDER BY practitioner = '', precedence, id)
      FILTER (WHERE is_open AND (team <> '' OR practitioner <> '')))[1] AS staff_row,
    (array_agg(team ORDER BY precedence, id) FILTER (WHERE is_open AND team <> ''))[1] AS team,
    (array_agg(family_id ORDER BY precedence, id) FILTER (WHERE family_id <> ''))[1] AS family_id,
    -- yes by any row, no by one of a case that is open alone
    coalesce(nullif(bool_or(restricted), false), bool_or(restricted) FILTER (WHERE is_open))
      AS restricted,
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
SELECT first.child_id, first.service_id, first.service_code, first.precedence, own.opened_on,
  coalesce(own.legal_status, '') AS legal_status, coalesce(own.plan, '') AS plan,
  own.says_legal_status, own.says_plan,
  own.says_team OR filled.team IS NOT NULL AS says_team,
  own.says_practitioner OR coalesce(staff.practitioner, '') <> '' AS says_practitioner,
  coalesce(nullif(staff.team, ''), filled.team, '') AS team,
  coalesce(staff.practitioner, '') AS practitioner, staff.agency,
  coalesce(filled.family_id, '') AS family_id, filled.restricted, filled.age_years,
  coalesce(filled.gender, '') AS gender, coalesce(filled.ethnicity, '') AS ethnicity,
  coalesce(filled.disability, '') AS disability, filled.transferred_in_on,
  coalesce(filled.transferred_in_from, '') AS transferred_in_from, true AS repeated
FROM first
JOIN of_service AS own USING (child_id)
JOIN filled USING (child_id)
LEFT JOIN several AS staff ON staff.id = filled.staff_row
UNION ALL
SELECT child_id, service_id, service_code, precedence, opened_on, legal_status, plan,
  says_legal_status, says_plan, says_team, says_practitioner, team, practitioner,
  CASE WHEN team <> '' OR practitioner <> '' THEN agency END, family_id, restricted, age_years,
  gender, ethnicity, disability, transferred_in_on, transferred_in_from, false
FROM list JOIN import_sheet USING (sheet, service_code)
WHERE is_open AND service_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM repeated WHERE repeated.child_id = list.child_id)
"""

_PLAN = """
CREATE TEMP TABLE import_plan ON COMMIT DROP AS
SELECT best.*, present.id AS case_id, present.service_id AS old_service_id,
  old.code AS old_service_code, present.team_id AS old_team_id,
  present.practitioner_id IS NOT NULL AS had_practitioner, present.team_completed,
  present.practitioner_completed, present.restricted AS was_restricted,
  newer_said,
  CASE
    WHEN present.id IS NULL THEN 'open'
    WHEN present.service_id = best.service_id THEN CASE WHEN newer_said THEN 'keep' ELSE 'stay' END
    WHEN best.precedence < old.precedence OR old.code = ANY(%(covers)s) AND NOT newer_said
      THEN 'move'
    ELSE 'keep'
  END AS step
FROM import_best best
LEFT JOIN cases_child child ON child.local_id = best.child_id
LEFT JOIN cases_case present ON present.child_id = child.id AND present.closed_on IS NULL
LEFT JOIN cases_service old ON old.id = present.service_id
LEFT JOIN cases_caseimport latest ON latest.id = present.last_import_id
CROSS JOIN LATERAL (SELECT coalesce(latest.as_of > %(as_of)s, false)
  OR coalesce(old.code = ANY(%(outdated)s), false) AS newer_said) AS said
"""

_STEPS = """
SELECT CASE WHEN step = 'keep' AND service_id = old_service_id THEN 'newer' ELSE step END AS told,
  service_code, old_service_code, count(*),
  count(*) FILTER (WHERE was_restricted AND restricted IS NULL)
FROM import_plan
GROUP BY told, service_code, old_service_code
"""

# Children of whom the list says that they are open and not to which service, or to one that the
# council does not have here: their case stays where it is.
_UNSAID = """
CREATE TEMP TABLE import_unsaid ON COMMIT DROP AS
SELECT DISTINCT s.child_id FROM cases_stagedcase s
WHERE s.case_import_id = %(import)s AND s.is_open
  AND NOT EXISTS (SELECT FROM cases_service v WHERE v.code = s.service_code)
"""

# A row that gives a closing date is a better witness than the date of the list, unless it is the
# end of an earlier time.
_CLOSE = f"""
CREATE TEMP TABLE import_close ON COMMIT DROP AS
SELECT present.id AS case_id, service.code AS service_code,
  greatest(coalesce(max(ended.closed_on), %(as_of)s), present.opened_on) AS closed_on
FROM cases_case present
JOIN cases_child child ON child.id = present.child_id
JOIN cases_service service ON service.id = present.service_id
LEFT JOIN cases_stagedcase ended ON ended.case_import_id = %(import)s
  AND ended.child_id = child.local_id AND ended.service_code = service.code
  AND ended.closed_on >= coalesce(present.opened_on, ended.closed_on)
WHERE present.closed_on IS NULL AND service.code = ANY(%(covers)s)
  AND {import_elsewhere.IS_WITNESS}
  AND NOT EXISTS (SELECT 1 FROM import_best best WHERE best.child_id = child.local_id)
  AND NOT EXISTS (SELECT 1 FROM import_unsaid unsaid WHERE unsaid.child_id = child.local_id)
GROUP BY present.id, service.code
"""  # noqa: S608 (a condition of our own)

_STAYS = """
SELECT service.code, count(*) FROM import_unsaid unsaid
JOIN cases_child child ON child.local_id = unsaid.child_id
JOIN cases_case present ON present.child_id = child.id AND present.closed_on IS NULL
JOIN cases_service service ON service.id = present.service_id
WHERE service.code = ANY(%(covers)s)
  AND NOT EXISTS (SELECT 1 FROM import_best best WHERE best.child_id = child.local_id)
GROUP BY service.code
"""

_OWN_IDS = """
UPDATE cases_stagedcase s SET child_id = child.local_id
FROM cases_childalias alias JOIN cases_child child ON child.id = alias.child_id
WHERE s.case_import_id = %(import)s AND s.child_id = alias.other_id
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
  WHERE s.case_import_id = %(import)s AND s.is_open
    AND s.child_id IN (SELECT child_id FROM import_best WHERE repeated)
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
  WHERE s.case_import_id = %(import)s AND s.is_open
    AND s.child_id IN (SELECT child_id FROM import_best WHERE repeated)
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

# Told of a row by itself, when nobody knew whether another row of the child says it, whether the
# practitioner brings a team along, or whether the case keeps its own.
_STAFF_KNOWN = """
DELETE FROM cases_importproblem problem
USING cases_stagedcase s LEFT JOIN import_plan plan USING (child_id)
LEFT JOIN import_known known
  ON known.key = lower(plan.practitioner) AND known.team_key = lower(plan.team)
WHERE problem.case_import_id = %(import)s AND s.case_import_id = %(import)s
  AND problem.sheet = s.sheet AND problem.row = s.row
  AND (NOT s.is_open OR plan.step = 'keep'
    OR problem.message = %(team)s AND (plan.team <> '' OR known.has_team
      OR plan.step = 'stay' AND plan.old_team_id IS NOT NULL
        AND (plan.team_completed OR NOT plan.says_team))
    OR problem.message = %(practitioner)s AND (plan.practitioner <> ''
      OR plan.step = 'stay' AND plan.had_practitioner
        AND (plan.practitioner_completed OR NOT plan.says_practitioner)))
  AND problem.message IN (%(team)s, %(practitioner)s)
"""

_NO_SUCH_SERVICE = """
INSERT INTO cases_importproblem (case_import_id, sheet, row, "column", message, severity, done)
SELECT %(import)s, sheet, row, '', 'This service is not one of the council''s services here.',
  'value_left_out', 'The row opens no case.'
FROM cases_stagedcase s
WHERE s.case_import_id = %(import)s AND s.is_open AND s.service_code <> ''
  AND NOT EXISTS (SELECT 1 FROM cases_service v WHERE v.code = s.service_code)
"""

_TEAM_OF_NAME = """
CREATE TEMP TABLE import_team ON COMMIT DROP AS
SELECT DISTINCT ON (lower(name)) lower(name) AS key, id AS team_id
FROM cases_team WHERE lower(name) IN (SELECT lower(team) FROM import_said)
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

# What the list says of who has the cases. A million rows are counted once; everything else asks
# these.
_SAID = """
CREATE TEMP TABLE import_said ON COMMIT DROP AS
SELECT practitioner, team, service_id, old_team_id, bool_or(agency) AS agency, count(*) AS cases
FROM import_plan WHERE step <> 'keep' GROUP BY practitioner, team, service_id, old_team_id
"""

# The names of the list, each with its team as the list says it, most often as it is written.
_STAFF = """
CREATE TEMP TABLE import_staff ON COMMIT DROP AS
WITH said AS (
  SELECT practitioner, team, bool_or(agency) AS agency, sum(cases) AS cases FROM import_said
  WHERE practitioner <> '' GROUP BY practitioner, team
)
SELECT lower(practitioner) AS key, lower(team) AS team_key, min(team) AS team,
  (array_agg(practitioner ORDER BY cases DESC, practitioner))[1] AS name,
  bool_or(agency) AS agency, sum(cases)::bigint AS cases
FROM said GROUP BY lower(practitioner), lower(team)
"""

# Whom these names mean, by the rule of cases.rules.practitioner_names. Of several people of one
# name in one team, the one who is still there and can sign in.
_KNOWN = """
CREATE TEMP TABLE import_known ON COMMIT DROP AS
WITH everybody AS (  -- whoever will leave is here until then
  SELECT *, coalesce(left_on <= %(today)s, false) AS has_left FROM cases_practitioner
),
found AS (
  SELECT s.key, s.team_key,
    (array_agg(p.id ORDER BY p.has_left, p.user_id IS NULL, p.id)
      FILTER (WHERE lower(coalesce(t.name, '')) = s.team_key))[1] AS there,
    array_agg(p.id) FILTER (WHERE NOT p.has_left
      AND (p.staff_number <> '' OR p.in_staff_list OR p.user_id IS NOT NULL)) AS listed,
    array_agg(p.id) FILTER (WHERE NOT p.has_left AND p.team_id IS NOT NULL) AS placed
  FROM import_staff s JOIN everybody p ON lower(p.name) = s.key
  LEFT JOIN cases_team t ON t.id = p.team_id
  GROUP BY s.key, s.team_key
),
in_team AS (
  SELECT key, team_key, there,
    coalesce(there, CASE WHEN cardinality(listed) = 1 THEN listed[1] END) AS practitioner_id
  FROM found WHERE team_key <> ''
),
coming AS (  -- whom this list brings, each with a team: one who stands in it without is meant too
  SELECT s.key, min(s.team_key) AS team_key, count(*) AS number FROM import_staff s
  WHERE s.team_key <> '' AND NOT EXISTS (SELECT FROM in_team known
    WHERE known.key = s.key AND known.team_key = s.team_key AND known.practitioner_id IS NOT NULL)
  GROUP BY s.key
),
by_name AS (
  SELECT s.key, found.there, coming.team_key AS of_team_key,
    coalesce(cardinality(found.listed), 0) AS listed, found.listed[1] AS one_listed,
    coalesce(cardinality(found.placed), 0) AS placed, found.placed[1] AS one_placed,
    coalesce(coming.number, 0) AS coming
  FROM import_staff s LEFT JOIN found USING (key, team_key) LEFT JOIN coming ON coming.key = s.key
  WHERE s.team_key = ''
),
meant AS (
  SELECT key, team_key, there, practitioner_id, NULL AS of_team_key FROM in_team
  UNION ALL
  SELECT key, '', there,
    CASE WHEN listed = 1 THEN one_listed WHEN placed = 1 AND coming = 0 THEN one_placed
      WHEN placed = 0 AND coming = 1 THEN NULL ELSE there END,
    CASE WHEN listed <> 1 AND placed = 0 AND coming = 1 THEN of_team_key END
  FROM by_name
)
SELECT meant.key, meant.team_key, p.id AS practitioner_id, p.name, p.team_id,
  coalesce(p.has_left, false) AS has_left, p.id IS NULL OR p.id IS DISTINCT FROM meant.there
    AS by_name_alone,
  meant.of_team_key, p.team_id IS NOT NULL OR meant.of_team_key IS NOT NULL AS has_team
FROM meant LEFT JOIN everybody p ON p.id = meant.practitioner_id
WHERE p.id IS NOT NULL OR meant.of_team_key IS NOT NULL
"""

_PRACTITIONERS = """
INSERT INTO cases_practitioner (name, staff_number, team_id, agency)
SELECT s.name, '', t.team_id, coalesce(s.agency, false)
FROM import_staff s LEFT JOIN import_team t ON t.key = s.team_key
WHERE NOT EXISTS (
  SELECT FROM import_known k WHERE k.key = s.key AND k.team_key = s.team_key)
"""

_PRACTITIONER_OF_NAME = """
CREATE TEMP TABLE import_practitioner ON COMMIT DROP AS
SELECT key, team_key, k.practitioner_id, k.team_id, s.agency
FROM import_staff s JOIN import_known k USING (key, team_key) WHERE k.practitioner_id IS NOT NULL
UNION ALL
SELECT s.key, s.team_key, p.id, p.team_id, s.agency
FROM import_staff s JOIN import_known k USING (key, team_key)
JOIN import_team t ON t.key = k.of_team_key
JOIN cases_practitioner p ON lower(p.name) = s.key AND p.team_id = t.team_id
WHERE k.practitioner_id IS NULL
UNION ALL
SELECT s.key, s.team_key, p.id, p.team_id, s.agency
FROM import_staff s LEFT JOIN import_team t ON t.key = s.team_key
JOIN cases_practitioner p
  ON lower(p.name) = s.key AND p.team_id IS NOT DISTINCT FROM t.team_id
WHERE NOT EXISTS (
  SELECT FROM import_known k WHERE k.key = s.key AND k.team_key = s.team_key)
"""

# Whom and which team the names mean as they are written, so that no row has to be spelt again.
_NAMED = """
CREATE TEMP TABLE import_named ON COMMIT DROP AS
SELECT said.practitioner, said.team, team.team_id, worker.practitioner_id,
  worker.team_id AS team_of_worker
FROM (SELECT DISTINCT practitioner, team FROM import_said) AS said
LEFT JOIN import_team team ON team.key = lower(said.team)
LEFT JOIN import_practitioner worker
  ON worker.key = lower(said.practitioner) AND worker.team_key = lower(said.team)
"""

NAMES_SHOWN = 20
# As many as no council employs; a list that has more of them is no list of this council.
NAMES_KEPT = 5_000

# Names that nobody has yet, that only people have who left, or that were followed without a team.
_STAFF_NAMED = """
SELECT coalesce(known.name, s.name), s.team, s.cases, coalesce(team.name, brought.team, ''),
  CASE WHEN known.key IS NULL THEN 'new' WHEN known.has_left THEN 'left' ELSE 'by_name' END
FROM import_staff s LEFT JOIN import_known known USING (key, team_key)
LEFT JOIN cases_team team ON team.id = known.team_id
LEFT JOIN import_staff brought
  ON brought.key = known.key AND brought.team_key = known.of_team_key
WHERE known.key IS NULL OR known.has_left OR known.by_name_alone
ORDER BY s.cases DESC, s.key, s.team_key
"""

# Cases whose service has practitioners, or teams, in this list, but they themselves none: how many
# lose theirs, and how many keep what a second file completed. Whoever is named brings a team along.
_LEFT_BLANK = """
SELECT
  count(*) FILTER (WHERE practitioner = '' AND had_practitioner
    AND (step = 'move' OR says_practitioner AND NOT practitioner_completed)),
  count(*) FILTER (WHERE team = '' AND known.has_team IS NOT TRUE AND old_team_id IS NOT NULL
    AND (step = 'move' OR says_team AND NOT team_completed)),
  count(*) FILTER (WHERE step = 'stay' AND (practitioner = '' AND practitioner_completed
    OR team = '' AND known.has_team IS NOT TRUE AND team_completed))
FROM import_plan plan
LEFT JOIN import_known known
  ON known.key = lower(plan.practitioner) AND known.team_key = lower(plan.team)
WHERE step IN ('stay', 'move') AND (team = '' OR practitioner = '')
"""

_AGENCY = """
UPDATE cases_practitioner p SET agency = i.agency
FROM (
  SELECT practitioner_id, bool_or(agency) AS agency FROM import_practitioner
  GROUP BY practitioner_id
) AS i
WHERE p.id = i.practitioner_id AND i.agency IS NOT NULL AND p.agency <> i.agency
"""

_CHILDREN = """
INSERT INTO cases_child (local_id, audit_reference, first_import_id)
SELECT DISTINCT s.child_id, '', s.case_import_id FROM cases_stagedcase s
WHERE s.case_import_id = %(import)s
  AND NOT EXISTS (SELECT FROM cases_child c WHERE c.local_id = s.child_id)
ORDER BY s.child_id
"""

VALUES = (
    "service_id", "team_id", "practitioner_id", "team_completed", "practitioner_completed",
    "opened_on", "restricted", "family_id", "age_years", "gender", "ethnicity", "disability",
    "transferred_in_on", "transferred_in_from", "legal_status", "plan",
)  # fmt: skip

# The values a case will have: the list's, or where it says nothing those the case has already.
# Where it names a practitioner and no team, the practitioner's. What a second file completed stays
# until a list says it, or moves the case.
_VALUES = """
SELECT plan.case_id, child.id AS child_id, plan.service_id,
  coalesce(named.team_id, named.team_of_worker,
    CASE WHEN plan.step = 'stay' AND (present.team_completed OR NOT plan.says_team)
      THEN present.team_id END) AS team_id,
  coalesce(named.practitioner_id,
    CASE WHEN plan.step = 'stay' AND (present.practitioner_completed OR NOT plan.says_practitioner)
      THEN present.practitioner_id END) AS practitioner_id,
  plan.step = 'stay' AND present.team_completed AND named.team_id IS NULL
    AND named.team_of_worker IS NULL AS team_completed,
  plan.step = 'stay' AND present.practitioner_completed AND named.practitioner_id IS NULL
    AS practitioner_completed,
  coalesce(plan.opened_on, present.opened_on) AS opened_on,
  CASE WHEN plan.newer_said AND present.restricted THEN true  -- an older list ends no restriction
    ELSE coalesce(plan.restricted, present.restricted, false) END AS restricted,
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
LEFT JOIN import_named named
  ON named.practitioner = plan.practitioner AND named.team = plan.team
WHERE plan.step = ANY(%(steps)s)
"""

_CASE = f"CREATE TEMP TABLE import_case ON COMMIT DROP AS {_VALUES}"

_LIST = ", ".join(VALUES)
_NEW = ", ".join(f"new.{name}" for name in VALUES)
_OLD = ", ".join(f"c.{name}" for name in VALUES)

# A case about which the list says nothing new is not touched: no change, no history. Where the
# list does not cover its service, nothing else would remember that it was said again.
_UPDATE = f"""
UPDATE cases_case c SET ({_LIST}, last_import_id) = ({_NEW}, %(import)s)
FROM import_case new
WHERE c.id = new.case_id AND (({_OLD}) IS DISTINCT FROM ({_NEW})
  OR new.service_id NOT IN (SELECT id FROM cases_service WHERE code = ANY(%(covers)s)))
"""  # noqa: S608 (column names of our own)

_INSERT = f"""
INSERT INTO cases_case (child_id, {_LIST}, last_import_id)
SELECT new.child_id, {_NEW}, %(import)s FROM ({_VALUES}) AS new
ORDER BY new.child_id
"""  # noqa: S608

_END = """
UPDATE cases_case c SET closed_on = gone.closed_on, last_import_id = %(import)s
FROM import_close gone WHERE c.id = gone.case_id
"""

# A row that changes nothing here still says two things that keep a child from being drawn. The
# newest list that said something of a case stays the one that did.
_KEPT = """
UPDATE cases_case c SET restricted = c.restricted OR coalesce(plan.restricted, false),
  family_id = coalesce(nullif(c.family_id, ''), plan.family_id),
  last_import_id = CASE WHEN plan.newer_said THEN c.last_import_id ELSE %(import)s END
FROM import_plan plan
WHERE plan.step = 'keep' AND c.id = plan.case_id
  AND (plan.restricted AND NOT c.restricted OR c.family_id = '' AND plan.family_id <> '')
"""

# So does a row that opens no case; and a child comes back restricted as they left.
_RESTRICTED = """
SELECT s.child_id FROM cases_stagedcase s
WHERE s.case_import_id = %(import)s AND s.restricted  -- of any row, a plan has it too
  AND NOT EXISTS (SELECT FROM import_plan plan WHERE plan.child_id = s.child_id AND plan.restricted)
UNION
SELECT plan.child_id FROM cases_child child JOIN import_plan plan ON plan.child_id = child.local_id
WHERE child.restricted AND plan.step = 'open' AND plan.restricted IS NULL
"""
# Of few or none, so that no list of a million is joined with all cases for their sake.
_RESTRICT = """
UPDATE cases_case c SET restricted = true, last_import_id = CASE
    WHEN latest.as_of > %(as_of)s THEN c.last_import_id ELSE %(import)s END
FROM cases_child child, cases_case present
LEFT JOIN cases_caseimport latest ON latest.id = present.last_import_id
WHERE child.local_id = ANY(%(children)s) AND present.child_id = child.id
  AND present.closed_on IS NULL AND NOT present.restricted AND c.id = present.id
"""

# Of children without an open case, the child keeps it.
_ENDED_RESTRICTED = """
UPDATE cases_child child SET restricted = true
FROM import_close gone JOIN cases_case ended ON ended.id = gone.case_id
WHERE child.id = ended.child_id AND ended.restricted AND NOT child.restricted
"""
_RESTRICT_CHILD = """
UPDATE cases_child child SET restricted = true
WHERE child.local_id = ANY(%(children)s) AND NOT child.restricted AND NOT EXISTS (
  SELECT FROM cases_case present WHERE present.child_id = child.id AND present.closed_on IS NULL)
"""
_OPEN_AGAIN = """
UPDATE cases_child child SET restricted = false
WHERE child.restricted AND EXISTS (
  SELECT FROM cases_case present WHERE present.child_id = child.id AND present.closed_on IS NULL)
"""

_TABLES = (
    "import_sheet", "import_best", "import_unsaid", "import_plan", "import_close", "import_said",
    "import_team", "import_staff", "import_known", "import_practitioner", "import_named",
    "import_case", *import_teams.TABLES,
)  # fmt: skip


def lock_confirming() -> None:
    """Wait until no other list is being taken over; held to the end of the transaction."""
    _run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": CONFIRM_LOCK})


def use_own_ids(case_import: CaseImport) -> int:
    """Put each child's own id where the staged list has another id of the child; how many rows."""
    if not ChildAlias.objects.exists():
        return 0
    _run("SELECT set_config('enable_nestloop', 'off', true)")  # why: `resolve`
    with connection.cursor() as cursor:
        cursor.execute(_OWN_IDS, {"import": case_import.pk})
        return int(cursor.rowcount)


def resolve(case_import: CaseImport, outdated: Sequence[str] = ()) -> None:
    """Work out each child's one open case in the staged list (``import_best``).

    Rows of the ``outdated`` services open nothing: a newer list of theirs was confirmed.
    """
    # ON COMMIT DROP comes too late where one transaction compares and then takes over.
    _run(f"DROP TABLE IF EXISTS {', '.join(_TABLES)}")
    # The staging table is filled and emptied all the time: by its stale statistics the planner
    # would take a million rows for one and loop. ANALYZE would make other imports wait.
    _run("SELECT set_config('enable_nestloop', 'off', true)")
    # A million rows are sorted and joined here, and in the usual 4 MB that goes through the disk.
    # Compiling such statements takes longer than it saves.
    _run("SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true)")
    # By the same statistics it would sort a million rows to put them into a few groups.
    _run("SELECT set_config('enable_sort', 'off', true)")
    _run(_SHEET, {"import": case_import.pk})
    _run("SELECT set_config('enable_sort', 'on', true)")
    _run(_BEST, {"import": case_import.pk, "outdated": list(outdated)})
    _run("ANALYZE import_best (child_id)")


def note_rows(case_import: CaseImport, said: Said) -> None:
    """List the rows that opened no case although they say open, and the row used instead; the ids
    of families that are none; and what the rows say of teams. After ``resolve``.

    A statement looks at every row: it is spared where, by what was ``said``, it would find none.
    """
    values = {"import": case_import.pk, "most": LARGEST_FAMILY}
    known = set(Service.objects.values_list("code", flat=True))
    ((repeated,),) = _rows("SELECT EXISTS (SELECT FROM import_best WHERE repeated)")
    for sql, wanted in (
        (_REPEATED, repeated),
        (_ELSEWHERE, repeated),
        (_NO_SUCH_SERVICE, not said.services <= known),
        (_FAMILIES, said.families),
        (_TELL_DISABILITY_TEAMS, said.disability_teams),
    ):
        if wanted:
            _run(sql, values)


def forget_staff_known(case_import: CaseImport) -> None:
    """Tell no more of a row without team or practitioner whose case will have one all the same.
    After ``compare``."""
    told = ImportProblem.objects.filter(case_import=case_import, message__in=NO_STAFF.values())
    if told.exists():
        _run(_STAFF_KNOWN, {"import": case_import.pk, **NO_STAFF})


def count_list(case_import: CaseImport, outdated: Sequence[str] = ()) -> dict[str, Any]:
    """``{"children", "open_cases", "by_service", "rows_kept", "rows_merged"}`` of the list; after
    ``resolve``. A row that says open is merged where another opened the child's case; not one of
    an ``outdated`` service, which opens none."""
    ((children, kept, opening),) = _rows(
        "SELECT count(DISTINCT child_id), count(*), count(*) FILTER (WHERE is_open AND"
        " service_code IN (SELECT code FROM cases_service WHERE code <> ALL(%(outdated)s)))"
        " FROM cases_stagedcase WHERE case_import_id = %(import)s",
        {"import": case_import.pk, "outdated": list(outdated)},
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


def says_no_service(case_import: CaseImport) -> bool:
    """Whether every row is open and none says to which service."""
    sql = (
        "SELECT FROM cases_stagedcase WHERE case_import_id = %(import)s"
        " AND NOT (is_open AND service_code = '') LIMIT 1"
    )
    return not _rows(sql, {"import": case_import.pk})


def compare(
    case_import: CaseImport, covers: Sequence[str], outdated: Sequence[str] = ()
) -> dict[str, Any]:
    """What taking the list over would do to the open cases, in numbers by service code.

    ``covers`` are the services whose cases close by absence, ``outdated`` as for ``resolve``. Keys:
    "before" (open now), "opens", "moves" (in from another service), "moves_out", "closes", "kept"
    (children of the list whose case in another service stays as it is, counted by that service),
    "newer" (cases that stay as a newer list has them), "returns" (of the moves, those of children
    whom this list no longer has and an earlier one has open to that service), "stays" (cases of
    covered services that stay open because the list does not say the service of the child's row)
    and "stays_restricted" (cases that stay or move, and stay restricted because the list says
    neither yes nor no). Of teams: "new_teams" as `import_teams.new_teams`, and "change_team", how
    many open cases have another team now than the list names. After ``resolve``.
    """
    values = {
        "import": case_import.pk,
        "covers": list(covers),
        "outdated": list(outdated),
        "as_of": case_import.as_of,
    }
    _run(_UNSAID, values)
    stays = _counts(_STAYS, values)
    returns = _counts(import_elsewhere.RETURN, values)
    _run(_PLAN, values)
    _run(_CLOSE, values)
    _run("ANALYZE import_plan (child_id, step, team, practitioner, repeated)")
    _run(_SAID)
    _run(_STAFF)
    _run("ANALYZE import_staff (key, team_key)")
    _run(_KNOWN, {"today": local_date(timezone.now())})
    _run("ANALYZE import_known (key, team_key)")
    _run(import_teams.NEW)
    by_step = _rows(_STEPS)
    new, old = 1, 2
    cases, stay_restricted = 3, 4

    def count(steps: Sequence[str], service: int, what: int = cases) -> dict[str, int]:
        counts = Counter[str]()
        for row in by_step:
            if row[0] in steps and row[what]:
                counts[row[service]] += row[what]
        return dict(counts)

    return {
        "before": _counts(
            "SELECT v.code, count(*) FROM cases_case c JOIN cases_service v ON v.id = c.service_id"
            " WHERE c.closed_on IS NULL GROUP BY v.code"
        ),
        "opens": count(["open"], new),
        "moves": count(["move"], new),
        "moves_out": count(["move"], old),
        "closes": _counts("SELECT service_code, count(*) FROM import_close GROUP BY service_code"),
        "kept": count(["keep"], old),
        "newer": count(["newer"], old),
        "returns": returns,
        "stays": stays,
        "stays_restricted": count(["stay", "move"], new, stay_restricted),
        "new_teams": import_teams.new_teams(_rows(import_teams.LISTED)),
        "change_team": _rows(import_teams.CHANGING)[0][0],
    }


def take_over(case_import: CaseImport, covers: Sequence[str], outdated: Sequence[str] = ()) -> None:
    """Open, move, complete and close cases as compared; after ``compare`` in one transaction.

    Teams and practitioners that are not known yet are made, matched by name (and team, see
    cases.rules.practitioner_names) without regard to case; a new team's service is the one most of
    its cases in the list are open to.
    """
    values = {
        "import": case_import.pk,
        "covers": list(covers),
        "outdated": list(outdated),
        "as_of": case_import.as_of,
    }
    for sql in (import_teams.MAKE, _TEAM_OF_NAME, _PRACTITIONERS, _PRACTITIONER_OF_NAME, _AGENCY):
        _run(sql)
    _run(_NAMED)
    _run("ANALYZE import_named (practitioner, team)")
    _run(_MARK_DISABILITY_TEAMS, values)
    _make_children(values)
    # What the steps do not call for would look at every row to find none.
    steps = dict(_rows("SELECT step, bool_or(repeated) FROM import_plan GROUP BY step"))
    if in_place := steps.keys() & {"stay", "move"}:
        _run(_CASE, values | {"steps": list(in_place)})
        _run("ANALYZE import_case (case_id)")
    # While the cases are still what they were before this list.
    _run(import_elsewhere.FORGET, values)
    if any(steps.values()) or steps.keys() & {"keep", "move"}:
        _run(import_elsewhere.REMEMBER, values)
    # Closing first: nothing else may ever see a child with two open cases.
    _run(_END, values)
    _run(_ENDED_RESTRICTED)
    if in_place:
        _run(_UPDATE, values)
    if "keep" in steps:
        _run(_KEPT, values)
    _run(_INSERT, values | {"steps": ["open"]})
    if restricted := [child for (child,) in _rows(_RESTRICTED, values)]:
        _run(_RESTRICT, values | {"children": restricted})
        _run(_RESTRICT_CHILD, {"children": restricted})
    _run(_OPEN_AGAIN)
    _run(import_elsewhere.SETTLE)


def _make_children(values: dict[str, Any]) -> None:
    """The children that nobody has named before.

    Where a form registers one of them at the same moment, that child is there the second time.
    Asking so in advance, for each row, would take a tenth of the time of a long list.
    """
    while True:
        try:
            with transaction.atomic():
                _run(_CHILDREN, values)
            return
        except IntegrityError as error:
            if "one_child_per_id" not in str(error):
                raise


def staff_named() -> dict[str, Any]:
    """What taking over would make of the practitioners' names. After ``compare``.

    "new" counts the names (with their team) that nobody has yet; "left" those that only people
    have who left; "by_name" those of somebody whose team is another, or whose team the list does
    not say; "most", "most_new" and "most_by_name" are the first of them, each with "name", "team"
    and "cases" of the list, most cases first. "new_names" are more of the new ones than a page
    shows. "losing" and "losing_team": how many cases would lose their practitioner, or their team;
    "completed": how many keep what a second file completed, because the list leaves it blank.
    """
    losing, losing_team, completed = _rows(_LEFT_BLANK)[0]
    found: dict[str, list[dict[str, Any]]] = {"new": [], "left": [], "by_name": []}
    for name, team, cases, own_team, kind in _rows(_STAFF_NAMED):
        one = {"name": name, "team": team, "cases": cases}
        found[kind].append(one | {"own_team": own_team} if kind == "by_name" else one)
    return {
        **{kind: len(names) for kind, names in found.items()},
        "most": found["left"][:NAMES_SHOWN],
        "most_new": found["new"][:NAMES_SHOWN],
        "most_by_name": found["by_name"][:NAMES_SHOWN],
        "new_names": [list(one.values()) for one in found["new"][:NAMES_KEPT]],
        "losing": losing,
        "losing_team": losing_team,
        "completed": completed,
    }


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


def _counts(sql: str, values: dict[str, Any] | None = None) -> dict[str, int]:
    return {str(code): number for code, number in _rows(sql, values)}
