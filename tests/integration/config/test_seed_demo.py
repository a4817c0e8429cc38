"""The demo council, small: what it must hold, and that the product's own rules agree with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from accounts.roles import Role
from audits.models import Audit, FeedbackRecipient, Grading
from audits.queries.grading_state import grading_state, with_state
from audits.rules.grades import below_good
from cases.models import Case, Child, Practitioner, Replacement, SampledCase, Team
from cases.pdf import Rendered
from config.demo_council.build import PASSWORD, build
from config.home import tasks_for
from quality.models import Action, Escalation, Moderation
from quality.operations.escalating import late_escalations, move_up
from quality.queries.closing import snapshot
from quality.queries.people import OF_THE_LINE, verifying, why_not_independent
from quality.rules.actions import missing_to_close
from quality.rules.escalation import IMMEDIATE_CONCERN, required_for
from reports.models import CommitteeReport

# Before the tests that empty the database, which the module's transaction would stand in.
pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 24)
NOW = datetime.combine(DAY, time(15, 10), tzinfo=ZoneInfo("Europe/London"))
QUARTERS = ["2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"]
SCALE = 0.1
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Council:
    """What was made, twice: the first time it was taken back again."""

    home: Path
    said: dict[str, Any]
    first: list[tuple[Any, ...]]
    second: list[tuple[Any, ...]]


class FixedClock:
    """In the place of django.utils.timezone."""

    @staticmethod
    def now() -> datetime:
        """The afternoon on which the tests' council is made."""
        return NOW


def quick_pdf(*_: object) -> Rendered:
    """In the place of a report's PDF, which takes seconds and is tested elsewhere."""
    return Rendered(b"%PDF-1.7", 1)


@pytest.fixture(scope="module")
def council(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Council]:
    """The council at a tenth of its size, in a transaction that the module takes back."""
    home = tmp_path_factory.mktemp("demo")
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        override_settings(DEMO=True, MEDIA_ROOT=home / "media"),
        transaction.atomic(),
    ):
        patch.setattr("reports.operations.render_pdf", quick_pdf)
        patch.setattr("config.management.commands.seed_demo.timezone", FixedClock)
        with transaction.atomic():
            morning = NOW - timedelta(hours=8)
            build(seed="northmoor", home=home, now=morning, scale=SCALE)
            first = main_columns()
            transaction.set_rollback(True)
        out = StringIO()
        call_command("seed_demo", scale=SCALE, json=True, stdout=out)
        yield Council(home, json.loads(out.getvalue()), first, main_columns())
        transaction.set_rollback(True)


def main_columns() -> list[tuple[Any, ...]]:
    """What anybody would compare of two councils, without primary keys."""
    children = Case.objects.order_by("child__local_id").values_list(
        "child__local_id", "service__code", "team__name", "practitioner__name", "closed_on"
    )
    audits = Audit.objects.order_by("reference").values_list(
        "reference", "child__local_id", "status", "grading_of_record__overall_grade", "closed_at"
    )
    escalations = Escalation.objects.order_by("audit__reference", "track").values_list(
        "audit__reference", "track", "status", "level", "acknowledged_at"
    )
    actions = Action.objects.order_by("audit__reference", "created_at", "side", "due_on")
    return [
        *children,
        *audits,
        *escalations,
        *actions.values_list("audit__reference", "side", "status", "due_on"),
    ]


def decided() -> list[Audit]:
    """Audits with a grade of record."""
    found = Audit.objects.filter(grading_of_record__isnull=False)
    return list(found.select_related("grading_of_record", *OF_THE_LINE))


# The command


def test_only_under_the_settings_of_the_demo() -> None:
    with pytest.raises(CommandError, match="under the demo's settings only"):
        call_command("seed_demo")


def test_a_size_that_makes_no_sense_is_refused() -> None:
    with override_settings(DEMO=True), pytest.raises(CommandError, match="between 0 and 2"):
        call_command("seed_demo", scale=0)


def test_never_into_an_instance_that_is_filled(council: Council) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError, match="filled already"):
        call_command("seed_demo", scale=SCALE)
    out = StringIO()
    call_command("seed_demo", if_empty=True, stdout=out)
    assert out.getvalue() == ""
    assert User.objects.count() == before


