"""Queries counted before and after there is more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

SameQueries = Callable[[Client, str, Callable[[int], None]], None]


@pytest.fixture
def same_queries() -> SameQueries:
    """same_queries(client, path, more): the page takes as many queries with 2 things as with 6."""

    def check(client: Client, path: str, more: Callable[[int], None]) -> None:
        counted = []
        for number in (2, 4):
            more(number)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counted.append(len(queries))
        assert counted[0] == counted[1]

    return check
