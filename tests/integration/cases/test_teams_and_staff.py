"""Services, teams, practitioners and graders: operations and pages."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord
from accounts.operations import Refused
from accounts.roles import Role
from accounts.rules.table_file import read_table
from cases.models import Grader, Practitioner, Service, Team
from cases.operations.people import (
    change_service,
    import_services,
    import_teams,
    save_grader,
    save_practitioner,
    save_team,
)
from cases.queries.people import plan_for_teams
from cases.rules.people_files import TEAM_OPTIONAL, TEAM_REQUIRED
from tests.cast import NOW, Cast, open_case, open_cases, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(cast: Cast, as_user: Any) -> Client:
    return as_user(cast.administrator)


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(page.content.decode())))


def rows_of(page: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.content.decode("utf-8-sig"))))


def a_file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", text.encode(), content_type="text/csv")


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found
    return unescape(found[1])


# Operations


def team_facts(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {
        "team": None,
        "name": "Lakeside",
        "service": Service.objects.get(code="looked_after"),
        "manager": cast.manager,
        "deputy": cast.other_manager,
        "works_with_disability": True,
        "by": cast.administrator,
        "now": NOW,
        **changes,
    }


@pytest.mark.parametrize("who", ["lead", "director", "manager", "analyst", "nobody"])
def test_only_administrators_change_the_structure(cast: Cast, who: str) -> None:
    by = getattr(cast, who)
    service = Service.objects.first()
    assert service
    with pytest.raises(PermissionDenied):
        save_team(**team_facts(cast, by=by))
    with pytest.raises(PermissionDenied):
        change_service(service=service, head=None, deputy=None, by=by, now=NOW)
    with pytest.raises(PermissionDenied):
        save_practitioner(**practitioner_facts(by=by))
    with pytest.raises(PermissionDenied):
        save_grader(**grader_facts(cast, by=by))
    for take in (import_teams, import_services):
        with pytest.raises(PermissionDenied):
            take(text="", digest="", by=by, now=NOW)


def test_team_names_are_unique_whatever_their_capitals(cast: Cast) -> None:
    with pytest.raises(Refused, match="already"):
        save_team(**team_facts(cast, name="RIVERSIDE"))
    renamed = save_team(**team_facts(cast, team=cast.riverside, name="RIVERSIDE"))
    assert renamed.pk == cast.riverside.pk


def test_nobody_deputises_for_themselves(cast: Cast) -> None:
    with pytest.raises(Refused, match="own deputy"):
        save_team(**team_facts(cast, deputy=cast.manager))
    service = Service.objects.get(code="early_help")
    with pytest.raises(Refused, match="own deputy"):
        change_service(
            service=service, head=cast.head, deputy=cast.head, by=cast.administrator, now=NOW
        )


def practitioner_facts(**changes: Any) -> dict[str, Any]:
    return {
        "practitioner": None,
        "name": "Nell New",
        "staff_number": "",
        "team": None,
        "agency": False,
        "started_on": None,
        "left_on": None,
        "user": None,
        "now": NOW,
        **changes,
    }


def test_practitioners_are_told_apart(cast: Cast) -> None:
    by = cast.administrator
    first = save_practitioner(**practitioner_facts(team=cast.riverside, staff_number="7", by=by))
    with pytest.raises(Refused, match="staff number 7"):
        save_practitioner(**practitioner_facts(name="Other", staff_number="7", by=by))
    same = practitioner_facts(name="Pat Titioner", team=cast.riverside, by=by)
    with pytest.raises(Refused, match="Give both a staff number"):
        save_practitioner(**same)
    with pytest.raises(Refused, match="sign-in of another"):
        save_practitioner(**practitioner_facts(user=cast.practitioner_user, by=by))
    assert first.staff_number == "7"


def grader_facts(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {
        "grader": None,
        "user": cast.validator,
        "team": None,
        "capacity": 4,
        "accredited_on": date(2026, 9, 1),
        "exempt_reason": "",
        "exempt_approved_by": None,
        "by": cast.administrator,
        "now": NOW,
        **changes,
    }


def test_exemption_is_approved_by_a_director_who_is_somebody_else(cast: Cast) -> None:
    with pytest.raises(Refused, match="needs the director"):
        save_grader(**grader_facts(cast, exempt_reason="On leave"))
    with pytest.raises(Refused, match="not a director"):
        save_grader(**grader_facts(cast, exempt_reason="On leave", exempt_approved_by=cast.lead))
    grading_director = person("Dora Both", Role.DIRECTOR, Role.AUDITOR)
    with pytest.raises(Refused, match="their own"):
        save_grader(
            **grader_facts(
                cast,
                user=grading_director,
                exempt_reason="On leave",
                exempt_approved_by=grading_director,
            )
        )
    exempt = save_grader(
        **grader_facts(cast, exempt_reason="On leave", exempt_approved_by=cast.director)
    )
    assert exempt.exempt_approved_by == cast.director
    back = save_grader(**grader_facts(cast, grader=exempt, exempt_approved_by=cast.director))
    assert back.exempt_approved_by is None


def test_exemption_stands_when_its_approver_is_no_longer_director(cast: Cast) -> None:
    facts = grader_facts(cast, exempt_reason="On leave", exempt_approved_by=cast.director)
    grader = save_grader(**facts)
    cast.director.groups.clear()
    changed = save_grader(**{**facts, "grader": grader, "capacity": 2})
    assert changed.capacity == 2


def test_somebody_is_a_grader_once(cast: Cast) -> None:
    with pytest.raises(Refused, match="already"):
        save_grader(**grader_facts(cast, user=cast.auditor))


def test_team_file_is_taken_whole_or_not_at_all(cast: Cast) -> None:
    text = (
        "team,service,manager_email,deputy_email,disability\n"
        f"Lakeside,Looked After,{cast.manager.email},,yes\n"
        f"Riverside,Child Protection,{cast.other_manager.email},{cast.manager.email},\n"
    )
    table = read_table(text, required=TEAM_REQUIRED, optional=TEAM_OPTIONAL)
    digest = plan_for_teams(table).plan.digest
    import_teams(text=text, digest=digest, by=cast.administrator, now=NOW)
    lakeside = Team.objects.get(name="Lakeside")
    assert (lakeside.service.code, lakeside.works_with_disability) == ("looked_after", True)  # type: ignore[union-attr]
    cast.riverside.refresh_from_db()
    assert (cast.riverside.manager, cast.riverside.deputy) == (cast.other_manager, cast.manager)
    with pytest.raises(Refused, match="changed since you looked"):
        import_teams(text=text, digest=digest, by=cast.administrator, now=NOW)
    with pytest.raises(Refused, match="has problems"):
        import_teams(text=text + "X,Nursing,,,\n", digest=digest, by=cast.administrator, now=NOW)


# Pages


def test_team_list_counts_those_who_are_here(cast: Cast, site: Client) -> None:
    Practitioner.objects.create(name="A", team=cast.riverside, agency=True)
    Practitioner.objects.create(name="B", team=cast.riverside, left_on=date(2026, 9, 1))
    page = words(site.get("/teams/", {"text": "river"}))
    assert "1 team" in page
    assert re.search(r"Riverside Child Protection Mandy Ager Nobody No 2 1\b", page)


@pytest.mark.parametrize("path", ["/teams/", "/practitioners/", "/graders/"])
def test_lists_take_as_many_queries_for_thirty_as_for_one(
    cast: Cast, site: Client, path: str
) -> None:
    with CaptureQueriesContext(connection) as few:
        site.get(path)
    for number in range(30):
        team = Team.objects.create(
            name=f"Team {number}", service=Service.objects.first(), manager=cast.manager
        )
        user = person(f"Extra {number}", Role.PRACTITIONER, Role.AUDITOR)
        Practitioner.objects.create(name=f"P {number}", team=team, user=user)
        Grader.objects.create(user=user, team=team)
    with CaptureQueriesContext(connection) as many:
        assert "Next" in words(site.get(path))
    assert len(many) == len(few)


def test_team_is_added_and_changed(cast: Cast, site: Client) -> None:
    service = Service.objects.get(code="looked_after")
    given = {"name": "Lakeside", "service": service.pk, "manager": cast.manager.pk, "deputy": ""}
    page = words(site.post("/teams/add/", given, follow=True))
    assert "Lakeside was added" in page
    team = Team.objects.get(name="Lakeside")
    site.post(f"/teams/{team.pk}/", {**given, "works_with_disability": "on"})
    team.refresh_from_db()
    assert team.works_with_disability


def test_team_page_shows_who_works_there(cast: Cast, site: Client) -> None:
    open_cases(3, practitioner=cast.practitioner, team=cast.riverside)
    open_case(practitioner=cast.practitioner, closed_on=date(2026, 9, 1))
    page = words(site.get(f"/teams/{cast.riverside.pk}/"))
    assert "Pat Titioner No Yes 3" in page


def test_only_team_managers_can_be_chosen(cast: Cast, site: Client) -> None:
    page = site.post("/teams/add/", {"name": "Lakeside", "manager": cast.auditor.pk})
    assert "Select a valid choice" in words(page)
    cast.manager.groups.clear()
    shown = words(site.get(f"/teams/{cast.riverside.pk}/"))
    assert "Mandy Ager" in shown  # who manages it already stays to be chosen


def test_refused_team_keeps_what_was_typed(cast: Cast, site: Client) -> None:
    page = site.post("/teams/add/", {"name": "Hilltop", "manager": cast.manager.pk})
    assert "There is a team called Hilltop already" in words(page)
    assert f'value="{cast.manager.pk}" selected' in page.content.decode()


def test_service_gets_its_head_and_deputy(cast: Cast, site: Client) -> None:
    given = {"head": cast.other_head.pk, "deputy": cast.head.pk}
    assert "was changed" in words(site.post("/services/looked_after/", given, follow=True))
    service = Service.objects.get(code="looked_after")
    assert (service.head, service.deputy) == (cast.other_head, cast.head)
    assert site.get("/services/nursing/").status_code == 404


def test_practitioner_is_linked_to_a_sign_in(cast: Cast, site: Client) -> None:
    user = person("Nell New", Role.PRACTITIONER)
    given = {
        "name": "Nell New",
        "team": cast.riverside.pk,
        "agency": "on",
        "user": user.pk,
        "left_on_day": "1",
        "left_on_month": "9",
        "left_on_year": "2026",
    }
    assert "Nell New was added" in words(site.post("/practitioners/add/", given, follow=True))
    one = Practitioner.objects.get(name="Nell New")
    assert (one.user, one.agency, one.left_on) == (user, True, date(2026, 9, 1))
    shown = site.get(f"/practitioners/{one.pk}/").content.decode()
    assert f'value="{user.pk}" selected' in shown
    assert "Nell New" in words(site.get("/practitioners/", {"state": "left"}))
    assert "Pat Titioner" not in words(site.get("/practitioners/", {"agency": "yes"}))


def test_grader_is_added_and_exempted(cast: Cast, site: Client) -> None:
    given = {"user": cast.validator.pk, "capacity": "3"}
    assert "Val Dator was added" in words(site.post("/graders/add/", given, follow=True))
    grader = Grader.objects.get(user=cast.validator)
    given = {"capacity": "3", "exempt_reason": "On leave"}
    page = words(site.post(f"/graders/{grader.pk}/", given))
    assert "Choose the director who approved the exemption" in page
    site.post(f"/graders/{grader.pk}/", {**given, "exempt_approved_by": cast.director.pk})
    exempt = words(site.get("/graders/", {"state": "exempt"}))
    assert "On leave (approved by Dee Rector)" in exempt
    assert "Audrey Tor" not in exempt


@pytest.mark.parametrize("what", ["teams", "services"])
def test_downloaded_list_goes_back_in_unchanged(cast: Cast, site: Client, what: str) -> None:
    download = site.get(f"/{what}/download/").content.decode("utf-8-sig")
    page = site.post(f"/{what}/upload/", {"file": a_file(download)})
    assert "Nothing to change" in words(page)
    assert AccessRecord.objects.get().what == what


@pytest.mark.parametrize(
    ("what", "name"), [("practitioners", "Pat Titioner"), ("graders", "Audrey Tor")]
)
def test_other_lists_are_downloaded_and_logged(
    cast: Cast, site: Client, what: str, name: str
) -> None:
    rows = rows_of(site.get(f"/{what}/download/"))
    assert name in {row.get("practitioner") or row.get("name") for row in rows}
    assert AccessRecord.objects.get().what == what


def test_list_of_teams_is_shown_first_and_then_taken(cast: Cast, site: Client) -> None:
    text = f"team,service,manager_email\nLakeside,Looked After,{cast.manager.email}\n"
    page = site.post("/teams/upload/", {"file": a_file(text)})
    assert "Check the changes" in words(page)
    assert not Team.objects.filter(name="Lakeside").exists()
    given = {"text": hidden(page, "text"), "digest": hidden(page, "digest")}
    done = site.post("/teams/upload/confirm/", given, follow=True)
    assert "Added 1 team." in words(done)
    assert Team.objects.get(name="Lakeside").manager == cast.manager


def test_list_of_heads_is_shown_first_and_then_taken(cast: Cast, site: Client) -> None:
    text = f"service,head_email,deputy_email\nEarly Help,{cast.head.email},\n"
    page = site.post("/services/upload/", {"file": a_file(text)})
    assert f"Head of Service: {cast.other_head.email} → {cast.head.email}" in words(page)
    given = {"text": hidden(page, "text"), "digest": hidden(page, "digest")}
    site.post("/services/upload/confirm/", given)
    assert Service.objects.get(code="early_help").head == cast.head


def test_wrong_list_of_teams_is_explained_by_line(site: Client) -> None:
    page = words(site.post("/teams/upload/", {"file": a_file("team,service\nX,Nursing\n")}))
    assert "2 service There is no service called “Nursing”." in page
    assert "Make these changes" not in page
