"""Pytest plugin: real PostgreSQL and Redis for every run, started and stopped by it.

Loaded by ``-p`` (pyproject.toml), because pytest-django reads the settings before any conftest:
the addresses must be in the environment by then. Nothing is started where both ``DATABASE_URL``
and ``REDIS_URL`` are set, which is also how a parallel worker finds its parent's servers.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from config.launch import system_packages
from config.launch.servers import Servers
from tests.browser import BrowserFixtures

PLAYWRIGHT_FIXTURES = {"page", "context", "browser", "new_context", "browser_type"}


class PrivateServers:
    """Addresses at once, servers when the session starts."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="cfa-test-"))
        self.home.chmod(0o711)  # the servers' own account passes through
        self.servers = Servers(self.home, durable=False)
        os.environ.update(self.servers.addresses())

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Start them, unless tests are only being listed."""
        if not session.config.option.collectonly:
            self.servers.start()

    def pytest_unconfigure(self) -> None:
        """Stop them and delete their data."""
        self.servers.stop()
        shutil.rmtree(self.home, ignore_errors=True)


def _prepare_environment() -> None:
    # Any other settings module in the environment would run the tests against real data.
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    os.environ["SECRET_KEY"] = "only-for-tests-" + "0123456789abcdef" * 4
    os.environ["CFA_DRAW_SECRET"] = "only-for-test-draws-" + "0123456789abcdef" * 4
    # Playwright runs an event loop in the thread of the test, which Django takes for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


_prepare_environment()
_private = None
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    _private = PrivateServers()


def pytest_configure(config: pytest.Config) -> None:
    """Add what must come after pytest-playwright's own fixtures in order to replace them."""
    config.pluginmanager.register(BrowserFixtures(), "cfa-browser")
    if _private is not None:
        config.pluginmanager.register(_private, "cfa-servers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, with one loud line; under CI that is an error."""
    for need, concerned in (
        (system_packages.CHROMIUM, [item for item in items if _drives_browser(item)]),
        (system_packages.PANGO, [item for item in items if item.get_closest_marker("pdf")]),
    ):
        if not concerned or need.present():
            continue
        line = (
            f"{need.name} is missing, so {len(concerned)} tests cannot run. "
            f"On Debian: apt-get install {' '.join(need.packages)}"
        )
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            raise pytest.UsageError(line)
        config.stash.setdefault(LOUD_LINES, []).append(line)
        for item in concerned:
            item.add_marker(pytest.mark.skip(reason=f"{need.name} is missing"))


LOUD_LINES = pytest.StashKey[list[str]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say last what was not run."""
    for line in config.stash.get(LOUD_LINES, []):
        terminalreporter.write_line(f"SKIPPED: {line}", red=True, bold=True)


def _drives_browser(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & PLAYWRIGHT_FIXTURES) or item.get_closest_marker("browser") is not None
