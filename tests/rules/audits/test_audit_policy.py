from __future__ import annotations

import json
from typing import Any

import pytest

from audits.rules.policy import AuditPolicy


def test_defaults_are_those_of_the_programme() -> None:
    policy = AuditPolicy()
    assert policy.reply_working_days == 10
    assert (policy.look_back_months, policy.read_back_months) == (6, 12)


def test_a_policy_comes_back_through_json() -> None:
    policy = AuditPolicy(reply_working_days=7, look_back_months=3)
    assert AuditPolicy.from_dict(json.loads(json.dumps(policy.as_dict()))) == policy


def test_what_is_left_out_takes_its_default() -> None:
    assert AuditPolicy.from_dict({}) == AuditPolicy()
    assert AuditPolicy.from_dict({"reply_working_days": 5}).look_back_months == 6


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"reply_days": 5}, "not in the audit policy: reply_days"),
        ({"reply_working_days": 0}, "reply_working_days"),
        ({"reply_working_days": "10"}, "reply_working_days"),
        ({"reply_working_days": True}, "reply_working_days"),
        ({"read_back_months": 3}, "read_back_months"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AuditPolicy.from_dict(data)
