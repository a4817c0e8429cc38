"""What a grader of the demo says of one file: standards, evidence, overall grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from accounts.models import User
from audits.models import Audit, Grading, PracticeStandard, StandardGrade
from audits.queries.grading_state import case_facts
from audits.rules.applicability import Condition, applies
from audits.rules.checks import NO, NOT_APPLICABLE, YES
from audits.rules.grades import GOOD, INADEQUATE, OUTSTANDING, REQUIRES_IMPROVEMENT
from audits.rules.limits import Judgement, Limit, Suggested, check_overall, parse_limits, suggest
from config.demo_council import figures, words
from config.demo_council.draws import LONDON, given, weighted

BEST_FIRST = (OUTSTANDING, GOOD, REQUIRES_IMPROVEMENT, INADEQUATE)
SAME = 0.72  # of a file's standards have the grade of the whole
TRIES = 12


@dataclass(frozen=True)
class Tool:
    """A tool version as it is graded by."""

    standards: tuple[PracticeStandard, ...]
    limits: tuple[Limit, ...]

    @classmethod
    def of(cls, audit: Audit) -> Tool:
        """The audit's tool."""
        found = PracticeStandard.objects.filter(section__version=audit.tool_version)
        return cls(tuple(found), parse_limits(audit.tool_version.limits))

    def asked(self, audit: Audit) -> list[PracticeStandard]:
        """The standards that apply to this audit's case."""
        facts = case_facts(audit)
        return [
            standard
            for standard in self.standards
            if applies(Condition.from_dict(standard.applies_when), facts).applies
        ]


@dataclass
class Judged:
    """A grading and its standards, not stored yet."""

    grading: Grading
    standards: list[StandardGrade]
    submitted: bool


def aimed_grade(rng: Random, audit: Audit, quarter: int, place: float) -> str:
    """About how good this case's work is.

    ``quarter`` counts from the oldest; ``place`` is the case's own, from 0 (best) to 1.
    """
    line = audit.service.line.code
    good = figures.GOOD_OR_BETTER[line][quarter]
    practitioner, team = audit.practitioner_judged, audit.team
    good += Random(team.name).uniform(-0.09, 0.09) if team else 0
    if practitioner is not None and practitioner.agency:
        good -= 0.06
    if (audit.facts.get("practitioner_caseload") or 0) > figures.held(audit.service.code) + 3:
        good -= 0.04
    if place < good:
        return OUTSTANDING if rng.random() < figures.OUTSTANDING_OF_GOOD else GOOD
    return INADEQUATE if place > 1 - figures.INADEQUATE[line][quarter] else REQUIRES_IMPROVEMENT


def moderated_grade(rng: Random, first: str) -> str:
    """What a second grader aims at: mostly the same, sometimes a grade lower."""
    place = BEST_FIRST.index(first)
    chance = rng.random()
    if chance < figures.MODERATED_LOWER:
        place = min(place + 1, 3)
    elif chance < figures.MODERATED_LOWER + figures.MODERATED_HIGHER:
        place = max(place - 1, 0)
    return BEST_FIRST[place]


def draft(
    rng: Random, audit: Audit, tool: Tool, *, kind: str, grader: User, begun: datetime
) -> Judged:
    """A grading with nothing said yet."""
    grading = Grading(
        audit=audit,
        kind=kind,
        grader=grader,
        child_id_confirmed=True,
        created_at=begun,
        saved_at=begun,
    )
    if kind == Grading.Kind.AUDITOR:
        grading.held_by_listed_practitioner = audit.practitioner_judged == audit.practitioner
        if not grading.held_by_listed_practitioner:
            grading.held_most_by = audit.practitioner_judged
    rows = [StandardGrade(grading=grading, standard=each) for each in tool.asked(audit)]
    return Judged(grading, rows, submitted=False)


def fill(rng: Random, judged: Judged, aim: str, saved: datetime, share: float) -> None:
    """Grade the first ``share`` of the standards, with their evidence."""
    for row in judged.standards[: max(round(len(judged.standards) * share), 1)]:
        row.saved_at = saved
        if row.standard.may_be_not_applicable and rng.random() < 0.07:
            row.not_applicable, row.not_applicable_reason = True, words.NOT_APPLICABLE
            continue
        row.grade = _near(rng, aim)
        row.evidence = words.evidence(rng, row.standard.code, row.grade)
        row.checked = _checked(row)
    judged.grading.saved_at = saved


