"""The teams that a list would newly make, and the cases that would change team: told before."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases.models import CaseImport, Job, Team
from cases.operations.imports import confirm_list
from cases.operations.jobs import run_job
from tests.cast import NOW, Cast, open_case
from tests.integration.cases.importing import csv_bytes, open_now, uploaded

AsUser = Callable[[User], Client]
MISSPELT = csv_bytes(
    "1,CP,Riversyde,Pat Titioner,2026-01-02",
    "2,CP,RIVERSYDE,Pat Titioner,2026-01-02",
    "3,CP,Riverside,Pat Titioner,2026-01-02",
    "4,CP,Riversyde,Pat Titioner,2026-01-02",
    "5,CP,Hilltop,Pat Titioner,2026-01-02",
)


def page_of(case_import: CaseImport, client: Client) -> str:
    response = client.get(reverse("cases:import_detail", args=[case_import.pk]))
    return " ".join(response.content.decode().split())


def take_over(case_import: CaseImport, by: User) -> Job:
    job = confirm_list(case_import=case_import, compared_with=0, understood=True, by=by, now=NOW)
    run_job(str(job.pk))
    job.refresh_from_db()
    case_import.refresh_from_db()
    return job


def here(cast: Cast) -> None:
    for child in "1235":
        open_case(cast.riverside, cast.practitioner, child_id=child)


def test_new_teams_and_cases_that_change_team_are_counted(cast: Cast) -> None:
    here(cast)
    case_import = uploaded(MISSPELT, cast.analyst)
    assert case_import.summary["new_teams"] == {
        "number": 1,
        "first": [{"name": "Riversyde", "cases": 3, "coming": 2, "most_from": "Riverside"}],
    }
    assert case_import.summary["change_team"] == 3
    assert take_over(case_import, cast.analyst).status == "succeeded"
    assert {child: case[1] for child, case in open_now().items()} == {
        "1": "Riversyde", "2": "Riversyde", "3": "Riverside", "4": "Riversyde", "5": "Hilltop",
    }  # fmt: skip
    assert Team.objects.get(name="Riversyde").manager is None


def test_the_pages_before_and_after_name_the_new_teams(cast: Cast, as_user: AsUser) -> None:
    here(cast)
    analyst = as_user(cast.analyst)
    case_import = uploaded(MISSPELT, cast.analyst)
    page = page_of(case_import, analyst)
    assert "This list names teams that are not here yet." in page
    assert "1 new team, most cases first" in page
    assert "Riversyde</th>" in page
    assert "3 open cases would change team" in page
    take_over(case_import, cast.analyst)
    page = page_of(case_import, analyst)
    assert "This list made 1 new team." in page
    assert "Riversyde</th>" in page
    assert "3 open cases changed team" in page


def test_a_list_of_teams_that_are_here_says_nothing_of_teams(cast: Cast, as_user: AsUser) -> None:
    here(cast)
    case_import = uploaded(csv_bytes("1,CP,riverside,Pat Titioner,2026-01-02"), cast.analyst)
    assert case_import.summary["new_teams"] == {"number": 0, "first": []}
    page = page_of(case_import, as_user(cast.analyst))
    assert "new team" not in page
    assert "change team" not in page


def test_teams_of_children_who_stay_in_another_service_are_not_made(cast: Cast) -> None:
    open_case(cast.riverside, child_id="1")
    case_import = uploaded(csv_bytes("1,Early help,Elsewhere,P,2026-01-02"), cast.analyst)
    assert case_import.summary["kept"] == {"child_protection": 1}
    assert case_import.summary["new_teams"]["number"] == 0
    assert case_import.summary["change_team"] == 0


def test_a_list_is_compared_again_where_its_new_teams_are_others_than_shown(cast: Cast) -> None:
    here(cast)
    case_import = uploaded(MISSPELT, cast.analyst)
    Team.objects.create(name="riversyde")
    job = take_over(case_import, cast.analyst)
    assert job.status == "failed"
    assert "Compare it again" in job.error


def test_the_command_names_new_teams(cast: Cast, tmp_path: Path) -> None:
    here(cast)
    path = tmp_path / "cases.csv"
    path.write_bytes(MISSPELT)
    out = StringIO()
    call_command("import_cases", str(path), "--as-of", "2026-09-30", "--preview", stdout=out)
    assert "New teams, without a manager: Riversyde (3)" in out.getvalue()
    assert "Cases that the list has in another team: 3" in out.getvalue()
