"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.cast import Cast


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
