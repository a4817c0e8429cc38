"""The sample is drawn again while an auditor begins: the one or the other, and both know."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection

from accounts.models import User
from accounts.operations import MovedOn
from audits.models import Audit, Grading
from audits.operations.tools import install_shipped_tools
from cases.models import Draw
from cases.operations.allocation import allocate_quarter
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.operations.jobs import Progress
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, Cast, open_cases
from tests.integration.audits.auditing import begin

Q3 = Quarter.parse(QUARTER)


@pytest.fixture
def cast(committed: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return Cast()


class HeldBeforeStoring(Progress):
    """Keeps the draw where it has ended the earlier one, until somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.there, self.go_on = threading.Event(), threading.Event()

    def __call__(self, percent: int, text: str) -> None:
        super().__call__(percent, text)
        if text == "Storing the draw":
            self.there.set()
            assert self.go_on.wait(timeout=60)


def test_an_audit_begun_while_the_sample_is_drawn_again_is_not_withdrawn_behind_its_auditor(
    cast: Cast,
) -> None:
    open_cases(20, team=cast.riverside, practitioner=cast.practitioner)
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    first = draw_sample(quarter=Q3, seed="1", by=cast.analyst, now=NOW)
    allocate_quarter(draw=first, by=cast.analyst, now=NOW)
    audit = Audit.objects.select_related("auditor", "child").get()
    held, told = HeldBeforeStoring(), []

    def draw_again() -> None:
        try:
            draw_sample(
                quarter=Q3, seed="2", reason="A list was forgotten", by=cast.analyst,
                now=NOW + timedelta(hours=1), progress=held,
            )  # fmt: skip
        finally:
            connection.close()

    def begin_it() -> None:
        try:
            begin(audit)
        except MovedOn as moved_on:
            told.append(str(moved_on))
        finally:
            connection.close()

    drawing, beginning = (threading.Thread(target=each) for each in (draw_again, begin_it))
    drawing.start()
    assert held.there.wait(timeout=60)
    beginning.start()
    waits_or_ends(beginning)
    held.go_on.set()
    for thread in (drawing, beginning):
        thread.join(timeout=60)
    audit.refresh_from_db()
    assert Draw.objects.get(status="drawn").number == 2
    assert told == [f"Audit {audit.reference} is not waiting to be begun by you."]
    assert (audit.status, audit.withdraw_reason) == (
        "withdrawn",
        "Drawn again: A list was forgotten",
    )
    assert not Grading.objects.exists()


def waits_or_ends(thread: threading.Thread) -> None:
    """Until the thread is at its end, or its session waits for a lock of another."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0] or not thread.is_alive():
                return
        time.sleep(0.05)
