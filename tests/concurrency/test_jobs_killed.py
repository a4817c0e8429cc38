"""A worker killed with SIGKILL, or frozen, in an import, a frame or a draw: nothing is half done.

Where the worker is at that moment is not left to chance: the test holds a lock that the job needs
at one point of its way, waits until the job stands before it, and strikes then.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.roles import Role
from cases.models import (
    Case,
    CaseImport,
    Child,
    Draw,
    FrameEntry,
    ImportProblem,
    Job,
    Practitioner,
    SampledCase,
    SamplingFrame,
    StagedCase,
    Team,
)
from cases.operations.draw import draw_sample, request_draw
from cases.operations.frame import freeze_frame, request_freeze
from cases.operations.import_sql import CONFIRM_LOCK
from cases.operations.imports import confirm_list, upload_list
from cases.operations.jobs import run_job, take_up_lost_jobs
from cases.rules.quarters import Quarter
from tests.cast import QUARTER, person
from tests.concurrency.workers import LEASE, Worker, holding, wait_until, waits_for_lock, workers
from tests.integration.cases.importing import AS_OF, csv_bytes

ROWS = 12_000
IN_CHECK = {
    "before anything": "SELECT 1 FROM cases_caseimport FOR UPDATE",
    "after the first rows": "LOCK TABLE cases_importproblem IN SHARE MODE",
    "when comparing": "LOCK TABLE cases_case IN ACCESS EXCLUSIVE MODE",
}
IN_CONFIRM = {
    "before anything": f"SELECT pg_advisory_lock({CONFIRM_LOCK})",
    "after the first teams": "LOCK TABLE cases_practitioner IN SHARE MODE",
    "before the cases": "LOCK TABLE cases_case IN SHARE MODE",
    "after all cases": "LOCK TABLE cases_stagedcase IN SHARE MODE",
}
IN_FREEZE = {
    "before the rows": "LOCK TABLE cases_frameentry IN SHARE MODE",
    "after the rows": "LOCK TABLE cases_samplingframe IN SHARE MODE",
}
IN_DRAW = {
    "before anything": "SELECT 1 FROM cases_auditquarter FOR UPDATE",
    "before the cases": "LOCK TABLE cases_sampledcase IN SHARE MODE",
    "before their history": "LOCK TABLE cases_sampledcaseevent IN SHARE MODE",
}
Q3, SEED = Quarter.parse(QUARTER), "dice: 3 1 6 6 2"
Start = Callable[[], Worker]


@pytest.fixture
def analyst(committed: None) -> User:
    return person("Ana Lyst", Role.PERFORMANCE_ANALYST)


@pytest.fixture
def start(committed: None, tmp_path: Path, settings: Settings) -> Iterator[Start]:
    """Starts workers; what the test and they tell each other goes through the same Redis."""
    settings.CFA_JOB_LEASE_SECONDS = LEASE
    current_app.control.purge()
    with workers(tmp_path) as start_worker:
        yield start_worker
    current_app.control.purge()


def big_list() -> bytes:
    lines = [
        f"{n:06},Child in need,Team {n % 30},Worker {n % 250},{'2026-01-02' if n % 50 else 'x'}"
        for n in range(ROWS)
    ]
    return csv_bytes(*lines)


def upload(by: User) -> Job:
    file = SimpleUploadedFile("cases.csv", big_list())
    return upload_list(file=file, as_of=AS_OF, by=by, now=timezone.now())


def confirm(by: User) -> Job:
    job = upload(by)
    run_job(str(job.pk))
    current_app.control.purge()
    case_import = CaseImport.objects.get()
    return confirm_list(case_import=case_import, compared_with=0, understood=False, by=by,
                        now=timezone.now())  # fmt: skip


def contents() -> dict[str, int]:
    counted = (Case, Child, Practitioner, Team, StagedCase, ImportProblem)
    counts = {model.__name__: model._default_manager.count() for model in counted}
    return counts | {"events": apps.get_model("cases", "CaseEvent").objects.count()}


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def take_up(job: Job) -> None:
    """What the schedule does every 15 seconds, until the job is given away."""
    wait_until(lambda: take_up_lost_jobs(timezone.now()) > 0, said="the lease to run out")


def finished(job: Job) -> None:
    wait_until(lambda: not fresh(job).is_live, said=f"the end of {job}")
    assert (fresh(job).status, fresh(job).attempts) == ("succeeded", 2), fresh(job).error


def struck_with(start: Start, number: signal.Signals, job: Job, lock: str) -> Worker:
    """A worker that was hit by a signal when the job stood before ``lock``; the lock is free."""
    with holding(lock) as release:
        worker = start()
        wait_until(lambda: waits_for_lock(str(job.pk)), said=f"the job to stand before {lock}")
        worker.signal(number)
        if number == signal.SIGKILL:
            worker.process.wait(timeout=10)
        release()
    return worker


@pytest.mark.parametrize("lock", IN_CHECK.values(), ids=IN_CHECK.keys())
def test_killed_while_checking(start: Start, analyst: User, lock: str) -> None:
    job = upload(analyst)
    before = contents()
    struck_with(start, signal.SIGKILL, job, lock)
    assert (fresh(job).status, fresh(job).attempts) == ("running", 1)
    assert contents() == before
    assert CaseImport.objects.get().status == "uploaded"

    start()
    take_up(job)
    finished(job)
    case_import = CaseImport.objects.get()
    assert case_import.status == "checked"
    assert case_import.summary["open_cases"] == ROWS
    assert StagedCase.objects.count() == ROWS
    assert ImportProblem.objects.count() == ROWS / 50


@pytest.mark.parametrize("lock", IN_CONFIRM.values(), ids=IN_CONFIRM.keys())
def test_killed_while_confirming(start: Start, analyst: User, lock: str) -> None:
    job = confirm(analyst)
    before = contents()
    struck_with(start, signal.SIGKILL, job, lock)
    assert (fresh(job).status, fresh(job).attempts) == ("running", 1)
    assert contents() == before
    assert CaseImport.objects.get().status == "checked"

    start()
    take_up(job)
    finished(job)
    assert_taken_over()


def test_frozen_while_confirming(start: Start, analyst: User) -> None:
    """A frozen worker keeps its locks; the next attempt ends its session and is not held up."""
    job = confirm(analyst)
    frozen = struck_with(start, signal.SIGSTOP, job, IN_CONFIRM["before the cases"])
    start()
    take_up(job)
    finished(job)
    assert_taken_over()
    after, result = contents(), fresh(job)

    frozen.signal(signal.SIGCONT)
    said = f"Job {job.pk} was taken over by another worker"
    wait_until(lambda: said in frozen.log.read_text(), said="the thawed worker to notice")
    time.sleep(0.3)  # longer than a heartbeat: it must not touch the job's row either
    assert contents() == after
    assert fresh(job).heartbeat_at == result.heartbeat_at
    assert (fresh(job).status, fresh(job).attempts) == ("succeeded", 2)


def assert_taken_over() -> None:
    """The whole list, once."""
    assert CaseImport.objects.get().status == "confirmed"
    assert Case.objects.filter(closed_on=None).count() == Case.objects.count() == ROWS
    assert Child.objects.count() == ROWS
    assert Team.objects.count() == 30
    assert apps.get_model("cases", "CaseEvent").objects.count() == ROWS
    assert StagedCase.objects.count() == 0


@pytest.fixture
def taken_over(analyst: User) -> User:
    """The analyst of a council whose list of open cases is confirmed."""
    run_job(str(confirm(analyst).pk))
    current_app.control.purge()
    return analyst


def sampling() -> dict[str, int]:
    """How many rows each table of frames and draws has, and those of the draws' history."""
    events = [apps.get_model("cases", f"{name}Event") for name in ("Draw", "SampledCase")]
    counted: list[type[Model]] = [SamplingFrame, FrameEntry, Draw, SampledCase, *events]
    return {model.__name__: model._default_manager.count() for model in counted}


