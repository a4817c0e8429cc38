"""Two tabs and two devices on one page: the second is shown both texts and chooses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import User
from audits.models import Grading
from tests.cast import Cast
from tests.journeys.begun import (
    MORE,
    TEXT,
    begun_grading,
    entries,
    kept_nothing,
    line_says,
    saves,
    standard_page,
    stored,
)
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
Visit = Callable[[User], Visitor]
Another = Callable[[Visitor], Visitor]


@pytest.fixture
def cast(site: str) -> Cast:
    return Cast()


@pytest.fixture
def grading(cast: Cast) -> Grading:
    return begun_grading(cast)


@pytest.fixture(params=["two tabs", "two devices"])
def another(request: pytest.FixtureRequest, cast: Cast, visit: Visit) -> Another:
    """The same auditor a second time: in another tab, or signed in on another device."""

    def second(first: Visitor) -> Visitor:
        if request.param == "two devices":
            return visit(cast.auditor)
        return Visitor(first.page.context.new_page())

    return second


@pytest.mark.parametrize("keeps_own", [True, False], ids=["keeps own", "keeps the other"])
def test_the_second_sees_both_texts_and_nothing_is_overwritten(
    grading: Grading, cast: Cast, visit: Visit, another: Another, keeps_own: bool
) -> None:
    first = visit(cast.auditor)
    second = another(first)
    for visitor in (first, second):
        visitor.open(standard_page(grading))
    first.choose("Good")
    first.write("Evidence", TEXT)
    saves(grading, grade="good", evidence=TEXT)

    second.write("Evidence", MORE)
    line_says(second, "changed in another tab or on another device")
    assert stored(grading).evidence == TEXT
    with second.page.expect_navigation():
        second.page.get_by_role("button", name="Save and continue").click()
    second.sees("This was changed in another tab or on another device")
    second.looks_right()
    for words in ("Saved before", TEXT, "Yours, not saved yet", MORE):
        second.sees(words)
    expect(second.field("Evidence")).to_have_value(MORE)
    assert stored(grading).evidence == TEXT
    assert entries(second)

    if keeps_own:
        second.choose("Inadequate")
        second.press("Save and continue")
        saves(grading, grade="inadequate", evidence=MORE)
    else:
        second.follow("keep what was saved before")
        expect(second.field("Evidence")).to_have_value(TEXT)
        expect(second.page.get_by_role("radio", name="Good", exact=True)).to_be_checked()
        saves(grading, grade="good", evidence=TEXT)
    kept_nothing(second)


def test_a_first_tab_that_types_on_meets_the_choice_of_the_second(
    grading: Grading, cast: Cast, visit: Visit
) -> None:
    first = visit(cast.auditor)
    second = Visitor(first.page.context.new_page())
    for visitor in (first, second):
        visitor.open(standard_page(grading))
    second.write("Evidence", MORE)
    saves(grading, evidence=MORE)
    second.page.close()
    first.write("Evidence", TEXT)
    line_says(first, "Not saved")
    first.page.reload()
    first.sees("This device has kept text that is not saved")
    panel = first.page.locator("#kept-offer")
    for words in (TEXT, MORE):
        expect(panel).to_contain_text(words)
    assert stored(grading).evidence == MORE
