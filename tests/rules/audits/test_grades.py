from __future__ import annotations

from itertools import pairwise, product

import pytest

from audits.rules import grades
from audits.rules.grades import FOUR_GRADES, GRADES, Scale
from audits.rules.reading import InvalidDefinition

ZERO_TO_TEN = {
    "code": "zero_to_ten",
    "title": "Score from 0 to 10",
    "points": [
        {"code": str(score), "label": f"{score} out of 10", "grade": grade}
        for score, grade in zip(
            range(10, -1, -1),
            ["outstanding"] * 2 + ["good"] * 3 + ["requires_improvement"] * 3 + ["inadequate"] * 3,
            strict=True,
        )
    ],
}


def test_labels_are_shown_as_ofsted_writes_them() -> None:
    assert [grades.label(grade) for grade in GRADES] == [
        "Outstanding",
        "Good",
        "Requires improvement",
        "Inadequate",
    ]
    assert grades.in_words("requires_improvement") == "requires improvement"


def test_good_or_better_is_the_first_two_and_below_good_the_rest() -> None:
    assert [grade for grade in GRADES if grades.good_or_better(grade)] == ["outstanding", "good"]
    assert [grade for grade in GRADES if grades.below_good(grade)] == [
        "requires_improvement",
        "inadequate",
    ]


def test_each_grade_is_worse_than_the_one_before_it() -> None:
    for better, worse in pairwise(GRADES):
        assert grades.is_worse(worse, better)
        assert grades.is_better(better, worse)
        assert grades.steps(better, worse) == 1
        assert grades.steps(worse, better) == -1


def test_comparison_is_strict_and_worst_and_best_agree_with_it() -> None:
    for first, second in product(GRADES, repeat=2):
        assert grades.is_worse(first, second) == grades.is_better(second, first)
        assert not (grades.is_worse(first, second) and grades.is_better(first, second))
        assert {grades.worst([first, second]), grades.best([first, second])} == {first, second}
        assert not grades.is_better(grades.worst([first, second]), first)


@pytest.mark.parametrize("text", ["", "Good", "adequate", "7"])
def test_another_text_is_not_a_grade(text: str) -> None:
    with pytest.raises(ValueError, match="is not a grade"):
        grades.rank(text)
    with pytest.raises(ValueError, match="is not a grade"):
        grades.label(text)


def test_the_four_grade_scale_stands_for_itself() -> None:
    assert FOUR_GRADES.codes == GRADES == FOUR_GRADES.grades
    assert all(FOUR_GRADES.grade_of(code) == code for code in GRADES)
    assert FOUR_GRADES.label_of("requires_improvement") == "Requires improvement"


def test_a_score_from_0_to_10_maps_onto_the_four_grades() -> None:
    scale = Scale.from_dict(ZERO_TO_TEN)
    assert scale.codes == tuple(str(score) for score in range(10, -1, -1))
    assert [scale.grade_of(code) for code in ("10", "8", "5", "0")] == list(GRADES)
    assert scale.label_of("7") == "7 out of 10"
    with pytest.raises(ValueError, match="not on the scale"):
        scale.grade_of("11")


@pytest.mark.parametrize("data", [FOUR_GRADES.as_dict(), ZERO_TO_TEN])
def test_a_scale_comes_back_exactly(data: dict[str, object]) -> None:
    assert Scale.from_dict(data).as_dict() == data


def _points(*pairs: tuple[str, str]) -> dict[str, object]:
    points = [{"code": code, "label": code, "grade": grade} for code, grade in pairs]
    return {"code": "short", "title": "Short", "points": points}


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        (_points(), "points", "at least two"),
        (_points(("a", "good")), "points", "at least two"),
        (_points(("a", "good"), ("a", "inadequate")), "points", "same code"),
        (_points(("a", "inadequate"), ("b", "good")), "points", "best to the worst"),
        (_points(("a", "good"), ("b", "poor")), "points[1].grade", "must be one of"),
        ({"title": "Short", "points": []}, "code", "is missing"),
        ("four", "", "must be an object"),
    ],
)
def test_a_scale_that_cannot_be_used_is_refused(data: object, path: str, words: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        Scale.from_dict(data)
    assert any(each.path == path and words in each.message for each in caught.value.problems)
