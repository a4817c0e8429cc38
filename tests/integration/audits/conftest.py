"""This app alone: what the apps above it do is their own tests' matter."""

from __future__ import annotations

import pytest

from audits.signals import (
    audit_reopened,
    audit_submitted,
    audit_withdrawn,
    feedback_released,
    grade_of_record_set,
    immediate_concern_raised,
    second_grading_submitted,
)


@pytest.fixture(autouse=True)
def _this_app_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the apps above do when an audit moves is their own tests' matter."""
    for signal in (
        audit_reopened,
        audit_submitted,
        audit_withdrawn,
        feedback_released,
        grade_of_record_set,
        immediate_concern_raised,
        second_grading_submitted,
    ):
        monkeypatch.setattr(signal, "receivers", [])
        signal.sender_receivers_cache.clear()
