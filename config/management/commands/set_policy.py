"""Show or change the numbers that a quarter goes by."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from cases.management.commands._quarter import QuarterCommand
from cases.models import AuditQuarter
from cases.operations.policy import change_policies
from cases.policies import sections
from cases.queries.policy import quarter_as_it_begins
from cases.rules.numbers import Section
from cases.rules.quarters import Quarter


class Command(QuarterCommand):
    help = (
        "Show the numbers that QUARTER goes by, or change them: NAME=VALUE, for example "
        "cases.accreditation_needed=true or quality.moderation_random_share=1/4. What is frozen, "
        "drawn or reported already keeps the numbers stored with it; whether auditors must be "
        "accredited is asked whenever a case is given out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("changes", metavar="NAME=VALUE", nargs="*", help="what to change")

    def work(self, quarter: Quarter, by: User, options: dict[str, Any]) -> None:
        stored = AuditQuarter.objects.filter(label=quarter.label).first()
        policies = (stored or quarter_as_it_begins(quarter)).policies
        changes: dict[str, dict[str, Any]] = {}
        for change in options["changes"]:
            self._change(changes, change)
        in_force = {
            section.code: self._checked(section, policies, changes) for section in sections()
        }
        if changes:
            change_policies(quarter=quarter, changes=changes, by=by, now=timezone.now())
        lines = [
            f"{section}.{name}={json.dumps(value)}"
            for section, policy in in_force.items()
            for name, value in policy.items()
        ]
        self.answer({"quarter": quarter.label, **in_force}, lines, as_json=options["json"])

    def _change(self, changes: dict[str, dict[str, Any]], change: str) -> None:
        """Put one NAME=VALUE into ``changes``."""
        name, equals, value = change.partition("=")
        section, dot, field = name.strip().partition(".")
        known = [each.code for each in sections()]
        if not equals or not dot or section not in known:
            raise CommandError(
                f"“{change}” is not NAME=VALUE, with a name that begins with one of "
                f"{', '.join(known)} and a full stop."
            )
        changes.setdefault(section, {})[field] = _read(value.strip())

    def _checked(
        self, section: Section, policies: dict[str, Any], changes: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        try:
            return section.in_force(
                {**policies.get(section.code, {}), **changes.get(section.code, {})}
            )
        except (ValueError, TypeError) as error:
            raise CommandError(f"{section.code}: {error}") from error


def _read(text: str) -> Any:
    """A value as JSON (true, 10, ["a"]), or else as the text it is (1/20, team)."""
    try:
        return json.loads(text)
    except ValueError:
        return text
