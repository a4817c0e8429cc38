"""A grading that has been begun, and its pages open in a browser."""

from __future__ import annotations

import time
from typing import Any

from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from audits.models import Grading, StandardGrade
from audits.operations.grading import begin_audit
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter
from tests.cast import NOW, QUARTER, Cast, open_case
from tests.integration.audits.auditing import allocate, make_draw, sampled
from tests.journeys.visitor import Visitor

TEXT = "Case note of 3 September: the child was seen alone."
MORE = "Supervision of 9 September: nobody asked why."
PATIENCE = 20.0  # seconds
KEPT = "Kept on this device, not saved yet"
# What a browser and htmx write into the console while there is no network.
BOTH = "This device has kept text that is not saved"


def begun_grading(cast: Cast) -> Grading:
    """The auditor's grading of one file, nothing graded yet."""
    now = timezone.now()
    install_shipped_tools(by=User.objects.system(), now=now)
    quarter = AuditQuarter.objects.create(
        label=QUARTER, starts_on=NOW.date(), ends_on=NOW.date().replace(month=12)
    )
    case = open_case(cast.riverside, cast.practitioner)
    audit = allocate(sampled(make_draw(quarter, cast.analyst), case), cast.auditor, cast.analyst)
    return begin_audit(
        audit=audit,
        child_id=audit.child.local_id,
        held_by_listed_practitioner=True,
        by=cast.auditor,
        now=now,
    )


def standard_page(grading: Grading, code: str = "risk") -> str:
    """The address of one standard's page."""
    return f"/audits/{grading.audit.reference}/gradings/{grading.pk}/standards/{code}/"


def stored(grading: Grading, code: str = "risk") -> StandardGrade:
    """What the server has of one standard."""
    return grading.standard_grades.get(standard__code=code)


def saves(grading: Grading, **fields: object) -> None:
    """Wait until the server has these fields of the standard."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = stored(grading)
        if all(getattr(answer, name) == value for name, value in fields.items()):
            return
        time.sleep(0.1)
    raise AssertionError(f"{fields} was not saved: {vars(stored(grading))}")


def entries(visitor: Visitor) -> dict[str, Any]:
    """What the browser has kept, as it lies there."""
    found: dict[str, Any] = visitor.page.evaluate(
        "Object.fromEntries(Object.entries(localStorage).filter(([n]) => n.startsWith('cfa-')))"
    )
    return found


def line_says(visitor: Visitor, words: str) -> None:
    """Wait until the line beside the buttons says this."""
    expect(visitor.page.locator("#saved-line")).to_contain_text(words, timeout=PATIENCE * 1000)


def alert_says(visitor: Visitor, words: str) -> None:
    """Wait until the line at the top of the page says this; "" waits for it to be empty."""
    alert = visitor.page.locator("#connection-status")
    if words:
        expect(alert).to_contain_text(words, timeout=PATIENCE * 1000)
    else:
        expect(alert).to_be_empty(timeout=PATIENCE * 1000)


def kept_nothing(visitor: Visitor) -> None:
    """Wait until nothing is kept in the browser."""
    until = time.monotonic() + PATIENCE
    while any(name.startswith("cfa-kept-") for name in entries(visitor)):
        assert time.monotonic() < until, "something is still kept in the browser"
        time.sleep(0.1)


def lose_connection(visitor: Visitor) -> None:
    """The network is gone, and with it what the browser says of that in its console."""
    visitor.was_offline = True
    visitor.page.context.set_offline(True)


def find_connection(visitor: Visitor) -> None:
    """The network is back."""
    visitor.was_offline = True
    visitor.page.context.set_offline(False)
