"""Two analysts freezing, drawing or replacing at the same moment: one result, the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from accounts.models import User
from accounts.operations import MovedOn
from accounts.roles import Role
from audits.operations.tools import install_shipped_tools
from cases.models import Allocation, Draw, Job, SampledCase, SamplingFrame
from cases.operations.allocation import allocate_by_hand, allocate_quarter
from cases.operations.draw import draw_sample, request_draw
from cases.operations.frame import freeze_frame
from cases.operations.replacement import decide_replacement, request_replacement
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, Cast, open_cases, person

Q3 = Quarter.parse(QUARTER)


@pytest.fixture
def cast(committed: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    install_shipped_tools(by=User.objects.system(), now=NOW)
    made = Cast()
    open_cases(60, team=made.riverside, practitioner=made.practitioner)
    return made


@pytest.fixture
def analysts(cast: Cast) -> tuple[User, User]:
    return cast.analyst, person("Anton Lyst", Role.PERFORMANCE_ANALYST)


def at_once(*each: Callable[[], Any]) -> list[Any]:
    """What each function gave, or the MovedOn it raised; each on a connection of its own."""
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


def told(results: list[Any]) -> str:
    """What the one who came second was told; the other got something."""
    (words,) = [str(result) for result in results if isinstance(result, MovedOn)]
    assert None not in results
    return words


def test_two_freeze_and_one_frame_is_frozen(analysts: tuple[User, User]) -> None:
    results = at_once(*(lambda by=by: freeze_frame(quarter=Q3, by=by, now=NOW) for by in analysts))
    assert "was already frozen" in told(results)
    assert SamplingFrame.objects.count() == 1
    assert SamplingFrame.objects.get().entries.count() == 60


def test_two_draw_and_the_other_is_told_by_whom_and_with_which_seed(
    analysts: tuple[User, User],
) -> None:
    freeze_frame(quarter=Q3, by=analysts[0], now=NOW)
    results = at_once(
        *(
            lambda by=by: draw_sample(quarter=Q3, seed=f"seed of {by.name}", by=by, now=NOW)
            for by in analysts
        )
    )
    draw = Draw.objects.get()
    assert f"drawn by {draw.drawn_by} with the seed “seed of {draw.drawn_by}”" in told(results)
    assert draw.cases.filter(status="drawn").count() == 3
    assert SampledCase.objects.exclude(draw=draw).count() == 0


def test_two_ask_for_the_draw_and_one_job_is_queued(analysts: tuple[User, User]) -> None:
    seen = freeze_frame(quarter=Q3, by=analysts[0], now=NOW).pk
    results = at_once(
        *(
            lambda by=by: request_draw(quarter=Q3, frame_id=seen, generate=True, by=by, now=NOW)
            for by in analysts
        )
    )
    assert "still under way" in told(results)
    assert Job.objects.filter(kind=Job.Kind.DRAW_SAMPLE).count() == 1


def test_two_approve_for_different_cases_and_take_different_reserves(
    cast: Cast, analysts: tuple[User, User]
) -> None:
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=Q3, seed="dice", by=cast.analyst, now=NOW)
    asked = [
        request_replacement(
            sampled_case=case, reason="in_court", explanation="", by=cast.analyst, now=NOW
        )
        for case in draw.cases.filter(status="drawn").order_by("rank")[:2]
    ]
    deciders = (cast.lead, cast.director)
    at_once(
        *(
            lambda one=one, by=by: decide_replacement(
                replacement=one, approve=True, note="", by=by, now=NOW
            )
            for one, by in zip(asked, deciders, strict=True)
        )
    )
    taken = draw.cases.filter(status="replaced").values_list("replaced_by__rank", flat=True)
    assert sorted(taken) == [4, 5]
    assert draw.cases.filter(status="drawn").count() == 3


def test_two_decide_on_one_replacement_and_the_other_is_told(cast: Cast) -> None:
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=Q3, seed="dice", by=cast.analyst, now=NOW)
    asked = request_replacement(
        sampled_case=draw.cases.filter(status="drawn")[0],
        reason="in_court",
        explanation="",
        by=cast.analyst,
        now=NOW,
    )
    results = at_once(
        lambda: decide_replacement(replacement=asked, approve=True, note="", by=cast.lead, now=NOW),
        lambda: decide_replacement(
            replacement=asked, approve=False, note="No", by=cast.director, now=NOW
        ),
    )
    asked.refresh_from_db()
    assert f"already decided by {asked.decided_by}" in told(results)
    replaced = draw.cases.filter(status="replaced").count()
    assert replaced == (1 if asked.status == "approved" else 0)


def test_two_allocate_and_each_case_has_one_auditor(
    cast: Cast, analysts: tuple[User, User]
) -> None:
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=Q3, seed="dice", by=cast.analyst, now=NOW)
    results = at_once(
        *(lambda by=by: allocate_quarter(draw=draw, by=by, now=NOW) for by in analysts)
    )
    assert sorted(len(result.assignments) for result in results) == [0, 3]
    assert Allocation.objects.filter(ended_at__isnull=True).count() == 3


@pytest.mark.parametrize("turn", range(3))
def test_given_by_hand_while_it_is_drawn_again_ends_with_one_of_them(
    cast: Cast, analysts: tuple[User, User], turn: int
) -> None:
    """Both lock the quarter first, so neither waits for the other for ever."""
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=Q3, seed="dice", by=cast.analyst, now=NOW)
    case = draw.cases.filter(status="drawn")[0]
    results = at_once(
        lambda: allocate_by_hand(
            sampled_case=case, auditor=cast.auditor, reason="Knows the tool", by=analysts[0],
            now=NOW,
        ),
        lambda: draw_sample(
            quarter=Q3, seed="again", reason="The dice were lost", by=analysts[1], now=NOW
        ),
    )  # fmt: skip
    assert None not in results
    draw.refresh_from_db()
    case.refresh_from_db()
    assert (draw.status, case.status) == ("superseded", "cancelled")
    assert not Allocation.objects.filter(ended_at__isnull=True).exists()
