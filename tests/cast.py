"""The people in tests: one for each role, and one outsider team with its own line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import Group

from accounts.models import User
from accounts.roles import Role
from cases.models import Case, Child, Grader, Practitioner, Service, Team

# A Tuesday morning in the third quarter of 2026/27.
NOW = datetime(2026, 10, 6, 9, 30, tzinfo=UTC)
TODAY = date(2026, 10, 6)
QUARTER = "2026-Q3"
PASSWORD = "a long enough phrase"


def person(name: str, *roles: str) -> User:
    """Somebody who can sign in with PASSWORD; e-mail is first.last@northmoor.test."""
    address = name.lower().replace(" ", ".").replace("'", "") + "@northmoor.test"
    user = User.objects.create_user(address, name, PASSWORD)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


@dataclass
class Cast:
    """Everybody. Riverside is the team under audit, Hilltop the outsider team."""

    analyst: User = field(default_factory=lambda: person("Ana Lyst", Role.PERFORMANCE_ANALYST))
    lead: User = field(default_factory=lambda: person("Quentin Lead", Role.QUALITY_ASSURANCE_LEAD))
    auditor: User = field(default_factory=lambda: person("Audrey Tor", Role.AUDITOR))
    other_auditor: User = field(default_factory=lambda: person("Otto Tor", Role.AUDITOR))
    moderator: User = field(default_factory=lambda: person("Mo Derator", Role.MODERATOR))
    other_moderator: User = field(default_factory=lambda: person("Olive Derator", Role.MODERATOR))
    manager: User = field(default_factory=lambda: person("Mandy Ager", Role.TEAM_MANAGER))
    other_manager: User = field(default_factory=lambda: person("Oscar Ager", Role.TEAM_MANAGER))
    practitioner_user: User = field(
        default_factory=lambda: person("Pat Titioner", Role.PRACTITIONER)
    )
    other_practitioner_user: User = field(
        default_factory=lambda: person("Orla Titioner", Role.PRACTITIONER)
    )
    head: User = field(default_factory=lambda: person("Hedda Service", Role.HEAD_OF_SERVICE))
    other_head: User = field(default_factory=lambda: person("Omar Service", Role.HEAD_OF_SERVICE))
    director: User = field(default_factory=lambda: person("Dee Rector", Role.DIRECTOR))
    validator: User = field(default_factory=lambda: person("Val Dator", Role.EXTERNAL_VALIDATOR))
    member: User = field(default_factory=lambda: person("Com Mittee", Role.COMMITTEE_MEMBER))
    governance: User = field(
        default_factory=lambda: person("Ina Governance", Role.INFORMATION_GOVERNANCE)
    )
    administrator: User = field(
        default_factory=lambda: person("Ad Ministrator", Role.ADMINISTRATOR)
    )
    nobody: User = field(default_factory=lambda: person("Norman Noroles"))

    def __post_init__(self) -> None:
        protection = Service.objects.get(code="child_protection")
        early_help = Service.objects.get(code="early_help")
        for service in Service.objects.exclude(pk=early_help.pk):
            service.head = self.head
            service.save()
        early_help.head = self.other_head
        early_help.save()
        self.riverside = Team.objects.create(
            name="Riverside", service=protection, manager=self.manager
        )
        self.hilltop = Team.objects.create(
            name="Hilltop", service=early_help, manager=self.other_manager
        )
        self.audit_team = Team.objects.create(name="Quality and Audit")
        self.practitioner = Practitioner.objects.create(
            name="Pat Titioner", team=self.riverside, user=self.practitioner_user
        )
        self.other_practitioner = Practitioner.objects.create(
            name="Orla Titioner", team=self.hilltop, user=self.other_practitioner_user
        )
        for grader in (self.auditor, self.other_auditor, self.moderator, self.other_moderator):
            Grader.objects.create(user=grader, team=self.audit_team, capacity=20)

    def by_role(self) -> dict[str, User]:
        """One person for each role code."""
        return {
            Role.PERFORMANCE_ANALYST: self.analyst,
            Role.AUDITOR: self.auditor,
            Role.MODERATOR: self.moderator,
            Role.TEAM_MANAGER: self.manager,
            Role.PRACTITIONER: self.practitioner_user,
            Role.HEAD_OF_SERVICE: self.head,
            Role.DIRECTOR: self.director,
            Role.EXTERNAL_VALIDATOR: self.validator,
            Role.COMMITTEE_MEMBER: self.member,
            Role.INFORMATION_GOVERNANCE: self.governance,
            Role.QUALITY_ASSURANCE_LEAD: self.lead,
            Role.ADMINISTRATOR: self.administrator,
        }


_numbers = count(1)


def open_case(
    team: Team | None = None,
    practitioner: Practitioner | None = None,
    service: str = "child_protection",
    child_id: str = "",
    **facts: Any,
) -> Case:
    """An open case as an import leaves it; ``service`` is its code."""
    child = Child.objects.create(local_id=child_id or f"C{next(_numbers):05}")
    facts.setdefault("opened_on", date(2026, 1, 12))
    return Case.objects.create(
        child=child,
        service=Service.objects.get(code=service),
        team=team,
        practitioner=practitioner,
        **facts,
    )


def open_cases(number: int, **kwargs: Any) -> list[Case]:
    """``number`` open cases alike."""
    return [open_case(**kwargs) for _ in range(number)]
