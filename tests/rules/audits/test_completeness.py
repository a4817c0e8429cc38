from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.words import is_written
from audits.rules.checks import Check, Checked
from audits.rules.completeness import (
    OVERALL,
    PEOPLE,
    SECOND_GRADING,
    SUMMARY,
    GradingSnapshot,
    Kind,
    StandardSnapshot,
    Status,
    assess,
)
from audits.rules.limits import Suggested
from audits.rules.tool_schema import IMPACT as IMPACT_CODE

BLANK = ("", " ", "\n\t ", "\u00a0", "\u200b\u2060\ufeff", "\x00", "…", "- - -", "🙂")

RISK = StandardSnapshot("risk", "Risk", "planning", grade="good", evidence="Assessment of 3 May.")
PLAN = StandardSnapshot(
    "plan", "Plan", "planning", not_applicable=True, not_applicable_reason="Assessment not ended."
)
PERMANENCE = StandardSnapshot("permanence", "Permanence", "home", applies=False)
IMPACT = StandardSnapshot("impact", "Impact", "difference", grade="good", evidence="He sleeps now.")

FINISHED = GradingSnapshot(
    standards=(RISK, PLAN, PERMANENCE, IMPACT),
    suggested=Suggested("good", None, ()),
    child_id_confirmed=True,
    held_most_recorded=True,
    strengths="The worker knows him well.",
    improvements="Fathers are not asked.",
    family_feedback="obtained",
    family_feedback_text="“She listens,” his mother said.",
    practitioner_involved="met",
    practitioner_met_on=date(2026, 11, 3),
    minutes_spent=125,
    overall_grade="good",
)


def with_standard(standard: StandardSnapshot) -> GradingSnapshot:
    """The finished grading with one standard put in the place of its namesake."""
    standards = tuple(
        standard if each.code == standard.code else each for each in FINISHED.standards
    )
    return replace(FINISHED, standards=standards)


def found(grading: GradingSnapshot) -> list[tuple[str, str | None, Kind]]:
    return [(item.field, item.standard, item.kind) for item in assess(grading).missing]


def test_a_finished_grading_lacks_nothing() -> None:
    result = assess(FINISHED)
    assert result.complete
    assert {state.code: state.status for state in result.sections} == {
        "before_you_start": Status.COMPLETE,
        "immediate_concern": Status.NOT_APPLICABLE,
        "planning": Status.COMPLETE,
        "home": Status.NOT_APPLICABLE,
        "difference": Status.COMPLETE,
        "family_and_practitioner": Status.COMPLETE,
        "strengths_and_improvements": Status.COMPLETE,
        "overall_grade": Status.COMPLETE,
    }


def test_an_empty_grading_lacks_everything_in_the_order_of_the_form() -> None:
    empty = GradingSnapshot(
        standards=(
            StandardSnapshot("risk", "Risk", "planning"),
            PERMANENCE,
            StandardSnapshot("impact", "Impact", "difference"),
        ),
        suggested=Suggested(None, None, ()),
    )
    result = assess(empty)
    assert [(item.field, item.standard) for item in result.missing] == [
        ("child_id_confirmed", None),
        ("held_most_by", None),
        ("grade", "risk"),
        ("evidence", "risk"),
        ("grade", "impact"),
        ("evidence", "impact"),
        ("family_feedback", None),
        ("practitioner_involved", None),
        ("strengths", None),
        ("improvements", None),
        ("overall_grade", None),
        ("minutes_spent", None),
    ]
    statuses = {state.status for state in result.sections}
    assert statuses == {Status.NOT_STARTED, Status.NOT_APPLICABLE}
    assert result.status_of("planning") == Status.NOT_STARTED


@pytest.mark.parametrize("blank", BLANK)
def test_what_holds_no_letter_or_digit_is_not_evidence(blank: str) -> None:
    assert not is_written(blank)
    grading = with_standard(replace(RISK, evidence=blank))
    assert found(grading) == [("evidence", "risk", Kind.EVIDENCE)]
    assert assess(grading).status_of("planning") == Status.IN_PROGRESS
    assert assess(grading).missing[0].sentence == "Risk: write the evidence for the grade"


