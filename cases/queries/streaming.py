"""Very many rows out of one query, never all of them in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from django.db import connection

AT_ONCE = 20_000


def stream(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of one query, fetched as they are asked for. Only within a transaction."""
    connection.ensure_connection()
    with connection.connection.cursor(name=f"stream_{uuid4().hex}") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(sql, values)
        yield from cursor
