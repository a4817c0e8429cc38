"""Saving a grading as it is written, so that no word is lost between two tabs or two devices.

Every page posts the version it was typed over, and a save is one conditional update. Where the
version has moved on, nothing is written and ``Conflict`` carries what is stored, so that the page
can show both texts. What is stored already is never a conflict: a form sent twice is saved once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F

from accounts.models import User
from accounts.operations import Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from audits.models import Grading, LaterConcern, StandardGrade
from audits.operations.grading import HELD_BY_GRADER, WRONG_CHILD, same_child_id
from audits.operations.locking import lock_audit, lock_draft, lock_draft_with_answers, lock_own
from audits.queries.grading_state import suggested_of
from audits.rules.checks import checks_of, faults
from audits.rules.grades import GRADES, Scale
from audits.rules.limits import check_overall
from audits.signals import immediate_concern_raised
from cases.models import Practitioner
from cases.queries.calendar import local_date

MET_LATER = "The date you spoke with the practitioner must be today or in the past."


class Conflict(Exception):
    """Somebody saved after the page was loaded. Nothing was written.

    ``stored`` is what is saved now, by field name; ``version`` is the version to save over it
    with; ``saved_at`` is when it was saved.
    """

    def __init__(self, stored: dict[str, Any], version: int, saved_at: datetime | None) -> None:
        super().__init__("This has changed since the page was loaded.")
        self.stored, self.version, self.saved_at = stored, version, saved_at


@dataclass(frozen=True)
class Saved:
    """A save that is stored: its version from now on, and when."""

    version: int
    at: datetime


@dataclass(frozen=True)
class Details:
    """What the auditor says beside the standards (fields as on Grading)."""

    strengths: str = ""
    improvements: str = ""
    family_feedback: str = ""
    family_feedback_text: str = ""
    practitioner_involved: str = ""
    practitioner_met_on: date | None = None
    practitioner_not_met_reason: str = ""


@dataclass(frozen=True)
class Overall:
    """The overall grade with its reasons, and the minutes spent (fields as on Grading)."""

    overall_grade: str = ""
    override_reason: str = ""
    summary: str = ""
    minutes_spent: int | None = None


@operation
def save_standard(
    *,
    standard_grade: StandardGrade,
    version: int,
    grade: str,
    evidence: str,
    not_applicable: bool = False,
    not_applicable_reason: str = "",
    checked: Mapping[str, Mapping[str, str]] | None = None,
    by: User,
    now: datetime,
) -> Saved:
    """Save one standard's judgement as it stands, complete or not.

    ``grade`` is a code of the tool's scale or "". ``checked`` holds the facts checked, {code:
    {"answer", "evidence"}}; None leaves them as they are. Raises Conflict, MovedOn (submitted or
    set aside), Refused (a grade or fact that is not asked; not applicable where that may not be).
    """
    require(by, Permission.GRADE)
    lock_draft(standard_grade.grading, by)
    standard = standard_grade.standard
    if not_applicable and not standard.may_be_not_applicable:
        raise Refused(f"“{standard.title}” must always be graded.")
    if grade and grade not in _scale(standard_grade).codes:
        raise Refused("Choose a grade from the list.")
    values: dict[str, Any] = {
        "grade": "" if not_applicable else grade,
        "evidence": evidence,
        "not_applicable": not_applicable,
        "not_applicable_reason": not_applicable_reason,
    }
    if checked is not None:
        for fault in faults(checks_of(standard.checks), checked):
            raise Refused(fault)
        values["checked"] = {code: dict(found) for code, found in checked.items()}
    rows = StandardGrade.objects.filter(pk=standard_grade.pk)
    changed = rows.filter(version=version).exclude(**values)
    if changed.update(**values, version=F("version") + 1, saved_at=now):
        return Saved(version + 1, now)
    return _stored(rows.get(), values, "version", now)


@operation
def save_details(
    *, grading: Grading, version: int, details: Details, by: User, now: datetime
) -> Saved:
    """Save the details page as it stands. ``version`` is the grading's ``details_version``.

    Raises Conflict, MovedOn, Refused (the practitioner met on a date still to come).
    """
    require(by, Permission.GRADE)
    locked = lock_draft(grading, by)
    met_on = details.practitioner_met_on
    if met_on is not None and met_on > local_date(now):
        raise Refused(MET_LATER)
    return _save(locked, "details_version", version, asdict(details), now)


@operation
def save_overall(
    *, grading: Grading, version: int, overall: Overall, by: User, now: datetime
) -> Saved:
    """Save the overall grade as it stands. ``version`` is the grading's ``overall_version``.

    Whether it is above a cap of the standards as they are graded now is stored with it; the reason
    for that may come later, and nothing is submitted without it. Raises Conflict, MovedOn, Refused
    (not one of the four grades).
    """
    require(by, Permission.GRADE)
    locked, answers = lock_draft_with_answers(grading, by)
    if overall.overall_grade and overall.overall_grade not in GRADES:
        raise Refused("Choose an overall grade from the list.")
    suggested = suggested_of(locked, answers)
    chosen = overall.overall_grade
    worked_out = {
        "above_cap": bool(chosen) and check_overall(chosen, suggested).needs_reason,
        "suggested_grade": suggested.grade or "",
    }
    return _save(locked, "overall_version", version, asdict(overall), now, worked_out)


@operation
def save_before(
    *,
    grading: Grading,
    version: int,
    child_id: str,
    held_by_listed_practitioner: bool | None = None,
    held_most_by: Practitioner | None = None,
    by: User,
    now: datetime,
) -> Saved:
    """Confirm the child id and, for the auditor, who held the case for most of the period.

    ``version`` is the grading's ``version``. An empty ``child_id`` confirms nothing and takes no
    confirmation away; None for ``held_by_listed_practitioner`` is "not said yet". Raises Conflict,
    MovedOn, Refused (wrong child id, or the case was held by the grader).
    """
    require(by, Permission.GRADE)
    locked = lock_draft(grading, by)
    audit = locked.audit  # its child and its practitioner are those of ``grading.audit``
    if child_id and not same_child_id(child_id, grading.audit):
        raise Refused(WRONG_CHILD)
    values: dict[str, Any] = {"child_id_confirmed": bool(child_id) or locked.child_id_confirmed}
    if locked.kind == Grading.Kind.AUDITOR:
        listed = held_by_listed_practitioner
        values["held_by_listed_practitioner"] = listed
        values["held_most_by"] = None if listed else held_most_by
        judged = grading.audit.practitioner if listed else held_most_by
        if judged is not None and judged.user_id == by.pk:
            raise Refused(HELD_BY_GRADER)
        judged_id = judged.pk if judged else None
        if listed is not None and audit.practitioner_judged_id != judged_id:
            audit.practitioner_judged_id = judged_id
            audit.save(update_fields=["practitioner_judged"])
    return _save(locked, "version", version, values, now)


@operation
def raise_immediate_concern(
    *, grading: Grading, text: str, told: str, by: User, now: datetime
) -> Grading:
    """Record an immediate safeguarding concern and send it up at once, before or after submission.

    ``text`` says what it is; ``told`` who was told and when. Raised a second time, it adds to what
    was written. After submission the grading stays as it is, and the concern stands beside it.
    Raises Refused where either is empty: the telephone comes first; MovedOn once it was set aside.
    """
    require(by, Permission.GRADE)
    if not is_written(text):
        raise Refused("Write what the immediate safeguarding concern is.")
    if not is_written(told):
        raise Refused("Telephone first, then write whom you told and when.")
    lock_audit(grading.audit)  # first, as everybody does: the escalation will lock it too
    locked = lock_own(grading, by)
    if locked.status == Grading.Status.SUBMITTED:
        new = _stand_beside(locked, text, told, now)
    else:
        new = _write_down(locked, text, told, now)
    if new:  # the form may have been sent twice
        immediate_concern_raised.send(
            Grading, audit=locked.audit, grading=locked, text=text, told=told, by=by, now=now
        )
    return locked


def _stand_beside(grading: Grading, text: str, told: str, now: datetime) -> bool:
    last = grading.later_concerns.last()
    if last is not None and (last.text, last.told) == (text, told):
        return False
    LaterConcern.objects.create(grading=grading, text=text, told=told, raised_at=now)
    return True


def _write_down(locked: Grading, text: str, told: str, now: datetime) -> bool:
    if (locked.immediate_concern_text, locked.immediate_concern_told) == (text, told):
        return False
    locked.immediate_concern_text = added_to(locked.immediate_concern_text, text)
    locked.immediate_concern_told = added_to(locked.immediate_concern_told, told)
    locked.immediate_concern = True
    locked.immediate_concern_at = locked.immediate_concern_at or now
    locked.saved_at = now
    locked.save(
        update_fields=[
            "immediate_concern",
            "immediate_concern_text",
            "immediate_concern_told",
            "immediate_concern_at",
            "saved_at",
        ]
    )
    return True


def added_to(before: str, text: str) -> str:
    """Nothing that was reported is taken back: a change of the text comes after it."""
    if not before or text.startswith(before):
        return text
    return f"{before}\n\n{text}"


def _scale(standard_grade: StandardGrade) -> Scale:
    return Scale.from_dict(standard_grade.grading.audit.tool_version.scale)


def _save(
    grading: Grading,
    version_field: str,
    version: int,
    values: dict[str, Any],
    now: datetime,
    worked_out: dict[str, Any] | None = None,
) -> Saved:
    rows = Grading.objects.filter(pk=grading.pk)
    if all(getattr(grading, name) == value for name, value in values.items()):
        if worked_out:
            rows.update(**worked_out)
        return Saved(getattr(grading, version_field), grading.saved_at or now)
    changed = rows.filter(**{version_field: version}).update(
        **values, **(worked_out or {}), **{version_field: F(version_field) + 1}, saved_at=now
    )
    if changed:
        return Saved(version + 1, now)
    return _stored(rows.get(), values, version_field, now)


def _stored(row: Any, values: dict[str, Any], version_field: str, now: datetime) -> Saved:
    """What is stored, where it is what was to be saved; else Conflict."""
    stored = {name: getattr(row, name) for name in values}
    if stored == values:
        return Saved(getattr(row, version_field), row.saved_at or now)
    raise Conflict(stored, getattr(row, version_field), row.saved_at)
