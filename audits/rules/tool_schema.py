"""Audit tools as JSON: what a document must hold, and reading it with every fault named.

    {"code", "title", "line", "scale": {…grades.Scale}, "limits": [{…limits}],
     "sections": [{"code", "title", "standards": [{
        "code", "title", "definition", "look_back_months", "read_back_months", "critical",
        "weight", "may_be_not_applicable", "applies_when": {…applicability},
        "descriptors": {grade: text}, "prompts": [text],
        "checks": [{"code", "question"}]}]}]}

All fields are required and no others are known, but that "checks", the facts to check beside the
judgement, is left out where there are none. Codes of sections and of standards are unique in the
tool, codes and questions of facts in their standard.
Each standard describes each of the four grades that the scale can give. One standard at
least must be asked of every case, and the standard on impact for the child always: it can never be
"not applicable". Reading and writing give back the same data exactly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from audits.rules.applicability import Condition, read_condition
from audits.rules.checks import LONGEST_QUESTION, Check
from audits.rules.grades import Scale, read_scale
from audits.rules.limits import Limit, read_limits
from audits.rules.reading import InvalidDefinition, Node, Problem

IMPACT = "impact"
"""Code of the standard on impact and outcomes for the child."""

_STANDARD_FIELDS = (
    "code",
    "title",
    "definition",
    "look_back_months",
    "read_back_months",
    "critical",
    "weight",
    "may_be_not_applicable",
    "applies_when",
    "descriptors",
    "prompts",
)


@dataclass(frozen=True)
class StandardDefinition:
    """A practice standard. `descriptors` holds (grade, text) pairs in the order of the document."""

    code: str
    title: str
    definition: str
    look_back_months: int
    read_back_months: int
    critical: bool
    weight: int
    may_be_not_applicable: bool
    applies_when: Condition
    descriptors: tuple[tuple[str, str], ...]
    prompts: tuple[str, ...]
    checks: tuple[Check, ...] = ()

    def descriptor(self, grade: str) -> str:
        """What a grade looks like in a case file; KeyError where the scale does not give it."""
        return dict(self.descriptors)[grade]

    @property
    def always_asked(self) -> bool:
        """Whether every case must be graded against it."""
        return self.applies_when.always and not self.may_be_not_applicable

    def as_dict(self) -> dict[str, Any]:
        """The standard as JSON data."""
        return {
            **{name: getattr(self, name) for name in _STANDARD_FIELDS[:8]},
            "applies_when": self.applies_when.as_dict(),
            "descriptors": dict(self.descriptors),
            "prompts": list(self.prompts),
            **({"checks": [each.as_dict() for each in self.checks]} if self.checks else {}),
        }


@dataclass(frozen=True)
class SectionDefinition:
    """A group of standards on one page of the form."""

    code: str
    title: str
    standards: tuple[StandardDefinition, ...]

    def as_dict(self) -> dict[str, Any]:
        """The section as JSON data."""
        return {
            "code": self.code,
            "title": self.title,
            "standards": [standard.as_dict() for standard in self.standards],
        }


@dataclass(frozen=True)
class ToolDefinition:
    """One version of an audit tool, whole."""

    code: str
    title: str
    line: str
    scale: Scale
    limits: tuple[Limit, ...]
    sections: tuple[SectionDefinition, ...]

    def standards(self) -> Iterator[StandardDefinition]:
        """All standards, in the order of the form."""
        for section in self.sections:
            yield from section.standards

    def standard(self, code: str) -> StandardDefinition:
        """The standard with a code; KeyError where the tool has none."""
        return {standard.code: standard for standard in self.standards()}[code]

    def as_dict(self) -> dict[str, Any]:
        """The tool as JSON data; `parse_tool` gives it back."""
        return {
            "code": self.code,
            "title": self.title,
            "line": self.line,
            "scale": self.scale.as_dict(),
            "limits": [limit.as_dict() for limit in self.limits],
            "sections": [section.as_dict() for section in self.sections],
        }

    def as_json(self) -> str:
        """The tool as the text of a file; `parse_tool_text` gives it back."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2) + "\n"


def parse_tool(data: object) -> ToolDefinition:
    """A tool from JSON data; `InvalidDefinition` names every fault with its path."""
    node = Node(data)
    node.only("code", "title", "line", "scale", "limits", "sections")
    tool = ToolDefinition(
        code=node.code("code"),
        title=node.line("title", longest=120),
        line=node.code("line"),
        scale=read_scale(node.child("scale")),
        limits=read_limits(node),
        sections=tuple(
            _read_section(section)
            for section in node.children("sections", at_least_one="must hold at least one section")
        ),
    )
    _check_codes(node, tool)
    _check_descriptors(node, tool)
    _check_what_is_always_asked(node, tool)
    node.done()
    return tool


