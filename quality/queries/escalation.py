"""The list of escalations, with what is late at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncDate

from accounts.models import User
from accounts.sorting import Sorts, place_in
from cases.queries.calendar import local_date
from quality.models import Action, Escalation
from quality.queries.visibility import (
    actions_to_verify,
    actions_visible_to,
    escalations_sent_to,
    escalations_visible_to,
)

OPEN = (
    Escalation.Status.RAISED,
    Escalation.Status.ACKNOWLEDGED,
    Escalation.Status.PLAN_AGREED,
    Escalation.Status.AWAITING_VERIFICATION,
)
UNFINISHED = (Action.Status.OPEN, Action.Status.EVIDENCE_OFFERED)


@dataclass(frozen=True)
class EscalationFilters:
    """What of the list is asked for; "" is everything."""

    track: str = ""
    status: str = ""  # a code of Escalation.Status, or "open"
    late: bool = False
    mine: bool = False  # sent to the person, at the level where it stands


def is_overdue(escalation: Escalation, now: datetime) -> bool:
    """The same of one escalation at hand."""
    if escalation.status == Escalation.Status.RAISED and escalation.acknowledge_by < now:
        return True
    unplanned = escalation.status in (Escalation.Status.RAISED, Escalation.Status.ACKNOWLEDGED)
    return unplanned and escalation.plan_by < local_date(now)


def is_late(now: datetime) -> Q:
    """The condition that an escalation waits for something past its deadline."""
    return Q(status=Escalation.Status.RAISED, acknowledge_by__lt=now) | Q(
        status__in=(Escalation.Status.RAISED, Escalation.Status.ACKNOWLEDGED),
        plan_by__lt=local_date(now),
    )


def _marked(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=_BOOLEAN)


_BOOLEAN = BooleanField()


# The deadline is the one that the list shows: of the answer, then of the plan, then none.
ESCALATION_SORTS: Sorts = {
    "reference": ("audit__reference",),
    "track": (place_in("track", Escalation.Track.values),),
    "service": ("audit__service__name", "audit__team__name"),
    "level": (place_in("level", Escalation.Level.values),),
    "due": (
        Case(
            When(status=Escalation.Status.RAISED, then=TruncDate("acknowledge_by")),
            When(status=Escalation.Status.ACKNOWLEDGED, then=F("plan_by")),
        ),
        "acknowledge_by",
    ),
    "status": (place_in("status", Escalation.Status.values),),
}


def escalation_list(user: User, filters: EscalationFilters, now: datetime) -> QuerySet[Escalation]:
    """Those ``user`` may see and asked for, with ``is_late``; open ones first, then by deadline."""
    seen = escalations_sent_to(user) if filters.mine else escalations_visible_to(user)
    found = seen.annotate(is_late=_marked(is_late(now)), is_open=_marked(Q(status__in=OPEN)))
    if filters.track:
        found = found.filter(track=filters.track)
    if filters.status == "open":
        found = found.filter(status__in=OPEN)
    elif filters.status:
        found = found.filter(status=filters.status)
    if filters.late:
        found = found.filter(is_late(now))
    return found.select_related("audit__team", "audit__service").order_by(
        "-is_open", "acknowledge_by", "pk"
    )


ACTION_SORTS: Sorts = {
    "reference": ("audit__reference",),
    "owner": (Coalesce("owner__name", "practitioner__name"),),
    "due": ("due_on",),
    "status": (place_in("status", Action.Status.values),),
}


@dataclass(frozen=True)
class ActionFilters:
    """What of the list of actions is asked for."""

    whose: str = ""  # "mine", "verify" or ""
    status: str = ""  # a code of Action.Status, or "overdue"


def action_list(
    user: User, filters: ActionFilters | None = None, *, now: datetime
) -> QuerySet[Action]:
    """The actions ``user`` may see and asked for, with ``is_overdue``; unfinished ones first."""
    filters = filters or ActionFilters()
    found = actions_to_verify(user) if filters.whose == "verify" else actions_visible_to(user)
    if filters.whose == "mine":
        found = found.filter(Q(owner=user) | Q(owner=None, practitioner__user=user))
    overdue = Q(status=Action.Status.OPEN, due_on__lt=local_date(now))
    found = found.annotate(
        is_overdue=_marked(overdue), is_unfinished=_marked(Q(status__in=UNFINISHED))
    )
    if filters.status == "overdue":
        found = found.filter(overdue)
    elif filters.status:
        found = found.filter(status=filters.status)
    return found.select_related("audit", "owner", "practitioner", "standard").order_by(
        "-is_unfinished", "due_on", "pk"
    )
