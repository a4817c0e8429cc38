"""Beginning: the auditor's own grading of an audit, and further gradings by others."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.rules.words import is_written
from audits.models import Audit, Grading, StandardGrade
from audits.operations.locking import lock_audit
from audits.operations.withdrawing import set_aside
from audits.queries.grading_state import standards_of
from audits.queries.visibility import DECIDED, SUBMITTED, WITH_AUDITOR
from cases.models import DeclaredConflict, Practitioner
from cases.operations.allocation import refuse_who_is_near, return_to_allocation
from cases.operations.conflicts import note_conflict

WRONG_CHILD = (
    "That is not the child id of this audit. Check that you have the right file in front of you,"
    " and type the id from the file."
)
HELD_BY_GRADER = (
    "You held this case yourself, so you cannot grade it. Use “I have a conflict” to pass it on."
)


@operation
def begin_audit(
    *,
    audit: Audit,
    child_id: str,
    held_by_listed_practitioner: bool,
    held_most_by: Practitioner | None = None,
    by: User,
    now: datetime,
) -> Grading:
    """Begin an allocated audit with the file at hand; returns the auditor's draft grading.

    ``child_id`` is typed from the file. ``held_most_by`` is who held the case for most of the
    period judged, where that is not the listed practitioner; None there: somebody who is not in
    the list. Raises Refused for a wrong id or where ``by`` is not independent of the case, MovedOn
    where the audit is not waiting to be begun by ``by``.
    """
    require(by, Permission.GRADE)
    # The case first: whoever draws again holds it, and settles what was begun by then.
    audit = lock_audit(audit, with_sampled_case=True)
    if audit.auditor_id != by.pk or audit.status != Audit.Status.ALLOCATED:
        raise MovedOn(f"Audit {audit.reference} is not waiting to be begun by you.")
    if not same_child_id(child_id, audit):
        raise Refused(WRONG_CHILD)
    judged = audit.practitioner if held_by_listed_practitioner else held_most_by
    if by.pk in {each.user_id for each in (judged, audit.practitioner) if each}:
        raise Refused(HELD_BY_GRADER)
    if audit.sampled_case is not None:
        refuse_who_is_near(audit.sampled_case, by)
    grading = _create(
        Grading(
            audit=audit,
            kind=Grading.Kind.AUDITOR,
            grader=by,
            child_id_confirmed=True,
            held_by_listed_practitioner=held_by_listed_practitioner,
            held_most_by=None if held_by_listed_practitioner else held_most_by,
            created_at=now,
        )
    )
    audit.status, audit.started_at = Audit.Status.IN_PROGRESS, now
    audit.practitioner_judged = judged
    audit.save(update_fields=["status", "started_at", "practitioner_judged"])
    audit.child.audit_reference = audit.reference
    audit.child.save(update_fields=["audit_reference"])
    return grading


@operation
def open_grading(
    *, audit: Audit, kind: str, grader: User, blind: bool = True, by: User, now: datetime
) -> Grading:
    """Open a second grading of a submitted audit for ``grader``: an empty draft.

    ``kind`` is a code of Grading.Kind other than "auditor". The caller has checked independence.
    Raises MovedOn where the audit is not submitted or already has such a grading, Refused where
    the grader is its auditor.
    """
    require(by, Permission.MODERATE, Permission.ASSIGN_MODERATOR)
    if kind == Grading.Kind.AUDITOR:
        raise ValueError("The auditor's own grading is opened by begin_audit.")
    audit = lock_audit(audit)
    if audit.status not in (Audit.Status.SUBMITTED, *DECIDED):
        raise MovedOn(f"Audit {audit.reference} has not been submitted, or is so no longer.")
    if grader.pk == audit.auditor_id:
        raise Refused("The auditor of an audit cannot make the second grading of it.")
    return _create(Grading(audit=audit, kind=kind, grader=grader, blind=blind, created_at=now))


@operation
def set_grading_aside(*, grading: Grading, reason: str, by: User, now: datetime) -> None:
    """Set a second grading aside, so that another person can make one. It is kept.

    Whether one that was submitted may be is the caller's to check. Raises MovedOn where it is set
    aside already.
    """
    require(by, Permission.MODERATE, Permission.ASSIGN_MODERATOR)
    locked = Grading.objects.select_for_update(no_key=True).get(pk=grading.pk)
    if locked.status == Grading.Status.SET_ASIDE:
        raise MovedOn("This grading has been set aside already.")
    set_aside([locked], reason, now)


@operation
def declare_conflict(*, audit: Audit, reason: str, by: User, now: datetime) -> None:
    """The auditor must not grade this child's file, by their own word: another will.

    Before or after beginning; a draft is kept aside. Raises Refused without a reason, MovedOn
    where the audit is not with ``by`` any more.
    """
    require(by, Permission.GRADE)
    reason = reason.strip()
    if not is_written(reason):
        raise Refused("Write why you cannot grade this file.")
    audit = lock_audit(audit, with_sampled_case=True)
    if audit.auditor_id != by.pk or audit.status not in WITH_AUDITOR:
        raise MovedOn(f"Audit {audit.reference} is not with you any more.")
    note_conflict(user=by, child=audit.child_id, reason=reason, now=now)
    _pass_on(audit, by, now)


@operation
def heed_conflict(*, conflict: DeclaredConflict, by: User, now: datetime) -> str:
    """A conflict was declared away from the file: its person's audit of the child is passed on.

    One that they have submitted stays, and the quality assurance leads are told: they can reopen
    it. Returns what was done in a sentence, "" where there was nothing to do.
    """
    mine = Audit.objects.filter(child=conflict.child_id, auditor=conflict.user_id)
    found = mine.exclude(status__in=(Audit.Status.RETURNED, Audit.Status.WITHDRAWN)).first()
    if found is None:
        return ""
    audit = lock_audit(found, with_sampled_case=True)
    if audit.auditor_id != conflict.user_id:
        return ""
    if audit.status in WITH_AUDITOR:
        _pass_on(audit, by, now)
        return f"Audit {audit.reference} has been passed on: it waits for another auditor."
    if audit.status not in SUBMITTED:
        return ""
    send_notice(
        to=people_with_role(Role.QUALITY_ASSURANCE_LEAD),
        subject=f"Audit {audit.reference}: its auditor has a conflict declared since",
        path=f"/audits/{audit.reference}/",
    )
    return (
        f"Audit {audit.reference} was submitted before, so it stays. The quality assurance lead"
        " has been told."
    )


def _pass_on(audit: Audit, by: User, now: datetime) -> None:
    """Take a locked audit from its auditor, who has a conflict."""
    if audit.sampled_case is not None:
        return_to_allocation(
            sampled_case=audit.sampled_case, reason="The auditor has a conflict", by=by, now=now
        )
    send_notice(
        to=User.objects.filter(
            groups__name__in=(Role.PERFORMANCE_ANALYST, Role.QUALITY_ASSURANCE_LEAD)
        ),
        subject=f"Audit {audit.reference} waits for another auditor",
        path=f"/audits/{audit.reference}/",
    )


def same_child_id(typed: str, audit: Audit) -> bool:
    """Whether the typed id is that of the audit's child, or another id of the child, as the file in
    another system has it. Spaces around it and capitals aside."""
    typed = typed.strip()
    if typed.casefold() == audit.child.local_id.casefold():
        return True
    return audit.child.aliases.filter(other_id__iexact=typed).exists()


def _create(grading: Grading) -> Grading:
    """Save a new draft with a row for each standard that applies to the case."""
    try:
        with transaction.atomic():
            grading.save(force_insert=True)
    except IntegrityError as error:
        raise MovedOn("This grading has been opened already, perhaps in another tab.") from error
    StandardGrade.objects.bulk_create(
        StandardGrade(grading=grading, standard=standard)
        for standard, how in standards_of(grading.audit)
        if how.applies
    )
    return grading
