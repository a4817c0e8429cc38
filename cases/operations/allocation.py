"""Giving files to auditors, and what becomes of a sampled case afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.roles import Role
from accounts.rules.words import is_written
from cases.models import (
    Allocation,
    AuditQuarter,
    Draw,
    Practitioner,
    Replacement,
    SampledCase,
)
from cases.queries.allocation import (
    accreditation_needed_on,
    auditors_for,
    cases_to_grade,
    person_of,
    why_not_any_more,
)
from cases.queries.calendar import bank_holidays, local_date
from cases.queries.frame import sampled_cases
from cases.queries.quarters import auditor_may_change
from cases.rules.allocation import AllocationResult, allocate
from cases.rules.independence import NotIndependent, independence
from cases.rules.policy import CasePolicy
from cases.rules.working_days import add_working_days
from cases.signals import allocation_ended, case_allocated


@operation
def allocate_quarter(
    *, draw: Draw, by: User, now: datetime, shown: int | None = None
) -> AllocationResult:
    """Give every case of ``draw`` that has no auditor to an independent one with free capacity.

    Returns who got what, and which cases nobody can take and why. ``shown``: the primary key of the
    draw whose cases whoever asks has seen. Raises MovedOn where that is another one, or the draw
    has been superseded.
    """
    require(by, Permission.ALLOCATE_AUDITS)
    if shown not in (None, draw.pk):
        raise MovedOn(
            f"{draw.reference} was drawn by {draw.drawn_by} after you opened the page. Look at its "
            "cases before you allocate them."
        )
    draw = _locked_draw(draw)
    policy = CasePolicy.from_dict(draw.policy)
    result = found = _allocate_once(draw, policy, by, now)
    # A case of the sample that comes out of a theme's leaves its auditor free for another: who gave
    # nothing out has freed nobody.
    while found.assignments and found.unallocated:
        found = _allocate_once(draw, policy, by, now)
        result = AllocationResult((*result.assignments, *found.assignments), found.unallocated)
    return result


def _allocate_once(draw: Draw, policy: CasePolicy, by: User, now: datetime) -> AllocationResult:
    waiting = {
        str(case.pk): case
        for case in sampled_cases(draw)
        .select_for_update(of=("self",))
        .filter(status=SampledCase.Status.DRAWN)
    }
    result = allocate(
        cases_to_grade(waiting.values()),
        auditors_for(draw, local_date(now)),
        draw.seed,
        other_teams_independent=policy.other_teams_independent,
    )
    people = User.objects.in_bulk([int(found.auditor) for found in result.assignments])
    for found in result.assignments:
        _give(waiting[found.case], people[int(found.auditor)], policy, by=by, now=now)
    return result


@operation
def allocate_by_hand(
    *,
    sampled_case: SampledCase,
    auditor: User,
    reason: str,
    by: User,
    now: datetime,
    shown: int | None = None,
) -> Allocation:
    """Give a case to a particular auditor, or take it from one and give it to another.

    Needs ``reason``; the same independence as for every allocation. Capacity is no bar: who chooses
    by hand has seen it. An audited case only where its audit was reopened. ``shown``: the primary
    key of the allocation that they have seen, 0 for none. Raises Refused; MovedOn where another
    one stands, or the case has left the sample.
    """
    require(by, Permission.ALLOCATE_AUDITS, Permission.REASSIGN_AUDIT)
    if not is_written(reason):
        raise Refused("Say why you choose the auditor by hand.")
    # As everybody who changes a sample: the quarter first.
    AuditQuarter.objects.select_for_update().get(draws__cases=sampled_case)
    case = lock_case(sampled_case)
    # Nobody submits its audit meanwhile: they would lock the case first.
    if not auditor_may_change(case):
        raise MovedOn(f"This case has moved on: {case.get_status_display().lower()}.")
    policy = CasePolicy.from_dict(case.draw.policy)
    check_auditor(case, auditor, policy, now)
    live = case.allocations.filter(ended_at__isnull=True).first()
    if live is not None and live.auditor_id == auditor.pk:
        raise Refused(f"{auditor} already has this case.")
    if shown is not None and shown != (live.pk if live else 0):
        has_it = f"{live.auditor} has this case now" if live else "Nobody has this case now"
        raise MovedOn(f"Somebody changed this after the page was opened: {has_it}. Choose again.")
    if live is not None:
        _end(live, reason, by, now)
    return _give(case, auditor, policy, by=by, now=now, reason=reason)


@operation
def return_to_allocation(
    *, sampled_case: SampledCase, reason: str, by: User, now: datetime
) -> SampledCase:
    """Take a case from its auditor (a declared conflict, say); it waits for another."""
    case = lock_case(sampled_case)
    live = case.allocations.filter(ended_at__isnull=True).first()
    if live is not None:
        _end(live, reason, by, now)
    case.status = SampledCase.Status.DRAWN
    case.save(update_fields=["status"])
    return case


@operation
def cancel_case(*, sampled_case: SampledCase, note: str, by: User, now: datetime) -> SampledCase:
    """A case that will not be audited in its draw any more, and whose place nobody takes.

    Its auditor is free of it, and nobody need decide on a replacement. ``note`` says why. What has
    left its sample already stays as it is.
    """
    case = lock_case(sampled_case)
    if case.status not in SampledCase.TO_BE_AUDITED:
        return case
    live = case.allocations.filter(ended_at__isnull=True).first()
    if live is not None:
        _end(live, note, by, now)
    case.status, case.note = SampledCase.Status.CANCELLED, note[:500]
    case.save(update_fields=["status", "note"])
    lapse_requests([case], note, by, now)
    return case


@operation
def mark_audited(
    *,
    sampled_case: SampledCase,
    practitioner_judged: Practitioner | None,
    by: User,
    now: datetime,
) -> None:
    """The case's audit has been submitted: it counts in its draw's quarter.

    ``practitioner_judged`` held the case for most of the period judged, and rests in the next
    quarter's draw; None where they are not in the list of practitioners.
    """
    case = lock_case(sampled_case)
    case.status = SampledCase.Status.AUDITED
    case.judged_known, case.practitioner_judged = True, practitioner_judged
    case.save(update_fields=["status", "judged_known", "practitioner_judged"])
    lapse_requests([case], "The audit was submitted.", by, now)


def lapse_requests(cases: Iterable[SampledCase], why: str, by: User, now: datetime) -> None:
    """Replacements of these locked cases that wait for a decision need none any more."""
    Replacement.objects.filter(sampled_case__in=cases, status=Replacement.Status.REQUESTED).update(
        status=Replacement.Status.LAPSED, decided_at=now, decided_by=by, decision_note=why
    )


def lock_case(sampled_case: SampledCase) -> SampledCase:
    """The case locked, with its draw and entry."""
    return (
        SampledCase.objects.select_for_update(of=("self",))
        .select_related("draw__quarter", "draw__theme", "entry__service", "entry__child")
        .get(pk=sampled_case.pk)
    )


def check_auditor(case: SampledCase, auditor: User, policy: CasePolicy, now: datetime) -> None:
    """Raise Refused where ``auditor`` may not grade this case."""
    if not auditor.is_active or Role.AUDITOR not in auditor.roles:
        raise Refused(f"{auditor} does not have the auditor’s role.")
    (to_grade,) = cases_to_grade([case])
    if to_grade.missing:
        raise Refused(to_grade.missing)
    found = independence(
        person_of(auditor, accreditation_needed_on(case.draw, local_date(now))),
        to_grade,
        other_teams_independent=policy.other_teams_independent,
    )
    if isinstance(found, NotIndependent):
        why = " ".join(reason.sentence for reason in found.because)
        raise Refused(f"{auditor} may not grade this case. {why}")


def refuse_who_is_near(sampled_case: SampledCase, user: User) -> None:
    """Raise Refused where ``user`` cannot grade a case any more since it was given to them."""
    if why := why_not_any_more(sampled_case, user):
        raise Refused(why)


def _locked_draw(draw: Draw) -> Draw:
    AuditQuarter.objects.select_for_update().get(pk=draw.quarter_id)
    locked = Draw.objects.select_for_update(of=("self",)).select_related("quarter").get(pk=draw.pk)
    if locked.status != Draw.Status.DRAWN:
        raise MovedOn("The sample has been drawn again meanwhile. Open the new draw.")
    return locked


def _give(
    case: SampledCase,
    auditor: User,
    policy: CasePolicy,
    *,
    by: User,
    now: datetime,
    reason: str = "",
) -> Allocation:
    due_on = add_working_days(local_date(now), policy.audit_due_working_days, bank_holidays())
    allocation = Allocation.objects.create(
        sampled_case=case,
        auditor=auditor,
        due_on=due_on,
        by_hand=bool(reason),
        reason=reason.strip(),
        allocated_at=now,
        allocated_by=by,
    )
    # Audited once, it stays so, whoever grades it again (decision 22).
    audited = (
        case.status == SampledCase.Status.AUDITED
        or case.judged_known
        or case.audits.filter(submitted_at__isnull=False).exclude(status="withdrawn").exists()
    )
    case.status = SampledCase.Status.AUDITED if audited else SampledCase.Status.ALLOCATED
    case.save(update_fields=["status"])
    case_allocated.send(sender=Allocation, allocation=allocation, by=by, now=now)
    return allocation


def _end(allocation: Allocation, reason: str, by: User, now: datetime) -> None:
    allocation.ended_at, allocation.ended_by, allocation.end_reason = now, by, reason.strip()[:500]
    allocation.save(update_fields=["ended_at", "ended_by", "end_reason"])
    allocation_ended.send(
        sender=Allocation, allocation=allocation, replacement=None, reason=reason, by=by, now=now
    )