def test_the_same_seed_on_the_same_day_makes_the_same_council(council: Council) -> None:
    assert len(council.first) > 1000
    assert council.first == council.second


def test_what_is_said_is_what_is_there(council: Council) -> None:
    assert council.said["quarters"] == QUARTERS
    assert council.said["open_cases"] == Case.objects.filter(closed_on=None).count()
    assert council.said["audits"] == Audit.objects.count()
    assert PASSWORD not in json.dumps(council.said)


# People and cases


def test_teams_and_people(council: Council) -> None:
    teams = Team.objects.exclude(service=None)
    assert teams.count() == 30
    assert not teams.filter(manager=None).exists()
    here = Practitioner.objects.filter(left_on=None)
    assert 0.1 <= here.filter(agency=True).count() / here.count() <= 1 / 6
    assert set(User.objects.filter(is_demo=True).values_list("groups__name", flat=True)) == set(
        Role.values
    )


def test_the_whole_council_is_as_large_as_a_county(council: Council) -> None:
    by_service = Counter(
        Case.objects.filter(closed_on=None).values_list("service__code", flat=True)
    )
    early_help = by_service.pop("early_help")
    assert sum(by_service.values()) == pytest.approx(4109 * SCALE, abs=4)
    assert early_help == 1000 * SCALE


def test_every_sign_in_works_and_has_its_role(council: Council) -> None:
    signins = json.loads((council.home / "signins.json").read_text())
    assert [each["role"] for each in signins] == list(Role.values)
    assert len({each["email"] for each in signins}) == len(Role)
    for each in signins:
        user = User.objects.get(email=each["email"])
        assert each["role"] in user.roles
    assert user.check_password(each["password"])


@pytest.mark.parametrize(
    ("role", "tasks"),
    [
        (Role.AUDITOR, {"to grade"}),
        (Role.MODERATOR, {"to moderate"}),
        (Role.TEAM_MANAGER, {"to carry out"}),
        (Role.PRACTITIONER, {"feedback to read"}),
        (Role.HEAD_OF_SERVICE, {"escalation"}),
        (Role.DIRECTOR, {"to verify"}),
        (Role.QUALITY_ASSURANCE_LEAD, {"to approve or refuse", "needs another auditor"}),
        (Role.PERFORMANCE_ANALYST, {"to allocate"}),
    ],
)
def test_whoever_signs_in_finds_work(council: Council, role: str, tasks: set[str]) -> None:
    found = tasks_for(signed_in(council, role), NOW)
    for task in tasks:
        assert any(task in each.title for each in found), [each.title for each in found]


def test_the_head_of_service_finds_something_late(council: Council) -> None:
    found = tasks_for(signed_in(council, Role.HEAD_OF_SERVICE), NOW)
    assert any(each.late for each in found if "escalation" in each.title)


def test_the_practitioner_can_still_answer(council: Council) -> None:
    unread = FeedbackRecipient.objects.filter(
        practitioner__user=signed_in(council, Role.PRACTITIONER), read_at=None
    )
    assert unread.exists()


def signed_in(council: Council, role: str) -> User:
    """Whose sign-in is printed for that role."""
    signins = json.loads((council.home / "signins.json").read_text())
    return User.objects.get(email=next(s["email"] for s in signins if s["role"] == role))


# The sample