@pytest.mark.parametrize("text", ["No.", "3", "Дa", "看见孩子", "  x "])
def test_letters_and_digits_of_any_script_are_writing(text: str) -> None:
    assert is_written(text)


def test_evidence_without_a_grade_is_in_progress() -> None:
    grading = with_standard(replace(IMPACT, grade=""))
    assert found(grading) == [("grade", "impact", Kind.GRADE)]
    assert assess(grading).status_of("difference") == Status.IN_PROGRESS
    assert assess(grading).status_of_standard("impact") == Status.IN_PROGRESS


@pytest.mark.parametrize("blank", BLANK)
def test_not_applicable_needs_a_reason(blank: str) -> None:
    grading = with_standard(replace(PLAN, not_applicable_reason=blank))
    assert found(grading) == [("not_applicable_reason", "plan", Kind.REASON)]


def test_a_section_whose_standards_are_all_set_aside_is_not_applicable() -> None:
    aside = replace(RISK, grade="", not_applicable=True, not_applicable_reason="Not yet begun.")
    assert assess(with_standard(aside)).status_of("planning") == Status.NOT_APPLICABLE


def test_impact_can_never_be_not_applicable() -> None:
    aside = replace(IMPACT, grade="", not_applicable=True, not_applicable_reason="Too early.")
    assert ("not_applicable", "impact", Kind.NOT_ALLOWED) in found(with_standard(aside))
    assert assess(with_standard(aside)).status_of("difference") == Status.IN_PROGRESS


def test_impact_is_asked_whatever_the_tool_says_of_it() -> None:
    loose = StandardSnapshot("impact", "Impact", "difference", applies=False)
    assert found(with_standard(loose)) == [
        ("grade", "impact", Kind.GRADE),
        ("evidence", "impact", Kind.EVIDENCE),
    ]


def test_a_standard_that_must_be_graded_cannot_be_set_aside() -> None:
    aside = replace(
        RISK, may_be_not_applicable=False, not_applicable=True, not_applicable_reason="None seen."
    )
    assert found(with_standard(aside)) == [("not_applicable", "risk", Kind.NOT_ALLOWED)]


def test_a_standard_that_does_not_apply_lacks_nothing_even_half_filled_in() -> None:
    assert found(with_standard(replace(PERMANENCE, grade="good"))) == []


FAULTS: list[tuple[dict[str, Any], str, Kind, str]] = [
    ({"child_id_confirmed": False}, "child_id_confirmed", Kind.ANSWER, "before_you_start"),
    ({"held_most_recorded": False}, "held_most_by", Kind.ANSWER, "before_you_start"),
    ({"strengths": " "}, "strengths", Kind.ANSWER, "strengths_and_improvements"),
    ({"improvements": "."}, "improvements", Kind.ANSWER, "strengths_and_improvements"),
    ({"family_feedback": ""}, "family_feedback", Kind.ANSWER, "family_and_practitioner"),
    ({"family_feedback": "perhaps"}, "family_feedback", Kind.ANSWER, "family_and_practitioner"),
    (
        {"family_feedback_text": " "},
        "family_feedback_text",
        Kind.ANSWER,
        "family_and_practitioner",
    ),
    (
        {"family_feedback": "not_sought", "family_feedback_text": ""},
        "family_feedback_text",
        Kind.REASON,
        "family_and_practitioner",
    ),
    (
        {"family_feedback": "not_obtained", "family_feedback_text": ""},
        "family_feedback_text",
        Kind.REASON,
        "family_and_practitioner",
    ),
    (
        {"practitioner_involved": ""},
        "practitioner_involved",
        Kind.ANSWER,
        "family_and_practitioner",
    ),
    (
        {"practitioner_met_on": None},
        "practitioner_met_on",
        Kind.ANSWER,
        "family_and_practitioner",
    ),
    (
        {"practitioner_involved": "not_met"},
        "practitioner_not_met_reason",
        Kind.REASON,
        "family_and_practitioner",
    ),
    ({"minutes_spent": None}, "minutes_spent", Kind.ANSWER, "overall_grade"),
    ({"minutes_spent": 0}, "minutes_spent", Kind.ANSWER, "overall_grade"),
    ({"overall_grade": ""}, "overall_grade", Kind.GRADE, "overall_grade"),
]


