"""Other ids of children: who is meant by an id, and what a list of such ids would change."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from accounts.rules.table_file import read_table
from cases.importers.cells import clean_id
from cases.importers.other_ids import REQUIRED, KnownChild, OtherIdsPlan, plan_other_ids
from cases.models import Case, Child, ChildAlias, Draw, SampledCase

NO_OTHER_IDS = "0/0"


def own_ids(named: Iterable[str]) -> dict[str, str]:
    """Of the ids in ``named`` those that are another id of a child → that child's own id."""
    found = ChildAlias.objects.filter(other_id__in=set(named))
    return dict(found.values_list("other_id", "child__local_id"))


def own_id_of(path: str) -> Subquery:
    """An expression: the own id of the child whose other id stands at ``path``, else null.

    Of a child's `local_id` it says whether the child has turned out to be another.
    """
    found = ChildAlias.objects.filter(other_id=OuterRef(path)).order_by()
    return Subquery(found.values("child__local_id")[:1])


def state_of_other_ids() -> str:
    """Changes whenever another id is added or removed: what was compared before is out of date."""
    found = ChildAlias.objects.aggregate(number=Count("pk"), last=Max("pk"))
    return f"{found['number']}/{found['last'] or 0}"  # without any: NO_OTHER_IDS


def other_ids(term: str = "") -> QuerySet[ChildAlias]:
    """All other ids in order, or those that are, or belong to, the id ``term``."""
    found = ChildAlias.objects.select_related("child")
    if term:
        found = found.filter(Q(other_id__iexact=term) | Q(child__local_id__iexact=term))
    return found


def other_ids_count() -> int:
    """How many other ids are known."""
    return ChildAlias.objects.count()


def plan_for_other_ids(text: str) -> OtherIdsPlan:
    """What a list of other ids would change today. Five queries."""
    table = read_table(text, required=REQUIRED)
    named = {clean_id(line[column]) for line in table.lines for column in REQUIRED}
    aliases = ChildAlias.objects.filter(
        Q(other_id__in=named) | Q(child__local_id__in=named)
    ).values_list("other_id", "child__local_id")
    known = dict(aliases)
    return plan_other_ids(table, _children(named | set(known.values())), known)


def _children(named: set[str]) -> dict[str, KnownChild]:
    opened = set(
        Case.objects.filter(child__local_id__in=named, closed_on__isnull=True)
        .order_by()
        .values_list("child__local_id", flat=True)
    )
    waiting = SampledCase.objects.filter(
        entry__child__local_id__in=named,
        status__in=SampledCase.TO_BE_AUDITED,
        draw__status=Draw.Status.DRAWN,
    ).select_related("draw__quarter", "entry__child")
    drawn = {case.entry.child.local_id: case.draw.reference for case in waiting}
    children = Child.objects.filter(local_id__in=named)
    return {
        one: KnownChild(one in opened, audit, drawn.get(one, ""), earlier)
        for one, audit, earlier in children.values_list(
            "local_id", "audit_reference", "audited_before_on"
        )
    }
