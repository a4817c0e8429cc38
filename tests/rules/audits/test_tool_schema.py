from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings

from audits.rules.grades import FOUR_GRADES, GRADES
from audits.rules.reading import InvalidDefinition
from audits.rules.tool_schema import parse_tool, parse_tool_text
from tests.tool_documents import documents

TOOL: dict[str, Any] = {
    "code": "small",
    "title": "A small tool",
    "line": "statutory",
    "scale": FOUR_GRADES.as_dict(),
    "limits": [{"code": "concern", "when": "immediate_concern", "cap": "inadequate"}],
    "sections": [
        {
            "code": code,
            "title": title,
            "standards": [
                {
                    "code": standard,
                    "title": f"Title of {standard}",
                    "definition": "What it is about.\n\nIn two paragraphs – with “quotes”.",
                    "look_back_months": 6,
                    "read_back_months": 12,
                    "critical": standard == "risk",
                    "weight": 2,
                    "may_be_not_applicable": standard != "impact",
                    "applies_when": condition,
                    "descriptors": {grade: f"What {grade} looks like." for grade in GRADES},
                    "prompts": ["Look here", "And there"],
                }
            ],
        }
        for code, title, standard, condition in (
            ("planning", "Planning", "risk", {"services": ["looked_after"]}),
            ("difference", "Difference", "impact", {}),
        )
    ],
}


def changed(path: str, value: object) -> dict[str, Any]:
    """The small tool with the value at "a.0.b" put in place, or taken out where it is ...."""
    tool: Any = copy.deepcopy(TOOL)
    *way, last = path.split(".")
    place = tool
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    key: Any = int(last) if last.isdigit() else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return tool


def problems(data: object) -> dict[str, str]:
    with pytest.raises(InvalidDefinition) as caught:
        parse_tool(data)
    return {each.path: each.message for each in caught.value.problems}


def test_a_tool_comes_back_exactly_as_data_and_as_text() -> None:
    tool = parse_tool(TOOL)
    assert tool.as_dict() == TOOL
    assert json.dumps(tool.as_dict()) == json.dumps(TOOL)  # the order of keys included
    assert parse_tool_text(tool.as_json()) == tool
    assert parse_tool_text(tool.as_json()).as_json() == tool.as_json()


@given(documents())
@settings(max_examples=40)
def test_any_tool_comes_back_exactly(document: dict[str, Any]) -> None:
    tool = parse_tool_text(json.dumps(document))
    assert tool == parse_tool(document)
    assert json.loads(tool.as_json()) == document
    assert parse_tool_text(tool.as_json()) == tool
    assert parse_tool_text(tool.as_json()).as_json() == tool.as_json()


def test_a_tool_is_read_into_sections_and_standards() -> None:
    tool = parse_tool(TOOL)
    assert [standard.code for standard in tool.standards()] == ["risk", "impact"]
    risk = tool.standard("risk")
    assert risk.critical
    assert not risk.always_asked
    assert tool.standard("impact").always_asked
    assert risk.descriptor("good") == "What good looks like."
    assert risk.applies_when.services == ("looked_after",)
    with pytest.raises(KeyError):
        tool.standard("visits")


STANDARD = "sections.0.standards.0"
AT = "sections[0].standards[0]"


