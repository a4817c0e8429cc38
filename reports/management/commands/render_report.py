"""Render a quarter's committee report and write one edition to a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from cases.management.commands._quarter import QuarterCommand
from cases.models import AuditQuarter
from cases.rules.quarters import Quarter
from reports.models import CommitteeReport, IssuedReport
from reports.operations import IN_PREPARATION, create_report, render_report
from reports.queries import latest_issue, open_report, published_report
from reports.rules.frozen import EDITIONS, PUBLIC


class Command(QuarterCommand):
    help = (
        "Render QUARTER's committee report as PDF. A report that is being prepared is rendered "
        "again with the figures of now; an approved or published one is written as it was issued; "
        "where there is none it is begun."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", required=True, type=Path, help="the PDF file to write")
        parser.add_argument(
            "--edition", choices=EDITIONS, default=PUBLIC, help="which edition (default: public)"
        )

    def work(self, quarter: Quarter, by: User, options: dict[str, Any]) -> None:
        output: Path = options["output"]
        if not output.parent.is_dir():
            raise CommandError(f"There is no folder {output.parent}.")
        row = AuditQuarter.objects.filter(label=quarter.label).first()
        if row is None:
            raise CommandError(f"Nothing has been drawn for {quarter.name} yet.")
        report = self._report(row, by)
        issue = latest_issue(report, options["edition"])
        if issue is None:
            raise CommandError("The report has no such edition.")
        _write(output, bytes(issue.pdf))
        self._say(report, issue, output, as_json=options["json"])

    def _report(self, quarter: AuditQuarter, by: User) -> CommitteeReport:
        now = timezone.now()
        report = open_report(quarter) or published_report(quarter)
        report = report or create_report(quarter=quarter, by=by, now=now)
        if report.status in IN_PREPARATION:
            return render_report(report=report, by=by, now=now)
        return report

    def _say(
        self, report: CommitteeReport, issue: IssuedReport, output: Path, *, as_json: bool
    ) -> None:
        data = {
            "quarter": report.quarter.label,
            "report": report.number,
            "status": report.status,
            "edition": issue.edition,
            "file": str(output),
            "pages": issue.pages,
            "sha256": issue.sha256,
            "figures_sha256": report.figures_sha256,
        }
        what = f"{issue.get_edition_display()} of report {report.number} for {report.quarter}"
        lines = [f"{what}: {issue.pages} pages, written to {output}.", f"SHA-256: {issue.sha256}"]
        self.answer(data, lines, as_json=as_json)


def _write(output: Path, pdf: bytes) -> None:
    try:
        output.write_bytes(pdf)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
