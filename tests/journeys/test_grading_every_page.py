"""Every page of a grading keeps its text, and can be used by keyboard, on a phone and on paper."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect
from pypdf import PdfReader

from accounts.models import User
from audits.models import Grading
from quality.models import Escalation
from tests.cast import Cast
from tests.journeys.begun import (
    BOTH,
    KEPT,
    MORE,
    TEXT,
    alert_says,
    begun_grading,
    find_connection,
    kept_nothing,
    line_says,
    lose_connection,
    saves,
    standard_page,
    stored,
)
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[[User], Visitor]


@pytest.fixture
def cast(site: str) -> Cast:
    return Cast()


@pytest.fixture
def grading(cast: Cast) -> Grading:
    return begun_grading(cast)


@pytest.fixture
def auditor(cast: Cast, grading: Grading, visit: Visit) -> Visitor:
    return visit(cast.auditor)


def squeezed(text: str) -> str:
    """Without spaces: where a line of a PDF ends, its text may have one more or one fewer."""
    return "".join(text.split())


def of_grading(grading: Grading, part: str) -> str:
    return f"/audits/{grading.audit.reference}/gradings/{grading.pk}/{part}"


def crash(visitor: Visitor) -> None:
    """The tab is gone as when the power fails."""
    with contextlib.suppress(PlaywrightError):
        visitor.page.goto("chrome://crash", timeout=3000)
    visitor.page.close()


def new_tab(visitor: Visitor) -> Visitor:
    return Visitor(visitor.page.context.new_page())


def test_every_page_gives_back_what_a_closed_tab_held(auditor: Visitor, grading: Grading) -> None:
    pages = {
        "details/": ("Strengths", "strengths"),
        "overall/": ("Why this overall grade", "summary"),
        "standards/risk/": ("Evidence", ""),
    }
    tab = auditor
    for part, (label, field) in pages.items():
        address = of_grading(grading, part)
        tab.open(address)
        lose_connection(tab)
        tab.write(label, TEXT)
        line_says(tab, KEPT)
        after = new_tab(tab)
        crash(tab)
        find_connection(after)
        tab = after
        tab.open(address)
        tab.sees(BOTH)
        tab.page.get_by_role("button", name="Use the text kept on this device").click()
        line_says(tab, "Saved ")
        kept_nothing(tab)
        grading.refresh_from_db()
        found = getattr(grading, field) if field else stored(grading).evidence
        assert found == TEXT, part


def test_a_fact_is_kept_and_saved_like_any_answer(auditor: Visitor, grading: Grading) -> None:
    auditor.open(standard_page(grading))
    fact = auditor.page.locator("textarea[name=check_history_used_evidence]")
    lose_connection(auditor)
    auditor.page.locator("input[name=check_history_used][value=no]").check()
    fact.fill(TEXT)
    line_says(auditor, KEPT)
    find_connection(auditor)
    line_says(auditor, "Saved ")
    saves(grading, checked={"history_used": {"answer": "no", "evidence": TEXT}})
    kept_nothing(auditor)


def test_a_tab_closed_in_the_ordinary_way_loses_nothing(auditor: Visitor, grading: Grading) -> None:
    """What was typed a moment before is saved, or offered when the page is opened again."""
    auditor.open(standard_page(grading))
    auditor.write("Evidence", TEXT)
    tab = new_tab(auditor)
    auditor.page.close(run_before_unload=True)
    tab.open(standard_page(grading))
    if not stored(grading).evidence:
        tab.sees(BOTH)
        tab.page.get_by_role("button", name="Use the text kept on this device").click()
    saves(grading, evidence=TEXT)


def test_a_date_typed_by_half_keeps_nothing_else_from_being_saved(
    auditor: Visitor, grading: Grading
) -> None:
    auditor.open(of_grading(grading, "details/"))
    auditor.page.locator("[name=practitioner_met_on_day]").fill("6")
    auditor.write("Strengths", TEXT)
    line_says(auditor, "but not all of it")
    line_says(auditor, "must include a month and year")
    grading.refresh_from_db()
    assert grading.strengths == TEXT
    auditor.write("Areas to improve", MORE)
    expect(auditor.page.locator("#id_version")).to_have_value("3", timeout=20_000)
    tab = new_tab(auditor)
    crash(auditor)
    tab.open(of_grading(grading, "details/"))
    tab.sees(BOTH)
    panel = tab.page.locator("#kept-offer")
    expect(panel).to_contain_text("When you met or spoke")
    expect(panel).not_to_contain_text("Strengths")
    tab.page.get_by_role("button", name="Use the text kept on this device").click()
    for name, value in (("month", "10"), ("year", "2026")):
        tab.page.locator(f"[name=practitioner_met_on_{name}]").fill(value)
    until = time.monotonic() + 20
    while grading.practitioner_met_on is None and time.monotonic() < until:
        time.sleep(0.1)
        grading.refresh_from_db()
    assert (str(grading.practitioner_met_on), grading.improvements) == ("2026-10-06", MORE)
    kept_nothing(tab)


def test_an_immediate_concern_survives_a_lost_connection(
    auditor: Visitor, grading: Grading
) -> None:
    auditor.open(of_grading(grading, "concern/"))
    auditor.write("What is the concern?", TEXT)
    lose_connection(auditor)
    auditor.write("Whom did you telephone, and when?", MORE)
    button = auditor.page.get_by_role("button", name="Record the concern")
    button.click()
    alert_says(auditor, "press the button when the connection is back")
    assert not Escalation.objects.exists()
    tab = new_tab(auditor)
    crash(auditor)
    find_connection(tab)
    tab.open(of_grading(grading, "concern/"))
    tab.sees(BOTH)
    tab.page.get_by_role("button", name="Use the text kept on this device").click()
    tab.looks_right()
    tab.press("Record the concern")
    raised = Escalation.objects.get()
    assert (raised.concern, raised.told) == (TEXT, MORE)
    kept_nothing(tab)


def test_a_standard_is_graded_by_keyboard_alone(auditor: Visitor, grading: Grading) -> None:
    """From the first stop of the page to the next standard, with Tab, arrows, letters, Enter."""
    auditor.open(standard_page(grading))
    page = auditor.page
    seen: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "[document.activeElement.name ?? '', document.activeElement.textContent.trim(),"
            " getComputedStyle(document.activeElement).outlineStyle,"
            " getComputedStyle(document.activeElement).boxShadow]"
        )
        seen.append(here[0] or here[1])
        if here[0] == "grade":
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
        elif here[0] == "evidence":
            page.keyboard.type(TEXT)
        elif here[1] == "Save and continue":
            break
    assert seen[0] == "Skip to main content"
    assert "Immediate safeguarding concern" in seen
    assert "check_history_used" in seen
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/standards/" in page.url
    assert not page.url.endswith(standard_page(grading))
    answer = stored(grading)
    assert answer.evidence == TEXT
    assert answer.grade in ("good", "requires_improvement")


def test_a_long_text_grows_with_its_words_on_a_phone(auditor: Visitor, grading: Grading) -> None:
    auditor.page.set_viewport_size(PHONE)
    auditor.open(standard_page(grading))
    evidence = auditor.field("Evidence")

    def height() -> float:
        box = evidence.bounding_box()
        assert box is not None
        return box["height"]

    before = height()
    evidence.fill("\n".join(f"{line}. {TEXT}" for line in range(12)))
    assert height() > before + 100
    evidence.fill("\n".join(f"{line}. {TEXT}" for line in range(400)))
    assert height() < 800  # the buttons stay within reach
    auditor.looks_right()
    line_says(auditor, "Saved ")


def test_on_paper_everything_is_there_and_nothing_to_click(
    auditor: Visitor, grading: Grading
) -> None:
    auditor.open(standard_page(grading))
    auditor.choose("Good")
    auditor.write("Evidence", "Supervision of 2026-09-17")
    saves(grading, grade="good", evidence="Supervision of 2026-09-17")
    auditor.open(of_grading(grading, "check/"))
    pages = PdfReader(io.BytesIO(auditor.page.pdf())).pages
    words = squeezed("".join(page.extract_text() for page in pages))
    assert "2026-09-17" in words
    # Closed on the screen: why the grade is suggested.
    assert squeezed("The one standard graded so far is good.") in words
    assert squeezed("Sign out") not in words
    assert squeezed("Immediate safeguarding concern") not in words
    assert "(/audits/" not in words  # addresses inside the service mean nothing on paper
