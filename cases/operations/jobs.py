"""Running long work so that a killed worker leaves nothing half done.

A job's own changes and its "succeeded" are one transaction, so either both are there or neither.
The broker may deliver a job twice, or a worker may be frozen and wake up after its job was given to
another: every attempt carries its number, and only the attempt that the row knows can finish.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pghistory
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import require
from cases.models import Job
from cases.queries.jobs import PERMISSION_OF_KIND

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
UNEXPECTED = (
    "Something went wrong in the software, not in what you did. Nothing was changed. "
    "Try again, and tell the administrator if it happens again."
)


def lease() -> timedelta:
    """How long a worker may be silent before its job is given to another."""
    return timedelta(seconds=settings.CFA_JOB_LEASE_SECONDS)


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
    *,
    kind: str,
    subject: str,
    arguments: dict[str, Any],
    by: User,
    now: datetime,
    page: str = "",
) -> Job:
    """Put work on the list; a worker takes it up once this transaction is committed.

    ``page`` is the address of the page that the work is about ("/imports/12/"): the job's page
    leads there once it is done. Raises MovedOn where the same work is already waiting or running.
    """
    if page:
        arguments = {**arguments, "page": page}
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, subject=subject, arguments=arguments, requested_by=by, requested_at=now
            )
    except IntegrityError as error:
        raise MovedOn("Somebody has already started this, and it is still under way.") from error
    send(job)
    return job


@operation
def try_again(*, job: Job, by: User, now: datetime) -> Job:
    """Queue the work of a failed job once more, as a new job under the name of ``by``.

    Raises MovedOn where the job has not failed, or the same work is under way already.
    """
    require(by, PERMISSION_OF_KIND[job.kind])
    if job.status != Job.Status.FAILED:
        raise MovedOn("This has not failed, so there is nothing to try again.")
    return queue_job(
        kind=job.kind, subject=job.subject, arguments=dict(job.arguments), by=by, now=now
    )


def live_job(subject: str, kind: str = "") -> Job | None:
    """The job (of a ``kind``) that is waiting or running for ``subject``, if there is one."""
    live = (Job.Status.QUEUED, Job.Status.RUNNING)
    found = Job.objects.filter(subject=subject, status__in=live)
    return (found.filter(kind=kind) if kind else found).first()


def send(job: Job) -> None:
    """Tell the workers about a job after commit. Where the broker is down, the sweep tells them."""
    transaction.on_commit(
        lambda: current_app.send_task("cases.tasks.run_job", args=[str(job.pk)]), robust=True
    )


def claim(job_id: str, now: datetime) -> Job | None:
    """Take a waiting job, or one whose worker is silent; None where somebody else has it."""
    free = Q(status=Job.Status.QUEUED) | Q(
        status=Job.Status.RUNNING, heartbeat_at__lt=now - lease()
    )
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
            _end_earlier_attempts(job)
            with pghistory.context(user=job.requested_by_id, operation=job.kind):
                _do(job, progress)
        except LostLease:
            logger.warning("Job %s was taken over by another worker", job.pk)
        except (Refused, MovedOn) as error:
            _fail(job, str(error))
        except Exception as error:
            _fail_unexpectedly(job, error)


def _session_name(job: Job) -> str:
    return f"cfa-job {job.pk}"  # 44 of the 63 letters that PostgreSQL keeps


def _end_earlier_attempts(job: Job) -> None:
    """Close the database sessions in which earlier attempts at this job still hold locks.

    A frozen worker keeps its transaction open, and the statement of a killed one runs on to its
    end; either would keep this attempt waiting. What they did is rolled back.
    """
    if job.attempts > 1:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = %s AND usename = current_user"
                " AND datname = current_database() AND pid <> pg_backend_pid()",
                [_session_name(job)],
            )


def _fail_unexpectedly(job: Job, error: Exception) -> None:
    """Mark the job as failed; say nothing where another attempt has closed this one's session."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    if not _mine(job).exists():
        logger.warning("Job %s was taken over by another worker", job.pk)
        return
    # Type and place only: the message of a database error may quote a row about a child.
    logger.error(
        "Job %s (%s) failed: %s at %s", job.pk, job.kind, type(error).__name__, _place(error)
    )
    _fail(job, UNEXPECTED)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))


def _do(job: Job, progress: Progress) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, true)", [_session_name(job)])
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
    """Send again what no worker is doing, fail what was tried often enough; returns how many."""
    silent = Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - lease())
    waiting = Q(status=Job.Status.QUEUED, requested_at__lt=now - lease())
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
            while not self.stopped.wait(settings.CFA_JOB_HEARTBEAT_SECONDS):
                self._write()
        finally:
            connection.close()

    def _write(self) -> None:
        try:
            _mine(self.job).update(
                heartbeat_at=timezone.now(),
                progress=self.progress.percent,
                progress_text=self.progress.text[:200],
            )
        except DatabaseError as error:  # the next beat tries again, on a new connection
            logger.warning("No heartbeat for job %s: %s", self.job.pk, type(error).__name__)
            connection.close()
