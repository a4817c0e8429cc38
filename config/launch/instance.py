"""An instance: one folder with a database, uploads, mail, logs and secrets of its own.

Several commands can use one instance at once. Each holds a shared lock on ``users.lock`` while it
runs; who finds the servers down starts them, and who is last out stops them. Locks belong to open
files, so a command that is killed holds none, and the next one picks up what it left running.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from config.launch import ROOT, LaunchError
from config.launch.processes import Child, Interrupt, run_step
from config.launch.servers import Servers
from config.launch.system_account import remove_folder

DEFAULT_HOME = ROOT / ".instance"
SERVER_FOLDERS = ("postgres", "redis", "run", "programs")
OTHER_FOLDERS = ("media", "mail", "logs", "samples")
FILES = ("secrets.json", "signins.json", "migrated", "beat-schedule*")
SECRETS = ("SECRET_KEY", "CFA_DRAW_SECRET")
MANAGE = (sys.executable, str(ROOT / "manage.py"))


class Instance:
    """The instance in ``home``, which is made where it is missing."""

    def __init__(self, home: Path) -> None:
        self.home = home.expanduser().resolve()
        self.is_default = self.home == DEFAULT_HOME
        self._make_folders()

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.home / "logs"

    def environment(self, servers: Servers, **more: str) -> dict[str, str]:
        """What a Django process of this instance needs in its environment."""
        own = {
            "CFA_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **self._secrets(), **servers.addresses(), **own, **more}

    @contextlib.contextmanager
    def servers(self) -> Iterator[Servers]:
        """The instance's servers, running; stopped afterwards where nobody else uses them."""
        servers = Servers(self.home)
        with self._open("users.lock") as users:
            with self._locked("servers.lock"):
                servers.start()
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield servers
            finally:
                with self._locked("servers.lock"):
                    if _try_alone(users):
                        servers.stop()

    @contextlib.contextmanager
    def demo(self, address: str) -> Iterator[None]:
        """Held by the one demo of this instance; LaunchError names the address of another."""
        with self._open("demo.lock") as guard:
            if not _try_alone(guard):
                where = guard.read().strip() or "an address it is about to print"
                raise LaunchError(f"The demo in {self.home} is already running at {where}")
            guard.truncate(0)
            guard.write(f"{address}\n")
            guard.flush()
            try:
                yield
            finally:
                guard.truncate(0)

    def start_over(self) -> None:
        """Delete everything the instance holds; LaunchError while a command is using it."""
        if os.environ.get("DATABASE_URL"):
            raise LaunchError("--fresh deletes private data only, and DATABASE_URL is set.")
        with self._open("users.lock") as users, self._locked("servers.lock"):
            if not _try_alone(users):
                raise LaunchError(f"A command is using {self.home}; --fresh has changed nothing.")
            Servers(self.home).stop()  # left running by a launcher that was killed
            for name in (*SERVER_FOLDERS, *OTHER_FOLDERS):
                remove_folder(self.home / name)
            for path in (path for name in FILES for path in self.home.glob(name)):
                path.unlink()
        self._make_folders()

    def migrate(self, environment: dict[str, str], interrupt: Interrupt) -> None:
        """Bring the database in step with the code, where the code's migrations have changed."""
        with self._locked("migrate.lock"):
            mark, wanted = self.home / "migrated", migrations(environment["DATABASE_URL"])
            if mark.exists() and mark.read_text() == wanted:
                return
            for name in ("migrate --no-input", "install_tools"):
                command = [*MANAGE, *name.split()]
                log = self.logs / f"{name.split()[0]}.log"
                run_step(Child(name.split()[0], command, environment, log), interrupt)
            mark.write_text(wanted)

    def _make_folders(self) -> None:
        for folder in ("", "logs", "media", "mail"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)

    def _secrets(self) -> dict[str, str]:
        """Random secrets of this instance, kept: sessions and draw keys must outlive a restart."""
        with self._locked("secrets.lock"):
            kept = self.home / "secrets.json"
            if not kept.exists():
                fresh = {name: secrets.token_urlsafe(48) for name in SECRETS}
                with self._open("secrets.unfinished") as unfinished:
                    json.dump(fresh, unfinished, indent=2)
                (self.home / "secrets.unfinished").rename(kept)
            values: dict[str, str] = json.loads(kept.read_text())
        return values

    def _open(self, name: str) -> IO[str]:
        return os.fdopen(os.open(self.home / name, os.O_RDWR | os.O_CREAT, 0o600), "r+")

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with self._open(name) as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def _try_alone(guard: IO[str]) -> bool:
    """Take the lock for oneself alone; False, holding none, where somebody else has it."""
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def migrations(salt: str) -> str:
    """A fingerprint of every migration in the code, and of ``salt``; 64 hexadecimal digits."""
    fingerprint = hashlib.sha256(salt.encode())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        fingerprint.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return fingerprint.hexdigest()
