"""Children and their cases: who is open when, over all the quarters of the demo.

Planned as a whole first (`plan`), then stored as the council's lists would have brought them, one
list for each quarter (`take_over`), so that every frame is frozen from what was open on its day.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from accounts.models import User
from cases.models import Case, CaseImport, Child, Practitioner, Service, Team
from config.demo_council import figures
from config.demo_council.draws import given, weighted
from config.demo_council.people import People

AUTHORITIES = ("Eastmere", "Southvale", "Westhaven City", "Larkshire", "Port Almsey")
# So long a case may wait for a practitioner; the share that does, statutory and early help.
NEW_DAYS, WAITING = 110, (0.01, 0.08)
LEGAL_STATUSES = (("C2", 64.0), ("E1", 14.0), ("V2", 14.0), ("C1", 8.0))
PLANS = {
    "child_protection": "Child protection plan",
    "child_in_need": "Child in need plan",
    "care_leaver": "Pathway plan",
    "early_help": "Early help plan",
    "looked_after": "Care plan",
    "assessment": "",
}


@dataclass
class PlannedCase:
    """One child's case as it will be. ``stored`` is its row, once a list has brought it."""

    local_id: str
    service: str
    team: Team
    practitioner: Practitioner | None
    opened_on: date
    closed_on: date | None
    family_id: str
    born_on: date
    gender: str
    ethnicity: str
    disability: str
    restricted: bool
    transferred_in_on: date | None
    transferred_in_from: str
    legal_status: str
    plan: str
    stored: Case | None = None

    def age_on(self, day: date) -> int | None:
        """In whole years; None before birth."""
        if self.born_on > day:
            return None
        before_birthday = (day.month, day.day) < (self.born_on.month, self.born_on.day)
        return day.year - self.born_on.year - before_birthday


class Planner:
    """Makes cases one after the other, brothers and sisters together."""

    def __init__(self, rng: Random, people: People, today: date) -> None:
        self.rng, self.people, self.today = rng, people, today
        self.teams: defaultdict[str, list[Team]] = defaultdict(list)
        for team in people.teams:
            self.teams[given(team.service).code].append(team)
        self.held: Counter[int] = Counter()
        self.number = 0
        self.families = 0
        self.last: PlannedCase | None = None

    def case(self, service: str, opened_on: date, closed_on: date | None) -> PlannedCase:
        """The next child."""
        rng = self.rng
        self.number += 1
        sibling = self._sibling(service)
        disabled = rng.random() < figures.DISABLED
        team = sibling.team if sibling else self._team(service, disabled)
        transferred = rng.random() < figures.TRANSFERRED_IN
        opened_on = sibling.opened_on if sibling and closed_on is None else opened_on
        self.families += sibling is None
        made = PlannedCase(
            local_id=f"{(self.number * 7919 + 100003) % 900007 + 100000:07}",
            service=service,
            team=team,
            practitioner=sibling.practitioner
            if sibling
            else self._practitioner(team, opened_on, closed_on),
            opened_on=opened_on,
            closed_on=closed_on,
            family_id=f"F{self.families:05}",
            # Nobody works with a child long before it is born.
            born_on=min(self._born_on(service), opened_on + timedelta(days=120)),
            gender=weighted(rng, figures.GENDERS),
            ethnicity=sibling.ethnicity if sibling else weighted(rng, figures.ETHNICITIES),
            disability="yes" if disabled or team.works_with_disability else "no",
            restricted=rng.random() < figures.RESTRICTED,
            transferred_in_on=opened_on if transferred else None,
            transferred_in_from=rng.choice(AUTHORITIES) if transferred else "",
            legal_status=weighted(rng, LEGAL_STATUSES) if service == "looked_after" else "",
            plan=PLANS[service],
        )
        if closed_on is None and made.practitioner:
            self.held[made.practitioner.pk] += 1
        self.last = made
        return made

    def _sibling(self, service: str) -> PlannedCase | None:
        last = self.last
        if last is None or last.service != service or self.rng.random() >= figures.SIBLING:
            return None
        return last if last.closed_on is None else None

    def _team(self, service: str, disabled: bool) -> Team:
        teams = self.teams[service]
        if service == "child_in_need":
            wanted = disabled or self.rng.random() < 0.2
            teams = [team for team in teams if team.works_with_disability == wanted]
        return self.rng.choice(teams)

    def _practitioner(
        self, team: Team, opened_on: date, closed_on: date | None
    ) -> Practitioner | None:
        """Mostly somebody with few cases. Some new cases wait for one, in early help above all."""
        gone = self.people.gone.get(team.pk, [])
        if closed_on and gone and self.rng.random() < 0.2:
            return self.rng.choice(gone)
        new = closed_on is None and (self.today - opened_on).days < NEW_DAYS
        if new and self.rng.random() < WAITING[given(team.service).code == "early_help"]:
            return None
        here = self.people.practitioners[team.pk]
        fewest = min(self.held[each.pk] for each in here)
        return self.rng.choice([each for each in here if self.held[each.pk] <= fewest + 3])

    def _born_on(self, service: str) -> date:
        if service == "care_leaver":
            years: tuple[int | None, int | None] = figures.CARE_LEAVER_AGES
        else:
            years = weighted(self.rng, figures.AGES)
        if years[0] is None or years[1] is None:
            return self.today + timedelta(days=self.rng.randint(5, 150))
        days = self.rng.randint(int(years[0] * 365.25) + 2, int((years[1] + 1) * 365.25) - 2)
        return self.today - timedelta(days=days)


