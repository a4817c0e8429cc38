from __future__ import annotations

from collections.abc import Mapping

import pytest

from audits.rules.applicability import Applies, CaseFacts, Condition, Fact, applicable, applies
from audits.rules.reading import InvalidDefinition

PERMANENCE = {"services": ["looked_after"]}


def case(service: str = "looked_after", line: str = "statutory", **attributes: Fact) -> CaseFacts:
    return CaseFacts(service, line, attributes)


def answer(condition: Mapping[str, object], facts: CaseFacts) -> Applies:
    return applies(Condition.from_dict(condition), facts)


def test_the_empty_condition_always_applies() -> None:
    assert answer({}, case()) == Applies(True, "This standard applies to every case.")


def test_permanence_is_asked_for_looked_after_children_only() -> None:
    assert answer(PERMANENCE, case()) == Applies(True, "Applies: the service is looked after.")
    assert answer(PERMANENCE, case("child_protection")) == Applies(
        False, "Does not apply: the service is child protection, not looked after."
    )


def test_one_of_several_services_is_enough() -> None:
    condition = {"services": ["looked_after", "care_leaver"]}
    assert answer(condition, case("care_leaver")).applies
    assert answer(condition, case("assessment")).because.endswith(
        "not looked after or care leaver."
    )


def test_a_service_line_can_be_asked_for() -> None:
    assert answer({"lines": ["statutory"]}, case()).applies
    assert answer({"lines": ["early_help"]}, case()).because == (
        "Does not apply: the service line is statutory, not early help."
    )


@pytest.mark.parametrize(
    ("fact", "held"),
    [
        ("yes", True),
        (" YES ", True),
        (True, True),
        ("no", False),
        (False, False),
        ("", False),
        (None, False),
        ("yes, but", False),
    ],
)
def test_an_attribute_equals_a_text_however_it_was_typed(fact: Fact, held: bool) -> None:
    condition = {"attributes": {"disability": ["Yes"]}}
    assert answer(condition, case(disability=fact)).applies is held


def test_an_attribute_that_nobody_imported_is_not_recorded() -> None:
    condition = {"attributes": {"disability": ["yes"]}}
    assert answer(condition, case()) == Applies(
        False, "Does not apply: disability is not recorded, not yes."
    )


def test_a_number_is_compared_as_text() -> None:
    assert answer({"attributes": {"age_years": ["16", "17"]}}, case(age_years=17)).applies


@pytest.mark.parametrize(("fact", "held"), [("2026-08-01", True), (0, True), (" ", False)])
def test_a_fact_can_be_asked_to_be_there_at_all(fact: Fact, held: bool) -> None:
    condition = {"recorded": ["transferred_in_on"]}
    assert answer(condition, case(transferred_in_on=fact)).applies is held


def test_every_part_must_hold_and_every_one_that_does_not_is_named() -> None:
    condition = {
        "services": ["looked_after"],
        "attributes": {"agency": ["yes"]},
        "recorded": ["plan"],
    }
    assert answer(condition, case(agency=True, plan="Care plan")).because == (
        "Applies: the service is looked after. Applies: agency is yes. Applies: plan is recorded."
    )
    result = answer(condition, case("assessment", agency=True))
    assert not result.applies
    assert result.because == (
        "Does not apply: the service is assessment, not looked after."
        " Does not apply: plan is not recorded."
    )


def test_many_standards_are_answered_in_their_order() -> None:
    conditions = {"permanence": Condition.from_dict(PERMANENCE), "impact": Condition()}
    answers = applicable(conditions, case("early_help", "early_help"))
    assert [(code, each.applies) for code, each in answers.items()] == [
        ("permanence", False),
        ("impact", True),
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        PERMANENCE,
        {
            "services": ["assessment"],
            "lines": ["statutory"],
            "attributes": {"disability": ["yes", "unknown"], "agency": ["no"]},
            "recorded": ["plan"],
        },
    ],
)
def test_a_condition_comes_back_exactly(data: dict[str, object]) -> None:
    assert Condition.from_dict(data).as_dict() == data


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"service": ["looked_after"]}, "service"),
        ({"services": []}, "services"),
        ({"services": "looked_after"}, "services"),
        ({"services": [3]}, "services[0]"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": {"disability": "yes"}}, "attributes.disability"),
        ({"attributes": {"disability": [" "]}}, "attributes.disability[0]"),
        ([], ""),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused(data: object, path: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        Condition.from_dict(data)
    assert [each.path for each in caught.value.problems] == [path]
