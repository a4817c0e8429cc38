"""What changed from one version of an audit tool to the next, in words for its owner.

Works on the JSON data of two versions (rules.tool_schema), so that a draft which cannot be
published yet can be compared too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audits.rules.applicability import Condition
from audits.rules.grades import LABELS
from audits.rules.limits import parse_limits

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"
_FIELDS: Mapping[str, str] = {
    "title": "Title",
    "definition": "Definition",
    "look_back_months": "Months judged",
    "read_back_months": "Months read",
    "critical": "Critical",
    "weight": "Weight",
    "may_be_not_applicable": "May be not applicable",
    "applies_when": "Applies when",
    "prompts": "Where to look",
    "checks": "Facts to check",
}
Data = Mapping[str, Any]


@dataclass(frozen=True)
class ToolChange:
    """One difference: of the tool, a section or a standard (``about``, its title).

    ``kind`` is added, removed, changed or moved; ``field``, ``before`` and ``after`` are empty
    where the whole thing came or went.
    """

    kind: str
    about: str
    field: str = ""
    before: str = ""
    after: str = ""


def changes(old: Data, new: Data) -> tuple[ToolChange, ...]:
    """Every difference between two versions: the tool's own, then section by section."""
    return (
        *_of_the_tool(old, new),
        *_of_sections(old, new),
        *_of_standards(old, new),
    )


def _of_the_tool(old: Data, new: Data) -> Iterator[ToolChange]:
    for name, words, said in (
        ("title", "Title", in_words),
        ("scale", "Scale", _scale),
        ("limits", "Grade limits", _limits),
    ):
        if old[name] != new[name]:
            yield ToolChange(CHANGED, "The tool", words, said(old[name]), said(new[name]))


def _scale(data: Data) -> str:
    """Its title and its points: two scales may have the same title."""
    points = (f"{point['label']}: {LABELS[point['grade']].lower()}" for point in data["points"])
    return "\n".join([str(data["title"]), *points])


def _limits(data: list[Data]) -> str:
    return "\n".join(limit.sentence for limit in parse_limits(data)) or in_words([])


def _of_sections(old: Data, new: Data) -> Iterator[ToolChange]:
    before = {each["code"]: each for each in old["sections"]}
    after = {each["code"]: each for each in new["sections"]}
    for code, section in after.items():
        if code not in before:
            yield ToolChange(ADDED, f"Section “{section['title']}”")
        elif before[code]["title"] != section["title"]:
            about = f"Section “{section['title']}”"
            yield ToolChange(CHANGED, about, "Title", before[code]["title"], section["title"])
    for code, section in before.items():
        if code not in after:
            yield ToolChange(REMOVED, f"Section “{section['title']}”")
    common = [code for code in before if code in after]
    if common != [code for code in after if code in before]:
        yield ToolChange(MOVED, "The order of the sections")


def _standards(tool: Data) -> dict[str, tuple[str, Data]]:
    """Each standard by its code, with its section's title."""
    return {
        standard["code"]: (section["title"], standard)
        for section in tool["sections"]
        for standard in section["standards"]
    }


def _of_standards(old: Data, new: Data) -> Iterator[ToolChange]:
    before, after = _standards(old), _standards(new)
    for code, (place, standard) in after.items():
        if code not in before:
            yield ToolChange(ADDED, standard["title"])
            continue
        old_place, old_standard = before[code]
        if place != old_place:
            yield ToolChange(MOVED, standard["title"], "Section", old_place, place)
        yield from _of_standard(old_standard, standard)
    for code, (_, standard) in before.items():
        if code not in after:
            yield ToolChange(REMOVED, standard["title"])
    if [c for c in before if c in after] != [c for c in after if c in before]:
        yield ToolChange(MOVED, "The order of the standards")


def _of_standard(old: Data, new: Data) -> Iterator[ToolChange]:
    for name, words in _FIELDS.items():
        was, now = (each.get(name, []) if name == "checks" else each[name] for each in (old, new))
        if was != now:
            said = _condition if name == "applies_when" else in_words
            yield ToolChange(CHANGED, new["title"], words, said(was), said(now))
    for grade in {**old["descriptors"], **new["descriptors"]}:
        was, now = old["descriptors"].get(grade, ""), new["descriptors"].get(grade, "")
        if was != now:
            words = grade.replace("_", " ").capitalize()
            yield ToolChange(CHANGED, new["title"], words, was, now)


def _condition(data: object) -> str:
    return Condition.from_dict(data).words


def in_words(value: object) -> str:
    """A value of a tool's JSON as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == []:
        return "none"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    if isinstance(value, list) and all("question" in each for each in value):
        return "\n".join(each["question"] for each in value)
    return str(value)
