"""The tools in the box: complete, and written so that an auditor can grade by them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import audits.tools
from audits.rules.applicability import CaseFacts, applies
from audits.rules.grades import FOUR_GRADES, GRADES
from audits.rules.limits import Judgement, suggest
from audits.rules.tool_schema import StandardDefinition, ToolDefinition, parse_tool_text
from audits.tools import shipped_tools

TOOLS = {tool.definition.code: tool.definition for tool in shipped_tools()}
STATUTORY_SERVICES = ("looked_after", "child_protection", "child_in_need", "assessment")


def texts(tool: ToolDefinition) -> Iterator[tuple[str, str]]:
    """Every text of a tool that an auditor reads, with a name for it."""
    yield "title", tool.title
    for standard in tool.standards():
        yield f"{standard.code} title", standard.title
        yield f"{standard.code} definition", standard.definition
        for grade, text in standard.descriptors:
            yield f"{standard.code} {grade}", text
        for prompt in standard.prompts:
            yield f"{standard.code} prompt", prompt
        for check in standard.checks:
            yield f"{standard.code} fact", check.question


def every_standard() -> list[tuple[str, StandardDefinition]]:
    return [(code, standard) for code, tool in TOOLS.items() for standard in tool.standards()]


def sentences(text: str) -> int:
    return len(re.findall(r"[.?!](?=\s|$)", text))


def test_facts_to_check_are_single_questions() -> None:
    count = dict.fromkeys(TOOLS, 0)
    for code, standard in every_standard():
        assert 2 <= len(standard.checks) <= 4, standard.code
        count[code] += len(standard.checks)
        for check in standard.checks:
            assert re.fullmatch(r"[A-Z][^?]*\?", check.question), check.question
    assert count == {"early_help": 26, "statutory": 40}


def test_both_tools_are_there_in_their_second_version() -> None:
    assert [(tool.definition.code, tool.number) for tool in shipped_tools()] == [
        ("early_help", 2),
        ("statutory", 2),
    ]
    assert {code: tool.line for code, tool in TOOLS.items()} == {
        "statutory": "statutory",
        "early_help": "early_help",
    }


def test_the_files_are_in_the_form_that_an_export_writes() -> None:
    paths = sorted(Path(audits.tools.__path__[0]).glob("*.json"))
    assert len(paths) == len(TOOLS)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        tool = parse_tool_text(text)
        assert path.name == f"{tool.code}.v2.json"
        assert tool.as_json() == text
        assert tool.as_dict() == json.loads(text)


def test_the_statutory_tool_has_its_twelve_standards() -> None:
    assert sorted(standard.code for standard in TOOLS["statutory"].standards()) == sorted(
        [
            "lived_experience",
            "identity",
            "risk",
            "plan_review",
            "visits",
            "multi_agency",
            "permanence",
            "transition",
            "recording",
            "supervision",
            "family_feedback",
            "impact",
        ]
    )


def test_early_help_has_a_shorter_set_of_the_same_kind() -> None:
    codes = [standard.code for standard in TOOLS["early_help"].standards()]
    assert len(codes) == 9
    assert {"consent", "whole_family_plan", "lead_practitioner", "step_up_down"} <= set(codes)
    assert {"lived_experience", "risk", "family_feedback", "impact"} <= set(codes)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_risk_is_the_critical_standard_and_impact_is_always_graded(tool: ToolDefinition) -> None:
    assert [standard.code for standard in tool.standards() if standard.critical] == ["risk"]
    assert tool.standard("impact").always_asked
    assert tool.standard("risk").always_asked  # or a cap could be avoided by "not applicable"
    assert tool.scale == FOUR_GRADES
    for standard in tool.standards():
        assert (standard.look_back_months, standard.read_back_months) == (6, 12)


def test_permanence_alone_depends_on_the_service() -> None:
    for code, standard in every_standard():
        for service in (*STATUTORY_SERVICES, "care_leaver", "early_help"):
            expected = standard.code != "permanence" or service == "looked_after"
            facts = CaseFacts(service, code)
            assert applies(standard.applies_when, facts).applies is expected


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_the_limits_are_those_of_the_programme(tool: ToolDefinition) -> None:
    def grade(*inadequate: str, concern: bool = False) -> str | None:
        judgements = [
            Judgement(
                standard.code,
                standard.title,
                "inadequate" if standard.code in inadequate else "outstanding",
                standard.critical,
                standard.weight,
            )
            for standard in tool.standards()
        ]
        return suggest(judgements, tool.limits, immediate_concern=concern).grade

    assert grade() == "outstanding"
    assert grade("impact") == "outstanding"
    assert grade("impact", "family_feedback") == "requires_improvement"
    assert grade("risk") == "inadequate"
    assert grade(concern=True) == "inadequate"


@pytest.mark.parametrize(
    ("code", "standard"), every_standard(), ids=[f"{c}-{s.code}" for c, s in every_standard()]
)
def test_every_standard_is_written_out(code: str, standard: StandardDefinition) -> None:
    assert sentences(standard.definition) in {2, 3}
    assert tuple(grade for grade, _ in standard.descriptors) == GRADES
    for grade, text in standard.descriptors:
        assert 2 <= sentences(text) <= 4, grade
        assert len(text.split()) >= 30, grade
    assert 3 <= len(standard.prompts) <= 5


def test_no_descriptor_or_definition_is_used_twice() -> None:
    written = Counter(
        text
        for tool in TOOLS.values()
        for name, text in texts(tool)
        # The same fact may well be asked of both service lines.
        if not name.endswith(("title", "prompt", "fact"))
    )
    assert [text for text, number in written.items() if number > 1] == []


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_words_are_plain(tool: ToolDefinition) -> None:
    adjectives = re.compile(
        r"\b(excellent|robust|strong|weak|effective|ineffective|adequate|poor|comprehensive|timely"
        r"|exemplary|satisfactory|holistic|outstanding)(?! practice)\b",
        re.IGNORECASE,
    )
    for name, text in texts(tool):
        assert not re.search(r"\b[A-Z]{2,}s?\b", text), f"an abbreviation in {name}: {text}"
        assert "'" not in text, f"a typewriter apostrophe in {name}: {text}"
        assert '"' not in text, f"a typewriter quotation mark in {name}: {text}"
        assert not adjectives.search(text), f"a general adjective in {name}: {text}"
