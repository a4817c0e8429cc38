"""Every benchmark runs, with few rows: the code it measures changes, and nobody runs it daily."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2  # type: ignore[import-untyped]
import pytest
from django.db import connection

from config.launch import ROOT

NAME = "cfa_bench_test"
FEW = {
    "draw": ("--n", "300"),
    "imports": ("--n", "300", "--workbook", "300"),
    "pages": ("--few", "2", "--many", "4", "--rounds", "1", "--saves", "1"),
}


@pytest.fixture
def database(django_db_setup: None) -> Iterator[str]:
    """The address of a migrated database of its own, as the servers of a benchmark have it."""
    template = connection.settings_dict["TEST"].get("TEMPLATE")
    address = os.environ["DATABASE_URL"]
    server = psycopg2.connect(address)
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
        cursor.execute(f"CREATE DATABASE {NAME}" + (f" TEMPLATE {template}" if template else ""))
    yield urlunsplit(urlsplit(address)._replace(path=f"/{NAME}"))
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {NAME}")
    server.close()


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
)
def test_a_benchmark_runs_and_prints_its_result(name: str, database: str) -> None:
    environment = {**os.environ, "DATABASE_URL": database}
    for command in ("migrate --no-input --verbosity 0", "install_tools"):  # as ./run does
        manage = [sys.executable, "manage.py", *command.split()]
        subprocess.run(manage, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    bench = [sys.executable, "-m", f"benchmarks.{name}", *FEW[name]]
    done = subprocess.run(
        bench, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["name"] == name
    figures = last["ratios"] if name == "pages" else {"ratio": last["ratio"]}
    assert figures
    assert all(value > 0 for value in figures.values())
