"""Everybody in the council: sign-ins, teams, practitioners, those who grade."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.roles import Role
from cases.models import Grader, Practitioner, Service, Team
from config.demo_council import figures
from config.demo_council.draws import given
from config.demo_council.names import Names

PASSWORD = "northmoor-lantern-river"  # noqa: S105 – of people who do not exist, printed on start
DOMAIN = "northmoor.example"
LEFT = 0.06  # practitioners who have gone, beside those who work here

# One person each, with the address that is easy to remember.
SINGLES = (
    ("analyst", Role.PERFORMANCE_ANALYST),
    ("director", Role.DIRECTOR),
    ("validator", Role.EXTERNAL_VALIDATOR),
    ("committee", Role.COMMITTEE_MEMBER),
    ("governance", Role.INFORMATION_GOVERNANCE),
    ("quality.lead", Role.QUALITY_ASSURANCE_LEAD),
    ("administrator", Role.ADMINISTRATOR),
)
# Which services each Head of Service answers for.
HEADS = (
    ("assessment", "child_in_need"),
    ("child_protection",),
    ("looked_after", "care_leaver"),
    ("early_help",),
)


@dataclass
class People:
    """Who works here, by what they do."""

    single: dict[str, User]
    heads: list[User]
    auditors: list[User]
    moderators: list[User]
    managers: list[User]
    teams: list[Team]
    practitioners: dict[int, list[Practitioner]] = field(default_factory=dict)  # by team
    gone: dict[int, list[Practitioner]] = field(default_factory=dict)

    @property
    def lead(self) -> User:
        """The quality assurance lead."""
        return self.single[Role.QUALITY_ASSURANCE_LEAD]

    @property
    def analyst(self) -> User:
        """The performance analyst."""
        return self.single[Role.PERFORMANCE_ANALYST]


@dataclass
class Hiring:
    """Makes users in bulk: their password is hashed once, which takes as long as all the rest."""

    names: Names
    joined: datetime
    password: str = field(default_factory=lambda: make_password(PASSWORD))
    roles: list[tuple[User, str]] = field(default_factory=list)

    def user(self, role: str, email: str = "", name: str = "") -> User:
        """A person who can sign in; saved by `save`."""
        name = name or self.names.next()
        email = email or name.lower().replace(" ", ".")
        user = User(
            name=name,
            email=f"{email}@{DOMAIN}",
            password=self.password,
            is_demo=True,
            date_joined=self.joined,
        )
        self.roles.append((user, role))
        return user

    def save(self) -> None:
        """Store everybody not stored yet, with their roles."""
        User.objects.bulk_create(user for user, _ in self.roles)
        groups = dict(Group.objects.values_list("name", "pk"))
        through = User.groups.through
        through.objects.bulk_create(
            through(user_id=user.pk, group_id=groups[role]) for user, role in self.roles
        )
        self.roles.clear()


def hire(rng: Random, joined: datetime, scale: float) -> People:
    """Make everybody. ``scale`` 1 is a whole county; smaller for tests."""
    hiring = Hiring(Names(rng), joined)
    people = People(
        single={role: hiring.user(role, email) for email, role in SINGLES},
        heads=[hiring.user(Role.HEAD_OF_SERVICE) for _ in HEADS],
        auditors=[hiring.user(Role.AUDITOR) for _ in range(_part(figures.AUDITORS, scale, 8))],
        moderators=[
            hiring.user(Role.MODERATOR) for _ in range(_part(figures.MODERATORS, scale, 4))
        ],
        managers=[hiring.user(Role.TEAM_MANAGER) for _ in figures.TEAMS],
        teams=[],
    )
    hiring.save()
    _make_teams(people)
    _make_practitioners(people, hiring, rng, scale)
    _make_graders(people, rng, joined.date())
    return people


def _part(whole: int, scale: float, least: int) -> int:
    return max(round(whole * scale), least)


def _make_teams(people: People) -> None:
    services = {service.code: service for service in Service.objects.all()}
    for head, codes in zip(people.heads, HEADS, strict=True):
        for code in codes:
            services[code].head = head
            services[code].save(update_fields=["head"])
    people.teams = Team.objects.bulk_create(
        Team(name=name, service=services[code], manager=manager, works_with_disability=disability)
        for (name, code, disability), manager in zip(figures.TEAMS, people.managers, strict=True)
    )


def _make_practitioners(people: People, hiring: Hiring, rng: Random, scale: float) -> None:
    """So many in each team that everybody holds about seventeen cases."""
    of_service: dict[str, int] = {}
    for _, code, _ in figures.TEAMS:
        of_service[code] = of_service.get(code, 0) + 1
    made: list[Practitioner] = []
    number = 0
    for team in people.teams:
        code = given(team.service).code
        wanted = figures.OPEN_CASES[code] * scale / of_service[code] / figures.held(code)
        here = max(round(wanted), 1)
        for place in range(here + (rng.random() < LEFT * here)):
            number += 1
            made.append(_practitioner(team, number, place >= here, hiring, rng))
    hiring.save()
    Practitioner.objects.bulk_create(made)
    for practitioner in made:
        kept = people.gone if practitioner.left_on else people.practitioners
        kept.setdefault(given(practitioner.team_id), []).append(practitioner)


def _practitioner(team: Team, number: int, gone: bool, hiring: Hiring, rng: Random) -> Practitioner:
    agency = number % round(1 / figures.AGENCY) == 0
    user = None
    name = hiring.names.next()
    if not gone and rng.random() < (0.4 if agency else 0.75):
        user = hiring.user(Role.PRACTITIONER, name=name)
    left_on = hiring.joined.date() + timedelta(days=rng.randint(200, 420)) if gone else None
    return Practitioner(
        name=name,
        staff_number=f"N{number:05}",
        team=team,
        agency=agency,
        left_on=left_on,
        user=user,
    )


def _make_graders(people: People, rng: Random, since: date) -> None:
    """Most auditors come from other teams of the council; some work in the audit team itself."""
    home = Team.objects.create(name="Quality and Audit")
    people_and_teams = [(user, home) for user in people.moderators]
    for place, user in enumerate(people.auditors):
        people_and_teams.append((user, home if place % 4 == 0 else rng.choice(people.teams)))
    Grader.objects.bulk_create(
        Grader(
            user=user,
            team=team,
            capacity=rng.randint(8, 10),
            accredited_on=since + timedelta(days=rng.randint(-300, 60))
            if rng.random() < 0.85
            else None,
        )
        for user, team in people_and_teams
    )
