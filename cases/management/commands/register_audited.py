"""Register children audited before this product: ``manage.py register_audited --help``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.operations import Refused
from accounts.rules.table_file import Plan, decode
from cases.management.commands.import_cases import person
from cases.operations.import_audited import register_audited_earlier
from cases.queries.audited_earlier import plan_for_audited_earlier
from cases.queries.calendar import local_date


class Command(BaseCommand):
    help = (
        "Register children whose files were audited before this product was in use, from a CSV "
        "file with the columns child_id and audited_on. Frames count them as already audited. A "
        "line without a date takes a child off the register. Where a line is wrong, every wrong "
        "line is printed on standard error, the exit code is not 0 and nothing is changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, --preview, --by."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--preview", action="store_true", help="only show; change nothing")
        parser.add_argument(
            "--by",
            metavar="EMAIL",
            help="the person in whose name they are registered (default: the system itself)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, register what was planned, print."""
        by = person(options["by"])
        now = timezone.now()
        try:
            text = decode(options["file"].read_bytes())
            plan = plan_for_audited_earlier(text, local_date(now)).plan
            _refuse_problems(plan)
            if not options["preview"]:
                register_audited_earlier(text=text, digest=plan.digest, by=by, now=now)
        except (Refused, PermissionDenied, OSError) as error:
            raise CommandError(str(error)) from error
        for label, effect in (("New", "add"), ("Changed", "change"), ("No change", "same")):
            self.stdout.write(f"{label:<10}{plan.number(effect):>7,}")
        self.stdout.write("Preview: nothing was changed." if options["preview"] else "Registered.")


def _refuse_problems(plan: Plan) -> None:
    if plan.problems:
        lines = [
            f"{f'Line {one.line}' if one.line else 'File'}"
            f"{f', {one.column}' if one.column else ''}: {one.message}"
            for one in plan.problems
        ]
        raise CommandError("\n".join(["Nothing was changed.", *lines]))
