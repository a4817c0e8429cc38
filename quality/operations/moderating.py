"""Moderation: from submission to the grade of record."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, may, require
from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.rules.words import is_written
from audits.models import Audit, Grading
from audits.operations.grading import open_grading, set_grading_aside
from audits.operations.locking import lock_audit
from audits.operations.submitting import set_grade_of_record
from audits.operations.withdrawing import set_aside
from cases.models import DeclaredConflict
from cases.operations.conflicts import note_conflict
from cases.operations.frame_rows import opaque
from cases.queries.calendar import bank_holidays, local_date
from cases.rules.independence import OWN_WORDS
from quality.models import Escalation, Moderation
from quality.queries.moderation import not_any_more
from quality.queries.people import against_now, why_not_independent
from quality.queries.policy import policy_of
from quality.rules.escalation import IMMEDIATE_CONCERN
from quality.rules.moderation import ModerationChoice, choose, missing_to_decide

P = Permission
Status = Moderation.Status
FIRST, SECOND = "first", "second"
NOT_ANY_MORE = (
    "You are not independent of this case now, so you cannot moderate it. {} Use “Give this"
    " moderation back” on the page of the moderation: what you wrote is kept."
)


@operation
def settle_submission(*, audit: Audit, grading: Grading, by: User, now: datetime) -> None:
    """Choose whether a submitted audit is moderated; where it is not, its grade stands at once.

    One that was chosen before it was reopened is moderated whatever its grade is now.
    """
    before = Moderation.objects.select_for_update().filter(audit=audit).first()
    choice = choose(
        seed=opaque("moderation", audit.quarter.label),
        reference=audit.reference,
        grade=grading.overall_grade,
        cap_overridden=grading.above_cap,
        immediate_concern=has_concern(audit),
        submitted_on=local_date(now),
        holidays=bank_holidays(),
        policy=policy_of(audit.quarter),
        before=before.reasons if before is not None else (),
    )
    if choice.due_on is None:
        set_grade_of_record(audit=audit, grading=grading, by=by, now=now)
    elif before is not None:
        _ask_again(before, choice, choice.due_on, now)
    else:
        _ask(audit, choice, choice.due_on, now)


def has_concern(audit: Audit) -> bool:
    """Whether an immediate safeguarding concern was ever raised in this audit."""
    return Escalation.objects.filter(audit=audit, track=Escalation.Track.IMMEDIATE_CONCERN).exists()


def heed_later_concern(*, audit: Audit) -> None:
    """A concern after submission is a reason for the moderation that is still to be decided.

    Where the grade stands already, the quality assurance leads are told: they can reopen it.
    """
    waiting = Moderation.objects.select_for_update().filter(audit=audit)
    found = waiting.exclude(status=Status.DECIDED).first()
    if found is None:
        send_notice(
            to=people_with_role(Role.QUALITY_ASSURANCE_LEAD),
            subject=f"Audit {audit.reference}: something was raised after it was submitted",
            path=f"/audits/{audit.reference}/",
        )
    elif IMMEDIATE_CONCERN not in found.reasons:
        found.reasons = [*found.reasons, IMMEDIATE_CONCERN]
        found.save(update_fields=["reasons"])


def _ask(audit: Audit, choice: ModerationChoice, due_on: date, now: datetime) -> None:
    Moderation.objects.create(
        audit=audit,
        reasons=list(choice.reasons),
        blind=choice.blind,
        due_on=due_on,
        grade_by=choice.grade_by,
        required_at=now,
    )
    _tell_leads(audit)


def _ask_again(
    moderation: Moderation, choice: ModerationChoice, due_on: date, now: datetime
) -> None:
    moderation.reasons = list(choice.reasons)
    moderation.blind = moderation.blind or choice.blind
    moderation.due_on, moderation.grade_by = due_on, choice.grade_by
    moderation.required_at = now
    moderation.save(update_fields=["reasons", "blind", "due_on", "grade_by", "required_at"])
    _tell_leads(moderation.audit)


def _tell_leads(audit: Audit) -> None:
    send_notice(
        to=people_with_role(Role.QUALITY_ASSURANCE_LEAD),
        subject=f"Audit {audit.reference} needs a moderator",
        path=page_of(audit),
    )


def page_of(audit: Audit) -> str:
    """The address of an audit's moderation."""
    return f"/moderation/{audit.reference}/"


