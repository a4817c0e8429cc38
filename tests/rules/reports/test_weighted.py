"""The share weighted by the chances of being selected."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.rules import wording
from reports.rules.figures import AuditRecord
from reports.rules.weighted import WeightedShare, weighted_share

GRADES = ("outstanding", "good", "requires_improvement", "inadequate")


def audit(grade: str | None, chance: float | None, line: str = "Statutory") -> AuditRecord:
    return AuditRecord("2026-Q3-0001", line, "Assessment", None, grade, chance=chance)


graded = st.lists(
    st.tuples(st.sampled_from(GRADES), st.floats(min_value=0.01, max_value=1)), min_size=1
)


def share(found: list[tuple[str, float]]) -> float:
    result = weighted_share([audit(*each) for each in found], "Statutory")
    assert result
    return result.share


def test_it_is_the_stratified_mean_of_simple_samples() -> None:
    """90 cases of which 9 are drawn (3 good) and 10 of which 5 are drawn (all good).

    Cochran (1977), section 5.3: 0.9 * 3/9 + 0.1 * 5/5 = 0.4. Unweighted it would be 8/14.
    """
    large = [("good", 9 / 90)] * 3 + [("inadequate", 9 / 90)] * 6
    small = [("outstanding", 5 / 10)] * 5
    assert share(large + small) == pytest.approx(float(Fraction(2, 5)))


@given(graded, st.floats(min_value=0.01, max_value=1))
def test_equal_chances_weigh_nothing(found: list[tuple[str, float]], chance: float) -> None:
    same = [(grade, chance) for grade, _ in found]
    good = sum(grade in ("good", "outstanding") for grade, _ in found)
    assert share(same) == pytest.approx(good / len(found))


@given(graded, st.floats(min_value=0.1, max_value=1))
def test_only_the_ratio_of_the_chances_counts(
    found: list[tuple[str, float]], factor: float
) -> None:
    assert share([(g, c * factor) for g, c in found]) == pytest.approx(share(found))


@given(graded)
def test_it_is_a_share_and_better_work_never_lowers_it(found: list[tuple[str, float]]) -> None:
    assert 0 <= share(found) <= 1 + 1e-9
    better = [("good", found[0][1]), *found[1:]]
    assert share(better) >= share(found) - 1e-9


@pytest.mark.parametrize("chance", [None, 0.0])
def test_one_file_without_a_chance_leaves_no_figure(chance: float | None) -> None:
    assert weighted_share([audit("good", 0.1), audit("good", chance)], "Statutory") is None


def test_other_lines_and_files_without_a_grade_are_not_counted() -> None:
    found = weighted_share(
        [audit("good", 0.1), audit(None, None), audit("inadequate", 0.5, "Early Help")], "Statutory"
    )
    assert found == WeightedShare(1.0, 1, 0.1, 0.1)
    assert weighted_share([audit(None, 0.1)], "Statutory") is None


def test_in_words() -> None:
    said = wording.weighted(WeightedShare(0.4, 14, 0.1, 0.5))
    assert said.startswith("Weighted by how likely each case was to be selected (from 10% to 50%)")
    assert "the share is 40%" in said
    same = wording.weighted(WeightedShare(0.4, 14, 0.051, 0.052))
    assert same == "Each case had the same chance of being selected, 5%, so nothing is weighted."
