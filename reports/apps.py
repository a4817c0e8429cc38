"""Start-up of this app."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        # Importing it registers the handler of its job.
        from cases.policies import register
        from reports import operations  # noqa: F401
        from reports.rules.numbers import SECTION

        register(SECTION)
