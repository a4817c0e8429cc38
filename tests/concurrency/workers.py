"""Real Celery workers on the test's database, to be killed and frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from config.launch import ROOT

LEASE = 1.5
PATIENCE = 40.0


class Worker:
    """One worker process with its children, in a process group of its own."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "celery", "--app", "config.celery", "worker",
                    "--concurrency", "1", "--loglevel", "INFO", "--without-mingle",
                    "--without-gossip",
                ],
                cwd=ROOT, env=environment(), stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the worker and its children at once."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End everything of it, as when the power fails."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait(timeout=10)


def environment() -> dict[str, str]:
    """Ours, with the test's database instead of the one it was made from."""
    address, question, options = os.environ["DATABASE_URL"].partition("?")
    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": f"{address.rpartition('/')[0]}/{name}{question}{options}",
        "CFA_JOB_LEASE_SECONDS": str(LEASE),
        "CFA_JOB_HEARTBEAT_SECONDS": "0.1",
    }


@contextmanager
def workers(folder: Path) -> Iterator[Callable[[], Worker]]:
    """A function that starts workers; all of them are ended on leaving."""
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(folder / f"worker-{len(started) + 1}.log"))
        return started[-1]

    try:
        yield start
    finally:
        for worker in started:
            worker.kill()


def wait_until(what: Callable[[], bool], *, said: str) -> None:
    """Wait until ``what`` is true; fails after PATIENCE seconds."""
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, f"Waited {PATIENCE:.0f} seconds for: {said}"
        time.sleep(0.05)


@contextmanager
def holding(statement: str) -> Iterator[Callable[[], None]]:
    """Run ``statement`` (one that takes a lock) on a connection of its own; gives its release."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(statement)
        yield other.rollback
    finally:
        other.close()


def waits_for_lock(job_id: str) -> bool:
    """Whether a session of the job stands before a lock that somebody else holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
            " AND wait_event_type = 'Lock'",
            [f"cfa-job {job_id}"],
        )
        return bool(cursor.fetchone()[0])
