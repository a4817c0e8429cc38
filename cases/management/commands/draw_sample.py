"""Draw a quarter's sample."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cases.management.commands._quarter import QuarterCommand
from cases.models import AuditQuarter
from cases.operations.chances import request_chances
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.queries.frame import live_frame
from cases.rules.quarters import Quarter
from cases.rules.rates import parse_rate

SHOWN = ("open", "eligible", "not_eligible", "quota", "selected", "reserves")


class Command(QuarterCommand):
    help = (
        "Draw QUARTER's sample with a seed. Without a frame it freezes one first; the certificate "
        "then says that the seed was not committed to beforehand. Without witnesses it says that "
        "nobody saw the seed made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--seed", required=True, metavar="TEXT", help="decides the draw")
        parser.add_argument(
            "--rate", metavar="5%", help="share of open cases (default: the policy)"
        )
        parser.add_argument("--reason", default="", help="why draw again, where a draw stands")
        parser.add_argument("--witnesses", default="", help="who saw the seed made")

    def work(self, quarter: Quarter, by: User, options: dict[str, Any]) -> None:
        rate = parse_rate(options["rate"]) if options["rate"] else None
        now = timezone.now()
        with transaction.atomic():
            found = AuditQuarter.objects.filter(label=quarter.label).first()
            committed = found is not None and live_frame(found) is not None
            if not committed:
                freeze_frame(quarter=quarter, by=by, now=now)
            draw = draw_sample(
                quarter=quarter,
                seed=options["seed"],
                witnesses=options["witnesses"],
                reason=options["reason"],
                rate=rate,
                seed_committed=committed,
                by=by,
                now=now,
            )
            request_chances(draw=draw, by=by, now=now)
        services = {
            name: {field: numbers[field] for field in SHOWN}
            for name, numbers in draw.strata.items()
        }
        data = {
            "draw": draw.reference,
            "quarter": quarter.label,
            "frame_sha256": draw.frame.sha256,
            "services": services,
        }
        lines = [
            f"{name}: {n['selected']} of {n['open']} selected, {n['reserves']} reserves"
            for name, n in services.items()
        ]
        lines.append(f"{draw.reference}, seed {draw.seed}, result {draw.result_sha256}")
        if not committed:
            lines.append("The seed was known before the frame was frozen; the certificate says so.")
        if not draw.seed_witnesses:
            lines.append("Nobody saw the seed made; the certificate says so. See --witnesses.")
        self.answer(data, lines, as_json=options["json"])
