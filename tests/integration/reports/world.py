"""A small council with two quarters of audits, made straight in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from accounts.models import User
from audits.models import Audit, Grading, ToolVersion
from audits.operations.tools import install_shipped_tools
from cases.models import (
    AuditQuarter,
    Case,
    Child,
    Draw,
    FrameEntry,
    Replacement,
    SampledCase,
    SamplingFrame,
    Service,
    Theme,
)
from cases.rules.quarters import Quarter
from quality.models import Action, Escalation, Moderation
from tests.cast import NOW, TODAY, Cast

SEED = "14 dice: 3 6 1 1 5 2 4 4 6 2 3 1 5 5"
FRAME_SHA = "ab" * 32
GRADES = ("outstanding", "good", "requires_improvement", "inadequate")
_numbers = count(1)

# service code: open, already audited, restricted, and audits by grade, best first
Rows = Mapping[str, tuple[int, int, int, tuple[int, int, int, int]]]
THIS_QUARTER: Rows = {
    "child_protection": (400, 12, 8, (5, 6, 7, 2)),
    "child_in_need": (800, 30, 10, (6, 14, 14, 6)),
    "early_help": (600, 6, 6, (6, 10, 8, 6)),
}
QUARTER_BEFORE: Rows = {
    "child_protection": (380, 4, 8, (5, 5, 5, 5)),
    "child_in_need": (790, 10, 10, (5, 10, 15, 10)),
    "early_help": (610, 3, 6, (8, 12, 5, 5)),
}


@dataclass
class World:
    """The quarters, and this quarter's audits by service code."""

    cast: Cast
    now_quarter: AuditQuarter
    before: AuditQuarter
    draw: Draw
    audits: dict[str, list[Audit]] = field(default_factory=dict)


def build(cast: Cast, rows: Rows = THIS_QUARTER, before: Rows = QUARTER_BEFORE) -> World:
    """Both quarters with their audits, and what followed from this quarter's."""
    install_shipped_tools(by=User.objects.system(), now=NOW)
    earlier, _, _ = _quarter("2026-Q2", before, cast)
    quarter, draw, audits = _quarter("2026-Q3", rows, cast)
    world = World(cast, quarter, earlier, draw, audits)
    _followed(world)
    return world


def _quarter(
    label: str, rows: Rows, cast: Cast
) -> tuple[AuditQuarter, Draw, dict[str, list[Audit]]]:
    name = Quarter.parse(label)
    quarter = AuditQuarter.objects.create(label=label, starts_on=name.starts, ends_on=name.ends)
    services = {service.code: service for service in Service.objects.all()}
    frame = SamplingFrame.objects.create(
        quarter=quarter, number=1, frozen_at=NOW, frozen_by=cast.analyst, frozen_on=TODAY,
        policy={}, sha256=FRAME_SHA,
    )  # fmt: skip
    draw = Draw.objects.create(
        quarter=quarter, frame=frame, number=1, seed=SEED, seed_witnesses="Councillor A. Example",
        seed_made="typed",
        seed_committed=True, policy={"rate": "1/20"}, result_sha256="cd" * 32,
        strata={services[code].name: _stratum(row) for code, row in rows.items()},
        drawn_at=NOW, drawn_by=cast.analyst,
    )  # fmt: skip
    audits = {
        code: _audits(
            services[code],
            [grade for grade, n in zip(GRADES, row[3], strict=True) for _ in range(n)],
            draw,
            cast,
        )
        for code, row in rows.items()
    }
    return quarter, draw, audits


def draw_theme(sample: Draw, cast: Cast) -> Draw:
    """A theme of the sample's quarter, drawn."""
    quarter = sample.quarter
    theme = Theme.objects.create(
        quarter=quarter, name="Moved in", question="Was the case handed over well?",
        tool="statutory", cohort={}, created_at=NOW, created_by=cast.lead,
    )  # fmt: skip
    frame = SamplingFrame.objects.create(
        quarter=quarter, theme=theme, number=101, frozen_at=NOW, frozen_by=cast.analyst,
        frozen_on=TODAY, policy={}, sha256="ef" * 32,
    )  # fmt: skip
    return Draw.objects.create(
        quarter=quarter, theme=theme, frame=frame, number=101, seed=SEED,
        seed_witnesses="Councillor A. Example", seed_made="typed", seed_committed=True,
        policy={"rate": "1/20"}, result_sha256="cd" * 32, strata={}, drawn_at=NOW,
        drawn_by=cast.analyst,
    )  # fmt: skip


