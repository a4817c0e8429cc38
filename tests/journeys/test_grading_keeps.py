"""The form of a grading loses nothing: no connection, a closed tab, an ended sign-in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from accounts.models import User
from audits.models import Grading
from audits.operations.withdrawing import withdraw_audit
from tests.cast import Cast
from tests.journeys.begun import (
    BOTH,
    KEPT,
    MORE,
    TEXT,
    alert_says,
    begun_grading,
    entries,
    find_connection,
    kept_nothing,
    line_says,
    lose_connection,
    saves,
    standard_page,
    stored,
)
from tests.journeys.visitor import Visitor

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
    """The auditor with the page of one standard open."""
    visitor = visit(cast.auditor)
    visitor.open(standard_page(grading))
    return visitor


def new_tab(visitor: Visitor) -> Visitor:
    return Visitor(visitor.page.context.new_page())


def test_a_lost_connection_keeps_what_is_typed_and_sends_it_by_itself(
    auditor: Visitor, grading: Grading
) -> None:
    auditor.write("Evidence", TEXT)
    line_says(auditor, "Saved ")
    kept_nothing(auditor)
    assert stored(grading).evidence == TEXT

    lose_connection(auditor)
    auditor.choose("Good")
    auditor.write("Evidence", f"{TEXT}\n{MORE}")
    line_says(auditor, KEPT)
    alert_says(auditor, "There is no connection at the moment")
    auditor.page.get_by_role("button", name="Save and continue").click()
    # No error page of the browser in its place. Only when the page has answered the press may the
    # connection come back: before that, the press would rightly lead on to the next standard.
    alert_says(auditor, "so this page stays open")
    line_says(auditor, KEPT)
    assert auditor.page.url.endswith(standard_page(grading))
    assert stored(grading).evidence == TEXT
    lying_there = "".join(f"{name}{value}" for name, value in entries(auditor).items())
    assert lying_there
    assert "Supervision" not in lying_there
    assert grading.audit.reference not in lying_there

    find_connection(auditor)
    line_says(auditor, "Saved ")
    alert_says(auditor, "")
    answer = stored(grading)
    assert (answer.grade, answer.evidence) == ("good", f"{TEXT}\n{MORE}")
    kept_nothing(auditor)
    auditor.looks_right()


def closed_without_saving(auditor: Visitor) -> Visitor:
    """Typed without a connection, the tab gone as when the power fails; then a new tab.

    A tab that is closed in the ordinary way may still get its text through while it closes.
    """
    lose_connection(auditor)
    auditor.choose("Requires improvement")
    auditor.write("Evidence", MORE)
    line_says(auditor, KEPT)
    tab = new_tab(auditor)
    with contextlib.suppress(PlaywrightError):
        auditor.page.goto("chrome://crash", timeout=3000)
    auditor.page.close()
    find_connection(tab)
    return tab


@pytest.mark.parametrize("choice", ["Use the text kept on this device", "Keep what is saved"])
def test_a_closed_tab_offers_its_text_when_the_page_is_opened_again(
    auditor: Visitor, grading: Grading, choice: str
) -> None:
    auditor.write("Evidence", TEXT)
    line_says(auditor, "Saved ")
    tab = closed_without_saving(auditor)
    tab.open(standard_page(grading))
    tab.sees(BOTH)
    tab.looks_right()
    panel = tab.page.locator("#kept-offer")
    for words in (TEXT, MORE, "Nothing", "Requires improvement"):
        expect(panel).to_contain_text(words)
    assert not tab.page.get_by_role("button", name="Save and continue").is_visible()
    tab.page.get_by_role("button", name=choice).click()
    expect(panel).to_be_hidden()
    if choice.startswith("Use"):
        saves(grading, grade="requires_improvement", evidence=MORE)
        expect(tab.field("Evidence")).to_have_value(MORE)
    else:
        expect(tab.field("Evidence")).to_have_value(TEXT)
        assert stored(grading).evidence == TEXT
    kept_nothing(tab)
    tab.open(standard_page(grading))
    expect(tab.page.locator("#kept-offer")).to_be_hidden()


def test_what_was_saved_meanwhile_or_is_old_is_removed_unasked(
    auditor: Visitor, grading: Grading
) -> None:
    tab = closed_without_saving(auditor)
    grading.standard_grades.filter(standard__code="risk").update(
        grade="requires_improvement", evidence=MORE
    )
    eight_days = 8 * 24 * 60 * 60 * 1000
    tab.open("/audits/")
    tab.page.evaluate(
        "(ago) => localStorage.setItem('cfa-kept-1-old',"
        " JSON.stringify({at: Date.now() - ago, iv: '', text: ''}))",
        eight_days,
    )
    assert len(entries(tab)) == 2
    tab.open(standard_page(grading))
    kept_nothing(tab)
    expect(tab.page.locator("#kept-offer")).to_be_hidden()


def sign_in_again(page: Page, user: User) -> None:
    Visitor(page).sign_in(user)


def test_a_sign_in_that_ends_while_typing_is_said_and_saved_after_the_next(
    auditor: Visitor, grading: Grading, cast: Cast
) -> None:
    Session.objects.all().delete()
    auditor.write("Evidence", TEXT)
    alert_says(auditor, "You have been signed out")
    line_says(auditor, KEPT)
    expect(auditor.field("Evidence")).to_have_value(TEXT)
    assert stored(grading).evidence == ""

    sign_in_again(auditor.page.context.new_page(), cast.auditor)
    line_says(auditor, "Saved ")
    alert_says(auditor, "")
    assert stored(grading).evidence == TEXT
    kept_nothing(auditor)
    auditor.choose("Good")  # under the key of the new sign-in
    auditor.press("Save and continue")
    assert stored(grading).grade == "good"


def test_somebody_else_who_signs_in_saves_and_reads_nothing_of_it(
    auditor: Visitor, grading: Grading, cast: Cast
) -> None:
    Session.objects.all().delete()
    auditor.write("Evidence", TEXT)
    alert_says(auditor, "You have been signed out")
    sign_in_again(auditor.page.context.new_page(), cast.other_auditor)
    alert_says(auditor, "Somebody else has signed in")
    assert stored(grading).evidence == ""


def test_signing_out_warns_of_unsaved_text_and_leaves_nothing_behind(
    auditor: Visitor, grading: Grading, cast: Cast, visit: Visit
) -> None:
    elsewhere = visit(cast.auditor)
    elsewhere.open(standard_page(grading))
    elsewhere.write("Evidence", TEXT)
    line_says(elsewhere, "Saved ")

    auditor.write("Evidence", MORE)
    line_says(auditor, "changed in another tab or on another device")
    assert entries(auditor)
    sign_out = auditor.page.get_by_role("button", name="Sign out")
    sign_out.click()
    alert_says(auditor, "press “Sign out” again")
    assert entries(auditor)
    with auditor.page.expect_navigation():
        sign_out.click()
    assert "/gradings/" not in auditor.page.url
    kept_nothing(auditor)
    assert stored(grading).evidence == TEXT


def test_an_audit_taken_away_while_its_form_is_open_is_said_and_sent_no_more(
    auditor: Visitor, grading: Grading, cast: Cast
) -> None:
    auditor.write("Evidence", TEXT)
    line_says(auditor, "Saved ")
    withdraw_audit(audit=grading.audit, reason="Not wanted", by=cast.lead, now=timezone.now())
    posts: list[str] = []
    auditor.page.on("request", lambda sent: posts.append(sent.method))
    auditor.write("Evidence", f"{TEXT} {MORE}")
    alert_says(auditor, "This audit is no longer with you. What you had saved has been kept.")
    line_says(auditor, "Not saved")
    auditor.write("Evidence", f"{TEXT} {MORE} {MORE}")
    auditor.page.wait_for_timeout(4000)  # longer than the pause before a save by itself
    assert posts.count("POST") == 1
    auditor.page.get_by_role("button", name="Save and continue").click()
    auditor.sees("This has moved on")
    expect(auditor.page.get_by_label("Evidence")).to_have_value(f"{TEXT} {MORE} {MORE}")
    assert stored(grading).evidence == TEXT
