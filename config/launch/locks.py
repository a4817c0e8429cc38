"""``./run lock``: the two lock files, compiled from pyproject.toml.

requirements.lock is what the image runs; requirements-dev.lock is that and the tools, with the
same versions. Both hold for every Python from 3.11 up and name no package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from config.launch import ROOT, LaunchError

RUN_TIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"
COMPILE = (
    "uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes"
    " --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet"
).split()


def lock(arguments: list[str]) -> int:
    """Write both locks; with ``--check`` write nothing and answer 1 where one is out of step.

    ``--upgrade`` takes newer releases. Without it the versions that are locked already stay, so
    that a check never fails merely because somebody released something.
    """
    unknown = set(arguments) - {"--check", "--upgrade"}
    if unknown or len(arguments) > 1:
        raise LaunchError("usage: ./run lock [--check | --upgrade]")
    with tempfile.TemporaryDirectory(prefix="cfa-lock-") as name:
        fresh = Path(name)
        _compile_both(fresh, keep_versions="--upgrade" not in arguments)
        different = [lock for lock in (RUN_TIME, DEVELOPMENT) if _differs(fresh, lock)]
        if "--check" in arguments:
            for lock in different:
                print(f"{lock} is not what pyproject.toml asks for. Run: ./run lock")
            return 1 if different else 0
        for lock in different:
            shutil.copyfile(fresh / lock, ROOT / lock)
            print(f"{lock} written")
    return 0


def _compile_both(folder: Path, *, keep_versions: bool) -> None:
    if keep_versions:  # uv prefers what its output file already holds
        for lock in (RUN_TIME, DEVELOPMENT):
            if (ROOT / lock).exists():
                shutil.copyfile(ROOT / lock, folder / lock)
    _compile(folder / RUN_TIME)
    _compile(folder / DEVELOPMENT, "--group", "dev", "--constraints", str(folder / RUN_TIME))


def _compile(output: Path, *more: str) -> None:
    command = [sys.executable, "-m", *COMPILE, *more, "--output-file", str(output)]
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise LaunchError(f"{output.name} could not be compiled; see above.")


def _differs(folder: Path, lock: str) -> bool:
    existing = ROOT / lock
    return not existing.exists() or existing.read_bytes() != (folder / lock).read_bytes()
