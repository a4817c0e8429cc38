"""``./run check``: everything that can be said about the code without running its tests."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launch import ROOT, LaunchError
from config.launch.locks import lock
from config.launch.servers import Servers

PYTHON = sys.executable
DJADE = str(Path(PYTHON).with_name("djade"))  # a program, not a module
FRONTEND = ROOT / "frontend"
CHEAP = {
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "imports": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as l; l()"],
}


def check(arguments: list[str]) -> int:
    """Run every check, cheap ones first, up to the first that fails; its exit code, 0 for all."""
    if arguments:
        raise LaunchError("usage: ./run check")
    for name, command in CHEAP.items():
        _step(name, command)
    templates = sorted(str(path) for path in (ROOT / "templates").rglob("*.html"))
    _step("templates", [DJADE, "--check", "--target-version", "5.2", *templates])
    _step("lock files", None)
    _built_assets()
    _step("types", [PYTHON, "-m", "mypy"])
    with _environment() as environment:
        migrations = [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]
        _step("migrations", migrations, environment)
        deploy = [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        production = environment | {"DJANGO_SETTINGS_MODULE": "config.settings.production"}
        _step("production settings", deploy, production)
    print("All checks passed")
    return 0


def _step(name: str, command: list[str] | None, environment: dict[str, str] | None = None) -> None:
    """Run one check (None: the lock files); its output only where it fails, as LaunchError."""
    begun = time.monotonic()
    print(f"{name}: ", end="", flush=True)
    if command is None:
        failed, said = lock(["--check"]) != 0, ""
    else:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        failed, said = done.returncode != 0, done.stdout
    print(f"{'FAILED' if failed else 'ok'} ({time.monotonic() - begun:.1f} s)", flush=True)
    if failed:
        raise LaunchError(f"{name}: this check failed.\n{said}")


def _built_assets() -> None:
    """static/ is what frontend/ builds. Skipped, with a line that says so, without Node.js."""
    npm = shutil.which("npm")
    if npm is None:
        print("built assets: skipped, node is not on the PATH")
        return
    if not (FRONTEND / "node_modules").exists():
        _step("frontend packages", [npm, "ci", "--prefix", str(FRONTEND), "--no-audit"])
    _step("built assets", [npm, "run", "--silent", "--prefix", str(FRONTEND), "check"])


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """An environment good enough for any settings, with private servers behind it."""
    with tempfile.TemporaryDirectory(prefix="cfa-check-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  (the servers' account passes through)
        servers = Servers(Path(folder), durable=False)
        servers.start()
        try:
            yield {
                **os.environ,
                **servers.addresses(),
                "DJANGO_SETTINGS_MODULE": "config.settings.local",
                "CFA_HOME": folder,
                "SECRET_KEY": secrets.token_hex(40),
                "CFA_DRAW_SECRET": secrets.token_hex(40),
                "ALLOWED_HOSTS": "audit.example.org",
                "SITE_URL": "https://audit.example.org",
                "COUNCIL_NAME": "Northmoor County Council",
                "DUTY_PHONE": "01632 960001",
                "OUT_OF_HOURS_PHONE": "01632 960002",
            }
        finally:
            servers.stop()