def _stratum(row: tuple[int, int, int, tuple[int, int, int, int]]) -> dict[str, Any]:
    open_cases, audited, restricted, grades = row
    quota = -(-open_cases // 20)
    return {
        "open": open_cases,
        "eligible": open_cases - audited - restricted,
        "not_eligible": {"already_audited": audited, "restricted": restricted},
        "quota": quota, "selected": sum(grades), "reserves": quota // 2, "shortfall": 0,
    }  # fmt: skip


def sampled_case(draw: Draw, service: Service, cast: Cast, **values: Any) -> SampledCase:
    """One case of the draw."""
    number = next(_numbers)
    child = Child.objects.create(local_id=f"W{number:05}")
    team = cast.hilltop if service.code == "early_help" else cast.riverside
    case = Case.objects.create(child=child, service=service, team=team, opened_on=date(2026, 1, 12))
    entry = FrameEntry.objects.create(
        frame=draw.frame, key=f"{number:064}", child=child, case=case, stratum=service.name,
        service=service, team=team,
    )  # fmt: skip
    return SampledCase.objects.create(
        draw=draw, entry=entry, stratum=service.name, rank=number, ticket="0" * 64, pass_number=1,
        **({"role": "selected", "status": "audited"} | values),
    )  # fmt: skip


def _audits(service: Service, grades: Sequence[str], draw: Draw, cast: Cast) -> list[Audit]:
    version = ToolVersion.objects.get(tool__line=service.line, status="published")
    made = []
    for place, grade in enumerate(grades):
        sampled = sampled_case(draw, service, cast)
        audit = Audit.objects.create(
            reference=f"{draw.quarter.label}-{next(_numbers):04}", child=sampled.entry.child,
            quarter=draw.quarter, sampled_case=sampled, tool_version=version, service=service,
            team=sampled.entry.team, auditor=cast.auditor, allocated_at=NOW, due_on=TODAY,
            practitioner=cast.practitioner if place % 4 else cast.other_practitioner,
        )  # fmt: skip
        made.append(_finalise(audit, grade, cast))
    return made


def add_audits(world: World, service: str, grades: Sequence[str]) -> list[Audit]:
    """More audits of this quarter with these grades of record."""
    return _audits(Service.objects.get(code=service), grades, world.draw, world.cast)


def grading(audit: Audit, kind: str, grader: User, grade: str) -> Grading:
    """A submitted grading with an overall grade and nothing else."""
    return Grading.objects.create(
        audit=audit, kind=kind, status="submitted", grader=grader, overall_grade=grade,
        created_at=NOW, submitted_at=NOW,
    )  # fmt: skip


def _finalise(audit: Audit, grade: str, cast: Cast) -> Audit:
    audit.grading_of_record = grading(audit, "auditor", cast.auditor, grade)
    audit.status = Audit.Status.FINALISED
    audit.submitted_at = audit.finalised_at = NOW
    audit.submitted_by = audit.finalised_by = cast.auditor
    audit.save()
    return audit


def _followed(world: World) -> None:
    """Inadequate audits of child in need: moderated and escalated; actions; one replacement."""
    for place, audit in enumerate(world.audits["child_in_need"][-6:]):
        _moderate(audit, "inadequate" if place < 5 else "requires_improvement", world.cast)
        _escalate(audit, place, world.cast)
    _moderate(world.audits["child_protection"][0], "good", world.cast, reasons=["random"])
    service = Service.objects.get(code="child_protection")
    reserve = sampled_case(world.draw, service, world.cast, role="reserve", status="drawn")
    gone = sampled_case(world.draw, service, world.cast, status="replaced", replaced_by=reserve)
    Replacement.objects.create(
        sampled_case=gone, status="approved", reason="in_court", requested_at=NOW,
        requested_by=world.cast.analyst, decided_at=NOW, decided_by=world.cast.lead,
    )  # fmt: skip


def _moderate(
    audit: Audit, second: str, cast: Cast, reasons: Sequence[str] = ("inadequate",)
) -> None:
    first = audit.grading_of_record
    assert first
    Moderation.objects.create(
        audit=audit, status="decided", reasons=list(reasons), blind=True, due_on=TODAY,
        required_at=NOW, moderator=cast.moderator, assigned_at=NOW, assigned_by=cast.lead,
        grading=grading(audit, "moderator", cast.moderator, second),
        first_grade=first.overall_grade, second_grade=second, rationale="Read twice.",
        decided_at=NOW, decided_by=cast.lead,
    )  # fmt: skip


def _escalate(audit: Audit, place: int, cast: Cast) -> None:
    """The first is not acknowledged and late; the others are; the last has a verified action."""
    answered: dict[str, Any] = {}
    if place:
        answered = {"status": "acknowledged", "acknowledged_at": NOW, "acknowledged_by": cast.head}
    escalation = Escalation.objects.create(
        audit=audit, track="inadequate", level="head_of_service", raised_at=NOW - timedelta(days=3),
        raised_by=cast.auditor,
        acknowledge_by=NOW + timedelta(days=1) if place else NOW - timedelta(days=1),
        plan_by=TODAY + timedelta(days=5), **answered,
    )  # fmt: skip
    verified: dict[str, Any] = {}
    if place == 5:
        verified = {
            "status": "verified", "evidence": "Visited.", "offered_at": NOW,
            "offered_by": cast.manager, "change_for_child": "Safe at home.",
            "verified_at": NOW, "verified_by": cast.head,
        }  # fmt: skip
    Action.objects.create(
        audit=audit, escalation=escalation, side="manager", owner=cast.manager,
        description="Write the plan again with the family.", created_at=NOW, created_by=cast.head,
        due_on=TODAY + timedelta(days=14 if place else -1), **verified,
    )  # fmt: skip
