"""A council's audits for benchmarks/pages.py: one to be graded, and many that were, by SQL."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from audits.models import Audit, Grading, StandardGrade, ToolVersion
from audits.queries.grading_state import standards_of
from cases.models import AuditQuarter, Child, Service

AUDITORS = 100
REFERENCE = "2026-Q3-000000"
EVIDENCE = "Case note of 3 September 2026, home visit: the child was seen alone. " * 8
_TABLES = ("cases_child", "audits_audit", "audits_grading", "audits_standardgrade")
# One audit in fifty is still being written; the others are submitted.
_CHILDREN = """
    INSERT INTO cases_child (local_id, audit_reference)
    SELECT 'B' || n, '2026-Q3-' || lpad(n::text, 6, '0') FROM generate_series(%(first)s, %(last)s) n
"""
_AUDITS = """
    INSERT INTO audits_audit (reference, kind, status, child_id, quarter_id, tool_version_id,
        service_id, facts, auditor_id, allocated_at, due_on, started_at, submitted_at,
        submitted_by_id, withdraw_reason)
    SELECT '2026-Q3-' || lpad(n::text, 6, '0'), 'sample',
        CASE WHEN n %% 50 = 0 THEN 'in_progress' ELSE 'submitted' END,
        c.id, %(quarter)s, %(version)s, %(service)s, '{"age_years": 9}',
        (%(auditors)s::bigint[])[1 + n %% %(count)s], now(), %(due)s, now(),
        CASE WHEN n %% 50 = 0 THEN NULL ELSE now() END,
        CASE WHEN n %% 50 = 0 THEN NULL ELSE (%(auditors)s::bigint[])[1 + n %% %(count)s] END, ''
    FROM generate_series(%(first)s, %(last)s) n JOIN cases_child c ON c.local_id = 'B' || n
"""
_GRADINGS = """
    INSERT INTO audits_grading (audit_id, kind, status, blind, grader_id, version,
        details_version, overall_version, child_id_confirmed, held_by_listed_practitioner,
        strengths, improvements, family_feedback, family_feedback_text, practitioner_involved,
        practitioner_not_met_reason, immediate_concern, immediate_concern_text,
        immediate_concern_told, overall_grade, suggested_grade, override_reason, above_cap,
        summary, created_at, submitted_at, set_aside_reason)
    SELECT a.id, 'auditor', CASE a.status WHEN 'in_progress' THEN 'draft' ELSE 'submitted' END,
        false, a.auditor_id, 1, 1, 1, true, true, %(text)s, %(text)s, 'not_sought', 'Away',
        'not_met', 'On leave', false, '', '', 'good', 'good', '', false, %(text)s, now(),
        a.submitted_at, ''
    FROM audits_audit a JOIN generate_series(%(first)s, %(last)s) n
        ON a.reference = '2026-Q3-' || lpad(n::text, 6, '0')
"""
_GRADES = """
    INSERT INTO audits_standardgrade (grading_id, standard_id, grade, not_applicable,
        not_applicable_reason, evidence, checked, version)
    SELECT g.id, s.id, 'good', false, '', %(text)s, '{}', 1
    FROM audits_audit a JOIN generate_series(%(first)s, %(last)s) n
        ON a.reference = '2026-Q3-' || lpad(n::text, 6, '0')
    JOIN audits_grading g ON g.audit_id = a.id
    CROSS JOIN (SELECT id FROM audits_practicestandard WHERE section_id IN
        (SELECT id FROM audits_section WHERE version_id = %(version)s)) s
"""


def one_to_grade() -> Grading:
    """A looked-after child's audit, so that all twelve standards apply; each has its evidence."""
    auditors = [
        User.objects.create_user(f"auditor{number}@northmoor.test", f"Auditor {number}")
        for number in range(AUDITORS)
    ]
    group = Group.objects.get(name=Role.AUDITOR)
    group.user_set.set(auditors)
    now = timezone.now()
    service = Service.objects.get(code="looked_after")
    quarter = AuditQuarter.objects.create(
        label="2026-Q3", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 31)
    )
    audit = Audit.objects.create(
        reference=REFERENCE,
        status=Audit.Status.IN_PROGRESS,
        child=Child.objects.create(local_id="B0", audit_reference=REFERENCE),
        quarter=quarter,
        tool_version=ToolVersion.objects.get(tool__line=service.line, status="published"),
        service=service,
        facts={"age_years": 9, "opened_on": "2026-01-12"},
        auditor=auditors[0],
        allocated_at=now,
        due_on=quarter.ends_on,
        started_at=now,
    )
    grading = Grading.objects.create(
        audit=audit,
        kind=Grading.Kind.AUDITOR,
        grader=auditors[0],
        child_id_confirmed=True,
        held_by_listed_practitioner=True,
        created_at=now,
    )
    StandardGrade.objects.bulk_create(
        StandardGrade(
            grading=grading,
            standard=standard,
            grade="good",
            evidence=EVIDENCE,
            checked={check["code"]: {"answer": "yes", "evidence": ""} for check in standard.checks},
        )
        for standard, how in standards_of(audit)
        if how.applies
    )
    return grading


def fill_up(grading: Grading, audits: int) -> None:
    """Insert audits like that of ``grading`` until there are ``audits`` of them.

    History and guards rest meanwhile: they are about how a row came about, and not measured here.
    """
    first = Audit.objects.count()
    auditors = User.objects.filter(groups__name=Role.AUDITOR).order_by("pk")
    values: dict[str, Any] = {
        "first": first,
        "last": audits - 1,
        "quarter": grading.audit.quarter_id,
        "version": grading.audit.tool_version_id,
        "service": grading.audit.service_id,
        "auditors": list(auditors.values_list("pk", flat=True)),
        "count": AUDITORS,
        "due": grading.audit.due_on,
        "text": EVIDENCE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for insert in (_CHILDREN, _AUDITS, _GRADINGS, _GRADES):
            cursor.execute(insert, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
