"""Start-up of this app."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        # Importing these registers the handlers of their jobs.
        from cases.operations import chances, draw, frame, imports  # noqa: F401
