"""The numbers of sampling and allocation, and their way through JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.policy import STRATA_BY, CasePolicy, DrawPolicy, Exclusion

SHORT_BREAKS = Exclusion("legal_status", ("V3", "V4"), "Short breaks are left out.")

POLICIES = st.builds(
    CasePolicy,
    rate=st.fractions(Fraction(1, 100), 1, max_denominator=100),
    rounding=st.sampled_from(["up", "nearest"]),
    minimum_per_stratum=st.integers(0, 3),
    reserve_share=st.fractions(0, 2, max_denominator=10),
    reserve_minimum=st.integers(0, 4),
    rotation=st.booleans(),
    one_per_family=st.booleans(),
    minimum_weeks_open=st.integers(0, 12),
    excluded=st.sampled_from([(), (SHORT_BREAKS,)]),
    other_teams_independent=st.booleans(),
    strata_by=st.sampled_from(sorted(STRATA_BY)),
)


def test_defaults_are_those_of_the_programme() -> None:
    assert CasePolicy().as_dict() == {
        "rate": "1/20",
        "rounding": "up",
        "minimum_per_stratum": 1,
        "reserve_share": "1/2",
        "reserve_minimum": 2,
        "rotation": True,
        "one_per_family": True,
        "minimum_weeks_open": 6,
        "excluded": [
            {
                "field": "legal_status",
                "values": ["V3", "V4"],
                "because": "The child is looked after in short breaks only (legal status V3 or "
                "V4).",
            }
        ],
        "other_teams_independent": True,
        "accreditation_needed": False,
        "strata_by": "service",
        "audit_due_working_days": 15,
        "minutes_per_audit": 120,
        "minutes_per_moderation": 90,
        "moderation_share": "3/10",
        "expected_good": "1/2",
        "quarterly_turnover": "0/1",
    }


@given(POLICIES)
def test_json_gives_the_same_policy_back(policy: CasePolicy) -> None:
    stored = json.loads(json.dumps(policy.as_dict()))
    assert CasePolicy.from_dict(stored) == policy
    assert DrawPolicy.from_dict(json.loads(json.dumps(policy.draw.as_dict()))) == policy.draw


def test_the_draws_part_is_a_draw_policy_and_no_more() -> None:
    part = CasePolicy(rate=Fraction(1, 10), rotation=False).draw
    assert type(part) is DrawPolicy
    assert part == DrawPolicy(rate=Fraction(1, 10), rotation=False)
    assert part.draw == part


def test_what_is_left_out_has_its_default() -> None:
    assert CasePolicy.from_dict({}) == CasePolicy()
    assert CasePolicy.from_dict({"rate": "1/10"}) == CasePolicy(rate=Fraction(1, 10))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"rte": "1/20"}, "Not in the sampling policy: rte"),
        ({"rate": 0.05}, "rate must be a fraction"),
        ({"rate": "1/0"}, "rate must be a fraction"),
        ({"rate": "0"}, "more than 0%"),
        ({"rate": "2/1"}, "more than 100%"),
        ({"rounding": "down"}, "up or nearest"),
        ({"reserve_share": "-1/2"}, "reserve_share cannot be negative"),
        ({"reserve_minimum": -1}, "reserve_minimum must be a whole number of at least 0"),
        ({"reserve_minimum": True}, "reserve_minimum must be a whole number"),
        ({"minimum_per_stratum": "1"}, "minimum_per_stratum must be a whole number"),
        ({"rotation": 1}, "rotation must be on or off"),
        ({"other_teams_independent": "yes"}, "other_teams_independent must be on or off"),
        ({"audit_due_working_days": 0}, "at least 1"),
        ({"minutes_per_audit": 0}, "minutes_per_audit must be a whole number of at least 1"),
        ({"expected_good": "3/2"}, "expected_good must lie between 0 and 1"),
        ({"quarterly_turnover": 0.1}, "must be a fraction"),
        ({"minimum_weeks_open": -1}, "at least 0"),
        ({"excluded": [{"field": "plan"}]}, "a field, a list of values and a reason"),
        ({"excluded": [{"field": "age", "values": ["1"], "because": "x"}]}, "not by 'age'"),
        ({"excluded": [{"field": "plan", "values": [], "because": "x"}]}, "needs the values"),
        ({"excluded": [{"field": "plan", "values": ["V3"], "because": " "}]}, "needs a reason"),
        ({"excluded": [{"field": "plan", "values": "V3", "because": "x"}]}, "a list of values"),
    ],
)
def test_nonsense_is_refused(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CasePolicy.from_dict(data)
