"""Which audits are moderated, by when, and what deciding a moderation needs.

Every inadequate audit, every grade above its cap and every immediate safeguarding concern is
moderated, and a random share of the rest, so that moderation also sees the audits nobody had a
reason to question: Ofsted finds councils' own grades over-optimistic more often than harsh.
The random part is drawn by hashing the quarter's moderation seed with the audit's reference, the
usual way of making a draw that anybody can repeat (compare Rivest, "Sampler", 2011).
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from accounts.rules.words import is_written
from audits.rules.grades import INADEQUATE, steps
from cases.rules.working_days import add_working_days
from quality.rules.policy import QualityPolicy

SENTENCES: Mapping[str, str] = {
    "inadequate": "Every inadequate audit is moderated.",
    "cap_overridden": "The overall grade is above its cap, and every such grade is moderated.",
    "immediate_concern": "An immediate safeguarding concern was raised, and every such audit is "
    "moderated.",
    "random": "It was drawn at random for moderation.",
    "was_inadequate": "Before it was reopened, it was graded inadequate: it stays in moderation.",
    "was_above_cap": "Before it was reopened, its grade was above the cap: it stays in moderation.",
}
# What the grade alone gave a reason for, and how that is told once the grade is another.
_PAST: Mapping[str, str] = {"inadequate": "was_inadequate", "cap_overridden": "was_above_cap"}


@dataclass(frozen=True)
class ModerationChoice:
    """Whether an audit is moderated, why, whether blind, and by when (None: not moderated)."""

    required: bool
    blind: bool
    reasons: tuple[str, ...]  # codes: keys of SENTENCES
    because: tuple[str, ...]  # the same as sentences
    due_on: date | None
    grade_by: date | None = None  # for moderators, until their grading is in; None: due_on


def drawn_at_random(*, seed: str, reference: str, share: Fraction) -> bool:
    """Whether this audit is in the random share: the same answer in every process, for ever.

    SHA-256 of "moderation", the seed and the reference, each on its own line, read as a number
    from 0 up to (not including) 1, is compared with the share in exact arithmetic. The seed must
    be kept from auditors until they have submitted; it may be published afterwards.
    """
    digest = hashlib.sha256(f"moderation\n{seed}\n{reference}".encode()).digest()
    return Fraction(int.from_bytes(digest, "big"), 2**256) < share


def choose(
    *,
    seed: str,
    reference: str,
    grade: str,
    cap_overridden: bool,
    immediate_concern: bool,
    submitted_on: date,
    holidays: Container[date],
    policy: QualityPolicy,
    before: Sequence[str] = (),
) -> ModerationChoice:
    """Whether an audit submitted with this overall grade is moderated.

    The random draw decides only about the rest: an audit with a reason of its own never counts as
    drawn at random, so that the random ones stay a fair sample of what was left.

    ``before`` holds the reasons of its submission before it was reopened: what was chosen once is
    moderated whatever its grade is now. The draw and a concern stay what they were; a grade that
    is given no more is told as the past.
    """
    named = {
        "inadequate": grade == INADEQUATE,
        "cap_overridden": cap_overridden,
        "immediate_concern": immediate_concern,
    }
    reasons = tuple(code for code, holds in named.items() if holds)
    if before:
        reasons = _with_the_past(reasons, before)
    elif not reasons and drawn_at_random(
        seed=seed, reference=reference, share=policy.moderation_random_share
    ):
        reasons = ("random",)
    if not reasons:
        return ModerationChoice(False, False, (), (), None)
    return ModerationChoice(
        required=True,
        blind="random" in reasons or policy.compulsory_moderation_blind,
        reasons=reasons,
        because=tuple(SENTENCES[code] for code in reasons),
        due_on=add_working_days(submitted_on, _days(reasons, policy), holidays),
        grade_by=_grade_by(submitted_on, holidays, policy),
    )


def _with_the_past(now: tuple[str, ...], before: Sequence[str]) -> tuple[str, ...]:
    past = (_PAST.get(code, code) for code in before if code not in now)
    kept = [code for code in past if code not in {_PAST.get(each) for each in now}]
    return tuple(dict.fromkeys([*now, *kept]))


def _days(reasons: tuple[str, ...], policy: QualityPolicy) -> int:
    if "inadequate" in reasons or "immediate_concern" in reasons:
        return policy.moderation_inadequate_working_days
    return policy.moderation_working_days


def _grade_by(submitted_on: date, holidays: Container[date], policy: QualityPolicy) -> date | None:
    """The date that every blind second grading has: due_on tells an inadequate one from others.

    None where only those drawn at random are graded blind: these are all due alike.
    """
    if not policy.compulsory_moderation_blind:
        return None
    days = min(policy.moderation_inadequate_working_days, policy.moderation_working_days)
    return add_working_days(submitted_on, days, holidays)


@dataclass(frozen=True)
class Difference:
    """How a second grade differs from a first one.

    `steps` counts grades downwards from the first to the second: positive where the second is
    lower (stricter), negative where it is higher, 0 where they agree.
    """

    subject: str  # "overall" or a practice standard's code
    first: str | None  # None: graded "not applicable", or not graded
    second: str | None
    steps: int | None  # None: only one of the two gave a grade

    @property
    def direction(self) -> str:
        """One of same, lower, higher; applicability where only one of the two gave a grade."""
        if self.steps is None:
            return "applicability"
        return "same" if self.steps == 0 else "lower" if self.steps > 0 else "higher"


@dataclass(frozen=True)
class Comparison:
    """Two gradings of one audit beside each other: overall, then each standard."""

    overall: Difference
    standards: tuple[Difference, ...]

    @property
    def differing(self) -> tuple[Difference, ...]:
        """The standards on which the two differ, the widest apart first."""
        apart = [d for d in self.standards if d.direction != "same"]
        return tuple(sorted(apart, key=lambda d: -abs(d.steps) if d.steps is not None else 0))


def _difference(subject: str, first: str | None, second: str | None) -> Difference:
    if first is None or second is None:
        return Difference(subject, first, second, 0 if first == second else None)
    return Difference(subject, first, second, steps(first, second))


def compare(
    *,
    first_overall: str,
    second_overall: str,
    first_standards: Mapping[str, str | None],
    second_standards: Mapping[str, str | None],
) -> Comparison:
    """Compare two gradings. Standards map code to grade, None where not applicable.

    Standards come in the order of the first grading, then those only the second has.
    """
    codes = [*first_standards, *(c for c in second_standards if c not in first_standards)]
    return Comparison(
        overall=_difference("overall", first_overall, second_overall),
        standards=tuple(
            _difference(code, first_standards.get(code), second_standards.get(code))
            for code in codes
        ),
    )


@dataclass(frozen=True)
class NotYet:
    """Something that deciding a moderation still needs: a code and the sentence for the page."""

    code: str
    sentence: str


def missing_to_decide(
    *,
    first_grader: str,
    moderator: str,
    second_grading_submitted: bool,
    rationale: str,
) -> tuple[NotYet, ...]:
    """What is still missing before the moderator can settle the grade of record.

    The people are ids. The moderator must have graded alone, must not be the first grader, and
    must say why the grade that stands is the right one, also where the two agree: inspectors find
    recordings that do not show how a judgement was arrived at.
    """
    checks = (
        (first_grader != moderator, "not_independent",
         "Somebody other than the first auditor must moderate."),
        (second_grading_submitted, "second_grading",
         "Grade the file yourself before you decide."),
        (is_written(rationale), "rationale",
         "Say why the grade that stands is the right one."),
    )  # fmt: skip
    return tuple(NotYet(code, sentence) for holds, code, sentence in checks if not holds)
