"""Who was near a child before counts as near: a file is the child's, not an involvement's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.operations import Refused
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter, Case, Practitioner, SampledCase
from cases.operations.allocation import allocate_by_hand
from cases.queries.allocation import people_near
from cases.queries.calendar import local_date
from cases.queries.quarters import auditors_of_case
from tests.cast import NOW, TODAY, Cast
from tests.integration.audits.auditing import make_draw, sampled
from tests.integration.cases.importing import confirmed, csv_bytes

pytestmark = pytest.mark.django_db

OTHERS = [f"F{n},Child Protection,Riverside,Pat Titioner,2026-01-01" for n in range(20)]


@pytest.fixture
def back_again(cast: Cast) -> SampledCase:
    """C1 was Orla's at Hilltop, closed, and came back to Pat at Riverside. It is in the sample."""
    install_shipped_tools(by=cast.administrator, now=NOW)
    first = "C1,Child Protection,Hilltop,Orla Titioner,2025-01-01"
    confirmed(csv_bytes(*OTHERS, first), cast.analyst, date(2026, 3, 31))
    confirmed(csv_bytes(*OTHERS), cast.analyst, date(2026, 6, 30))
    again = "C1,Child Protection,Riverside,Pat Titioner,2026-08-01"
    confirmed(csv_bytes(*OTHERS, again), cast.analyst, date(2026, 9, 30))
    case = Case.objects.get(child__local_id="C1", closed_on=None)
    assert Case.objects.filter(child=case.child_id).count() == 2
    quarter = AuditQuarter.objects.create(
        label="2026-Q3", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 31)
    )
    return sampled(make_draw(quarter, cast.analyst), case)


def offered(case: SampledCase) -> set[str]:
    return {auditor.person.id for auditor in auditors_of_case(case, TODAY).free}


def test_who_held_the_file_before_it_was_closed_does_not_grade_it(
    cast: Cast, back_again: SampledCase
) -> None:
    assert str(cast.auditor.pk) in offered(back_again)
    Practitioner.objects.filter(pk=cast.other_practitioner.pk).update(
        user=cast.auditor, team=cast.audit_team
    )
    assert str(cast.auditor.pk) not in offered(back_again)
    with pytest.raises(Refused, match="They hold or held this case"):
        allocate_by_hand(
            sampled_case=back_again, auditor=cast.auditor, reason="Free", by=cast.analyst, now=NOW
        )


def test_who_managed_it_then_is_in_its_line(cast: Cast, back_again: SampledCase) -> None:
    near = people_near([back_again.entry])[back_again.entry_id]
    assert str(cast.other_manager.pk) in near.line


def test_two_entries_of_one_child_have_the_same_people(cast: Cast, back_again: SampledCase) -> None:
    following = AuditQuarter.objects.create(
        label="2026-Q4", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)
    )
    other = sampled(make_draw(following, cast.analyst), back_again.entry.case)
    near = people_near([back_again.entry, other.entry])
    assert near[back_again.entry_id] == near[other.entry_id]
    assert str(cast.other_manager.pk) in near[other.entry_id].line


def test_whoever_will_leave_is_in_their_team_until_then(
    cast: Cast, back_again: SampledCase
) -> None:
    held = Practitioner.objects.create(name="Audrey Tor", team=cast.riverside, user=cast.auditor)
    assert str(cast.auditor.pk) not in offered(back_again)
    for days, free in ((1, False), (0, True)):
        left_on = local_date(timezone.now()) + timedelta(days=days)
        Practitioner.objects.filter(pk=held.pk).update(left_on=left_on)
        assert (str(cast.auditor.pk) in offered(back_again)) is free
