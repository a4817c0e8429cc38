"""What the commands that take a short CSV file share: look, then do, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.operations import Refused
from accounts.rules.table_file import LineProblem, Plan, decode
from cases.management.commands.import_cases import person


class TableCommand(BaseCommand):
    """FILE, --preview, --by; every wrong line on standard error and a non-zero exit."""

    plan: Callable[[str], Plan]  # of the file's text
    apply: Callable[..., Plan]  # text=, digest=, by=, now=

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--preview", action="store_true", help="only show; change nothing")
        parser.add_argument(
            "--by",
            metavar="EMAIL",
            help="the person in whose name it is done (default: the system itself)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, do what was planned, print."""
        by = person(options["by"])
        try:
            text = decode(options["file"].read_bytes())
            plan = self.plan(text)
            if plan.problems:
                lines = [_words(problem) for problem in plan.problems]
                raise CommandError("\n".join(["Nothing was changed.", *lines]))
            if not options["preview"]:
                self.apply(text=text, digest=plan.digest, by=by, now=timezone.now())
        except (Refused, PermissionDenied, OSError) as error:
            raise CommandError(str(error)) from error
        for label, effect in (("New", "add"), ("Changed", "change"), ("No change", "same")):
            self.stdout.write(f"{label:<10}{plan.number(effect):>7,}")
        left = [change for change in plan.changes if change.effect == "left"]
        if left:
            self.stdout.write(f"{'Left out':<10}{len(left):>7,}")
        for change in left:
            self.stderr.write(f"Line {change.line}: left out. {' '.join(change.details)}")
        self.stdout.write("Preview: nothing was changed." if options["preview"] else "Done.")


def _words(problem: LineProblem) -> str:
    where = f"Line {problem.line}" if problem.line else "File"
    return f"{where}{f', {problem.column}' if problem.column else ''}: {problem.message}"