@pytest.mark.parametrize(("change", "field", "kind", "section"), FAULTS)
def test_one_thing_left_out_is_the_one_thing_missing(
    change: dict[str, Any], field: str, kind: Kind, section: str
) -> None:
    result = assess(replace(FINISHED, **change))
    assert [(i.field, i.standard, i.kind, i.section) for i in result.missing] == [
        (field, None, kind, section)
    ]
    # The other question of the section is answered, so the section has begun.
    assert result.status_of(section) == Status.IN_PROGRESS
    assert not result.complete


def test_no_meeting_with_the_practitioner_is_fine_with_a_reason() -> None:
    grading = replace(
        FINISHED,
        practitioner_involved="not_met",
        practitioner_met_on=None,
        practitioner_not_met_reason="On long-term leave.",
    )
    assert assess(grading).complete


def test_above_the_cap_a_reason_is_missing() -> None:
    capped = replace(FINISHED, suggested=Suggested("inadequate", "inadequate", ()))
    assert found(capped) == [("override_reason", None, Kind.REASON)]
    assert found(replace(capped, override_reason=" \n")) == found(capped)
    assert assess(replace(capped, override_reason="The risk was met since.")).complete
    assert assess(replace(capped, overall_grade="inadequate")).complete


def test_below_the_suggestion_no_reason_is_asked() -> None:
    assert assess(replace(FINISHED, overall_grade="inadequate")).complete


def test_an_immediate_concern_says_what_it_is_and_who_was_told() -> None:
    raised = replace(FINISHED, immediate_concern=True)
    assert found(raised) == [
        ("immediate_concern_text", None, Kind.ANSWER),
        ("immediate_concern_told", None, Kind.ANSWER),
    ]
    assert assess(raised).status_of("immediate_concern") == Status.IN_PROGRESS
    told = replace(
        raised, immediate_concern_text="A man unknown to us.", immediate_concern_told="Duty, 14:10"
    )
    assert assess(told).complete
    assert assess(told).status_of("immediate_concern") == Status.COMPLETE


def test_a_second_grader_is_asked_less_and_the_standards_in_full() -> None:
    second = GradingSnapshot(
        standards=(replace(RISK, evidence=""), IMPACT),
        suggested=Suggested("good", None, ()),
        child_id_confirmed=True,
        overall_grade="good",
        minutes_spent=70,
    )
    result = assess(second, asks=SECOND_GRADING)
    assert [item.field for item in result.missing] == ["evidence"]
    assert [state.code for state in result.sections] == [
        "before_you_start",
        "immediate_concern",
        "planning",
        "difference",
        "overall_grade",
    ]
    assert len(assess(second).missing) > 1


def test_statuses_are_shown_in_words() -> None:
    assert [status.label for status in Status] == [
        "Not started",
        "In progress",
        "Complete",
        "Not applicable",
    ]


