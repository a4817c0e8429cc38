"""Who to sign in as: for each role somebody who has something to do today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from accounts.roles import Role
from audits.models import Audit, FeedbackRecipient, Grading
from cases.queries.calendar import local_date
from config.demo_council.people import DOMAIN, PASSWORD, SINGLES, People
from quality.models import Action, Escalation, Moderation


def choose_signins(people: People, now: datetime) -> list[dict[str, str]]:
    """One sign-in for each role, given an address that is easy to remember."""
    chosen = {role: people.single[role] for _, role in SINGLES}
    memorable = {
        Role.AUDITOR: (_auditor(people), "auditor"),
        Role.MODERATOR: (_moderator(people), "moderator"),
        Role.TEAM_MANAGER: (_manager(people, now), "team.manager"),
        Role.PRACTITIONER: (_practitioner(), "practitioner"),
        Role.HEAD_OF_SERVICE: (_head(people, now), "head.of.service"),
    }
    for role, (user, name) in memorable.items():
        user.email = f"{name}@{DOMAIN}"
        user.save(update_fields=["email"])
        chosen[role] = user
    return [
        {"role": role.value, "email": chosen[role].email, "password": PASSWORD} for role in Role
    ]


def _busiest(points: Counter[int], otherwise: Iterable[User]) -> User:
    """Who has most points, the first made of several; anybody where nobody has any."""
    if not points:
        return next(iter(otherwise))
    most = max(points.values())
    return User.objects.get(pk=min(pk for pk, count in points.items() if count == most))


def _auditor(people: People) -> User:
    """Somebody with audits to begin, audits to go on with, and some behind them."""
    points: Counter[int] = Counter()
    states: dict[int, set[str]] = {}
    rows = Audit.objects.exclude(status=Audit.Status.RETURNED).values_list("auditor", "status")
    for auditor, status in rows:
        states.setdefault(auditor, set()).add(status)
    for auditor, seen in states.items():
        wanted = {"allocated": 4, "in_progress": 4, "submitted": 2, "finalised": 1}
        points[auditor] = sum(worth for status, worth in wanted.items() if status in seen)
    return _busiest(points, people.auditors)


def _moderator(people: People) -> User:
    points: Counter[int] = Counter()
    for moderator, grading in Moderation.objects.filter(
        status=Moderation.Status.ASSIGNED
    ).values_list("moderator", "grading__status"):
        points[moderator] += 3 if grading == Grading.Status.DRAFT else 2
    return _busiest(points, people.moderators)


def _manager(people: People, now: datetime) -> User:
    """Somebody with an escalation to acknowledge in time, plans to make and actions to verify."""
    points: Counter[int] = Counter()
    level = Escalation.Level.TEAM_MANAGER
    raised = Escalation.objects.filter(
        status=Escalation.Status.RAISED, level=level, acknowledge_by__gt=now
    )
    planning = Escalation.objects.filter(status=Escalation.Status.ACKNOWLEDGED, level=level)
    offered = Action.objects.filter(
        status=Action.Status.EVIDENCE_OFFERED, side=Action.Side.PRACTITIONER
    )
    for found, worth in ((raised, 100), (planning, 30), (offered, 10)):
        for manager in found.values_list("audit__team__manager", flat=True):
            points[manager] += worth
    own = Action.objects.filter(status=Action.Status.OPEN, owner__in=people.managers)
    for manager in own.values_list("owner", flat=True):
        points[manager] += 1
    return _busiest(points, people.managers)


def _practitioner() -> User:
    points: Counter[int] = Counter()
    unread = FeedbackRecipient.objects.filter(
        read_at__isnull=True, practitioner__user__isnull=False, practitioner__left_on__isnull=True
    )
    for user in unread.values_list("practitioner__user", flat=True):
        points[user] += 10
    mine = Action.objects.filter(status=Action.Status.OPEN, practitioner__user__isnull=False)
    for user in mine.values_list("practitioner__user", flat=True):
        points[user] += 1
    anybody = User.objects.filter(groups__name=Role.PRACTITIONER).order_by("pk")
    return _busiest(points, anybody)


def _head(people: People, now: datetime) -> User:
    """Somebody with something late: an answer or a plan."""
    points: Counter[int] = Counter()
    waiting = Escalation.objects.filter(
        status__in=(Escalation.Status.RAISED, Escalation.Status.ACKNOWLEDGED),
        level=Escalation.Level.HEAD_OF_SERVICE,
    )
    for head, status, answer_by, plan_by in waiting.values_list(
        "audit__service__head", "status", "acknowledge_by", "plan_by"
    ):
        raised = status == Escalation.Status.RAISED
        late = answer_by < now if raised else plan_by < local_date(now)
        points[head] += 10 if late else 1
    return _busiest(points, people.heads)
