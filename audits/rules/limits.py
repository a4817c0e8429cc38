"""The suggested overall grade, and the limits that hold it down.

The base is the *weighted lower median* of the graded standards: line the standards up from worst
to best, each as often as its weight says, and take the one in the middle; where the middle falls
between two grades, take the lower. A median, because one exceptional standard should neither
lift nor sink a whole file, and the lower one, because doubt is settled in the child's favour.

Limits then cap it. They are data of the tool version, each a dict of one of three forms:

    {"code": …, "when": "critical_standard", "grade": G, "cap": C}
        a standard marked critical is graded G or worse
    {"code": …, "when": "immediate_concern", "cap": C}
        an immediate safeguarding concern is recorded
    {"code": …, "when": "number_of_standards", "grade": G, "at_least": N, "cap": C}
        N or more standards are graded G or worse

Every limit can only come into force, never fall away, as grades get worse: so worse work never
gives a better suggestion. Grades are the four of `grades`; a tool with another scale maps its
points first (`Scale.grade_of`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from audits.rules.grades import GRADES, INADEQUATE, in_words, is_better, rank, worst
from audits.rules.reading import InvalidDefinition, Node, Problem

CRITICAL_STANDARD = "critical_standard"
IMMEDIATE_CONCERN = "immediate_concern"
NUMBER_OF_STANDARDS = "number_of_standards"

_FIELDS = {
    CRITICAL_STANDARD: ("code", "when", "grade", "cap"),
    IMMEDIATE_CONCERN: ("code", "when", "cap"),
    NUMBER_OF_STANDARDS: ("code", "when", "grade", "at_least", "cap"),
}


@dataclass(frozen=True)
class Limit:
    """One cap on the overall grade. `grade` and `at_least` are set where `when` uses them."""

    code: str
    when: str
    cap: str
    grade: str | None = None
    at_least: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The limit as JSON data, in the form the module describes."""
        return {field: getattr(self, field) for field in _FIELDS[self.when]}

    @property
    def sentence(self) -> str:
        """What it says: "A critical standard graded inadequate: the overall grade is at best …"."""
        words = in_words(self.grade) if self.grade else ""
        graded = words if self.grade in (None, INADEQUATE) else f"{words} or worse"
        whens = {
            CRITICAL_STANDARD: f"A critical standard graded {graded}",
            IMMEDIATE_CONCERN: "An immediate safeguarding concern",
            NUMBER_OF_STANDARDS: f"{self.at_least} or more standards graded {graded}",
        }
        return f"{whens[self.when]}: the overall grade is at best {in_words(self.cap)}."


@dataclass(frozen=True)
class Judgement:
    """What was said of one standard. `grade` is None while there is none."""

    standard: str
    title: str
    grade: str | None
    critical: bool = False
    weight: int = 1
    not_applicable: bool = False

    @property
    def counts(self) -> bool:
        """Whether it has a grade that bears on the suggestion."""
        return self.grade is not None and not self.not_applicable


@dataclass(frozen=True)
class Suggested:
    """The suggested overall grade with its reasons.

    `grade` is None while no standard has a grade and no limit settles the matter. `capped_at` is
    the lowest cap in force, whether or not it changed the suggestion: a better overall grade than
    that needs a reason.
    """

    grade: str | None
    capped_at: str | None
    because: tuple[str, ...]


@dataclass(frozen=True)
class OverallCheck:
    """What the grader's choice means: `needs_reason` above a cap; `because` says it in words."""

    needs_reason: bool
    differs: bool
    because: str


def suggest(
    judgements: Iterable[Judgement], limits: Iterable[Limit], *, immediate_concern: bool
) -> Suggested:
    """The suggested overall grade. Standards that are not applicable, and order, change nothing."""
    asked = sorted(
        (each for each in judgements if not each.not_applicable),
        key=lambda each: (each.title, each.standard),
    )
    graded = [each for each in asked if each.counts]
    base = weighted_lower_median((each.grade or "", each.weight) for each in graded)
    in_force = [
        (limit.cap, reason)
        for limit in limits
        if (reason := _in_force(limit, graded, immediate_concern))
    ]
    cap = worst(cap for cap, _ in in_force) if in_force else None
    return Suggested(
        grade=_under(base, cap),
        capped_at=cap,
        because=(
            *_base_reasons(base, graded),
            *(reason for _, reason in in_force),
            *_still_to_grade(len(asked) - len(graded), cap),
        ),
    )


def check_overall(chosen: str, suggested: Suggested) -> OverallCheck:
    """Whether a chosen overall grade goes above a cap or differs from the suggestion.

    `chosen` is one of the four grades; ValueError otherwise. Going below is always free.
    """
    rank(chosen)
    differs = suggested.grade is not None and chosen != suggested.grade
    if suggested.capped_at is not None and is_better(chosen, suggested.capped_at):
        return OverallCheck(
            needs_reason=True,
            differs=differs,
            because=(
                f"The overall grade is limited to {in_words(suggested.capped_at)}."
                f" Choosing {in_words(chosen)} needs a reason, and the audit will be moderated."
            ),
        )
    if differs and suggested.grade is not None:
        return OverallCheck(
            needs_reason=False,
            differs=True,
            because=(
                f"You chose {in_words(chosen)}; the standards suggest {in_words(suggested.grade)}."
            ),
        )
    return OverallCheck(needs_reason=False, differs=False, because="")


