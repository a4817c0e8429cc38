"""Completing open cases that came without a team or a practitioner."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from accounts.models import User
from accounts.operations import Refused, operation
from accounts.policy import Permission, require
from accounts.rules.table_file import Plan
from cases.importers.gaps import Completion
from cases.models import Case, Practitioner, Team
from cases.operations import import_sql
from cases.operations.import_audited import AT_ONCE, OTHER_PLAN, PROBLEMS
from cases.queries.gaps import known_workers, plan_for_gaps

COMPLETED = ("team", "practitioner", "team_completed", "practitioner_completed")


@operation
def complete_gaps(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Give open cases the team and practitioner they lack, from a CSV file, all or none.

    Teams and practitioners are matched by name as in lists of open cases; those that are
    not known are added, never as accounts. Later lists that leave blank what was completed here
    leave it as it is. ``digest`` is that of the plan that was shown. Raises
    Refused where the file has problems, or would now do something else than was shown.
    """
    require(by, Permission.IMPORT_CASES)
    import_sql.lock_confirming()
    planned = plan_for_gaps(text)
    if planned.plan.problems:
        raise Refused(PROBLEMS)
    if planned.plan.digest != digest:
        raise Refused(OTHER_PLAN)
    found = Case.objects.select_for_update(of=("self",)).select_related("child", "service", "team")
    cases = list(found.filter(child__local_id__in=planned.wanted, closed_on__isnull=True))
    _give_teams(cases, planned.wanted)
    _give_practitioners(cases, planned.wanted)
    Case.objects.bulk_update(cases, COMPLETED, batch_size=AT_ONCE)
    return planned.plan


def _give_teams(cases: list[Case], wanted: Mapping[str, Completion]) -> None:
    teams = {team.name.casefold(): team for team in Team.objects.all()}
    services: defaultdict[str, Counter[int]] = defaultdict(Counter)
    names: dict[str, str] = {}
    lacking = [case for case in cases if wanted[case.child.local_id].team]
    for case in lacking:
        name = wanted[case.child.local_id].team
        names.setdefault(name.casefold(), name)
        services[name.casefold()][case.service_id] += 1
    for key in names.keys() - teams.keys():
        service = services[key].most_common(1)[0][0]  # as for new teams of a list of open cases
        teams[key] = Team.objects.create(name=names[key], service_id=service)
    for case in lacking:
        case.team = teams[wanted[case.child.local_id].team.casefold()]
        case.team_completed = True


def _give_practitioners(cases: list[Case], wanted: Mapping[str, Completion]) -> None:
    known = known_workers()
    new: dict[tuple[str, int | None], Practitioner] = {}
    for case in cases:
        name = wanted[case.child.local_id].practitioner
        if not name:
            continue
        case.practitioner_completed = True
        worker = known.find(name, case.team.name if case.team else "")
        if worker is not None:
            case.practitioner_id = worker.id
            continue
        key = (name.casefold(), case.team_id)
        if key not in new:
            new[key] = Practitioner.objects.create(name=name, team_id=case.team_id)
        case.practitioner = new[key]
