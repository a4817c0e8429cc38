"""Practitioners of a list: who is meant, what the preview says of it, and who is added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, User
from cases.models import Case, Practitioner, Team
from cases.operations.imports import confirm_list
from cases.operations.jobs import run_job
from cases.queries.gaps import known_workers
from tests.cast import NOW, Cast
from tests.integration.cases.importing import confirmed, csv_bytes, open_now, uploaded

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
NAMES = ("Ann Moved", "Bea Twice", "Cy Unlisted", "Di Left", "Ed Copied", "Flo Nowhere", "Nobody")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def people(cast: Cast) -> Cast:
    def add(name: str, team: Team | None, number: str = "", **facts: Any) -> None:
        Practitioner.objects.create(name=name, team=team, staff_number=number, **facts)

    add("Ann Moved", cast.riverside, "1")
    add("Bea Twice", cast.riverside, "2")
    add("Bea Twice", cast.hilltop, "3")
    add("Cy Unlisted", cast.riverside)
    add("Di Left", cast.riverside, "5", left_on=date(2026, 1, 1))
    add("Ed Copied", cast.riverside, in_staff_list=True)
    add("Ed Copied", None)
    add("Flo Nowhere", None)
    return cast


def test_a_list_means_the_same_people_as_every_other_file(people: Cast) -> None:
    """The rule stands twice: in Python, and in SQL for a whole list at once."""
    # A list in which a name stands with a team as well says more than a file with one line.
    for teams in (("",), ("Riverside", "Hilltop", "Harbour")):
        named = list(product(NAMES, teams))
        known, before = known_workers(), set(Practitioner.objects.values_list("pk", flat=True))
        rows = [f"{n},CP,{team},{name},2026-01-02" for n, (name, team) in enumerate(named)]
        confirmed(csv_bytes(*rows), people.analyst)
        held = dict(Case.objects.values_list("child__local_id", "practitioner"))
        for number, (name, team) in enumerate(named):
            meant = known.find(name, team)
            if meant:
                assert held[str(number)] == meant.id, (name, team)
            else:
                assert held[str(number)] not in before, (name, team)


def test_a_list_without_teams_takes_the_practitioners_team(people: Cast, as_user: AsUser) -> None:
    listed = uploaded(
        csv_bytes("1,CP,,Ann Moved,2026-01-02", "2,CP,,Nobody,2026-01-02"), people.analyst
    )
    staff = listed.summary["staff"]
    assert (staff["new"], staff["by_name"]) == (1, 1)
    page = text_of(as_user(people.analyst).get(reverse("cases:import_detail", args=[listed.pk])))
    assert "1 practitioner of this list was found by name alone" in page
    assert "1 new name, most cases first" in page

    job = confirm_list(
        case_import=listed, compared_with=0, understood=True, by=people.analyst, now=NOW
    )
    run_job(str(job.pk))
    assert open_now() == {
        "1": ("child_protection", "Riverside", "Ann Moved"),
        "2": ("child_protection", "", "Nobody"),
    }


def test_the_page_of_a_confirmed_list_says_whom_the_names_meant_then(people: Cast) -> None:
    """The staff list may be put right between the preview and the confirmation."""
    listed = uploaded(csv_bytes("1,CP,Riverside,New Name,2026-01-02"), people.analyst)
    assert listed.summary["staff"]["new"] == 1
    Practitioner.objects.create(name="New Name", team=people.riverside, in_staff_list=True)
    job = confirm_list(
        case_import=listed, compared_with=0, understood=True, by=people.analyst, now=NOW
    )
    run_job(str(job.pk))
    listed.refresh_from_db()
    assert (listed.status, listed.summary["staff"]["new"]) == ("confirmed", 0)


def test_a_case_in_another_team_than_its_worker_has_the_same_worker(people: Cast) -> None:
    confirmed(csv_bytes("1,CP,Hilltop,Ann Moved,2026-01-02"), people.analyst)
    assert open_now() == {"1": ("child_protection", "Hilltop", "Ann Moved")}
    assert Practitioner.objects.filter(name="Ann Moved").get().team == people.riverside


def test_a_team_that_was_completed_stays_where_a_list_has_no_teams(people: Cast) -> None:
    confirmed(csv_bytes("1,CP,Hilltop,Flo Nowhere,2026-01-02"), people.analyst)
    confirmed(csv_bytes("1,CP,,Nobody,2026-01-02"), people.analyst, date(2026, 10, 31))
    assert open_now() == {"1": ("child_protection", "Hilltop", "Nobody")}


def test_all_new_names_can_be_downloaded(people: Cast, as_user: AsUser) -> None:
    rows = [f"{n},CP,Riverside,New Worker {n:02},2026-01-02" for n in range(25)]
    listed = uploaded(csv_bytes(*rows), people.analyst)
    analyst = as_user(people.analyst)
    page = text_of(analyst.get(reverse("cases:import_detail", args=[listed.pk])))
    assert "The first 20 are shown." in page
    assert "New Worker 20" not in page
    file = analyst.get(reverse("cases:import_new_names", args=[listed.pk]))
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "practitioner,team,cases in the list"
    assert lines[-1] == "New Worker 24,Riverside,1"
    assert len(lines) == 26
    assert AccessRecord.objects.get().what == "new-practitioners"
