"""Rates of feedback by quarter and service, counted by the database; the lists behind them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit, FeedbackRecipient, FeedbackReply
from audits.queries.visibility import DECIDED
from audits.rules.feedback_rates import FeedbackCounts
from cases.models import Practitioner, Service

# What the list of audits can be narrowed to, in the order of its filter.
STATES = {
    "not_released": "Not released yet",
    "released": "Released",
    "not_read": "Not read by everybody",
    "answer_overdue": "No reply in time",
    "answered_late": "Replied late",
    "disagreed": "Somebody disagrees",
}

Key = tuple[str, int]  # quarter label, service

_SERVICE = "feedback__audit__service"


@dataclass(frozen=True)
class ServiceRates:
    """One service's feedback in one quarter."""

    quarter: str  # label
    service: Service
    counts: FeedbackCounts


def sees_every_service(user: User) -> bool:
    """Whether the rates of ``user`` are the council's; a Head of Service has those they head."""
    return may(user, Permission.SEE_ALL_AUDITS, Permission.SEE_AUDIT_PROGRESS)


def services_measured(user: User) -> QuerySet[Service]:
    """The services whose rates ``user`` sees: all, or those they head or deputise in."""
    if not may(user, Permission.SEE_FEEDBACK_RATES):
        return Service.objects.none()
    services = Service.objects.select_related("line").order_by("line__order", "precedence")
    return services if sees_every_service(user) else services.filter(Q(head=user) | Q(deputy=user))


def feedback_rates(user: User, today: date) -> list[ServiceRates]:
    """Each quarter and service that ``user`` sees with audits that have a grade of record.

    Newest quarter first, services by line and precedence. Three queries.
    """
    services = {service.pk: service for service in services_measured(user)}
    audits, recipients = _audits(services), _recipients(services, today)
    place = {pk: number for number, pk in enumerate(services)}
    keys = sorted(audits, key=lambda key: place[key[1]])
    keys.sort(key=lambda key: key[0], reverse=True)
    return [
        ServiceRates(
            quarter, services[pk], FeedbackCounts(**audits[quarter, pk], **recipients[quarter, pk])
        )
        for quarter, pk in keys
    ]


def _audits(services: dict[int, Service]) -> dict[Key, dict[str, int]]:
    addressed = FeedbackRecipient.objects.filter(feedback__audit=OuterRef("pk"))
    released = Q(feedback__isnull=False)
    rows = (
        Audit.objects.filter(status__in=DECIDED, service__in=services)
        .order_by()
        .values("quarter__label", "service")
        .annotate(
            decided=Count("pk"),
            released=Count("pk", filter=released),
            unaddressed=Count("pk", filter=released & ~Q(Exists(addressed))),
        )
    )
    return {
        (row["quarter__label"], row["service"]): {
            "decided": row["decided"],
            "released": row["released"],
            "unaddressed": row["unaddressed"],
        }
        for row in rows
    }


def _recipients(services: dict[int, Service], today: date) -> defaultdict[Key, dict[str, int]]:
    reply = FeedbackReply.objects.filter(
        feedback=OuterRef("feedback"), practitioner=OuterRef("practitioner")
    )
    stance = FeedbackReply.Stance
    here = Practitioner.in_post(today, of="practitioner__")
    rows = (
        FeedbackRecipient.objects.filter(
            feedback__audit__status__in=DECIDED, feedback__audit__service__in=services
        )
        .order_by()
        .annotate(stance=Subquery(reply.values("stance")), was_late=Subquery(reply.values("late")))
        .values("feedback__audit__quarter__label", _SERVICE)
        .annotate(
            recipients=Count("pk"),
            cannot_sign_in=Count("pk", filter=Q(practitioner__user=None) | ~here),
            read=Count("pk", filter=Q(read_at__isnull=False)),
            agreed=Count("pk", filter=Q(stance=stance.AGREE)),
            partly=Count("pk", filter=Q(stance=stance.PARTLY)),
            disagreed=Count("pk", filter=Q(stance=stance.DISAGREE)),
            late=Count("pk", filter=Q(was_late=True)),
            overdue=Count("pk", filter=Q(stance=None, feedback__reply_by__lt=today)),
        )
    )
    found: defaultdict[Key, dict[str, int]] = defaultdict(dict)
    for row in rows:
        quarter, service = row.pop("feedback__audit__quarter__label"), row.pop(_SERVICE)
        found[quarter, service] = row
    return found


def with_feedback(audits: QuerySet[Audit], state: str, today: date) -> QuerySet[Audit]:
    """Those of ``audits`` whose feedback is in one of ``STATES``: the lists behind the rates."""
    recipients = FeedbackRecipient.objects.filter(feedback__audit=OuterRef("pk"))
    replies = FeedbackReply.objects.filter(feedback__audit=OuterRef("pk"))
    answered = FeedbackReply.objects.filter(
        feedback=OuterRef("feedback"), practitioner=OuterRef("practitioner")
    )
    unanswered = recipients.filter(~Exists(answered), feedback__reply_by__lt=today)
    conditions = {
        "not_released": Q(feedback=None),
        "released": Q(feedback__isnull=False),
        "not_read": Q(Exists(recipients.filter(read_at=None))),
        "answer_overdue": Q(Exists(unanswered)),
        "answered_late": Q(Exists(replies.filter(late=True))),
        "disagreed": Q(Exists(replies.filter(stance=FeedbackReply.Stance.DISAGREE))),
    }
    return audits.filter(conditions[state], status__in=DECIDED)
