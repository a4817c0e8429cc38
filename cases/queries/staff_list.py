"""The staff list beside what is here: what it would change, and who is in no list."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, F, Q, QuerySet

from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.rules.table_file import read_table
from cases.models import Case, Practitioner, Service, Team
from cases.queries.people import practitioners
from cases.rules.staff_file import (
    OPTIONAL,
    REQUIRED,
    Council,
    KnownMember,
    KnownTeam,
    StaffMember,
    StaffPlan,
    plan_staff,
)


def plan_for_staff(text: str) -> StaffPlan:
    """What a staff list, as `cases.importers.staff_list` reads it, would change: five queries."""
    return plan_staff(read_table(text, required=REQUIRED, optional=OPTIONAL), council())


def council() -> Council:
    """Everybody and every team that a list is compared with."""
    return Council(
        people=[_known(one) for one in practitioners().order_by("pk")],
        teams={
            team.name.casefold(): KnownTeam(
                team.name,
                team.service.name if team.service else "",
                team.manager.email.lower() if team.manager else "",
                team.works_with_disability,
            )
            for team in Team.objects.select_related("service", "manager")
        },
        services={
            word.casefold(): service.name
            for service in Service.objects.all()
            for word in (service.code, service.name)
        },
        managers=_managers(),
    )


def in_no_staff_list() -> QuerySet[Practitioner]:
    """Those who hold open cases and are not in the staff list, most cases first."""
    holding = Case.objects.filter(closed_on__isnull=True).values("practitioner")
    found = practitioners().filter(in_staff_list=False, pk__in=holding)
    return found.order_by(F("open_cases").desc(), "name", "pk")


def staff_numbers() -> dict[str, int]:
    """How many practitioners are in the staff list, and how many are agency workers of them."""
    listed = Q(in_staff_list=True)
    return Practitioner.objects.aggregate(
        listed=Count("pk", filter=listed), agency=Count("pk", filter=listed & Q(agency=True))
    )


def _known(one: Practitioner) -> KnownMember:
    return KnownMember(
        one.pk,
        StaffMember(
            name=one.name,
            team=one.team.name if one.team else "",
            staff_number=one.staff_number,
            agency=one.agency,
            started_on=one.started_on,
            left_on=one.left_on,
            in_list=one.in_staff_list,
        ),
        one.open_cases,  # type: ignore[attr-defined]
    )


def _managers() -> dict[str, str]:
    """Team managers who can sign in, by address, and by name where only one of them has it."""
    found = [
        (user.name.casefold(), user.email.lower()) for user in people_with_role(Role.TEAM_MANAGER)
    ]
    often = Counter(name for name, _ in found)
    by_name = {name: email for name, email in found if often[name] == 1}
    return by_name | {email: email for _, email in found}
