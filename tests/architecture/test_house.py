"""The rules of the house that import-linter cannot see (docs/map.md).

Each test walks everything there is: what is added later is held to the same rules by itself. An
exception is a line in a table here, with its reason.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pghistory.models
import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import models

from accounts import operations as accounts_operations
from config.launch import ROOT

# Left may know right, never the other way.
APPS = ("config", "reports", "quality", "audits", "cases", "accounts")
TEMPLATES = ROOT / "templates"


def height(app: str) -> int:
    """0 for the lowest app; -1 for what is not ours."""
    return len(APPS) - 1 - APPS.index(app) if app in APPS else -1


def is_event(model: type[models.Model]) -> bool:
    return issubclass(model, pghistory.models.Event)


def our_models() -> list[type[models.Model]]:
    """Every model of ours that holds data, without the tables of the change history."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in APPS and not is_event(model) and not model._meta.proxy
    ]


def labelled(model: type[models.Model]) -> str:
    return model._meta.label


# Direction


@pytest.mark.parametrize("model", our_models(), ids=labelled)
def test_foreign_keys_never_point_up(model: type[models.Model]) -> None:
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey | models.ManyToManyField):
            target = field.related_model._meta.app_label
            assert height(target) <= height(model._meta.app_label), field


def templates_of(app: str) -> list[Path]:
    return sorted((TEMPLATES / app).rglob("*.*"))


@pytest.mark.parametrize("app", ["accounts", "cases", "audits", "quality", "reports"])
def test_templates_never_name_a_higher_app(app: str) -> None:
    for path in templates_of(app):
        text = path.read_text()
        named = re.findall(r"{% url [\"'](\w+):", text)
        named += re.findall(r"{% (?:extends|include) [\"'](\w+)/", text)
        higher = [name for name in named if height(name) > height(app)]
        assert higher == [], path


def test_frame_and_components_name_no_app() -> None:
    for path in [TEMPLATES / "base.html", *(TEMPLATES / "components").rglob("*.html")]:
        assert re.findall(r"{% url [\"']\w+:", path.read_text()) == [], path


@pytest.mark.parametrize("app", ["accounts", "cases", "audits", "quality", "reports"])
def test_code_never_names_a_higher_apps_addresses(app: str) -> None:
    names = "|".join(name for name in APPS if height(name) > height(app))
    for path in sorted((ROOT / app).rglob("*.py")):
        found = re.findall(rf"[\"'](?:{names}):\w+[\"']", path.read_text()) if names else []
        assert found == [], path


# What the database promises

# Fields that a status does not follow from, and why.
FREE_TIMES = {
    "audits.Grading.saved_at": "when a draft was last saved; says nothing of its state",
    "audits.Grading.immediate_concern_at": "tied to the concern itself, not to the status",
    "cases.Job.started_at": "of the last attempt; a job that waits again keeps it",
    "cases.Job.heartbeat_at": "of the last attempt",
}


def with_status() -> list[type[models.Model]]:
    return [
        model
        for model in our_models()
        if any(field.name == "status" for field in model._meta.concrete_fields)
    ]


def fields_in(condition: Any) -> Iterator[str]:
    """The names of all fields that a constraint's condition speaks of."""
    for child in getattr(condition, "children", ()):
        if isinstance(child, tuple):
            yield child[0].split("__")[0]
        else:
            yield from fields_in(child)


def checks_of(model: type[models.Model]) -> list[set[str]]:
    return [
        set(fields_in(constraint.condition))
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
    ]


@pytest.mark.parametrize("model", with_status(), ids=labelled)
def test_database_ties_each_status_to_its_time(model: type[models.Model]) -> None:
    checks = checks_of(model)
    for field in model._meta.concrete_fields:
        name = f"{labelled(model)}.{field.name}"
        if field.name.endswith("_at") and field.null and name not in FREE_TIMES:
            assert any({"status", field.name} <= check for check in checks), name


@pytest.mark.parametrize("model", our_models(), ids=labelled)
def test_who_and_when_are_there_together(model: type[models.Model]) -> None:
    """A nullable x_by beside a nullable x_at is held with it by one constraint."""
    null = {field.name for field in model._meta.concrete_fields if field.null}
    for name in sorted(null):
        pair = {name, f"{name.removesuffix('_by')}_at"}
        if name.endswith("_by") and pair <= null:
            assert any(pair <= check for check in checks_of(model)), f"{labelled(model)}.{name}"


