"""Which audits are moderated, how two gradings compare, what deciding needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.rules.grades import GRADES
from quality.rules.moderation import (
    ModerationChoice,
    choose,
    compare,
    drawn_at_random,
    missing_to_decide,
)
from quality.rules.policy import QualityPolicy

POLICY = QualityPolicy()
FIFTH = Fraction(1, 5)
MONDAY = date(2026, 11, 23)
HOLIDAYS = frozenset({date(2026, 12, 25), date(2026, 12, 28)})


def choice(
    grade: str = "good",
    *,
    seed: str = "seed",
    reference: str = "2026-Q3-0001",
    cap: bool = False,
    concern: bool = False,
    policy: QualityPolicy = POLICY,
    submitted_on: date = MONDAY,
    before: Sequence[str] = (),
) -> ModerationChoice:
    return choose(
        seed=seed,
        reference=reference,
        grade=grade,
        cap_overridden=cap,
        immediate_concern=concern,
        submitted_on=submitted_on,
        holidays=HOLIDAYS,
        policy=policy,
        before=before,
    )


@given(
    st.sampled_from(GRADES), st.booleans(), st.booleans(), st.text(max_size=9), st.text(max_size=9)
)
def test_whoever_has_a_reason_is_moderated_whatever_the_draw(
    grade: str, cap: bool, concern: bool, seed: str, reference: str
) -> None:
    chosen = choice(grade, seed=seed, reference=reference, cap=cap, concern=concern)
    named = {"inadequate": grade == "inadequate", "cap_overridden": cap,
             "immediate_concern": concern}  # fmt: skip
    expected = tuple(code for code, holds in named.items() if holds)
    if expected:
        assert chosen.required
        assert chosen.reasons == expected
    else:
        drawn = drawn_at_random(seed=seed, reference=reference, share=FIFTH)
        assert chosen.required is drawn
        assert chosen.reasons == (("random",) if drawn else ())
        assert chosen.blind is drawn
    assert len(chosen.because) == len(chosen.reasons)
    assert (chosen.due_on is None) is not chosen.required


def test_a_fifth_of_many_is_drawn() -> None:
    drawn = sum(
        drawn_at_random(seed="Q3", reference=f"2026-Q3-{k:04}", share=FIFTH) for k in range(5000)
    )
    # Binomial with mean 1,000 and standard deviation 28: the seed is fixed, so is the outcome.
    assert abs(drawn - 1000) < 85


def test_another_seed_draws_others() -> None:
    references = [f"2026-Q3-{k:04}" for k in range(200)]
    one, other = (
        [r for r in references if drawn_at_random(seed=seed, reference=r, share=FIFTH)]
        for seed in ("one", "other")
    )
    assert one != other


@pytest.mark.parametrize(("share", "expected"), [(Fraction(0), False), (Fraction(1), True)])
def test_none_and_all(share: Fraction, expected: bool) -> None:
    assert all(
        drawn_at_random(seed="s", reference=str(k), share=share) is expected for k in range(50)
    )


def test_a_larger_share_keeps_those_drawn() -> None:
    for k in range(100):
        if drawn_at_random(seed="s", reference=str(k), share=FIFTH):
            assert drawn_at_random(seed="s", reference=str(k), share=Fraction(2, 5))


def test_another_process_draws_the_same() -> None:
    code = (
        "from fractions import Fraction\n"
        "from quality.rules.moderation import drawn_at_random\n"
        "print([k for k in range(60) if drawn_at_random("
        "seed='ü', reference=str(k), share=Fraction(1, 5))])"
    )
    here = [k for k in range(60) if drawn_at_random(seed="ü", reference=str(k), share=FIFTH)]
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).resolve().parents[3],
            env={"PYTHONHASHSEED": hash_seed},
        )
        assert run.stdout.strip() == str(here)


def test_due_dates_are_working_days() -> None:
    assert choice("inadequate").due_on == date(2026, 11, 25)
    assert choice("good", concern=True).due_on == date(2026, 11, 25)
    assert choice("good", cap=True).due_on == date(2026, 11, 30)
    christmas_eve = choice("inadequate", submitted_on=date(2026, 12, 24))
    assert christmas_eve.due_on == date(2026, 12, 30)


def test_blindness_of_compulsory_moderation_is_a_setting() -> None:
    assert choice("inadequate").blind
    seen = QualityPolicy(compulsory_moderation_blind=False)
    assert not choice("inadequate", policy=seen).blind
    everyone = QualityPolicy(compulsory_moderation_blind=False, moderation_random_share=Fraction(1))
    assert choice("good", policy=everyone).blind


def test_two_gradings_compared() -> None:
    found = compare(
        first_overall="good",
        second_overall="inadequate",
        first_standards={"voice": "good", "plan": "good", "permanence": None, "risk": "good"},
        second_standards={"voice": "good", "plan": "outstanding", "permanence": "good",
                          "risk": "inadequate"},
    )  # fmt: skip
    assert (found.overall.steps, found.overall.direction) == (2, "lower")
    assert [(d.subject, d.direction) for d in found.differing] == [
        ("risk", "lower"), ("plan", "higher"), ("permanence", "applicability"),
    ]  # fmt: skip


def test_a_standard_only_one_grader_had_is_compared_too() -> None:
    found = compare(
        first_overall="good",
        second_overall="good",
        first_standards={"voice": None},
        second_standards={"voice": None, "plan": "good"},
    )
    assert found.overall.direction == "same"
    assert [d.direction for d in found.standards] == ["same", "applicability"]


def test_what_deciding_needs() -> None:
    def codes(moderator: str, graded: bool, rationale: str) -> list[str]:
        missing = missing_to_decide(
            first_grader="ann",
            moderator=moderator,
            second_grading_submitted=graded,
            rationale=rationale,
        )
        return [item.code for item in missing]

    assert codes("ben", True, "The plan is specific and dated.") == []
    assert codes("ann", False, "  ") == ["not_independent", "second_grading", "rationale"]
    assert codes("ben", False, "x") == ["second_grading"]


@pytest.mark.parametrize("nothing", [".", "-", "…"])
def test_a_rationale_that_says_nothing_decides_nothing(nothing: str) -> None:
    missing = missing_to_decide(
        first_grader="ann", moderator="ben", second_grading_submitted=True, rationale=nothing
    )
    assert [item.code for item in missing] == ["rationale"]


NEVER = replace(POLICY, moderation_random_share=Fraction(0))


def test_what_was_chosen_before_it_was_reopened_stays_chosen() -> None:
    chosen = choice("good", before=["inadequate", "cap_overridden"], policy=NEVER)
    assert chosen.required
    assert chosen.blind
    assert chosen.reasons == ("was_inadequate", "was_above_cap")
    assert all(sentence.startswith("Before it was reopened") for sentence in chosen.because)
    assert chosen.due_on == date(2026, 11, 30)


def test_what_is_still_true_is_said_as_it_is() -> None:
    again = choice("inadequate", before=["cap_overridden", "inadequate"], policy=NEVER)
    assert again.reasons == ("inadequate", "was_above_cap")
    assert again.due_on == date(2026, 11, 25)
    third = choice("inadequate", before=["was_inadequate"], policy=NEVER)
    assert third.reasons == ("inadequate",)


def test_the_draw_and_a_concern_stay() -> None:
    drawn = choice("inadequate", before=["random"], policy=NEVER)
    assert drawn.reasons == ("inadequate", "random")
    concern = choice("good", before=["immediate_concern"], policy=NEVER)
    assert concern.reasons == ("immediate_concern",)
    assert concern.due_on == date(2026, 11, 25)
    assert choice("good", before=["random", "was_inadequate"], policy=NEVER).blind


def test_blind_ones_are_to_be_graded_by_one_date() -> None:
    """Whatever was graded first; the date of the decision differs."""
    drawn = next(k for k in range(50) if choice(reference=str(k)).required)
    found = [
        choice("inadequate"),
        choice("good", cap=True),
        choice("good", concern=True),
        choice("good", reference=str(drawn)),
    ]
    assert {each.due_on for each in found} == {date(2026, 11, 25), date(2026, 11, 30)}
    assert {each.grade_by for each in found} == {date(2026, 11, 25)}


def test_where_the_blind_ones_are_all_alike_they_keep_their_date() -> None:
    """A council that grades only the drawn ones blind gives nothing away by their date."""
    seen = replace(POLICY, compulsory_moderation_blind=False, moderation_random_share=Fraction(1))
    for each in (choice("inadequate", policy=seen), choice("good", policy=seen)):
        assert each.grade_by is None
    assert choice("good", policy=NEVER).grade_by is None
