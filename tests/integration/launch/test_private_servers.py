"""The launcher's own promises, kept with real servers in a folder of the test."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from config.launch import ROOT, LaunchError
from config.launch.__main__ import split_home
from config.launch.binaries import postgres
from config.launch.healthcheck import beat
from config.launch.instance import Instance
from config.launch.servers import POSTGRES_SOCKET, Servers
from config.launch.system_account import Account, private_folder, remove_folder


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that the servers' own account can enter; no addresses in the environment."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    with tempfile.TemporaryDirectory(prefix="cfa-launch-") as name:
        os.chmod(name, 0o711)  # noqa: S103
        yield Path(name)


def listening(servers: Servers) -> bool:
    return servers._postgres_answers() and servers._redis_answers()


def test_servers_start_answer_on_closed_sockets_and_stop(home: Path) -> None:
    servers = Servers(home, durable=False)
    servers.start()
    try:
        assert listening(servers)
        folder = Path(unquote(urlsplit(servers.addresses()["DATABASE_URL"]).netloc.split("@")[1]))
        assert (folder / POSTGRES_SOCKET).is_socket()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        servers.stop()
    assert not listening(servers)


def test_addresses_in_the_environment_win_and_nothing_is_started(home: Path) -> None:
    given = {"DATABASE_URL": "postgres://db.example.org/a", "REDIS_URL": "redis://r.example.org"}
    servers = Servers(home, environ=given)
    servers.start()
    assert servers.addresses() == given
    assert not (home / "postgres").exists()


def test_two_commands_share_the_servers_and_the_last_one_out_stops_them(home: Path) -> None:
    first, second = Instance(home), Instance(home)
    with first.servers() as servers:
        with second.servers() as same:
            assert same.addresses() == servers.addresses()
            assert same._started == []  # found running, not started again
        assert listening(servers)
    assert not listening(servers)


def test_servers_left_by_a_killed_launcher_are_used_and_then_stopped(home: Path) -> None:
    code = "import os, sys, pathlib; from config.launch.servers import Servers;"
    code += "Servers(pathlib.Path(sys.argv[1])).start(); os._exit(9)"
    killed = subprocess.run([sys.executable, "-c", code, home], cwd=ROOT, check=False)
    assert killed.returncode == 9
    assert listening(Servers(home))
    with Instance(home).servers() as servers:
        assert servers._started == []
    assert not listening(servers)


def test_data_survives_a_stop_and_starting_over_deletes_it(home: Path) -> None:
    instance = Instance(home)
    with instance.servers() as servers:
        keys = instance.environment(servers)
    created = (home / "postgres" / "data" / "PG_VERSION").stat().st_mtime_ns
    (home / "mine.txt").write_text("not the launcher's")
    with instance.servers() as servers:
        assert instance.environment(servers)["SECRET_KEY"] == keys["SECRET_KEY"]
    assert (home / "postgres" / "data" / "PG_VERSION").stat().st_mtime_ns == created

    instance.start_over()
    assert not (home / "postgres").exists()
    assert (home / "mine.txt").exists()
    with instance.servers() as servers:
        assert instance.environment(servers)["SECRET_KEY"] != keys["SECRET_KEY"]


def test_starting_over_refuses_while_a_command_is_running(home: Path) -> None:
    with Instance(home).servers(), pytest.raises(LaunchError, match="has changed nothing"):
        Instance(home).start_over()


def test_secrets_are_for_their_owner_only_and_differ(home: Path) -> None:
    instance = Instance(home)
    environment = instance.environment(Servers(home, environ={"DATABASE_URL": "x"}))
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert environment["SECRET_KEY"] != environment["CFA_DRAW_SECRET"]
    assert len(environment["CFA_DRAW_SECRET"]) >= 50


def test_a_second_demo_is_told_the_address_of_the_first(home: Path) -> None:
    first, second = (Instance(home).demo(f"http://127.0.0.1:{port}") for port in (8123, 9000))
    said = r"already running at http://127\.0\.0\.1:8123"
    with first, pytest.raises(LaunchError, match=said), second:
        pytest.fail("two demos at once")
    with Instance(home).demo("http://127.0.0.1:9000"):
        pass  # free again


def test_data_of_another_postgres_version_is_refused_by_name(home: Path) -> None:
    (home / "PG_VERSION").write_text("9\n")
    with pytest.raises(LaunchError, match="written by PostgreSQL 9"):
        postgres(home)


def test_a_server_that_cannot_start_shows_the_end_of_its_log(home: Path) -> None:
    servers = Servers(home, durable=False)
    servers.start()
    servers.stop()
    configuration = home / "postgres" / "data" / "postgresql.conf"
    configuration.write_text("there_is_no_such_setting = 1\n")
    with pytest.raises(LaunchError, match="there_is_no_such_setting"):
        servers.start()


def test_a_long_path_gets_its_sockets_elsewhere(home: Path) -> None:
    deep = home / ("long-" * 20)
    deep.mkdir()
    place = private_folder(deep / "run", Account(), kept=False, short=True)
    try:
        assert len(str(place)) < 40
        assert (deep / "run").is_symlink()
        assert private_folder(deep / "run", Account(), kept=False, short=True) == place
    finally:
        remove_folder(deep / "run")
    assert not place.exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["demo"], (None, ["demo"])),
        (["--home", "a", "demo", "--port", "1"], (Path("a"), ["demo", "--port", "1"])),
        (["demo", "--home=a", "--fresh"], (Path("a"), ["demo", "--fresh"])),
        (["manage", "x", "--", "--home", "a"], (None, ["manage", "x", "--", "--home", "a"])),
    ],
)
def test_home_before_or_after_the_command(
    words: list[str], expected: tuple[Path | None, list[str]]
) -> None:
    assert split_home(words) == expected


def test_home_without_a_folder_is_an_error() -> None:
    with pytest.raises(LaunchError, match="needs a folder"):
        split_home(["demo", "--home"])


def test_the_launcher_imports_without_django_or_any_package() -> None:
    code = "import config.launch.__main__, sys; print({m.split('.')[0] for m in sys.modules})"
    # -S leaves site-packages out, so that any third-party import fails
    said = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "'config'" in said.stdout


def test_beat_is_unhealthy_when_its_schedule_is_old_or_missing(tmp_path: Path) -> None:
    now = time.time()
    assert beat(now, tmp_path) == "no schedule written yet"
    (tmp_path / "schedule").write_text("")
    assert beat(now, tmp_path) == ""
    assert "ago" in beat(now + 3600, tmp_path)
