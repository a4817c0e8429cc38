"""Reading: services, teams, practitioners and graders."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import NullIf
from django.utils import timezone

from accounts.models import User
from accounts.queries import people_with_role
from accounts.roles import Role
from accounts.rules.table_file import TableFile
from accounts.sorting import Sorts
from cases.models import Grader, Practitioner, Service, Team
from cases.queries.calendar import local_date
from cases.rules.people_files import (
    ServicePlan,
    ServiceRow,
    TeamPlan,
    TeamRow,
    plan_services,
    plan_teams,
)

# What the form about each of them shows.
SERVICE_FIELDS = ("head", "deputy")
TEAM_FIELDS = ("name", "service", "manager", "deputy", "works_with_disability")
PRACTITIONER_FIELDS = ("name", "staff_number", "team", "agency", "started_on", "left_on", "user")
GRADER_FIELDS = ("team", "capacity", "accredited_on", "exempt_reason", "exempt_approved_by")
GRADING_ROLES = (Role.AUDITOR, Role.MODERATOR, Role.EXTERNAL_VALIDATOR)


def services() -> QuerySet[Service]:
    """The council's services in order of precedence, with line, head, deputy and ``team_count``."""
    found = Service.objects.select_related("line", "head", "deputy")
    return found.annotate(team_count=Count("teams")).order_by("precedence")


TEAM_SORTS: Sorts = {
    "team": ("name",),
    "service": ("service__name",),
    "manager": ("manager__name",),
    "practitioners": ("practitioner_count",),
    "agency": ("agency_count",),
}
PRACTITIONER_SORTS: Sorts = {
    "name": ("name",),
    "team": ("team__name",),
    "agency": ("agency",),
    "cases": ("open_cases",),
}
GRADER_SORTS: Sorts = {
    "name": ("user__name",),
    "capacity": ("capacity",),
    "accredited": ("accredited_on",),
    "exempt": (NullIf("exempt_reason", Value("")),),
}


def teams(*, text: str = "", service: Service | None = None) -> QuerySet[Team]:
    """Teams by part of name and by service, with service, manager, deputy and two counts.

    ``practitioner_count``: those who have not left. ``agency_count``: the agency workers of them.
    """
    here = Practitioner.in_post(local_date(timezone.now()), of="practitioners__")
    found = Team.objects.select_related("service", "manager", "deputy").order_by("name")
    found = found.annotate(
        practitioner_count=Count("practitioners", filter=here),
        agency_count=Count("practitioners", filter=here & Q(practitioners__agency=True)),
    )
    if text:
        found = found.filter(name__icontains=text)
    return found.filter(service=service) if service else found


def practitioners(
    *, text: str = "", team: Team | None = None, agency: str = "", state: str = ""
) -> QuerySet[Practitioner]:
    """Practitioners by part of name, team, ``agency`` ("yes"/"no") and ``state`` ("here"/"left").

    With ``open_cases``: how many open cases each holds.
    """
    found = Practitioner.objects.select_related("team", "user").order_by("name", "pk")
    found = found.annotate(open_cases=Count("cases", filter=Q(cases__closed_on__isnull=True)))
    if text:
        found = found.filter(Q(name__icontains=text) | Q(staff_number__iexact=text))
    if team:
        found = found.filter(team=team)
    if agency:
        found = found.filter(agency=agency == "yes")
    if state:
        here = Practitioner.in_post(local_date(timezone.now()))
        found = found.filter(here if state == "here" else ~here)
    return found


def graders(*, text: str = "", state: str = "") -> QuerySet[Grader]:
    """Graders by part of name and ``state`` ("grading"/"exempt"), with team and approver."""
    found = Grader.objects.select_related("user", "team", "exempt_approved_by")
    if text:
        found = found.filter(user__name__icontains=text)
    if state:
        exempt = ~Q(exempt_reason="")
        found = found.filter(exempt if state == "exempt" else ~exempt)
    return found


def possible_managers(*, besides: tuple[User | None, ...] = ()) -> QuerySet[User]:
    """Who can manage a team or deputise: active team managers, and those who do so already."""
    return _with_present(Role.TEAM_MANAGER, besides)


def possible_heads(*, besides: tuple[User | None, ...] = ()) -> QuerySet[User]:
    """Who can be Head of Service or deputy: those with the role, and those who are it already."""
    return _with_present(Role.HEAD_OF_SERVICE, besides)


def possible_practitioner_users(practitioner: Practitioner | None) -> QuerySet[User]:
    """Active people with the practitioner's role who are nobody else's sign-in."""
    free = Q(practitioner__isnull=True)
    if practitioner is not None:
        free |= Q(practitioner=practitioner)
    return people_with_role(Role.PRACTITIONER).filter(free)


def people_who_grade() -> QuerySet[User]:
    """Active people with a grading role, graders or not yet."""
    return people_with_role(*GRADING_ROLES)


def possible_graders() -> QuerySet[User]:
    """Active people with a grading role who are not graders yet."""
    return people_who_grade().filter(grader__isnull=True)


def possible_approvers(grader: User | None) -> QuerySet[User]:
    """Directors, who approve exemptions; nobody approves their own."""
    directors = people_with_role(Role.DIRECTOR)
    return directors.exclude(pk=grader.pk) if grader else directors


def plan_for_teams(table: TableFile) -> TeamPlan:
    """What a team file would change today."""
    known = {
        team.name.casefold(): TeamRow(
            team.name,
            team.service.code if team.service else "",
            team.manager.email if team.manager else "",
            team.deputy.email if team.deputy else "",
            team.works_with_disability,
        )
        for team in teams()
    }
    names = {service.code: service.name for service in Service.objects.all()}
    return plan_teams(table, known, names, _emails(Role.TEAM_MANAGER))


def plan_for_services(table: TableFile) -> ServicePlan:
    """What a file of Heads of Service would change today."""
    known = {
        service.name.casefold(): ServiceRow(
            service.name,
            service.head.email if service.head else "",
            service.deputy.email if service.deputy else "",
        )
        for service in services()
    }
    return plan_services(table, known, _emails(Role.HEAD_OF_SERVICE))


def _with_present(role: str, present: tuple[User | None, ...]) -> QuerySet[User]:
    there = [user.pk for user in present if user is not None]
    holders = User.objects.filter(groups__name=role, is_active=True, is_system=False)
    return User.objects.filter(Q(pk__in=holders.values("pk")) | Q(pk__in=there)).order_by(
        "name", "pk"
    )


def _emails(role: str) -> Mapping[str, bool]:
    """Every address of an active person → whether they hold ``role``."""
    everybody = User.objects.filter(is_active=True, is_system=False).prefetch_related("groups")
    return {user.email.lower(): role in user.roles for user in everybody}
