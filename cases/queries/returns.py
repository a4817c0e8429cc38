"""A statutory return beside our open cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.apps import apps
from django.db.models import Q

from cases.importers.returns import SERVICES, ReturnedChildren
from cases.models import Case
from cases.queries.calendar import local_date
from cases.queries.other_ids import own_ids
from cases.rules.involvement import State, service_on


@dataclass(frozen=True)
class Reconciled:
    """Children open in both, and the ids of those that only one of the two has, in order.

    ``in_return`` and ``short_breaks`` count the children of the return, each once, whichever of
    their ids it names.
    """

    in_return: int
    short_breaks: int
    both: int
    only_return: tuple[str, ...]
    only_here: tuple[str, ...]


def reconcile(found: ReturnedChildren) -> Reconciled:
    """Compare a return with the cases of its services that were open on its day; four queries.

    A child whom the return names by another of their ids is that child. Children whom the return
    has in short breaks alone are left out on both sides. Where the two differ, what
    our cases said before, of a child who has moved since, is looked up.
    """
    own = own_ids(found.open | found.short_breaks)
    returned = {own.get(one, one) for one in found.open}
    short_breaks = {own.get(one, one) for one in found.short_breaks} - returned
    cases = Case.objects.filter(service__code__in=SERVICES[found.kind])
    if found.on is None:
        cases = cases.filter(closed_on__isnull=True)
    else:
        cases = cases.filter(
            Q(opened_on__isnull=True) | Q(opened_on__lte=found.on),
            Q(closed_on__isnull=True) | Q(closed_on__gt=found.on),
        )
    here = set(cases.values_list("child__local_id", flat=True)) - short_breaks
    if found.on is not None:
        differ = here ^ returned
        here = (here - differ) | _open_then(differ, SERVICES[found.kind], found.on)
    return Reconciled(
        in_return=len(returned),
        short_breaks=len(short_breaks),
        both=len(here & returned),
        only_return=tuple(sorted(returned - here)),
        only_here=tuple(sorted(here - returned)),
    )


def _open_then(children: Iterable[str], services: tuple[str, ...], on: date) -> set[str]:
    """Of ``children`` those with a case that was open to one of ``services`` on a day."""
    cases = {
        pk: (child, closed_on)
        for pk, child, closed_on in Case.objects.filter(child__local_id__in=children)
        .order_by()
        .values_list("pk", "child__local_id", "closed_on")
    }
    history = apps.get_model("cases", "CaseEvent").objects.filter(pgh_obj_id__in=cases)
    states: defaultdict[int, list[State]] = defaultdict(list)
    for case, service, opened_on, said_at in history.order_by("pgh_id").values_list(
        "pgh_obj_id", "service__code", "opened_on", "pgh_created_at"
    ):
        states[case].append(State(service, opened_on, local_date(said_at)))
    return {
        child
        for case, (child, closed_on) in cases.items()
        if service_on(on, states[case], closed_on) in services
    }
