"""Reading: declared conflicts, and which child a typed id means."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.sorting import Sorts
from cases.models import Case, Child, ChildAlias, DeclaredConflict
from cases.queries.other_ids import own_ids

IN_FORCE, ENDED = "in_force", "ended"
CONFLICT_SORTS: Sorts = {
    "person": ("user__name",),
    "child": ("child__local_id",),
    "declared": ("declared_at",),
    "ended": ("ended_at",),
}


def conflicts_in_force() -> QuerySet[DeclaredConflict]:
    """Those that count: whoever asks about independence asks these."""
    return DeclaredConflict.objects.filter(ended_at__isnull=True)


def own_conflicts(user: User) -> QuerySet[DeclaredConflict]:
    """What somebody declared, or had registered for them, newest first; the ended ones too."""
    found = DeclaredConflict.objects.filter(user=user)
    return found.select_related("child", "registered_by", "ended_by").order_by("-declared_at", "pk")


def conflicts(*, text: str = "", state: str = "") -> QuerySet[DeclaredConflict]:
    """All by part of the person's name and ``state`` (IN_FORCE or ENDED), by person.

    Each with ``in_a_list``: whether any list of open cases has named the child, or a list of those
    audited earlier. Where none has, the id may be mistyped.
    """
    cases = Case.objects.filter(child=OuterRef("child"))
    found = DeclaredConflict.objects.select_related("user", "child", "registered_by", "ended_by")
    found = found.annotate(
        in_a_list=Q(Exists(cases)) | Q(child__audited_before_on__isnull=False)
    ).order_by("user__name", "user", F("declared_at").desc(), "pk")
    if text:
        found = found.filter(user__name__icontains=text)
    return found.filter(ended_at__isnull=state == IN_FORCE) if state else found


def child_of_id(typed: str) -> Child | None:
    """The child whose id, or another id, ``typed`` is; None where no such child is known.

    Capitals do not matter where only one child can be meant.
    """
    own = own_ids([typed]).get(typed, typed)
    exact = Child.objects.filter(local_id=own).first()
    if exact is not None:
        return exact
    another_id = ChildAlias.objects.filter(other_id=OuterRef("local_id"))
    alike = Child.objects.filter(
        Q(local_id__iexact=typed) | Q(aliases__other_id__iexact=typed), ~Q(Exists(another_id))
    ).distinct()[:2]
    return alike[0] if len(alike) == 1 else None
