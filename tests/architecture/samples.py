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
from audits.models import Audit, AuditTool, Feedback, Grading, ToolVersion
from audits.operations.feedback import release_feedback
from audits.operations.saving import save_before
from audits.operations.submitting import submit_grading
from audits.operations.tool_editing import start_draft
from audits.operations.tools import install_shipped_tools
from cases.models import (
    AuditQuarter,
    CaseImport,
    Child,
    ChildAlias,
    DeclaredConflict,
    Draw,
    ImportMeaning,
    Job,
    Replacement,
    SampledCase,
    ServiceLine,
    Theme,
)
from cases.operations.conflicts import declare_ahead
from cases.operations.imports import upload_list
from cases.operations.jobs import run_job
from cases.operations.replacement import request_replacement
from quality.models import Action, Escalation, Moderation
from quality.operations.acting import Planned, plan_action
from quality.operations.escalating import acknowledge
from quality.operations.moderating import assign_moderator, decide_moderation
from reports.models import Baseline, CommitteeReport, IssuedReport
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.integration.audits import auditing

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
    def other_id(self) -> ChildAlias:
        child = Child.objects.create(local_id="C-other-ids")
        return ChildAlias.objects.create(other_id="EH-1", child=child)

    @cached_property
    def conflict(self) -> DeclaredConflict:
        """Otto Tor's, declared ahead."""
        otto = self.cast.other_auditor
        return declare_ahead(child_id="C-known", reason="A cousin.", by=otto, now=NOW).conflict

    @cached_property
    def import_meaning(self) -> ImportMeaning:
        return ImportMeaning.objects.create(
            kind="service",
            key="family support",
            said="Family Support",
            meaning={"service": "early_help"},
            decided_by=self.cast.analyst,
            decided_at=NOW,
        )

    @cached_property
    def quarter(self) -> AuditQuarter:
        return AuditQuarter.objects.create(
            label=QUARTER, starts_on=TODAY.replace(day=1), ends_on=TODAY.replace(month=12, day=31)
        )

    @cached_property
    def draw(self) -> Draw:
        return auditing.make_draw(self.quarter, self.cast.analyst)

    @cached_property
    def sampled_case(self) -> SampledCase:
        case = open_case(self.cast.riverside, self.cast.practitioner, child_id="0042_7")
        return auditing.sampled(self.draw, case)

    @cached_property
    def replacement(self) -> Replacement:
        """Asked for by the analyst: it waits for a decision."""
        return request_replacement(
            sampled_case=self.sampled_case,
            reason="file_unavailable",
            explanation="The file is with the court.",
            by=self.cast.analyst,
            now=NOW,
        )

    @cached_property
    def theme(self) -> Theme:
        """Planned, neither frozen nor drawn."""
        return Theme.objects.create(
            quarter=self.quarter,
            name="Moved in",
            question="Was the case handed over well?",
            tool="statutory",
            created_at=NOW,
            created_by=self.cast.lead,
        )

    @cached_property
    def tool_draft(self) -> ToolVersion:
        """A new version of the statutory tool, not published."""
        install_shipped_tools(by=User.objects.system(), now=NOW)
        tool = AuditTool.objects.get(code="statutory")
        return start_draft(tool=tool, by=self.cast.lead, now=NOW)

    # audits: the same audit, further on with each property

    @cached_property
    def audit(self) -> Audit:
        """Allocated to Audrey Tor, not begun."""
        install_shipped_tools(by=User.objects.system(), now=NOW)
        return auditing.allocate(self.sampled_case, self.cast.auditor, self.cast.analyst)

    @cached_property
    def grading(self) -> Grading:
        """Audrey Tor's draft."""
        return auditing.begin(self.audit)

    @cached_property
    def submitted(self) -> Grading:
        """Audrey Tor's grading, submitted: inadequate, so it is moderated and escalated."""
        filled = auditing.fill(self.grading, "inadequate")
        grading = submit_grading(grading=filled, by=self.cast.auditor, now=NOW)
        self.audit.refresh_from_db()
        return grading

    @cached_property
    def moderation(self) -> Moderation:
        """Of the submitted audit: nobody has it yet."""
        return Moderation.objects.get(audit=self.submitted.audit)

    @cached_property
    def assigned(self) -> Moderation:
        """The same with Mo Derator."""
        mo = self.cast.moderator
        return assign_moderator(moderation=self.moderation, moderator=mo, by=mo, now=NOW)

    @cached_property
    def decided(self) -> Audit:
        """The audit with its grade of record: the first stands."""
        second = self.assigned.grading
        assert second
        save_before(
            grading=second,
            version=second.version,
            child_id=self.audit.child.local_id,
            by=second.grader,
            now=NOW,
        )
        filled = auditing.fill(second, "inadequate")
        submit_grading(grading=filled, by=second.grader, now=NOW)
        decide_moderation(
            moderation=self.assigned,
            stands="first",
            rationale="Both found the same.",
            by=second.grader,
            now=NOW,
        )
        self.audit.refresh_from_db()
        return self.audit

    @cached_property
    def escalation(self) -> Escalation:
        """Of the inadequate audit, provisional: with Hedda Service, not acknowledged."""
        return Escalation.objects.get(audit=self.submitted.audit)

    @cached_property
    def action(self) -> Action:
        """Pat Titioner's, planned by Hedda Service."""
        head = self.cast.head
        taken_up = acknowledge(escalation=self.escalation, response="I go there.", by=head, now=NOW)
        planned = Planned("practitioner", "Visit within two days.", TODAY + timedelta(days=2))
        audit = self.escalation.audit
        return plan_action(audit=audit, planned=planned, escalation=taken_up, by=head, now=NOW)

    @cached_property
    def feedback(self) -> Feedback:
        """Released to Pat Titioner, not yet read."""
        texts = {"strengths": "Visits were regular.", "improvements": "Write the plan together."}
        return release_feedback(audit=self.decided, **texts, by=self.cast.auditor, now=NOW)

    # reports

    @cached_property
    def baseline(self) -> Baseline:
        """Of a quarter that was never opened here."""
        return Baseline.objects.create(
            quarter="2016-Q3",
            line=ServiceLine.objects.get(code="statutory"),
            requires_improvement=30,
            inadequate=12,
            entered_at=NOW,
            entered_by=self.cast.analyst,
        )

    @cached_property
    def report(self) -> CommitteeReport:
        """Begun by the analyst, rendered: it waits for approval."""
        empty: dict[str, list[object]] = {"summary": [], "sections": []}
        report = CommitteeReport.objects.create(
            quarter=self.quarter,
            number=1,
            status="rendered",
            figures={"editions": {"public": empty, "exempt": empty}},
            figures_sha256="0" * 64,
            frozen_at=NOW,
            rendered_at=NOW,
            created_at=NOW,
            created_by=self.cast.analyst,
        )
        for edition in ("public", "exempt"):
            IssuedReport.objects.create(
                report=report,
                edition=edition,
                pdf=b"%PDF-1.7",
                sha256="0" * 64,
                pages=1,
                rendered_at=NOW,
            )
        return report

    @cached_property
    def kept_form_key(self) -> str:
        return uuid.uuid4().hex
