"""The rows of a frame: read from the open cases, judged, and stored.

A frame can hold a million cases, so the rows stay in the database: one statement sees all open
cases at the same moment, the rules judge what decides about them (each combination once), and a
second statement stores the rows in the order of their keys. docs/decisions/0009 says why.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import connection

from cases.models import AuditQuarter, Service, Theme
from cases.models.frame import known_facts
from cases.operations.bulk import copy_lines, escaped
from cases.queries.quarters import still_running
from cases.queries.streaming import stream
from cases.rules.eligibility import CaseFacts, decide
from cases.rules.policy import CasePolicy

_BLOCK = 64  # bytes that SHA-256 takes at once: the length of HMAC's two pads (RFC 2104)

# HMAC-SHA256 under the two pads, of a kind and an identity: what `opaque` computes.
_OPAQUE = (
    "encode(sha256((SELECT current_setting('cfa.outer_pad')::bytea) || "
    "sha256((SELECT current_setting('cfa.inner_pad')::bytea) || "
    "convert_to('{kind}' || E'\\n' || {identity}, 'UTF8'))), 'hex')"
)

# What a stratum is named by beside its service; "" where that is not known.
_WITHIN_SERVICE = {
    "team": "team.name",
    "age": """CASE WHEN cases.age_years < 1 THEN 'under 1' WHEN cases.age_years < 5 THEN '1 to 4'
      WHEN cases.age_years < 10 THEN '5 to 9' WHEN cases.age_years < 16 THEN '10 to 15'
      WHEN cases.age_years IS NOT NULL THEN '16 and over' END""",
    "agency": "CASE person.agency WHEN true THEN 'agency worker' WHEN false THEN 'employed' END",
    **{
        name: f"cases.{name}"
        for name in (
            "gender", "ethnicity", "disability", "legal_status", "plan", "transferred_in_from",
        )
    },
}  # fmt: skip

# Sent by COPY: the pads are as good as the secret, and the database may log its statements. Then
# made settings of the transaction, because a temporary table is read by one process only.
_PADS = "CREATE TEMP TABLE hmac_pad (inner_pad bytea NOT NULL, outer_pad bytea NOT NULL)"
_USE_PADS = """
SELECT set_config('cfa.inner_pad', inner_pad::text, true),
  set_config('cfa.outer_pad', outer_pad::text, true) FROM hmac_pad
"""
_FORGET_PADS = """
DROP TABLE hmac_pad;
SELECT set_config('cfa.inner_pad', '', true), set_config('cfa.outer_pad', '', true)
"""

# What a case looked like, by the names of FrameEntry's fields.
_OF_THE_CASE = """
  opened_on age_years gender ethnicity disability transferred_in_on transferred_in_from legal_status
  plan
""".split()
_FACTS = ", ".join((*_OF_THE_CASE, "agency", "practitioner_caseload"))

# Every open case and what it looks like. What decides about it is never null. OFFSET 0 keeps the
# hashing of many rows in the part that PostgreSQL does by several processes at once, and lets a
# practitioner's key be computed once.
_OPEN_CASES = f"""
CREATE TEMP TABLE open_case AS
SELECT cases.key, cases.child_id, cases.id AS case_id, {{stratum}} AS stratum, cases.service_id,
  cases.team_id, cases.practitioner_id, coalesce(person.key, '') AS practitioner_key,
  cases.family_key, cases.audited,
  {", ".join(f"cases.{name}" for name in _OF_THE_CASE)},
  person.agency, person.cases AS practitioner_caseload,
  cases.restricted, coalesce(cases.opened_on, '-infinity') AS opened,
  coalesce(team.name, '') AS team, false AS in_another_draw
