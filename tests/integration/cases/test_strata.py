"""Strata by more than service: chosen with the freeze, seen on every page, and verified."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.operations import Refused
from cases.models import AuditQuarter, Draw, Job, Practitioner, SamplingFrame, Service, Team
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.operations.jobs import run_job
from cases.operations.replacement import decide_replacement, request_replacement
from cases.queries.certificate import certificate, certificate_pdf
from cases.queries.planner import planning_basis
from cases.rules.labels import ETHNICITIES
from cases.rules.policy import STRATA_BY
from cases.rules.quarters import Quarter
from config.launch import ROOT
from reports.queries import _frame_counts
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case, open_cases

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
FRAME = f"/quarters/{QUARTER}/frame/"


@pytest.fixture
def cases(cast: Cast) -> None:
    """Child protection in two teams and in none, early help in one."""
    open_cases(41, team=cast.riverside, practitioner=cast.practitioner)
    open_cases(20, team=Team.objects.create(name="Hill & Dale"))
    open_cases(3)
    open_cases(21, team=cast.hilltop, service="early_help")


def drawn(cast: Cast, strata_by: str) -> Draw:
    freeze_frame(quarter=Q3, strata_by=strata_by, by=cast.analyst, now=NOW)
    return draw_sample(quarter=Q3, seed="dice: 4 1 6 2", by=cast.analyst, now=NOW)


def numbers(draw: Draw) -> dict[str, tuple[int, int]]:
    return {name: (found["open"], found["selected"]) for name, found in draw.strata.items()}


def test_each_team_of_a_service_has_a_quota_of_its_own(cast: Cast, cases: None) -> None:
    draw = drawn(cast, "team")
    riverside, hilltop = cast.riverside.name, cast.hilltop.name
    assert numbers(draw) == {
        f"Child Protection: {riverside}": (41, 3),
        "Child Protection: Hill & Dale": (20, 1),
        "Child Protection: not known": (3, 1),
        f"Early Help: {hilltop}": (21, 2),
    }
    selected = draw.cases.filter(role="selected").select_related("entry__team", "entry__service")
    assert Counter(case.stratum for case in selected) == {
        name: selected for name, (_, selected) in numbers(draw).items()
    }
    for case in selected:
        team = case.entry.team.name if case.entry.team else "not known"
        assert case.stratum == f"{case.entry.service.name}: {team}"


def test_the_choice_is_made_with_the_freeze_and_said_everywhere(
    cast: Cast, cases: None, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    assert "Service and team" in client.get(FRAME).content.decode()
    client.post(reverse("cases:quarter_freeze", args=[QUARTER]), {"strata_by": "team"})
    run_job(str(Job.objects.get(status="queued").pk))
    frame = SamplingFrame.objects.get()
    assert frame.services_of_strata["Child Protection: Hill & Dale"] == "Child Protection"
    page = client.get(FRAME).content.decode()
    assert "Child Protection: Hill &amp; Dale" in page
    assert "Child Protection: not known" in page
    draw = draw_sample(quarter=Q3, seed="s", by=cast.analyst, now=NOW)
    assert draw.policy["strata_by"] == "team"
    page = client.get(f"/quarters/{QUARTER}/draws/1/").content.decode()
    assert '<th scope="col" class="govuk-table__header">Service and team</th>' in page
    shown = {"stratum": "Child Protection: Hill & Dale"}
    page = client.get(f"/quarters/{QUARTER}/draws/1/", shown).content.decode()
    of_hill = draw.cases.filter(stratum=shown["stratum"])
    assert f"{of_hill.count()} cases, group by group" in page
    page = client.get(f"/quarters/{QUARTER}/plan/").content.decode()
    assert '<th scope="col" class="govuk-table__header">Service and team</th>' in page
    # The plan is made of the same groups, the services in their order.
    planned = [service.name for service in planning_basis(frame.quarter, TODAY).services]
    assert [name.partition(": ")[0] for name in planned] == [
        "Early Help",
        *["Child Protection"] * 3,
    ]


def test_what_is_no_choice_is_refused_on_its_field(
    cast: Cast, cases: None, as_user: AsUser
) -> None:
    address = reverse("cases:quarter_freeze", args=[QUARTER])
    page = as_user(cast.analyst).post(address, {"strata_by": "shoe size"}).content.decode()
    assert "shoe size is not one of the available choices" in page
    assert not Job.objects.exists()
    with pytest.raises(Refused, match="strata_by must be one of"):
        freeze_frame(quarter=Q3, strata_by="shoe size", by=cast.analyst, now=NOW)


def verify(path: Path) -> Any:
    program = ROOT / "cases" / "verify_draw.py"
    return subprocess.run(
        [sys.executable, "-I", str(program), str(path)], capture_output=True, text=True, check=False
    )


def test_a_stranger_verifies_it_and_notices_another_stratum(
    cast: Cast, cases: None, tmp_path: Path
) -> None:
    data = certificate(drawn(cast, "team"))
    path = tmp_path / "draw.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert "verified" in verify(path).stdout
    moved = next(case for case in data["frame"]["cases"] if "Hill" in case["stratum"])
    moved["stratum"] = "Child Protection: not known"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert verify(path).returncode == 1


@pytest.mark.parametrize("strata_by", sorted(STRATA_BY))
def test_every_choice_can_be_frozen_and_drawn(cast: Cast, strata_by: str) -> None:
    for age in (-1, 0, 4, 5, 15, 16, None):
        open_case(
            cast.riverside, cast.practitioner, age_years=age, gender="Female", plan="Care plan",
            ethnicity="WBRI" if age else "", legal_status="C2", transferred_in_from="Fenland",
        )  # fmt: skip
    draw = drawn(cast, strata_by)
    found = {name.partition(": ")[2]: n for name, (n, _) in numbers(draw).items()}
    expected: dict[str, dict[str, int]] = {
        "service": {"": 7},
        "team": {cast.riverside.name: 7},
        "age": {
            "under 1": 2, "1 to 4": 1, "5 to 9": 1, "10 to 15": 1, "16 and over": 1, "not known": 1,
        },
        "gender": {"Female": 7},
        "ethnicity": {"WBRI": 5, "not known": 2},
        "disability": {"not known": 7},
        "legal_status": {"C2": 7},
        "plan": {"Care plan": 7},
        "transferred_in_from": {"Fenland": 7},
        "agency": {"employed": 7},
    }  # fmt: skip
    assert found == expected[strata_by]
    assert sum(selected for _, selected in numbers(draw).values()) == len(found)


@pytest.mark.parametrize("strata_by", STRATA_BY)
def test_the_plan_before_the_freeze_counts_what_the_freeze_finds(
    cast: Cast, cases: None, strata_by: str
) -> None:
    for age, agency in ((0, True), (1, False), (9, True), (16, None), (None, None)):
        worker = Practitioner.objects.create(
            name=f"W {age}", team=cast.riverside, agency=agency or False
        )
        open_case(
            cast.riverside, worker if agency is not None else None, age_years=age,
            gender="female" if age else "", ethnicity="WBRI" if age else "  ",
            transferred_in_from="Fenland " if age else "",
        )  # fmt: skip
    quarter = AuditQuarter(label=QUARTER, starts_on=Q3.starts, ends_on=Q3.ends)
    before = planning_basis(quarter, TODAY, strata_by)
    frame = freeze_frame(quarter=Q3, strata_by=strata_by, by=cast.analyst, now=NOW)
    after = planning_basis(frame.quarter, TODAY)
    assert [one for one in before.services if one.open] == [
        one for one in after.services if one.open
    ]


def test_the_plan_shows_what_another_division_would_give(
    cast: Cast, cases: None, as_user: AsUser
) -> None:
    address = f"/quarters/{QUARTER}/plan/"
    client = as_user(cast.analyst)
    shown = client.get(address, {"strata_by": "team"}).content.decode()
    assert "Child Protection: Hill &amp; Dale" in shown
    assert '<option value="team" selected' in shown
    assert "Child Protection: Hill" not in client.get(address).content.decode()
    assert client.get(address, {"strata_by": "shoe size"}).status_code == 200
    drawn(cast, "service")
    assert 'name="strata_by"' not in client.get(address).content.decode()


def of_groups(cast: Cast, groups: Sequence[str]) -> None:
    """Three open cases of child protection in each ethnic group."""
    for group in groups:
        for _ in range(3):
            open_case(cast.riverside, cast.practitioner, ethnicity=group)


@pytest.mark.pdf
def test_ethnic_groups_are_said_in_words_and_hashed_as_codes(cast: Cast, as_user: AsUser) -> None:
    of_groups(cast, ["WBRI", "BAFR"])
    draw = drawn(cast, "ethnicity")
    assert "Child Protection: WBRI" in draw.strata
    client = as_user(cast.analyst)
    words = "Child Protection: White British (WBRI)"
    for page in (FRAME, f"/quarters/{QUARTER}/draws/1/", f"/quarters/{QUARTER}/plan/"):
        assert words in client.get(page).content.decode(), page
    pages = pypdf.PdfReader(io.BytesIO(certificate_pdf(draw).pdf)).pages
    assert words in " ".join(" ".join(page.extract_text() for page in pages).split())


def test_pages_take_the_same_queries_for_many_groups(cast: Cast, as_user: AsUser) -> None:
    client, codes = as_user(cast.analyst), list(ETHNICITIES)

    def queries() -> list[int]:
        counted = []
        for page in ("", "frame/", "plan/", "draws/1/"):
            address = f"/quarters/{QUARTER}/{page}"
            client.get(address)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(address).status_code == 200
            counted.append(len(caught))
        return counted

    of_groups(cast, codes[:2])
    with transaction.atomic():
        drawn(cast, "ethnicity")
        few = queries()
        transaction.set_rollback(True)
    of_groups(cast, codes)
    assert len(drawn(cast, "ethnicity").strata) == len(codes)
    assert queries() == few


def test_the_report_adds_the_groups_of_a_service_up(cast: Cast, cases: None) -> None:
    draw = drawn(cast, "team")
    services = {service.name: service for service in Service.objects.select_related("line")}
    counts = {count.service: count for count in _frame_counts(draw, services)}
    assert set(counts) == {"Child Protection", "Early Help"}
    found = counts["Child Protection"]
    assert (found.open, found.eligible, found.quota, found.selected) == (64, 64, 5, 5)


def test_two_services_in_one_group_are_refused(cast: Cast) -> None:
    odd = Service.objects.get(code="early_help")
    odd.name = "Child Protection: A"
    odd.save()
    open_case(Team.objects.create(name="A: B"))
    open_case(Team.objects.create(name="B"), service="early_help")
    with pytest.raises(Refused, match="Two services have a stratum of the same name"):
        freeze_frame(quarter=Q3, strata_by="team", by=cast.analyst, now=NOW)
    assert not SamplingFrame.objects.exists()


def test_a_reserve_comes_from_the_same_group(cast: Cast, cases: None) -> None:
    draw = drawn(cast, "team")
    case = draw.cases.filter(role="selected", stratum__endswith="Hill & Dale").get()
    request = request_replacement(
        sampled_case=case, reason="file_unavailable", explanation="", by=cast.analyst, now=NOW
    )
    decide_replacement(replacement=request, approve=True, note="", by=cast.lead, now=NOW)
    case.refresh_from_db()
    assert case.replaced_by is not None
    assert case.replaced_by.stratum == case.stratum
    assert case.replaced_by.rank == 2


def test_a_frame_of_services_says_nothing_of_groups(cast: Cast, cases: None) -> None:
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    assert frame.services_of_strata == {}
    assert frame.strata_by == "service"
