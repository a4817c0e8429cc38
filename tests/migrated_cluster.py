"""A PostgreSQL cluster with every migration applied, kept between test runs.

Applying the migrations takes far longer than a narrow test run, and they change seldom. So the
cluster is copied once they have run, under a fingerprint of all of them and of the lock file, and
later runs start from the copy. Django then makes its test database from the migrated one and finds
nothing left to apply. Without a fitting copy everything runs from the first migration on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.launch import ROOT, LaunchError, binaries
from config.launch.instance import DEFAULT_HOME, migrations
from config.launch.servers import DATABASE, Servers

COPIES = DEFAULT_HOME / "test-clusters"
KEPT = 3  # copies: one for each branch somebody is likely to go back and forth between

_servers: Servers | None = None


def start(servers: Servers) -> None:
    """Start ``servers``, from the kept copy where there is one for today's migrations."""
    global _servers
    if servers.own_postgres:
        _servers = servers
        copy, data = _copy(), servers.data
        if copy.exists():
            try:
                shutil.copytree(copy, data, symlinks=True)
                servers.account.own(data)
            except (OSError, shutil.Error):  # another run removed it meanwhile
                shutil.rmtree(data, ignore_errors=True)
    servers.start()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django asks for this before it makes its database."""
    if _servers is None:
        return
    if not _copy().exists():
        _migrate_and_keep(_servers)
    from django.db import connection

    connection.settings_dict["TEST"]["TEMPLATE"] = DATABASE


def _migrate_and_keep(servers: Servers) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.exit(f"The migrations failed:\n{done.stdout}{done.stderr}", returncode=1)
    servers.stop()  # a copy of a running cluster would be torn
    COPIES.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=COPIES))
    shutil.copytree(servers.data, unfinished, symlinks=True, dirs_exist_ok=True)
    with contextlib.suppress(OSError):  # another run was first
        unfinished.rename(_copy())
    for old in sorted(COPIES.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    servers.start()


def _copy() -> Path:
    """Where the cluster of today's migrations, packages and PostgreSQL lies, or would lie."""
    try:
        program = binaries.postgres(Path("a new cluster"))
    except LaunchError:
        return COPIES / "none"
    lock = (ROOT / "requirements-dev.lock").read_text()
    return COPIES / f"{program.major}-{migrations(lock)[:32]}"
