"""Which open cases can be drawn, and the first reason why others cannot."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from cases.rules.eligibility import REASONS, CaseFacts, decide, opened_too_late_from
from cases.rules.policy import CasePolicy, Exclusion

FROZEN = date(2026, 10, 5)
SIX_WEEKS = FROZEN - timedelta(weeks=6)
POLICY = CasePolicy(
    excluded=(Exclusion("legal_status", ("V3", "V4"), "Short breaks are left out."),)
)


def test_an_ordinary_case_can_be_drawn() -> None:
    decided = decide(CaseFacts(opened_on=date(2025, 1, 1)), FROZEN, POLICY)
    assert decided.eligible
    assert (decided.code, decided.because) == ("", "")


def test_children_in_short_breaks_are_left_out_unless_the_council_says_otherwise() -> None:
    case = CaseFacts(service="Looked after", legal_status="V4")
    decided = decide(case, FROZEN, CasePolicy())
    assert (decided.code, "short breaks only" in decided.because) == ("excluded", True)
    assert decide(case, FROZEN, CasePolicy(excluded=())).eligible
    assert decide(CaseFacts(legal_status="V2"), FROZEN, CasePolicy()).eligible


@pytest.mark.parametrize(
    ("case", "code", "because"),
    [
        (CaseFacts(already_audited=True), "already_audited", "audited before"),
        (CaseFacts(restricted=True), "restricted", "restricted"),
        (CaseFacts(opened_on=FROZEN), "opened_recently", "less than 6 weeks before"),
        (CaseFacts(legal_status=" v4 "), "excluded", "Short breaks"),
    ],
)
def test_each_reason(case: CaseFacts, code: str, because: str) -> None:
    decided = decide(case, FROZEN, POLICY)
    assert not decided.eligible
    assert decided.code == code
    assert because in decided.because


def test_the_first_reason_counts_in_every_combination() -> None:
    order = list(REASONS)
    for applies in product((True, False), repeat=4):
        case = CaseFacts(
            already_audited=applies[0],
            restricted=applies[1],
            opened_on=FROZEN if applies[2] else None,
            legal_status="V3" if applies[3] else "",
        )
        first = next((code for code, holds in zip(order, applies, strict=True) if holds), "")
        assert decide(case, FROZEN, POLICY).code == first


@pytest.mark.parametrize(
    ("opened_on", "eligible"),
    [
        (SIX_WEEKS - timedelta(days=1), True),
        (SIX_WEEKS, True),  # exactly six weeks is not less than six weeks
        (SIX_WEEKS + timedelta(days=1), False),
        (FROZEN + timedelta(days=3), False),  # a date in the future is no way in
        (None, True),  # and a date left out no way out
    ],
)
def test_six_weeks(opened_on: date | None, eligible: bool) -> None:
    assert decide(CaseFacts(opened_on=opened_on), FROZEN, POLICY).eligible is eligible


def test_the_boundary_for_a_query_is_the_same() -> None:
    first = opened_too_late_from(FROZEN, POLICY)
    assert not decide(CaseFacts(opened_on=first), FROZEN, POLICY).eligible
    assert decide(CaseFacts(opened_on=first - timedelta(days=1)), FROZEN, POLICY).eligible


def test_zero_weeks_switches_the_rule_off() -> None:
    policy = CasePolicy(minimum_weeks_open=0)
    assert decide(CaseFacts(opened_on=FROZEN), FROZEN, policy).eligible


def test_one_week_is_written_as_one() -> None:
    policy = CasePolicy(minimum_weeks_open=1)
    assert "less than 1 week before" in decide(CaseFacts(opened_on=FROZEN), FROZEN, policy).because


@pytest.mark.parametrize("field", ["service", "team", "legal_status", "plan"])
def test_exclusions_by_every_field(field: str) -> None:
    policy = CasePolicy(excluded=(Exclusion(field, ("Kept out",), "Because."),))
    left_out: dict[str, Any] = {field: "KEPT OUT"}
    another: dict[str, Any] = {field: "Kept"}
    assert decide(CaseFacts(**left_out), FROZEN, policy).code == "excluded"
    assert decide(CaseFacts(**another), FROZEN, policy).eligible
