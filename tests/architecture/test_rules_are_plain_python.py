"""rules/ packages: standard library, rules of their own or a lower app, and no clock.

import-linter cannot say "nothing but", nor see a call; this reads the source.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.launch import ROOT

# Left may import right (docs/map.md).
APPS = ("reports", "quality", "audits", "cases", "accounts")
CLOCKS = {"now", "today", "utcnow", "localdate", "localtime", "perf_counter", "monotonic"}
AMBIENT_MODULES = {"os", "secrets", "socket", "subprocess", "time", "urllib", "uuid"}


def rule_files() -> list[Path]:
    return sorted(path for app in APPS for path in (ROOT / app / "rules").rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


def allowed(module: str, app: str) -> bool:
    """Whether ``app``'s rules may import ``module``."""
    top, _, rest = module.partition(".")
    if top in APPS:
        return rest.split(".")[0] == "rules" and APPS.index(top) >= APPS.index(app)
    return top in sys.stdlib_module_names and top not in AMBIENT_MODULES


def clock_calls(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            yield node.lineno


@pytest.mark.parametrize("path", rule_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_rules_import_only_plain_python_and_read_no_clock(path: Path) -> None:
    app = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text())
    assert [module for module in imported(tree) if not allowed(module, app)] == []
    assert list(clock_calls(tree)) == []


def test_there_are_rules_to_look_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in rule_files()} >= {
        "audits",
        "cases",
        "quality",
        "reports",
    }


@pytest.mark.parametrize(
    ("module", "app", "expected"),
    [
        ("fractions", "cases", True),
        ("cases.rules.quarters", "reports", True),
        ("reports.rules.trend", "cases", False),
        ("cases.models", "cases", False),
        ("django.utils.timezone", "cases", False),
        ("holidays", "cases", False),
        ("time", "cases", False),
    ],
)
def test_the_rule_itself(module: str, app: str, expected: bool) -> None:
    assert allowed(module, app) is expected