standards = st.lists(
    st.builds(
        StandardSnapshot,
        code=st.sampled_from(["risk", "plan", "visits", "impact"]),
        title=st.just("A standard"),
        section=st.sampled_from(["one", "two"]),
        applies=st.booleans(),
        may_be_not_applicable=st.booleans(),
        grade=st.sampled_from(["", "good", "inadequate"]),
        not_applicable=st.booleans(),
        not_applicable_reason=st.sampled_from(["", " ", "Because"]),
        evidence=st.sampled_from(["", "\u200b", "Seen on 3 May"]),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150)
@given(standards)
def test_sections_and_missing_items_always_agree(given_: list[StandardSnapshot]) -> None:
    result = assess(replace(FINISHED, standards=tuple(given_)))
    for state in result.sections:
        lacking = [item for item in result.missing if item.section == state.code]
        assert state.missing == len(lacking)
        settled = state.status in {Status.COMPLETE, Status.NOT_APPLICABLE}
        assert settled == (not lacking)
    for standard in given_:
        # Whatever is submitted: impact has a grade with evidence, and so has every grade.
        if result.complete and standard.code == IMPACT_CODE:
            assert standard.grade
            assert not standard.not_applicable
        if result.complete and standard.applies and not standard.not_applicable:
            assert standard.grade
            assert is_written(standard.evidence)


SEEN, DATED = Check("seen", "Was the child seen?"), Check("dated", "Is it dated?")


@pytest.mark.parametrize(
    ("checked", "missing"),
    [
        ((("", ""), ("", "")), ["check_seen"]),  # one thing while none is answered
        ((("yes", ""), ("", "")), ["check_dated"]),
        ((("yes", ""), ("no", " . ")), ["check_dated_evidence"]),
        ((("not_applicable", ""), ("no", "Undated.")), ["check_seen_evidence"]),
        ((("yes", ""), ("yes", "")), []),
    ],
)
def test_every_fact_is_answered_and_what_is_no_plain_yes_is_explained(
    checked: tuple[tuple[str, str], ...], missing: list[str]
) -> None:
    facts = tuple(
        (check, Checked(*found)) for check, found in zip((SEEN, DATED), checked, strict=True)
    )
    grading = with_standard(replace(RISK, checked=facts))
    assert [field for field, _, _ in found(grading)] == missing


def test_a_standard_set_aside_lacks_no_fact() -> None:
    aside = replace(PLAN, checked=((SEEN, Checked()), (DATED, Checked())))
    assert found(with_standard(aside)) == []


EMPTY = GradingSnapshot(
    standards=(StandardSnapshot("impact", "Impact", "difference"),),
    suggested=Suggested(None, None, ()),
)


@pytest.mark.parametrize(
    ("section", "written"),
    [
        (PEOPLE, {"family_feedback_text": "She was in hospital."}),
        (PEOPLE, {"practitioner_met_on": date(2026, 11, 3)}),
        (PEOPLE, {"practitioner_not_met_reason": "On leave."}),
        (SUMMARY, {"improvements": "Fathers are not asked."}),
        (OVERALL, {"summary": "Good visits, no plan."}),
        (OVERALL, {"override_reason": "The one visit that was missed."}),
        (OVERALL, {"minutes_spent": 20}),
    ],
)
def test_a_section_is_in_progress_from_the_first_word(
    section: str, written: dict[str, Any]
) -> None:
    assert assess(EMPTY).status_of(section) == Status.NOT_STARTED
    assert assess(replace(EMPTY, **written)).status_of(section) == Status.IN_PROGRESS


@pytest.mark.parametrize(
    "written",
    [
        {"grade": "good"},
        {"evidence": "Assessment of 3 May."},
        {"not_applicable": True},
        {"not_applicable_reason": "There was no change of worker."},
        {"checked": ((SEEN, Checked("yes", "")),)},
        {"checked": ((SEEN, Checked("", "Only once, in May.")),)},
    ],
)
def test_a_standard_and_its_section_are_in_progress_from_the_first_word(
    written: dict[str, Any],
) -> None:
    standard = StandardSnapshot(
        "plan", "Plan", "planning", checked=((SEEN, Checked("", "")), (SEEN, Checked("", "")))
    )
    for words, status in (({}, Status.NOT_STARTED), (written, Status.IN_PROGRESS)):
        shown = assess(replace(EMPTY, standards=(replace(standard, **words),)))
        assert shown.status_of_standard("plan") == shown.status_of("planning") == status
