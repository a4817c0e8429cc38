"""The pages about people."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AccessRecord, User
from accounts.roles import Role
from tests.cast import NOW, Cast, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(cast: Cast, as_user: Any) -> Client:
    return as_user(cast.administrator)


def names_on(page: Any) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]+)</a>', page.content.decode())


def rows_of(page: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.content.decode("utf-8-sig"))))


def a_file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")


def test_list_is_searched_and_filtered(cast: Cast, site: Client) -> None:
    assert names_on(site.get("/people/", {"text": "audrey northmoor"})) == ["Audrey Tor"]
    found = names_on(site.get("/people/", {"role": Role.AUDITOR}))
    assert found == ["Audrey Tor", "Otto Tor"]
    User.objects.filter(pk=cast.other_auditor.pk).update(is_active=False)
    assert names_on(site.get("/people/", {"state": "inactive"})) == ["Otto Tor"]
    assert "Nobody matches" in site.get("/people/", {"text": "zzz"}).content.decode()


def test_system_account_is_not_a_person(site: Client) -> None:
    system = User.objects.system()
    assert site.get(f"/people/{system.pk}/").status_code == 404
    assert names_on(site.get("/people/", {"text": system.name})) == []


def test_list_takes_as_many_queries_for_thirty_as_for_one(
    cast: Cast, site: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(6):
        assert len(names_on(site.get("/people/", {"text": "audrey"}))) == 1
    for number in range(30):
        person(f"Extra {number}", Role.AUDITOR, Role.MODERATOR)
    with django_assert_num_queries(6):
        assert len(names_on(site.get("/people/"))) == 25


def test_pages_keep_the_filter(site: Client) -> None:
    for number in range(30):
        person(f"Extra {number}", Role.AUDITOR)
    page = site.get("/people/", {"role": Role.AUDITOR}).content.decode()
    assert "?role=auditor&amp;page=2" in page
    assert "/people/download/?role=auditor" in page


def test_download_holds_what_the_list_shows_and_is_logged(cast: Cast, site: Client) -> None:
    rows = rows_of(site.get("/people/download/", {"role": Role.AUDITOR}))
    assert [row["email"] for row in rows] == [cast.auditor.email, cast.other_auditor.email]
    assert rows[0] == {
        "name": "Audrey Tor",
        "email": cast.auditor.email,
        "roles": "Auditor",
        "active": "yes",
    }
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.what) == (cast.administrator, "downloaded", "people")


def test_download_holds_no_formula_and_goes_back_in_unchanged(site: Client) -> None:
    person("=HYPERLINK('x')", Role.AUDITOR)
    download = site.get("/people/download/")
    assert "\n'=HYPERLINK" in download.content.decode()
    page = site.post(
        "/people/upload/", {"file": a_file(download.content.decode("utf-8-sig"))}
    ).content.decode()
    assert "Nothing to change" in page


def test_person_is_added(cast: Cast, site: Client) -> None:
    given = {"name": "  Nina   New ", "email": "Nina@Northmoor.test", "roles": ["auditor"]}
    page = site.post("/people/add/", given, follow=True)
    assert "Nina New was added" in page.content.decode()
    assert User.objects.get(email="nina@northmoor.test").roles == {Role.AUDITOR}


def test_refusal_is_on_the_form_and_nothing_typed_is_lost(cast: Cast, site: Client) -> None:
    given = {"name": "Nina New", "email": cast.auditor.email, "roles": ["moderator"]}
    page = site.post("/people/add/", given).content.decode()
    assert "Somebody else already has the address" in page
    assert 'value="Nina New"' in page
    assert re.search(r'value="moderator"[^>]*checked', page)


def test_person_is_changed(cast: Cast, site: Client) -> None:
    shown = site.get(f"/people/{cast.auditor.pk}/").content.decode()
    assert re.search(r'value="auditor"[^>]*checked', shown)
    given = {
        "name": "Audrey Other",
        "email": cast.auditor.email,
        "roles": ["moderator"],
        "active": "no",
    }
    site.post(f"/people/{cast.auditor.pk}/", given)
    changed = User.objects.get(pk=cast.auditor.pk)
    assert (changed.name, changed.is_active) == ("Audrey Other", False)
    assert changed.roles == {Role.MODERATOR}


def test_own_administrator_role_stays(cast: Cast, site: Client) -> None:
    user = cast.administrator
    given = {"name": user.name, "email": user.email, "roles": [], "active": "yes"}
    page = site.post(f"/people/{user.pk}/", given).content.decode()
    assert "You cannot take your own administrator role" in page
    assert "Error: " in page
    assert User.objects.get(pk=user.pk).roles == {Role.ADMINISTRATOR}


def test_invitation_again(cast: Cast, site: Client) -> None:
    new = User.objects.create_user("new@northmoor.test", "New", None)
    assert "Send the link again" in site.get(f"/people/{new.pk}/").content.decode()
    assert "Send the link" not in site.get(f"/people/{cast.auditor.pk}/").content.decode()
    page = site.post(f"/people/{new.pk}/invite/", follow=True).content.decode()
    assert "on its way to new@northmoor.test" in page
    page = site.post(f"/people/{cast.auditor.pk}/invite/", follow=True).content.decode()
    assert "has a password" in page
    assert site.get(f"/people/{new.pk}/invite/").status_code == 405


def hidden(page: str, name: str) -> str:
    from html import unescape

    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def test_list_is_shown_first_and_then_taken(cast: Cast, site: Client) -> None:
    text = f'name,email,roles\n"New\nPerson",new@x.test,Auditor\nAudrey,{cast.auditor.email},\n'
    page = site.post("/people/upload/", {"file": a_file(text)}).content.decode()
    assert "Check the changes" in page
    assert "roles: Auditor → no role" in page
    assert not User.objects.filter(email="new@x.test").exists()
    given = {"text": hidden(page, "text"), "digest": hidden(page, "digest")}
    done = site.post("/people/upload/confirm/", given, follow=True).content.decode()
    assert "Added 1 person and changed 1." in done
    assert User.objects.get(email="new@x.test").name == "New Person"
    assert User.objects.get(pk=cast.auditor.pk).name == "Audrey"


def test_sending_the_same_list_twice_changes_nothing_more(site: Client) -> None:
    page = site.post(
        "/people/upload/", {"file": a_file("name,email,roles\nN,new@x.test,Auditor\n")}
    ).content.decode()
    given = {"text": hidden(page, "text"), "digest": hidden(page, "digest")}
    site.post("/people/upload/confirm/", given)
    again = site.post("/people/upload/confirm/", given)
    assert again.status_code == 422
    assert "changed since you looked" in again.content.decode()
    assert "Nothing to change" in again.content.decode()


def test_problems_are_listed_by_line_and_cannot_be_confirmed(site: Client) -> None:
    text = "name,email,roles\nGood,good@x.test,\nBad,nonsense,Wizard\n"
    page = site.post("/people/upload/", {"file": a_file(text)}).content.decode()
    assert "The file has problems" in page
    assert "“nonsense” is not an email address." in page
    assert "There is no role called “Wizard”." in page
    assert "Make these changes" not in page


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (None, "Choose a CSV file"),
        (SimpleUploadedFile("e.csv", b""), "The file is empty"),
        (SimpleUploadedFile("big.csv", b"x" * (1024 * 1024 + 1)), "smaller than 1 MB"),
    ],
)
def test_file_that_cannot_be_taken(site: Client, file: Any, words: str) -> None:
    page = site.post("/people/upload/", {"file": file} if file else {}).content.decode()
    assert words in page


def test_confirming_without_a_file_asks_for_one(site: Client) -> None:
    assert site.post("/people/upload/confirm/", {})["Location"] == "/people/upload/"


def test_template_has_the_headings(site: Client) -> None:
    page = site.get("/people/upload/template/").content.decode("utf-8-sig")
    assert page.strip() == "name,email,roles,active"


def test_access_log_is_filtered_and_downloaded(cast: Cast, as_user: Any) -> None:
    for user, kind, day in (
        (cast.auditor, "read", 1),
        (cast.auditor, "downloaded", 2),
        (cast.lead, "read", 3),
    ):
        AccessRecord.objects.create(
            user=user,
            kind=kind,
            what="audit",
            reference=f"2026-Q3-000{day}",
            at=NOW.replace(day=day),
        )
    site = as_user(cast.governance)
    everything = site.get("/people/access-log/").content.decode()
    assert re.findall(r"2026-Q3-000\d", everything) == [
        "2026-Q3-0003",
        "2026-Q3-0002",
        "2026-Q3-0001",
    ]
    query = {
        "person": cast.auditor.pk,
        "since": "2026-10-02",
        "to": "2026-10-02",
    }
    assert re.findall(
        r"2026-Q3-000\d", site.get("/people/access-log/", query).content.decode()
    ) == ["2026-Q3-0002"]
    rows = rows_of(site.get("/people/access-log/download/", {"kind": "read"}))
    assert [(row["person"], row["reference"]) for row in rows] == [
        ("Quentin Lead", "2026-Q3-0003"),
        ("Audrey Tor", "2026-Q3-0001"),
    ]
    assert AccessRecord.objects.filter(user=cast.governance, what="access log").count() == 1


def test_access_log_says_what_is_wrong_with_its_dates(cast: Cast, site: Client) -> None:
    query = {
        "since": "2026-10-02",
        "to": "2026-10-01",
    }
    page = site.get("/people/access-log/", query).content.decode()
    assert "must be the same day as “From” or later" in page


def test_access_log_takes_as_many_queries_for_thirty_as_for_one(
    cast: Cast, site: Client, django_assert_num_queries: Any
) -> None:
    make = AccessRecord.objects.create
    make(user=cast.auditor, kind="read", what="audit", reference="2026-Q3-0001", at=NOW)
    with django_assert_num_queries(6):
        site.get("/people/access-log/")
    for number in range(30):
        reference = f"2026-Q3-{number:04}"
        make(user=cast.lead, kind="read", what="audit", reference=reference, at=NOW)
    with django_assert_num_queries(6):
        site.get("/people/access-log/")