def sentences(limits: Iterable[Limit], when: str) -> list[str]:
    """What the limits of one kind say; none where the tool has no such limit."""
    return [limit.sentence for limit in limits if limit.when == when]


def weighted_lower_median(weighted: Iterable[tuple[str, int]]) -> str | None:
    """The best grade such that at least half of the weight is graded that or worse, or None.

    `weighted` holds (grade, weight) pairs, weights whole numbers above 0; None for no pairs.
    """
    weights: Counter[str] = Counter()
    for grade, weight in weighted:
        if weight < 1:
            raise ValueError("the weight of a standard must be at least 1")
        weights[grade] += weight
    so_far = 0
    for grade in sorted(weights, key=rank, reverse=True):
        so_far += weights[grade]
        if 2 * so_far >= weights.total():
            return grade
    return None


def parse_limits(data: object) -> tuple[Limit, ...]:
    """Limits from a tool's JSON (a list of dicts); `InvalidDefinition` names every fault."""
    if not isinstance(data, list):
        raise InvalidDefinition([Problem("limits", "must be a list in square brackets")])
    node = Node({"limits": data})
    limits = read_limits(node)
    node.done()
    return limits


def read_limits(node: Node) -> tuple[Limit, ...]:
    """The limits under the key "limits" of a document's node; faults are noted on the node."""
    limits = tuple(_read_limit(child) for child in node.children("limits"))
    codes = [limit.code for limit in limits if limit.code]
    if len(set(codes)) < len(codes):
        node.problem("two limits have the same code", "limits")
    return limits


def _read_limit(node: Node) -> Limit:
    when = node.one_of("when", tuple(_FIELDS))
    asked = _FIELDS.get(when, ("code", "when", "grade", "at_least", "cap"))
    node.only(*asked)
    return Limit(
        code=node.code("code"),
        when=when,
        cap=node.one_of("cap", GRADES),
        grade=node.one_of("grade", GRADES) if when and "grade" in asked else None,
        at_least=node.integer("at_least", 1, 100) if when and "at_least" in asked else None,
    )


def _under(base: str | None, cap: str | None) -> str | None:
    if base is None:
        # With nothing graded only the lowest cap leaves a single possible grade.
        return INADEQUATE if cap == INADEQUATE else None
    return base if cap is None else worst((base, cap))


def _in_force(limit: Limit, graded: Sequence[Judgement], immediate_concern: bool) -> str:
    """The sentence that explains a limit in force; empty where it is not."""
    so = f"so the overall grade cannot be better than {in_words(limit.cap)}."
    if limit.when == IMMEDIATE_CONCERN:
        return f"An immediate safeguarding concern is recorded, {so}" if immediate_concern else ""
    if limit.grade is None:
        raise ValueError(f"the limit {limit.code!r} names no grade")
    words = in_words(limit.grade)
    or_worse = "" if limit.grade == INADEQUATE else " or worse"
    reached = [
        each
        for each in graded
        if (limit.when == NUMBER_OF_STANDARDS or each.critical)
        and not is_better(each.grade or "", limit.grade)
    ]
    if len(reached) < (limit.at_least or 1):
        return ""
    titles = "; ".join(each.title for each in reached)
    if limit.when == CRITICAL_STANDARD:
        return f"A critical standard is graded {words}{or_worse} ({titles}), {so}"
    are = "standard is" if len(reached) == 1 else "standards are"
    return f"{len(reached)} {are} graded {words}{or_worse} ({titles}), {so}"


def _base_reasons(base: str | None, graded: Sequence[Judgement]) -> tuple[str, ...]:
    if base is None:
        return ()
    counts = Counter(each.grade for each in graded)
    spread = ", ".join(f"{counts[grade]} {in_words(grade)}" for grade in GRADES if counts[grade])
    if len(graded) == 1:
        return (f"The one standard graded so far is {in_words(base)}.",)
    weighed = "" if len({each.weight for each in graded}) == 1 else " (each counted by its weight)"
    between = "; between two grades the lower counts" if len(counts) > 1 else ""
    return (
        (
            f"The middle of the {len(graded)} graded standards{weighed} is {in_words(base)}:"
            f" {spread}{between}."
        ),
    )


def _still_to_grade(number: int, cap: str | None) -> tuple[str, ...]:
    if not number:
        return ()
    has = "1 standard has" if number == 1 else f"{number} standards have"
    # A limit never falls away as more is graded, and nothing is below inadequate.
    so = "." if cap == INADEQUATE else ", so this can still change."
    return (f"{has} no grade yet{so}",)
