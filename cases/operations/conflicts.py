"""Declaring that somebody must not grade a child's file, ahead of any file, and ending a mistake.

Whoever has the file in front of them declares it there (audits, quality); this is the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, may, require
from accounts.rules.words import is_written
from cases.importers.cells import clean_id
from cases.importers.records import ReadLimits
from cases.importers.rows import wrong_with_id
from cases.models import Child, DeclaredConflict
from cases.operations import import_sql
from cases.queries.conflicts import child_of_id
from cases.signals import conflict_declared

NOT_KNOWN = "No child with this id is known here. Check the id."
OWN_PAGE = "/conflicts/yours/"
_LIMITS = ReadLimits()


@dataclass(frozen=True)
class Declared:
    """A conflict, and sentences about what followed for files that the person had at hand."""

    conflict: DeclaredConflict
    followed: tuple[str, ...] = ()


@operation
def declare_ahead(*, child_id: str, reason: str, by: User, now: datetime) -> Declared:
    """``by`` must not grade this child's file: they know the child or the family.

    An id that is not known is taken like any other, and counts once a list names it. Why nobody is
    told which it is: docs/decisions/0024. What ``by`` has at hand of the child is passed on. Raises
    Refused where it is declared already.
    """
    require(by, Permission.GRADE)
    child_id = checked_id(child_id)
    import_sql.lock_confirming()  # lists make children as well, and two ids may become one child
    child = child_of_id(child_id) or Child.objects.create(local_id=child_id)
    return _declare(by, child, child_id, reason, by, now)


@operation
def register_conflict(
    *, user: User, child_id: str, reason: str, by: User, now: datetime
) -> Declared:
    """The same for somebody else, who has told the performance team; they get a notice.

    Whoever registers may know which children there are, so an id that is not known is Refused.
    """
    require(by, Permission.MANAGE_CONFLICTS)
    if not may(user, Permission.GRADE):
        raise Refused(f"{user} grades no files.")
    child_id = checked_id(child_id)
    import_sql.lock_confirming()
    child = child_of_id(child_id)
    if child is None:
        raise Refused(NOT_KNOWN)
    declared = _declare(user, child, child_id, reason, by, now)
    if user != by:
        send_notice(to=[user], subject="A conflict was registered for you", path=OWN_PAGE)
    return declared


@operation
def end_conflict(
    *, conflict: DeclaredConflict, reason: str, by: User, now: datetime
) -> DeclaredConflict:
    """End a conflict that was declared by mistake: the person can be given the file again.

    Nothing is deleted. Raises MovedOn where it is ended already, Refused without a reason and where
    it is one's own: nobody decides alone that they may grade a file after all.
    """
    require(by, Permission.MANAGE_CONFLICTS)
    reason = reason.strip()
    if not is_written(reason):
        raise Refused("Write why it is ended.")
    conflict = DeclaredConflict.objects.select_for_update().get(pk=conflict.pk)
    if conflict.ended_at is not None:
        raise MovedOn("This conflict has been ended already.")
    if conflict.user_id == by.pk:
        raise Refused("Somebody else must end a conflict of yours.")
    conflict.ended_at, conflict.ended_by, conflict.end_reason = now, by, reason[:500]
    conflict.save(update_fields=["ended_at", "ended_by", "end_reason"])
    send_notice(to=[conflict.user], subject="A conflict of yours was ended", path=OWN_PAGE)
    return conflict


def note_conflict(
    *,
    user: User,
    child: int,
    reason: str,
    now: datetime,
    declared_as: str = "",
    registered_by: User | None = None,
) -> tuple[DeclaredConflict, bool]:
    """The conflict of ``user`` with a child (by primary key) in force, and whether it is new."""
    return DeclaredConflict.objects.get_or_create(
        user=user,
        child_id=child,
        ended_at=None,
        defaults={
            "reason": reason[:500],
            "declared_at": now,
            "declared_as": declared_as,
            "registered_by": registered_by,
        },
    )


def checked_id(typed: str) -> str:
    """A typed id as lists have it. Raises Refused for what can be no child's id."""
    child_id = clean_id(typed)
    wrong = wrong_with_id(typed, child_id, _LIMITS)
    if wrong:
        raise Refused(wrong)
    return child_id


def _declare(
    user: User, child: Child, declared_as: str, reason: str, by: User, now: datetime
) -> Declared:
    reason = reason.strip()
    if not is_written(reason):
        raise Refused("Write why this person cannot grade the file.")
    conflict, new = note_conflict(
        user=user,
        child=child.pk,
        reason=reason,
        now=now,
        declared_as=declared_as,
        registered_by=by if by != user else None,
    )
    if not new:
        raise Refused("A conflict with this child is declared already.")
    told = conflict_declared.send(DeclaredConflict, conflict=conflict, by=by, now=now)
    return Declared(conflict, tuple(sentence for _, sentence in told if sentence))
