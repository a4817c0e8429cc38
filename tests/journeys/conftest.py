"""The whole site as a council has it: web server, worker, PostgreSQL, Redis, Chromium."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from socket import socket

import pytest
from django.apps import apps
from playwright.sync_api import Browser

from accounts.models import User
from config.launch import ROOT
from tests.concurrency.conftest import BEGINNINGS
from tests.concurrency.workers import environment, workers
from tests.journeys.visitor import Visitor

PATIENCE = 30.0


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The address of a running site on the test's database, a worker beside it."""
    for module in BEGINNINGS:
        import_module(module).make(apps, None)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path / "web.log").open("wb")
    web = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "config.wsgi:application",
            "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4",
        ],
        cwd=ROOT, env=environment(), stdout=log, stderr=log,
    )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/health/ready/", web)
        with workers(tmp_path) as start:
            start()
            yield f"http://127.0.0.1:{port}"
    finally:
        web.terminate()
        web.wait(timeout=20)
        log.close()


def _wait_for(address: str, web: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and web.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 (our own address)
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("The web server did not start.")


@pytest.fixture
def visit(site: str, browser: Browser) -> Iterator[Callable[[User], Visitor]]:
    """A function that signs a person in, each in a browser session of their own."""
    contexts = []

    def sign_in(user: User) -> Visitor:
        context = browser.new_context(locale="en-GB", timezone_id="Europe/London", base_url=site)
        context.set_default_timeout(30_000)  # other work may hold the machine
        contexts.append(context)
        visitor = Visitor(context.new_page())
        visitor.sign_in(user)
        return visitor

    yield sign_in
    for context in contexts:
        context.close()
