"""Reading: what the planner of a sample starts from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q

from accounts.roles import Role
from cases.models import AuditQuarter, Case, Grader, SamplingFrame, Service
from cases.queries.audited_earlier import already_audited
from cases.queries.frame import frame_counts, live_frame
from cases.queries.policy import case_policy
from cases.queries.quarters import children_in_samples
from cases.rules.eligibility import (
    OPENED_RECENTLY,
    CaseFacts,
    decide,
    opened_too_late_from,
)
from cases.rules.planner import ServiceNow, Staff
from cases.rules.policy import STRATA_BY, CasePolicy
from cases.rules.strata import stratum_of

TURNOVER_DAYS = 91  # a quarter of a year
# What an exclusion may look at, by the name that the policy gives it.
EXCLUSION_COLUMNS = {
    "service": "service__code",
    "team": "team__name",
    "legal_status": "legal_status",
    "plan": "plan",
}
# What a stratum is named by beside its service, by what the frame is divided by.
WITHIN_SERVICE = {name: name for name in STRATA_BY} | {
    "service": "service__name",
    "team": "team__name",
    "age": "age_years",
    "agency": "practitioner__agency",
}


@dataclass(frozen=True)
class Basis:
    """What a plan stands on: the frozen frame, or the open cases of today where there is none."""

    frame: SamplingFrame | None
    policy: CasePolicy
    services: list[ServiceNow]


def planning_basis(quarter: AuditQuarter, today: date, strata_by: str = "") -> Basis:
    """The strata of a quarter, services in their order of precedence: at most three queries.

    ``quarter`` may be one that has not begun. Before the freeze the open cases are divided by
    ``strata_by`` (a key of STRATA_BY), or as the quarter's policy says.
    """
    frame = live_frame(quarter) if quarter.pk else None
    service_of: Callable[[str], str]
    if frame is not None:
        service_of = frame.service_of
        policy = CasePolicy.from_dict(frame.policy)
        counts = frame_counts(frame)
        reasons = {row["stratum"]: {"": row["eligible"], **row["reasons"]} for row in counts}
    else:
        policy = case_policy(quarter)
        if strata_by:
            policy = replace(policy, strata_by=strata_by)
        reasons, services_of_strata = _open_now(quarter, policy, today)
        service_of = services_of_strata.__getitem__
    lines = Service.objects.select_related("line").order_by("line__order", "precedence")
    known = {service.name: service.line.name for service in lines}
    order = {name: place for place, name in enumerate(known)}
    names = sorted(reasons, key=lambda name: (order.get(service_of(name), len(order)), name))
    services = [
        _service(name, service_of(name), known.get(service_of(name), "Other"), reasons[name])
        for name in names
    ]
    return Basis(frame, policy, services)


def _service(name: str, service: str, line: str, reasons: dict[str, int]) -> ServiceNow:
    eligible = reasons.get("", 0)
    return ServiceNow(
        name=name,
        service=service,
        line=line,
        open=sum(reasons.values()),
        eligible=eligible,
        never_audited=eligible + reasons.get(OPENED_RECENTLY, 0),
    )


def _open_now(
    quarter: AuditQuarter, policy: CasePolicy, today: date
) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    """Open cases by stratum and reason for not being eligible, as a freeze today would find them,
    and the service of each stratum.

    Grouped in the database by what decides, so that a council's cases come as a few dozen rows.
    """
    used = {exclusion.field for exclusion in policy.excluded}
    columns = {field: column for field, column in EXCLUSION_COLUMNS.items() if field in used}
    decides = ("service__name", "within", "audited", "restricted", "recent", "elsewhere")
    grouped = (
        Case.objects.filter(closed_on__isnull=True)
        .annotate(
            audited=_truth(already_audited("child__")),
            recent=_truth(Q(opened_on__gte=opened_too_late_from(today, policy))),
            elsewhere=_truth(Q(child__in=children_in_samples(quarter.label, today))),
            within=F(WITHIN_SERVICE[policy.strata_by]),
        )
        .values(*decides, *columns.values())
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(Counter)
    services: dict[str, str] = {}
    for row in grouped:
        named: dict[str, Any] = {field: row[column] or "" for field, column in columns.items()}
        facts = CaseFacts(
            already_audited=row["audited"],
            restricted=row["restricted"],
            opened_on=today if row["recent"] else None,
            in_another_draw=row["elsewhere"],
            **named,
        )
        stratum = stratum_of(row["service__name"], policy.strata_by, row["within"])
        services[stratum] = row["service__name"]
        found[stratum][decide(facts, today, policy).code] += row["number"]
    return found, services


def _truth(condition: Q) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(condition, output_field=BooleanField())


def staff_now(accredited_on: date | None = None) -> Staff:
    """Who can grade: active people with the role who are not exempt. One query.

    ``accredited_on``: the day on which auditors must be accredited, None where they need not be
    (the policy's ``accreditation_needed``).
    """
    roles: dict[str, set[int]] = {Role.AUDITOR: set(), Role.MODERATOR: set()}
    capacity: dict[int, int] = {}
    graders = Grader.objects.filter(
        user__is_active=True, exempt_reason="", user__groups__name__in=list(roles)
    )
    for user, number, role, accredited in graders.values_list(
        "user", "capacity", "user__groups__name", "accredited_on"
    ):
        if role == Role.AUDITOR and not _accredited(accredited, accredited_on):
            continue
        capacity[user] = number
        roles[role].add(user)
    auditors, moderators = roles[Role.AUDITOR], roles[Role.MODERATOR]
    return Staff(
        auditors=len(auditors),
        audits=sum(capacity[user] for user in auditors),
        moderators=len(moderators),
        moderations=sum(capacity[user] for user in moderators),
        both=len(auditors & moderators),
        shared=sum(capacity[user] for user in auditors & moderators),
    )


def _accredited(since: date | None, needed_on: date | None) -> bool:
    """As allocation asks it (`cases.queries.allocation`)."""
    return needed_on is None or (since is not None and since <= needed_on)


def closed_lately(today: date) -> int:
    """How many cases were closed in the last quarter of a year: what is known of the turnover."""
    return Case.objects.filter(closed_on__gt=today - timedelta(days=TURNOVER_DAYS)).count()
