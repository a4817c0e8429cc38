"""``./run test``: what the tests need from the system, then pytest."""

from __future__ import annotations

import os
import sys

from config.launch import ROOT
from config.launch.system_packages import install_missing


def test(arguments: list[str]) -> int:
    """Hand over to pytest with ``arguments``; does not return.

    The servers are started by ``tests/servers.py``, so that a bare ``pytest`` works as well.
    """
    install_missing()
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])
