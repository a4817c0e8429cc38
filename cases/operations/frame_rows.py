"""The rows of a frame: read from the open cases, judged, and stored in one pass.

A frame can hold a million cases, so the rows are streamed: one query that sees all cases at the
same moment, one COPY, and in memory only what the rules need to hash the frame.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, lru_cache

from django.conf import settings

from cases.operations.bulk import NULL, copy_lines, escaped, stream
from cases.rules.eligibility import CaseFacts, decide
from cases.rules.frame import FrameCase
from cases.rules.policy import CasePolicy

COLUMNS = (
    "frame_id", "key", "child_id", "case_id", "stratum", "service_id", "team_id", "practitioner_id",
    "practitioner_key", "family_key", "not_eligible", "facts",
)  # fmt: skip

# Every open case and what it looks like (FrameEntry.facts; what is not known is left out). Team,
# legal status and plan come apart only where the policy excludes by them.
_OPEN_CASES = """
SELECT cases.id, cases.child_id, child.local_id, cases.practitioner_id, cases.family_id,
  cases.service_id, service.name, coalesce(cases.team_id::text, '\\N'),
  child.audit_reference <> '' OR child.audited_before_on IS NOT NULL, cases.restricted,
  cases.opened_on, service.code,
  CASE WHEN %(by_team)s THEN coalesce(team.name, '') ELSE '' END,
  CASE WHEN %(by_legal_status)s THEN cases.legal_status ELSE '' END,
  CASE WHEN %(by_plan)s THEN cases.plan ELSE '' END,
  jsonb_strip_nulls(jsonb_build_object(
    'opened_on', cases.opened_on,
    'age_years', cases.age_years,
    'gender', nullif(cases.gender, ''),
    'ethnicity', nullif(cases.ethnicity, ''),
    'disability', nullif(cases.disability, ''),
    'agency', practitioner.agency,
    'transferred_in_on', cases.transferred_in_on,
    'transferred_in_from', nullif(cases.transferred_in_from, ''),
    'legal_status', nullif(cases.legal_status, ''),
    'plan', nullif(cases.plan, ''),
    'practitioner_caseload', caseload.cases
  ))::text
FROM cases_case AS cases
JOIN cases_child AS child ON child.id = cases.child_id
JOIN cases_service AS service ON service.id = cases.service_id
LEFT JOIN cases_team AS team ON team.id = cases.team_id
LEFT JOIN cases_practitioner AS practitioner ON practitioner.id = cases.practitioner_id
LEFT JOIN (
  SELECT practitioner_id, count(*) AS cases FROM cases_case
  WHERE closed_on IS NULL GROUP BY practitioner_id
) AS caseload ON caseload.practitioner_id = cases.practitioner_id
WHERE cases.closed_on IS NULL
"""


def opaque_of(kind: str) -> Callable[[str], str]:
    """The function that makes opaque keys of one kind (cases.operations.frame.opaque)."""
    secret, start = settings.CFA_DRAW_SECRET.encode(), f"{kind}\n"

    def of(identity: str) -> str:
        return hmac.digest(secret, (start + identity).encode(), "sha256").hex()

    return of


def store_open_cases(frame: int, frozen_on: date, policy: CasePolicy) -> tuple[FrameCase, ...]:
    """Store every open case as a row of the frame with this id; the same as the rules know them."""
    cases: list[FrameCase] = []
    copy_lines("cases_frameentry", COLUMNS, _lines(frame, frozen_on, policy, cases))
    return tuple(cases)


def _lines(
    frame: int, frozen_on: date, policy: CasePolicy, cases: list[FrameCase]
) -> Iterator[str]:
    """The rows to store; each is also added to ``cases``."""
    child_key = opaque_of("child")
    practitioner_key, family_key = _key_where_known("practitioner"), _key_where_known("family")
    reason, as_text = _reasons(frozen_on, policy), cache(escaped)
    for row in stream(_OPEN_CASES, _needed(policy)):
        case, child, local_id, person, family, service, stratum, team, *facts, shown = row
        made = FrameCase(
            child_key(local_id), stratum, reason(*facts), practitioner_key(person),
            family_key(family),
        )  # fmt: skip
        cases.append(made)
        key, _, not_eligible, person_key, family_of = made
        yield (
            f"{frame}\t{key}\t{child}\t{case}\t{as_text(stratum)}\t{service}\t{team}\t"
            f"{person or NULL}\t{person_key}\t{family_of}\t{not_eligible}\t{escaped(shown)}\n"
        )


def _needed(policy: CasePolicy) -> dict[str, bool]:
    """Which facts the policy excludes cases by. Where all differ, no judgement can be reused."""
    fields = {exclusion.field for exclusion in policy.excluded}
    return {f"by_{name}": name in fields for name in ("team", "legal_status", "plan")}


def _reasons(frozen_on: date, policy: CasePolicy) -> Callable[..., str]:
    """Why a case with these facts (in the order of `CaseFacts`) cannot be drawn; empty if it can.

    Most cases are like others in what decides, so judgements are kept.
    """

    @lru_cache(maxsize=65_536)
    def reason(
        audited: bool, restricted: bool, opened_on: date | None, service: str, team: str,
        legal_status: str, plan: str,
    ) -> str:  # fmt: skip
        facts = CaseFacts(audited, restricted, opened_on, service, team, legal_status, plan)
        return decide(facts, frozen_on, policy).code

    return reason


def _key_where_known(kind: str) -> Callable[[object], str]:
    key = opaque_of(kind)

    @cache
    def of(identity: object) -> str:
        return key(str(identity)) if identity else ""

    return of
