"""Actions: planned, carried out, verified by somebody else, until the loop is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from audits.models import Audit, PracticeStandard
from audits.operations.locking import lock_audit
from audits.rules.grades import below_good
from cases.models import Practitioner
from cases.queries.calendar import local_date
from quality.models import Action, Escalation, NoActionReason
from quality.operations.closing import close_when_complete
from quality.operations.escalating import follow_actions, lock_escalation, missing_to_agree
from quality.queries.closing import standards_below_good
from quality.queries.escalation import OPEN
from quality.queries.people import (
    OF_THE_LINE,
    holder_at_work,
    levels_of,
    managers_for,
    may_offer,
    people_at,
    present_practitioner,
    stand_ins_for,
    verifying,
)
from quality.queries.visibility import escalations_visible_to
from quality.rules.actions import latest_due_on, untrue_stand_in
from quality.rules.transitions import ACTION, target_of
from quality.rules.transitions import MovedOn as WrongState

P = Permission
Status = Action.Status
NOT_IN_LINE = "Actions are planned by the managers of the case."


@dataclass(frozen=True)
class Planned:
    """What will be done, by whom, by when.

    ``side`` is a code of Action.Side. A manager's action has a ``owner``. A practitioner's has
    neither owner nor reason where the present practitioner does it; else a stand-in as ``owner``
    and the ``stand_in_reason``.
    """

    side: str
    description: str
    due_on: date
    owner: User | None = None
    stand_in_reason: str = ""
    standard: PracticeStandard | None = None


@operation
def plan_action(
    *, audit: Audit, planned: Planned, escalation: Escalation | None, by: User, now: datetime
) -> Action:
    """Add an action to the plan of an escalation, or to an audit that is good overall.

    Raises Refused where something is missing or does not fit, MovedOn where nothing can be planned
    any more (or yet).
    """
    require(by, P.PLAN_ACTIONS)
    audit, escalation = _lock(audit, escalation)
    _require_line(by, audit, escalation)
    if escalation is not None:
        if escalation.status == Escalation.Status.RAISED:
            raise Refused("Acknowledge the escalation first.")
        if escalation.status not in OPEN:
            raise MovedOn("This escalation is closed or stood down: nothing is planned for it now.")
    elif audit.status != Audit.Status.FINALISED:
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    practitioner = _owner(planned, audit)
    if not is_written(planned.description):
        raise Refused("Write what will be done.")
    today = local_date(now)
    if planned.due_on < today:
        raise Refused("The date by which it is done has passed. Give a date from today.")
    if planned.due_on > (last := latest_due_on(today)):
        raise Refused(f"Give a date by {last:%-d %B %Y}: an action takes a year at most.")
    action = Action.objects.create(
        audit=audit,
        escalation=escalation,
        standard=planned.standard,
        side=planned.side,
        owner=planned.owner,
        practitioner=practitioner,
        stand_in_reason=planned.stand_in_reason,
        description=planned.description.strip(),
        due_on=planned.due_on,
        created_at=now,
        created_by=by,
    )
    follow_actions(escalation, by, now)
    if planned.standard is not None:
        NoActionReason.objects.filter(audit=audit, standard=planned.standard).delete()
    _tell_owner(action, f"An action on audit {audit.reference} is yours")
    return action


def _lock(audit: Audit, escalation: Escalation | None) -> tuple[Audit, Escalation | None]:
    if escalation is not None:
        locked = lock_escalation(escalation)
        return locked.audit, locked
    lock_audit(audit)
    return Audit.objects.select_related(*OF_THE_LINE).get(pk=audit.pk), None


def _require_line(by: User, audit: Audit, escalation: Escalation | None) -> None:
    if not levels_of(by, audit):
        raise PermissionDenied(NOT_IN_LINE)
    if escalation is not None and not escalations_visible_to(by).filter(pk=escalation.pk).exists():
        raise PermissionDenied(NOT_IN_LINE)


def _owner(planned: Planned, audit: Audit) -> Practitioner | None:
    """The practitioner of a practitioner's action, or None. Raises Refused for a wrong owner."""
    if planned.side == Action.Side.MANAGER:
        if planned.owner is None or planned.owner not in managers_for(audit):
            raise Refused("A manager’s action is owned by a manager of the case.")
        return None
    present = present_practitioner(audit)
    if planned.owner is None:
        if present is None:
            raise Refused(
                "Nobody who works here now holds this case. Name a stand-in, and say why."
            )
        return present
    if not planned.stand_in_reason:
        raise Refused("Say why somebody stands in for the practitioner.")
    untrue = untrue_stand_in(planned.stand_in_reason, holder_at_work(present))
    if untrue:
        raise Refused(untrue)
    if planned.owner not in stand_ins_for(audit):
        raise Refused("A stand-in is a manager of the case or somebody in its team.")
    return None


def _tell_owner(action: Action, subject: str) -> None:
    owner = action.owner or (action.practitioner.user if action.practitioner else None)
    people = [owner] if owner else people_at(action.audit, "team_manager")
    send_notice(to=people, subject=subject, path=page_of(action))


def page_of(action: Action) -> str:
    """The address of an action."""
    return f"/actions/{action.pk}/"


@operation
def give_reason_for_none(
    *, audit: Audit, standard: PracticeStandard, reason: str, by: User, now: datetime
) -> NoActionReason:
    """A manager says why a standard below good in an audit that is good overall needs no action.

    Raises Refused without a reason or where the standard is not below good, MovedOn where the
    audit is not waiting for it.
    """
    require(by, P.PLAN_ACTIONS)
    audit, _ = _lock(audit, None)
    _require_line(by, audit, None)
    if audit.status != Audit.Status.FINALISED:
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    record = audit.grading_of_record
    if record is None or below_good(record.overall_grade):
        raise Refused("An audit below good needs actions: a reason for none is not enough.")
    if not is_written(reason):
        raise Refused("Write why no action is needed.")
    if standard.pk not in {each.standard_id for each in standards_below_good(audit)}:
        raise Refused("This standard is not below good in the grade of record.")
    given, _created = NoActionReason.objects.update_or_create(
        audit=audit,
        standard=standard,
        defaults={"reason": reason.strip(), "given_at": now, "given_by": by},
    )
    close_when_complete(audit=audit, by=by, now=now)
    return given