FROM (
  SELECT cases.*, {_OPAQUE.format(kind="child", identity="child.local_id")} AS key,
    CASE WHEN cases.family_id = '' THEN ''
      ELSE {_OPAQUE.format(kind="family", identity="cases.family_id")} END AS family_key,
    child.audit_reference <> '' OR child.audited_before_on IS NOT NULL AS audited
  FROM cases_case AS cases JOIN cases_child AS child ON child.id = cases.child_id
  WHERE cases.closed_on IS NULL OFFSET 0
) AS cases
JOIN cases_service AS service ON service.id = cases.service_id
LEFT JOIN cases_team AS team ON team.id = cases.team_id
LEFT JOIN (
  SELECT practitioner.id, practitioner.agency, caseload.cases,
    {_OPAQUE.format(kind="practitioner", identity="practitioner.id::text")} AS key
  FROM cases_practitioner AS practitioner
  JOIN (
    SELECT practitioner_id, count(*) AS cases FROM cases_case
    WHERE closed_on IS NULL GROUP BY practitioner_id
  ) AS caseload ON caseload.practitioner_id = practitioner.id OFFSET 0
) AS person ON person.id = cases.practitioner_id
"""  # noqa: S608 (expressions of our own)

# What decides about a case; and what else does where the policy excludes by it.
_DECIDES = ("audited", "restricted", "in_another_draw", "opened", "service_id")
_MAY_DECIDE = ("team", "legal_status", "plan")
_COMBINATIONS = """
SELECT audited, restricted, in_another_draw, nullif(opened, '-infinity'), service_id{others}
FROM (SELECT DISTINCT {decides} FROM open_case) AS combination
"""
_JUDGED = """
CREATE TEMP TABLE judged AS
SELECT {decides}, text '' AS not_eligible FROM open_case WITH NO DATA
"""
_STRATA = "SELECT DISTINCT stratum, service_id FROM open_case"

# A range of ids at once, since the sequence takes longer to give a million than they take to sort.
# Nobody else takes a range until this transaction ends.
_TAKE_IDS = """
LOCK TABLE cases_frameentry IN SHARE UPDATE EXCLUSIVE MODE;
WITH sequence AS MATERIALIZED (SELECT pg_get_serial_sequence('cases_frameentry', 'id') AS name),
  first AS MATERIALIZED (SELECT name, nextval(name) AS id FROM sequence)
SELECT id - 1, setval(name, greatest(id, id - 1 + %(number)s)) FROM first
"""
_STORE = f"""
INSERT INTO cases_frameentry (id, frame_id, key, child_id, case_id, stratum, service_id, team_id,
  practitioner_id, practitioner_key, family_key, not_eligible, {_FACTS})
SELECT %(before)s + row_number() OVER (ORDER BY key COLLATE "C"), %(frame)s,
  key, child_id, case_id, stratum, service_id, team_id,
  practitioner_id, practitioner_key, family_key, not_eligible, {_FACTS}
FROM open_case JOIN judged USING ({{decides}})
"""  # noqa: S608
# So that the next statements, which may be of the same transaction, do not take the frame for
# empty. A tenth of the usual sample tells that.
_COUNTED = """
SET LOCAL default_statistics_target = 10; ANALYZE cases_frameentry (id, frame_id, key, stratum);
RESET default_statistics_target
"""

_ATTRIBUTES = f"""
SELECT open_case.key, service.code, team.name, {_FACTS} FROM open_case
JOIN cases_service AS service ON service.id = open_case.service_id
LEFT JOIN cases_team AS team ON team.id = open_case.team_id
"""  # noqa: S608
_IN_COHORT = "CREATE TEMP TABLE in_cohort (key text NOT NULL)"
_NOT_IN_COHORT = """
DELETE FROM open_case WHERE NOT EXISTS (SELECT FROM in_cohort WHERE in_cohort.key = open_case.key)
"""
# In the sample of another quarter that still runs; of a theme also in any other draw of such a
# quarter or of its own. A case that a quarter left behind when it ended can be drawn again.
_IN_ANOTHER_DRAW = """
UPDATE open_case SET in_another_draw = true WHERE child_id IN (
  SELECT entry.child_id FROM cases_sampledcase AS sampled
  JOIN cases_draw AS draw ON draw.id = sampled.draw_id
  JOIN cases_auditquarter AS quarter ON quarter.id = draw.quarter_id
  JOIN cases_frameentry AS entry ON entry.id = sampled.entry_id
  WHERE draw.status = 'drawn' AND sampled.status IN ('drawn', 'allocated', 'in_reserve')
    AND (draw.quarter_id = %(quarter)s OR quarter.ends_on >= %(frozen_on)s)
    AND CASE WHEN %(theme)s IS NULL THEN draw.theme_id IS NULL AND draw.quarter_id <> %(quarter)s
      ELSE draw.theme_id IS DISTINCT FROM %(theme)s END)
