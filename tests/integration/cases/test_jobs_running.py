"""Jobs: claimed once, fenced by their attempt, taken up when a worker is gone, said in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.operations import MovedOn, Refused
from cases.models import Child, Job
from cases.operations import jobs
from cases.operations.jobs import (
    MAX_ATTEMPTS,
    UNEXPECTED,
    Progress,
    claim,
    lease,
    live_job,
    queue_job,
    run_job,
    take_up_lost_jobs,
    try_again,
)
from tests.cast import NOW, Cast

KIND = Job.Kind.RENDER_REPORT


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the next job of KIND does: raise what is under "raises", or call "does"."""
    what: dict[str, Any] = {}

    def handle(job: Job, progress: Progress) -> dict[str, Any]:
        Child.objects.create(local_id=f"written by {job.pk}")
        if "does" in what:
            what["does"](job)
        if "raises" in what:
            raise what["raises"]
        return {"done": True}

    monkeypatch.setitem(jobs.HANDLERS, KIND, handle)
    return what


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of jobs that the workers were told about."""
    ids: list[str] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args: ids.append(args[0]) if args else None
    )
    return ids


def queued(cast: Cast, **values: Any) -> Job:
    return queue_job(
        kind=KIND, subject="report 1", arguments={"report": 1}, by=cast.lead, now=NOW, **values
    )


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_a_job_and_what_it_did_are_there_together(cast: Cast, handler: dict[str, Any]) -> None:
    job = queued(cast)
    run_job(str(job.pk))
    job = fresh(job)
    assert (job.status, job.attempts, job.progress) == ("succeeded", 1, 100)
    assert job.result == {"done": True}
    assert job.finished_at
    assert Child.objects.count() == 1


@pytest.mark.parametrize("outcome", [Refused, MovedOn])
def test_what_the_work_finds_wrong_is_the_jobs_error(
    cast: Cast, handler: dict[str, Any], outcome: type[Exception]
) -> None:
    handler["raises"] = outcome("The frame is gone.")
    job = queued(cast)
    run_job(str(job.pk))
    assert (fresh(job).status, fresh(job).error) == ("failed", "The frame is gone.")
    assert not Child.objects.exists()


def test_a_fault_of_ours_is_logged_without_its_message(
    cast: Cast, handler: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    handler["raises"] = ValueError("Key (local_id)=(CHILD-77) already exists.")
    job = queued(cast)
    run_job(str(job.pk))
    assert (fresh(job).status, fresh(job).error) == ("failed", UNEXPECTED)
    assert "ValueError" in caplog.text
    assert "test_jobs_running.py" in caplog.text
    assert "CHILD-77" not in caplog.text
    assert not Child.objects.exists()


def test_delivered_twice_it_is_done_once(cast: Cast, handler: dict[str, Any]) -> None:
    job = queued(cast)
    run_job(str(job.pk))
    run_job(str(job.pk))
    assert fresh(job).attempts == 1
    assert Child.objects.count() == 1


def test_a_running_job_is_not_claimed_while_its_worker_is_heard_of(cast: Cast) -> None:
    job = queued(cast)
    now = timezone.now()
    assert claim(str(job.pk), now)
    assert claim(str(job.pk), now + lease() / 2) is None
    again = claim(str(job.pk), now + lease() + timedelta(seconds=1))
    assert again
    assert again.attempts == 2


def test_an_attempt_that_lost_its_lease_cannot_finish(cast: Cast, handler: dict[str, Any]) -> None:
    """A frozen worker wakes up after its job was given to another."""

    def taken_over(job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(attempts=2)

    handler["does"] = taken_over
    job = queued(cast)
    run_job(str(job.pk))
    assert fresh(job).status == "running"
    assert not Child.objects.exists()


def test_a_frozen_attempts_error_is_not_the_jobs_error(
    cast: Cast, handler: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler["raises"] = RuntimeError("terminating connection")
    job = queued(cast)
    claimed = claim(str(job.pk), timezone.now())
    assert claimed
    Job.objects.filter(pk=job.pk).update(attempts=2)
    monkeypatch.setattr(jobs, "claim", lambda *_: claimed)
    run_job(str(job.pk))
    assert (fresh(job).status, fresh(job).error) == ("running", "")


def test_lost_jobs_are_sent_again_and_given_up_in_the_end(
    cast: Cast, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = queued(cast)
    assert sent == [str(job.pk)]
    now = timezone.now()
    claim(str(job.pk), now)
    with django_capture_on_commit_callbacks(execute=True):
        assert take_up_lost_jobs(now + lease() / 2) == 0
        late = now + lease() + timedelta(seconds=1)
        assert take_up_lost_jobs(late) == 1
    assert sent == [str(job.pk)] * 2
    Job.objects.filter(pk=job.pk).update(attempts=MAX_ATTEMPTS)
    take_up_lost_jobs(late)
    assert fresh(job).status == "failed"
    assert f"stopped {MAX_ATTEMPTS} times" in fresh(job).error
    assert take_up_lost_jobs(late) == 0


def test_a_job_the_broker_lost_is_sent_again(
    cast: Cast, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = queued(cast)
    with django_capture_on_commit_callbacks(execute=True):
        assert take_up_lost_jobs(NOW + lease() + timedelta(seconds=1)) == 1
    assert sent == [str(job.pk)]


def test_the_same_work_is_under_way_once(cast: Cast) -> None:
    job = queued(cast)
    assert live_job("report 1") == job
    with pytest.raises(MovedOn, match="already started"):
        queued(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=KIND, subject="report 1", requested_by=cast.lead)


def test_failed_work_is_tried_again_as_a_new_job(cast: Cast, handler: dict[str, Any]) -> None:
    handler["raises"] = Refused("Not now.")
    job = queued(cast, page="/reports/1/")
    with pytest.raises(MovedOn, match="has not failed"):
        try_again(job=job, by=cast.lead, now=NOW)
    run_job(str(job.pk))
    handler.clear()
    again = try_again(job=fresh(job), by=cast.analyst, now=NOW)
    assert (again.kind, again.subject, again.requested_by) == (KIND, "report 1", cast.analyst)
    assert again.arguments == {"report": 1, "page": "/reports/1/"}
    run_job(str(again.pk))
    assert fresh(again).status == "succeeded"
    assert fresh(job).status == "failed"


def test_progress_is_kept_between_0_and_100() -> None:
    progress = Progress()
    progress(140, "Nearly")
    assert (progress.percent, progress.text) == (100, "Nearly")
    progress(-3, "Hardly")
    assert progress.percent == 0
