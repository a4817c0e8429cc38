"""Writing: the council's staff list, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.operations import Refused, operation
from accounts.policy import Permission, require
from cases.models import Practitioner, Service, Team
from cases.operations import import_sql
from cases.queries.staff_list import plan_for_staff
from cases.rules.staff_file import KnownTeam, StaffMember, StaffPlan

_WRITTEN = ("name", "staff_number", "team", "agency", "started_on", "left_on", "in_staff_list")
AT_ONCE = 500


@operation
def import_staff(*, text: str, digest: str, by: User, now: datetime) -> StaffPlan:
    """Take a staff list over: people and teams added, changed and filled in; nobody made a sign-in.

    ``digest`` is that of the plan that was shown. Raises Refused where the list has problems, or
    would now do something else than was shown.
    """
    require(by, Permission.IMPORT_CASES, Permission.MANAGE_TEAMS)
    import_sql.lock_confirming()  # lists of open cases bring practitioners and teams too
    planned = plan_for_staff(text)
    if planned.plan.problems:
        raise Refused("The list has problems. Nothing was changed.")
    if planned.digest != digest:
        raise Refused("Something has changed since you looked. Check the changes again.")
    try:
        with transaction.atomic():
            _save_teams(planned.teams)
            _save_people(planned)
    except IntegrityError as error:
        raise Refused("Somebody changed a practitioner at the same moment. Try again.") from error
    return planned


def _save_teams(wanted: Mapping[int, KnownTeam]) -> None:
    if not wanted:
        return
    known = {team.name.casefold(): team for team in Team.objects.select_for_update(of=("self",))}
    services = {service.name: service for service in Service.objects.all()}
    users = {user.email.lower(): user for user in User.objects.filter(is_active=True)}
    for row in wanted.values():
        team = known.get(row.name.casefold(), Team(name=row.name))
        team.service = services.get(row.service)
        team.manager = users.get(row.manager)
        team.works_with_disability = row.disability
        team.save()


def _save_people(planned: StaffPlan) -> None:
    present = {
        one.pk: one for one in Practitioner.objects.select_for_update(of=("self",)).order_by("pk")
    }
    teams = {team.name.casefold(): team for team in Team.objects.all()}
    changed, new = [], []
    effects = {change.line: change.effect for change in planned.plan.changes}
    for line, (pk, who) in planned.wanted.items():
        if effects[line] == "add":
            new.append(_written_on(Practitioner(), who, teams))
        elif pk is not None and effects[line] == "change":
            changed.append(_written_on(present[pk], who, teams))
    for one in planned.gone:
        present[one.id].in_staff_list = False
        changed.append(present[one.id])
    Practitioner.objects.bulk_update(changed, _WRITTEN, batch_size=AT_ONCE)
    Practitioner.objects.bulk_create(new, batch_size=AT_ONCE)


def _written_on(one: Practitioner, who: StaffMember, teams: Mapping[str, Team]) -> Practitioner:
    one.name, one.staff_number = who.name, who.staff_number
    one.team = teams.get(who.team.casefold()) if who.team else None
    one.agency, one.started_on, one.left_on = who.agency, who.started_on, who.left_on
    one.in_staff_list = who.in_list
    return one
