"""``./run manage …``: one command of manage.py against an instance's servers."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from config.launch import ROOT, LaunchError
from config.launch.instance import MANAGE, Instance
from config.launch.processes import Interrupt, run_in_foreground

# Commands that must be able to run while the code and the database are out of step.
WITHOUT_MIGRATING = {"migrate", "makemigrations", "showmigrations", "check", "help", "--help"}


def manage(home: Path, arguments: list[str]) -> int:
    """Run ``manage.py`` with ``arguments``; its exit code. Nothing of ours goes to stdout."""
    return _with_servers(
        home, [*MANAGE, *arguments], migrate=not WITHOUT_MIGRATING & set(arguments[:1] or ["help"])
    )


def bench(home: Path | None, arguments: list[str]) -> int:
    """Run ``benchmarks/NAME.py``, in a throw-away instance unless ``--home`` names one."""
    names = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    if not arguments or arguments[0] not in names:
        raise LaunchError(f"usage: ./run bench NAME, where NAME is one of: {', '.join(names)}")
    command = [sys.executable, "-m", f"benchmarks.{arguments[0]}", *arguments[1:]]
    if home is not None:
        return _with_servers(home, command)
    with tempfile.TemporaryDirectory(prefix="cfa-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  (the servers' account passes through)
        return _with_servers(Path(folder), command)


def _with_servers(home: Path, command: list[str], *, migrate: bool = True) -> int:
    instance = Instance(home)
    interrupt = Interrupt()
    with instance.servers() as servers:
        environment = instance.environment(servers)
        if migrate:
            instance.migrate(environment, interrupt)
        interrupt.wait(0)
        return run_in_foreground(command, environment)