"""
# Of this quarter's draws: where the child is selected again, the audit goes on.
_GOES_ON = """
UPDATE open_case SET audited = false WHERE child_id IN (
  SELECT entry.child_id FROM cases_sampledcase AS sampled
  JOIN cases_draw AS draw ON draw.id = sampled.draw_id
  JOIN cases_frameentry AS entry ON entry.id = sampled.entry_id
  JOIN cases_child AS child ON child.id = entry.child_id
  WHERE draw.quarter_id = %(quarter)s AND draw.theme_id IS NOT DISTINCT FROM %(theme)s
    AND (sampled.status IN ('allocated', 'audited')
      -- submitted once, and waits for another auditor
      OR sampled.status = 'drawn' AND EXISTS (
        SELECT FROM cases_allocation AS given WHERE given.sampled_case_id = sampled.id))
    AND child.audited_before_on IS NULL)
"""


def opaque(kind: str, identity: str) -> str:
    """What stands for a child, practitioner or family outside: an HMAC under the council's secret.

    64 hexadecimal digits; ``kind`` keeps a child's key from ever being that of a practitioner.
    """
    message = f"{kind}\n{identity}".encode()
    return hmac.digest(settings.CFA_DRAW_SECRET.encode(), message, "sha256").hex()


class _Combination(NamedTuple):
    """What decides about some cases, as `_DECIDES` has it."""

    audited: bool
    restricted: bool
    in_another_draw: bool
    opened_on: date | None
    service: int
    others: dict[str, str]  # of `_MAY_DECIDE`

    @classmethod
    def of(cls, row: Sequence[Any], others: Sequence[str]) -> Self:
        """A row of `_COMBINATIONS`, in which ``others`` come last."""
        audited, restricted, in_another_draw, opened_on, service, *values = row
        named = dict(zip(others, values, strict=True))
        return cls(audited, restricted, in_another_draw, opened_on, service, named)


class Stored(NamedTuple):
    """What was stored as the rows of a frame."""

    ids: range  # in the order of the cases' keys
    services_of_strata: dict[str, str]  # {stratum: its service}, both by name


def store_open_cases(
    frame: int,
    quarter: AuditQuarter,
    frozen_on: date,
    policy: CasePolicy,
    theme: Theme | None = None,
    *,
    drawn: bool = False,
) -> Stored:
    """Store every open case, of a theme's cohort where one is given, as a row of the frame.

    ``frame`` is its id; ``drawn``: the quarter (or theme) was drawn already, and the children whose
    audits belong to that draw can be drawn again. Only within a transaction. Raises ValueError
    where cases of two services are in one stratum: two services, or what they are divided by, have
    names that run into each other.
    """
    with connection.cursor() as cursor:
        # Joined and sorted in memory, of which a small council's frame needs little; compiling a
        # statement takes longer than it saves. A row costs little to hand over from one process to
        # another, compared with its hashes, which PostgreSQL takes to be cheap.
        cursor.execute(
            "SET LOCAL work_mem = '768MB'; SET LOCAL jit = off;"
            "SET LOCAL parallel_tuple_cost = 0.001"
        )
        cursor.execute(_PADS)
        copy_lines("hmac_pad", ("inner_pad", "outer_pad"), (_pads(),))
        cursor.execute(_USE_PADS)
        cursor.execute(_OPEN_CASES.format(stratum=_stratum(policy)))
        number = cursor.rowcount
        cursor.execute(_FORGET_PADS)
        if theme is not None:
            number -= _keep_cohort(theme, frozen_on)
        of = {
            "quarter": quarter.pk,
            "theme": theme.pk if theme else None,
            "frozen_on": frozen_on,
        }
        if theme is not None or still_running(quarter.label, frozen_on):
            cursor.execute(_IN_ANOTHER_DRAW, of)
        if drawn:
            cursor.execute(_GOES_ON, of)
        services = Service.objects.in_bulk()
        others = _others_that_decide(policy)
        decides = ", ".join((*_DECIDES, *others))
        cursor.execute(_JUDGED.format(decides=decides))
        cursor.execute(
            _COMBINATIONS.format(decides=decides, others="".join(f", {name}" for name in others))
        )
        combinations = [_Combination.of(row, others) for row in cursor.fetchall()]
        columns = (*_DECIDES, *others, "not_eligible")
        copy_lines("judged", columns, _judged(combinations, services, frozen_on, policy))
        if policy.strata_by == "service":
            strata = {(services[each.service].name, each.service) for each in combinations}
        else:
            cursor.execute(_STRATA)
            strata = set(cursor.fetchall())
        cursor.execute("ANALYZE judged")
        cursor.execute(_TAKE_IDS, {"number": number})
        before, _ = cursor.fetchone()
        cursor.execute(_STORE.format(decides=decides), {"frame": frame, "before": before})
        if cursor.rowcount != number:
            raise RuntimeError(f"{cursor.rowcount} of {number} open cases were judged.")
        cursor.execute("DROP TABLE open_case, judged")
        cursor.execute(_COUNTED)
    names = {stratum: services[service].name for stratum, service in strata}
    if len(names) != len(strata):
        raise ValueError("Two services have a stratum of the same name. Divide by something else.")
    ids = range(before + 1, before + 1 + number)
    return Stored(ids, dict(sorted(names.items())))


def _keep_cohort(theme: Theme, frozen_on: date) -> int:
    """Leave only the cohort's cases; how many went."""
    cohort, names = theme.conditions, ("service", "team", *_FACTS.split(", "))
    keys = [
        key
        for key, *values in stream(_ATTRIBUTES, {})
        if cohort.covers(known_facts(dict(zip(names, values, strict=True))), frozen_on)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_IN_COHORT)
        copy_lines("in_cohort", ("key",), (f"{key}\n" for key in keys))
        cursor.execute("ANALYZE in_cohort")
        cursor.execute(_NOT_IN_COHORT)
        left_out = int(cursor.rowcount)
        cursor.execute("DROP TABLE in_cohort")
    return left_out


