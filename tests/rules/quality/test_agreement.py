"""Agreement of two graders: counts, and what kappa and AC2 must hold for any table."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audits.rules.grades import GRADES
from quality.rules.agreement import gwet_ac2, measure, tabulate, weighted_kappa

pairs_of_grades = st.lists(st.tuples(st.sampled_from(GRADES), st.sampled_from(GRADES)))


@given(pairs_of_grades)
def test_every_pair_is_counted_once(pairs: list[tuple[str, str]]) -> None:
    found = measure(pairs)
    assert found.n == len(pairs) == sum(map(sum, found.table))
    assert found.exact + found.lower + found.higher == found.n
    assert found.exact == sum(a == b for a, b in pairs)
    assert found.exact <= found.within_one <= found.n
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()


@given(pairs_of_grades)
def test_turned_round_the_agreement_is_the_same(pairs: list[tuple[str, str]]) -> None:
    forth, back = measure(pairs), measure([(b, a) for a, b in pairs])
    assert (forth.lower, forth.higher) == (back.higher, back.lower)
    for name in ("kappa_linear", "kappa_quadratic", "ac2_linear", "ac2_quadratic"):
        assert getattr(forth, name) == getattr(back, name)


@given(pairs_of_grades.filter(bool))
@example([("outstanding", "requires_improvement"), *[("outstanding", "inadequate")] * 3])
def test_coefficients_are_at_most_one_and_kappa_at_least_minus_one(
    pairs: list[tuple[str, str]],
) -> None:
    """Weighted AC2 has no such lower bound: its chance agreement can exceed a half."""
    found = measure(pairs)
    for kappa in (found.kappa_linear, found.kappa_quadratic):
        assert kappa.value is None or -1 <= kappa.value <= 1
    for ac2 in (found.ac2_linear, found.ac2_quadratic):
        assert ac2.value is None or ac2.value <= 1
    assert found.ac2_linear.value is not None


@given(st.lists(st.sampled_from(GRADES), min_size=1))
def test_perfect_agreement_is_one_or_not_defined(grades: list[str]) -> None:
    found = measure([(grade, grade) for grade in grades])
    assert found.ac2_quadratic.value == 1
    if len(set(grades)) == 1:
        assert found.kappa_linear.value is None
        assert "same grade" in found.kappa_linear.reason
    else:
        assert found.kappa_linear.value == found.kappa_quadratic.value == 1


def test_no_pairs_have_no_coefficient_and_say_why() -> None:
    found = measure([])
    assert (found.n, found.exact) == (0, 0)
    for coefficient in (found.kappa_linear, found.ac2_linear):
        assert coefficient.value is None
        assert coefficient.reason == "No file has been graded twice."


def test_few_pairs_are_counted_without_a_coefficient() -> None:
    found = measure([("good", "good")] * 4 + [("good", "inadequate")] * 5, fewest=10)
    assert (found.exact, found.lower) == (4, 5)
    assert found.ac2_linear.value is None
    assert "fewer than 10" in found.ac2_linear.reason


def test_near_uniform_grades_sink_kappa_and_not_ac2() -> None:
    pairs = [("good", "good")] * 20 + [("good", "requires_improvement")]
    found = measure(pairs)
    assert found.kappa_linear.value == 0
    assert found.ac2_linear.value is not None
    assert found.ac2_linear.value > 0.95


def test_direction_is_seen_from_the_first_grader() -> None:
    found = measure([("good", "inadequate"), ("requires_improvement", "good"), ("good", "good")])
    assert (found.lower, found.higher, found.within_one) == (1, 1, 2)


def test_a_grade_off_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="Not a pair of grades"):
        tabulate([("good", "excellent")])


def test_another_scale_works_the_same() -> None:
    table = tabulate([("yes", "yes"), ("no", "no"), ("yes", "no")], ("yes", "no"))
    assert table == ((1, 1), (0, 1))
    # With two grades linear and quadratic weights are the same: only the diagonal counts.
    assert weighted_kappa(table, 1) == weighted_kappa(table, 2)
    assert gwet_ac2(table, 1) == gwet_ac2(table, 2)
