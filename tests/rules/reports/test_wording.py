"""The report's sentences say what the figures say, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cases.rules.intervals import Proportion
from quality.rules.agreement import measure
from reports.rules import wording
from reports.rules.disclosure import CountTable
from reports.rules.figures import FrameCount, GradeFigures, StateFigures, TrendPoint, trend
from reports.rules.grade_rows import FOUR, NONE, TWO, PublicRow
from reports.rules.trend import Detectable


def figures(count: int, n: int, population: int | None) -> GradeFigures:
    return GradeFigures(
        "statutory", (0, count, n - count, 0), 0, 4000, Proportion(count, n, population)
    )


def test_the_headline() -> None:
    assert wording.good_or_better("Statutory", figures(75, 175, 3500)) == (
        "Statutory: 43% were good or better (75 of 175 files audited). Among all cases that could "
        "be drawn, the share lies between 36% and 50%, with 95% confidence."
    )
    assert wording.share(Proportion(75, 175, 3500)) == "43% (36% to 50%), 75 of 175 files"


def test_the_headline_of_nothing_and_of_everything() -> None:
    assert "there is no figure" in wording.good_or_better("Statutory", figures(0, 0, 3500))
    everything = wording.good_or_better("Statutory", figures(5, 10, 10))
    assert everything.endswith("Every case that could be drawn was audited.")
    assert "confidence" not in everything
    assert wording.share(Proportion(0, 0, 10)) == "no files"
    assert "every case was audited" in wording.share(Proportion(5, 10, 10))


def test_what_the_figures_describe() -> None:
    assert wording.described("Statutory", figures(75, 175, 3500)) == (
        "Statutory: the figures describe the 3,500 cases that could be drawn, 88% of the 4,000 "
        "open."
    )
    assert wording.described("Statutory", figures(75, 175, None)) == ""


def change(earlier: Proportion, later: Proportion) -> str:
    rows = trend([TrendPoint("2026-Q2", earlier), TrendPoint("2026-Q3", later)])
    return wording.change(rows[1], "Q2 2026/27")


def test_a_change_within_chance_is_never_called_better_or_worse() -> None:
    sentence = change(Proportion(75, 175, 3500), Proportion(80, 175, 3500))
    assert sentence.startswith("The share is three percentage points higher than in Q2 2026/27.")
    assert "within what chance alone would give" in sentence
    assert "improved" not in sentence


def test_a_change_that_the_rounded_shares_do_not_show_says_so() -> None:
    """39.4% and 43.75% are shown as 39% and 44%."""
    within = "This change is within what chance alone would give"
    sentence = change(Proportion(82, 208, 3500), Proportion(91, 208, 3500))
    assert sentence.startswith(
        "The share is four percentage points higher than in Q2 2026/27, worked out before "
        f"rounding. {within}"
    )
    fell = change(Proportion(87, 200, 3500), Proportion(158, 400, 3500))  # 43.5% and 39.5%
    assert fell.startswith("The share is four percentage points lower than in Q2 2026/27. ")
    # 39.4% and 39.6% are shown as 39% and 40%.
    hardly = change(Proportion(394, 1000, 3500), Proportion(396, 1000, 3500))
    assert hardly.startswith(
        "The share is less than half a percentage point higher than in Q2 2026/27, before "
        f"rounding. {within}"
    )


def test_a_change_beyond_chance() -> None:
    sentence = change(Proportion(75, 175, 3500), Proportion(30, 175, 3500))
    assert sentence == (
        "The share is 26 percentage points lower than in Q2 2026/27. This change is more than "
        "chance alone would usually give."
    )


def test_no_change_and_nothing_to_compare() -> None:
    assert "is the same as" in change(Proportion(75, 175, 3500), Proportion(75, 175, 3500))
    assert change(Proportion(0, 0, 100), Proportion(5, 10, 100)) == (
        "There is nothing to compare with Q2 2026/27. Nothing was audited in the earlier quarter."
    )
    first = trend([TrendPoint("2026-Q2", Proportion(5, 10, 100))])[0]
    assert wording.change(first, "Q1 2026/27") == ""


@pytest.mark.parametrize(
    ("detectable", "expected"),
    [
        (Detectable(None, None), "no change of any size"),
        (Detectable(Proportion(1, 10, None).share, None), "only a rise of 10 percentage points"),
        (Detectable(None, Proportion(1, 5, None).share), "only a fall of 20 percentage points"),
        (
            Detectable(Proportion(1, 10, None).share, Proportion(1, 5, None).share),
            "a rise of less than 10 percentage points, or a fall of less than 20,",
        ),
    ],
)
def test_what_could_have_been_told(detectable: Detectable, expected: str) -> None:
    assert expected in wording.detectable_words(detectable)


def test_rows_of_the_public_edition() -> None:
    words = wording.public_row_words
    assert "too few" in words("Care leavers", PublicRow("c", NONE, (), None))
    assert words("Statutory", PublicRow("s", TWO, (75, 100), 175)) == (
        "Statutory: 75 good or better, 100 below good."
    )
    assert words("Statutory", PublicRow("s", FOUR, (5, 70, 90, 10), 175)) == (
        "Statutory: 5 outstanding, 70 good, 90 requiring improvement, 10 inadequate."
    )


def test_moderation() -> None:
    assert wording.moderation(measure([])) == "No file was graded a second time."
    pairs = [("good", "good")] * 10 + [("good", "requires_improvement")]
    assert wording.moderation(measure(pairs)) == (
        "11 files were graded a second time. The two grades were the same for 10, and no more "
        "than one grade apart for 11. The second grade was lower for one and higher for none."
    )
    assert wording.moderation(measure(pairs[:1])).startswith("One file was graded")


def states(open_: int, overdue: int, answered: Proportion | None = None) -> StateFigures:
    return StateFigures(CountTable(("raised",), ("any",), ((open_,),)), {}, overdue, answered)


@pytest.mark.parametrize(
    ("figures_", "expected"),
    [
        (states(0, 0), "No escalations are open."),
        (states(1, 1), "One escalation is open, of which one is overdue."),
        (states(12, 0), "12 escalations are open, of which none are overdue."),
        (
            states(0, 0, Proportion(1, 20, 20)),
            "No escalations are open. One of 20 was acknowledged in time.",
        ),
    ],
)
def test_states(figures_: StateFigures, expected: str) -> None:
    assert wording.states("escalation", "escalations", figures_) == expected


def test_a_shortfall_is_said() -> None:
    short = FrameCount("statutory", "a", 140, 3, {}, 7, 3, 0)
    assert wording.quota("Care leavers", short) == (
        "Care leavers: three cases drawn from 140 open, for a quota of 7. That is four short: "
        "only three could be drawn."
    )
    met = FrameCount("statutory", "a", 140, 100, {}, 7, 7, 4)
    assert wording.quota("Care leavers", met).endswith("for a quota of 7.")
    since = replace(short, lost=2)
    assert wording.quota("Care leavers", since).endswith(
        "only three could be drawn. Two cases left the sample, and no reserve took the place."
    )
    assert (since.shortfall, since.short_by) == (4, 6)


def test_all_four_grades() -> None:
    contact = GradeFigures("c", (14, 5, 1, 0), 0, None, Proportion(19, 20, None))
    assert wording.grades(contact) == (
        "70% outstanding (14), 25% good (5), 5% requires improvement (1), 0% inadequate (0); "
        "20 files."
    )
    nothing = GradeFigures("c", (0, 0, 0, 0), 0, None, Proportion(0, 0, None))
    assert wording.grades(nothing) == "No grades."
