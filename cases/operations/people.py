"""Writing: services, teams, practitioners and graders.

``seen`` says what the form showed when it was opened; where the row says something else by now, the
operation raises ChangedMeanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.operations import Refused, operation, refuse_if_changed
from accounts.policy import Permission, require
from accounts.queries import in_words
from accounts.roles import Role
from accounts.rules.table_file import Plan, read_table
from cases.models import Grader, Practitioner, Service, Team
from cases.queries.people import (
    GRADER_FIELDS,
    PRACTITIONER_FIELDS,
    SERVICE_FIELDS,
    TEAM_FIELDS,
    plan_for_services,
    plan_for_teams,
)
from cases.rules.people_files import (
    SERVICE_REQUIRED,
    TEAM_OPTIONAL,
    TEAM_REQUIRED,
    ServiceRow,
    TeamRow,
)

MANAGE = Permission.MANAGE_TEAMS


@operation
def change_service(
    *,
    service: Service,
    head: User | None,
    deputy: User | None,
    by: User,
    now: datetime,
    seen: str = "",
) -> Service:
    """Say who heads a service and who deputises."""
    require(by, MANAGE)
    service = Service.objects.select_for_update(of=("self",)).get(pk=service.pk)
    refuse_if_changed(seen, in_words(service, SERVICE_FIELDS))
    _refuse_own_deputy(head, deputy)
    service.head, service.deputy = head, deputy
    service.save(update_fields=["head", "deputy"])
    return service


@operation
def move_service(*, service: Service, up: bool, by: User, now: datetime) -> None:
    """Exchange a service's place with its neighbour's in the order of precedence.

    Where a child's case is open to several services, the first counts: from the next list on, and
    in a frame that is frozen later. At the end of the order nothing happens.
    """
    require(by, MANAGE)
    row = list(Service.objects.select_for_update(of=("self",)).order_by("precedence"))
    here = next(place for place, each in enumerate(row) if each.pk == service.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(row):
        return
    one, other = row[here], row[there]
    first, second = one.precedence, other.precedence
    # By way of a third place, because each is taken once.
    for moved, place in ((other, row[-1].precedence + 1), (one, second), (other, first)):
        moved.precedence = place
        moved.save(update_fields=["precedence"])


@operation
def save_team(
    *,
    team: Team | None,
    name: str,
    service: Service | None,
    manager: User | None,
    deputy: User | None,
    works_with_disability: bool,
    by: User,
    now: datetime,
    seen: str = "",
) -> Team:
    """Add a team (``team`` None) or change one. Refused where another has the name."""
    require(by, MANAGE)
    _refuse_own_deputy(manager, deputy)
    team = Team.objects.select_for_update(of=("self",)).get(pk=team.pk) if team else Team()
    if team.pk:
        refuse_if_changed(seen, in_words(team, TEAM_FIELDS))
    if Team.objects.filter(name__iexact=name).exclude(pk=team.pk).exists():
        raise Refused(f"There is a team called {name} already.")
    team.name, team.service = name, service
    team.manager, team.deputy = manager, deputy
    team.works_with_disability = works_with_disability
    _save(team.save, f"There is a team called {name} already.")
    return team


@operation
def save_practitioner(
    *,
    practitioner: Practitioner | None,
    name: str,
    staff_number: str,
    team: Team | None,
    agency: bool,
    started_on: date | None,
    left_on: date | None,
    user: User | None,
    by: User,
    now: datetime,
    seen: str = "",
) -> Practitioner:
    """Add a practitioner (``practitioner`` None) or change one.

    Refused where another has the staff number, the sign-in, or the same name in the same team
    without a staff number to tell them apart.
    """
    require(by, MANAGE)
    rows = Practitioner.objects.select_for_update(of=("self",))
    one = rows.get(pk=practitioner.pk) if practitioner else Practitioner()
    if one.pk:
        refuse_if_changed(seen, in_words(one, PRACTITIONER_FIELDS))
    others = Practitioner.objects.exclude(pk=one.pk)
    if staff_number and others.filter(staff_number=staff_number).exists():
        raise Refused(f"Another practitioner has the staff number {staff_number}.")
    if user and others.filter(user=user).exists():
        raise Refused(f"{user.name} is the sign-in of another practitioner.")
    one.name, one.staff_number, one.team = name, staff_number, team
    one.agency, one.user = agency, user
    one.started_on, one.left_on = started_on, left_on
    _save(
        one.save,
        "There is a practitioner of this name in this team. Give both a staff number.",
    )
    return one


@operation
def save_grader(
    *,
    grader: Grader | None,
    user: User,
    team: Team | None,
    capacity: int,
    accredited_on: date | None,
    exempt_reason: str,
    exempt_approved_by: User | None,
    by: User,
    now: datetime,
    seen: str = "",
) -> Grader:
    """Make ``user`` a grader (``grader`` None) or change one.

    Refused where an exemption has no approver, the approver is not a director, or is the grader.
    """
    require(by, MANAGE)
    if grader is None and Grader.objects.filter(user=user).exists():
        raise Refused(f"{user.name} is a grader already.")
    one = Grader.objects.select_for_update(of=("self",)).get(pk=grader.pk) if grader else Grader()
    if one.pk:
        refuse_if_changed(seen, in_words(one, GRADER_FIELDS))
    before = (one.exempt_reason, one.exempt_approved_by if one.pk else None)
    if exempt_reason and before != (exempt_reason, exempt_approved_by):
        _refuse_approver(exempt_approved_by, user)
    one.user, one.team, one.capacity, one.accredited_on = user, team, capacity, accredited_on
    one.exempt_reason = exempt_reason
    one.exempt_approved_by = exempt_approved_by if exempt_reason else None
    _save(one.save, f"{user.name} is a grader already.")
    return one


@operation
def import_teams(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Add and change the teams of a CSV file, all of them or none.

    ``digest`` is that of the plan that was shown. Raises Refused where the file has problems, or
    would now do something else than was shown.
    """
    require(by, MANAGE)
    list(Service.objects.select_for_update(of=("self",)))  # one change of the structure at a time
    table = read_table(text, required=TEAM_REQUIRED, optional=TEAM_OPTIONAL)
    planned = plan_for_teams(table)
    _refuse_other_plan(planned.plan, digest)
    known = {team.name.casefold(): team for team in Team.objects.all()}
    services = {service.code: service for service in Service.objects.all()}
    users = _users_by_address()
    for change in planned.plan.changes:
        if change.effect != "same":
            row = planned.wanted[change.line]
            team = known.get(row.name.casefold())
            save_team(team=team, **_team_facts(row, services, users), by=by, now=now)
    return planned.plan


