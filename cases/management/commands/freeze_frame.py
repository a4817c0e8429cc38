"""Freeze a quarter's sampling frame and print its hash."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.models import User
from cases.management.commands._quarter import QuarterCommand
from cases.operations.frame import freeze_frame
from cases.queries.frame import frame_counts
from cases.rules.policy import STRATA_BY
from cases.rules.quarters import Quarter


class Command(QuarterCommand):
    help = "Freeze the open cases of today as QUARTER's sampling frame, and print its hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reason", default="", help="why freeze again, where one is frozen")
        parser.add_argument(
            "--strata-by",
            choices=list(STRATA_BY),
            help="what the frame is divided by for its quotas (default: what the policy says)",
        )

    def work(self, quarter: Quarter, by: User, options: dict[str, Any]) -> None:
        frame = freeze_frame(
            quarter=quarter,
            strata_by=options["strata_by"],
            reason=options["reason"],
            by=by,
            now=timezone.now(),
        )
        counts = frame_counts(frame)
        data = {
            "quarter": quarter.label,
            "frame_sha256": frame.sha256,
            "frozen_on": frame.frozen_on.isoformat(),
            "services": {
                row["stratum"]: {"open": row["open"], "eligible": row["eligible"]} for row in counts
            },
        }
        lines = [f"{r['stratum']}: {r['open']} open, {r['eligible']} eligible" for r in counts]
        lines.append(f"Frame {frame.number} of {quarter.name} is frozen. SHA-256: {frame.sha256}")
        self.answer(data, lines, as_json=options["json"])
