"""How the tests start Debian's Chromium: two of pytest-playwright's fixtures, replaced.

Registered by tests/servers.py.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from config.launch.system_packages import chromium

# Nothing but the page that is tested: no update checks, no sync, no calls to the outside.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(pytestconfig: pytest.Config) -> dict[str, Any]:
    """Chromium from the system; as root it has no sandbox to offer."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return {
        "executable_path": chromium(),
        "headless": not pytestconfig.getoption("--headed"),
        "args": [*QUIET, *sandbox],
    }


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """An English desktop."""
    return {
        "locale": "en-GB",
        "timezone_id": "Europe/London",
        "viewport": {"width": 1280, "height": 900},
    }