@operation
def import_services(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Give services their heads and deputies from a CSV file, all or none; as import_teams."""
    require(by, MANAGE)
    list(Service.objects.select_for_update(of=("self",)))
    planned = plan_for_services(read_table(text, required=SERVICE_REQUIRED))
    _refuse_other_plan(planned.plan, digest)
    known = {service.name: service for service in Service.objects.all()}
    users = _users_by_address()
    for change in planned.plan.changes:
        if change.effect != "same":
            row: ServiceRow = planned.wanted[change.line]
            head, deputy = users.get(row.head), users.get(row.deputy)
            change_service(service=known[row.name], head=head, deputy=deputy, by=by, now=now)
    return planned.plan


def _team_facts(
    row: TeamRow, services: Mapping[str, Service], users: Mapping[str, User]
) -> dict[str, Any]:
    return {
        "name": row.name,
        "service": services.get(row.service),
        "manager": users.get(row.manager),
        "deputy": users.get(row.deputy),
        "works_with_disability": row.disability,
    }


def _users_by_address() -> dict[str, User]:
    return {user.email.lower(): user for user in User.objects.filter(is_system=False)}


def _refuse_other_plan(plan: Plan, digest: str) -> None:
    if plan.problems:
        raise Refused("The file has problems. Nothing was changed.")
    if plan.digest != digest:
        raise Refused("Something has changed since you looked. Check the changes again.")


def _refuse_own_deputy(first: User | None, deputy: User | None) -> None:
    if first is not None and first == deputy:
        raise Refused("Nobody can be their own deputy. Choose somebody else.")


def _refuse_approver(approver: User | None, grader: User) -> None:
    if approver is None:
        raise Refused("An exemption needs the director who approved it.")
    if approver == grader:
        raise Refused("Nobody can approve their own exemption.")
    if Role.DIRECTOR not in approver.roles:
        raise Refused(f"{approver.name} is not a director, and so cannot approve an exemption.")


def _save(save: Callable[[], None], taken: str) -> None:
    """Save, where somebody else may have been a moment quicker with the same name."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        raise Refused(taken) from error
