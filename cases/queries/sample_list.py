"""Reading: the lists of sampled cases, of those without an auditor, and of replacements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.sorting import Sorts, place_in
from cases.models import Allocation, Draw, Replacement, SampledCase
from cases.queries.quarters import AUDIT_SUBMITTED, IN_SAMPLE

SUBMITTED = "submitted"
OVERDUE = "overdue"
DUE: Mapping[str, str] = {OVERDUE: "Overdue, not submitted", "later": "Later, not submitted"}
NO_TEAM = "none"
SAMPLE = "sample"
GIVEN = "given"
DRAWN_FOR: Mapping[str, str] = {SAMPLE: "The quarter’s sample", "theme": "A theme"}
STUCK = "stuck"
WHY_WAITING: Mapping[str, str] = {
    STUCK: "No auditor can take it now",
    "possible": "An auditor can take it now",
}
REASONS = dict(Replacement.Reason.choices)
CASE_SORTS: Sorts = {
    "case": ("stratum", "rank"),
    "role": (place_in("role", SampledCase.Role.values),),
    "team": ("entry__team__name",),
    "practitioner": ("entry__practitioner__name",),
    "auditor": ("auditor_name",),
    "due": ("due_on",),
    "ticket": ("ticket",),
    "status": (place_in("status", SampledCase.Status.values),),
}
WAITING_SORTS: Sorts = {name: CASE_SORTS[name] for name in ("case", "team", "practitioner")}
REPLACEMENT_SORTS: Sorts = {
    "case": ("sampled_case__stratum", "sampled_case__rank"),
    "draw": ("sampled_case__draw__quarter__label", "sampled_case__draw__number"),
    "reason": (place_in("reason", sorted(REASONS, key=REASONS.__getitem__)),),
    "team": ("sampled_case__entry__team__name",),
    "asked": ("requested_at",),
    "state": (place_in("status", Replacement.Status.values), "requested_at"),
}


@dataclass(frozen=True)
class PeopleOfDraw:
    """Whom the cases of a draw can be filtered by: keys and names, in order of the names."""

    teams: list[tuple[str, str]]
    practitioners: list[tuple[str, str]]
    auditors: list[tuple[str, str]]


def with_auditor(cases: QuerySet[SampledCase]) -> QuerySet[SampledCase]:
    """``cases``, each with ``auditor_name`` and ``due_on`` of whoever has it now, else None."""
    live = Allocation.objects.filter(sampled_case=OuterRef("pk"), ended_at__isnull=True).order_by()
    return cases.annotate(
        auditor_name=Subquery(live.values("auditor__name")[:1]),
        due_on=Subquery(live.values("due_on")[:1]),
    )


def people_of(cases: QuerySet[SampledCase]) -> PeopleOfDraw:
    """Teams, practitioners and auditors of some cases: three queries."""
    plain = cases.order_by()
    allocations = Allocation.objects.filter(ended_at__isnull=True, sampled_case__in=plain)
    auditors = allocations.order_by().values_list("auditor", "auditor__name").distinct()
    return PeopleOfDraw(
        teams=_named(plain, "entry__team"),
        practitioners=_named(plain, "entry__practitioner"),
        auditors=sorted(((str(pk), name) for pk, name in auditors), key=lambda each: each[1]),
    )


def _named(cases: QuerySet[SampledCase], what: str) -> list[tuple[str, str]]:
    found = cases.exclude(**{what: None}).values_list(what, f"{what}__name").distinct()
    return sorted(((str(pk), name) for pk, name in found), key=lambda each: each[1])


def cases_asked_for(
    cases: QuerySet[SampledCase], given: Mapping[str, str], today: date
) -> QuerySet[SampledCase]:
    """Those of ``cases`` (of `with_auditor`) that the filters leave, in draw order."""
    plain = {
        "stratum": "stratum",
        "role": "role",
        "team": "entry__team",
        "practitioner": "entry__practitioner",
    }
    found = cases.filter(**{plain[name]: given[name] for name in plain if name in given})
    if auditor := given.get("auditor"):
        held = Allocation.objects.filter(ended_at__isnull=True, auditor=int(auditor))
        found = found.filter(pk__in=held.values("sampled_case"))
    if status := given.get("status"):
        submitted = Q(audits__status__in=AUDIT_SUBMITTED)
        given_out = Q(status__in=IN_SAMPLE) & ~Q(status=SampledCase.Status.DRAWN)
        meant = {SUBMITTED: submitted, SAMPLE: Q(status__in=IN_SAMPLE), GIVEN: given_out}
        found = found.filter(meant.get(status, Q(status=status)))
    if due := given.get("due"):
        when = Q(due_on__lt=today) if due == OVERDUE else Q(due_on__gte=today)
        found = found.filter(when).exclude(audits__status__in=AUDIT_SUBMITTED)
    return found.order_by("stratum", "rank")


def waiting_asked_for(
    waiting: QuerySet[SampledCase], given: Mapping[str, str], stuck: Collection[str]
) -> QuerySet[SampledCase]:
    """Those of ``waiting`` that the filters leave; ``stuck``: the keys of those nobody can take."""
    plain = {"stratum": "stratum", "team": "entry__team"}
    found = waiting.filter(**{plain[name]: given[name] for name in plain if name in given})
    if why := given.get("why"):
        of_stuck = Q(pk__in=list(stuck))
        found = found.filter(of_stuck if why == STUCK else ~of_stuck)
    return found


def teams_of(cases: QuerySet[SampledCase]) -> list[tuple[str, str]]:
    """The teams of some cases, keys and names: one query."""
    return _named(cases.order_by(), "entry__team")


def allocated_in(draw: Draw) -> Counter[str]:
    """How many cases of a draw each auditor has, by their key as text: one query."""
    live = Allocation.objects.filter(ended_at__isnull=True, sampled_case__draw=draw)
    return Counter(map(str, live.values_list("auditor", flat=True)))


def replacements_asked_for(
    found: QuerySet[Replacement], given: Mapping[str, str]
) -> QuerySet[Replacement]:
    """Those of ``found`` that the filters leave."""
    plain = {
        "quarter": "sampled_case__draw__quarter__label",
        "reason": "reason",
        "status": "status",
    }
    found = found.filter(**{plain[name]: given[name] for name in plain if name in given})
    if of := given.get("of"):
        found = found.filter(sampled_case__draw__theme__isnull=of == SAMPLE)
    team = given.get("team")
    if team == NO_TEAM:
        return found.filter(sampled_case__entry__team=None)
    return found.filter(sampled_case__entry__team=int(team)) if team else found


def quarters_and_teams(
    found: QuerySet[Replacement],
) -> tuple[list[str], list[tuple[str, str]]]:
    """What some replacements can be filtered by: quarters, newest first, and teams: two queries."""
    plain = found.order_by()
    quarters = plain.values_list("sampled_case__draw__quarter__label", flat=True).distinct()
    teams = (
        plain.exclude(sampled_case__entry__team=None)
        .values_list("sampled_case__entry__team", "sampled_case__entry__team__name")
        .distinct()
    )
    named = sorted(((str(pk), name) for pk, name in teams), key=lambda each: each[1])
    return sorted(quarters, reverse=True), named