@operation
def assign_moderator(
    *, moderation: Moderation, moderator: User, reason: str = "", by: User, now: datetime
) -> Moderation:
    """Give a moderation to an independent moderator, who gets an empty grading of their own.

    A moderator may take a free one themself. Giving an assigned one to somebody else needs a
    reason; what the first one wrote is kept aside, unseen by the second. Once the first one has
    submitted, only where they must not, or cannot, decide. Raises Refused where the new one is not
    independent, MovedOn where it was taken, decided or reopened meanwhile.
    """
    if not (may(by, P.ASSIGN_MODERATOR) or (may(by, P.MODERATE) and moderator.pk == by.pk)):
        raise PermissionDenied("Moderators are assigned by the quality assurance lead.")
    audit, moderation = _lock(moderation)
    if audit.status != Audit.Status.SUBMITTED or moderation.status == Status.DECIDED:
        raise MovedOn(f"Audit {audit.reference} does not wait for a moderator any more.")
    if moderation.moderator_id == moderator.pk:
        return moderation
    if moderation.status == Status.ASSIGNED:
        _take_from_moderator(moderation, reason.strip(), by, now)
    refuse_dependent(moderator, audit, blind=moderation.blind)
    moderation.grading = open_grading(
        audit=audit,
        kind=Grading.Kind.MODERATOR,
        grader=moderator,
        blind=moderation.blind,
        by=by,
        now=now,
    )
    moderation.status, moderation.moderator = Status.ASSIGNED, moderator
    moderation.assigned_at, moderation.assigned_by = now, by
    moderation.save(update_fields=["status", "moderator", "assigned_at", "assigned_by", "grading"])
    send_notice(
        to=[moderator],
        subject=f"Audit {audit.reference} waits for your moderation",
        path=page_of(audit),
    )
    return moderation


def _lock(moderation: Moderation, *, with_sampled_case: bool = False) -> tuple[Audit, Moderation]:
    audit = lock_audit(moderation.audit, with_sampled_case=with_sampled_case)
    locked = Moderation.objects.select_for_update().get(pk=moderation.pk)
    locked.audit = audit
    return audit, locked


def refuse_dependent(moderator: User, audit: Audit, *, blind: bool) -> None:
    """Raise Refused unless ``moderator`` is one, and far enough from the case and its auditor."""
    if not may(moderator, P.MODERATE):
        raise Refused(f"{moderator} is not a moderator.")
    why_not = why_not_independent([moderator], audit, blind=blind)[0]
    if why_not:
        raise Refused(f"{moderator} cannot moderate this audit. {why_not}")


def refuse_who_is_near_now(*, grading: Grading) -> None:
    """Raise Refused where the case came near to the moderator who submits this second grading."""
    moderation = Moderation.objects.filter(grading=grading).first()
    if moderation is not None:
        _refuse_near(moderation)


def _refuse_near(moderation: Moderation) -> None:
    against = against_now([moderation]).get(moderation.pk)
    if against:
        raise Refused(NOT_ANY_MORE.format(" ".join(OWN_WORDS[each.code] for each in against)))


def _take_from_moderator(moderation: Moderation, reason: str, by: User, now: datetime) -> None:
    if not may(by, P.ASSIGN_MODERATOR):
        raise MovedOn(f"{moderation.moderator} has taken this moderation.")
    if not is_written(reason):
        raise Refused("Write why another moderator is needed.")
    grading, before = moderation.grading, moderation.moderator
    if grading is not None:
        if grading.status == Grading.Status.SUBMITTED and not not_any_more([moderation]):
            raise Refused(f"{before} has graded the file already, so the decision is theirs.")
        set_grading_aside(grading=grading, reason=reason, by=by, now=now)
    if before is not None:
        send_notice(
            to=[before],
            subject=f"Audit {moderation.audit.reference} has gone to another moderator",
            path="/moderation/",
        )


@operation
def hand_back(
    *, moderation: Moderation, reason: str, conflict: bool, by: User, now: datetime
) -> Moderation:
    """The moderator gives a moderation back: it waits for another. Their grading is kept aside.

    With ``conflict`` they are not given this child's file again. Raises Refused without a reason,
    MovedOn where it is not with ``by``, or they have submitted their grading and may decide.
    """
    require(by, P.MODERATE)
    reason = reason.strip()
    if not is_written(reason):
        raise Refused("Write why you give this moderation back.")
    # The case first: whoever joins two ids of the child holds it, then the child.
    audit, moderation = _lock(moderation, with_sampled_case=True)
    grading = moderation.grading
    if moderation.status != Status.ASSIGNED or moderation.moderator_id != by.pk:
        raise MovedOn(f"The moderation of audit {audit.reference} is not with you any more.")
    if grading is not None:
        if grading.status == Grading.Status.SUBMITTED and not against_now([moderation]):
            raise MovedOn("You have submitted your grading. Decide which grade stands.")
        set_grading_aside(grading=grading, reason=reason, by=by, now=now)
    if conflict:
        note_conflict(user=by, child=audit.child_id, reason=reason, now=now)
    _free(moderation)
    _tell_leads(audit)
    return moderation