def _lock_action(action: Action, transition: str) -> tuple[Action, Escalation | None]:
    """The action as it is now, locked after its audit and escalation, if it may go that way."""
    audit, escalation = _lock(action.audit, action.escalation)
    locked = (
        Action.objects.select_for_update(of=("self",))
        .select_related("owner", "practitioner__user", "standard")
        .get(pk=action.pk)
    )
    if locked.escalation_id != (escalation.pk if escalation else None):
        raise MovedOn("This action has moved to another escalation. Load the page again.")
    locked.audit = audit
    try:
        target_of(ACTION, transition, locked.status)
    except WrongState as error:
        state = locked.get_status_display().lower()
        raise MovedOn(f"This action has moved on: it is now “{state}”.") from error
    return locked, escalation


def _save(action: Action, transition: str, **values: object) -> Action:
    action.status = target_of(ACTION, transition, action.status)
    for name, value in values.items():
        setattr(action, name, value)
    action.save(update_fields=["status", *values])
    return action


@operation
def offer_evidence(*, action: Action, evidence: str, by: User, now: datetime) -> Action:
    """The owner says what was done; for one who does not sign in here, a manager of the case.

    Raises Refused without evidence, MovedOn where it was offered or cancelled meanwhile.
    """
    action, escalation = _lock_action(action, "offer_evidence")
    if not may_offer(by, action):
        raise PermissionDenied("Evidence is offered by the owner of the action.")
    if not is_written(evidence):
        raise Refused("Write what was done, and where it can be seen in the file.")
    _save(action, "offer_evidence", evidence=evidence.strip(), offered_at=now, offered_by=by)
    follow_actions(escalation, by, now)
    level = "head_of_service" if action.side == Action.Side.MANAGER else "team_manager"
    send_notice(
        to=[user for user in people_at(action.audit, level) if user.pk != by.pk],
        subject=f"An action on audit {action.audit.reference} waits for verification",
        path=page_of(action),
    )
    return action


def _require_verifier(by: User, action: Action) -> None:
    require(by, P.VERIFY_ACTIONS)
    answer = verifying(by, action)
    if not answer.allowed:
        raise PermissionDenied(answer.because)


@operation
def verify_action(*, action: Action, change_for_child: str, by: User, now: datetime) -> Action:
    """Somebody above its owner confirms it was done, and says what changed for the child.

    The last one closes the escalation and, where nothing else is missing, the audit. Raises
    Refused without the answer, MovedOn where it was verified or returned meanwhile.
    """
    action, escalation = _lock_action(action, "verify")
    _require_verifier(by, action)
    if not is_written(change_for_child):
        raise Refused("Write what changed for the child.")
    _save(
        action,
        "verify",
        change_for_child=change_for_child.strip(),
        verified_at=now,
        verified_by=by,
        returned_reason="",
    )
    follow_actions(escalation, by, now)
    close_when_complete(audit=action.audit, by=by, now=now)
    return action


@operation
def return_action(*, action: Action, reason: str, by: User, now: datetime) -> Action:
    """The evidence is not enough: the action is open again, and its owner told why."""
    action, escalation = _lock_action(action, "return")
    _require_verifier(by, action)
    if not is_written(reason):
        raise Refused("Write what is missing.")
    _save(action, "return", returned_reason=reason.strip())
    follow_actions(escalation, by, now)
    _tell_owner(action, f"An action on audit {action.audit.reference} is with you again")
    return action


@operation
def cancel_action(*, action: Action, reason: str, by: User, now: datetime) -> Action:
    """A manager of the case takes an action out of the plan.

    Raises Refused without a reason, and where the agreed plan would be left without an action for
    the manager or the practitioner.
    """
    require(by, P.PLAN_ACTIONS)
    action, escalation = _lock_action(action, "cancel")
    _require_line(by, action.audit, escalation)
    if not is_written(reason):
        raise Refused("Write why this will not be done.")
    _save(action, "cancel", cancel_reason=reason.strip()[:500], cancelled_at=now, cancelled_by=by)
    if escalation is not None and escalation.plan_agreed_at and escalation.status in OPEN:
        rest = escalation.actions.select_related("standard")
        missing = missing_to_agree(escalation.track, rest)
        if missing:
            raise Refused(f"Plan another action first. {missing[0]}")
    follow_actions(escalation, by, now)
    close_when_complete(audit=action.audit, by=by, now=now)
    _tell_owner(action, f"An action on audit {action.audit.reference} is cancelled")
    return action


@operation
def reopen_action(*, action: Action, reason: str, by: User, now: datetime) -> Action:
    """Undo a verification while the audit is not closed: the action is open again, with why."""
    action, escalation = _lock_action(action, "reopen")
    _require_verifier(by, action)
    if action.audit.status == Audit.Status.CLOSED:
        raise MovedOn(f"Audit {action.audit.reference} is closed.")
    if not is_written(reason):
        raise Refused("Write why it is opened again.")
    _save(
        action,
        "reopen",
        returned_reason=reason.strip(),
        change_for_child="",
        verified_at=None,
        verified_by=None,
    )
    follow_actions(escalation, by, now)
    _tell_owner(action, f"An action on audit {action.audit.reference} is with you again")
    return action
