"""Import a list of open cases from the command line: ``manage.py import_cases --help``."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused
from cases.importers.containers import TEXT_ENDINGS
from cases.models import CaseImport
from cases.operations.import_meanings import remember_services
from cases.operations.imports import import_list
from cases.queries.imports import (
    all_of_it,
    by_service_name,
    closing_much,
    problems_of,
    service_changes,
)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date: write YYYY-MM-DD") from None


def _codes(text: str) -> list[str]:
    return [code.strip() for code in text.split(",") if code.strip()]


def _service(text: str) -> tuple[str, str]:
    name, sign, code = text.rpartition("=")
    if not sign:
        raise ArgumentTypeError(f"{text!r} has no equals sign: write NAME=CODE")
    return name.strip(), code.strip()


class Command(BaseCommand):
    help = (
        "Read a list of open cases (an Annex A workbook, its lists as one CSV file each, or the "
        "template as CSV or workbook; told by content) and take it over, in one transaction. Where "
        "it cannot be accepted, the reason is printed on standard error, the exit code is not 0 "
        "and nothing is changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, --as-of, --preview, --json, --service, --covers, --close-many, --by."""
        parser.add_argument(
            "files",
            type=Path,
            metavar="FILE",
            nargs="+",
            help="one file; or several CSV files, each with one list of Annex A",
        )
        parser.add_argument(
            "--as-of",
            type=_date,
            required=True,
            metavar="YYYY-MM-DD",
            help="the date the list is true for",
        )
        parser.add_argument("--preview", action="store_true", help="only show; change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--service",
            action="append",
            default=[],
            type=_service,
            metavar="NAME=CODE",
            help="what a service's name in the list means, e.g. 'Family Support=early_help', or "
            "'Archive=' where its rows open no case; remembered; may be repeated",
        )
        parser.add_argument(
            "--covers",
            type=_codes,
            metavar="CODE,CODE",
            help="the services of which the list holds all open cases: theirs that are not in it "
            "close. Default: what its content suggests; for Annex A lists 6 to 9, and list 2 only "
            "where the last list of early help was Annex A too",
        )
        parser.add_argument(
            "--close-many",
            action="store_true",
            help="close more than a tenth of a service's open cases, or some while rows could not "
            "be read, where the list says so",
        )
        parser.add_argument(
            "--by",
            metavar="EMAIL",
            help="the person in whose name the list is imported (default: the system itself)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, print, and for a preview take everything back."""
        paths: list[Path] = options["files"]
        for path in paths:
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        _check_several(paths)
        preview: bool = options["preview"]
        try:
            with transaction.atomic():
                by = person(options["by"])
                remember_services(meanings=dict(options["service"]), by=by, now=timezone.now())
                case_import = import_list(
                    paths=paths,
                    as_of=options["as_of"],
                    by=by,
                    now=timezone.now(),
                    confirm=not preview,
                    covers=options["covers"],
                    understood=options["close_many"],
                )
                text = _json(case_import) if options["json"] else _words(case_import, preview)
                for change in closing_much(case_import):
                    self.stderr.write(
                        f"Warning: {change.closes:,} of {change.before:,} open cases of "
                        f"{change.name} {'would close' if preview else 'were closed'}."
                    )
                for unknown in case_import.summary["unknown_services"]:
                    self.stderr.write(
                        f"Warning: nobody has said which service “{unknown['said']}” means "
                        f"({unknown['rows']:,} rows). Say it with --service."
                    )
                transaction.set_rollback(preview)
        except (Refused, MovedOn, PermissionDenied, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)


def _check_several(paths: list[Path]) -> None:
    if len(paths) > 1 and any(path.suffix.lower() not in TEXT_ENDINGS for path in paths):
        raise CommandError(
            "Give one workbook, or several CSV files with a list of Annex A in each."
        )


def person(email: str | None) -> User:
    """Who does it: the active user with this address, the system itself without one."""
    if email is None:
        return User.objects.system()
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise CommandError(f"Nobody with the address {email} can sign in here.")
    return user


def _json(case_import: CaseImport) -> str:
    problems = [
        {
            "sheet": problem.sheet,
            "row": problem.row,
            "column": problem.column,
            "message": all_of_it(problem),
        }
        for problem in problems_of(case_import)
    ]
    return json.dumps(
        {
            "file_sha256": case_import.file_sha256,
            **({"files": files} if (files := case_import.summary["files"]) else {}),
            "rows_read": case_import.summary["rows_read"],
            "children": case_import.summary["children"],
            "open_cases": case_import.summary["open_cases"],
            "by_service": by_service_name(case_import),
            "problems": problems,
        },
        ensure_ascii=False,
    )


def _words(case_import: CaseImport, preview: bool) -> str:
    summary = case_import.summary
    lines = [
        f"{case_import.file_name} as of {case_import.as_of:%d/%m/%Y}",
        f"SHA-256     {case_import.file_sha256}",
        *(f"  {file['sha256']}  {file['name']}" for file in summary["files"]),
        f"Rows read   {summary['rows_read']:>9,}",
        f"Children    {summary['children']:>9,}",
        f"Open cases  {summary['open_cases']:>9,}",
    ]
    for name, number in by_service_name(case_import).items():
        lines.append(f"  {name:<18}{number:>9,}")
    covers = [change.name for change in service_changes(case_import) if change.covered]
    lines.append(f"Covers      {', '.join(covers) or 'no service: nothing closes'}")
    for key, label in (("opens", "Opened"), ("moves", "Moved"), ("closes", "Closed")):
        lines.append(f"{label:<12}{sum(summary[key].values()):>9,}")
    if teams := summary["new_teams"]["first"]:
        named = "; ".join(f"{team['name']} ({team['cases']:,})" for team in teams)
        lines.append(f"New teams, without a manager: {named}")
    if changing := summary["change_team"]:
        lines.append(f"Cases that the list has in another team: {changing:,}")
    if stay := sum(summary["stays_restricted"].values()):
        lines.append(f"Stay restricted, as the list does not say no: {stay:,}")
    problems = list(problems_of(case_import)[:21])
    lines.append(f"Problems    {sum(summary['problems'].values()):>9,}")
    lines += [f"  {_where(problem)}: {all_of_it(problem)}" for problem in problems[:20]]
    if len(problems) > 20:
        lines.append("  and more: --json prints all of them")
    lines.append("Preview: nothing was changed." if preview else "Confirmed.")
    return "\n".join(lines)


def _where(problem: Any) -> str:
    parts = [problem.sheet, f"row {problem.row}" if problem.row else "", problem.column]
    return ", ".join(part for part in parts if part) or "File"
