"""Grade limits: exhaustive for small sets of standards, property tests for large ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.rules.grades import GRADES, is_better, rank
from audits.rules.limits import (
    Judgement,
    Limit,
    Suggested,
    check_overall,
    parse_limits,
    suggest,
    weighted_lower_median,
)
from audits.rules.reading import InvalidDefinition

LIMITS_AS_DATA = [
    {
        "code": "critical",
        "when": "critical_standard",
        "grade": "inadequate",
        "cap": "inadequate",
    },
    {"code": "concern", "when": "immediate_concern", "cap": "inadequate"},
    {
        "code": "two",
        "when": "number_of_standards",
        "grade": "inadequate",
        "at_least": 2,
        "cap": "requires_improvement",
    },
]
LIMITS = parse_limits(LIMITS_AS_DATA)
O, G, R, I = GRADES  # noqa: E741 - the initials that auditors use


def judged(*grades: str | None, critical: int | None = None) -> tuple[Judgement, ...]:
    """Standards A, B, C … with these grades; one of them may be critical, by its position."""
    return tuple(
        Judgement(f"s{index}", f"Standard {chr(65 + index)}", grade, critical=index == critical)
        for index, grade in enumerate(grades)
    )


def suggestion(judgements: Sequence[Judgement], *, concern: bool = False) -> Suggested:
    return suggest(judgements, LIMITS, immediate_concern=concern)


def every_small_set(most: int = 4) -> Iterator[tuple[tuple[Judgement, ...], bool]]:
    """Every grading of up to `most` standards, the first critical or not, with its concern."""
    for size in range(most + 1):
        for grades in product((*GRADES, None), repeat=size):
            for critical, concern in product((None, 0), (False, True)):
                yield judged(*grades, critical=critical), concern


def no_better(worse: Suggested, than: Suggested) -> bool:
    """Whether a suggestion is no better than another; none at all is taken as the best."""
    if than.grade is None:
        return True
    return worse.grade is not None and not is_better(worse.grade, than.grade)


# ---- The base ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ([G], G),
        ([G, R], R),  # between two grades the lower counts
        ([O, R], R),
        ([O, G, R], G),
        ([O, O, G, I], G),
        ([O, O, O, G, G, G, G, R, R, I, R], G),
        ([G, G, G, R, R, R], R),
    ],
)
def test_the_base_is_the_lower_median(grades: list[str], expected: str) -> None:
    assert weighted_lower_median((grade, 1) for grade in grades) == expected


def test_a_weight_counts_a_standard_as_often() -> None:
    for grades in product(GRADES, repeat=3):
        for weights in product((1, 2, 3), repeat=3):
            pairs = list(zip(grades, weights, strict=True))
            repeated = sorted((g for g, w in pairs for _ in range(w)), key=rank, reverse=True)
            # Worst first, the lower median of n values is the one at position ceil(n/2).
            expected = repeated[(len(repeated) + 1) // 2 - 1]
            assert weighted_lower_median(pairs) == expected


def test_there_is_no_median_of_nothing_and_no_weight_of_nothing() -> None:
    assert weighted_lower_median([]) is None
    with pytest.raises(ValueError, match="at least 1"):
        weighted_lower_median([(G, 0)])


# ---- The caps of the programme ---------------------------------------------------------------


def test_a_critical_standard_that_is_inadequate_makes_the_whole_inadequate() -> None:
    result = suggestion(judged(I, O, O, O, O, critical=0))
    assert (result.grade, result.capped_at) == (I, I)
    base, cap = result.because
    assert base == (
        "The middle of the 5 graded standards is outstanding: 4 outstanding, 1 inadequate; between"
        " two grades the lower counts."
    )
    assert cap == (
        "A critical standard is graded inadequate (Standard A), so the overall grade cannot be"
        " better than inadequate."
    )


def test_a_critical_standard_that_requires_improvement_caps_nothing() -> None:
    result = suggestion(judged(R, G, G, critical=0))
    assert (result.grade, result.capped_at) == (G, None)


def test_an_immediate_concern_makes_the_whole_inadequate() -> None:
    result = suggestion(judged(G, G, G), concern=True)
    assert (result.grade, result.capped_at) == (I, I)
    assert result.because[-1] == (
        "An immediate safeguarding concern is recorded, so the overall grade cannot be better than"
        " inadequate."
    )


def test_an_immediate_concern_settles_the_grade_before_anything_is_graded() -> None:
    assert suggestion((), concern=True).grade == I
    assert suggestion((), concern=False) == Suggested(None, None, ())


def test_one_inadequate_standard_does_not_cap_and_two_do() -> None:
    assert suggestion(judged(I, G, G, G, G)).capped_at is None
    result = suggestion(judged(I, I, G, G, G))
    assert (result.grade, result.capped_at) == (R, R)
    assert result.because[-1] == (
        "2 standards are graded inadequate (Standard A; Standard B), so the overall grade cannot be"
        " better than requires improvement."
    )


def test_a_cap_never_lifts_a_worse_middle() -> None:
    result = suggestion(judged(I, I, I))
    assert (result.grade, result.capped_at) == (I, R)


def test_standards_without_a_grade_are_mentioned_and_do_not_count() -> None:
    result = suggestion(judged(G, None, None))
    assert result.grade == G
    assert result.because == (
        "The one standard graded so far is good.",
        "2 standards have no grade yet, so this can still change.",
    )


def test_what_is_held_at_inadequate_is_not_said_to_change() -> None:
    limits = [Limit("concern", "immediate_concern", I)]
    result = suggest(judged(G, None), limits, immediate_concern=True)
    assert result.grade == I
    assert result.because[-1] == "1 standard has no grade yet."


def test_weights_are_mentioned_where_they_differ() -> None:
    first, second = judged(G, R)
    reasons = suggestion((replace(first, weight=2), second)).because
    assert "(each counted by its weight) is good" in reasons[0]


def test_of_several_caps_the_lowest_holds() -> None:
    for caps in product(GRADES, repeat=2):
        limits = [Limit(f"limit_{cap}", "immediate_concern", cap) for cap in caps]
        result = suggest(judged(O), limits, immediate_concern=True)
        lowest = GRADES[max(rank(cap) for cap in caps)]
        assert (result.grade, result.capped_at) == (lowest, lowest)


def test_a_cap_above_the_lowest_grade_suggests_nothing_by_itself() -> None:
    limits = [Limit("concern", "immediate_concern", R)]
    result = suggest((), limits, immediate_concern=True)
    assert (result.grade, result.capped_at) == (None, R)


# ---- What holds for every grading ------------------------------------------------------------


def test_the_suggestion_is_never_above_the_cap_and_the_cap_is_the_rule() -> None:
    for judgements, concern in every_small_set():
        result = suggestion(judgements, concern=concern)
        inadequate = [each for each in judgements if each.grade == I]
        if concern or any(each.critical for each in inadequate):
            assert result.capped_at == I
            assert result.grade == I
        elif len(inadequate) >= 2:
            assert result.capped_at == R
            assert result.grade in {R, I}
        else:
            assert result.capped_at is None


def test_adding_an_inadequate_standard_never_raises_the_suggestion() -> None:
    for judgements, concern in every_small_set():
        before = suggestion(judgements, concern=concern)
        for critical in (False, True):
            added = Judgement("new", "New", I, critical=critical)
            after = suggestion((*judgements, added), concern=concern)
            assert no_better(after, before)


def test_worsening_any_standard_never_raises_the_suggestion() -> None:
    for judgements, concern in every_small_set(3):
        before = suggestion(judgements, concern=concern)
        for index, each in enumerate(judgements):
            if each.grade is None:
                continue
            for worse in GRADES[rank(each.grade) + 1 :]:
                changed = list(judgements)
                changed[index] = replace(each, grade=worse)
                assert no_better(suggestion(changed, concern=concern), before)


def test_raising_a_concern_never_raises_the_suggestion() -> None:
    for judgements, _ in every_small_set(3):
        assert no_better(suggestion(judgements, concern=True), suggestion(judgements))


def test_the_order_of_standards_changes_nothing_not_even_the_words() -> None:
    for grades in product(GRADES, repeat=3):
        judgements = judged(*grades, critical=1)
        results = {suggestion(order) for order in permutations(judgements)}
        assert len(results) == 1


def test_standards_that_are_not_applicable_change_nothing() -> None:
    for judgements, concern in every_small_set(3):
        for grade in (None, *GRADES):
            aside = Judgement("aside", "Aside", grade, critical=True, weight=9, not_applicable=True)
            with_it = suggestion((aside, *judgements), concern=concern)
            assert with_it == suggestion(judgements, concern=concern)


judgement_sets = st.lists(
    st.builds(
        Judgement,
        standard=st.uuids().map(str),
        title=st.sampled_from(["Risk", "Plan", "Visits"]),
        grade=st.sampled_from((*GRADES, None)),
        critical=st.booleans(),
        weight=st.integers(1, 5),
        not_applicable=st.booleans(),
    ),
    max_size=14,
)
limit_sets = st.lists(
    st.one_of(
        st.builds(
            Limit,
            st.just("a"),
            st.just("critical_standard"),
            st.sampled_from(GRADES),
            grade=st.sampled_from(GRADES),
        ),
        st.builds(Limit, st.just("b"), st.just("immediate_concern"), st.sampled_from(GRADES)),
        st.builds(
            Limit,
            st.just("c"),
            st.just("number_of_standards"),
            st.sampled_from(GRADES),
            grade=st.sampled_from(GRADES),
            at_least=st.integers(1, 5),
        ),
    ),
    max_size=4,
)


@settings(max_examples=150)
@given(judgement_sets, limit_sets, st.booleans(), st.randoms(use_true_random=False))
def test_the_same_holds_for_any_tool_and_any_limits(
    judgements: list[Judgement], limits: list[Limit], concern: bool, shuffler: object
) -> None:
    before = suggest(judgements, limits, immediate_concern=concern)
    if before.grade is not None and before.capped_at is not None:
        assert not is_better(before.grade, before.capped_at)
    shuffler.shuffle(judgements)  # type: ignore[attr-defined]
    assert suggest(judgements, limits, immediate_concern=concern) == before
    added = Judgement("new", "New", I, weight=3)
    assert no_better(suggest([*judgements, added], limits, immediate_concern=concern), before)
    kept = [each for each in judgements if not each.not_applicable]
    assert suggest(kept, limits, immediate_concern=concern) == before
    for index, each in enumerate(judgements):
        if each.counts:
            worse = [*judgements]
            worse[index] = replace(each, grade=I)
            assert no_better(suggest(worse, limits, immediate_concern=concern), before)


# ---- The grader's own choice -----------------------------------------------------------------


def test_only_a_grade_above_the_cap_needs_a_reason() -> None:
    for chosen, suggested, cap in product(GRADES, GRADES, (*GRADES, None)):
        check = check_overall(chosen, Suggested(suggested, cap, ()))
        assert check.needs_reason == (cap is not None and rank(chosen) < rank(cap))
        assert check.differs == (chosen != suggested)
        assert bool(check.because) == (check.needs_reason or check.differs)


def test_the_check_says_what_the_choice_means() -> None:
    capped = Suggested(R, R, ())
    assert check_overall(G, capped).because == (
        "The overall grade is limited to requires improvement. Choosing good needs a reason, and"
        " the audit will be moderated."
    )
    assert check_overall(I, capped).because == (
        "You chose inadequate; the standards suggest requires improvement."
    )


def test_without_a_suggestion_nothing_differs() -> None:
    assert not check_overall(G, Suggested(None, None, ())).differs


def test_a_choice_that_is_no_grade_is_an_error() -> None:
    with pytest.raises(ValueError, match="is not a grade"):
        check_overall("7", Suggested(G, None, ()))


# ---- Limits as data --------------------------------------------------------------------------


def test_limits_come_back_exactly() -> None:
    assert [limit.as_dict() for limit in LIMITS] == LIMITS_AS_DATA


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({}, "limits", "must be a list"),
        (["x"], "limits[0]", "must be an object"),
        ([{"code": "a", "when": "raining", "cap": I}], "limits[0].when", "must be one of"),
        ([{"code": "a", "when": "immediate_concern"}], "limits[0].cap", "is missing"),
        (
            [{"code": "a", "when": "immediate_concern", "cap": I, "grade": I}],
            "limits[0].grade",
            "not a known field",
        ),
        (
            [{"code": "a", "when": "number_of_standards", "grade": I, "at_least": 0, "cap": R}],
            "limits[0].at_least",
            "from 1 to 100",
        ),
        ([LIMITS_AS_DATA[1], LIMITS_AS_DATA[1]], "limits", "same code"),
    ],
)
def test_limits_that_cannot_be_used_are_refused(data: object, path: str, words: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parse_limits(data)
    assert any(each.path == path and words in each.message for each in caught.value.problems)
