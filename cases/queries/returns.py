"""A statutory return beside our open cases."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from cases.importers.returns import SERVICES, ReturnedChildren
from cases.models import Case
from cases.queries.other_ids import own_ids


@dataclass(frozen=True)
class Reconciled:
    """Children open in both, and the ids of those that only one of the two has, in order."""

    both: int
    only_return: tuple[str, ...]
    only_here: tuple[str, ...]


def reconcile(found: ReturnedChildren) -> Reconciled:
    """Compare a return with the cases of its services that were open on its day; two queries.

    A child whom the return names by another of their ids is that child.
    """
    cases = Case.objects.filter(service__code__in=SERVICES[found.kind])
    if found.on is None:
        cases = cases.filter(closed_on__isnull=True)
    else:
        cases = cases.filter(
            Q(opened_on__isnull=True) | Q(opened_on__lte=found.on),
            Q(closed_on__isnull=True) | Q(closed_on__gt=found.on),
        )
    own = own_ids(found.open)
    returned = {own.get(one, one) for one in found.open}
    here = set(cases.values_list("child__local_id", flat=True))
    return Reconciled(
        both=len(here & returned),
        only_return=tuple(sorted(returned - here)),
        only_here=tuple(sorted(here - returned)),
    )
