"""Two people importing at the same moment end with one result, and the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused
from accounts.roles import Role
from cases.models import Case, CaseImport, Child, ChildAlias, Job
from cases.operations.conflicts import declare_ahead
from cases.operations.import_other_ids import register_other_ids
from cases.operations.imports import confirm_list, discard_list
from cases.operations.jobs import run_job
from cases.queries.conflicts import conflicts_in_force
from cases.queries.other_ids import plan_for_other_ids
from tests.cast import open_case, person
from tests.concurrency.workers import wait_until, waits_for_lock
from tests.integration.cases.importing import AS_OF, csv_bytes, open_now, uploaded


@pytest.fixture
def people(committed: None, monkeypatch: pytest.MonkeyPatch) -> tuple[User, User]:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    analyst = Role.PERFORMANCE_ANALYST
    return person("Ana Lyst", analyst), person("Anton Lyst", analyst)


def at_once(*each: Callable[[], Any]) -> list[Any]:
    """What each function gave, or the MovedOn it raised; all begun together."""
    together = threading.Barrier(len(each))
    results: list[Any] = [None] * len(each)

    def run(place: int, function: Callable[[], Any]) -> None:
        try:
            together.wait()
            results[place] = function()
        except MovedOn as moved_on:
            results[place] = moved_on
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(each)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def checked(by: User, child: str, as_of: date = AS_OF) -> CaseImport:
    lines = [f"{child}{n},CIN,Team {n % 5},Worker {n % 9},2026-01-02" for n in range(200)]
    return uploaded(csv_bytes(*lines), by, as_of, now=timezone.now())


def confirming(case_import: CaseImport, by: User) -> Callable[[], Job]:
    return lambda: confirm_list(
        case_import=case_import, compared_with=0, understood=False, by=by, now=timezone.now()
    )


def test_one_list_confirmed_by_two_people_is_one_job(people: tuple[User, User]) -> None:
    case_import = checked(people[0], "A")
    results = at_once(*[confirming(case_import, by) for by in people])
    assert sorted(type(result).__name__ for result in results) == ["Job", "MovedOn"]
    assert Job.objects.filter(kind="confirm_import").count() == 1


def test_two_lists_taken_over_at_once_are_one_and_a_reason(people: tuple[User, User]) -> None:
    jobs = [confirming(checked(by, name), by)() for by, name in zip(people, "AB", strict=True)]
    at_once(*[lambda job=job: run_job(str(job.pk)) for job in jobs])
    for job in jobs:
        job.refresh_from_db()
    assert sorted(job.status for job in jobs) == ["failed", "succeeded"]
    lost = next(job for job in jobs if job.status == "failed")
    assert "Another list was confirmed after this one was compared" in lost.error
    assert len({child[0] for child in open_now()}) == 1
    assert Case.objects.count() == 200


def test_one_job_run_by_two_workers_is_done_once(people: tuple[User, User]) -> None:
    job = confirming(checked(people[0], "A"), people[0])()
    at_once(*[lambda: run_job(str(job.pk))] * 2)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("succeeded", 1)
    assert Case.objects.count() == 200


def test_a_child_that_somebody_else_makes_meanwhile_is_there_once(
    people: tuple[User, User],
) -> None:
    job = confirming(checked(people[0], "A"), people[0])()
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("INSERT INTO cases_child (local_id, audit_reference) VALUES ('A7', '')")
    confirmed = threading.Thread(target=lambda: at_once(lambda: run_job(str(job.pk))))
    confirmed.start()
    wait_until(lambda: waits_for_lock(str(job.pk)), said="the list to come to that child")
    other.commit()
    other.close()
    confirmed.join(timeout=30)
    job.refresh_from_db()
    assert (job.status, job.error) == ("succeeded", "")
    assert Case.objects.count() == Child.objects.count() == 200
    assert open_now().keys() == {f"A{n}" for n in range(200)}


def test_discarded_while_confirmed_is_one_of_the_two(people: tuple[User, User]) -> None:
    case_import = checked(people[0], "A")
    results = at_once(
        confirming(case_import, people[0]),
        lambda: discard_list(case_import=case_import, by=people[1], now=timezone.now()),
    )
    assert sum(isinstance(result, MovedOn) for result in results) == 1
    case_import.refresh_from_db()
    job = Job.objects.filter(kind="confirm_import").first()
    assert (case_import.status, job is None) in (("checked", False), ("discarded", True))


def test_two_people_who_say_the_same_of_two_children_join_them_once(
    people: tuple[User, User],
) -> None:
    """The one says it the other way round: the second is refused, and there is one open case."""
    for child_id in ("A", "B"):
        open_case(child_id=child_id)
    texts = [f"child_id,other_id\n{pair}\n" for pair in ("A,B", "B,A")]
    digests = [plan_for_other_ids(text).plan.digest for text in texts]

    def saying(place: int) -> Callable[[], Any]:
        def say() -> Any:
            try:
                return register_other_ids(
                    text=texts[place], digest=digests[place], by=people[place], now=timezone.now()
                )
            except Refused as refused:
                return refused

        return say

    results = at_once(saying(0), saying(1))
    assert [isinstance(result, Refused) for result in results].count(True) == 1
    alias = ChildAlias.objects.select_related("child").get()
    assert {alias.other_id, alias.child.local_id} == {"A", "B"}
    assert set(open_now()) == {alias.child.local_id}


def test_a_conflict_declared_while_two_children_become_one_is_with_the_one_who_stays(
    people: tuple[User, User],
) -> None:
    for child_id in ("A", "B"):
        open_case(child_id=child_id)
    text = "child_id,other_id\nA,B\n"
    digest = plan_for_other_ids(text).plan.digest
    auditor = person("Audrey Tor", Role.AUDITOR)
    now = timezone.now()
    results = at_once(
        lambda: register_other_ids(text=text, digest=digest, by=people[0], now=now),
        lambda: declare_ahead(child_id="B", reason="A cousin.", by=auditor, now=now),
    )
    assert None not in results
    assert conflicts_in_force().get().child.local_id == "A"
