"""The planner: counts, intervals, hours, and when a service runs out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.rules.intervals import Proportion
from cases.rules.planner import (
    HORIZON,
    ServiceNow,
    Staff,
    draws_until_short,
    expected_interval,
    plan,
)
from cases.rules.policy import CasePolicy
from cases.rules.sampling import draw
from tests.rules.cases.frames import frame_of, plain_cases

POLICY = CasePolicy()
SHARES = st.fractions(0, 1, max_denominator=50)
PROTECTION = ServiceNow("Child Protection", "Statutory", open=140, eligible=120, never_audited=130)
EARLY_HELP = ServiceNow("Early Help", "Early Help", open=141, eligible=5, never_audited=5)


@st.composite
def services(draw: st.DrawFn) -> ServiceNow:
    open_cases = draw(st.integers(0, 400))
    never = draw(st.integers(0, open_cases))
    return ServiceNow("S", "L", open_cases, draw(st.integers(0, never)), never)


def test_one_rate_in_two_services() -> None:
    found = plan([PROTECTION, EARLY_HELP], POLICY)
    assert [(s.name, s.quota, s.sample) for s in found.services] == [
        ("Child Protection", 7, 7),
        ("Early Help", 8, 5),
    ]
    assert found.lines == ()  # each holds one service only
    total = found.total
    assert (total.open, total.eligible, total.quota, total.sample) == (281, 125, 15, 12)
    assert found.moderations == 4  # three in ten of 12, rounded up
    assert (found.auditor_hours, found.moderator_hours) == (24, 6)


def test_a_line_of_several_services_is_added_up() -> None:
    looked_after = replace(PROTECTION, name="Looked After")
    found = plan([looked_after, PROTECTION, EARLY_HELP], POLICY)
    assert [(line.name, line.open, line.sample) for line in found.lines] == [
        ("Statutory together", 280, 14)
    ]
    assert plan([looked_after, PROTECTION], POLICY).lines == ()  # the same as the total


def test_the_interval_is_the_one_of_the_report() -> None:
    found = plan([PROTECTION], POLICY).services[0]
    assert found.interval == Proportion(4, 7, 120).interval  # 3.5 of 7: halves up
    assert found.interval is not None
    assert found.width == found.interval.high - found.interval.low
    assert expected_interval(0, 10, Fraction(1, 2)) is None
    everything = expected_interval(10, 10, Fraction(1, 2))
    assert everything is not None
    assert everything.low == everything.high == Fraction(1, 2)


def test_what_is_more_than_people_can_take() -> None:
    found = plan([PROTECTION, EARLY_HELP], POLICY)
    staff = Staff(auditors=2, audits=10, moderators=1, moderations=4, both=1)
    assert (found.auditors_short(staff), found.moderators_short(staff)) == (2, 0)


def test_whoever_does_both_cannot_give_the_same_hours_twice() -> None:
    found = plan([PROTECTION, EARLY_HELP], POLICY)  # 12 audits and 4 moderations
    apart = Staff(auditors=3, audits=12, moderators=1, moderations=4)
    both = replace(apart, both=1, shared=3)
    assert (apart.both, found.together_short(apart)) == (0, 0)
    assert (found.auditors_short(both), found.moderators_short(both)) == (0, 0)
    assert found.together_short(both) == 3


def test_a_divided_service_is_added_up_and_its_line_only_where_it_holds_more() -> None:
    groups = [
        replace(PROTECTION, name=f"Child Protection: {team}", service="Child Protection")
        for team in ("A", "B")
    ]
    found = plan([*groups, EARLY_HELP], POLICY)
    assert [(one.name, one.open, one.sample) for one in found.divided] == [
        ("Child Protection, all groups", 280, 14)
    ]
    assert found.lines == ()
    looked_after = replace(PROTECTION, name="Looked After")
    found = plan([*groups, looked_after, EARLY_HELP], POLICY)
    assert [line.name for line in found.lines] == ["Statutory together"]
    assert plan(groups, POLICY).divided == ()  # the same as the total


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ServiceNow("S", "L", open=5, eligible=4, never_audited=3)


@given(services(), SHARES.filter(bool))
def test_the_sample_is_what_the_draw_selects(service: ServiceNow, rate: Fraction) -> None:
    policy = replace(POLICY, rate=rate)
    found = plan([service], policy).services[0]
    cases = plain_cases(service.open, not_eligible=service.open - service.eligible)
    if cases:
        numbers = draw(frame_of(*cases), "7", policy).strata[0]
        assert (found.quota, found.sample) == (numbers.quota, numbers.selected)
    else:
        assert (found.quota, found.sample, found.interval) == (0, 0, None)


@settings(max_examples=40)
@given(services(), SHARES.filter(bool), SHARES.filter(bool))
def test_a_higher_rate_never_buys_less(service: ServiceNow, one: Fraction, other: Fraction) -> None:
    low, high = (plan([service], replace(POLICY, rate=rate)) for rate in sorted((one, other)))
    assert low.total.sample <= high.total.sample
    assert low.auditor_hours <= high.auditor_hours
    assert low.moderations <= high.moderations


@given(st.integers(0, 500), st.integers(1, 50))
def test_without_turnover_it_is_a_division(never_audited: int, quota: int) -> None:
    found = draws_until_short(never_audited, 500, quota, Fraction(0))
    assert found == min(never_audited // quota, HORIZON)


def test_a_turnover_by_hand() -> None:
    # 100 open, all new, 30 a quarter, a tenth comes and goes: 100, (70)(0.9)+10=73, 48.7, 26.83.
    assert draws_until_short(100, 100, 30, Fraction(1, 10)) == 3
    assert draws_until_short(0, 0, 0, Fraction(0)) == HORIZON  # nothing is asked of it


@given(st.data())
def test_who_changes_faster_than_is_audited_never_runs_out(data: st.DataObject) -> None:
    open_cases = data.draw(st.integers(1, 300))
    turnover = data.draw(st.fractions(Fraction(1, 50), 1, max_denominator=50))
    quota = data.draw(st.integers(0, int(turnover * open_cases)))
    never = data.draw(st.integers(quota, open_cases))
    assert draws_until_short(never, open_cases, quota, turnover) == HORIZON


@given(st.integers(0, 300), st.integers(1, 40), SHARES, SHARES)
def test_more_turnover_never_runs_out_sooner(
    never: int, quota: int, one: Fraction, other: Fraction
) -> None:
    slow, fast = sorted((one, other))
    first = draws_until_short(never, 300, quota, slow)
    assert first <= draws_until_short(never, 300, quota, fast)


def test_a_service_that_cannot_fill_this_quarter_says_so() -> None:
    found = plan([PROTECTION, EARLY_HELP], POLICY).services
    assert [service.first_short for service in found] == [130 // 7, 0]
    lasting = plan([PROTECTION], replace(POLICY, quarterly_turnover=Fraction(1, 20))).services
    assert lasting[0].first_short is None