def parse_tool_text(text: str) -> ToolDefinition:
    """A tool from the text of a JSON file; `InvalidDefinition` names every fault.

    A key written twice in one object is a fault: JSON readers keep the last and lose the first.
    """
    try:
        data = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidDefinition([Problem("", f"is not JSON: {error.msg} ({where})")]) from error
    except InvalidDefinition:
        raise
    except ValueError as error:  # Python reads no whole number of more than 4,300 digits
        raise InvalidDefinition([Problem("", "a number is too long to be read")]) from error
    except RecursionError as error:
        raise InvalidDefinition([Problem("", "is nested too deeply")]) from error
    return parse_tool(data)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = _repeated(key for key, _ in pairs)
    if repeated:
        raise InvalidDefinition([Problem("", f"holds the field {repeated[0]!r} twice")])
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise InvalidDefinition([Problem("", f"{name} is not a number that can be used")])


def _read_section(node: Node) -> SectionDefinition:
    node.only("code", "title", "standards")
    return SectionDefinition(
        code=node.code("code"),
        title=node.line("title", longest=120),
        standards=tuple(
            _read_standard(standard)
            for standard in node.children(
                "standards", at_least_one="must hold at least one standard"
            )
        ),
    )


def _read_standard(node: Node) -> StandardDefinition:
    node.only(*_STANDARD_FIELDS, "checks")
    descriptors = node.child("descriptors")
    standard = StandardDefinition(
        code=node.code("code"),
        title=node.line("title", longest=160),
        definition=node.text("definition"),
        look_back_months=node.integer("look_back_months", 1, 60),
        read_back_months=node.integer("read_back_months", 1, 120),
        critical=node.flag("critical"),
        weight=node.integer("weight", 1, 10),
        may_be_not_applicable=node.flag("may_be_not_applicable"),
        applies_when=read_condition(node.child("applies_when")),
        descriptors=tuple((str(grade), descriptors.text(grade)) for grade in descriptors.value),
        prompts=node.lines("prompts"),
        checks=_read_checks(node) if "checks" in node.value else (),
    )
    if 0 < standard.read_back_months < standard.look_back_months:
        node.problem("must not be less than look_back_months", "read_back_months")
    return standard


def _read_checks(node: Node) -> tuple[Check, ...]:
    found = []
    for each in node.children("checks", at_least_one="must hold at least one, or be left out"):
        each.only("code", "question")
        found.append(Check(each.code("code"), each.line("question", longest=LONGEST_QUESTION)))
    for code in _repeated(check.code for check in found):
        node.problem(f"two facts have the code {code!r}", "checks")
    for question in _repeated(check.question for check in found):
        node.problem(f"two facts ask {question!r}", "checks")
    return tuple(found)


def _paths(tool: ToolDefinition) -> Iterator[tuple[str, StandardDefinition]]:
    for index, section in enumerate(tool.sections):
        for number, standard in enumerate(section.standards):
            yield f"sections[{index}].standards[{number}]", standard


def _check_codes(node: Node, tool: ToolDefinition) -> None:
    for code in _repeated(section.code for section in tool.sections):
        node.problem(f"two sections have the code {code!r}", "sections")
    for code in _repeated(standard.code for standard in tool.standards()):
        node.problem(f"two standards have the code {code!r}", "sections")


def _check_descriptors(node: Node, tool: ToolDefinition) -> None:
    wanted = tool.scale.grades
    for path, standard in _paths(tool):
        given = [grade for grade, _ in standard.descriptors]
        for grade in wanted:
            if grade not in given:
                node.problem("is missing", f"{path}.descriptors.{grade}")
        for grade in given:
            if grade not in wanted:
                node.problem("is not a grade that the scale gives", f"{path}.descriptors.{grade}")


def _check_what_is_always_asked(node: Node, tool: ToolDefinition) -> None:
    for path, standard in _paths(tool):
        if standard.code == IMPACT and not standard.always_asked:
            node.problem(
                "the standard on impact must apply to every case and never be not applicable", path
            )
    if tool.sections and not any(standard.code == IMPACT for standard in tool.standards()):
        node.problem(
            f"one standard must be that on impact for the child, with the code “{IMPACT}”",
            "sections",
        )


def _repeated(codes: Iterable[str]) -> list[str]:
    return [code for code, number in Counter(codes).items() if code and number > 1]
