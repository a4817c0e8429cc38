"""Making audits in tests without the sampling in front of them, and filling in gradings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

from accounts.models import User
from audits.models import Audit, Grading
from audits.operations.grading import begin_audit
from audits.operations.saving import Details, Overall, save_details, save_overall, save_standard
from audits.operations.submitting import submit_grading
from cases.models import (
    Allocation,
    AuditQuarter,
    Case,
    Draw,
    FrameEntry,
    SampledCase,
    SamplingFrame,
)
from cases.signals import case_allocated
from tests.cast import NOW, TODAY

_ranks = count(1)
DEFAULT_GRADE = "good"


def make_draw(quarter: AuditQuarter, by: User) -> Draw:
    """An empty draw of ``quarter``."""
    frame = SamplingFrame.objects.create(
        quarter=quarter,
        number=1,
        frozen_at=NOW,
        frozen_by=by,
        frozen_on=TODAY,
        policy={},
        sha256="0" * 64,
    )
    return Draw.objects.create(
        quarter=quarter,
        frame=frame,
        number=1,
        seed="in tests",
        seed_committed=True,
        policy={},
        result_sha256="0" * 64,
        strata={},
        drawn_at=NOW,
        drawn_by=by,
    )


def sampled(draw: Draw, case: Case, **facts: object) -> SampledCase:
    """A drawn case that waits for its auditor."""
    rank = next(_ranks)
    entry = FrameEntry.objects.create(
        frame=draw.frame,
        key=f"{rank:064}",
        child=case.child,
        case=case,
        stratum=case.service.code,
        service=case.service,
        team=case.team,
        practitioner=case.practitioner,
        **{"opened_on": date(2026, 1, 12), "age_years": 9, **facts},
    )
    return SampledCase.objects.create(
        draw=draw,
        entry=entry,
        stratum=entry.stratum,
        role="selected",
        rank=rank,
        ticket="0" * 64,
        pass_number=1,
        status="drawn",
    )


def allocate(sampled_case: SampledCase, auditor: User, by: User) -> Audit:
    """Give a case to an auditor as the allocation does, without its checks."""
    allocation = Allocation.objects.create(
        sampled_case=sampled_case,
        auditor=auditor,
        due_on=TODAY + timedelta(days=21),
        allocated_at=NOW,
        allocated_by=by,
    )
    sampled_case.status = SampledCase.Status.ALLOCATED
    sampled_case.save(update_fields=["status"])
    case_allocated.send(Allocation, allocation=allocation, by=by, now=NOW)
    return Audit.objects.exclude(status="withdrawn").get(sampled_case=sampled_case)


Make = Callable[..., Audit]


def begin(audit: Audit) -> Grading:
    """Its auditor begins it, with the right file and the listed practitioner."""
    return begin_audit(
        audit=audit,
        child_id=audit.child.local_id,
        held_by_listed_practitioner=True,
        by=audit.auditor,
        now=NOW,
    )


def fill(grading: Grading, grade: str = DEFAULT_GRADE, overall: str = "") -> Grading:
    """Answer everything but the submission: each standard ``grade``, overall ``overall``."""
    for answer in grading.standard_grades.select_related("standard__section__version", "grading"):
        save_standard(
            standard_grade=answer,
            version=answer.version,
            grade=grade,
            evidence=f"Case note of 3 September: {answer.standard.title}",
            checked={
                check["code"]: {"answer": "yes", "evidence": ""} for check in answer.standard.checks
            },
            by=grading.grader,
            now=NOW,
        )
    grading.refresh_from_db()
    if grading.kind == Grading.Kind.AUDITOR:
        save_details(
            grading=grading,
            version=grading.details_version,
            details=Details(
                strengths="Visits were regular.",
                improvements="Write the plan with the child.",
                family_feedback="obtained",
                family_feedback_text="Mother: we were listened to.",
                practitioner_involved="met",
                practitioner_met_on=TODAY,
            ),
            by=grading.grader,
            now=NOW,
        )
    save_overall(
        grading=grading,
        version=grading.overall_version,
        overall=Overall(overall_grade=overall or grade, summary="Because.", minutes_spent=120),
        by=grading.grader,
        now=NOW,
    )
    grading.refresh_from_db()
    return grading


def submitted(audit: Audit, grade: str = DEFAULT_GRADE, overall: str = "") -> Grading:
    """The auditor's grading of ``audit``, begun, filled in and submitted."""
    grading = submit_grading(grading=fill(begin(audit), grade, overall), by=audit.auditor, now=NOW)
    audit.refresh_from_db()
    return grading
