"""One thing of each kind, for the addresses that need one in test_access_everywhere.

All of them are Riverside's: its team manager is Mandy Ager, its Head of Service Hedda Service, the
practitioner Pat Titioner, the auditor Audrey Tor. Otto Tor, Olive Derator, Oscar Ager, Orla
Titioner and Omar Service are the outsiders. A thing is made when it is first asked for.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import cached_property

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from audits.models import Audit, Feedback, Grading
from audits.operations.feedback import release_feedback
from audits.operations.grading import begin_audit
from audits.operations.saving import Details, Overall, save_details, save_overall, save_standard
from audits.operations.submitting import set_grade_of_record, submit_grading
from audits.operations.tools import install_shipped_tools
from cases.models import (
    Allocation,
    AuditQuarter,
    CaseImport,
    Draw,
    FrameEntry,
    Job,
    SampledCase,
    SamplingFrame,
)
from cases.operations.imports import upload_list
from cases.operations.jobs import run_job
from cases.signals import case_allocated
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case

LIST = (
    b"child_id,service,team,practitioner,opened_on\n"
    b"X1,Early Help,Hilltop,Orla Titioner,2026-01-05\n"
)


class Samples:
    """Attributes are things; each builds what it stands on."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    # cases

    @cached_property
    def import_job(self) -> Job:
        file = SimpleUploadedFile("cases.csv", LIST)
        return upload_list(file=file, as_of=TODAY, by=self.cast.analyst, now=NOW)

    @cached_property
    def case_import(self) -> CaseImport:
        run_job(str(self.import_job.pk))
        return CaseImport.objects.get(pk=self.import_job.arguments["import"])

    @cached_property
    def quarter(self) -> AuditQuarter:
        return AuditQuarter.objects.create(
            label=QUARTER, starts_on=TODAY.replace(day=1), ends_on=TODAY.replace(month=12, day=31)
        )

    @cached_property
    def draw(self) -> Draw:
        by = self.cast.analyst
        frame = SamplingFrame.objects.create(
            quarter=self.quarter,
            number=1,
            frozen_at=NOW,
            frozen_by=by,
            frozen_on=TODAY,
            policy={},
            sha256="0" * 64,
        )
        return Draw.objects.create(
            quarter=self.quarter,
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

    @cached_property
    def sampled_case(self) -> SampledCase:
        case = open_case(self.cast.riverside, self.cast.practitioner, child_id="0042_7")
        entry = FrameEntry.objects.create(
            frame=self.draw.frame,
            key="1" * 64,
            child=case.child,
            case=case,
            stratum=case.service.code,
            service=case.service,
            team=case.team,
            practitioner=case.practitioner,
            facts={"opened_on": "2026-01-12", "age_years": 9},
        )
        return SampledCase.objects.create(
            draw=self.draw,
            entry=entry,
            stratum=entry.stratum,
            role="selected",
            rank=1,
            ticket="0" * 64,
            pass_number=1,
            status="drawn",
        )

    # audits: the same audit, further on with each property

    @cached_property
    def audit(self) -> Audit:
        """Allocated to Audrey Tor, not begun."""
        install_shipped_tools(by=User.objects.system(), now=NOW)
        allocation = Allocation.objects.create(
            sampled_case=self.sampled_case,
            auditor=self.cast.auditor,
            due_on=TODAY + timedelta(days=21),
            allocated_at=NOW,
            allocated_by=self.cast.analyst,
        )
        self.sampled_case.status = SampledCase.Status.ALLOCATED
        self.sampled_case.save(update_fields=["status"])
        case_allocated.send(Allocation, allocation=allocation, by=self.cast.analyst, now=NOW)
        return Audit.objects.get(sampled_case=self.sampled_case)

    @cached_property
    def grading(self) -> Grading:
        """Audrey Tor's draft."""
        return begin_audit(
            audit=self.audit,
            child_id=self.audit.child.local_id,
            held_by_listed_practitioner=True,
            by=self.cast.auditor,
            now=NOW,
        )

    def filled(self, grade: str) -> Grading:
        """Audrey Tor's draft with every answer ``grade``."""
        grading, by = self.grading, self.cast.auditor
        for answer in grading.standard_grades.all():
            save_standard(
                standard_grade=answer,
                version=answer.version,
                grade=grade,
                evidence="Case note of 3 September.",
                by=by,
                now=NOW,
            )
        grading.refresh_from_db()
        details = Details(
            strengths="Visits were regular.",
            improvements="Write the plan with the child.",
            family_feedback="obtained",
            family_feedback_text="Mother: we were listened to.",
            practitioner_involved="met",
            practitioner_met_on=TODAY,
        )
        version = grading.details_version
        save_details(grading=grading, version=version, details=details, by=by, now=NOW)
        overall = Overall(overall_grade=grade, summary="Because.", minutes_spent=120)
        version = grading.overall_version
        save_overall(grading=grading, version=version, overall=overall, by=by, now=NOW)
        grading.refresh_from_db()
        return grading

    @cached_property
    def submitted(self) -> Grading:
        """Audrey Tor's grading, submitted: inadequate, so it is moderated and escalated."""
        return submit_grading(grading=self.filled("inadequate"), by=self.cast.auditor, now=NOW)

    @cached_property
    def decided(self) -> Audit:
        """The audit with its grade of record."""
        set_grade_of_record(
            audit=self.audit, grading=self.submitted, by=User.objects.system(), now=NOW
        )
        self.audit.refresh_from_db()
        return self.audit

    @cached_property
    def feedback(self) -> Feedback:
        """Released to Pat Titioner, not yet read."""
        texts = {"strengths": "Visits were regular.", "improvements": "Write the plan together."}
        return release_feedback(audit=self.decided, **texts, by=self.cast.auditor, now=NOW)

    @cached_property
    def kept_form_key(self) -> str:
        return uuid.uuid4().hex
