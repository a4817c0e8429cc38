"""Escalations: raised with the grade, answered in time or sent up, closed with their actions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.rules.words import is_written
from audits.models import Audit
from audits.operations.locking import lock_audit
from audits.operations.saving import added_to
from cases.queries.calendar import bank_holidays
from quality.models import Action, Escalation, EscalationStep
from quality.queries.closing import action_state
from quality.queries.escalation import OPEN
from quality.queries.people import OF_THE_LINE, first_level, may_answer, people_at
from quality.queries.policy import policy_of
from quality.rules import escalation as rules
from quality.rules.actions import missing_in_plan

P = Permission
Status = Escalation.Status
STOOD_DOWN = "The grade of record needs none."
REGRADED = "The audit was graded again, and its grade needs none."


@operation
def escalate(*, audit: Audit, track: str, by: User, now: datetime) -> Escalation:
    """Raise one track of an audit and send it to its first level. One open per track, ever.

    The open one is returned where there is one.
    """
    audit = Audit.objects.select_related(*OF_THE_LINE, "quarter").get(pk=audit.pk)
    found = Escalation.objects.filter(audit=audit, track=track, status__in=OPEN).first()
    if found is not None:
        return found
    dates = rules.deadlines(track, now, holidays=bank_holidays(), policy=policy_of(audit.quarter))
    raised = Escalation.objects.create(
        audit=audit,
        track=track,
        level=first_level(audit, track),
        raised_at=now,
        raised_by=by,
        acknowledge_by=dates.acknowledge_by,
        plan_by=dates.plan_by,
    )
    _send(raised, now)
    return raised


def _send(escalation: Escalation, now: datetime) -> None:
    """Hand it to the people at its level, and write down who they were."""
    people = people_at(escalation.audit, escalation.level)
    step = EscalationStep.objects.create(
        escalation=escalation,
        level=escalation.level,
        sent_at=now,
        acknowledge_by=escalation.acknowledge_by,
    )
    step.sent_to.set(people)
    send_notice(
        to=people,
        subject=f"Audit {escalation.audit.reference} needs your answer",
        path=page_of(escalation),
    )


def page_of(escalation: Escalation) -> str:
    """The address of an escalation."""
    return f"/escalations/{escalation.pk}/"


@operation
def report_concern(*, audit: Audit, text: str, told: str, by: User, now: datetime) -> Escalation:
    """Escalate an immediate safeguarding concern at once; what was added later goes with it."""
    raised = escalate(audit=lock_audit(audit), track=rules.IMMEDIATE_CONCERN, by=by, now=now)
    raised.concern, raised.told = added_to(raised.concern, text), added_to(raised.told, told)
    raised.save(update_fields=["concern", "told"])
    return raised


@operation
def settle_escalations(
    *, audit: Audit, grade: str, of_record: bool, by: User, now: datetime
) -> None:
    """Bring the audit's escalations in line with a grade: the provisional one, or that of record.

    Tracks that are needed and were never raised are raised; those of grades that are not needed
    are stood down. Their actions stay: they are about the child, not about the grade.
    """
    escalations = list(Escalation.objects.select_for_update().filter(audit=audit))
    settled = rules.settle(
        grade=grade,
        immediate_concern=any(e.track == rules.IMMEDIATE_CONCERN for e in escalations),
        open_tracks={e.track for e in escalations if e.status in OPEN},
        raised={e.track for e in escalations if e.status != Status.STOOD_DOWN},
    )
    stood_down = [e for e in escalations if e.track in settled.to_stand_down and e.status in OPEN]
    for escalation in stood_down:
        _stand_down(escalation, STOOD_DOWN if of_record else REGRADED, by, now)
    for track in settled.to_raise:
        raised = escalate(audit=audit, track=track, by=by, now=now)
        # What was planned under the other grade is part of the new plan.
        Action.objects.filter(escalation__in=stood_down).exclude(
            status=Action.Status.CANCELLED
        ).update(escalation=raised)


def _stand_down(escalation: Escalation, reason: str, by: User, now: datetime) -> None:
    escalation.status, escalation.stood_down_reason = Status.STOOD_DOWN, reason
    escalation.closed_at, escalation.closed_by = now, by
    escalation.save(update_fields=["status", "stood_down_reason", "closed_at", "closed_by"])
    told = {user for step in escalation.steps.all() for user in step.sent_to.all()}
    send_notice(
        to=told,
        subject=f"The escalation of audit {escalation.audit.reference} is stood down",
        path=page_of(escalation),
    )


@operation
def keep_in_sight(*, audit: Audit, by: User, now: datetime) -> None:
    """An audit is withdrawn: what it escalated stays open, and those who answer for it are told.

    Never submitted, it can have nothing but an immediate concern.
    """
    for escalation in Escalation.objects.filter(audit=audit, status__in=OPEN):
        told = {user for step in escalation.steps.all() for user in step.sent_to.all()}
        send_notice(
            to=told | set(people_with_role(Role.QUALITY_ASSURANCE_LEAD)),
            subject=f"Audit {audit.reference} was withdrawn, and its escalation stays open",
            path=page_of(escalation),
        )


def lock_escalation(escalation: Escalation) -> Escalation:
    """The escalation as it is now, locked after its audit, with the line of the case."""
    lock_audit(escalation.audit)
    locked = Escalation.objects.select_for_update(of=("self",)).get(pk=escalation.pk)
    locked.audit = Audit.objects.select_related(*OF_THE_LINE, "quarter").get(pk=locked.audit_id)
    return locked


def _require_answer(by: User, escalation: Escalation) -> None:
    require(by, P.ANSWER_ESCALATION)
    if not may_answer(by, escalation):
        raise PermissionDenied("This escalation is answered by the line of the case.")


@operation
def acknowledge(*, escalation: Escalation, response: str, by: User, now: datetime) -> Escalation:
    """Somebody at its level, or above, takes the escalation up and says what they make of it.

    Raises Refused without a response, MovedOn where somebody else was first.
    """
    escalation = lock_escalation(escalation)
    _require_answer(by, escalation)
    if escalation.status != Status.RAISED:
        raise MovedOn(_where_it_stands(escalation))
    if not is_written(response):
        raise Refused("Write what you make of it and what happens first.")
    escalation.status, escalation.response = Status.ACKNOWLEDGED, response.strip()
    escalation.acknowledged_at, escalation.acknowledged_by = now, by
    escalation.save(update_fields=["status", "response", "acknowledged_at", "acknowledged_by"])
    return escalation


def _where_it_stands(escalation: Escalation) -> str:
    state = escalation.get_status_display().lower()
    if escalation.acknowledged_by and escalation.status == Status.ACKNOWLEDGED:
        return f"{escalation.acknowledged_by} has acknowledged this escalation already."
    return f"This escalation has moved on: it is now “{state}”."


@operation
def agree_plan(*, escalation: Escalation, by: User, now: datetime) -> Escalation:
    """The plan is complete and agreed: its owners begin. Tells each of them.

    Raises Refused while an action for the manager or the practitioner is missing, MovedOn where it
    is not waiting for a plan.
    """
    escalation = lock_escalation(escalation)
    _require_answer(by, escalation)
    if escalation.status != Status.ACKNOWLEDGED:
        raise MovedOn(_where_it_stands(escalation))
    actions = list(escalation.actions.select_related("standard", "owner", "practitioner__user"))
    missing = missing_to_agree(escalation.track, actions)
    if missing:
        raise Refused(missing[0])
    escalation.status = Status.PLAN_AGREED
    escalation.plan_agreed_at, escalation.plan_agreed_by = now, by
    escalation.save(update_fields=["status", "plan_agreed_at", "plan_agreed_by"])
    follow_actions(escalation, by, now)
    return escalation


def missing_to_agree(track: str, actions: Iterable[Action]) -> list[str]:
    """What a plan still needs before it can be agreed, in sentences.

    A grade below good needs an action for each of the two; an immediate concern one at least.
    """
    states = [action_state(a) for a in actions if a.status != Action.Status.CANCELLED]
    if track == rules.IMMEDIATE_CONCERN:
        return [] if states else ["An immediate concern needs an action at least."]
    return [each.sentence for each in missing_in_plan(states)]


def follow_actions(escalation: Escalation | None, by: User, now: datetime) -> None:
    """Bring a locked escalation's state in line with its actions, once its plan is agreed."""
    if escalation is None or escalation.plan_agreed_at is None:
        return
    if escalation.status == Status.STOOD_DOWN:
        return
    states = set(
        Action.objects.filter(escalation=escalation)
        .exclude(status=Action.Status.CANCELLED)
        .values_list("status", flat=True)
    )
    if Action.Status.OPEN in states:
        status = Status.PLAN_AGREED
    elif states == {Action.Status.VERIFIED}:
        status = Status.CLOSED
    else:
        status = Status.AWAITING_VERIFICATION
    if status == escalation.status:
        return
    closed = status == Status.CLOSED
    escalation.status = status
    escalation.closed_at, escalation.closed_by = (now, by) if closed else (None, None)
    escalation.save(update_fields=["status", "closed_at", "closed_by"])


