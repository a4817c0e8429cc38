"""Running long work so that a killed worker leaves nothing half done.

A job's own changes and its "succeeded" are one transaction, so either both are there or neither.
The broker may deliver a job twice, or a worker may be frozen and wake up after its job was given to
another: every attempt carries its number, and only the attempt that the row knows can finish.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pghistory
from celery import current_app
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from cases.models import Job

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)  # a worker that has not been heard of for so long has lost its job
HEARTBEAT_SECONDS = 1.0
MAX_ATTEMPTS = 3
UNEXPECTED = (
    "Something went wrong in the software, not in what you did. Nothing was changed. "
    "Try again, and tell the administrator if it happens again."
)


class LostLease(Exception):
    """Another worker has this job now; this attempt's changes are rolled back."""


class Progress:
    """How far a job is: written by the work, read by the heartbeat."""

    def __init__(self) -> None:
        self.percent = 0
        self.text = ""

    def __call__(self, percent: int, text: str) -> None:
        """Report ``percent`` (0 to 100) done and what is being done, in the user's words."""
        self.percent, self.text = max(0, min(100, percent)), text


Handler = Callable[[Job, Progress], dict[str, Any]]
HANDLERS: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``. Its return value is the job's result."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


@operation
def queue_job(
    *, kind: str, subject: str, arguments: dict[str, Any], by: User, now: datetime
) -> Job:
    """Put work on the list; a worker takes it up once this transaction is committed.

    Raises MovedOn where the same work is already waiting or running.
    """
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, subject=subject, arguments=arguments, requested_by=by, requested_at=now
            )
    except IntegrityError as error:
        raise MovedOn("Somebody has already started this, and it is still under way.") from error
    send(job)
    return job


def send(job: Job) -> None:
    """Tell the workers about a job after commit. Should the broker be down, the sweep tells them."""
    transaction.on_commit(
        lambda: current_app.send_task("cases.tasks.run_job", args=[str(job.pk)]), robust=True
    )


def claim(job_id: str, now: datetime) -> Job | None:
    """Take a waiting job, or one whose worker is silent; None where somebody else has it."""
    free = Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - LEASE)
    claimed = Job.objects.filter(free, pk=job_id, attempts__lt=MAX_ATTEMPTS).update(
        status=Job.Status.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        progress=0,
        progress_text="",
    )
    return Job.objects.select_related("requested_by").get(pk=job_id) if claimed else None


def run_job(job_id: str) -> None:
    """Do one job, if it is there to be done. Never raises for what the work finds wrong."""
    job = claim(job_id, timezone.now())
    if job is None:
        return
    progress = Progress()
    with _Heartbeat(job, progress):
        try:
            with pghistory.context(user=job.requested_by_id, operation=job.kind):
                _do(job, progress)
        except LostLease:
            logger.warning("Job %s was taken over by another worker", job.pk)
        except (Refused, MovedOn) as error:
            _fail(job, str(error))
        except Exception:
            # The traceback may not hold children's data; exceptions here name types and places.
            logger.exception("Job %s (%s) failed", job.pk, job.kind)
            _fail(job, UNEXPECTED)


def _do(job: Job, progress: Progress) -> None:
    with transaction.atomic():
        result = HANDLERS[job.kind](job, progress)
        now = timezone.now()
        finished = _mine(job).update(
            status=Job.Status.SUCCEEDED,
            result=result,
            progress=100,
            progress_text="",
            heartbeat_at=now,
            finished_at=now,
        )
        if not finished:
            raise LostLease


def _fail(job: Job, words: str) -> None:
    now = timezone.now()
    _mine(job).update(status=Job.Status.FAILED, error=words, heartbeat_at=now, finished_at=now)


def _mine(job: Job) -> Any:
    """The job's row, as long as this attempt is the one that holds it."""
    return Job.objects.filter(pk=job.pk, attempts=job.attempts, status=Job.Status.RUNNING)


def take_up_lost_jobs(now: datetime) -> int:
    """Send again what no worker is doing; fail what has been tried often enough. Returns how many."""
    silent = Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - LEASE)
    waiting = Q(status=Job.Status.QUEUED, requested_at__lt=now - LEASE)
    lost = list(Job.objects.filter(silent | waiting))
    for job in lost:
        if job.attempts >= MAX_ATTEMPTS:
            Job.objects.filter(silent, pk=job.pk, attempts=job.attempts).update(
                status=Job.Status.FAILED,
                error=f"The worker stopped {MAX_ATTEMPTS} times while doing this. Nothing was "
                "changed. Tell the administrator.",
                finished_at=now,
            )
        else:
            send(job)
    return len(lost)


class _Heartbeat:
    """Writes a job's progress and heartbeat from a thread, on a connection of its own.

    The work runs in a transaction, so what it wrote itself nobody would see before the end.
    """

    def __init__(self, job: Job, progress: Progress) -> None:
        self.job, self.progress = job, progress
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *exception: object) -> None:
        self.stopped.set()
        self.thread.join(timeout=10)

    def _beat(self) -> None:
        try:
            while not self.stopped.wait(HEARTBEAT_SECONDS):
                _mine(self.job).update(
                    heartbeat_at=timezone.now(),
                    progress=self.progress.percent,
                    progress_text=self.progress.text[:200],
                )
        except Exception:  # the sweep will notice the silence
            logger.exception("No heartbeat for job %s", self.job.pk)
        finally:
            connection.close()
