"""What the commands about a quarter share."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.operations import MovedOn, Refused
from cases.rules.quarters import Quarter


class QuarterCommand(BaseCommand):
    """A command about one quarter: --json, --by, and errors as one line and a non-zero exit."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", metavar="QUARTER", help="financial year, e.g. 2026-Q3")
        parser.add_argument("--json", action="store_true", help="print one JSON object only")
        parser.add_argument(
            "--by", metavar="EMAIL", help="whose name to record it under (default: the system's)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            quarter = Quarter.parse(options["quarter"])
            self.work(quarter, self.person(options["by"]), options)
        except (MovedOn, Refused, ValueError) as error:
            raise CommandError(str(error)) from error

    def work(self, quarter: Quarter, by: User, options: dict[str, Any]) -> None:
        """Do it; to be written by each command."""
        raise NotImplementedError

    def person(self, email: str | None) -> User:
        """Who does it."""
        if not email:
            return User.objects.system()
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody who can sign in has the e-mail address {email}.")
        return user

    def answer(self, data: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
        """Print ``data`` as one JSON object, or ``lines`` for a person."""
        self.stdout.write(json.dumps(data, ensure_ascii=False) if as_json else "\n".join(lines))