@operation
def heed_conflict(*, conflict: DeclaredConflict, by: User, now: datetime) -> str:
    """A conflict was declared away from the file: its person gives the moderation back.

    One that they have graded stays, and the quality assurance leads are told. Returns what was done
    in a sentence, for those who may know who moderates what; else "".
    """
    mine = Moderation.objects.filter(audit__child=conflict.child_id, moderator=conflict.user_id)
    found = mine.select_related("audit").exclude(audit__status=Audit.Status.WITHDRAWN).first()
    if found is None:
        return ""
    audit, moderation = _lock(found)
    if moderation.moderator_id != conflict.user_id:
        return ""
    own = Grading.objects.select_for_update(no_key=True, of=("self",))
    drafts = [
        grading
        for grading in own.filter(moderation=moderation)
        if grading.status == Grading.Status.DRAFT
    ]
    if moderation.status == Status.ASSIGNED and (drafts or moderation.grading_id is None):
        set_aside(drafts, "The moderator has a conflict", now)
        _free(moderation)
        _tell_leads(audit)
        done = f"The moderation of audit {audit.reference} waits for another moderator."
    else:
        send_notice(
            to=people_with_role(Role.QUALITY_ASSURANCE_LEAD),
            subject=f"Audit {audit.reference}: its moderator has a conflict declared since",
            path=page_of(audit),
        )
        done = (
            f"The second grading of audit {audit.reference} was submitted before, so it stays. The"
            " quality assurance lead has been told."
        )
        if moderation.status == Status.ASSIGNED:
            done += " Another moderator has to grade the file and decide."
    return done if by.pk == conflict.user_id or may(by, P.ASSIGN_MODERATOR) else ""


def _free(moderation: Moderation) -> None:
    moderation.status = Status.REQUIRED
    moderation.moderator = moderation.assigned_at = moderation.assigned_by = None
    moderation.grading = None
    moderation.first_grade = moderation.second_grade = moderation.rationale = ""
    moderation.decided_at = moderation.decided_by = None
    moderation.save()


@operation
def start_again(*, audit: Audit, by: User, now: datetime) -> None:
    """A reopened audit is moderated again after its next submission. The history keeps the past."""
    moderation = Moderation.objects.select_for_update().filter(audit=audit).first()
    if moderation is None:
        return
    moderator = moderation.moderator
    _free(moderation)
    if moderator is not None:
        send_notice(
            to=[moderator],
            subject=f"Audit {audit.reference} was reopened: its moderation starts again later",
            path="/moderation/",
        )


@operation
def tell_second_grading_is_in(*, audit: Audit, grading: Grading, by: User, now: datetime) -> None:
    """The moderator has graded alone: now the two can be compared."""
    if grading.kind == Grading.Kind.MODERATOR:
        send_notice(
            to=[grading.grader],
            subject=f"Audit {audit.reference}: compare the two gradings and decide",
            path=page_of(audit),
        )


@operation
def decide_moderation(
    *, moderation: Moderation, stands: str, rationale: str, by: User, now: datetime
) -> Moderation:
    """The moderator says which grade stands, "first" or "second", and why.

    Sets the grade of record, from which escalations are settled. Raises Refused while something is
    missing, or where the case came near to the moderator after it was given to them; MovedOn where
    it was decided or the audit was reopened meanwhile.
    """
    require(by, P.MODERATE)
    audit, moderation = _lock(moderation)
    if moderation.status != Status.ASSIGNED or audit.status != Audit.Status.SUBMITTED:
        raise MovedOn(f"The moderation of audit {audit.reference} has been decided or has changed.")
    if moderation.moderator_id != by.pk:
        raise PermissionDenied("A moderation is decided by its moderator.")
    _refuse_near(moderation)
    first = submitted_by_auditor(audit)
    second = moderation.grading
    missing = missing_to_decide(
        first_grader=str(first.grader_id),
        moderator=str(by.pk),
        second_grading_submitted=second is not None and second.status == Grading.Status.SUBMITTED,
        rationale=rationale,
    )
    if missing or second is None:
        raise Refused(missing[0].sentence)
    if stands not in (FIRST, SECOND):
        raise Refused("Say which of the two grades stands.")
    moderation.status = Status.DECIDED
    moderation.first_grade, moderation.second_grade = first.overall_grade, second.overall_grade
    moderation.rationale = rationale.strip()
    moderation.decided_at, moderation.decided_by = now, by
    moderation.save()
    chosen = first if stands == FIRST else second
    moderation.audit = set_grade_of_record(audit=audit, grading=chosen, by=by, now=now)
    send_notice(
        to=[audit.auditor],
        subject=f"The moderation of audit {audit.reference} is decided",
        path=f"/audits/{audit.reference}/",
    )
    return moderation


def submitted_by_auditor(audit: Audit) -> Grading:
    """The auditor's submitted grading of a submitted audit."""
    return Grading.objects.get(
        audit=audit, kind=Grading.Kind.AUDITOR, status=Grading.Status.SUBMITTED
    )
