"""The report's figures from plain records, and what published reports gave for the same counts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.rules.grades import GRADES
from cases.rules.intervals import Proportion
from reports.rules.figures import (
    ActionRecord,
    AuditRecord,
    EscalationRecord,
    FrameCount,
    TrendPoint,
    actions,
    age_band,
    age_bands,
    by_agency,
    by_line,
    by_service,
    escalations,
    grade_figures,
    moderation,
    trend,
)
from reports.rules.policy import ReportPolicy
from reports.rules.trend import WITHIN_CHANCE

POLICY = ReportPolicy()
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def audits(service: str, *counts: int, line: str = "statutory") -> list[AuditRecord]:
    """That many audits of each grade, best first."""
    return [
        AuditRecord(f"{service}-{grade}-{k}", line, service, "North 1", grade)
        for grade, count in zip(GRADES, counts, strict=True)
        for k in range(count)
    ]


def frame(line: str, service: str, open_: int, eligible: int, **more: int) -> FrameCount:
    quota = -(-open_ // 20)
    return FrameCount(
        line, service, open_, eligible, {"already_audited": open_ - eligible}, quota,
        more.get("selected", quota), 2,
    )  # fmt: skip


def test_lines_are_apart_and_services_add_up_to_them() -> None:
    records = [
        *audits("child_protection", 1, 9, 12, 3),
        *audits("child_in_need", 2, 20, 26, 4),
        *audits("early_help", 3, 30, 14, 3, line="early_help"),
    ]
    frames = [
        frame("statutory", "child_protection", 494, 450),
        frame("statutory", "child_in_need", 1040, 1000),
        frame("early_help", "early_help", 1000, 900),
    ]
    statutory, early_help = by_line(records, frames, POLICY)
    assert statutory.counts == (3, 29, 38, 7)
    assert (statutory.n, statutory.open_cases, statutory.good_or_better.population) == (
        77, 1534, 1450,
    )  # fmt: skip
    assert early_help.good_or_better.percent == 66
    services = by_service(records, frames, "statutory", POLICY)
    assert [row.counts for row in services] == [(1, 9, 12, 3), (2, 20, 26, 4)]
    assert [row.described_percent for row in services] == [91, 96]


def test_an_audit_without_its_grade_of_record_is_in_no_percentage() -> None:
    records = [*audits("a", 0, 1, 1, 0), AuditRecord("late", "statutory", "a", None, None)]
    figures = grade_figures("a", records, POLICY, population=40, open_cases=50)
    assert (figures.n, figures.unsettled) == (2, 1)
    assert figures.percentages == (0, 50, 50, 0)


def test_nothing_audited_gives_no_percentage() -> None:
    figures = grade_figures("a", [], POLICY, population=40, open_cases=0)
    assert figures.percentages == (None,) * 4
    assert figures.good_or_better.interval is None
    assert figures.described_percent is None


def test_more_audits_than_the_frame_holds_leave_the_population_unknown() -> None:
    figures = grade_figures("a", audits("a", 0, 3, 3, 0), POLICY, population=5)
    assert figures.good_or_better.population is None


@settings(max_examples=40)
@given(st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_percentages_are_within_half_a_point_and_json_able(counts: list[int]) -> None:
    figures = grade_figures("a", audits("a", *counts), POLICY, population=5000)
    for count, percentage in zip(counts, figures.percentages, strict=True):
        if percentage is None:
            assert sum(counts) == 0
        else:
            assert abs(percentage * sum(counts) - 100 * count) * 2 <= sum(counts)
    assert json.loads(json.dumps(figures.as_dict())) == figures.as_dict()


def test_kinds_of_worker() -> None:
    records = [
        AuditRecord("1", "statutory", "a", None, "good", agency=True),
        AuditRecord("2", "statutory", "a", None, "inadequate", agency=False),
        AuditRecord("3", "early_help", "b", None, "good", agency=True),
    ]
    rows = by_agency(records, "statutory", POLICY)
    assert [(row.name, row.counts) for row in rows] == [
        ("permanent", (0, 0, 0, 1)), ("agency", (0, 1, 0, 0)),
    ]  # fmt: skip
    unknown = AuditRecord("4", "statutory", "a", None, "good")
    assert [row.name for row in by_agency([*records, unknown], "statutory", POLICY)] == [
        "permanent", "agency", "not_known",
    ]  # fmt: skip


def test_the_trend_compares_each_quarter_with_the_one_before() -> None:
    rows = trend(
        [
            TrendPoint("2026-Q1", Proportion(0, 30, None), baseline=True),
            TrendPoint("2026-Q2", Proportion(75, 175, 3500)),
            TrendPoint("2026-Q3", Proportion(80, 175, 3500)),
        ]
    )
    assert rows[0].change is None
    assert rows[1].change is None  # nothing is compared with a baseline
    assert rows[2].change is not None
    assert rows[2].change.verdict == WITHIN_CHANCE
    assert rows[2].detectable is not None
    assert 9 <= (rows[2].detectable.as_dict()["rise_points"] or 0) <= 11
    assert json.loads(json.dumps([row.as_dict() for row in rows]))[0]["baseline"] is True
    assert trend([]) == ()


def test_a_quarter_without_audits_breaks_the_comparison_only() -> None:
    rows = trend(
        [
            TrendPoint("2026-Q1", Proportion(0, 0, 3500)),
            TrendPoint("2026-Q2", Proportion(75, 175, 3500)),
        ]
    )
    assert rows[1].detectable is None
    assert rows[1].change is not None
    assert rows[1].change.points is None


def test_moderation_counts_only_files_graded_twice() -> None:
    def record(k: int, first: str | None, second: str | None, random: bool) -> AuditRecord:
        return AuditRecord(str(k), "statutory", "a", None, second, first, second, random)

    figures = moderation(
        [
            record(1, "good", "good", True),
            record(2, "good", "requires_improvement", True),
            record(3, "inadequate", "requires_improvement", False),
            record(4, "good", None, False),
        ],
        POLICY,
    )
    everyone = figures.everyone
    assert (everyone.n, everyone.exact, everyone.lower, everyone.higher) == (3, 1, 1, 1)
    assert figures.at_random.n == 2
    assert everyone.kappa_linear.value is None
    assert "fewer than 10" in everyone.kappa_linear.reason


def test_age_bands_have_no_gaps() -> None:
    assert age_bands(POLICY) == ("0 to 7 days", "8 to 28 days", "29 to 84 days", "85 days or more")
    assert [age_band(days, POLICY) for days in (0, 7, 8, 28, 29, 84, 85, 900)] == [
        name for name in age_bands(POLICY) for _ in range(2)
    ]


def escalation(status: str, days: int, **more: datetime | date | None) -> EscalationRecord:
    raised = NOW - timedelta(days=days)
    acknowledged = more.get("acknowledged_at")
    plan_by = more.get("plan_by")
    return EscalationRecord(
        "inadequate",
        status,
        raised,
        raised + timedelta(days=1),
        acknowledged if isinstance(acknowledged, datetime) else None,
        plan_by if not isinstance(plan_by, datetime) else None,
        NOW.date() if status in ("closed", "stood_down") else None,
    )


def test_escalations_by_state_and_age() -> None:
    figures = escalations(
        [
            escalation("raised", 0),
            escalation("raised", 3),
            escalation(
                "acknowledged", 10, acknowledged_at=NOW - timedelta(days=9, hours=1),
                plan_by=date(2026, 11, 20),
            ),
            escalation("closed", 90, acknowledged_at=NOW - timedelta(days=80)),
            escalation("stood_down", 5),
        ],
        NOW,
        POLICY,
    )  # fmt: skip
    assert figures.open_by_age.counts[:2] == ((2, 0, 0, 0), (0, 1, 0, 0))
    assert (figures.open_count, figures.overdue) == (3, 2)
    assert figures.finished == {"closed": 1, "stood_down": 1}
    # In time: the acknowledged one. Not: the one three days old, the one closed after ten days.
    assert figures.answered is not None
    assert (figures.answered.count, figures.answered.n) == (1, 3)


def test_actions_by_state_and_age() -> None:
    today = date(2026, 11, 23)
    figures = actions(
        [
            ActionRecord("manager", "open", date(2026, 11, 20), date(2026, 11, 22)),
            ActionRecord("manager", "open", date(2026, 11, 20), date(2026, 11, 23)),
            ActionRecord("practitioner", "evidence_offered", date(2026, 8, 1), date(2026, 9, 1)),
            ActionRecord("practitioner", "verified", date(2026, 8, 1), date(2026, 9, 1), today),
        ],
        today,
        POLICY,
    )
    assert figures.open_by_age.counts == ((2, 0, 0, 0), (0, 0, 0, 1))
    assert (figures.overdue, figures.finished) == (1, {"verified": 1, "cancelled": 0})
    assert json.loads(json.dumps(figures.as_dict()))["open"] == 3


def test_a_shortfall_is_counted() -> None:
    assert frame("statutory", "a", 140, 100).shortfall == 0
    assert frame("statutory", "a", 140, 3, selected=3).shortfall == 4


def test_the_policy_survives_being_stored() -> None:
    changed = ReportPolicy(smallest_count=6, age_band_days=(5, 10))
    assert ReportPolicy.from_dict(json.loads(json.dumps(changed.as_dict()))) == changed
    assert ReportPolicy.from_dict({}) == POLICY


@pytest.mark.parametrize(
    "values",
    [{"smallest": 5}, {"confidence": "2"}, {"smallest_count": 0}, {"age_band_days": [9, 3]},
     {"age_band_days": []}, {"age_band_days": [-1, 3]}],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ReportPolicy.from_dict(values)