def test_free_times_are_there() -> None:
    known = {
        f"{labelled(model)}.{field.name}"
        for model in with_status()
        for field in model._meta.concrete_fields
    }
    assert set(FREE_TIMES) <= known


@pytest.mark.parametrize("model", with_status(), ids=labelled)
def test_status_is_one_of_a_list_and_cannot_be_empty(model: type[models.Model]) -> None:
    field = model._meta.get_field("status")
    assert isinstance(field, models.CharField)
    assert field.choices
    assert not field.null
    assert not field.blank


# The change history

# Why a model has no history. "protected": triggers let nothing change in it, so there is none.
UNTRACKED = {
    "accounts.AccessRecord": "protected",
    "cases.FrameEntry": "protected",
    "cases.ChancesOfDraw": "protected",
    "cases.InclusionProbability": "protected",
    "cases.SeedEntered": "protected",
    "reports.IssuedReport": "protected",
    "cases.StagedCase": "rows of a file while it is checked; emptied when the import ends",
    "cases.OpenElsewhere": "what the last lists said; what came of it is in the cases' history",
    "cases.ImportProblem": "what was wrong in a file; gone with the import, its values sooner",
    "cases.Job": "a queue; its row is the record of what happened, its heartbeat would drown it",
}


def tracked_models() -> set[type[models.Model]]:
    return {model.pgh_tracked_model for model in apps.get_models() if is_event(model)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", our_models(), ids=labelled)
def test_every_change_is_recorded(model: type[models.Model]) -> None:
    if model in tracked_models():
        assert labelled(model) not in UNTRACKED
    else:
        assert UNTRACKED.get(labelled(model)), "track it (accounts.history), or say why not"


def test_change_of_roles_is_recorded() -> None:
    assert "UserRole" in {model.__name__ for model in tracked_models()}


@pytest.mark.parametrize("label", [name for name, why in UNTRACKED.items() if why == "protected"])
@pytest.mark.django_db
def test_what_has_no_history_cannot_change(label: str) -> None:
    model = apps.get_model(label)
    stopped = set()
    for trigger in model._meta.triggers:
        for operation in ("UPDATE", "DELETE"):
            if type(trigger).__name__ == "Protect" and operation in str(trigger.operation):
                stopped.add(operation)
    assert stopped == {"UPDATE", "DELETE"}


def test_history_itself_is_append_only() -> None:
    assert settings.PGHISTORY_APPEND_ONLY is True


# Operations


def python_files(*parts: str) -> list[Path]:
    """Files of ``parts`` in every app: a package or a module of that name."""
    return sorted(
        path
        for app in APPS
        for part in parts
        for path in [*(ROOT / app / part).rglob("*.py"), ROOT / app / f"{part}.py"]
        if path.exists()
    )


def decorated(path: Path, decorator: str) -> list[str]:
    return [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(each, ast.Name) and each.id == decorator for each in node.decorator_list)
    ]


def all_operations() -> list[Any]:
    found = []
    for path in python_files("operations"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found += [getattr(import_module(name), each) for each in decorated(path, "operation")]
    return found


def test_there_are_operations_to_look_at() -> None:
    assert accounts_operations.add_person in all_operations()


@pytest.mark.parametrize(
    "function", all_operations(), ids=lambda function: f"{function.__module__}.{function.__name__}"
)
def test_operation_is_told_by_whom_and_when_by_name(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    assert {"by", "now"} <= set(parameters)
    kinds = {parameter.kind for parameter in parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    assert function.__doc__


@pytest.mark.parametrize(
    "path", python_files("operations"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_operations_read_no_clock(path: Path) -> None:
    """The time is given, so that a test, a replay and the demo council can say when it is."""
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"today", "utcnow", "localdate"}
    ]
    assert calls == []


# Pages


def all_templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("path", all_templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_form_that_posts_has_its_key(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL):
        assert "{% csrf_token %}" in form


@pytest.mark.parametrize("app", ["accounts", "cases", "audits", "quality", "reports"])
def test_every_page_names_itself(app: str) -> None:
    for path in templates_of(app):
        text = path.read_text()
        if '{% extends "base.html" %}' in text and not path.name.startswith("_"):
            assert re.search(r"{% block title %}\s*\S", text), path


# Schedules


def test_every_schedule_has_its_task() -> None:
    current_app.loader.import_default_modules()
    known = set(current_app.tasks)
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in known, name
        assert entry["options"]["expires"], f"{name}: would pile up while no worker is there"