@pytest.mark.parametrize(
    ("path", "value", "at", "words"),
    [
        ("title", ..., "title", "is missing"),
        ("title", None, "title", "is missing"),
        ("title", "  ", "title", "must not be blank"),
        ("title", " Tool", "title", "begin or end with a space"),
        ("title", "x" * 121, "title", "at most 120 characters; it has 121"),
        ("code", "Small tool", "code", "must be a code"),
        ("line", 3, "line", "must be a code"),
        ("colour", "red", "colour", "not a known field"),
        ("sections", [], "sections", "at least one section"),
        ("sections", "none", "sections", "must be a list"),
        ("sections.1", "none", "sections[1]", "must be an object"),
        ("sections.0.standards", [], "sections[0].standards", "at least one standard"),
        ("sections.1.code", "planning", "sections", "two sections have the code 'planning'"),
        (f"{STANDARD}.definition", "a\x00b", f"{AT}.definition", "control character"),
        (f"{STANDARD}.definition", "a\ud800b", f"{AT}.definition", "control character"),
        (f"{STANDARD}.look_back_months", 0, f"{AT}.look_back_months", "from 1 to 60"),
        (f"{STANDARD}.look_back_months", True, f"{AT}.look_back_months", "whole number"),
        (f"{STANDARD}.look_back_months", 6.0, f"{AT}.look_back_months", "whole number"),
        (f"{STANDARD}.read_back_months", 5, f"{AT}.read_back_months", "not be less than"),
        (f"{STANDARD}.critical", "yes", f"{AT}.critical", "must be true or false"),
        (f"{STANDARD}.weight", 11, f"{AT}.weight", "from 1 to 10"),
        (f"{STANDARD}.applies_when.service", ["x"], f"{AT}.applies_when.service", "not a known"),
        (f"{STANDARD}.applies_when", [], f"{AT}.applies_when", "must be an object"),
        (f"{STANDARD}.descriptors.good", ..., f"{AT}.descriptors.good", "is missing"),
        (f"{STANDARD}.descriptors.good", "", f"{AT}.descriptors.good", "must not be blank"),
        (f"{STANDARD}.descriptors.poor", "Bad.", f"{AT}.descriptors.poor", "not a grade"),
        (f"{STANDARD}.prompts", [], f"{AT}.prompts", "at least one text"),
        (f"{STANDARD}.prompts.1", 7, f"{AT}.prompts[1]", "must be a text"),
        ("title", "Two\nlines", "title", "must be one line"),
        (f"{STANDARD}.prompts.1", "Two\nlines", f"{AT}.prompts[1]", "must be one line"),
        (
            f"{STANDARD}.applies_when.attributes",
            {"plan\x00": ["care"]},
            f"{AT}.applies_when.attributes.plan\x00",
            "control character",
        ),
        (
            f"{STANDARD}.applies_when.attributes",
            {" ": ["care"]},
            f"{AT}.applies_when.attributes. ",
            "must not be blank",
        ),
        ("limits.0.cap", "poor", "limits[0].cap", "must be one of"),
        ("limits", {}, "limits", "must be a list"),
        ("scale.points.0.grade", "good", f"{AT}.descriptors.outstanding", "not a grade"),
        ("scale.points.3.grade", "good", "scale.points", "best to the worst"),
    ],
)
def test_a_fault_is_named_with_its_path(path: str, value: object, at: str, words: str) -> None:
    found = problems(changed(path, value))
    assert words in found[at]


@pytest.mark.parametrize(
    ("field", "value"),
    [("may_be_not_applicable", True), ("applies_when", {"services": ["looked_after"]})],
)
def test_impact_applies_to_every_case_and_is_always_graded(field: str, value: object) -> None:
    found = problems(changed(f"sections.1.standards.0.{field}", value))
    assert "impact must apply to every case" in found["sections[1].standards[0]"]


def test_two_standards_do_not_share_a_code() -> None:
    tool = changed("title", "Doubled")
    tool["sections"][0]["standards"] *= 2
    assert "two standards have the code 'risk'" in problems(tool)["sections"]


def test_every_tool_asks_about_impact() -> None:
    found = problems(changed("sections.1", ...))
    assert "one standard must be that on impact for the child" in found["sections"]


def test_all_faults_are_named_at_once() -> None:
    tool = changed("title", "")
    tool["sections"][0]["standards"][0]["weight"] = "heavy"
    del tool["sections"][1]["title"]
    assert list(problems(tool)) == ["title", f"{AT}.weight", "sections[1].title"]


@pytest.mark.parametrize("data", [None, [], "tool", 3])
def test_what_is_no_object_is_no_tool(data: object) -> None:
    assert problems(data)[""] == "must be an object in curly brackets"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ('{"code": }', "line 1, column 10"),
        ('{"code": "a", "code": "b"}', "holds the field 'code' twice"),
        ('{"weight": NaN}', "NaN is not a number"),
        ('{"weight": ' + "9" * 10_000 + "}", "a number is too long"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_a_text_that_is_no_tool_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InvalidDefinition, match=words):
        parse_tool_text(text)


def test_the_error_reads_as_a_sentence_with_its_path() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parse_tool(changed(f"{STANDARD}.prompts.1", ""))
    assert str(caught.value) == f"{AT}.prompts[1]: must not be blank"
