"""Facts to check beside a judgement: yes, no or not applicable, with what the file shows.

A practice standard is judged on a whole; a fact is looked up. "No" and "not applicable" say what
the file shows instead; "yes" stands by itself, since the evidence of the standard quotes the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

YES, NO, NOT_APPLICABLE = "yes", "no", "not_applicable"
ANSWERS: Mapping[str, str] = {YES: "Yes", NO: "No", NOT_APPLICABLE: "Not applicable"}
LONGEST_QUESTION = 300


@dataclass(frozen=True)
class Check:
    """One fact to check: its code, unique in its standard, and the question."""

    code: str
    question: str

    def as_dict(self) -> dict[str, str]:
        """The fact as JSON data."""
        return {"code": self.code, "question": self.question}


@dataclass(frozen=True)
class Checked:
    """What was found: one of `ANSWERS` or "", and the words beside it."""

    answer: str = ""
    evidence: str = ""

    @property
    def label(self) -> str:
        """The answer in words; "" where there is none."""
        return ANSWERS.get(self.answer, "")

    @property
    def needs_words(self) -> bool:
        """Whether the answer has to be explained."""
        return self.answer in (NO, NOT_APPLICABLE)


def checks_of(data: Iterable[Mapping[str, str]]) -> tuple[Check, ...]:
    """The facts of a standard from its JSON data."""
    return tuple(Check(each["code"], each["question"]) for each in data)


def checked_of(checks: Iterable[Check], stored: Mapping[str, Any]) -> list[tuple[Check, Checked]]:
    """Each fact with what is stored of it, {code: {"answer", "evidence"}}."""
    return [(check, Checked(**stored.get(check.code, {}))) for check in checks]


def as_stored(found: Mapping[str, Checked]) -> dict[str, dict[str, str]]:
    """What is stored of the answers; a fact of which nothing is said is left out."""
    return {
        code: {"answer": one.answer, "evidence": one.evidence}
        for code, one in found.items()
        if one.answer or one.evidence
    }


def faults(checks: Iterable[Check], stored: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be stored: answers that there are not, and facts that nobody asked for."""
    asked = {check.code for check in checks}
    for code, one in stored.items():
        if code not in asked:
            yield "This fact is not asked here."
        elif one["answer"] and one["answer"] not in ANSWERS:
            yield "Choose yes, no or not applicable."


def recoded(lines: Iterable[str], before: Iterable[Check], code_of: Any) -> list[dict[str, str]]:
    """Questions as an owner typed them, one on a line, as facts that keep their codes.

    A question that stands as it was keeps its code wherever it moved; one that was reworded in its
    place, where none was added or taken away, keeps it too. ``code_of(question, taken)`` makes one.
    """
    lines, before = list(lines), list(before)
    known = {check.question: check.code for check in before}
    codes: list[str] = [known.get(line, "") for line in lines]
    if len(lines) == len(before):
        codes = [
            code or (old.code if old.code not in codes else "")
            for code, old in zip(codes, before, strict=True)
        ]
    taken = {code for code in codes if code}
    for place, line in enumerate(lines):
        if not codes[place]:
            codes[place] = code_of(line, taken)
            taken.add(codes[place])
    return [Check(*pair).as_dict() for pair in zip(codes, lines, strict=True)]
