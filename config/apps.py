"""The project's own app: start-up checks, the demo's commands and the templates' tag library."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        import config.celery  # noqa: F401  (tasks sent from a page use this application)

        checks.register(unguarded_views, checks.Tags.security)
        checks.register(demo_accounts, checks.Tags.database)


def unguarded_views(**kwargs: Any) -> list[checks.CheckMessage]:
    """An error for every address without an access rule."""
    from config.access import unguarded

    return [
        checks.Error(f"{route}: this address has no access rule.", id="config.E001")
        for route in unguarded()
    ]


def demo_accounts(databases: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """An error where a demo sign-in exists outside the demo."""
    from django.conf import settings
    from django.db import connection

    from accounts.models import User

    if settings.DEMO or not databases or "default" not in databases:
        return []
    if User._meta.db_table not in connection.introspection.table_names():
        return []  # the first migrate of a new database asks before there are tables
    if not User.objects.filter(is_demo=True).exists():
        return []
    return [checks.Error("This database holds demo sign-ins.", id="config.E002")]
