"""Replacing a selected case that cannot be audited by the next reserve."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.rules.words import is_written
from cases.above import held_in_sample
from cases.models import AuditQuarter, Draw, Replacement, SampledCase
from cases.queries.allocation import is_near
from cases.queries.calendar import local_date
from cases.queries.other_ids import own_ids
from cases.queries.quarters import IN_SAMPLE, children_in_samples
from cases.rules.policy import CasePolicy
from cases.rules.replacement import Waiting, next_reserve
from cases.signals import case_left_sample

AUDIT_BEGUN = "Another audit of the child has begun."
IN_ANOTHER_SAMPLE = "The child is in the sample of another quarter that is under way."
AUDITED_EARLIER = "Registered since the draw as audited before this product was in use."
ANOTHER_ID = "Known since the draw to be another id of a child."


@operation
def request_replacement(
    *, sampled_case: SampledCase, reason: str, explanation: str, by: User, now: datetime
) -> Replacement:
    """Ask that the next reserve takes the place of ``sampled_case``, for a coded reason.

    "other" needs an explanation; Refused without, and where its audit was submitted once. Raises
    MovedOn where the case is no longer waiting to be audited, or somebody has asked already.
    """
    require(by, Permission.REQUEST_REPLACEMENT)
    case = _locked(sampled_case)
    if reason == Replacement.Reason.OTHER and not is_written(explanation):
        raise Refused("Explain the reason in your own words.")
    if case.status not in SampledCase.TO_BE_AUDITED:
        raise MovedOn(f"This case has moved on: {case.get_status_display().lower()}.")
    if why := held_in_sample(case):
        raise Refused(why)
    try:
        with transaction.atomic():
            asked = Replacement.objects.create(
                sampled_case=case,
                reason=reason,
                explanation=explanation.strip(),
                requested_at=now,
                requested_by=by,
            )
    except IntegrityError as error:
        raise MovedOn("Somebody has already asked for this case to be replaced.") from error
    send_notice(
        to=people_with_role(Role.QUALITY_ASSURANCE_LEAD),
        subject=f"A replacement in {case.draw.reference} waits for your decision",
        path=f"/replacements/{asked.pk}/",
    )
    return asked


@operation
def decide_replacement(
    *, replacement: Replacement, approve: bool, note: str, by: User, now: datetime
) -> Replacement:
    """Approve or refuse a replacement; never by who asked for it, nor by the case's own line.

    Approved: the next reserve in draw order joins the sample, siblings of it passed over and
    recorded; where no reserve is left the case counts as not auditable. Refusing needs ``note``.
    """
    require(by, Permission.APPROVE_REPLACEMENT)
    case = _locked(replacement.sampled_case)
    asked = Replacement.objects.select_for_update().get(pk=replacement.pk)
    if asked.status != Replacement.Status.REQUESTED:
        if asked.status == Replacement.Status.LAPSED:
            raise MovedOn("This request has lapsed, so nobody has to decide it any more.")
        raise MovedOn(f"This was already decided by {asked.decided_by}.")
    if asked.requested_by_id == by.pk:
        raise Refused("You asked for this replacement, so somebody else must decide.")
    if is_near(by, case.entry):
        raise Refused("You are in the line of this case, so somebody outside it must decide.")
    if not approve and not is_written(note):
        raise Refused("Say why you refuse the replacement.")
    asked.status = Replacement.Status.APPROVED if approve else Replacement.Status.REFUSED
    asked.decided_at, asked.decided_by, asked.decision_note = now, by, note.strip()
    asked.save()
    if approve:
        _replace(case, asked, by, now)
    send_notice(
        to=[asked.requested_by],
        subject=f"A replacement in {case.draw.reference} was {asked.get_status_display().lower()}",
        path=f"/replacements/{asked.pk}/",
    )
    return asked


def _locked(sampled_case: SampledCase) -> SampledCase:
    """The case, locked after its quarter: two decisions must not take the same reserve."""
    AuditQuarter.objects.select_for_update().get(draws__cases=sampled_case)
    return (
        SampledCase.objects.select_for_update(of=("self",))
        .select_related("draw__quarter", "entry__child", "entry__team__service")
        .get(pk=sampled_case.pk)
    )


def _replace(case: SampledCase, asked: Replacement, by: User, now: datetime) -> None:
    if case.status not in SampledCase.TO_BE_AUDITED:
        raise MovedOn(f"This case has moved on: {case.get_status_display().lower()}.")
    why = asked.get_reason_display()
    case_left_sample.send(sender=SampledCase, sampled_case=case, reason=why, by=by, now=now)
    reserve = _next_reserve(case, local_date(now))
    what = "Replaced" if reserve else "Not audited, and no reserve was left"
    case.allocations.filter(ended_at__isnull=True).update(
        ended_at=now, ended_by=by, end_reason=f"{what}: {why}"
    )
    case.status = SampledCase.Status.NOT_AUDITABLE
    if reserve is not None:
        reserve.status = SampledCase.Status.DRAWN
        reserve.save(update_fields=["status"])
        case.status, case.replaced_by = SampledCase.Status.REPLACED, reserve
    if asked.reason == Replacement.Reason.OTHER:
        why = f"{why}: {asked.explanation}"[:500]
    case.note = why
    case.save(update_fields=["status", "replaced_by", "note"])


def _next_reserve(case: SampledCase, today: date) -> SampledCase | None:
    """The reserve whose turn it is; siblings of children in the sample are marked on the way."""
    draw = case.draw
    in_sample = draw.cases.filter(status__in=IN_SAMPLE).exclude(pk=case.pk)
    families = set(
        in_sample.exclude(entry__family_key="").values_list("entry__family_key", flat=True)
    )
    reserves = {
        reserve.entry.key: reserve
        for reserve in draw.cases.select_related("entry__child").filter(
            stratum=case.stratum, status=SampledCase.Status.IN_RESERVE
        )
    }
    for key, because in _gone_since(draw, reserves, today).items():
        _pass_over(reserves.pop(key), because)
    found = next_reserve(
        [Waiting(key, r.rank, r.entry.family_key) for key, r in reserves.items()],
        families,
        one_per_family=CasePolicy.from_dict(draw.policy).one_per_family,
    )
    for passed in found.passed_over:
        _pass_over(reserves[passed.case.key], passed.because)
    return reserves[found.case.key] if found.case else None


def _gone_since(draw: Draw, reserves: dict[str, SampledCase], today: date) -> dict[str, str]:
    """Which reserves cannot be audited in this draw any more, whatever their turn, and why."""
    children = [reserve.entry.child for reserve in reserves.values()]
    another = own_ids(child.local_id for child in children)
    besides = draw.quarter.label if draw.theme_id is None else ""
    sampled = children_in_samples(besides, today).filter(
        status__in=SampledCase.TO_BE_AUDITED, entry__child__in=children
    )
    elsewhere = set(sampled.values_list("entry__child", flat=True))
    gone = {}
    for key, reserve in reserves.items():
        child = reserve.entry.child
        if child.local_id in another:
            gone[key] = ANOTHER_ID
        elif child.already_audited:
            gone[key] = AUDITED_EARLIER if child.audited_earlier else AUDIT_BEGUN
        elif child.pk in elsewhere:
            gone[key] = IN_ANOTHER_SAMPLE
    return gone


def _pass_over(reserve: SampledCase, because: str) -> None:
    reserve.status, reserve.note = SampledCase.Status.PASSED_OVER, because
    reserve.save(update_fields=["status", "note"])
