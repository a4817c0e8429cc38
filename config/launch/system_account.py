"""Which system account the servers run as, and the folders that account can work in.

PostgreSQL refuses to run as root, so as root the servers drop to ``postgres`` or ``nobody``. That
account may be unable to enter the folder of the checkout (/root is closed to it); what it needs
then lies in a temporary folder, with a link to it where it would have been.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.launch.binaries import Program

# A socket's whole path has 104 to 108 bytes, by system; servers split some letters off.
FIT_FOR_SOCKETS = re.compile(r"[A-Za-z0-9_./-]{1,80}")


@dataclass(frozen=True)
class Account:
    """A system account; ``None`` as uid is whoever runs this."""

    uid: int | None = None
    gid: int | None = None

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments that make ``subprocess`` start a program as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder from the root down to ``folder`` lets this account pass."""
        if self.uid is None:
            return True
        existing = [place for place in (folder, *folder.parents) if place.exists()]
        return all(self._may_pass(place.stat()) for place in existing)

    def can_run(self, program: Path) -> bool:
        """Whether this account can start ``program`` where it lies."""
        try:
            command = [str(program), "--version"]
            done = subprocess.run(command, capture_output=True, check=False, cwd="/", **self.popen)
        except PermissionError:
            return False
        return done.returncode == 0

    def own(self, folder: Path) -> None:
        """Give ``folder`` and what is in it to this account, closed to all others."""
        folder.chmod(0o700)
        if self.uid is None:
            return
        for place in (folder, *folder.rglob("*")):
            os.chown(place, self.uid, self.gid or 0, follow_symlinks=False)

    def _may_pass(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def server_account() -> Account:
    """The account for private servers: one's own, or as root ``postgres``, else ``nobody``."""
    if os.geteuid() != 0:
        return Account()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise OSError("neither the account postgres nor nobody exists")


def private_folder(
    place: Path, account: Account, *, kept: bool = True, short: bool = False
) -> Path:
    """A folder at ``place`` that only ``account`` can use, made where it is missing.

    Where the account cannot get there, or the path is too long for a socket (``short``), the
    folder is a new one under /var/tmp (``kept``: outlives a restart of the machine) or /tmp, and
    ``place`` a link to it. Answers the folder itself.
    """
    if place.is_symlink():
        target = Path(os.readlink(place))
        if target.is_dir():
            return target
        place.unlink()
    if (not short or FIT_FOR_SOCKETS.fullmatch(str(place))) and account.can_enter(place.parent):
        place.mkdir(mode=0o700, exist_ok=True)
        if account.uid is not None:
            os.chown(place, account.uid, account.gid or 0)
        return place
    target = Path(tempfile.mkdtemp(prefix="cfa-", dir="/var/tmp" if kept else "/tmp"))  # noqa: S108
    account.own(target)
    place.symlink_to(target)
    return target


def remove_folder(place: Path) -> None:
    """Remove what ``private_folder`` made at ``place``, link and target; nothing there is fine."""
    if place.is_symlink():
        shutil.rmtree(os.readlink(place), ignore_errors=True)
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)


def runnable(program: Program, account: Account, home: Path) -> Path:
    """The path at which ``account`` can start ``program``; a wheel's is copied where need be."""
    if program.package is None or account.can_run(program.path):
        return program.path
    status = program.path.stat()
    copies = private_folder(home / "programs", account)
    copy = copies / f"{program.package}-{status.st_size}-{int(status.st_mtime)}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(dir=copies))
        for tree in program.trees:
            shutil.copytree(tree, unfinished / tree.name, symlinks=True)
        account.own(unfinished)
        unfinished.rename(copy)
    return copy / program.path.relative_to(program.trees[0].parent)