def _pads() -> str:
    """HMAC's two pads (RFC 2104, section 2) as a line for COPY."""
    secret = settings.CFA_DRAW_SECRET.encode()
    if len(secret) > _BLOCK:
        secret = hashlib.sha256(secret).digest()
    secret = secret.ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in secret).hex() for pad in (0x36, 0x5C))
    return f"\\\\x{inner}\t\\\\x{outer}\n"


def _stratum(policy: CasePolicy) -> str:
    """The SQL of a stratum's name: the service's, or that and what else it is divided by."""
    if policy.strata_by == "service":
        return "service.name"
    value = _WITHIN_SERVICE[policy.strata_by]
    return f"left(service.name || ': ' || coalesce(nullif(btrim({value}), ''), 'not known'), 200)"


def _others_that_decide(policy: CasePolicy) -> tuple[str, ...]:
    """By what else the policy excludes cases. Where all differ, no judgement can be reused."""
    fields = {exclusion.field for exclusion in policy.excluded}
    return tuple(name for name in _MAY_DECIDE if name in fields)


def _judged(
    combinations: Iterable[_Combination],
    services: Mapping[int, Service],
    frozen_on: date,
    policy: CasePolicy,
) -> Iterator[str]:
    """Each combination of what decides, and why cases like that cannot be drawn (or nothing)."""
    for each in combinations:
        facts = CaseFacts(
            already_audited=each.audited,
            restricted=each.restricted,
            opened_on=each.opened_on,
            service=services[each.service].code,
            in_another_draw=each.in_another_draw,
            **each.others,
        )
        code = decide(facts, frozen_on, policy).code
        flags = ("ft"[flag] for flag in (each.audited, each.restricted, each.in_another_draw))
        opened = each.opened_on.isoformat() if each.opened_on else "-infinity"
        texts = map(escaped, (*each.others.values(), code))
        yield "\t".join((*flags, opened, str(each.service), *texts)) + "\n"
