"""Very many rows at once: into a table, never one object for a row."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from django.db import connection

AT_ONCE = 20_000

NULL = "\\N"  # no value, in the text format of COPY


class _Pieces:
    """Lines as psycopg2 reads a file: many at a time, "" at the end."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)

    def read(self, _size: int = 0) -> str:
        return "".join(islice(self._lines, AT_ONCE))


def copy_lines(table: str, columns: Iterable[str], lines: Iterable[str]) -> None:
    """COPY rows into ``table`` as they come: one statement, so its triggers see all of them.

    A line is a row in the text format of COPY: values separated by tabs, null as `NULL`, a line
    feed at its end. `escaped` writes free text in it. The lines must not ask the database.
    """
    command = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor:
        cursor.copy_expert(command, _Pieces(lines))


def escaped(text: str) -> str:
    """Free text as a value in the text format of COPY."""
    text = text.replace("\\", "\\\\").replace("\t", "\\t")
    return text.replace("\n", "\\n").replace("\r", "\\r")


@contextmanager
def uncollected() -> Iterator[None]:
    """Python's search for reference cycles switched off, where millions of rows hold none.

    The search looks at every row again and again: a third of the time of a big draw.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
