"""What a grading still lacks before it can be submitted, and where each section stands.

Evidence is required for every grade and a reason for every "not applicable"; the standard on
impact for the child can never be "not applicable". Something counts as written where it holds a
letter or a digit: spaces, dots and invisible characters are no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from accounts.rules.words import is_written
from audits.rules.checks import Check, Checked
from audits.rules.limits import Suggested, check_overall
from audits.rules.tool_schema import IMPACT


class Kind(StrEnum):
    """What is lacking."""

    GRADE = "grade"
    EVIDENCE = "evidence"
    REASON = "reason"
    ANSWER = "answer"
    NOT_ALLOWED = "not_allowed"


class Status(StrEnum):
    """Where a section stands."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    NOT_APPLICABLE = "not_applicable"

    @property
    def label(self) -> str:
        """As it is shown: "In progress"."""
        return self.value.replace("_", " ").capitalize()


OBTAINED, NOT_OBTAINED, NOT_SOUGHT = "obtained", "not_obtained", "not_sought"
MET, NOT_MET = "met", "not_met"

# Sections of the form beside those of the tool.
BEFORE = "before_you_start"
CONCERN = "immediate_concern"
PEOPLE = "family_and_practitioner"
SUMMARY = "strengths_and_improvements"
OVERALL = "overall_grade"


@dataclass(frozen=True)
class StandardSnapshot:
    """One standard as it stands. `grade` is any code of the tool's scale, "" where there is none.

    `applies` is the answer of `applicability.applies`.
    """

    code: str
    title: str
    section: str
    applies: bool = True
    may_be_not_applicable: bool = True
    grade: str = ""
    not_applicable: bool = False
    not_applicable_reason: str = ""
    evidence: str = ""
    checked: tuple[tuple[Check, Checked], ...] = ()

    @property
    def must_be_graded(self) -> bool:
        """Whether only a grade will do: always so for impact, whatever the tool says."""
        return self.code == IMPACT or not self.may_be_not_applicable


@dataclass(frozen=True)
class GradingSnapshot:
    """A grading as it stands.

    `overall_grade` is one of the four grades or ""; `held_most_recorded` says that the grader
    answered who held the case for most of the period; `family_feedback` is "", "obtained",
    "not_obtained" or "not_sought"; `practitioner_involved` is "", "met" or "not_met".
    """

    standards: tuple[StandardSnapshot, ...]
    suggested: Suggested
    child_id_confirmed: bool = False
    held_most_recorded: bool = False
    strengths: str = ""
    improvements: str = ""
    family_feedback: str = ""
    family_feedback_text: str = ""
    practitioner_involved: str = ""
    practitioner_met_on: date | None = None
    practitioner_not_met_reason: str = ""
    minutes_spent: int | None = None
    immediate_concern: bool = False
    immediate_concern_text: str = ""
    immediate_concern_told: str = ""
    overall_grade: str = ""
    override_reason: str = ""
    summary: str = ""


@dataclass(frozen=True)
class Missing:
    """One thing that is lacking: the field, its standard (or None), the section, in words."""

    field: str
    standard: str | None
    section: str
    kind: Kind
    sentence: str


@dataclass(frozen=True)
class SectionState:
    """Where one section or standard stands, and how much it lacks."""

    code: str
    status: Status
    missing: int


@dataclass(frozen=True)
class Completeness:
    """Everything that is lacking, in the order of the form, and the state of each section and of
    each standard."""

    missing: tuple[Missing, ...]
    sections: tuple[SectionState, ...]
    standards: tuple[SectionState, ...]

    @property
    def complete(self) -> bool:
        """Whether the grading can be submitted."""
        return not self.missing

    def status_of(self, section: str) -> Status:
        """The status of a section; KeyError for one that the form does not have."""
        return {state.code: state.status for state in self.sections}[section]

    def status_of_standard(self, code: str) -> Status:
        """The status of a standard; KeyError for one that the tool does not have."""
        return {state.code: state.status for state in self.standards}[code]


@dataclass(frozen=True)
class _Question:
    """A question of the form beside the standards; where it does not arise it lacks nothing."""

    code: str
    section: str
    started: Callable[[GradingSnapshot], bool]
    lacks: Callable[[GradingSnapshot], Iterable[tuple[str, Kind, str]]]
    arises: Callable[[GradingSnapshot], bool] = lambda grading: True


