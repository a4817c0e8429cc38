"""The staff list through its pages: shown, taken over once, and nobody made a sign-in."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessRecord, User
from accounts.operations import Refused
from cases.models import Practitioner, Team
from cases.operations.staff_list import import_staff
from cases.queries.staff_list import plan_for_staff
from tests.cast import NOW, Cast, open_case, open_cases
from tests.rules.importers.making import ods

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
LIST = "/staff-list/"
STAFF = (
    "Staff number,Name,Team,Service,Manager,Employment type,Start date\n"
    "7,Pat Titioner,Riverside,,,Agency,05/01/2026\n"
    "8,Nell New,Northgate,Child Protection,Mandy Ager,Permanent,1 Feb 2026\n"
)


@pytest.fixture
def address() -> str:
    return reverse("cases:staff_list")


def upload(client: Client, address: str, text: str | bytes, name: str = "staff.csv") -> Any:
    data = text.encode() if isinstance(text, str) else text
    return client.post(f"{address}upload/", {"file": SimpleUploadedFile(name, data)})


def confirm(client: Client, address: str, page: Any) -> Any:
    shown = page.context["confirm_form"].initial
    return client.post(f"{address}upload/confirm/", shown, follow=True)


def test_list_is_shown_then_taken_over_and_again_changes_nothing(
    cast: Cast, as_user: AsUser, address: str
) -> None:
    open_case(cast.riverside, cast.practitioner)
    open_case(cast.hilltop, cast.other_practitioner, "early_help")
    users = User.objects.count()
    client = as_user(cast.analyst)
    page = upload(client, address, STAFF)
    words = page.content.decode()
    assert "Check the changes" in words
    for expected in ("employment: permanent → agency", "Nell New", "New team", "Orla Titioner"):
        assert expected in words
    assert not Practitioner.objects.filter(name="Nell New").exists()

    done = confirm(client, address, page).content.decode()
    assert "1 new, 1 changed, 0 gone from the list." in done
    pat = Practitioner.objects.get(staff_number="7")
    assert pat == cast.practitioner
    assert (pat.agency, pat.started_on, pat.user) == (
        True,
        date(2026, 1, 5),
        cast.practitioner_user,
    )
    nell = Practitioner.objects.get(name="Nell New")
    assert (nell.user, nell.agency, nell.in_staff_list) == (None, False, True)
    team = Team.objects.get(name="Northgate")
    assert (team.manager, team.service and team.service.code) == (cast.manager, "child_protection")
    assert User.objects.count() == users
    assert "Nothing to change" in upload(client, address, STAFF).content.decode()

    shown = client.get(address)
    assert [row[0]["text"] for row in shown.context["rows"]] == ["Orla Titioner"]
    file = client.get(f"{address}unmatched/").content.decode("utf-8-sig")
    assert file.splitlines()[1:] == ["Orla Titioner,,Hilltop,1"]
    assert AccessRecord.objects.filter(kind="downloaded", what="in-no-staff-list").count() == 1


def test_workbook_is_taken_too(cast: Cast, as_user: AsUser, address: str) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Staff")
    sheet.write_row(0, 0, ["Worker", "Team", "Payroll number"])
    sheet.write_row(1, 0, ["Pat Titioner", "Riverside", 42])
    book.close()
    client = as_user(cast.analyst)
    page = upload(client, address, out.getvalue(), "staff.xlsx")
    confirm(client, address, page)
    assert Practitioner.objects.get(staff_number="42") == cast.practitioner


def test_an_ods_is_taken_too_and_a_disability_team_is_marked(
    cast: Cast, as_user: AsUser, address: str, tmp_path: Path
) -> None:
    rows = [["Worker", "Team", "Disability team"], ["Pat Titioner", "Riverside", "Yes"]]
    client = as_user(cast.analyst)
    page = upload(client, address, ods(tmp_path / "s.ods", {"Staff": rows}).read_bytes(), "s.ods")
    confirm(client, address, page)
    cast.riverside.refresh_from_db()
    assert cast.riverside.works_with_disability


def test_a_file_named_txt_is_taken(cast: Cast, as_user: AsUser, address: str) -> None:
    page = upload(as_user(cast.analyst), address, STAFF.replace(",", "\t"), "staff.txt")
    assert "Check the changes" in page.content.decode()


def test_columns_that_are_not_read_are_said(cast: Cast, as_user: AsUser, address: str) -> None:
    client = as_user(cast.analyst)
    page = upload(client, address, "Name,Team,Grade,Employment\nPat Titioner,Riverside,9,Dunno\n")
    words = page.content.decode()
    assert "Columns that were not read: Grade. What they say is not heeded." in words
    assert "“Dunno” is neither yes nor no, agency nor permanent: left out." in words
    assert "not read" not in upload(client, address, STAFF).content.decode()


def test_who_is_gone_only_loses_the_mark(cast: Cast, as_user: AsUser, address: str) -> None:
    client = as_user(cast.analyst)
    confirm(client, address, upload(client, address, STAFF))
    page = upload(client, address, STAFF.rsplit("8,", 1)[0])
    assert "Gone from the list" in page.content.decode()
    confirm(client, address, page)
    nell = Practitioner.objects.get(name="Nell New")
    assert (nell.in_staff_list, nell.left_on, nell.staff_number) == (False, None, "8")
    events = apps.get_model("cases", "PractitionerEvent").objects.filter(pgh_obj_id=nell.pk)
    assert [event.pgh_label for event in events.order_by("pgh_id")] == ["insert", "update"]
    assert all(event.pgh_context.metadata["user"] == cast.analyst.pk for event in events)


def test_nothing_of_a_list_with_problems_is_stored(
    cast: Cast, as_user: AsUser, address: str
) -> None:
    text = STAFF + "8,Again Same,Riverside,,,perhaps,32/13/2026\n"
    page = upload(as_user(cast.analyst), address, text).content.decode()
    assert "The list has problems" in page
    assert "The same staff number as on line 3." in page
    shaped = "line,practitioner,team\n2,,Riverside\n"
    with pytest.raises(Refused, match="problems"):
        import_staff(text=shaped, digest="", by=cast.analyst, now=NOW)
    assert Practitioner.objects.count() == 2


def test_a_name_with_a_comma_and_no_quotation_marks_is_told(
    cast: Cast, as_user: AsUser, address: str
) -> None:
    """Or "Okafor" would be somebody of the team "R"."""
    text = STAFF + "9,Okafor, R,Riverside,,,Agency,\n10,Other, O,Riverside,,,Agency,\n"
    page = upload(as_user(cast.analyst), address, text).content.decode()
    assert "The list has problems" in page
    assert page.count("This line has more values than there are headings.") == 2
    assert "The same name" not in page


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("staff.pdf", b"%PDF-1.7", "must be an .xlsx, .xls, .ods, .csv, .tsv or .txt file"),
        ("staff.xlsx", b"PK\x03\x04 no archive", "cannot be opened|damaged|not a"),
        ("staff.csv", b"Name,Phone\nPat,1\n", "needs a column"),
    ],
)
def test_what_is_no_list_is_refused_at_the_field(
    cast: Cast, as_user: AsUser, address: str, name: str, data: bytes, words: str
) -> None:
    page = upload(as_user(cast.analyst), address, data, name)
    (error,) = page.context["form"].errors["file"]
    assert any(word in error for word in words.split("|")), error


def test_list_is_not_taken_over_where_something_changed_since(
    cast: Cast, as_user: AsUser, address: str
) -> None:
    client = as_user(cast.analyst)
    page = upload(client, address, STAFF)
    Practitioner.objects.filter(pk=cast.practitioner.pk).update(agency=True)
    answer = confirm(client, address, page)
    assert answer.status_code == 422
    assert "Something has changed since you looked" in answer.content.decode()
    assert not Practitioner.objects.filter(name="Nell New").exists()


def test_pages_and_operation_take_the_same_queries_for_more_people(
    cast: Cast, as_user: AsUser, address: str
) -> None:
    client = as_user(cast.analyst)

    def text(first: int, number: int) -> str:
        rows = [
            "line,practitioner,team\n",
            *(f"{k},Worker {k},Riverside\n" for k in range(first, first + number)),
        ]
        return "".join(rows)

    def taken(first: int, number: int) -> int:
        shaped = text(first, number)
        digest = plan_for_staff(shaped).digest
        with CaptureQueriesContext(connection) as captured:
            import_staff(text=shaped, digest=digest, by=cast.analyst, now=NOW)
        return len(captured)

    def looked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    open_case(cast.riverside, cast.practitioner)
    taken(10, 1)
    few = taken(20, 1), looked()
    open_cases(5)
    for k in range(20):
        one = Practitioner.objects.create(name=f"In no list {k}", team=cast.hilltop)
        open_case(cast.hilltop, one, "early_help")
    assert taken(100, 40) == few[0]
    assert looked() == few[1]
