"""Programs that the launcher starts, each with its log, and that never outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from config.launch import LaunchError

STOP_WITHIN = 15.0  # seconds a program has for finishing what it is doing
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_prctl = getattr(ctypes.CDLL(None), "prctl", None)  # looked up here: not safe after a fork


def dies_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, were it by SIGKILL. For preexec_fn."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def tail(log: Path, lines: int = 25) -> str:
    """The last ``lines`` lines of a log; empty where there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


class Interrupted(Exception):
    """Ctrl-C, or a signal to end, came while something was being done."""


class Interrupt:
    """Remembers SIGINT, SIGTERM and SIGHUP, so that nothing is torn in the middle of a step."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._remember)

    def wait(self, seconds: float) -> None:
        """Sleep, or raise Interrupted where a signal has come or comes."""
        if self._asked.wait(seconds):
            raise Interrupted

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._asked.set()


class Child:
    """A program in a process group of its own, writing to its own log."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.log = name, log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=dies_with_parent,
            )

    def ended(self) -> bool:
        """Whether the program is no longer running."""
        return self.process.poll() is not None

    def complaint(self, what: str) -> LaunchError:
        """An error that shows the end of the log."""
        return LaunchError(f"{self.name} {what}. The end of {self.log}:\n{tail(self.log)}")

    def ask_to_stop(self) -> None:
        """SIGTERM to the program itself, which tells its own children."""
        if not self.ended():
            self.process.terminate()

    def stop(self) -> None:
        """Wait for the end, then kill whatever is left in the process group."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WITHIN)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def run_step(child: Child, interrupt: Interrupt) -> None:
    """Wait for a program that must end well; LaunchError with its log where it does not."""
    try:
        while not child.ended():
            interrupt.wait(0.1)
    finally:
        child.stop()
    if child.process.returncode:
        raise child.complaint("failed")


def run_in_foreground(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program on this terminal and answer its exit code (128 + n where signal n ended it).

    Ctrl-C reaches the program by itself; SIGTERM is passed on.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.flush()
    process = subprocess.Popen(
        command,
        env=dict(environment),
        preexec_fn=_takes_interrupts,
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: process.send_signal(number))
    code = process.wait()
    return code if code >= 0 else 128 - code


def _takes_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    dies_with_parent()


def wait_for(
    child: Child, answers: Callable[[], bool], interrupt: Interrupt, seconds: float
) -> None:
    """Wait until ``answers()`` is true; LaunchError where the program ends or time runs out."""
    end = time.monotonic() + seconds
    while not answers():
        if child.ended():
            raise child.complaint("stopped while starting")
        if time.monotonic() > end:
            raise child.complaint(f"did not answer within {seconds:.0f} seconds")
        interrupt.wait(0.1)
