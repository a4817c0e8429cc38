"""One person in a browser; every page that they pass is checked for accessibility."""

from __future__ import annotations

import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Locator, Page, ViewportSize, expect

from accounts.models import User
from tests.cast import PASSWORD

PATIENCE = 60_000.0  # milliseconds, for what a worker does
OF_THE_NETWORK = ("Failed to load resource: net::", "htmx:afterRequest", "htmx:sendError")
PHONE: ViewportSize = {"width": 375, "height": 800}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


class Visitor:
    """Reads and clicks as a person does: by the words on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.was_offline = False
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)

    def sign_in(self, user: User) -> None:
        """From the sign-in page to the home page."""
        self.open("/sign-in/")
        self.write("Email address", user.email)
        self.write("Password", PASSWORD)
        self.press("Sign in")
        self.looks_right()

    def open(self, path: str) -> None:
        """Go to an address of the site."""
        self.page.goto(path)
        self.looks_right()

    def follow(self, words: str | re.Pattern[str]) -> None:
        """Click the first link with these words, whether it looks like a link or a button, and
        wait for the page it leads to."""
        links = self.page.locator("main a")
        buttons = links.and_(self.page.get_by_role("button", name=words))
        link = self.page.get_by_role("link", name=words).or_(buttons).first
        if (link.get_attribute("href") or "").startswith("#"):
            link.click()
        else:
            with self.page.expect_navigation():
                link.click()
        self.looks_right()

    def press(self, words: str | re.Pattern[str]) -> None:
        """Press the button with these words, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=words).first.click()
        self.looks_right()

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        """Fill in a field."""
        self.field(label).fill(text)

    def field(self, label: str | re.Pattern[str]) -> Locator:
        """The field with this label."""
        return self.page.get_by_label(label, exact=isinstance(label, str)).first

    def choose(self, words: str | re.Pattern[str]) -> None:
        """Pick a radio button or tick a box."""
        exact = isinstance(words, str)
        box = self.page.get_by_role("radio", name=words, exact=exact).or_(
            self.page.get_by_role("checkbox", name=words, exact=exact)
        )
        box.first.check()

    def sees(self, words: str | re.Pattern[str], *, after: float = 30_000) -> None:
        """Wait until the page says this."""
        expect(self.page.locator("main")).to_contain_text(words, timeout=after)

    def waits_for(self, heading: str | re.Pattern[str]) -> None:
        """Wait for a worker: until a page with this heading is there."""
        found = self.page.get_by_role("heading", level=1, name=heading)
        expect(found).to_be_visible(timeout=PATIENCE)
        self.looks_right()

    def picture(self, path: Path) -> None:
        """The whole page as a picture."""
        self.page.screenshot(path=path, full_page=True)

    def looks_right(self) -> None:
        """axe finds nothing, nothing runs off a phone's side, and no script has failed."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        wider = self.wider_than_a_phone()
        assert not wider, f"{self.page.url} is {wider} pixels wider than a phone"
        errors = [each for each in self.errors if not self._of_the_network(each)]
        assert not errors, (self.page.url, errors)

    def wider_than_a_phone(self) -> int:
        """By how many pixels the page is wider than a phone's screen; 0 where it fits."""
        before = self.page.viewport_size
        self.page.set_viewport_size(PHONE)
        try:
            wider = self._wider()
        except Error:  # the page of a job goes on by itself once the job is done
            self.page.wait_for_load_state()
            wider = self._wider()
        if before is not None:
            self.page.set_viewport_size(before)
        return wider

    def _wider(self) -> int:
        found: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found

    def _of_the_network(self, error: str) -> bool:
        """What the browser says of a network that the test itself took away.

        Asked when the page is looked at: the browser may say it after the network is back.
        """
        return self.was_offline and error.startswith(OF_THE_NETWORK)

    def _console(self, message: object) -> None:
        text = getattr(message, "text", "")
        if getattr(message, "type", "") == "error" and "status of 4" not in text:
            self.errors.append(text)
