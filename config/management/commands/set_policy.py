"""Show or change the numbers that a quarter goes by."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from audits.rules.policy import AuditPolicy
from cases.management.commands._quarter import QuarterCommand
from cases.models import AuditQuarter
from cases.operations.policy import change_policy
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter
from quality.rules.policy import QualityPolicy
from reports.rules.policy import ReportPolicy

POLICIES: dict[str, Any] = {
    "cases": CasePolicy,
    "audits": AuditPolicy,
    "quality": QualityPolicy,
    "reports": ReportPolicy,
}


class Command(QuarterCommand):
    help = (
        "Show the numbers that QUARTER goes by, or change them: NAME=VALUE, for example "
        "cases.accreditation_needed=true or quality.moderation_random_share=1/4. What is frozen, "
        "drawn or reported already keeps the numbers stored with it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("changes", metavar="NAME=VALUE", nargs="*", help="what to change")

    def work(self, quarter: Quarter, by: User, options: dict[str, Any]) -> None:
        stored = AuditQuarter.objects.filter(label=quarter.label).first()
        policies = stored.policies if stored else {}
        values = {name: dict(policies.get(name, {})) for name in POLICIES}
        changed = [self._change(values, change) for change in options["changes"]]
        in_force = {name: self._checked(name, values[name]) for name in POLICIES}
        for section in dict.fromkeys(changed):
            change_policy(
                quarter=quarter,
                section=section,
                values=values[section],
                by=by,
                now=timezone.now(),
            )
        lines = [
            f"{section}.{name}={json.dumps(value)}"
            for section, policy in in_force.items()
            for name, value in policy.items()
        ]
        self.answer({"quarter": quarter.label, **in_force}, lines, as_json=options["json"])

    def _change(self, values: dict[str, dict[str, Any]], change: str) -> str:
        """Put one NAME=VALUE into ``values``; the section it is of."""
        name, equals, value = change.partition("=")
        section, dot, field = name.strip().partition(".")
        if not equals or not dot or section not in POLICIES:
            known = ", ".join(POLICIES)
            raise CommandError(
                f"“{change}” is not NAME=VALUE, with a name that begins with one of {known} and a "
                "full stop."
            )
        values[section][field] = _read(value.strip())
        return section

    def _checked(self, section: str, values: dict[str, Any]) -> dict[str, Any]:
        try:
            policy = POLICIES[section].from_dict(values).as_dict()
        except (ValueError, TypeError) as error:
            raise CommandError(f"{section}: {error}") from error
        return dict(policy)


def _read(text: str) -> Any:
    """A value as JSON (true, 10, ["a"]), or else as the text it is (1/20, team)."""
    try:
        return json.loads(text)
    except ValueError:
        return text
