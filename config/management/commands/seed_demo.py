"""manage.py seed_demo: fill the demo with a council that does not exist."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from cases.models import Child
from config.demo_council.build import PASSWORD, Built, build


class Command(BaseCommand):
    """All of it in one transaction, so that an interrupted run leaves nothing behind."""

    help = "Fill an empty demo instance with a made-up council. Works under the demo settings only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", default="northmoor", help="the same seed, the same council")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where it is filled")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--scale", type=float, default=1.0, help="size of the council, 1 is a whole county"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo council exists under the demo's settings only.")
        if not 0 < options["scale"] <= 2:
            raise CommandError("The scale lies between 0 and 2.")
        if User.objects.filter(is_system=False).exists() or Child.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("This instance is filled already.")
        home = Path(settings.MEDIA_ROOT).parent
        built = build(seed=options["seed"], home=home, now=timezone.now(), scale=options["scale"])
        self._say(built, home, as_json=options["json"])

    def _say(self, built: Built, home: Path, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(built.as_dict()))
            return
        self.stdout.write(
            f"{built.people} people, {built.open_cases:,} open cases, {built.audits:,} audits in "
            f"{len(built.quarters)} quarters up to {built.quarters[-1]}."
        )
        for signin in built.signins:
            self.stdout.write(f"  {signin['role']:<26} {signin['email']}")
        self.stdout.write(f"The password of all: {PASSWORD}")
        self.stdout.write(f"Sign-ins and sample files: {home}")
