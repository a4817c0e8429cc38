"""Grades: Ofsted's four, their order, and scales that map onto them.

The four grades are those of Ofsted's inspections of local authority children's services. A
*scale* is what an auditor chooses from; it is data of the tool version (a council may score from
0 to 10), and each of its points stands for one of the four grades, in which everything is counted
and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audits.rules.reading import Node

OUTSTANDING = "outstanding"
GOOD = "good"
REQUIRES_IMPROVEMENT = "requires_improvement"
INADEQUATE = "inadequate"

GRADES = (OUTSTANDING, GOOD, REQUIRES_IMPROVEMENT, INADEQUATE)
"""The four grade codes, best first."""

LABELS: Mapping[str, str] = {
    OUTSTANDING: "Outstanding",
    GOOD: "Good",
    REQUIRES_IMPROVEMENT: "Requires improvement",
    INADEQUATE: "Inadequate",
}


def rank(grade: str) -> int:
    """Position of a grade, 0 for outstanding to 3 for inadequate; ValueError for another text."""
    if grade not in LABELS:
        raise ValueError(f"{grade!r} is not a grade")
    return GRADES.index(grade)


def label(grade: str) -> str:
    """A grade as it is shown: "Requires improvement"."""
    return LABELS[GRADES[rank(grade)]]


def in_words(grade: str) -> str:
    """A grade inside a sentence: "requires improvement"."""
    return label(grade).lower()


def good_or_better(grade: str) -> bool:
    """Whether a grade is outstanding or good: the headline figure counts these."""
    return rank(grade) <= rank(GOOD)


def below_good(grade: str) -> bool:
    """Whether a grade is requires improvement or inadequate."""
    return not good_or_better(grade)


def is_worse(grade: str, than: str) -> bool:
    """Whether a grade is worse than another."""
    return rank(grade) > rank(than)


def is_better(grade: str, than: str) -> bool:
    """Whether a grade is better than another."""
    return rank(grade) < rank(than)


def worst(grades: Iterable[str]) -> str:
    """The worst of at least one grade."""
    return max(grades, key=rank)


def best(grades: Iterable[str]) -> str:
    """The best of at least one grade."""
    return min(grades, key=rank)


def steps(first: str, second: str) -> int:
    """How many grades the second is worse than the first; negative where it is better."""
    return rank(second) - rank(first)


@dataclass(frozen=True)
class ScalePoint:
    """One choice on a scale: its code ("7"), its label, and the grade it stands for."""

    code: str
    label: str
    grade: str


@dataclass(frozen=True)
class Scale:
    """What an auditor chooses from, best first; each point stands for one of the four grades."""

    code: str
    title: str
    points: tuple[ScalePoint, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the points, best first."""
        return tuple(point.code for point in self.points)

    @property
    def grades(self) -> tuple[str, ...]:
        """Those of the four grades that the scale can give, best first."""
        given = {point.grade for point in self.points}
        return tuple(grade for grade in GRADES if grade in given)

    def point(self, code: str) -> ScalePoint:
        """The point with a code; ValueError where the scale has none."""
        for point in self.points:
            if point.code == code:
                return point
        raise ValueError(f"{code!r} is not on the scale {self.title!r}")

    def grade_of(self, code: str) -> str:
        """The one of the four grades that a point stands for."""
        return self.point(code).grade

    def label_of(self, code: str) -> str:
        """A point as it is shown."""
        return self.point(code).label

    def as_dict(self) -> dict[str, Any]:
        """The scale as JSON data; `from_dict` gives it back."""
        return {
            "code": self.code,
            "title": self.title,
            "points": [
                {"code": point.code, "label": point.label, "grade": point.grade}
                for point in self.points
            ],
        }

    @classmethod
    def from_dict(cls, data: object) -> Scale:
        """A scale from JSON data; `InvalidDefinition` names every fault."""
        node = Node(data)
        scale = read_scale(node)
        node.done()
        return scale


def read_scale(node: Node) -> Scale:
    """A scale from a node of a larger document; faults are noted on the node."""
    node.only("code", "title", "points")
    scale = Scale(
        code=node.code("code"),
        title=node.line("title", longest=120),
        points=tuple(
            _read_point(point)
            for point in node.children("points", at_least_one="must hold at least two points")
        ),
    )
    _check_points(node, scale.points)
    return scale


def _read_point(node: Node) -> ScalePoint:
    node.only("code", "label", "grade")
    return ScalePoint(
        code=node.line("code", longest=22),
        label=node.line("label", longest=60),
        grade=node.one_of("grade", GRADES),
    )


def _check_points(node: Node, points: tuple[ScalePoint, ...]) -> None:
    if len(points) == 1:
        node.problem("must hold at least two points", "points")
    codes = [point.code for point in points if point.code]
    if len(set(codes)) < len(codes):
        node.problem("two points have the same code", "points")
    known = [rank(point.grade) for point in points if point.grade]
    if known != sorted(known):
        node.problem("must go from the best to the worst grade", "points")


FOUR_GRADES = Scale(
    code="ofsted_four",
    title="Ofsted's four grades",
    points=tuple(ScalePoint(grade, LABELS[grade], grade) for grade in GRADES),
)

# Councils that score from 0 to 10 read the four grades off like this.
_OF_TEN = (
    (OUTSTANDING, (10, 9)),
    (GOOD, (8, 7)),
    (REQUIRES_IMPROVEMENT, (6, 5, 4)),
    (INADEQUATE, (3, 2, 1, 0)),
)
ZERO_TO_TEN = Scale(
    code="zero_to_ten",
    title="0 to 10, mapped to Ofsted's four grades",
    points=tuple(
        ScalePoint(str(point), f"{point} ({LABELS[grade].lower()})", grade)
        for grade, points in _OF_TEN
        for point in points
    ),
)
