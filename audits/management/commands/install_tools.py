"""manage.py install_tools: publish the audit tools that ship with the product."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.operations import Refused
from audits.operations.tools import install_shipped_tools


class Command(BaseCommand):
    """Publishes what is not there yet; a second run changes nothing."""

    help = "Publish the audit tools that ship with the product. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = install_shipped_tools(by=User.objects.system(), now=timezone.now())
        except Refused as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            installed = [{"tool": each.tool.code, "version": each.number} for each in new]
            self.stdout.write(json.dumps({"installed": installed}))
            return
        for version in new:
            self.stdout.write(f"Published: {version}")
        if not new:
            self.stdout.write("Nothing to do: all shipped tools are in place.")
