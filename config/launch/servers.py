"""Private PostgreSQL and Redis on unix sockets, in one folder, for one instance or one test run.

They listen on no network port. Neither trusts a password: the folder of the sockets is closed to
every other account. Where ``DATABASE_URL`` or ``REDIS_URL`` is set, that one is used instead and
nothing is started in its place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from config.launch import LaunchError, binaries
from config.launch.processes import dies_with_parent, tail
from config.launch.system_account import Account, private_folder, runnable, server_account

DATABASE = "cfa"
READY_WITHIN = 60.0  # seconds; the first start after a crash replays the log
STOPPED_WITHIN = 30.0
POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "60",
    # A list of a million writes more log than the usual 1 GB, and would wait for checkpoints.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
}
# A test run's data is thrown away, so a crash may lose it. Statistics taken in the middle of a test
# would say that its tables are empty, and the next query would loop over all of them.
FAST_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "30min",
}


@dataclass
class Servers:
    """The private servers of one home folder.

    ``durable``: data survives a crash of the machine, and the servers outlive whoever started
    them until ``stop``. Otherwise they are fast, and end with the process that started them.
    """

    home: Path
    durable: bool = True
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def __post_init__(self) -> None:
        self.account: Account = server_account()
        self.own_postgres = not self.environ.get("DATABASE_URL")
        self.own_redis = not self.environ.get("REDIS_URL")
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self.sockets = private_folder(self.home / "run", self.account, kept=False, short=True)
        self._started: list[subprocess.Popen[bytes]] = []

    def addresses(self) -> dict[str, str]:
        """``DATABASE_URL`` and ``REDIS_URL`` of these servers, or those already set."""
        folder = quote(str(self.sockets), safe="")
        return {
            "DATABASE_URL": self.environ.get("DATABASE_URL")
            or f"postgres://{DATABASE}@{folder}/{DATABASE}",
            "REDIS_URL": self.environ.get("REDIS_URL") or f"unix://{self.sockets / REDIS_SOCKET}",
        }

    def start(self) -> None:
        """Start what is not running, and wait until it answers. LaunchError says what failed."""
        try:
            if self.own_postgres and not self._postgres_answers():
                self._start_postgres()
            if self.own_redis and not self._redis_answers():
                self._start_redis()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both cleanly, whoever started them; nothing running is fine."""
        if self.own_redis and self._redis_answers():
            self._stop_redis()
        if self.own_postgres:
            self._stop_postgres()
        for process in self._started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        self._started.clear()

    # PostgreSQL

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder; there once the server has been started."""
        return private_folder(self.home / "postgres", self.account) / "data"

    def _start_postgres(self) -> None:
        data = self.data
        program = runnable(binaries.postgres(data), self.account, self.home)
        if not (data / "PG_VERSION").exists():
            self._create_cluster(program, data)
        settings = POSTGRES_SETTINGS | {"unix_socket_directories": str(self.sockets)}
        if not self.durable:
            settings |= FAST_SETTINGS
        options = [word for item in settings.items() for word in ("-c", "=".join(item))]
        self._launch("postgres", [str(program), "-D", str(data), *options], self._postgres_answers)

    def _create_cluster(self, program: Path, data: Path) -> None:
        """initdb and an empty database, under another name until both are complete."""
        unfinished = data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        initdb = [str(program.with_name("initdb")), "-D", str(unfinished), "-U", DATABASE]
        # Text sorts by code point unless a query says COLLATE: the same on every machine.
        locale = ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--lc-collate=C"]
        self._once(*initdb, *locale, *([] if self.durable else ["--no-sync"]))
        single = [str(program), "--single", "-D", str(unfinished), "postgres"]
        self._once(*single, said=f"CREATE DATABASE {DATABASE}\n")
        unfinished.rename(data)

    def _postgres_pid(self) -> int | None:
        """The postmaster's pid once line 8 of its pid file says "ready", as pg_ctl reads it."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        return int(lines[0]) if len(lines) >= 8 and lines[7].strip() == "ready" else None

    def _postgres_answers(self) -> bool:
        return self._postgres_pid() is not None and _accepts(self.sockets / POSTGRES_SOCKET)

    def _stop_postgres(self) -> None:
        pid = self._postgres_pid()
        if pid is None or not _accepts(self.sockets / POSTGRES_SOCKET):
            return
        pid_file = self.data / "postmaster.pid"
        for how in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            if _until(lambda: not pid_file.exists(), STOPPED_WITHIN):
                return

    # Redis

    def _start_redis(self) -> None:
        program = runnable(binaries.redis(), self.account, self.home)
        place = private_folder(self.home / "redis", self.account)
        settings = {
            "--port": "0",
            "--unixsocket": str(self.sockets / REDIS_SOCKET),
            "--unixsocketperm": "700",
            "--dir": str(place),
            "--save": "60 1" if self.durable else "",
        }
        options = [word for item in settings.items() for word in item]
        self._launch("redis", [str(program), *options], self._redis_answers)

    def _redis_answers(self) -> bool:
        return self._redis("PING").startswith(b"+PONG")

    def _stop_redis(self) -> None:
        for command in ("SHUTDOWN SAVE" if self.durable else "SHUTDOWN NOSAVE", "SHUTDOWN NOSAVE"):
            self._redis(command)
            if _until(lambda: not _accepts(self.sockets / REDIS_SOCKET), STOPPED_WITHIN):
                return

    def _redis(self, command: str) -> bytes:
        """Redis's answer to an inline command; empty where nobody answers."""
        try:
            with _connected(self.sockets / REDIS_SOCKET) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(64)
        except OSError:
            return b""

    # Both

    def _launch(self, name: str, command: list[str], answers: Callable[[], bool]) -> None:
        log = self.home / "logs" / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=_plain_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for the launcher, not for them
                preexec_fn=None if self.durable else dies_with_parent,
                **self.account.popen,
            )
        self._started.append(process)
        _until(lambda: answers() or process.poll() is not None, READY_WITHIN)
        if not answers():
            process.terminate()
            raise LaunchError(f"{name} did not start. The end of {log}:\n{tail(log)}")

    def _once(self, *command: str, said: str = "") -> None:
        """Run a short program as the servers' account; its output only where it fails."""
        done = subprocess.run(
            command,
            input=said,
            capture_output=True,
            text=True,
            cwd="/",
            env=_plain_environment(),
            start_new_session=True,
            check=False,
            **self.account.popen,
        )
        if done.returncode:
            raise LaunchError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _accepts(path: Path) -> bool:
    try:
        _connected(path).close()
    except OSError:
        return False
    return True


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``holds()``, at most ``seconds``; whether it came to hold."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
