"""Open cases that lack a practitioner, a team or a team manager."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.rules.table_file import read_table
from cases.importers.cells import clean_id
from cases.importers.gaps import REQUIRED, GapsPlan, Held, plan_gaps
from cases.models import Case, Child, Practitioner, Team
from cases.queries.calendar import local_date
from cases.queries.other_ids import own_ids
from cases.rules.practitioner_names import KnownWorkers, Worker

NO_STAFF = Q(practitioner__isnull=True) | Q(team__isnull=True)
NO_MANAGER = Q(team__isnull=False, team__manager__isnull=True)


def gap_counts() -> dict[str, int]:
    """How many open cases lack something: "incomplete" (practitioner or team), then what
    each lacks: "no_practitioner", "no_team", "no_manager" (a team without one). One query."""
    return Case.objects.filter(closed_on__isnull=True).aggregate(
        incomplete=Count("pk", filter=NO_STAFF),
        no_practitioner=Count("pk", filter=Q(practitioner__isnull=True)),
        no_team=Count("pk", filter=Q(team__isnull=True)),
        no_manager=Count("pk", filter=NO_MANAGER),
    )


def incomplete_cases() -> QuerySet[Case]:
    """Open cases without a practitioner or a team, by child id, for those who import."""
    cases = Case.objects.filter(NO_STAFF, closed_on__isnull=True)
    return cases.select_related("child", "team", "practitioner").order_by("child__local_id")


def plan_for_gaps(text: str) -> GapsPlan:
    """What a list of teams and practitioners would complete today. Five queries."""
    table = read_table(text, required=REQUIRED)
    named = {clean_id(line["child_id"]) for line in table.lines}
    own = own_ids(named)
    named |= set(own.values())
    here = Child.objects.filter(local_id__in=named).values_list("local_id", flat=True)
    held = dict.fromkeys(here, Held(is_open=False))
    cases = Case.objects.filter(child__local_id__in=named, closed_on__isnull=True)
    for child_id, team, practitioner in cases.values_list(
        "child__local_id", "team__name", "practitioner__name"
    ):
        held[child_id] = Held(team or "", practitioner or "")
    teams = {name.casefold() for name in Team.objects.values_list("name", flat=True)}
    return plan_gaps(table, held, teams, known_workers(), own)


def known_workers() -> KnownWorkers:
    """All practitioners, to be found by name; one query."""
    today = local_date(timezone.now())
    found = Practitioner.objects.order_by().select_related("team")
    return KnownWorkers(
        Worker(
            id=one.pk,
            name=one.name,
            team=one.team.name if one.team else "",
            in_post=not one.has_left(today),
            listed=bool(one.staff_number or one.in_staff_list or one.user_id),
            signs_in=one.user_id is not None,
        )
        for one in found
    )
