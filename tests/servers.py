"""Pytest plugin: real PostgreSQL and Redis for every run, started and stopped by it.

Loaded by ``-p`` (pyproject.toml), because pytest-django reads the settings before any conftest:
the addresses must be in the environment by then. ``DATABASE_URL`` and ``REDIS_URL``, where set, are
used instead of servers of our own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from config.launch import system_packages
from config.launch.servers import Servers
from config.launch.system_account import remove_folder
from tests import browser, migrated_cluster

PLAYWRIGHT_FIXTURES = {"page", "context", "browser", "new_context", "browser_type"}


class PrivateServers:
    """Addresses at once, servers when the session starts, nothing left at the end."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="cfa-test-"))
        self.home.chmod(0o711)  # the servers' own account passes through
        self.servers = Servers(self.home, durable=False)
        atexit.register(self.pytest_unconfigure)  # pytest calls no hook where it fails early on

    def environment(self) -> dict[str, str]:
        """What the settings need, whatever the shell says: tests must never meet real data."""
        return {
            **self.servers.addresses(),
            "CFA_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 4,
            "CFA_DRAW_SECRET": "only-for-test-draws-" + "0123456789abcdef" * 4,
            # Playwright's event loop runs in the test's thread, which Django takes for async code.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        }

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Start them, unless tests are only being listed."""
        if not session.config.option.collectonly:
            migrated_cluster.start(self.servers)

    def pytest_unconfigure(self) -> None:
        """Stop them and delete their data; the second time there is nothing to do."""
        if not self.home.exists():
            return
        self.servers.stop()
        remove_folder(self.home / "run")
        shutil.rmtree(self.home, ignore_errors=True)


_private = PrivateServers()
os.environ.update(_private.environment())


def pytest_configure(config: pytest.Config) -> None:
    """Add what must come after other plugins' fixtures in order to replace them."""
    config.pluginmanager.register(browser, "cfa-browser")
    config.pluginmanager.register(migrated_cluster, "cfa-migrated-cluster")
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
