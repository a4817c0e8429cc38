"""Tests with real commits: several connections, several processes."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from cases.models import Service

# Where the migrations put what every installation begins with.
BEGINNINGS = ("accounts.migrations.0002_roles", "cases.migrations.0002_services")


@pytest.fixture
def committed(transactional_db: None) -> None:
    """A database in which commits are real, with the roles and services of a new installation.

    The tables are emptied after each such test, and with them what the migrations wrote. (Django's
    serialized rollback cannot write it again: the history's tables are append-only.)
    """
    if not Service.objects.exists():
        for module in BEGINNINGS:
            import_module(module).make(apps, None)