def plan(
    rng: Random, people: People, freezes: Sequence[date], today: date, scale: float
) -> list[PlannedCase]:
    """All cases open now or at one of ``freezes`` (oldest first), so that each day has as many."""
    planner = Planner(rng, people, today)
    planned: list[PlannedCase] = []
    for service, full in figures.OPEN_CASES.items():
        wanted = max(round(full * scale), 4)
        of_service = [planner.case(service, _opened(rng, service, today), None)
                      for _ in range(wanted)]  # fmt: skip
        ends = [*freezes[1:], today]
        for freeze, end in reversed(list(zip(freezes, ends, strict=True))):
            there = sum(_open_on(case, freeze) for case in of_service)
            for _ in range(wanted - there):
                closed_on = freeze + timedelta(days=rng.randint(1, max((end - freeze).days, 1)))
                of_service.append(planner.case(service, _opened(rng, service, freeze), closed_on))
        planned += of_service
    return planned


def _opened(rng: Random, service: str, day: date) -> date:
    bands = [
        (band, count * weight)
        for (band, count), weight in zip(
            figures.DURATIONS, figures.DURATION_WEIGHTS[service], strict=True
        )
    ]
    return day - timedelta(days=rng.randint(*weighted(rng, bands)))


def _open_on(case: PlannedCase, day: date) -> bool:
    return case.opened_on <= day and (case.closed_on is None or case.closed_on > day)


def take_over(planned: Iterable[PlannedCase], as_of: date, now: datetime, by: User) -> CaseImport:
    """Store what the council's list of that day says: what has opened and closed since the last."""
    planned = list(planned)
    listed = [case for case in planned if _open_on(case, as_of)]
    before = CaseImport.objects.order_by("as_of").last()
    case_import = _confirmed(listed, as_of, now, by)
    _open([case for case in listed if case.stored is None], as_of, case_import)
    closed = [
        case
        for case in planned
        if case.stored and case.stored.closed_on is None and not _open_on(case, as_of)
    ]
    for case in closed:
        stored = given(case.stored)
        stored.closed_on, stored.last_import = case.closed_on, before
    rows = [given(case.stored) for case in closed]
    Case.objects.bulk_update(rows, ["closed_on", "last_import"], batch_size=1000)
    return case_import


def listed_last() -> None:
    """What is open now was on the last list."""
    last = CaseImport.objects.latest("as_of")
    Case.objects.filter(closed_on__isnull=True).exclude(last_import=last).update(last_import=last)


def _open(cases: list[PlannedCase], as_of: date, case_import: CaseImport) -> None:
    services = {service.code: service for service in Service.objects.all()}
    children = Child.objects.bulk_create(
        (Child(local_id=case.local_id) for case in cases), batch_size=2000
    )
    for case, child in zip(cases, children, strict=True):
        case.stored = Case(
            child=child,
            service=services[case.service],
            team=case.team,
            practitioner=case.practitioner,
            opened_on=case.opened_on,
            restricted=case.restricted,
            family_id=case.family_id,
            age_years=case.age_on(as_of),
            gender=case.gender,
            ethnicity=case.ethnicity,
            disability=case.disability,
            transferred_in_on=case.transferred_in_on,
            transferred_in_from=case.transferred_in_from,
            legal_status=case.legal_status,
            plan=case.plan,
            last_import=case_import,
        )
    Case.objects.bulk_create((case.stored for case in cases if case.stored), batch_size=2000)


def _confirmed(listed: list[PlannedCase], as_of: date, now: datetime, by: User) -> CaseImport:
    """The list as an import that was confirmed. Its file is gone, as after every import."""
    by_service = Counter(case.service for case in listed)
    text = "\n".join(sorted(case.local_id for case in listed))
    return CaseImport.objects.create(
        status=CaseImport.Status.CONFIRMED,
        as_of=as_of,
        file_name=f"open-cases-{as_of:%Y-%m-%d}.csv",
        file_sha256=hashlib.sha256(text.encode()).hexdigest(),
        file_format="template_csv",
        summary={
            "rows_read": len(listed),
            "children": len(listed),
            "open_cases": len(listed),
            "by_service": {code: by_service[code] for code in figures.OPEN_CASES},
            "covers": list(figures.OPEN_CASES),
        },
        uploaded_by=by,
        uploaded_at=now - timedelta(minutes=25),
        confirmed_by=by,
        confirmed_at=now,
    )
