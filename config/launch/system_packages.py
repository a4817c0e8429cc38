"""What the tests need from the system, and the Debian packages that hold it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.launch import LaunchError, binaries

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@dataclass(frozen=True)
class Need:
    """Something outside Python: its name, the Debian packages that hold it, and how to look."""

    name: str
    packages: tuple[str, ...]
    present: Callable[[], bool]


def chromium() -> str | None:
    """The path of the browser, ``CHROMIUM_PATH`` first; None where there is none."""
    return os.environ.get("CHROMIUM_PATH") or next(
        filter(None, map(shutil.which, CHROMIUM_NAMES)), None
    )


def _has_chromium() -> bool:
    return chromium() is not None


def _has_pango() -> bool:
    try:
        for library in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0"):
            ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_redis() -> bool:
    try:
        binaries.redis()
    except LaunchError:
        return False
    return True


def _has_postgres() -> bool:
    try:
        binaries.postgres(Path("nowhere"))
    except LaunchError:
        return False
    return True


CHROMIUM = Need("Chromium", ("chromium",), _has_chromium)
PANGO = Need("Pango", ("libpango-1.0-0", "libpangoft2-1.0-0"), _has_pango)
POPPLER = Need("Poppler", ("poppler-utils",), lambda: shutil.which("pdftoppm") is not None)
REDIS = Need("Redis", ("redis-server",), _has_redis)
POSTGRES = Need("PostgreSQL", ("postgresql",), _has_postgres)
NEEDS = (POSTGRES, REDIS, PANGO, POPPLER, CHROMIUM)


def missing() -> list[Need]:
    """What is not there."""
    return [need for need in NEEDS if not need.present()]


def install_missing() -> None:
    """As root on Debian, install what is missing by apt; elsewhere, and on failure, only say so."""
    needs = missing()
    if not needs:
        return
    packages = [package for need in needs for package in need.packages]
    by_apt = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if by_apt:
        print(f"Installing by apt: {' '.join(packages)}", flush=True)
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", *packages)
    for need in missing():
        print(f"{need.name} is missing. On Debian: apt-get install {' '.join(need.packages)}")


def _apt(*arguments: str) -> None:
    subprocess.run(
        ["apt-get", "--quiet=2", *arguments],
        stdin=subprocess.DEVNULL,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        check=False,  # what is still missing is named afterwards
    )
