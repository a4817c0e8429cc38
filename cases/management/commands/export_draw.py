"""Write a draw as the JSON file that anybody can verify."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.queries.certificate import certificate
from cases.queries.frame import draw_named


class Command(BaseCommand):
    help = (
        "Write DRAW (2026-Q3-D1, or 2026-Q3 for the draw that stands) as JSON, with everything "
        "that cases/verify_draw.py or a stranger needs to repeat it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("draw", metavar="DRAW", help="2026-Q3-D1, or 2026-Q3")
        parser.add_argument("--output", required=True, metavar="FILE.json", type=Path)
        parser.add_argument("--json", action="store_true", help="print one JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        draw = draw_named(options["draw"])
        if draw is None:
            raise CommandError(f"There is no draw “{options['draw']}”.")
        output: Path = options["output"]
        try:
            data = certificate(draw)
            text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
            output.write_text(text + "\n", encoding="utf-8")
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        about = {"draw": draw.reference, "file": str(output), "sha256": draw.result_sha256}
        self.stdout.write(
            json.dumps(about) if options["json"] else f"{draw.reference} is in {output}."
        )
