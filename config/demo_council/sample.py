"""Frames, draws, replacements and allocation of one quarter, by the product's own operations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from accounts.models import User
from cases.models import Allocation, Draw, Replacement, SampledCase
from cases.operations.chances import store_chances
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.queries.allocation import auditors_for, cases_to_grade
from cases.rules.allocation import allocate
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter
from cases.rules.replacement import Waiting, next_reserve
from config.demo_council.draws import LONDON, later, office_hours, weighted, working_days_on
from config.demo_council.people import People
from config.demo_council.words import REPLACEMENT_NOTES

REPLACED, REFUSED = 0.035, 0.012
LATE_WAVE = 0.35  # allocated in the second wave
REASONS = (
    ("file_unavailable", 3.0),
    ("restricted_since", 1.0),
    ("in_court", 3.0),
    ("child_in_crisis", 2.0),
    ("other", 1.0),
)
SIMULATED_DRAWS = 200  # a council's worker makes thousands
IN_SAMPLE = (SampledCase.Status.DRAWN, SampledCase.Status.ALLOCATED, SampledCase.Status.AUDITED)


@dataclass(frozen=True)
class Schedule:
    """When a quarter's sample is made: freeze, draw, and the two days of allocation."""

    quarter: Quarter
    freeze: datetime
    draw: datetime
    waves: tuple[datetime, datetime]


def schedule(rng: Random, quarter: Quarter, freeze_on: date, second_wave: int) -> Schedule:
    """The freeze on that day, the draw the same afternoon, allocation from the day after."""
    freeze = office_hours(rng, freeze_on, 9, 10)
    drawn = office_hours(rng, freeze.date(), 13, 15)
    first = office_hours(rng, working_days_on(freeze.date(), 1), 9, 10)
    second = office_hours(rng, working_days_on(freeze.date(), second_wave), 9, 10)
    return Schedule(quarter, freeze, drawn, (first, second))


def make_sample(rng: Random, plan: Schedule, people: People) -> Draw:
    """Freeze and draw the quarter, and settle the first replacements."""
    by = people.analyst
    freeze_frame(quarter=plan.quarter, by=by, now=plan.freeze)
    dice = "-".join(str(rng.randint(1, 6)) for _ in range(12))
    draw = draw_sample(
        quarter=plan.quarter,
        seed=f"Northmoor {plan.quarter.label} {dice}",
        witnesses=f"{people.lead}, {people.single['director']}",
        by=by,
        now=plan.draw,
    )
    store_chances(draw=draw, simulated_draws=SIMULATED_DRAWS, by=by, now=plan.draw)
    _replacements(rng, draw, plan, people)
    return draw


def _replacements(rng: Random, draw: Draw, plan: Schedule, people: People) -> None:
    """Some are asked for before the files are given out; most are approved."""
    cases = list(draw.cases.select_related("entry"))
    for case in cases:
        chance = rng.random()
        if case.status != SampledCase.Status.DRAWN or chance > REPLACED + REFUSED:
            continue
        approved = chance <= REPLACED
        reason = weighted(rng, REASONS)
        requested_at = later(rng, plan.draw, 0, 0)
        _decide(case, approved, reason, requested_at, plan.waves[0], people)
        if approved:
            _replace(case, cases, CasePolicy.from_dict(draw.policy))
    SampledCase.objects.bulk_update(cases, ["status", "replaced_by", "note"], batch_size=500)


def _decide(
    case: SampledCase,
    approved: bool,
    reason: str,
    requested_at: datetime,
    before: datetime,
    people: People,
) -> None:
    note = "Agreed." if approved else "The file can be had by the end of the week: audit it."
    Replacement.objects.create(
        sampled_case=case,
        status="approved" if approved else "refused",
        reason=reason,
        explanation=REPLACEMENT_NOTES[reason],
        requested_at=requested_at,
        requested_by=people.analyst,
        decided_at=requested_at + (before - requested_at) / 2,
        decided_by=people.lead,
        decision_note=note,
    )
    if approved:
        case.note = Replacement.Reason(reason).label


def _replace(case: SampledCase, cases: list[SampledCase], policy: CasePolicy) -> None:
    """The next reserve in draw order takes its place, by the rule of the product."""
    reserves = {
        each.entry.key: each
        for each in cases
        if each.stratum == case.stratum and each.status == SampledCase.Status.IN_RESERVE
    }
    families = {
        each.entry.family_key
        for each in cases
        if each.status in IN_SAMPLE and each is not case and each.entry.family_key
    }
    found = next_reserve(
        [Waiting(key, each.rank, each.entry.family_key) for key, each in reserves.items()],
        families,
        one_per_family=policy.one_per_family,
    )
    for passed in found.passed_over:
        sibling = reserves[passed.case.key]
        sibling.status, sibling.note = SampledCase.Status.PASSED_OVER, passed.because
    case.status = SampledCase.Status.NOT_AUDITABLE
    if found.case is not None:
        reserve = reserves[found.case.key]
        reserve.status = SampledCase.Status.DRAWN
        case.status, case.replaced_by = SampledCase.Status.REPLACED, reserve


def allocate_waves(rng: Random, draw: Draw, plan: Schedule, by: User) -> list[Allocation]:
    """Every file to an independent auditor, in two waves, as the rule of allocation gives them."""
    waiting = list(
        draw.cases.select_related(
            "entry__service__line", "entry__service__head", "entry__team__manager",
            "entry__practitioner__user", "entry__case", "entry__child",
        ).filter(status=SampledCase.Status.DRAWN)
    )  # fmt: skip
    second = {case.pk for case in waiting if rng.random() < LATE_WAVE}
    waves = (
        [case for case in waiting if case.pk not in second],
        [case for case in waiting if case.pk in second],
    )
    policy = CasePolicy.from_dict(draw.policy)
    return [
        allocation
        for cases, at in zip(waves, plan.waves, strict=True)
        for allocation in _allocate(draw, cases, at, policy, by)
    ]


def _allocate(
    draw: Draw, cases: Iterable[SampledCase], at: datetime, policy: CasePolicy, by: User
) -> list[Allocation]:
    by_key = {str(case.pk): case for case in cases}
    result = allocate(
        cases_to_grade(by_key.values()),
        auditors_for(draw, at.astimezone(LONDON).date()),
        draw.seed,
        other_teams_independent=policy.other_teams_independent,
    )
    people = User.objects.in_bulk([int(found.auditor) for found in result.assignments])
    due_on = working_days_on(at.astimezone(LONDON).date(), policy.audit_due_working_days)
    made = []
    for found in sorted(result.assignments, key=lambda each: by_key[each.case].entry.key):
        case = by_key[found.case]
        case.status = SampledCase.Status.ALLOCATED
        made.append(
            Allocation(
                sampled_case=case,
                auditor=people[int(found.auditor)],
                due_on=due_on,
                allocated_at=at,
                allocated_by=by,
            )
        )
    SampledCase.objects.bulk_update(by_key.values(), ["status"], batch_size=500)
    return Allocation.objects.bulk_create(made)
