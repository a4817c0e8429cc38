"""``./run demo``: servers, web, worker and beat of one instance, until Ctrl-C."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import sys
from pathlib import Path

from config.launch import LaunchError
from config.launch.instance import MANAGE, Instance
from config.launch.processes import Child, Interrupt, Interrupted, run_step, wait_for
from config.launch.servers import Servers

HOST = "127.0.0.1"
WEB_ANSWERS_WITHIN = 60.0
CELERY = (sys.executable, "-m", "celery", "--app", "config.celery")


def demo(home: Path, arguments: list[str]) -> int:
    """Run the demo until a signal ends it; the exit code. LaunchError says what went wrong."""
    options = _options(arguments)
    instance = Instance(home)
    address = f"http://{HOST}:{options.port}"
    interrupt = Interrupt()
    try:
        with instance.demo(address):
            _port_is_free(options.port)
            if options.fresh:
                instance.start_over()
            print("Starting PostgreSQL and Redis", flush=True)
            with instance.servers() as servers:
                _serve(instance, servers, options, interrupt)
    except Interrupted:
        print("Stopped.")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run demo",
        description="Start everything on this machine, fill a council, print the sign-ins.",
    )
    parser.add_argument("--port", type=int, default=8000, help="the web server's port (8000)")
    parser.add_argument("--fresh", action="store_true", help="delete the instance's data first")
    parser.add_argument(
        "--seed-demo",
        action="store_true",
        help="fill the demo council in an instance of your own (--home) too; otherwise it is empty",
    )
    return parser.parse_args(arguments)


def _port_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LaunchError(
                f"Port {port} cannot be used ({error.strerror}). Choose another with --port."
            ) from error


def _serve(
    instance: Instance, servers: Servers, options: argparse.Namespace, interrupt: Interrupt
) -> None:
    """Migrate, fill, start the three programs and watch them; always ends in an exception."""
    environment = instance.environment(servers, SITE_URL=f"http://{HOST}:{options.port}")
    print("Bringing the database up to date", flush=True)
    instance.migrate(environment, interrupt)
    if instance.is_default or options.seed_demo:
        print("Filling the demo council, where it is empty (up to a minute)", flush=True)
        command = [*MANAGE, "seed_demo", "--if-empty"]
        seed = Child("seed_demo", command, environment, instance.logs / "seed_demo.log")
        run_step(seed, interrupt)
    running: list[Child] = []
    try:
        for name, command in _programs(instance, options.port).items():
            running.append(Child(name, command, environment, instance.logs / f"{name}.log"))
        wait_for(running[0], lambda: _answers(options.port), interrupt, WEB_ANSWERS_WITHIN)
        _announce(instance, options.port)
        _watch(running, interrupt)
    finally:
        print("\nStopping", flush=True)
        for child in reversed(running):
            child.ask_to_stop()
        for child in reversed(running):
            child.stop()


def _programs(instance: Instance, port: int) -> dict[str, list[str]]:
    gunicorn = "--worker-class gthread --workers 2 --threads 4 --timeout 120 --no-control-socket"
    worker = "worker --concurrency 2 --loglevel INFO --without-gossip --without-mingle"
    schedule = str(instance.home / "beat-schedule")
    return {
        "web": [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
            *("--bind", f"{HOST}:{port}", *gunicorn.split(), "--access-logfile", "-"),
        ],
        "worker": [*CELERY, *worker.split()],
        "beat": [*CELERY, "beat", "--loglevel", "INFO", "--pidfile=", "--schedule", schedule],
    }


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/health/alive/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _watch(running: list[Child], interrupt: Interrupt) -> None:
    while True:
        for child in running:
            if child.ended():
                raise child.complaint("has stopped, so the demo stops too")
        interrupt.wait(0.3)


def _announce(instance: Instance, port: int) -> None:
    print(f"\nCase File Audit is running at http://{HOST}:{port}\n")
    signins = instance.home / "signins.json"
    if signins.exists():
        rows = json.loads(signins.read_text())
        for row in rows:
            role = str(row["role"]).replace("_", " ").capitalize()
            print(f"  {role:<26} {row['email']:<44} {row['password']}")
    else:
        command = (
            f"./run --home {os.path.relpath(instance.home)} manage add_administrator EMAIL NAME"
        )
        print(f"  The first administrator of an empty instance:  {command}")
    print(f"\nLogs: {instance.logs}. Press Ctrl-C to stop.", flush=True)