@pytest.mark.parametrize("quarter", QUARTERS)
def test_strangers_can_verify_every_draw(council: Council, quarter: str) -> None:
    file = council.home / f"{quarter}.json"
    call_command("export_draw", quarter, output=file, stdout=StringIO())
    verified = subprocess.run(
        [sys.executable, str(REPOSITORY / "cases" / "verify_draw.py"), str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout
    assert "verified" in verified.stdout


def test_no_child_is_audited_twice(council: Council) -> None:
    children = list(Audit.objects.values_list("child", flat=True))
    assert len(children) == len(set(children))
    begun = Audit.objects.exclude(started_at=None)
    assert Child.objects.exclude(audit_reference="").count() == begun.count()
    for audit in begun.select_related("child"):
        assert audit.child.audit_reference == audit.reference


def test_replacements_are_approved_refused_and_waiting(council: Council) -> None:
    # None lapses: what waits for a decision waits for the visitor's.
    assert set(Replacement.objects.values_list("status", flat=True)) == {
        status for status in Replacement.Status.values if status != Replacement.Status.LAPSED
    }
    for each in Replacement.objects.exclude(decided_by=None):
        assert each.decided_by_id != each.requested_by_id
    replaced = SampledCase.objects.filter(status=SampledCase.Status.REPLACED)
    assert not replaced.filter(replaced_by=None).exists()


# Audits, moderation


def test_every_submitted_grading_is_complete_by_the_form(council: Council) -> None:
    gradings = with_state(Grading.objects.filter(status=Grading.Status.SUBMITTED))
    assert gradings.count() > 100
    for grading in gradings.prefetch_related("standard_grades"):
        state = grading_state(grading)
        assert state.completeness.missing == (), grading
        assert state.suggested.grade == grading.suggested_grade
        assert state.overall is not None
        assert state.overall.needs_reason == grading.above_cap
        assert bool(grading.override_reason) == grading.above_cap


def test_grades_improve_and_early_help_is_better(council: Council) -> None:
    shares: dict[tuple[str, bool], list[bool]] = {}
    for audit in decided():
        late = audit.reference[:7] in QUARTERS[3:]
        line = "early_help" if audit.service.code == "early_help" else "statutory"
        grade = audit.grading_of_record
        assert grade is not None
        shares.setdefault((line, late), []).append(not below_good(grade.overall_grade))
    good = {key: sum(found) / len(found) for key, found in shares.items()}
    assert good["early_help", False] > good["statutory", False]
    assert good["early_help", True] > good["statutory", True] > good["statutory", False]


def test_the_present_quarter_is_under_way(council: Council) -> None:
    states = Counter(Audit.objects.filter(quarter__label=QUARTERS[-1]).values_list("status"))
    wanted = "allocated in_progress submitted finalised closed returned"
    assert {status for (status,) in states} == set(wanted.split())
    waiting = Moderation.objects.filter(audit__quarter__label=QUARTERS[-1])
    found = set(waiting.values_list("status", "grading__status"))
    assert {("assigned", "draft"), ("decided", "submitted")} <= found
    earlier = Audit.objects.exclude(quarter__label=QUARTERS[-1])
    assert set(earlier.values_list("status", flat=True)) == {"finalised", "closed"}


def test_moderators_are_independent_and_decide_with_reasons(council: Council) -> None:
    moderations = Moderation.objects.exclude(moderator=None).select_related(
        "audit__sampled_case__entry__service", "moderator", "grading",
        *(f"audit__{name}" for name in OF_THE_LINE),
    )  # fmt: skip
    for each in moderations:
        assert each.moderator is not None
        assert each.grading is not None
        assert each.grading.grader_id == each.moderator_id != each.audit.auditor_id
        assert why_not_independent([each.moderator], each.audit, blind=each.blind) == [""]
        if each.status == Moderation.Status.DECIDED:
            assert each.second_grade == each.grading.overall_grade
            assert each.rationale
    provisional = Audit.objects.filter(status=Audit.Status.SUBMITTED)
    assert not provisional.filter(moderation=None).exists()
    assert not decided_without_moderation("inadequate")


def decided_without_moderation(grade: str) -> list[Audit]:
    """Audits of that grade of record that nobody moderated."""
    return [
        audit
        for audit in Audit.objects.filter(grading_of_record__overall_grade=grade)
        if not Moderation.objects.filter(audit=audit, status=Moderation.Status.DECIDED).exists()
    ]


# Escalations, actions, closing


def test_escalations_and_actions_stand_in_most_states(council: Council) -> None:
    """All of them where the council is whole; a tenth of it cannot have every one."""
    states = set(Escalation.objects.values_list("status", flat=True))
    assert {"closed", "plan_agreed", "stood_down"} <= states
    done = set(Action.objects.values_list("status", flat=True))
    assert {"open", "evidence_offered", "verified"} <= done


def test_nothing_is_left_for_the_clock_to_move_up(council: Council) -> None:
    late = late_escalations(NOW)
    assert late
    for pk in late:
        escalation = Escalation.objects.select_related("audit").get(pk=pk)
        assert not move_up(escalation=escalation, by=User.objects.system(), now=NOW)
        steps = list(escalation.steps.order_by("sent_at"))
        assert steps[-1].level == escalation.level
        assert all(step.sent_to.exists() for step in steps)


def test_escalations_are_those_the_grade_of_record_needs(council: Council) -> None:
    for audit in decided():
        assert audit.grading_of_record is not None
        live = {
            each.track
            for each in audit.escalations.exclude(status=Escalation.Status.STOOD_DOWN)
        }  # fmt: skip
        needed = set(required_for(audit.grading_of_record.overall_grade, False))
        assert live - {IMMEDIATE_CONCERN} == needed, audit


def test_an_escalation_stands_where_its_actions_are(council: Council) -> None:
    agreed = Escalation.objects.exclude(plan_agreed_at=None).prefetch_related("actions")
    for each in agreed.exclude(status=Escalation.Status.STOOD_DOWN):
        states = {action.status for action in each.actions.all()} - {Action.Status.CANCELLED}
        if Action.Status.OPEN in states:
            assert each.status == Escalation.Status.PLAN_AGREED
        elif states == {Action.Status.VERIFIED}:
            assert each.status == Escalation.Status.CLOSED
        else:
            assert each.status == Escalation.Status.AWAITING_VERIFICATION


def test_actions_are_verified_by_those_who_may(council: Council) -> None:
    verified = Action.objects.filter(status=Action.Status.VERIFIED).select_related(
        "verified_by", "practitioner", *(f"audit__{name}" for name in OF_THE_LINE)
    )
    for action in verified:
        assert action.verified_by is not None
        answer = verifying(action.verified_by, action)
        assert answer.allowed, answer.because
        assert action.offered_at is not None
        assert action.verified_at is not None
        assert action.created_at < action.offered_at < action.verified_at < NOW


def test_an_audit_is_closed_exactly_when_nothing_is_missing(council: Council) -> None:
    for audit in decided():
        closed = audit.status == Audit.Status.CLOSED
        assert (missing_to_close(snapshot(audit)) == ()) == closed, audit


# Reports, files


def test_every_earlier_quarter_has_its_published_report(council: Council) -> None:
    reports = CommitteeReport.objects.order_by("quarter__label")
    assert [each.quarter.label for each in reports.select_related("quarter")] == QUARTERS[:-1]
    for report in reports:
        assert report.status == CommitteeReport.Status.PUBLISHED
        assert report.narrative
        assert report.next_steps
        assert report.created_by_id not in (report.approved_by_id, report.published_by_id)
        assert report.published_at is not None
        assert report.published_at < NOW
    assert len(set(reports.values_list("narrative", flat=True))) == 5


def test_reports_begin_with_results_from_before_the_product(council: Council) -> None:
    report = CommitteeReport.objects.order_by("quarter__label")[0]
    trend = report.figures["numbers"]["lines"]["Statutory"]["trend"]
    assert [(point["quarter"], point["baseline"]) for point in trend] == [
        ("Q2 2024/25", True), ("Q3 2024/25", True), ("Q4 2024/25", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        (f"annex-a-{DAY}.xlsx", ["row 3 as well", "no child id", "about Easter", "date of birth"]),
        (f"open-cases-{DAY}.csv", ["row 2 as well", "no child id", "31/02", "date of birth"]),
    ],
)
def test_the_files_can_be_imported_and_have_faults(
    council: Council, name: str, faults: list[str]
) -> None:
    out = StringIO()
    with transaction.atomic():
        call_command(
            "import_cases", str(council.home / "samples" / name), as_of=DAY,
            preview=True, json=True, stdout=out, stderr=StringIO(),
        )  # fmt: skip
    said = json.loads(out.getvalue())
    messages = [each["message"] for each in said["problems"]]
    for fault in faults:
        assert any(fault in message for message in messages), messages
    # The two with a wrong date are read without it, and belong to children of their own.
    assert said["open_cases"] == Case.objects.filter(closed_on=None).count() + 2
    assert len(said["by_service"]) == 6
