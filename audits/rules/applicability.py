"""Which standards apply to a case, by declarative conditions in the tool's JSON.

A standard's `applies_when` is an object; the empty one always applies. Every part that is there
must hold:

    {"services": ["looked_after"]}            the case is in one of these services
    {"lines": ["statutory"]}                  … of these service lines
    {"attributes": {"disability": ["yes"]}}   an imported fact equals one of these texts
    {"recorded": ["transferred_in_on"]}       an imported fact is there at all

Facts are compared as text without regard to capitals or surrounding spaces, because councils type
them; true and false read as "yes" and "no".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audits.rules.reading import Node

Fact = str | int | float | bool | None


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a case: service and line codes, and the imported facts by name."""

    service: str
    line: str
    attributes: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Condition:
    """When a standard applies: every part that is not empty must hold."""

    services: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    recorded: tuple[str, ...] = ()

    @property
    def always(self) -> bool:
        """Whether the condition holds for every case."""
        return not (self.services or self.lines or self.attributes or self.recorded)

    @property
    def words(self) -> str:
        """When it holds: "always", or say "the service is looked after, and plan is recorded"."""
        parts = []
        for place, codes in (("service", self.services), ("service line", self.lines)):
            if codes:
                parts.append(f"the {place} is {_listed([_plain(code) for code in codes])}")
        parts += [f"{_plain(name)} is {_listed(values)}" for name, values in self.attributes]
        parts += [f"{_plain(name)} is recorded" for name in self.recorded]
        return ", and ".join(parts) or "always"

    def as_dict(self) -> dict[str, Any]:
        """The condition as JSON data, without its empty parts; `from_dict` gives it back."""
        parts: dict[str, Any] = {
            "services": list(self.services),
            "lines": list(self.lines),
            "attributes": {name: list(values) for name, values in self.attributes},
            "recorded": list(self.recorded),
        }
        return {name: value for name, value in parts.items() if value}

    @classmethod
    def from_dict(cls, data: object) -> Condition:
        """A condition from JSON data; `InvalidDefinition` names every fault."""
        node = Node(data)
        condition = read_condition(node)
        node.done()
        return condition


@dataclass(frozen=True)
class Applies:
    """Whether a standard applies to a case, and why, as a sentence."""

    applies: bool
    because: str


def applies(condition: Condition, facts: CaseFacts) -> Applies:
    """Whether a standard with this condition applies to a case with these facts."""
    if condition.always:
        return Applies(True, "This standard applies to every case.")
    parts = [*_place_parts(condition, facts), *_fact_parts(condition, facts)]
    failed = [sentence for held, sentence in parts if not held]
    if failed:
        return Applies(False, " ".join(f"Does not apply: {sentence}." for sentence in failed))
    return Applies(True, " ".join(f"Applies: {sentence}." for _, sentence in parts))


def applicable(conditions: Mapping[str, Condition], facts: CaseFacts) -> dict[str, Applies]:
    """The answer of `applies` for each standard code, in the given order."""
    return {code: applies(condition, facts) for code, condition in conditions.items()}


def read_condition(node: Node) -> Condition:
    """A condition from a node of a larger document; faults are noted on the node."""
    node.only("services", "lines", "attributes", "recorded")
    return Condition(
        services=_texts(node, "services"),
        lines=_texts(node, "lines"),
        attributes=_attributes(node),
        recorded=_texts(node, "recorded"),
    )


def _texts(node: Node, key: str) -> tuple[str, ...]:
    return node.lines(key, longest=120) if key in node.value else ()


def _attributes(node: Node) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if "attributes" not in node.value:
        return ()
    child = node.child("attributes")
    if not child.value:
        node.problem("must name at least one attribute", "attributes")
    return tuple(
        (child.key(str(name), longest=120), child.lines(name, longest=120)) for name in child.value
    )


def _place_parts(condition: Condition, facts: CaseFacts) -> list[tuple[bool, str]]:
    parts = []
    for word, wanted, actual in (
        ("service", condition.services, facts.service),
        ("service line", condition.lines, facts.line),
    ):
        if wanted:
            held = actual in wanted
            not_asked = "" if held else f", not {_listed([_plain(code) for code in wanted])}"
            parts.append((held, f"the {word} is {_plain(actual)}{not_asked}"))
    return parts


def _fact_parts(condition: Condition, facts: CaseFacts) -> list[tuple[bool, str]]:
    parts = []
    for name, values in condition.attributes:
        text = _text(facts.attributes.get(name))
        held = text.casefold() in {_text(value).casefold() for value in values}
        not_asked = "" if held else f", not {_listed(values)}"
        sentence = f"{_plain(name)} is {text or 'not recorded'}{not_asked}"
        parts.append((held, sentence))
    for name in condition.recorded:
        held = bool(_text(facts.attributes.get(name)))
        parts.append((held, f"{_plain(name)} is {'recorded' if held else 'not recorded'}"))
    return parts


def _text(fact: Fact) -> str:
    if fact is None:
        return ""
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return str(fact).strip()


def _plain(code: str) -> str:
    return code.replace("_", " ")


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"
