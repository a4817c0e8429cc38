"""A published audit tool never changes: for those who grade with it, and in the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import User
from audits.models import AuditTool, PracticeStandard, ToolVersion
from audits.operations import tool_editing
from tests.browser_form import form_with
from tests.cast import NOW, Cast
from tests.integration.audits.auditing import Make, begin

AsUser = Callable[[User], Client]
FORM_KEY = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
ANOTHER = {
    "JSONField": "'[7]'::jsonb",
    "BooleanField": "NOT {column}",
    "DateTimeField": "now()",
    "CharField": "'draft'",
    "SlugField": "'x'",
    "TextField": "'x'",
}


@pytest.fixture
def tool(tools: None) -> AuditTool:
    return AuditTool.objects.get(code="statutory")


def text_of(response: Any) -> str:
    return response.content.decode()


def publish_next(tool: AuditTool, by: User) -> ToolVersion:
    draft = tool_editing.start_draft(tool=tool, by=by, now=NOW)
    return tool_editing.publish(version=draft, note="Next", by=by, now=NOW)


def set_in_database(thing: Any, change: str) -> None:
    """Change a row as somebody does who sits at the database."""
    sql = f"UPDATE {thing._meta.db_table} SET {change} WHERE id = {thing.pk}"  # noqa: S608
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("retired", [False, True])
def test_every_column_of_a_published_version_is_held(
    cast: Cast, tool: AuditTool, retired: bool
) -> None:
    """A column that is added later is held as well, or this says so."""
    version = tool.versions.get()
    if retired:
        publish_next(tool, cast.lead)
    standard = PracticeStandard.objects.select_related("section").filter(section__version=version)[
        0
    ]
    for thing in (version, standard, standard.section, tool):
        for field in thing._meta.concrete_fields:
            if field.primary_key or (field.column == "retired_at" and not retired):
                continue  # a version that is in force is retired one day
            column = f'"{field.column}"'
            another = ANOTHER.get(field.get_internal_type(), "{column} + 1").format(column=column)
            with pytest.raises(DatabaseError, match=r"cannot be changed|Cannot update"):
                set_in_database(thing, f"{column} = {another}")


def test_a_retired_version_stays_retired(cast: Cast, tool: AuditTool) -> None:
    old = tool.versions.get()
    new = publish_next(tool, cast.lead)
    # So that it is not the second version in force that is refused.
    set_in_database(new, "status = 'retired', retired_at = now()")
    with pytest.raises(DatabaseError, match="Cannot update"):
        set_in_database(old, "status = 'published', retired_at = NULL")


def test_a_draft_changed_and_published_changes_nothing_for_those_who_grade(
    cast: Cast, make_audit: Make, tool: AuditTool, as_user: AsUser
) -> None:
    audit = make_audit()
    grading = begin(audit)
    standard = grading.standard_grades.select_related("standard").order_by("pk")[0].standard
    auditor, lead = as_user(cast.auditor), as_user(cast.lead)
    home = f"/audits/{audit.reference}/gradings/{grading.pk}/"
    page = f"{home}standards/{standard.code}/"
    sent = form_with(text_of(auditor.get(page)), "evidence").data
    sent |= {"grade": ["inadequate"], "evidence": ["Case note of 3 September"]}
    assert auditor.post(page, sent).status_code == 302
    pages = [home, page, f"{home}overall/", f"{home}check/"]

    def shown() -> list[str]:
        return [FORM_KEY.sub("", text_of(auditor.get(path))) for path in pages]

    before = shown()
    assert standard.title in before[1]
    draft = change_much(lead, tool, standard.code)
    assert shown() == before
    assert lead.post(f"{draft}publish/", {"note": "New words"}).status_code == 302
    assert shown() == before
    opened = form_with(text_of(auditor.get(page)), "evidence").data
    assert auditor.post(page, opened | {"grade": ["good"]}).status_code == 302
    later = make_audit()
    begun = f"/audits/{later.reference}/gradings/{begin(later).pk}/"
    assert "New words" in text_of(auditor.get(begun))


def change_much(lead: Client, tool: AuditTool, code: str) -> str:
    """The address of a new draft in which one standard, its place, scale and limits differ."""
    assert lead.post(f"/tools/{tool.code}/draft/").status_code == 302
    at = f"/tools/{tool.code}/{tool.versions.get(status='draft').number}/"
    standard = form_with(text_of(lead.get(f"{at}standards/{code}/")), "definition").data
    new = {name: ["New words"] for name in ("title", "definition", "prompts", "descriptor_good")}
    new |= {"checks": ["Is it new?"], "weight": ["10"]}
    assert lead.post(f"{at}standards/{code}/", standard | new).status_code == 302
    limits = form_with(text_of(lead.get(f"{at}limits/")), "scale").data
    limits |= {"scale": ["zero_to_ten"], "concern_cap": [""]}
    assert lead.post(f"{at}limits/", limits).status_code == 302
    assert lead.post(f"{at}move/{code}/", {"direction": "down"}).status_code == 302
    return at
