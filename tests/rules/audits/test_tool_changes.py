"""What changed between two versions of a tool, in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from audits.rules.grades import ZERO_TO_TEN, Scale
from audits.rules.tool_changes import ToolChange, changes
from audits.tools import shipped_tools

TOOL: dict[str, Any] = next(
    each.definition.as_dict() for each in shipped_tools() if each.definition.code == "statutory"
)


def changed(edit: Any) -> tuple[ToolChange, ...]:
    new = copy.deepcopy(TOOL)
    edit(new)
    return changes(TOOL, new)


def test_nothing_changed() -> None:
    assert changes(TOOL, copy.deepcopy(TOOL)) == ()


def test_a_changed_descriptor_is_named_with_both_texts() -> None:
    standard = TOOL["sections"][0]["standards"][0]

    def edit(new: dict[str, Any]) -> None:
        new["sections"][0]["standards"][0]["descriptors"]["good"] = "Seen and heard."

    assert changed(edit) == (
        ToolChange(
            "changed",
            standard["title"],
            "Good",
            standard["descriptors"]["good"],
            "Seen and heard.",
        ),
    )


def test_added_removed_and_moved() -> None:
    def edit(new: dict[str, Any]) -> None:
        first, second = new["sections"][0], new["sections"][1]
        second["standards"].append(first["standards"].pop(0))
        new["sections"].append({"code": "extra", "title": "Extra", "standards": []})

    kinds = [(each.kind, each.about) for each in changed(edit)]
    title = TOOL["sections"][0]["standards"][0]["title"]
    assert ("added", "Section “Extra”") in kinds
    assert ("moved", title) in kinds
    assert ("moved", "The order of the standards") in kinds

    def remove(new: dict[str, Any]) -> None:
        new["sections"][0]["standards"].pop(0)

    assert changed(remove) == (ToolChange("removed", title),)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("critical", True, "yes"),
        ("weight", 3, "3"),
        ("applies_when", {}, "always"),
        ("prompts", ["Chronology", "Plan"], "Chronology\nPlan"),
    ],
)
def test_values_in_words(name: str, value: object, words: str) -> None:
    def edit(new: dict[str, Any]) -> None:
        for section in new["sections"]:
            for standard in section["standards"]:
                standard[name] = value

    found = changed(edit)
    assert found
    assert {each.after for each in found} == {words}


def test_conditions_limits_and_scales_are_told_in_words() -> None:
    def edit(new: dict[str, Any]) -> None:
        new["scale"] = ZERO_TO_TEN.as_dict()
        new["limits"] = new["limits"][1:2]
        new["sections"][0]["standards"][0]["applies_when"] = {
            "services": ["looked_after", "child_protection"],
            "lines": ["statutory"],
            "attributes": {"disability": ["yes", "not known"]},
            "recorded": ["transferred_in_on"],
        }

    scale, limits, condition = changed(edit)
    assert "Outstanding: outstanding" in scale.before
    assert "0 (inadequate): inadequate" in scale.after
    assert limits.after == (
        "An immediate safeguarding concern: the overall grade is at best inadequate."
    )
    assert (condition.field, condition.before) == ("Applies when", "always")
    assert condition.after == (
        "the service is looked after or child protection, and the service line is statutory,"
        " and disability is yes or not known, and transferred in on is recorded"
    )
    none = changed(lambda new: new.update(limits=[]))
    assert [each.after for each in none] == ["none"]


def test_the_scale_of_ten_reads_back_and_maps_to_all_four() -> None:
    assert Scale.from_dict(ZERO_TO_TEN.as_dict()) == ZERO_TO_TEN
    assert [ZERO_TO_TEN.grade_of(str(n)) for n in (10, 9, 8, 7, 6, 4, 3, 0)] == [
        "outstanding", "outstanding", "good", "good",
        "requires_improvement", "requires_improvement", "inadequate", "inadequate",
    ]  # fmt: skip
