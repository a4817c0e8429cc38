"""No word of an audit tool is lost between its file, the editor and its file again."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings

from accounts.models import User
from audits.forms.tools import StandardForm, fits_the_form, initial_of
from audits.models import PracticeStandard, Section, ToolVersion
from audits.operations import tool_editing
from audits.queries.tool_editing import definition_of, standard_data, version_with_parts
from audits.rules.applicability import Condition
from audits.rules.tool_schema import parse_tool
from audits.tools import shipped_tools
from tests.browser_form import form_with
from tests.cast import NOW, Cast
from tests.tool_documents import EVERY_PART, documents

AsUser = Callable[[User], Client]


def imported(client: Client, document: dict[str, Any]) -> str:
    """The address of the draft that a file has become."""
    file = SimpleUploadedFile("tool.json", json.dumps(document).encode())
    answer = client.post("/tools/import/", {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def exported(client: Client, at: str) -> bytes:
    return client.get(f"{at}tool.json").content


def save_unchanged(client: Client, path: str, name: str) -> None:
    """Open a page of the editor and press its button, as a browser does."""
    form = form_with(client.get(path).content.decode(), name)
    answer = client.post(path, form.data)
    assert answer.status_code == 302, answer.content.decode()


def save_everything(client: Client, at: str, document: dict[str, Any]) -> None:
    """Every section, every standard and the limits, each opened and saved."""
    for section in document["sections"]:
        save_unchanged(client, f"{at}sections/{section['code']}/", "title")
        for standard in section["standards"]:
            save_unchanged(client, f"{at}standards/{standard['code']}/", "definition")
    save_unchanged(client, f"{at}limits/", "scale")


DOCUMENTS = {
    "every part": EVERY_PART,
    "two limits": EVERY_PART | {"limits": EVERY_PART["limits"][1:]},
    # Its code is the name of a kind that it is not.
    "one limit": EVERY_PART | {"limits": [EVERY_PART["limits"][1] | {"code": "critical_standard"}]},
    "no limit": EVERY_PART | {"limits": []},
    **{f"shipped {tool.definition.code}": tool.definition.as_dict() for tool in shipped_tools()},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_tool_opened_and_saved_in_the_editor_is_exported_as_it_came(
    cast: Cast, tools: None, as_user: AsUser, document: dict[str, Any]
) -> None:
    client = as_user(cast.lead)
    at = imported(client, document)
    before = exported(client, at)
    assert json.loads(before) == document
    save_everything(client, at, document)
    assert exported(client, at) == before


def test_what_the_example_uses_is_all_that_there_is() -> None:
    """The test above proves nothing of a part that the example leaves out."""
    standards = [each for section in EVERY_PART["sections"] for each in section["standards"]]
    used = {name for each in standards for name in each["applies_when"]}
    assert used == {"services", "lines", "attributes", "recorded"}
    assert {limit["when"] for limit in EVERY_PART["limits"]} == {
        "critical_standard", "immediate_concern", "number_of_standards",
    }  # fmt: skip
    assert {"checks" in each for each in standards} == {True, False}
    assert {each["critical"] for each in standards} == {True, False}
    assert parse_tool(EVERY_PART).as_dict() == EVERY_PART


@given(document=documents())
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_tool_is_exported_as_it_was_imported_and_kept_by_its_forms(
    cast: Cast, tools: None, document: dict[str, Any]
) -> None:
    draft = tool_editing.import_draft(text=json.dumps(document), by=cast.lead, now=NOW)
    try:
        version = version_with_parts().get(pk=draft.pk)
        assert definition_of(version).as_dict() == document
        for section in version.sections.all():
            for standard in section.standards.all():
                assert kept_by_its_form(version, standard) == standard_data(standard)
    finally:
        tool_editing.delete_draft(version=draft, by=cast.lead, now=NOW)


def kept_by_its_form(version: ToolVersion, standard: PracticeStandard) -> dict[str, Any]:
    """The standard as it is after somebody has saved its form unchanged."""
    sent = {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in initial_of(standard).items()
        if value is not False
    }
    condition = Condition.from_dict(standard.applies_when)
    form = StandardForm(sent, version=version, initial=initial_of(standard), condition=condition)
    assert form.is_valid(), form.errors
    data = form.standard(standard)
    assert "checks" not in data
    return standard_data(standard) | data


def test_what_a_file_brought_can_be_unticked(cast: Cast, tools: None, as_user: AsUser) -> None:
    client = as_user(cast.lead)
    at = imported(client, EVERY_PART)
    path = f"{at}standards/everything/"
    page = client.get(path).content.decode()
    assert "Early Help" in page  # the name of a service of another line
    data = form_with(page, "definition").data
    data["services"] = ["looked_after", "assessment"]
    data["lines"], data["recorded"], data["attributes"] = [], ["plan"], ["plan = care"]
    assert client.post(path, data).status_code == 302
    saved = PracticeStandard.objects.get(code="everything").applies_when
    shown = client.get(at).content.decode()
    assert (
        "Asked only where the service is looked after or assessment, and plan is care,"
        " and plan is recorded."
    ) in shown
    assert saved == {
        "services": ["looked_after", "assessment"],
        "attributes": {"plan": ["care"]},
        "recorded": ["plan"],
    }


def test_limits_that_the_form_cannot_show_are_left_to_the_file(
    cast: Cast, tools: None, as_user: AsUser
) -> None:
    document = copy.deepcopy(EVERY_PART)
    document["limits"][0]["cap"] = "outstanding"
    client = as_user(cast.lead)
    at = imported(client, document)
    assert not fits_the_form(version_with_parts().get(tool__code="every_part"))
    assert "came from a file" in client.get(f"{at}limits/").content.decode()


def test_a_limit_is_added_beside_one_that_has_its_name(
    cast: Cast, tools: None, as_user: AsUser
) -> None:
    client = as_user(cast.lead)
    at = imported(client, DOCUMENTS["one limit"])
    data = form_with(client.get(f"{at}limits/").content.decode(), "scale").data
    data["critical_cap"] = ["good"]
    assert client.post(f"{at}limits/", data).status_code == 302
    codes = [limit["code"] for limit in json.loads(exported(client, at))["limits"]]
    assert codes == ["critical_standard", "critical_standard_limit"]


def test_a_first_draft_that_is_deleted_leaves_no_tool_behind(
    cast: Cast, tools: None, as_user: AsUser
) -> None:
    client = as_user(cast.lead)
    at = imported(client, EVERY_PART)
    assert client.post(f"{at}delete/").status_code == 302
    assert EVERY_PART["title"] not in client.get("/tools/").content.decode()
    at = imported(client, EVERY_PART | {"title": "Put right"})
    assert "Put right" in client.get(at).content.decode()


def test_a_section_keeps_its_place_and_its_code(cast: Cast, tools: None, as_user: AsUser) -> None:
    client = as_user(cast.lead)
    at = imported(client, EVERY_PART)
    page = client.get(f"{at}sections/first/").content.decode()
    data = form_with(page, "title").data | {"title": ["Renamed"]}
    assert client.post(f"{at}sections/first/", data).status_code == 302
    renamed = Section.objects.get(title="Renamed")
    assert (renamed.code, renamed.order) == ("first", 1)
