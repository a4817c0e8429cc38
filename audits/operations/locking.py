"""Locks in the one order that everybody keeps: sampled case, audit, grading.

Locks are "no key": rows that merely point at a locked audit can still be written.
"""

from __future__ import annotations

from accounts.models import User
from accounts.operations import MovedOn, Refused
from audits.models import Audit, Grading, StandardGrade
from cases.models import SampledCase

TAKEN_AWAY = "This audit is no longer with you. What you had saved has been kept."


def lock_audit(audit: Audit, *, with_sampled_case: bool = False) -> Audit:
    """The audit as it is now, locked; its sampled case first, where that will change too."""
    if with_sampled_case and audit.sampled_case_id:
        SampledCase.objects.select_for_update(no_key=True).get(pk=audit.sampled_case_id)
    return Audit.objects.select_for_update(no_key=True).get(pk=audit.pk)


def lock_draft(grading: Grading, by: User) -> Grading:
    """The grading as it is now, locked. Only its grader may change it, and only as a draft.

    Raises Refused for anybody else, MovedOn once it was submitted or set aside.
    """
    locked = lock_own(grading, by)
    _check_draft(locked)
    return locked


def lock_own(grading: Grading, by: User) -> Grading:
    """The grading as it is now, locked, a draft or submitted.

    Raises Refused for anybody but its grader, MovedOn once it was set aside.
    """
    locked = (
        Grading.objects.select_for_update(no_key=True, of=("self",))
        .select_related("audit")
        .get(pk=grading.pk)
    )
    _check_own(locked, by)
    return locked


def lock_draft_with_answers(grading: Grading, by: User) -> tuple[Grading, list[StandardGrade]]:
    """The same with its judgements and their standards, all locked, in one query.

    A grading has at least one: some standard is asked of every case (rules.tool_schema).
    """
    answers = list(
        StandardGrade.objects.select_for_update(no_key=True, of=("self", "grading"))
        .select_related("standard__section", "grading__audit__tool_version")
        .filter(grading=grading.pk)
    )
    locked = answers[0].grading
    _check_own(locked, by)
    _check_draft(locked)
    return locked, answers


def _check_own(locked: Grading, by: User) -> None:
    if locked.grader_id != by.pk:
        raise Refused("Only the person who makes a grading can change it.")
    if locked.status == Grading.Status.SET_ASIDE:
        raise MovedOn(TAKEN_AWAY)


def _check_draft(locked: Grading) -> None:
    if locked.status == Grading.Status.SUBMITTED:
        raise MovedOn("This grading has been submitted, so it can no longer be changed.")
