"""The planner's page: before and after the freeze, with numbers of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from cases.models import AuditQuarter, Case, Grader
from cases.operations.frame import freeze_frame
from cases.queries.calendar import local_date
from cases.queries.planner import closed_lately, planning_basis, staff_now
from cases.queries.policy import quarter_as_it_begins
from cases.rules.planner import Staff
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case, open_cases, person

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
PAGE = f"/quarters/{QUARTER}/plan/"
Q3 = Quarter.parse(QUARTER)
EXCLUDED = {"field": "legal_status", "values": ["V4"], "because": "Short breaks."}


@pytest.fixture
def quarter(cast: Cast) -> AuditQuarter:
    return AuditQuarter.objects.create(
        label=QUARTER,
        starts_on=Q3.starts,
        ends_on=Q3.ends,
        policies={"cases": {"excluded": [EXCLUDED]}},
    )


@pytest.fixture
def cases(cast: Cast, quarter: AuditQuarter) -> None:
    """One of each kind that cannot be drawn, and 40 and 20 that can."""
    open_cases(40, team=cast.riverside)
    open_cases(20, team=cast.hilltop, service="early_help")
    audited = open_case(cast.riverside)
    audited.child.audit_reference = "before"
    audited.child.save()
    open_case(cast.riverside, restricted=True)
    open_case(cast.riverside, opened_on=local_date(timezone.now()))  # the page has today's date
    open_case(cast.riverside, opened_on=None, legal_status="V4")
    open_case(cast.riverside, opened_on=None)
    closed = open_case(cast.hilltop, service="early_help")
    Case.objects.filter(pk=closed.pk).update(closed_on=TODAY - timedelta(days=30))


@pytest.mark.parametrize("frozen", [False, True])
def test_a_child_audited_before_the_product_counts_as_audited(cast: Cast, frozen: bool) -> None:
    earlier = open_case(cast.riverside)
    earlier.child.audited_before_on = TODAY - timedelta(days=400)
    earlier.child.save()
    open_case(cast.riverside)
    quarter = quarter_as_it_begins(Q3)
    if frozen:
        quarter = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW).quarter
    (service,) = [one for one in planning_basis(quarter, TODAY).services if one.open]
    assert (service.open, service.eligible, service.never_audited) == (2, 1, 1)


@pytest.fixture
def client(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.analyst)


def shown(client: Client, **given: str) -> str:
    response = client.get(PAGE, given)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_open_cases_count_as_a_freeze_would_count_them(
    cast: Cast, quarter: AuditQuarter, cases: None
) -> None:
    today = planning_basis(quarter, TODAY)
    assert today.frame is None
    numbers = {s.name: (s.line, s.open, s.eligible, s.never_audited) for s in today.services}
    assert numbers == {
        "Child Protection": ("Statutory", 45, 41, 42),
        "Early Help": ("Early Help", 20, 20, 20),
    }
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    frozen = planning_basis(quarter, TODAY)
    assert frozen.frame == frame
    assert frozen.services == today.services


def test_who_can_grade(cast: Cast) -> None:
    assert staff_now() == Staff(auditors=2, audits=40, moderators=2, moderations=40)
    both = person("Bo Thways", Role.AUDITOR, Role.MODERATOR)
    Grader.objects.create(user=both, team=cast.audit_team, capacity=3)
    exempt = Grader.objects.get(user=cast.other_auditor)
    exempt.exempt_reason, exempt.exempt_approved_by = "On secondment", cast.director
    exempt.save()
    assert staff_now() == Staff(
        auditors=2, audits=23, moderators=3, moderations=43, both=1, shared=3
    )


def test_auditors_who_must_be_accredited_count_once_they_are(
    client: Client, cast: Cast, quarter: AuditQuarter, cases: None
) -> None:
    today = local_date(timezone.now())
    Grader.objects.filter(user=cast.auditor).update(accredited_on=today)
    later = today + timedelta(days=1)
    Grader.objects.filter(user=cast.other_auditor).update(accredited_on=later)
    assert staff_now(today).auditors == 1
    assert staff_now(later).auditors == 2
    assert staff_now(today).moderators == 2
    assert "2 auditors can take 40 audits" in shown(client)
    quarter.policies["cases"]["accreditation_needed"] = True
    quarter.save()
    page = shown(client, rate="60%")
    assert "Only auditors who are accredited today count. 1 auditor can take 20 audits" in page
    assert "19 audits too many" in page


def test_accreditation_counts_as_the_quarter_is_now_also_after_the_freeze(
    client: Client, cast: Cast, quarter: AuditQuarter, cases: None
) -> None:
    freeze_frame(quarter=Quarter.parse(QUARTER), by=cast.analyst, now=NOW)
    Grader.objects.filter(user=cast.auditor).update(accredited_on=local_date(timezone.now()))
    assert "2 auditors can take 40 audits" in shown(client)
    quarter.policies["cases"]["accreditation_needed"] = True
    quarter.save()
    assert "accredited today count. 1 auditor can take 20 audits" in shown(client)


def test_the_verdict_counts_whoever_does_both_once(client: Client, cast: Cast, cases: None) -> None:
    Grader.objects.exclude(user=cast.auditor).delete()
    cast.auditor.groups.add(Group.objects.get(name=Role.MODERATOR))
    page = shown(client, rate="25%")  # 17 audits and 6 moderations for 20
    assert "1 person does both, and can take 20 audits and moderations together" in page
    assert "3 of both together too many" in page


def test_a_divided_frame_has_its_services_as_a_whole_and_says_groups_in_words(
    client: Client, cast: Cast, quarter: AuditQuarter
) -> None:
    open_cases(30, team=cast.riverside, ethnicity="WBRI")
    open_cases(20, team=cast.riverside, ethnicity="MWAS")
    open_cases(20, team=cast.hilltop, service="early_help", ethnicity="WBRI")
    page = shown(client, strata_by="ethnicity")
    whole = page.partition("Child Protection, all groups")[2].partition("</tr>")[0]
    assert re.findall(r">(\d+)<", whole)[:2] == ["50", "50"]
    out = page.partition('id="running-out"')[2]
    assert "Child Protection: White British (WBRI)" in out
    assert ">Child Protection: WBRI<" not in page


def test_only_what_closed_lately_counts_as_turnover(cast: Cast, cases: None) -> None:
    assert closed_lately(TODAY) == 1
    assert closed_lately(TODAY + timedelta(days=62)) == 0


def test_the_page_before_the_freeze(client: Client, cases: None) -> None:
    page = shown(client)
    assert "the frame is not frozen yet" in page
    assert "The rate of the programme is 5%" in page
    for rate in ("3%", "5%", "7%", "10%"):
        assert f'govuk-table__header--numeric">{rate}</th>' in page
    assert "2 auditors can take 40 audits" in page
    assert "All services" in page
    assert "Not within 10 years" not in page


def test_numbers_of_ones_own(client: Client, cases: None) -> None:
    page = shown(client, rate="100%", good="1/3", turnover="10%")
    assert 'govuk-table__header--numeric">100%</th>' in page
    assert "21 audits too many" in page  # 61 for 40
    assert "if 1/3 of the sample" in page
    assert "Not within 10 years" in page  # 3% of cases a quarter, while 10% are new
    assert "41 (4 short)" in page


def test_what_is_no_number_is_said_and_the_plan_stays(client: Client, cases: None) -> None:
    page = shown(client, rate="half", good="", turnover="200%")
    assert "<title>Error: " in page
    assert "“half” is not a sampling rate" in page
    assert "Enter the expected share" in page
    assert "a share ends at 100%" in page
    assert "if 50% of the sample" in page


def test_nothing_open_yet(client: Client, cast: Cast) -> None:
    response = client.get(PAGE)
    assert "There are no open cases to plan with yet" in response.content.decode()


def test_the_plan_asks_as_much_for_many_services(client: Client, cast: Cast) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            shown(client)
        return len(caught)

    open_cases(3, team=cast.riverside)
    one = asked()
    for service in ("early_help", "looked_after", "care_leaver"):
        open_cases(9, team=cast.hilltop, service=service)
    assert asked() == one


def test_the_quarter_leads_to_the_plan_until_it_is_drawn(client: Client, cases: None) -> None:
    assert PAGE in client.get(f"/quarters/{QUARTER}/").content.decode()
