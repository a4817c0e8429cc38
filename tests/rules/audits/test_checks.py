"""Facts to check: codes that stay, answers that need words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audits.rules.checks import Check, Checked, as_stored, checked_of, faults, recoded

CHECKS = (Check("seen", "Was the child seen?"), Check("dated", "Is it dated?"))


def code_of(question: str, taken: set[str]) -> str:
    code, number = "new", 1
    while code in taken:
        number += 1
        code = f"new_{number}"
    return code


def test_a_no_and_a_not_applicable_need_words_and_a_yes_does_not() -> None:
    needs = [Checked(answer).needs_words for answer in ("", "yes", "no", "not_applicable")]
    assert needs == [False, False, True, True]


def test_what_nobody_answered_is_there_and_empty() -> None:
    found = checked_of(CHECKS, {"dated": {"answer": "no", "evidence": "Undated."}})
    assert found == [(CHECKS[0], Checked()), (CHECKS[1], Checked("no", "Undated."))]


def test_only_answers_are_stored() -> None:
    assert as_stored({"seen": Checked(), "dated": Checked("", "So far")}) == {
        "dated": {"answer": "", "evidence": "So far"}
    }


def test_faults() -> None:
    stored = {"seen": {"answer": "maybe"}, "other": {"answer": "yes"}, "dated": {"answer": ""}}
    assert len(list(faults(CHECKS, stored))) == 2


def test_a_moved_and_a_reworded_question_keep_their_codes() -> None:
    asked = [check.question for check in CHECKS]
    assert [each["code"] for each in recoded(reversed(asked), CHECKS, code_of)] == ["dated", "seen"]
    reworded = recoded([asked[0], "Is it dated and signed?"], CHECKS, code_of)
    assert [each["code"] for each in reworded] == ["seen", "dated"]
    added = recoded([*asked, "Is it signed?"], CHECKS, code_of)
    assert [each["code"] for each in added] == ["seen", "dated", "new"]
    assert [each["code"] for each in recoded(["Is it signed?"], CHECKS, code_of)] == ["new"]


questions = st.lists(st.text(min_size=1, max_size=4), max_size=6, unique=True)


@given(questions, questions)
def test_codes_stay_unique_and_questions_as_typed(before: list[str], after: list[str]) -> None:
    old = [Check(f"c{place}", question) for place, question in enumerate(before)]
    made = recoded(after, old, code_of)
    assert [each["question"] for each in made] == after
    assert len({each["code"] for each in made}) == len(made)
    kept = {check.question: check.code for check in old}
    assert all(each["code"] == kept.get(each["question"], each["code"]) for each in made)
