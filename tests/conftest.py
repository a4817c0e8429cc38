"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings

from accounts.models import User
from tests.cast import Cast

# How fast the machine is today is nothing that these tests are about.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody (tests.cast)."""
    return Cast()


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A browser in which the given person has signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