def late_escalations(now: datetime) -> list[int]:
    """The escalations that nobody acknowledged in time; primary keys, oldest deadline first."""
    late = Escalation.objects.filter(status=Status.RAISED, acknowledge_by__lt=now)
    return list(late.order_by("acknowledge_by", "pk").values_list("pk", flat=True))


@operation
def move_up(*, escalation: Escalation, by: User, now: datetime) -> bool:
    """Send an escalation one level up where its level did not acknowledge it in time.

    Each level has the track's full clock. False where it was answered meanwhile, or nobody is
    above.
    """
    escalation = lock_escalation(escalation)
    if escalation.status != Status.RAISED:
        return False
    steps = list(escalation.steps.order_by("sent_at", "pk"))
    policy = policy_of(escalation.audit.quarter)
    due = rules.due_level(
        escalation.track,
        acknowledgement_deadlines=[step.acknowledge_by for step in steps],
        acknowledged_at=None,
        now=now,
        first=steps[0].level,
    )
    if due.level in {step.level for step in steps}:
        return False
    escalation.level = due.level
    escalation.acknowledge_by = rules.acknowledge_by(
        escalation.track, now, holidays=bank_holidays(), policy=policy
    )
    escalation.save(update_fields=["level", "acknowledge_by"])
    _send(escalation, now)
    return True
