"""One grading as it stands: what is judged, what is missing, what the standards suggest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from audits.models import Audit, Grading, PracticeStandard, StandardGrade
from audits.rules.applicability import Applies, CaseFacts, Condition, applies
from audits.rules.checks import Check, Checked, checked_of, checks_of
from audits.rules.completeness import (
    FIRST_GRADING,
    SECOND_GRADING,
    Completeness,
    GradingSnapshot,
    StandardSnapshot,
    assess,
)
from audits.rules.grades import Scale
from audits.rules.limits import (
    Judgement,
    OverallCheck,
    Suggested,
    check_overall,
    parse_limits,
    sentences,
)
from audits.rules.limits import suggest as suggest_grade


@dataclass(frozen=True)
class StandardLine:
    """One standard of the tool in a grading. ``answer`` is None where it does not apply."""

    standard: PracticeStandard
    applies: Applies
    answer: StandardGrade | None
    scale: Scale

    @property
    def grade(self) -> str:
        """The one of the four grades that was given; "" while there is none."""
        given = self.answer.grade if self.answer else ""
        return self.scale.grade_of(given) if given else ""

    @property
    def label(self) -> str:
        """The grade as the tool's scale shows it, say "7 (good)"; "" while there is none."""
        given = self.answer.grade if self.answer else ""
        return self.scale.label_of(given) if given else ""

    @property
    def checked(self) -> list[tuple[Check, Checked]]:
        """The facts to check with what was found; none where the standard does not apply."""
        if self.answer is None:
            return []
        return checked_of(checks_of(self.standard.checks), self.answer.checked)


@dataclass(frozen=True)
class GradingState:
    """A grading with everything that its pages say about it. Made by ``grading_state``."""

    grading: Grading
    scale: Scale
    lines: tuple[StandardLine, ...]
    suggested: Suggested
    completeness: Completeness

    def limits(self, when: str) -> list[str]:
        """What the tool's grade limits of one kind (audits.rules.limits) say, in sentences."""
        return sentences(parse_limits(self.grading.audit.tool_version.limits), when)

    @property
    def asked(self) -> tuple[StandardLine, ...]:
        """The standards that apply to this case, in the order of the form."""
        return tuple(line for line in self.lines if line.answer is not None)

    @property
    def overall(self) -> OverallCheck | None:
        """What the chosen overall grade means beside the suggestion; None while there is none."""
        if not self.grading.overall_grade:
            return None
        return check_overall(self.grading.overall_grade, self.suggested)


def case_facts(audit: Audit) -> CaseFacts:
    """What is known of an audit's case, for the rules. Reads ``audit.service.line``."""
    return CaseFacts(audit.service.code, audit.service.line.code, audit.facts)


def standards_of(audit: Audit) -> list[tuple[PracticeStandard, Applies]]:
    """Every standard of the audit's tool in order, with whether it applies. One query."""
    facts = case_facts(audit)
    standards = PracticeStandard.objects.filter(
        section__version_id=audit.tool_version_id
    ).select_related("section")
    return [
        (standard, applies(Condition.from_dict(standard.applies_when), facts))
        for standard in standards
    ]


def grading_state(grading: Grading) -> GradingState:
    """The state of ``grading``: two queries, where it was loaded by ``with_state``."""
    audit = grading.audit
    answers = {answer.standard_id: answer for answer in grading.standard_grades.all()}
    scale = Scale.from_dict(audit.tool_version.scale)
    lines = tuple(
        StandardLine(standard, how, answers.get(standard.pk), scale)
        for standard, how in standards_of(audit)
    )
    for line in lines:
        if line.answer is not None:
            line.answer.standard = line.standard  # read already
    suggested = suggested_of(grading, [line.answer for line in lines if line.answer])
    snapshot = _snapshot(grading, lines, suggested)
    asks = FIRST_GRADING if grading.kind == Grading.Kind.AUDITOR else SECOND_GRADING
    return GradingState(grading, scale, lines, suggested, assess(snapshot, asks=asks))


def suggested_of(grading: Grading, answers: Iterable[StandardGrade]) -> Suggested:
    """The overall grade that judgements suggest; reads their standards and the tool's version."""
    version = grading.audit.tool_version
    scale = Scale.from_dict(version.scale)
    return suggest_grade(
        [_judgement(answer.standard, answer, scale) for answer in answers],
        parse_limits(version.limits),
        immediate_concern=grading.immediate_concern,
    )


def with_state(gradings: QuerySet[Grading]) -> QuerySet[Grading]:
    """The same gradings with what ``grading_state`` reads of their audit."""
    return gradings.select_related(
        "audit__service__line", "audit__tool_version", "audit__child", "audit__quarter", "grader"
    )


def _judgement(standard: PracticeStandard, answer: StandardGrade, scale: Scale) -> Judgement:
    return Judgement(
        standard=standard.code,
        title=standard.title,
        grade=scale.grade_of(answer.grade) if answer.grade else None,
        critical=standard.critical,
        weight=standard.weight,
        not_applicable=answer.not_applicable,
    )


def _snapshot(
    grading: Grading, lines: tuple[StandardLine, ...], suggested: Suggested
) -> GradingSnapshot:
    return GradingSnapshot(
        standards=tuple(_standard_snapshot(line) for line in lines),
        suggested=suggested,
        child_id_confirmed=grading.child_id_confirmed,
        held_most_recorded=grading.held_by_listed_practitioner is not None,
        strengths=grading.strengths,
        improvements=grading.improvements,
        family_feedback=grading.family_feedback,
        family_feedback_text=grading.family_feedback_text,
        practitioner_involved=grading.practitioner_involved,
        practitioner_met_on=grading.practitioner_met_on,
        practitioner_not_met_reason=grading.practitioner_not_met_reason,
        minutes_spent=grading.minutes_spent,
        immediate_concern=grading.immediate_concern,
        immediate_concern_text=grading.immediate_concern_text,
        immediate_concern_told=grading.immediate_concern_told,
        overall_grade=grading.overall_grade,
        override_reason=grading.override_reason,
        summary=grading.summary,
    )


def _standard_snapshot(line: StandardLine) -> StandardSnapshot:
    standard, answer = line.standard, line.answer
    snapshot = StandardSnapshot(
        code=standard.code,
        title=standard.title,
        section=standard.section.code,
        applies=answer is not None,
        may_be_not_applicable=standard.may_be_not_applicable,
    )
    if answer is None:
        return snapshot
    return replace(
        snapshot,
        grade=answer.grade,
        not_applicable=answer.not_applicable,
        not_applicable_reason=answer.not_applicable_reason,
        evidence=answer.evidence,
        checked=tuple(line.checked),
    )