def drawn() -> list[tuple[str, str, int]]:
    cases = SampledCase.objects.order_by("entry__key", "role", "rank")
    return list(cases.values_list("entry__key", "role", "rank"))


@pytest.mark.parametrize("lock", IN_FREEZE.values(), ids=IN_FREEZE.keys())
def test_killed_while_freezing(start: Start, taken_over: User, lock: str) -> None:
    with transaction.atomic():  # what comes of it where nobody is killed
        undisturbed = freeze_frame(quarter=Q3, by=taken_over, now=timezone.now()).sha256
        whole = sampling()
        transaction.set_rollback(True)
    job = request_freeze(quarter=Q3, by=taken_over, now=timezone.now())
    before = sampling()
    struck_with(start, signal.SIGKILL, job, lock)
    assert (fresh(job).status, fresh(job).attempts) == ("running", 1)
    assert sampling() == before == dict.fromkeys(before, 0)

    start()
    take_up(job)
    finished(job)
    assert SamplingFrame.objects.get().sha256 == fresh(job).result["sha256"] == undisturbed
    assert sampling() == whole
    assert whole["FrameEntry"] == ROWS


@pytest.mark.parametrize("lock", IN_DRAW.values(), ids=IN_DRAW.keys())
def test_killed_while_drawing(start: Start, taken_over: User, lock: str) -> None:
    frame = freeze_frame(quarter=Q3, by=taken_over, now=timezone.now())
    with transaction.atomic():
        undisturbed = draw_sample(quarter=Q3, seed=SEED, by=taken_over, now=timezone.now())
        whole, whole_draw = sampling(), drawn()
        transaction.set_rollback(True)
    job = request_draw(
        quarter=Q3,
        frame_id=frame.pk,
        seed=SEED,
        witnesses="Cllr Ito",
        by=taken_over,
        now=timezone.now(),
    )
    before = sampling()
    struck_with(start, signal.SIGKILL, job, lock)
    assert (fresh(job).status, fresh(job).attempts) == ("running", 1)
    assert sampling() == before
    assert before["Draw"] == before["SampledCase"] == before["SampledCaseEvent"] == 0

    start()
    take_up(job)
    finished(job)
    assert Draw.objects.get().result_sha256 == undisturbed.result_sha256
    assert (sampling(), drawn()) == (whole, whole_draw)
    assert whole["SampledCase"] == whole["SampledCaseEvent"] > ROWS / 20
