"""manage.py install_tools."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audits.models import ToolVersion
from cases.models import ServiceLine
from tests.cast import Cast


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("install_tools", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_what_it_published_and_does_nothing_twice(db: None) -> None:
    assert "Published: Statutory services audit tool, version 2" in run()
    assert "Nothing to do" in run()


def test_json_is_one_object(db: None) -> None:
    installed = json.loads(run("--json"))["installed"]
    assert {"tool": "statutory", "version": 2} in installed
    assert json.loads(run("--json")) == {"installed": []}


def test_a_missing_service_line_is_named_and_nothing_is_half_done(cast: Cast) -> None:
    ServiceLine.objects.filter(code="statutory").update(code="family_help")
    with pytest.raises(CommandError, match="statutory"):
        run()
    assert not ToolVersion.objects.exists()
