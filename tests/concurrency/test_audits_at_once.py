"""Two tabs, two presses, two people at the same moment: one result, and the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from accounts.models import User
from accounts.operations import MovedOn, Refused
from audits.models import Audit, Grading, StandardGrade
from audits.operations.grading import declare_conflict, open_grading
from audits.operations.saving import Conflict, Saved, save_standard
from audits.operations.submitting import submit_grading
from audits.operations.tools import install_shipped_tools
from audits.signals import audit_submitted
from cases.models import AuditQuarter
from cases.operations.conflicts import declare_ahead
from cases.operations.import_other_ids import register_other_ids
from cases.queries.other_ids import plan_for_other_ids
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.integration.audits.auditing import (
    allocate,
    begin,
    fill,
    make_draw,
    sampled,
    submitted,
)


@pytest.fixture
def cast(committed: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    # What follows from a submission in the apps above has tests of its own.
    monkeypatch.setattr(audit_submitted, "receivers", [])
    audit_submitted.sender_receivers_cache.clear()
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return Cast()


@pytest.fixture
def audit(cast: Cast) -> Audit:
    quarter = AuditQuarter.objects.create(label=QUARTER, starts_on=TODAY, ends_on=TODAY)
    case = open_case(team=cast.riverside, practitioner=cast.practitioner)
    return allocate(sampled(make_draw(quarter, cast.analyst), case), cast.auditor, cast.analyst)


def at_once(*each: Callable[[], Any]) -> list[Any]:
    """What each function gave, or how it was told that another was first; all begun together."""
    together = threading.Barrier(len(each))
    results: list[Any] = [None] * len(each)

    def run(place: int, function: Callable[[], Any]) -> None:
        try:
            together.wait()
            results[place] = function()
        except (MovedOn, Conflict) as told:
            results[place] = told
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(each)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def kinds(results: list[Any]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_begun_in_two_tabs_is_one_grading(audit: Audit) -> None:
    results = at_once(lambda: begin(audit), lambda: begin(audit))
    assert kinds(results) == ["Grading", "MovedOn"]
    assert Grading.objects.count() == 1


def test_a_standard_saved_in_two_tabs_keeps_one_text_and_shows_it_to_the_other(
    audit: Audit, cast: Cast
) -> None:
    answer = begin(audit).standard_grades.get(standard__code="risk")

    def save(text: str) -> Saved:
        fresh = StandardGrade.objects.select_related("standard__section__version", "grading").get(
            pk=answer.pk
        )
        return save_standard(
            standard_grade=fresh, version=1, grade="good", evidence=text, by=cast.auditor, now=NOW
        )

    results = at_once(lambda: save("First tab"), lambda: save("Second tab"))
    assert kinds(results) == ["Conflict", "Saved"]
    answer.refresh_from_db()
    (clash,) = [result for result in results if isinstance(result, Conflict)]
    assert clash.stored["evidence"] == answer.evidence
    assert answer.version == 2


def test_submitted_by_two_presses_is_submitted_once(audit: Audit, cast: Cast) -> None:
    grading = fill(begin(audit))

    def submit() -> Grading:
        fresh = Grading.objects.select_related("audit").get(pk=grading.pk)
        return submit_grading(grading=fresh, by=cast.auditor, now=NOW)

    assert kinds(at_once(submit, submit)) == ["Grading", "MovedOn"]


def test_a_conflict_and_the_submission_at_once_end_with_one_of_them(
    audit: Audit, cast: Cast
) -> None:
    grading = fill(begin(audit))

    def submit() -> str:
        fresh = Grading.objects.select_related("audit").get(pk=grading.pk)
        submit_grading(grading=fresh, by=cast.auditor, now=NOW)
        return "submitted"

    def leave() -> str:
        declare_conflict(audit=audit, reason="I know them", by=cast.auditor, now=NOW)
        return "returned"

    results = at_once(submit, leave)
    assert kinds(results) == ["MovedOn", "str"]
    audit.refresh_from_db()
    assert audit.status in results


def test_two_moderators_at_once_are_one_moderation(audit: Audit, cast: Cast) -> None:
    submitted(audit)

    def take(moderator: User) -> Grading:
        return open_grading(audit=audit, kind="moderator", grader=moderator, by=moderator, now=NOW)

    results = at_once(lambda: take(cast.moderator), lambda: take(cast.other_moderator))
    assert kinds(results) == ["Grading", "MovedOn"]


def test_two_cases_allocated_at_once_have_two_references(audit: Audit, cast: Cast) -> None:
    assert audit.sampled_case is not None
    draw = audit.sampled_case.draw
    cases = [sampled(draw, open_case(team=cast.riverside)) for _ in range(4)]
    results = at_once(
        *(lambda case=case: allocate(case, cast.auditor, cast.analyst) for case in cases)
    )
    assert len({result.reference for result in results}) == 4


def test_begun_while_another_id_brings_a_conflict_waits_for_another_auditor(
    audit: Audit, cast: Cast
) -> None:
    """Both lock the case before the child: neither waits for the other for ever."""
    declare_ahead(child_id="OTHER-9", reason="My niece", by=cast.auditor, now=NOW)
    text = f"child_id,other_id\n{audit.child.local_id},OTHER-9\n"
    digest = plan_for_other_ids(text).plan.digest

    def join() -> str:
        try:
            register_other_ids(text=text, digest=digest, by=cast.analyst, now=NOW)
        except Refused:  # it began before, and what the page showed has changed
            again = plan_for_other_ids(text).plan.digest
            register_other_ids(text=text, digest=again, by=cast.analyst, now=NOW)
        return "joined"

    results = at_once(lambda: begin(audit), join)
    assert results[1] == "joined"
    assert isinstance(results[0], Grading | MovedOn)
    audit.refresh_from_db()
    assert audit.status == Audit.Status.RETURNED
    assert not audit.gradings.filter(status=Grading.Status.DRAFT).exists()
