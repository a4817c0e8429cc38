"""The life of an audit: allocated, begun, saved, submitted, decided, reopened, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, transaction
from django.dispatch import Signal
from django.test import Client

from accounts.models import User
from accounts.operations import MovedOn, Refused
from audits import signals
from audits.models import (
    Audit,
    Grading,
    LaterConcern,
    PracticeStandard,
    StandardGrade,
    ToolVersion,
)
from audits.operations.grading import begin_audit, declare_conflict, open_grading
from audits.operations.saving import (
    Conflict,
    Details,
    Overall,
    raise_immediate_concern,
    save_before,
    save_details,
    save_overall,
    save_standard,
)
from audits.operations.submitting import (
    close_audit,
    reopen_audit,
    set_grade_of_record,
    submit_grading,
)
from audits.operations.tools import install_shipped_tools
from audits.operations.withdrawing import withdraw_audit
from audits.queries.grading_state import grading_state
from audits.tools import shipped_tools
from cases.models import (
    Allocation,
    AuditQuarter,
    Child,
    DeclaredConflict,
    Draw,
    Grader,
    Replacement,
    SampledCase,
)
from cases.operations.allocation import allocate_by_hand, allocate_quarter
from cases.operations.conflicts import register_conflict
from cases.operations.draw import draw_sample
from cases.operations.replacement import decide_replacement, request_replacement
from cases.rules.quarters import Quarter
from cases.signals import allocation_ended, case_allocated, case_left_sample
from tests.cast import NOW, TODAY, Cast, open_case
from tests.integration.audits.auditing import (
    Make,
    allocate,
    begin,
    fill,
    make_draw,
    sampled,
    submitted,
)

LATER = NOW + timedelta(hours=1)


def heard(signal: Signal) -> list[dict[str, Any]]:
    """What a signal says from now on."""
    said: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        said.append(kwargs)

    signal.connect(listen, weak=False)
    return said


def case_of(audit: Audit) -> SampledCase:
    return SampledCase.objects.select_related("draw", "entry__case").get(audits=audit)


def answer(grading: Grading, code: str) -> StandardGrade:
    return grading.standard_grades.select_related(
        "standard__section__version", "grading__audit"
    ).get(standard__code=code)


class TestTools:
    def test_every_shipped_tool_is_published_whole_and_once(self, cast: Cast) -> None:
        first = install_shipped_tools(by=cast.administrator, now=NOW)
        again = install_shipped_tools(by=cast.administrator, now=LATER)

        shipped = shipped_tools()
        assert len(first) == len(shipped)
        assert again == []
        for tool in shipped:
            version = ToolVersion.objects.get(tool__code=tool.definition.code)
            assert version.status == "published"
            stored = PracticeStandard.objects.filter(section__version=version)
            assert [each.code for each in stored] == [
                each.code for each in tool.definition.standards()
            ]

    def test_the_database_refuses_a_change_of_a_published_standard(
        self, cast: Cast, tools: None
    ) -> None:
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            PracticeStandard.objects.update(definition="Easier")


class TestAllocation:
    def test_a_case_with_an_auditor_has_an_audit_with_the_tool_of_its_line(
        self, cast: Cast, audit: Audit
    ) -> None:
        assert audit.reference == "2026-Q3-0001"
        assert audit.status == "allocated"
        assert audit.auditor == cast.auditor
        assert audit.tool_version.tool.code == "statutory"
        assert (audit.team, audit.practitioner) == (cast.riverside, cast.practitioner)
        assert audit.facts["age_years"] == 9
        assert audit.child.audit_reference == ""

    def test_references_count_up_in_the_quarter(self, make_audit: Make) -> None:
        assert [make_audit().reference for _ in range(3)] == [
            "2026-Q3-0001",
            "2026-Q3-0002",
            "2026-Q3-0003",
        ]

    def test_the_auditor_is_told_by_reference_alone(
        self,
        make_audit: Make,
        cast: Cast,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        notices: list[dict[str, Any]] = []
        monkeypatch.setattr(
            "audits.operations.allocating.send_notice", lambda **kwargs: notices.append(kwargs)
        )
        audit = make_audit(child_id="SECRET99")
        assert [each["to"] for each in notices] == [[cast.auditor]]
        assert "2026-Q3-0001" in notices[0]["subject"]
        assert "SECRET99" not in str(notices)
        assert notices[0]["path"] == f"/audits/{audit.reference}/"

    def test_without_a_published_tool_nothing_is_allocated_and_the_words_say_what_to_do(
        self, cast: Cast, draw: Draw
    ) -> None:
        case = sampled(draw, open_case())
        with pytest.raises(Refused, match="install_tools"):
            allocate(case, cast.auditor, cast.analyst)
        assert not Audit.objects.exists()

    def test_a_reallocated_audit_starts_anew_and_the_earlier_draft_is_kept(
        self, cast: Cast, audit: Audit
    ) -> None:
        draft = fill(begin(audit))
        old = Allocation.objects.get()
        old.ended_at, old.ended_by, old.end_reason = LATER, cast.analyst, "Ill"
        old.save()
        new = Allocation.objects.create(
            sampled_case=old.sampled_case,
            auditor=cast.other_auditor,
            due_on=date(2026, 11, 30),
            by_hand=True,
            reason="Ill",
            allocated_at=LATER,
            allocated_by=cast.analyst,
        )
        said = {"by": cast.analyst, "now": LATER}
        allocation_ended.send(Allocation, allocation=old, replacement=new, reason="Ill", **said)
        case_allocated.send(Allocation, allocation=new, **said)

        audit.refresh_from_db()
        draft.refresh_from_db()
        audit.child.refresh_from_db()
        assert audit.status == "allocated"
        assert audit.auditor == cast.other_auditor
        assert audit.due_on == date(2026, 11, 30)
        assert audit.started_at is None
        assert audit.child.audit_reference == ""
        assert draft.status == "set_aside"
        assert draft.strengths == "Visits were regular."
        second = begin(audit)
        assert second.strengths == ""
        assert second.pk != draft.pk

    def test_an_audit_left_unbegun_makes_room_when_its_child_is_drawn_again(
        self, cast: Cast, audit: Audit
    ) -> None:
        quarter = AuditQuarter.objects.create(
            label="2026-Q4", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)
        )
        case = audit.sampled_case.entry.case  # type: ignore[union-attr]
        again = allocate(
            sampled(make_draw(quarter, cast.analyst), case), cast.other_auditor, cast.analyst
        )
        audit.refresh_from_db()
        assert audit.status == "withdrawn"
        assert again.reference == "2026-Q4-0001"
        left = SampledCase.objects.get(audits=audit)
        assert (left.status, left.note) == (
            "cancelled",
            "Not begun, and the child was drawn again in 2026-Q4-D1",
        )
        assert not left.allocations.filter(ended_at=None).exists()

    def test_a_child_whose_audit_has_begun_is_not_audited_twice(
        self, cast: Cast, audit: Audit
    ) -> None:
        begin(audit)
        quarter = AuditQuarter.objects.create(
            label="2026-Q4", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)
        )
        case = audit.sampled_case.entry.case  # type: ignore[union-attr]
        drawn = sampled(make_draw(quarter, cast.analyst), case)
        with pytest.raises(Refused, match="2026-Q3-0001"), transaction.atomic():
            allocate(drawn, cast.other_auditor, cast.analyst)
        assert Audit.objects.count() == 1

    def test_the_database_holds_one_audit_for_each_child(self, audit: Audit) -> None:
        audit.pk, audit.reference, audit.sampled_case = None, "2026-Q3-0999", None
        with pytest.raises(IntegrityError, match="one_audit_per_child_ever"), transaction.atomic():
            audit.save(force_insert=True)

    @pytest.mark.parametrize("begun", [False, True])
    def test_a_case_that_leaves_the_sample_takes_its_audit_with_it(
        self, cast: Cast, audit: Audit, begun: bool, as_user: Callable[[User], Client]
    ) -> None:
        if begun:
            begin(audit)
        withdrawn = heard(signals.audit_withdrawn)
        case_left_sample.send(
            SampledCase,
            sampled_case=audit.sampled_case,
            reason="In court",
            by=cast.lead,
            now=LATER,
        )
        audit.refresh_from_db()
        audit.child.refresh_from_db()
        assert (audit.status, audit.withdraw_reason) == ("withdrawn", "In court")
        assert audit.child.audit_reference == ""
        assert [each.status for each in audit.gradings.all()] == ["set_aside"] * begun
        assert [each["audit"] for each in withdrawn] == [audit]
        page = as_user(cast.analyst).get(f"/sampled/{audit.sampled_case_id}/").content.decode()
        was = f"{audit.reference}: begun, and withdrawn since" if begun else "None begun"
        assert was in page

    def test_a_child_registered_as_audited_since_is_not_begun(
        self, cast: Cast, audit: Audit, as_user: Callable[[User], Client]
    ) -> None:
        Child.objects.filter(pk=audit.child_id).update(audited_before_on=date(2026, 5, 5))
        audit.refresh_from_db()
        with pytest.raises(Refused, match="registered as audited before this product"):
            begin(audit)
        own = as_user(cast.auditor).get(f"/audits/{audit.reference}/").content.decode()
        assert "registered as audited before this product" in own
        assert "Begin this audit" not in own
        page = as_user(cast.analyst).get("/quarters/2026-Q3/allocation/").content.decode()
        assert "registered as audited earlier since" in page

    def test_a_submitted_audit_stays_when_its_case_leaves_the_sample(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit)
        case_left_sample.send(
            SampledCase, sampled_case=audit.sampled_case, reason="x", by=cast.lead, now=LATER
        )
        audit.refresh_from_db()
        assert audit.status == "submitted"


class TestBeginning:
    def test_beginning_opens_a_grading_with_the_standards_that_apply(
        self, cast: Cast, audit: Audit
    ) -> None:
        grading = begin(audit)
        audit.refresh_from_db()
        audit.child.refresh_from_db()
        assert audit.status == "in_progress"
        assert audit.practitioner_judged == cast.practitioner
        assert audit.child.audit_reference == audit.reference
        codes = {each.standard.code for each in grading.standard_grades.all()}
        assert "risk" in codes
        assert "permanence" not in codes  # for looked-after children alone

    def test_a_looked_after_childs_grading_asks_about_permanence(self, make_audit: Make) -> None:
        grading = begin(make_audit(service="looked_after"))
        assert grading.standard_grades.filter(standard__code="permanence").exists()

    @pytest.mark.parametrize("typed", ["0042_7", "  0042_7 "])
    def test_the_child_id_is_typed_from_the_file(
        self, cast: Cast, audit: Audit, typed: str
    ) -> None:
        grading = begin_audit(
            audit=audit,
            child_id=typed,
            held_by_listed_practitioner=True,
            by=cast.auditor,
            now=NOW,
        )
        assert grading.child_id_confirmed

    @pytest.mark.parametrize("typed", ["42_7", "00427", "", "0042_70"])
    def test_another_childs_file_is_noticed(self, cast: Cast, audit: Audit, typed: str) -> None:
        with pytest.raises(Refused, match="right file"):
            begin_audit(
                audit=audit,
                child_id=typed,
                held_by_listed_practitioner=True,
                by=cast.auditor,
                now=NOW,
            )
        audit.refresh_from_db()
        assert audit.status == "allocated"

    def test_only_its_auditor_begins_an_audit(self, cast: Cast, audit: Audit) -> None:
        with pytest.raises(MovedOn):
            begin_audit(
                audit=audit,
                child_id="0042_7",
                held_by_listed_practitioner=True,
                by=cast.other_auditor,
                now=NOW,
            )
        with pytest.raises(PermissionDenied):
            begin_audit(
                audit=audit,
                child_id="0042_7",
                held_by_listed_practitioner=True,
                by=cast.manager,
                now=NOW,
            )

    def test_begun_twice_is_one_grading_and_the_second_is_told(self, audit: Audit) -> None:
        begin(audit)
        with pytest.raises(MovedOn):
            begin(audit)
        assert audit.gradings.count() == 1

    def test_whoever_held_the_case_cannot_grade_it(self, cast: Cast, audit: Audit) -> None:
        cast.other_practitioner.user = cast.auditor
        cast.other_practitioner.save()
        with pytest.raises(Refused, match="held this case"):
            begin_audit(
                audit=audit,
                child_id="0042_7",
                held_by_listed_practitioner=False,
                held_most_by=cast.other_practitioner,
                by=cast.auditor,
                now=NOW,
            )

    def test_who_held_it_most_can_be_somebody_else(self, cast: Cast, audit: Audit) -> None:
        begin_audit(
            audit=audit,
            child_id="0042_7",
            held_by_listed_practitioner=False,
            held_most_by=cast.other_practitioner,
            by=cast.auditor,
            now=NOW,
        )
        audit.refresh_from_db()
        assert audit.practitioner_judged == cast.other_practitioner
        assert audit.practitioner == cast.practitioner


class TestConflict:
    @pytest.mark.parametrize("begun", [False, True])
    def test_an_auditor_with_a_conflict_is_out_and_the_audit_waits(
        self, cast: Cast, audit: Audit, begun: bool
    ) -> None:
        if begun:
            begin(audit)
        declare_conflict(audit=audit, reason="I know the family", by=cast.auditor, now=LATER)
        audit.refresh_from_db()
        audit.sampled_case.refresh_from_db()  # type: ignore[union-attr]
        assert audit.status == "returned"
        assert DeclaredConflict.objects.get().child == audit.child
        assert not Allocation.objects.filter(ended_at=None).exists()
        assert [each.status for each in audit.gradings.all()] == ["set_aside"] * begun

    def test_a_reason_is_needed(self, cast: Cast, audit: Audit) -> None:
        with pytest.raises(Refused, match="why"):
            declare_conflict(audit=audit, reason="  ", by=cast.auditor, now=NOW)

    def test_not_twice_and_not_by_another(self, cast: Cast, audit: Audit) -> None:
        with pytest.raises(MovedOn):
            declare_conflict(audit=audit, reason="x", by=cast.other_auditor, now=NOW)
        declare_conflict(audit=audit, reason="I know them", by=cast.auditor, now=NOW)
        with pytest.raises(MovedOn):
            declare_conflict(audit=audit, reason="I know them", by=cast.auditor, now=NOW)


class TestSaving:
    def test_a_standard_is_saved_half_done(self, cast: Cast, audit: Audit) -> None:
        risk = answer(begin(audit), "risk")
        saved = save_standard(
            standard_grade=risk,
            version=1,
            grade="",
            evidence="So far",
            by=cast.auditor,
            now=LATER,
        )
        risk.refresh_from_db()
        assert (saved.version, saved.at) == (2, LATER)
        assert (risk.version, risk.evidence, risk.saved_at) == (2, "So far", LATER)

    def test_a_stale_save_writes_nothing_and_brings_what_is_stored(
        self, cast: Cast, audit: Audit
    ) -> None:
        risk = answer(begin(audit), "risk")
        said: dict[str, Any] = {"standard_grade": risk, "grade": "good", "by": cast.auditor}
        save_standard(version=1, evidence="From the first tab", now=NOW, **said)
        with pytest.raises(Conflict) as clash:
            save_standard(version=1, evidence="From the second tab", now=LATER, **said)
        assert clash.value.stored["evidence"] == "From the first tab"
        assert clash.value.version == 2
        risk.refresh_from_db()
        assert risk.evidence == "From the first tab"
        save_standard(version=2, evidence="From the second tab", now=LATER, **said)
        risk.refresh_from_db()
        assert risk.evidence == "From the second tab"

    def test_the_same_form_sent_twice_is_one_save(self, cast: Cast, audit: Audit) -> None:
        risk = answer(begin(audit), "risk")
        for _ in range(2):
            saved = save_standard(
                standard_grade=risk,
                version=1,
                grade="good",
                evidence="Once",
                by=cast.auditor,
                now=NOW,
            )
        assert saved.version == 2

    def test_pages_of_one_grading_do_not_get_in_each_others_way(
        self, cast: Cast, audit: Audit
    ) -> None:
        grading = begin(audit)
        save_details(
            grading=grading,
            version=1,
            details=Details(strengths="S"),
            by=cast.auditor,
            now=NOW,
        )
        save_overall(
            grading=grading,
            version=1,
            overall=Overall(minutes_spent=5),
            by=cast.auditor,
            now=NOW,
        )
        with pytest.raises(Conflict) as clash:
            save_details(
                grading=grading,
                version=1,
                details=Details(strengths="T"),
                by=cast.auditor,
                now=NOW,
            )
        assert clash.value.stored["strengths"] == "S"

    @pytest.mark.parametrize(
        ("code", "kwargs", "words"),
        [
            ("risk", {"grade": "excellent"}, "Choose a grade"),
            ("impact", {"grade": "", "not_applicable": True}, "always be graded"),
        ],
    )
    def test_what_the_tool_does_not_allow_is_refused(
        self, cast: Cast, audit: Audit, code: str, kwargs: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(Refused, match=words):
            save_standard(
                standard_grade=answer(begin(audit), code),
                version=1,
                evidence="x",
                by=cast.auditor,
                now=NOW,
                **kwargs,
            )

    def test_nobody_writes_in_another_persons_grading(self, cast: Cast, audit: Audit) -> None:
        risk = answer(begin(audit), "risk")
        with pytest.raises(Refused, match="Only the person"):
            save_standard(
                standard_grade=risk,
                version=1,
                grade="good",
                evidence="x",
                by=cast.other_auditor,
                now=NOW,
            )

    def test_after_submission_nothing_is_saved_by_any_way(self, cast: Cast, audit: Audit) -> None:
        grading = submitted(audit)
        risk = answer(grading, "risk")
        with pytest.raises(MovedOn, match="submitted"):
            save_standard(
                standard_grade=risk,
                version=risk.version,
                grade="outstanding",
                evidence="x",
                by=cast.auditor,
                now=NOW,
            )
        with pytest.raises(DatabaseError), transaction.atomic():
            StandardGrade.objects.filter(pk=risk.pk).update(grade="outstanding")
        with pytest.raises(DatabaseError), transaction.atomic():
            Grading.objects.filter(pk=grading.pk).update(overall_grade="outstanding")
        with pytest.raises(DatabaseError), transaction.atomic():
            Grading.objects.filter(pk=grading.pk).update(minutes_spent=1)

    def test_a_meeting_still_to_come_is_refused(self, cast: Cast, audit: Audit) -> None:
        with pytest.raises(Refused, match="past"):
            save_details(
                grading=begin(audit),
                version=1,
                details=Details(practitioner_met_on=TODAY + timedelta(days=1)),
                by=cast.auditor,
                now=NOW,
            )

    def test_above_a_cap_only_with_a_reason(self, cast: Cast, audit: Audit) -> None:
        grading = fill(begin(audit))
        risk = answer(grading, "risk")
        save_standard(
            standard_grade=risk,
            version=risk.version,
            grade="inadequate",
            evidence="No risk assessment since June",
            by=cast.auditor,
            now=NOW,
        )
        saved = save_overall(
            grading=grading,
            version=grading.overall_version,
            overall=Overall(overall_grade="good", minutes_spent=90),
            by=cast.auditor,
            now=NOW,
        )
        with pytest.raises(Refused, match="above the limit"):
            submit_grading(grading=grading, by=cast.auditor, now=NOW)
        save_overall(
            grading=grading,
            version=saved.version,
            overall=Overall("good", "It was assessed elsewhere", "s", 90),
            by=cast.auditor,
            now=NOW,
        )
        done = submit_grading(grading=grading, by=cast.auditor, now=NOW)
        assert done.above_cap
        assert done.suggested_grade == "inadequate"

    def test_a_standard_made_worse_after_the_overall_grade_stops_the_submission(
        self, cast: Cast, audit: Audit
    ) -> None:
        grading = fill(begin(audit))
        risk = answer(grading, "risk")
        save_standard(
            standard_grade=risk,
            version=risk.version,
            grade="inadequate",
            evidence="x",
            by=cast.auditor,
            now=NOW,
        )
        with pytest.raises(Refused, match="above the limit"):
            submit_grading(grading=grading, by=cast.auditor, now=NOW)

    def test_before_you_start_can_be_corrected(self, cast: Cast, audit: Audit) -> None:
        grading = begin(audit)
        save_before(
            grading=grading,
            version=1,
            child_id="0042_7",
            held_by_listed_practitioner=False,
            held_most_by=cast.other_practitioner,
            by=cast.auditor,
            now=NOW,
        )
        audit.refresh_from_db()
        assert audit.practitioner_judged == cast.other_practitioner


class TestImmediateConcern:
    def test_it_goes_up_at_once_and_caps_the_grade(self, cast: Cast, audit: Audit) -> None:
        said = heard(signals.immediate_concern_raised)
        grading = fill(begin(audit))
        raise_immediate_concern(
            grading=grading, text="Left alone", told="Duty, 10:40", by=cast.auditor, now=LATER
        )
        grading.refresh_from_db()
        assert grading.immediate_concern
        assert grading.immediate_concern_at == LATER
        assert [(each["audit"], each["now"]) for each in said] == [(audit, LATER)]
        with pytest.raises(Refused, match="above the limit"):
            submit_grading(grading=grading, by=cast.auditor, now=NOW)

    def test_it_is_raised_once_and_never_taken_back(self, cast: Cast, audit: Audit) -> None:
        said = heard(signals.immediate_concern_raised)
        grading = begin(audit)
        for text in ("Left alone", "Left alone", "And hungry"):
            raise_immediate_concern(
                grading=grading, text=text, told="Duty", by=cast.auditor, now=NOW
            )
        grading.refresh_from_db()
        assert grading.immediate_concern_text == "Left alone\n\nAnd hungry"
        assert [each["grading"].immediate_concern_text for each in said] == [
            "Left alone",
            "Left alone\n\nAnd hungry",
        ]  # what is added goes up too; a form sent twice does not

    @pytest.mark.parametrize(("text", "told"), [("", "Duty"), ("x", ""), (" . ", "Duty")])
    def test_what_and_who_was_told_are_needed(
        self, cast: Cast, audit: Audit, text: str, told: str
    ) -> None:
        with pytest.raises(Refused):
            raise_immediate_concern(
                grading=begin(audit), text=text, told=told, by=cast.auditor, now=NOW
            )

    def test_after_submission_it_stands_beside_the_grading(self, cast: Cast, audit: Audit) -> None:
        said = heard(signals.immediate_concern_raised)
        grading = submitted(audit)
        before = grading_state(grading)
        for text in ("Left alone", "Left alone", "And hungry"):
            raise_immediate_concern(
                grading=grading, text=text, told="Duty", by=cast.auditor, now=LATER
            )
        assert [each["text"] for each in said] == ["Left alone", "And hungry"]
        assert [each.text for each in grading.later_concerns.all()] == ["Left alone", "And hungry"]
        grading = Grading.objects.get(pk=grading.pk)
        assert not grading.immediate_concern
        assert grading_state(grading).suggested == before.suggested
        for change in (
            lambda: LaterConcern.objects.update(text="Nothing"),
            lambda: LaterConcern.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()

    def test_nobody_raises_it_in_anothers_grading_or_in_one_set_aside(
        self, cast: Cast, audit: Audit
    ) -> None:
        grading = submitted(audit)
        said: dict[str, Any] = {"text": "Left alone", "told": "Duty", "now": LATER}
        with pytest.raises(Refused):
            raise_immediate_concern(grading=grading, by=cast.other_auditor, **said)
        reopen_audit(audit=audit, reason="A standard was missed", by=cast.lead, now=LATER)
        with pytest.raises(MovedOn):
            raise_immediate_concern(grading=grading, by=cast.auditor, **said)
        assert not LaterConcern.objects.exists()


class TestSubmitting:
    def test_an_incomplete_grading_is_refused_with_the_first_thing_missing(
        self, cast: Cast, audit: Audit
    ) -> None:
        with pytest.raises(Refused, match=r"not complete.*and .* more"):
            submit_grading(grading=begin(audit), by=cast.auditor, now=NOW)

    def test_submission_makes_the_audit_and_its_case_done_and_tells_the_apps_above(
        self, cast: Cast, audit: Audit
    ) -> None:
        said = heard(signals.audit_submitted)
        grading = submitted(audit)
        audit.sampled_case.refresh_from_db()  # type: ignore[union-attr]
        assert (audit.status, audit.submitted_by) == ("submitted", cast.auditor)
        assert audit.sampled_case.status == "audited"  # type: ignore[union-attr]
        assert grading.status == "submitted"
        assert [(each["audit"], each["grading"]) for each in said] == [(audit, grading)]

    def test_what_an_app_above_refuses_undoes_the_submission(
        self, cast: Cast, audit: Audit
    ) -> None:
        def refuse(**_: Any) -> None:
            raise RuntimeError("no escalation")

        signals.audit_submitted.connect(refuse, weak=False)
        grading = fill(begin(audit))
        with pytest.raises(RuntimeError):
            submit_grading(grading=grading, by=cast.auditor, now=NOW)
        grading.refresh_from_db()
        audit.refresh_from_db()
        assert (grading.status, audit.status) == ("draft", "in_progress")

    def test_submitted_twice_the_second_is_told(self, cast: Cast, audit: Audit) -> None:
        grading = submitted(audit)
        with pytest.raises(MovedOn):
            submit_grading(grading=grading, by=cast.auditor, now=LATER)


class TestSecondGrading:
    def test_a_second_grading_is_empty_blind_and_single(self, cast: Cast, audit: Audit) -> None:
        submitted(audit)
        second = open_grading(
            audit=audit, kind="moderator", grader=cast.moderator, by=cast.lead, now=NOW
        )
        assert second.blind
        assert {each.grade for each in second.standard_grades.all()} == {""}
        with pytest.raises(MovedOn):
            open_grading(
                audit=audit, kind="moderator", grader=cast.other_moderator, by=cast.lead, now=NOW
            )

    def test_not_before_the_first_and_not_by_its_auditor(self, cast: Cast, audit: Audit) -> None:
        begin(audit)
        with pytest.raises(MovedOn):
            open_grading(
                audit=audit, kind="moderator", grader=cast.moderator, by=cast.lead, now=NOW
            )

    def test_the_auditor_never_moderates_their_own(self, cast: Cast, audit: Audit) -> None:
        submitted(audit)
        with pytest.raises(Refused, match="auditor"):
            open_grading(audit=audit, kind="moderator", grader=cast.auditor, by=cast.lead, now=NOW)

    def test_its_submission_leaves_the_audit_to_the_decision(
        self, cast: Cast, audit: Audit
    ) -> None:
        submitted(audit)
        said = heard(signals.second_grading_submitted)
        second = open_grading(
            audit=audit, kind="moderator", grader=cast.moderator, by=cast.lead, now=NOW
        )
        save_before(grading=second, version=1, child_id="0042_7", by=cast.moderator, now=NOW)
        second.refresh_from_db()
        submit_grading(grading=fill(second), by=cast.moderator, now=NOW)
        audit.refresh_from_db()
        assert audit.status == "submitted"
        assert [each["grading"].pk for each in said] == [second.pk]


class TestGradeOfRecord:
    def test_it_points_at_a_submitted_grading_and_is_told(self, cast: Cast, audit: Audit) -> None:
        grading = submitted(audit)
        said = heard(signals.grade_of_record_set)
        set_grade_of_record(audit=audit, grading=grading, by=cast.auditor, now=LATER)
        audit.refresh_from_db()
        assert (audit.status, audit.grading_of_record) == ("finalised", grading)
        assert len(said) == 1

    def test_a_draft_or_another_audits_grading_cannot_stand(
        self, cast: Cast, make_audit: Make
    ) -> None:
        audit, other = make_audit(), make_audit()
        submitted(audit)
        with pytest.raises(Refused):
            set_grade_of_record(audit=audit, grading=submitted(other), by=cast.moderator, now=NOW)
        draft = open_grading(
            audit=audit, kind="moderator", grader=cast.moderator, by=cast.lead, now=NOW
        )
        with pytest.raises(Refused):
            set_grade_of_record(audit=audit, grading=draft, by=cast.moderator, now=NOW)

    def test_not_before_submission(self, cast: Cast, audit: Audit) -> None:
        grading = begin(audit)
        with pytest.raises(MovedOn):
            set_grade_of_record(audit=audit, grading=grading, by=cast.auditor, now=NOW)

    def test_closed_once(self, cast: Cast, audit: Audit) -> None:
        grading = submitted(audit)
        with pytest.raises(MovedOn):
            close_audit(audit=audit, by=cast.head, now=NOW)
        set_grade_of_record(audit=audit, grading=grading, by=cast.auditor, now=NOW)
        assert close_audit(audit=audit, by=cast.head, now=NOW).status == "closed"
        with pytest.raises(MovedOn):
            close_audit(audit=audit, by=cast.head, now=NOW)


class TestReopening:
    def test_the_auditor_goes_on_from_a_copy_and_the_submitted_one_is_kept(
        self, cast: Cast, audit: Audit
    ) -> None:
        first = submitted(audit)
        set_grade_of_record(audit=audit, grading=first, by=cast.auditor, now=NOW)
        said = heard(signals.audit_reopened)
        draft = reopen_audit(audit=audit, reason="Wrong file", by=cast.lead, now=LATER)
        audit.refresh_from_db()
        first.refresh_from_db()
        assert audit.status == "in_progress"
        assert audit.grading_of_record is None
        assert (first.status, first.set_aside_reason) == ("set_aside", "Reopened: Wrong file")
        assert (draft.status, draft.strengths) == ("draft", first.strengths)
        copied = draft.standard_grades.values_list("standard", "grade", "evidence")
        assert set(copied) == set(
            first.standard_grades.values_list("standard", "grade", "evidence")
        )
        assert [each["reason"] for each in said] == ["Wrong file"]
        submit_grading(grading=draft, by=cast.auditor, now=LATER)
        audit.refresh_from_db()
        assert audit.status == "submitted"

    @pytest.mark.parametrize("before", [False, True])
    def test_a_concern_raised_after_submission_holds_in_what_is_submitted_next(
        self, cast: Cast, audit: Audit, before: bool
    ) -> None:
        concern: dict[str, Any] = {"told": "Duty, at ten", "by": cast.auditor}
        if before:
            raise_immediate_concern(grading=begin(audit), text="Left alone", now=NOW, **concern)
            grading = Grading.objects.get(audit=audit)
            fill(grading, overall="inadequate")
            submit_grading(grading=grading, by=cast.auditor, now=NOW)
            audit.refresh_from_db()
        else:
            grading = submitted(audit)
        for text in ("Bruised", "And hungry"):
            raise_immediate_concern(grading=grading, text=text, now=LATER, **concern)
        said = heard(signals.immediate_concern_raised)
        draft = reopen_audit(audit=audit, reason="A concern was raised", by=cast.lead, now=LATER)
        parts = ["Left alone", "Bruised", "And hungry"] if before else ["Bruised", "And hungry"]
        assert draft.immediate_concern
        assert draft.immediate_concern_text == "\n\n".join(parts)
        assert draft.immediate_concern_at == (NOW if before else LATER)
        assert not said  # it went up when it was raised
        assert grading_state(draft).suggested.grade == "inadequate"

    def test_a_moderation_is_set_aside_with_it(self, cast: Cast, audit: Audit) -> None:
        submitted(audit)
        second = open_grading(
            audit=audit, kind="moderator", grader=cast.moderator, by=cast.lead, now=NOW
        )
        reopen_audit(audit=audit, reason="x", by=cast.lead, now=NOW)
        second.refresh_from_db()
        assert second.status == "set_aside"

    def test_who_and_when_not(self, cast: Cast, audit: Audit) -> None:
        with pytest.raises(MovedOn):
            reopen_audit(audit=audit, reason="x", by=cast.lead, now=NOW)
        submitted(audit)
        with pytest.raises(PermissionDenied):
            reopen_audit(audit=audit, reason="x", by=cast.moderator, now=NOW)
        with pytest.raises(Refused):
            reopen_audit(audit=audit, reason=" ", by=cast.lead, now=NOW)


class TestWithdrawing:
    def test_the_case_waits_again_and_the_child_can_be_drawn(
        self, cast: Cast, audit: Audit
    ) -> None:
        begin(audit)
        withdraw_audit(audit=audit, reason="Wrong child", by=cast.lead, now=LATER)
        audit.refresh_from_db()
        audit.child.refresh_from_db()
        audit.sampled_case.refresh_from_db()  # type: ignore[union-attr]
        assert audit.status == "withdrawn"
        assert audit.child.audit_reference == ""
        assert audit.sampled_case.status == "drawn"  # type: ignore[union-attr]
        again = allocate(audit.sampled_case, cast.other_auditor, cast.analyst)  # type: ignore[arg-type]
        assert again.reference == "2026-Q3-0002"

    def test_not_after_submission_not_even_once_reopened(self, cast: Cast, audit: Audit) -> None:
        submitted(audit)
        with pytest.raises(MovedOn):
            withdraw_audit(audit=audit, reason="x", by=cast.lead, now=NOW)
        reopen_audit(audit=audit, reason="x", by=cast.lead, now=NOW)
        with pytest.raises(Refused, match="submitted once"):
            withdraw_audit(audit=audit, reason="x", by=cast.lead, now=NOW)

    @pytest.mark.parametrize("begun", [False, True])
    def test_the_auditor_is_told_by_reference_alone(
        self, cast: Cast, audit: Audit, begun: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if begun:
            begin(audit)
        notices: list[dict[str, Any]] = []
        monkeypatch.setattr(
            "audits.operations.withdrawing.send_notice", lambda **kwargs: notices.append(kwargs)
        )
        withdraw_audit(audit=audit, reason="Wrong child", by=cast.lead, now=LATER)
        (told,) = notices
        assert told["to"] == [cast.auditor]
        assert audit.reference in told["subject"]
        assert "Wrong child" not in str(told)
        assert told["path"] == f"/audits/{audit.reference}/"

    def test_a_reason_and_the_right_role(self, cast: Cast, audit: Audit) -> None:
        with pytest.raises(Refused):
            withdraw_audit(audit=audit, reason="", by=cast.lead, now=NOW)
        with pytest.raises(PermissionDenied):
            withdraw_audit(audit=audit, reason="x", by=cast.auditor, now=NOW)


class TestSubmittedOnce:
    """An audit that was submitted, reopened, and given up by its auditor: it never vanishes."""

    @pytest.fixture
    def given_up(self, cast: Cast, audit: Audit) -> Audit:
        submitted(audit)
        reopen_audit(audit=audit, reason="A standard was missed", by=cast.lead, now=LATER)
        declare_conflict(audit=audit, reason="I know the family", by=cast.auditor, now=LATER)
        audit.refresh_from_db()
        return audit

    def test_the_child_stays_audited_while_it_waits_for_another_auditor(
        self, cast: Cast, given_up: Audit
    ) -> None:
        assert given_up.status == "returned"
        assert given_up.child.audit_reference == given_up.reference
        again = allocate_by_hand(
            sampled_case=case_of(given_up),
            auditor=cast.other_auditor,
            reason="The first has a conflict",
            by=cast.analyst,
            now=LATER,
        )
        given_up.refresh_from_db()
        given_up.child.refresh_from_db()
        assert (given_up.status, given_up.auditor) == ("allocated", again.auditor)
        assert given_up.child.audit_reference == given_up.reference

    def test_allocation_gives_it_to_another_auditor_again(
        self, cast: Cast, given_up: Audit
    ) -> None:
        result = allocate_quarter(draw=case_of(given_up).draw, by=cast.analyst, now=LATER)
        assert len(result.assignments) == 1
        given_up.refresh_from_db()
        assert (given_up.status, given_up.auditor) == ("allocated", cast.other_auditor)
        assert case_of(given_up).status == "audited"

    def test_a_replacement_does_not_take_it_out(self, cast: Cast, given_up: Audit) -> None:
        with pytest.raises(Refused, match="was submitted once"):
            request_replacement(
                sampled_case=case_of(given_up),
                reason="in_court",
                explanation="",
                by=cast.analyst,
                now=LATER,
            )
        # Nor one that somebody could have asked for before.
        asked = Replacement.objects.create(
            sampled_case=case_of(given_up),
            reason="in_court",
            requested_at=LATER,
            requested_by=cast.analyst,
        )
        with pytest.raises(Refused, match="was submitted once"):
            decide_replacement(
                replacement=asked, approve=True, note="", by=cast.director, now=LATER
            )
        self.check_it_stands(given_up)

    def test_the_sample_is_not_drawn_again(self, cast: Cast, given_up: Audit) -> None:
        with pytest.raises(Refused, match="waits for another auditor"):
            draw_sample(
                quarter=Quarter.parse(given_up.quarter.label),
                seed="4 4 4",
                reason="A better seed",
                by=cast.analyst,
                now=LATER,
            )
        self.check_it_stands(given_up)

    def test_a_later_sample_takes_no_room_from_it(self, cast: Cast, given_up: Audit) -> None:
        quarter = AuditQuarter.objects.create(
            label="2026-Q4", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)
        )
        drawn = sampled(make_draw(quarter, cast.analyst), case_of(given_up).entry.case)
        with pytest.raises(Refused, match=given_up.reference), transaction.atomic():
            allocate(drawn, cast.other_auditor, cast.analyst)
        self.check_it_stands(given_up)

    def check_it_stands(self, audit: Audit) -> None:
        audit.refresh_from_db()
        audit.child.refresh_from_db()
        assert audit.status == "returned"
        assert audit.child.audit_reference == audit.reference


class TestGivenToAnotherOnceReopened:
    """The first auditor has a conflict by now, or has left: somebody else grades the file again."""

    @pytest.fixture
    def first(self, audit: Audit) -> Grading:
        return submitted(audit)

    @pytest.fixture
    def reopened(self, cast: Cast, audit: Audit, first: Grading) -> Audit:
        register_conflict(
            user=cast.auditor,
            child_id=audit.child.local_id,
            reason="Told",
            by=cast.analyst,
            now=NOW,
        )
        reopen_audit(audit=audit, reason="Its auditor has a conflict", by=cast.lead, now=LATER)
        audit.refresh_from_db()
        return audit

    def given(self, audit: Audit, auditor: User, by: User, reason: str = "Conflict") -> Allocation:
        return allocate_by_hand(
            sampled_case=case_of(audit), auditor=auditor, reason=reason, by=by, now=LATER
        )

    @pytest.mark.parametrize("who", ["analyst", "lead"])
    def test_another_begins_anew_and_what_was_submitted_is_kept(
        self, cast: Cast, reopened: Audit, first: Grading, who: str
    ) -> None:
        copy = reopened.gradings.get(status="draft")
        self.given(reopened, cast.other_auditor, getattr(cast, who))
        reopened.refresh_from_db()
        assert (reopened.status, reopened.auditor) == ("allocated", cast.other_auditor)
        assert case_of(reopened).status == "audited"
        assert reopened.child.audit_reference == reopened.reference
        for kept in (first, copy):
            kept.refresh_from_db()
            assert (kept.status, kept.grader) == ("set_aside", cast.auditor)
            assert kept.strengths == "Visits were regular."
        assert first.submitted_at == NOW
        new, old = case_of(reopened).allocations.all()
        assert (new.auditor, new.reason, new.ended_at) == (cast.other_auditor, "Conflict", None)
        assert (old.auditor, old.end_reason, old.ended_by) == (
            cast.auditor,
            "Conflict",
            getattr(cast, who),
        )
        again = submitted(reopened)
        assert (again.grader, reopened.status) == (cast.other_auditor, "submitted")
        assert case_of(reopened).status == "audited"

    def test_one_whose_auditor_left_too(self, cast: Cast, audit: Audit, first: Grading) -> None:
        reopen_audit(audit=audit, reason="A standard was missed", by=cast.lead, now=LATER)
        User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
        self.given(audit, cast.other_auditor, cast.lead)
        audit.refresh_from_db()
        assert audit.auditor == cast.other_auditor

    def test_not_before_it_is_reopened_nor_when_it_is_submitted_again(
        self, cast: Cast, audit: Audit, first: Grading
    ) -> None:
        with pytest.raises(MovedOn, match="moved on: audited"):
            self.given(audit, cast.other_auditor, cast.lead)
        draft = reopen_audit(audit=audit, reason="Look again", by=cast.lead, now=LATER)
        submit_grading(grading=draft, by=cast.auditor, now=LATER)
        with pytest.raises(MovedOn, match="moved on: audited"):
            self.given(audit, cast.other_auditor, cast.lead)
        audit.refresh_from_db()
        assert (audit.status, audit.auditor) == ("submitted", cast.auditor)

    def test_with_the_checks_and_the_reason_of_every_allocation(
        self, cast: Cast, reopened: Audit
    ) -> None:
        with pytest.raises(Refused, match="declared a conflict"):
            self.given(reopened, cast.auditor, cast.lead)
        with pytest.raises(Refused, match="does not have the auditor"):
            self.given(reopened, cast.moderator, cast.lead)
        with pytest.raises(Refused, match="Say why"):
            self.given(reopened, cast.other_auditor, cast.lead, reason=" ")
        with pytest.raises(PermissionDenied):
            self.given(reopened, cast.other_auditor, cast.director)

    def test_the_pages_lead_there(
        self, cast: Cast, reopened: Audit, as_user: Callable[[User], Client]
    ) -> None:
        form = f"/sampled/{reopened.sampled_case_id}/auditor/"
        case = f"/sampled/{reopened.sampled_case_id}/"
        assert form in as_user(cast.lead).get(f"/audits/{reopened.reference}/").content.decode()
        assert form in as_user(cast.analyst).get(case).content.decode()
        for who in (cast.analyst, cast.lead):
            page = as_user(who).get(form).content.decode()
            assert "can no longer be changed" not in page
            assert f'<option value="{cast.other_auditor.pk}"' in page
        live = reopened.sampled_case.allocations.get(ended_at=None)  # type: ignore[union-attr]
        said = {"auditor": cast.other_auditor.pk, "reason": "Conflict", "stands": live.pk}
        done = as_user(cast.lead).post(form, said, follow=True).content.decode()
        assert "The case was given to Otto Tor." in done
        submitted(Audit.objects.get())
        page = as_user(cast.lead).get(form).content.decode()
        assert "can no longer be changed" in page
        assert form not in as_user(cast.analyst).get(case).content.decode()


class TestIndependenceLater:
    """Whoever comes near a case after it was given to them does not grade it."""

    def test_not_begun_by_who_manages_the_team_by_now(self, cast: Cast, audit: Audit) -> None:
        cast.riverside.deputy = cast.auditor
        cast.riverside.save()
        with pytest.raises(Refused, match=r"You are in the line.*I have a conflict"):
            begin(audit)
        audit.refresh_from_db()
        assert audit.status == "allocated"

    def test_not_submitted_where_the_case_came_to_their_team_and_there_is_a_way_out(
        self, cast: Cast, audit: Audit
    ) -> None:
        grading = fill(begin(audit))
        case = case_of(audit).entry.case
        case.team = cast.audit_team
        case.save()
        with pytest.raises(Refused, match=r"It is of a team of yours.*I have a conflict"):
            submit_grading(grading=grading, by=cast.auditor, now=LATER)
        declare_conflict(audit=audit, reason="It is our case now", by=cast.auditor, now=LATER)
        grading.refresh_from_db()
        assert (grading.status, grading.strengths) == ("set_aside", "Visits were regular.")

    def test_who_became_exempt_finishes_what_they_have(self, cast: Cast, audit: Audit) -> None:
        Grader.objects.filter(user=cast.auditor).update(
            exempt_reason="On leave from Monday", exempt_approved_by=cast.director
        )
        submitted(audit)
        assert audit.status == "submitted"


class TestRequestsThatNobodyNeeds:
    def test_a_request_ends_when_the_audit_is_submitted(self, cast: Cast, audit: Audit) -> None:
        asked = request_replacement(
            sampled_case=case_of(audit),
            reason="in_court",
            explanation="",
            by=cast.analyst,
            now=NOW,
        )
        submitted(audit)
        asked.refresh_from_db()
        assert (asked.status, asked.decided_by) == ("lapsed", cast.auditor)
        assert asked.decision_note == "The audit was submitted."
        with pytest.raises(MovedOn):
            decide_replacement(
                replacement=asked, approve=True, note="", by=cast.director, now=LATER
            )


def test_an_audited_case_names_who_held_it_for_most_of_the_period(cast: Cast, audit: Audit) -> None:
    grading = begin_audit(
        audit=audit,
        child_id="0042_7",
        held_by_listed_practitioner=False,
        held_most_by=cast.other_practitioner,
        by=cast.auditor,
        now=NOW,
    )
    submit_grading(grading=fill(grading), by=cast.auditor, now=NOW)
    case = case_of(audit)
    assert (case.judged_known, case.practitioner_judged) == (True, cast.other_practitioner)
