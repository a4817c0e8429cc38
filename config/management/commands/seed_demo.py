"""Fill the demo: a made-up council's people, its open cases, and the quarter's sample."""

from __future__ import annotations

import csv
import json
import random
import tempfile
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from audits.operations.tools import install_shipped_tools
from cases.models import Draw, Grader, Service, Team
from cases.operations.allocation import allocate_quarter
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.operations.imports import import_list
from cases.queries.calendar import local_date
from cases.rules.quarters import Quarter

PASSWORD = "demonstration only"  # noqa: S105 (no secret: printed at every start, and demo only)
AUDITORS, MODERATORS = 40, 8
# Open cases by service: about the size of a northern county (Department for Education,
# Characteristics of children in need, 2024: 4,109 children, 494 plans).
OPEN_CASES = {
    "Looked After": 940,
    "Child Protection": 494,
    "Child in Need": 1_480,
    "Assessment": 900,
    "Care Leavers": 285,
    "Early Help": 1_000,
}
TEAMS_OF = 5  # for each service
FIRST = "Asha Ben Carys Dev Elin Femi Grace Hari Isla Jon Kit Lena Marek Nia Omar Priya Ruth Sam"
LAST = "Adeyemi Barker Chowdhury Dunn Ellis Fenwick Grant Hughes Iqbal Jarvis Kaur Lowe Nowak Pike"


class Command(BaseCommand):
    help = "Fill an empty demo instance with a made-up council. Works under the demo settings only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", default="northmoor", help="the same seed, the same council")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where it is filled")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo council exists under the demo's settings only.")
        if User.objects.filter(is_demo=True).exists():
            if options["if_empty"]:
                return
            raise CommandError("This instance is filled already.")
        with transaction.atomic():
            signins = fill(random.Random(options["seed"]), options["seed"], timezone.now())
        kept = Path(settings.MEDIA_ROOT).parent / "signins.json"
        kept.write_text(json.dumps(signins, indent=1) + "\n")
        self.stdout.write(f"The demo council is there; its sign-ins are in {kept}.")


def fill(chance: random.Random, seed: str, now: datetime) -> list[dict[str, str]]:
    """Make people, cases, frame, draw and allocation; returns the sign-ins to print."""
    system = User.objects.system()
    install_shipped_tools(by=system, now=now)
    signins = _people()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "open cases.csv"
        _write_open_cases(path, chance, now)
        import_list(path=path, as_of=local_date(now), by=system, now=now, confirm=True)
    _managers()
    quarter = Quarter.containing(local_date(now))
    freeze_frame(quarter=quarter, by=system, now=now)
    draw: Draw = draw_sample(quarter=quarter, seed=f"{seed} 4 2 6 1", by=system, now=now)
    allocate_quarter(draw=draw, by=system, now=now)
    return signins


def _people() -> list[dict[str, str]]:
    """One sign-in for each role, and more auditors and moderators than that."""
    coded = make_password(PASSWORD)
    for role in Role:
        _person(
            f"{role.value.replace('_', '.')}@northmoor.example", f"Demo {role.label}", role, coded
        )
    for role, number in ((Role.AUDITOR, AUDITORS), (Role.MODERATOR, MODERATORS)):
        for index in range(1, number):
            address = f"{role.value}{index}@northmoor.example"
            _person(address, f"{_name(index)}", role, coded)
    return [
        {
            "role": role.label,
            "email": f"{role.value.replace('_', '.')}@northmoor.example",
            "password": PASSWORD,
        }
        for role in Role
    ]


def _person(email: str, name: str, role: Role, coded: str) -> User:
    user = User.objects.create(email=email, name=name, password=coded, is_demo=True)
    user.groups.set(Group.objects.filter(name=role))
    if role in (Role.AUDITOR, Role.MODERATOR):
        Grader.objects.create(user=user, capacity=8)
    return user


def _name(index: int) -> str:
    first, last = FIRST.split(), LAST.split()
    return f"{first[index % len(first)]} {last[index * 5 % len(last)]}"


def _write_open_cases(path: Path, chance: random.Random, now: datetime) -> None:
    """A list of open cases as a council would upload it: about 17 for each practitioner."""
    today = local_date(now)
    number = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(
            ["child_id", "service", "team", "practitioner", "opened_on", "family_id", "restricted"]
        )
        for service, open_cases in OPEN_CASES.items():
            workers = max(open_cases // TEAMS_OF // 17, 1)
            for _ in range(open_cases):
                number += 1
                team = chance.randrange(TEAMS_OF)
                worker = team * workers + chance.randrange(workers)
                opened = today - timedelta(days=int(chance.expovariate(1 / 300)) + 1)
                family = f"F{chance.randrange(3_000):05}" if chance.random() < 0.35 else ""
                restricted = "yes" if chance.random() < 0.005 else ""
                out.writerow(
                    [
                        f"N{number:06}",
                        service,
                        f"{service} {'ABCDE'[team]}",
                        f"{_name(worker)} {service[0]}{worker}",
                        opened.isoformat(),
                        family,
                        restricted,
                    ]
                )


def _managers() -> None:
    """The demo's team manager and Head of Service hold what there is to hold."""
    manager = User.objects.get(email="team.manager@northmoor.example")
    head = User.objects.get(email="head.of.service@northmoor.example")
    Service.objects.update(head=head)
    for team in Team.objects.select_related("service"):
        if team.service is None:
            team.service = Service.objects.filter(name=team.name[:-2]).first()
        team.manager = manager
        team.save()
