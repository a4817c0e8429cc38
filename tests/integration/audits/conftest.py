"""An audit ready to be begun, and how to fill in a grading, for the tests of this app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest

from accounts.models import User
from audits.models import Audit, Grading
from audits.operations.grading import begin_audit
from audits.operations.saving import Details, Overall, save_details, save_overall, save_standard
from audits.operations.submitting import submit_grading
from audits.operations.tools import install_shipped_tools
from audits.signals import (
    audit_reopened,
    audit_submitted,
    audit_withdrawn,
    grade_of_record_set,
    immediate_concern_raised,
    second_grading_submitted,
)
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
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case

_ranks = count(1)
DEFAULT_GRADE = "good"


@pytest.fixture(autouse=True)
def _this_app_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the apps above do when an audit moves is their own tests' matter."""
    for signal in (
        audit_reopened,
        audit_submitted,
        audit_withdrawn,
        grade_of_record_set,
        immediate_concern_raised,
        second_grading_submitted,
    ):
        monkeypatch.setattr(signal, "receivers", [])
        signal.sender_receivers_cache.clear()


@pytest.fixture
def tools(cast: Cast) -> Iterator[None]:
    """The shipped audit tools, published."""
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return None  # type: ignore[return-value]


@pytest.fixture
def draw(cast: Cast) -> Draw:
    """A draw of the third quarter without any case yet."""
    quarter, _ = AuditQuarter.objects.get_or_create(
        label=QUARTER, defaults={"starts_on": TODAY.replace(day=1), "ends_on": TODAY}
    )
    return make_draw(quarter, cast.analyst)


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
        facts={"opened_on": "2026-01-12", "age_years": 9, **facts},
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


@pytest.fixture
def make_audit(cast: Cast, tools: None, draw: Draw) -> Make:
    """make_audit(auditor=…, **case): an audit of Riverside's Pat Titioner, allocated."""

    def make(auditor: User | None = None, **facts: object) -> Audit:
        options = {"team": cast.riverside, "practitioner": cast.practitioner} | facts
        case = open_case(**options)  # type: ignore[arg-type]
        return allocate(sampled(draw, case), auditor or cast.auditor, cast.analyst)

    return make


@pytest.fixture
def audit(make_audit: Make) -> Audit:
    """One audit, allocated to Audrey Tor."""
    return make_audit(child_id="0042_7")


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


def submitted(audit: Audit, grade: str = DEFAULT_GRADE) -> Grading:
    """The auditor's grading of ``audit``, begun, filled in and submitted."""
    grading = submit_grading(grading=fill(begin(audit), grade), by=audit.auditor, now=NOW)
    audit.refresh_from_db()
    return grading