def _child_id(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if not grading.child_id_confirmed:
        yield (
            "child_id_confirmed",
            Kind.ANSWER,
            "Confirm the child id from the file in front of you",
        )


def _held_most(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if not grading.held_most_recorded:
        yield (
            "held_most_by",
            Kind.ANSWER,
            "Say who held the case for most of the period you judge",
        )


def _concern(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if not is_written(grading.immediate_concern_text):
        yield (
            "immediate_concern_text",
            Kind.ANSWER,
            "Write what the immediate safeguarding concern is",
        )
    if not is_written(grading.immediate_concern_told):
        yield (
            "immediate_concern_told",
            Kind.ANSWER,
            "Write who was told about the immediate safeguarding concern, and when",
        )


_FAMILY_WHY = {
    OBTAINED: (Kind.ANSWER, "Write what the family said"),
    NOT_OBTAINED: (Kind.REASON, "Write why the family’s feedback could not be obtained"),
    NOT_SOUGHT: (Kind.REASON, "Write why the family’s feedback was not sought"),
}


def _family(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if grading.family_feedback not in _FAMILY_WHY:
        yield (
            "family_feedback",
            Kind.ANSWER,
            "Say whether the family’s feedback was sought and obtained",
        )
    elif not is_written(grading.family_feedback_text):
        kind, sentence = _FAMILY_WHY[grading.family_feedback]
        yield "family_feedback_text", kind, sentence


def _practitioner(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if grading.practitioner_involved not in {MET, NOT_MET}:
        yield (
            "practitioner_involved",
            Kind.ANSWER,
            "Say whether you met or spoke with the practitioner",
        )
    elif grading.practitioner_involved == MET and grading.practitioner_met_on is None:
        yield "practitioner_met_on", Kind.ANSWER, "Give the date you spoke with the practitioner"
    elif grading.practitioner_involved == NOT_MET and not is_written(
        grading.practitioner_not_met_reason
    ):
        yield (
            "practitioner_not_met_reason",
            Kind.REASON,
            "Write why you did not speak with the practitioner",
        )


def _strengths(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if not is_written(grading.strengths):
        yield "strengths", Kind.ANSWER, "Write at least one strength"


def _improvements(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if not is_written(grading.improvements):
        yield "improvements", Kind.ANSWER, "Write at least one area to improve"


def _overall(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if not grading.overall_grade:
        yield "overall_grade", Kind.GRADE, "Choose an overall grade"
        return
    check = check_overall(grading.overall_grade, grading.suggested)
    if check.needs_reason and not is_written(grading.override_reason):
        yield (
            "override_reason",
            Kind.REASON,
            "Write why the overall grade is above the limit, or choose a lower grade",
        )


def _any(*texts: str) -> bool:
    return any(is_written(text) for text in texts)


def _minutes(grading: GradingSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if grading.minutes_spent is None or grading.minutes_spent < 1:
        yield "minutes_spent", Kind.ANSWER, "Give the minutes you spent on this file"


_FIRST = (
    _Question("child_id", BEFORE, lambda g: g.child_id_confirmed, _child_id),
    _Question("held_most", BEFORE, lambda g: g.held_most_recorded, _held_most),
    _Question("concern", CONCERN, lambda g: True, _concern, lambda g: g.immediate_concern),
)
_LAST = (
    _Question("family", PEOPLE, lambda g: _any(g.family_feedback, g.family_feedback_text), _family),
    _Question(
        "practitioner",
        PEOPLE,
        lambda g: (
            g.practitioner_met_on is not None
            or _any(g.practitioner_involved, g.practitioner_not_met_reason)
        ),
        _practitioner,
    ),
    _Question("strengths", SUMMARY, lambda g: is_written(g.strengths), _strengths),
    _Question("improvements", SUMMARY, lambda g: is_written(g.improvements), _improvements),
    _Question(
        "overall", OVERALL, lambda g: _any(g.overall_grade, g.summary, g.override_reason), _overall
    ),
    _Question("minutes", OVERALL, lambda g: g.minutes_spent is not None, _minutes),
)

FIRST_GRADING = frozenset(question.code for question in (*_FIRST, *_LAST))
"""What the auditor is asked beside the standards."""

SECOND_GRADING = frozenset({"child_id", "concern", "overall", "minutes"})
"""What a moderator, group member or external validator is asked beside the standards."""


def assess(grading: GradingSnapshot, *, asks: frozenset[str] = FIRST_GRADING) -> Completeness:
    """What a grading lacks and where its sections stand, in the order of the form."""
    parts = [
        *_question_parts(grading, _FIRST, asks),
        *_standard_parts(grading.standards),
        *_question_parts(grading, _LAST, asks),
    ]
    by_section: dict[str, list[_Part]] = {}
    by_standard: dict[str, list[_Part]] = {}
    for part in parts:
        by_section.setdefault(part.section, []).append(part)
        if part.standard is not None:
            by_standard[part.standard] = [part]
    return Completeness(
        missing=tuple(
            item for group in by_section.values() for part in group for item in part.lacks
        ),
        sections=tuple(_state(section, group) for section, group in by_section.items()),
        standards=tuple(_state(standard, group) for standard, group in by_standard.items()),
    )


@dataclass(frozen=True)
class _Part:
    """One standard or question of a section."""

    section: str
    arises: bool
    started: bool
    lacks: tuple[Missing, ...]
    standard: str | None = None


def _question_parts(
    grading: GradingSnapshot, questions: Iterable[_Question], asks: frozenset[str]
) -> Iterator[_Part]:
    for question in questions:
        if question.code not in asks:
            continue
        arises = question.arises(grading)
        lacks = tuple(
            Missing(field, None, question.section, kind, sentence)
            for field, kind, sentence in (question.lacks(grading) if arises else ())
        )
        yield _Part(question.section, arises, question.started(grading), lacks)


def _standard_parts(standards: Iterable[StandardSnapshot]) -> Iterator[_Part]:
    for standard in standards:
        asked = standard.applies or standard.code == IMPACT
        lacks = tuple(
            Missing(field, standard.code, standard.section, kind, f"{standard.title}: {sentence}")
            for field, kind, sentence in (_standard_lacks(standard) if asked else ())
        )
        set_aside = standard.not_applicable and not lacks
        arises = asked and not set_aside
        yield _Part(standard.section, arises, _started(standard), lacks, standard.code)


def _started(standard: StandardSnapshot) -> bool:
    said = _any(standard.grade, standard.evidence, standard.not_applicable_reason)
    found = any(_any(one.answer, one.evidence) for _, one in standard.checked)
    return standard.not_applicable or said or found


def _standard_lacks(standard: StandardSnapshot) -> Iterator[tuple[str, Kind, str]]:
    if standard.not_applicable and standard.must_be_graded:
        yield "not_applicable", Kind.NOT_ALLOWED, "this standard must always be graded"
    elif standard.not_applicable:
        if not is_written(standard.not_applicable_reason):
            yield "not_applicable_reason", Kind.REASON, "write why it is not applicable"
        return
    yield from _checks_lack(standard)
    if not standard.grade:
        yield "grade", Kind.GRADE, "choose a grade"
    if not is_written(standard.evidence):
        yield "evidence", Kind.EVIDENCE, "write the evidence for the grade"


def _checks_lack(standard: StandardSnapshot) -> Iterator[tuple[str, Kind, str]]:
    """Every fact is answered, and what is not a plain yes is explained.

    While no fact of the standard is answered, that is one thing that is lacking and not several.
    """
    facts = len(standard.checked)
    if facts > 1 and not any(found.answer for _, found in standard.checked):
        first, _ = standard.checked[0]
        yield f"check_{first.code}", Kind.ANSWER, f"answer its {facts} facts to check"
        return
    for check, found in standard.checked:
        if not found.answer:
            yield f"check_{check.code}", Kind.ANSWER, f"answer “{check.question}”"
        elif found.needs_words and not is_written(found.evidence):
            sentence = f"write what the file shows instead (“{check.question}”)"
            yield f"check_{check.code}_evidence", Kind.EVIDENCE, sentence


def _state(section: str, parts: list[_Part]) -> SectionState:
    missing = sum(len(part.lacks) for part in parts)
    if not any(part.arises for part in parts):
        status = Status.NOT_APPLICABLE
    elif not missing:
        status = Status.COMPLETE
    elif any(part.started for part in parts):
        status = Status.IN_PROGRESS
    else:
        status = Status.NOT_STARTED
    return SectionState(section, status, missing)