def complete(rng: Random, judged: Judged, tool: Tool, aim: str, at: datetime) -> None:
    """Grade everything so that the whole comes out about as ``aim``, and submit."""
    grading = judged.grading
    suggested = _aim(rng, judged.standards, tool, aim, grading.immediate_concern)
    for row in judged.standards:
        row.saved_at = at
        row.evidence = words.evidence(rng, row.standard.code, row.grade) if row.grade else ""
        row.checked = _checked(row) if row.grade else {}
    grading.suggested_grade = grading.overall_grade = given(suggested.grade)
    if suggested.capped_at and not grading.immediate_concern and rng.random() < 0.06:
        better = BEST_FIRST[BEST_FIRST.index(suggested.capped_at) - 1]
        grading.overall_grade, grading.override_reason = better, words.OVERRIDE
    grading.above_cap = check_overall(grading.overall_grade, suggested).needs_reason
    grading.summary = words.summary(grading.overall_grade)
    grading.minutes_spent = rng.randrange(75, 200, 5)
    grading.submitted_at = grading.saved_at = at
    judged.submitted = True
    if grading.kind == Grading.Kind.AUDITOR:
        _details(rng, grading, [row.standard.code for row in judged.standards])


def _checked(row: StandardGrade) -> dict[str, dict[str, str]]:
    """The facts of a standard, the more of them fulfilled the better the grade."""
    grading = row.grading
    rng = Random(f"{grading.audit.reference} {grading.kind} {row.standard.code}")
    found = {}
    for check in row.standard.checks:
        chance = rng.random()
        answer, why = YES, ""
        if chance < figures.FACT_NOT_APPLICABLE:
            answer, why = NOT_APPLICABLE, rng.choice(words.FACT_NOT_APPLICABLE)
        elif chance > figures.FACTS_FULFILLED[row.grade]:
            answer, why = NO, rng.choice(words.FACT_MISSING)
        found[check["code"]] = {"answer": answer, "evidence": why}
    return found


def _aim(
    rng: Random, rows: Sequence[StandardGrade], tool: Tool, aim: str, concern: bool
) -> Suggested:
    for row in rows:
        may = row.standard.may_be_not_applicable and rng.random() < 0.07
        row.not_applicable = may
        row.not_applicable_reason = words.NOT_APPLICABLE if may else ""
    for _ in range(TRIES):
        for row in rows:
            row.grade = "" if row.not_applicable else _near(rng, aim)
        suggested = suggest(
            [_judgement(row) for row in rows], tool.limits, immediate_concern=concern
        )
        if suggested.grade == aim:
            break
    return suggested


def _judgement(row: StandardGrade) -> Judgement:
    standard = row.standard
    return Judgement(
        standard=standard.code,
        title=standard.title,
        grade=row.grade or None,
        critical=standard.critical,
        weight=standard.weight,
        not_applicable=row.not_applicable,
    )


def _near(rng: Random, aim: str) -> str:
    place = BEST_FIRST.index(aim)
    if rng.random() < SAME:
        return aim
    # A file that is good as a whole has a weak spot more often than an outstanding one.
    step = weighted(rng, ((-1, 0.35), (1, 0.65 if aim != REQUIRES_IMPROVEMENT else 0.2)))
    return BEST_FIRST[min(max(place + step, 0), 3)]


def _details(rng: Random, grading: Grading, codes: list[str]) -> None:
    grading.strengths = words.strengths(rng, codes)
    grading.improvements = words.improvements(rng, codes)
    asked = weighted(rng, (("obtained", 6.0), ("not_obtained", 2.5), ("not_sought", 1.5)))
    grading.family_feedback, grading.family_feedback_text = asked, words.FAMILY[asked]
    if rng.random() < 0.85:
        grading.practitioner_involved = Grading.PractitionerInvolved.MET
        grading.practitioner_met_on = grading.created_at.astimezone(LONDON).date()
    else:
        grading.practitioner_involved = Grading.PractitionerInvolved.NOT_MET
        grading.practitioner_not_met_reason = words.NOT_MET
