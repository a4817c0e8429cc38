"""What keeps a child from dropping out between the lists of two services (OpenElsewhere), in SQL.

A child in two lists has one open case. That the other list has them open too is remembered, and
when the case closes by absence the child moves there instead. Run by `import_sql`, whose temporary
tables are used here. Why: docs/decisions/0017.
"""

from __future__ import annotations

# Whether the list can know that this case has ended: nothing that opened after its day, and nothing
# of which a newer list has said something.
IS_WITNESS = """(present.opened_on IS NULL OR present.opened_on <= %(as_of)s)
  AND NOT EXISTS (SELECT FROM cases_caseimport newer
    WHERE newer.id = present.last_import_id AND newer.as_of > %(as_of)s)"""

# Children who are in this list no more and whom an earlier list has open to a service that this one
# does not cover: they are planned for as if this list had said so. Answers counts by service code.
RETURN = f"""
WITH found AS (
  INSERT INTO import_best (child_id, service_id, service_code, precedence, opened_on, legal_status,
    plan, says_legal_status, says_plan, says_team, says_practitioner, team, practitioner, agency,
    family_id, gender, ethnicity, disability, transferred_in_from, repeated)
  SELECT DISTINCT ON (child.local_id) child.local_id, service.id, service.code, service.precedence,
    known.opened_on, known.legal_status, known.plan, true, true, true, true, known.team,
    known.practitioner, known.agency, '', '', '', '', '', false
  FROM cases_openelsewhere known
  JOIN cases_child child ON child.id = known.child_id
  JOIN cases_case present ON present.child_id = child.id AND present.closed_on IS NULL
  JOIN cases_service old ON old.id = present.service_id
  JOIN cases_service service ON service.id = known.service_id
  WHERE old.code = ANY(%(covers)s) AND service.code <> ALL(%(covers)s) AND {IS_WITNESS}
    AND NOT EXISTS (SELECT 1 FROM import_best best WHERE best.child_id = child.local_id)
    AND NOT EXISTS (SELECT 1 FROM import_unsaid unsaid WHERE unsaid.child_id = child.local_id)
  ORDER BY child.local_id, service.precedence
  RETURNING service_code
)
SELECT service_code, count(*) FROM found GROUP BY service_code
"""  # noqa: S608 (a condition of our own)

# A list that covers a service says all about it; what it still has is remembered afresh. What a
# newer list said stays.
FORGET = """
DELETE FROM cases_openelsewhere known
USING cases_service service, cases_child child, cases_caseimport said
WHERE service.id = known.service_id AND child.id = known.child_id
  AND said.id = known.case_import_id AND said.as_of <= %(as_of)s
  AND service.code = ANY(%(covers)s)
  AND NOT EXISTS (SELECT 1 FROM import_unsaid unsaid WHERE unsaid.child_id = child.local_id)
"""

# From the list: rows of children who stay in, or come first in, another service. From the case that
# a child leaves now: its service, where this list does not cover it or a newer one has said it.
REMEMBER = """
INSERT INTO cases_openelsewhere AS known (child_id, service_id, case_import_id, opened_on, team,
  practitioner, agency, legal_status, plan)
SELECT DISTINCT ON (child.id, other.service_id) child.id, other.service_id, other.said_by,
  other.opened_on, other.team, other.practitioner, other.agency, other.legal_status, other.plan
FROM (
  SELECT 1 AS place, 0::bigint AS id, %(import)s AS said_by, child_id, service_id, opened_on, team,
    practitioner, agency, legal_status, plan
  FROM import_plan WHERE step = 'keep' AND service_id <> old_service_id
  UNION ALL
  SELECT 2, said.id, %(import)s, said.child_id, service.id, said.opened_on, said.team,
    said.practitioner, said.agency, said.legal_status, said.plan
  FROM cases_stagedcase said
  JOIN import_plan plan ON plan.child_id = said.child_id AND plan.repeated
  JOIN cases_service service ON service.code = said.service_code
  WHERE said.case_import_id = %(import)s AND said.is_open AND service.code <> ALL(%(outdated)s)
    AND service.id <> plan.service_id
    AND NOT (plan.step = 'keep' AND service.id = plan.old_service_id)
  UNION ALL
  SELECT 3, plan.case_id, CASE WHEN plan.newer_said
    THEN coalesce(present.last_import_id, %(import)s) ELSE %(import)s END, plan.child_id,
    plan.old_service_id, present.opened_on, coalesce(team.name, ''), coalesce(worker.name, ''),
    worker.agency, present.legal_status, present.plan
  FROM import_plan plan
  JOIN cases_case present ON present.id = plan.case_id
  LEFT JOIN cases_team team ON team.id = present.team_id
  LEFT JOIN cases_practitioner worker ON worker.id = present.practitioner_id
  WHERE plan.step = 'move' AND (plan.newer_said OR plan.old_service_code <> ALL(%(covers)s))
) AS other
JOIN cases_child child ON child.local_id = other.child_id
ORDER BY child.id, other.service_id, other.place, other.id
ON CONFLICT (child_id, service_id) DO UPDATE SET case_import_id = EXCLUDED.case_import_id,
  opened_on = EXCLUDED.opened_on, team = EXCLUDED.team, practitioner = EXCLUDED.practitioner,
  agency = EXCLUDED.agency, legal_status = EXCLUDED.legal_status, plan = EXCLUDED.plan
WHERE (SELECT as_of FROM cases_caseimport said WHERE said.id = known.case_import_id) <= %(as_of)s
"""

# A child whose case is of the service now is open there, not elsewhere.
SETTLE = """
DELETE FROM cases_openelsewhere known USING cases_case present
WHERE present.child_id = known.child_id AND present.closed_on IS NULL
  AND present.service_id = known.service_id
"""
