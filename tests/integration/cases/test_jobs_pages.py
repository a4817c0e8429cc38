"""A job's page: who sees it, how far it is, and the way on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases.models import Job
from tests.cast import NOW, Cast

AsUser = Callable[[User], Client]


@pytest.fixture
def job(cast: Cast) -> Job:
    return Job.objects.create(
        kind="check_import", subject="import 1", requested_by=cast.analyst, requested_at=NOW,
        arguments={"import": 1, "page": "/imports/1/"},
    )  # fmt: skip


def address(job: Job, name: str = "job_detail") -> str:
    return reverse(f"cases:{name}", args=[job.pk])


def test_the_page_is_for_who_asked_and_for_colleagues_who_may_do_the_same(
    cast: Cast, as_user: AsUser, job: Job
) -> None:
    for user in [*cast.by_role().values(), cast.nobody]:
        expected = 200 if user == cast.analyst else 404
        assert as_user(user).get(address(job)).status_code == expected, user
        assert as_user(user).get(address(job, "job_progress")).status_code == expected, user
    assert Client().get(address(job)).status_code == 302
    Job.objects.update(requested_by=cast.auditor)
    assert as_user(cast.auditor).get(address(job)).status_code == 200
    assert as_user(cast.analyst).get(address(job)).status_code == 200


def test_somebody_who_lost_the_role_sees_the_failure_and_cannot_repeat_it(
    cast: Cast, as_user: AsUser, job: Job
) -> None:
    Job.objects.update(
        requested_by=cast.auditor, status="failed", error="The file is gone.", finished_at=NOW
    )
    client = as_user(cast.auditor)
    page = client.get(address(job)).content.decode()
    assert "The file is gone." in page
    assert "Try again" not in page
    assert 'href="/imports/1/"' in page
    assert client.post(address(job, "job_try_again")).status_code == 403


def test_running(cast: Cast, as_user: AsUser, job: Job) -> None:
    Job.objects.update(status="running", progress=30, progress_text="9,000 rows read", attempts=2)
    page = as_user(cast.analyst).get(address(job)).content.decode()
    assert "9,000 rows read" in page
    assert 'hx-trigger="every 1s"' in page
    assert "<noscript>" in page
    assert "A worker stopped while doing this" in page


def test_done_leads_to_what_it_was_for(cast: Cast, as_user: AsUser, job: Job) -> None:
    Job.objects.update(status="succeeded", finished_at=NOW)
    client = as_user(cast.analyst)
    assert client.get(address(job)).url == "/imports/1/"  # type: ignore[attr-defined]
    Job.objects.update(arguments={})
    assert "This is done." in client.get(address(job)).content.decode()


def test_failed_can_be_tried_again(cast: Cast, as_user: AsUser, job: Job) -> None:
    client = as_user(cast.analyst)
    opened = client.get(address(job, "job_try_again"))
    assert (opened.status_code, opened["Allow"]) == (405, "POST")
    assert "only takes what a form sends" in opened.content.decode()
    assert client.post(address(job, "job_try_again")).status_code == 409
    Job.objects.update(status="failed", error="No room.", finished_at=NOW)
    assert "Try again" in client.get(address(job)).content.decode()
    answer = client.post(address(job, "job_try_again"))
    again = Job.objects.exclude(pk=job.pk).get()
    assert answer.url == address(again)  # type: ignore[attr-defined]
    second = client.post(address(job, "job_try_again"))
    assert second.status_code == 409
    assert "already started this" in second.content.decode()


def test_an_unknown_job_is_not_found(cast: Cast, as_user: AsUser) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert as_user(cast.analyst).get(f"/jobs/{unknown}/").status_code == 404
