"""Lists under headings of their own: the columns are named once, remembered and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.operations import MovedOn, Refused
from cases.models import Case, CaseImport, Child, ImportMeaning, Service, StagedCase
from cases.operations.import_meanings import forget_meaning, name_columns
from cases.operations.imports import cover_services, delete_old_uploads
from tests.cast import NOW, Cast
from tests.integration.cases.importing import (
    AS_OF,
    REQUIRED,
    csv_bytes,
    open_now,
    post_list,
    run_waiting,
    uploaded,
)
from tests.rules.importers.making import LIST_6, list_6_row, workbook

AsUser = Callable[[User], Client]
HEADINGS = "PID,Surname,Case Type,Locality,Held By,Allocation Start"
ROWS = (
    "007,Example,Child in Need,Riverside,P. One,2026-01-05",
    "008,Example,Child Protection,Hilltop,P. Two,2026-02-05",
    "008,Example,Child Protection,Riverside,P. One,2026-03-05",
)
LIST = csv_bytes(*ROWS, header=HEADINGS)
CHOSEN = {
    "child_id": "PID",
    "service": "Case Type",
    "team": "Locality",
    "practitioner": "Held By",
    "opened_on": "Allocation Start",
}


@pytest.fixture
def analyst(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.analyst)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def waiting(client: Client, content: bytes = LIST) -> CaseImport:
    """The list as it waits for its columns."""
    post_list(client, content)
    run_waiting()
    case_import = CaseImport.objects.latest("pk")
    assert case_import.status == "columns"
    return case_import


def name_them(client: Client, case_import: CaseImport, **said: str) -> Any:
    return client.post(reverse("cases:import_columns", args=[case_import.pk]), CHOSEN | said)


def test_the_columns_are_asked_for_named_and_read(analyst: Client) -> None:
    case_import = waiting(analyst)
    detail = reverse("cases:import_detail", args=[case_import.pk])
    page = text_of(analyst.get(detail))
    assert "Waiting for its columns" in page
    assert "What the columns mean" in page
    assert '<option value="Held By">' in page
    assert "Surname" not in page  # a name is never kept, so it cannot be chosen
    assert "Confirm this list" not in page
    assert not Child.objects.exists()

    response = name_them(analyst, case_import)
    assert response.status_code == 302
    run_waiting()
    page = text_of(analyst.get(detail))
    assert "Child’s id: PID" in page
    assert "A CSV file whose columns were named" in page
    assert "Template (CSV)" not in page
    assert "Columns not kept" in page
    case_import.refresh_from_db()
    assert case_import.summary["dropped_columns"] == ["Surname"]
    analyst.post(reverse("cases:import_confirm", args=[case_import.pk]), {"compared_with": 0})
    run_waiting()
    assert {child: (service, team) for child, (service, team, _) in open_now().items()} == {
        "007": ("child_in_need", "Riverside"),
        "008": ("child_protection", "Hilltop"),
    }
    assert name_them(analyst, case_import).status_code == 409


def test_a_child_with_several_allocations_has_one_case_and_is_listed(
    analyst: Client, cast: Cast
) -> None:
    name_them(analyst, waiting(analyst))
    run_waiting()
    case_import = CaseImport.objects.get()
    assert case_import.summary["rows_read"] == 3
    assert case_import.summary["children"] == 2
    assert case_import.problems.filter(row=4, message__contains="row 3").exists()


def test_the_next_list_with_these_headings_is_not_asked(analyst: Client, cast: Cast) -> None:
    name_them(analyst, waiting(analyst))
    headings, *rows = ([*line.split(",")[::-1]] for line in (HEADINGS, *ROWS))
    turned = csv_bytes(*(",".join(row) for row in rows), header=",".join(headings))
    later = uploaded(turned, cast.analyst, name="later.csv")
    assert later.status == "checked"
    assert later.summary["by_service"] == {"child_in_need": 1, "child_protection": 1}

    meaning = ImportMeaning.objects.get()
    page = text_of(analyst.get(reverse("cases:meaning_list")))
    assert "Team: Locality" in page
    analyst.post(reverse("cases:meaning_forget", args=[meaning.pk]))
    again = uploaded(turned + b"\r\n", cast.analyst, name="again.csv")
    assert again.status == "columns"


def test_wrongly_named_columns_are_put_right_with_the_same_file(
    analyst: Client, cast: Cast
) -> None:
    case_import = waiting(analyst)
    name_them(analyst, case_import, team="Held By", practitioner="Locality")
    run_waiting()
    analyst.post(reverse("cases:import_confirm", args=[case_import.pk]), {"compared_with": 0})
    run_waiting()
    assert open_now()["007"] == ("child_in_need", "P. One", "Riverside")
    assert "already imported" in text_of(post_list(analyst, LIST))
    forget_meaning(meaning=ImportMeaning.objects.get(), by=cast.analyst, now=NOW)
    case_import = waiting(analyst)
    name_them(analyst, case_import)
    run_waiting()
    case_import.refresh_from_db()
    analyst.post(
        reverse("cases:import_confirm", args=[case_import.pk]),
        {"compared_with": case_import.summary["based_on"]},
    )
    run_waiting()
    assert open_now()["007"] == ("child_in_need", "Riverside", "P. One")


def test_one_service_for_every_row(analyst: Client) -> None:
    case_import = waiting(analyst, csv_bytes("1,x,T,P", header="PID,Surname,Locality,Held By"))
    said = {"child_id": "PID", "team": "Locality", "every_row": "early_help"}
    analyst.post(reverse("cases:import_columns", args=[case_import.pk]), said)
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.summary["by_service"] == {"early_help": 1}
    Service.objects.filter(code="early_help").update(code="early_support")
    again = waiting(analyst, csv_bytes("2,x,T,P", header="PID,Surname,Locality,Held By"))
    assert again.summary["suggested"] == {}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"child_id": ""}, "Say which column holds the child’s id"),
        ({"every_row": "early_help"}, "Choose either the column of the service"),
        ({"service": ""}, "Choose either the column of the service"),
        ({"team": "PID"}, "“PID” is chosen for “Child’s id” already"),
        ({"team": "Surname"}, "Select a valid choice"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    analyst: Client, said: dict[str, str], words: str
) -> None:
    case_import = waiting(analyst)
    page = text_of(name_them(analyst, case_import, **said))
    assert words in page
    assert 'class="govuk-error-summary"' in page
    assert '<option value="Held By" selected>' in page  # nothing chosen is lost
    case_import.refresh_from_db()
    assert case_import.status == "columns"
    assert not ImportMeaning.objects.exists()


def test_the_operation_refuses_what_the_form_would(analyst: Client, cast: Cast) -> None:
    case_import = waiting(analyst)

    def say(columns: dict[str, str], every_row: str = "", by: User = cast.analyst) -> None:
        name_columns(case_import=case_import, columns=columns, service=every_row, by=by, now=NOW)

    for columns, words in (
        ({"service": "Case Type"}, "child’s id"),
        ({"child_id": "PID"}, "which service every row has"),
        ({"child_id": "PID", "service": "Surname"}, "no column “Surname”"),
        ({"child_id": "PID", "service": "PID"}, "one thing only"),
        ({"child_id": "PID", "service": "Case Type", "colour": "Locality"}, "no field “colour”"),
    ):
        with pytest.raises(Refused, match=words):
            say(columns)
    with pytest.raises(Refused, match="no service with the code"):
        say({"child_id": "PID"}, "chess")
    with pytest.raises(PermissionDenied):
        say(CHOSEN, by=cast.auditor)
    say(CHOSEN)
    run_waiting()
    with pytest.raises(MovedOn):
        say(CHOSEN)


def test_a_list_that_lacks_an_id_column_says_so_and_can_be_discarded(analyst: Client) -> None:
    content = csv_bytes("CIN,T,P,2026-01-02", header="service,team,practitioner,opened_on")
    case_import = waiting(analyst, content)
    detail = reverse("cases:import_detail", args=[case_import.pk])
    page = text_of(analyst.get(detail))
    assert "This file has no id column" in page
    assert '<option value="practitioner" selected>' in page  # what looks right is suggested
    analyst.post(reverse("cases:import_discard", args=[case_import.pk]))
    case_import.refresh_from_db()
    assert (case_import.status, bool(case_import.file)) == ("discarded", False)
    assert analyst.get(detail).status_code == 200
    assert analyst.get(reverse("cases:import_list")).status_code == 200


def test_a_list_that_nobody_names_is_deleted_after_a_day(analyst: Client, cast: Cast) -> None:
    case_import = waiting(analyst)
    assert case_import.file
    delete_old_uploads(by=User.objects.system(), now=case_import.uploaded_at + timedelta(hours=25))
    case_import.refresh_from_db()
    assert (case_import.status, bool(case_import.file)) == ("discarded", False)


def test_the_command_says_where_to_name_them(analyst: Client, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(LIST)
    with pytest.raises(CommandError, match="in the browser and name them once"):
        call_command("import_cases", str(path), as_of=AS_OF, stdout=StringIO())
    assert not CaseImport.objects.exists()
    name_them(analyst, waiting(analyst))
    call_command("import_cases", str(path), as_of=AS_OF, stdout=StringIO())
    assert Case.objects.filter(closed_on=None).count() == 2


def test_a_column_of_ages_can_be_named(analyst: Client, cast: Cast) -> None:
    content = csv_bytes("1,Example,CIN,Riverside,P,2026-01-05,6.5", header=f"{HEADINGS},Yrs")
    case_import = waiting(analyst, content)
    assert "Age in years" in text_of(analyst.get(reverse("cases:import_detail",
                                                         args=[case_import.pk])))  # fmt: skip
    name_them(analyst, case_import, age="Yrs")
    run_waiting()
    assert StagedCase.objects.get().age_years == 6


def test_what_is_absent_is_told_once_and_not_for_every_row(analyst: Client, cast: Cast) -> None:
    content = csv_bytes(*[f"{n},x,CIN,a" for n in range(30)], header="PID,Surname,Case Type,Ward")
    case_import = waiting(analyst, content)
    client_said = {"child_id": "PID", "service": "Case Type"}
    analyst.post(reverse("cases:import_columns", args=[case_import.pk]), client_said)
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.summary["unread_columns"] == ["Ward"]
    assert set(case_import.problems.values_list("row", "message")) == {
        (None, "There is no column for the team."),
        (None, "There is no column for the practitioner."),
        (None, "There is no column for the opening date."),
    }


FITS = f"{REQUIRED},Surname,Record Restricted Y/N,Family,Status,Ward"
FITTING = csv_bytes(
    "1,CIN,Riverside,P. One,2026-01-05,Example,Yes,F1,Open,North",
    "2,CIN,Riverside,P. One,2026-01-05,Example,No,F1,Active,North",
    "3,CIN,Riverside,P. One,2026-01-05,Example,No,F3,Closed,South",
    header=FITS,
)
NAMED = {field: field for field in REQUIRED.split(",")} | {
    "restricted": "Record Restricted Y/N",
    "family_id": "Family",
    "status": "Status",
}


def staged(case_import: CaseImport) -> list[tuple[str, bool | None, str, bool]]:
    rows = StagedCase.objects.filter(case_import=case_import).order_by("row")
    return list(rows.values_list("child_id", "restricted", "family_id", "is_open"))


def test_a_list_that_fits_says_first_what_was_not_read_and_lets_it_be_named(
    analyst: Client, cast: Cast
) -> None:
    case_import = uploaded(FITTING, cast.analyst)
    detail = reverse("cases:import_detail", args=[case_import.pk])
    page = text_of(analyst.get(detail))
    said = "Columns that were not read: Record Restricted Y/N, Family, Status, Ward. If one of"
    assert said in page
    assert page.index(said) < page.index("What confirming would change")
    assert "Nothing in the file gave cause for a remark" not in page
    assert [row[1:] for row in staged(case_import)] == [(None, "", True)] * 3

    asked = reverse("cases:import_columns", args=[case_import.pk])
    assert f"{asked}?headings={case_import.summary['to_name'][0]['signature']}" in page
    page = text_of(analyst.get(asked))
    assert '<option value="practitioner" selected>' in page  # what is understood already
    assert '<option value="Record Restricted Y/N">' in page
    assert "Surname" not in page
    case_import.refresh_from_db()
    assert (case_import.status, ImportMeaning.objects.count()) == ("checked", 0)  # only looked at

    assert analyst.post(asked, NAMED).status_code == 302
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.status == "checked"
    assert staged(case_import) == [
        ("1", True, "F1", True), ("2", False, "F1", True), ("3", False, "F3", False),
    ]  # fmt: skip
    page = text_of(analyst.get(detail))
    assert "Columns that were not read: Ward. If" in page
    assert "Restricted record: Record Restricted Y/N" in page


def test_what_was_named_is_used_for_the_next_list_although_it_would_fit(
    analyst: Client, cast: Cast
) -> None:
    case_import = uploaded(FITTING, cast.analyst)
    cover_services(case_import=case_import, covers=["child_in_need"], by=cast.analyst, now=NOW)
    run_waiting()
    asked = reverse("cases:import_columns", args=[case_import.pk])
    analyst.post(asked, NAMED)
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.summary["covers_said"] == ["child_in_need"]  # what was said before stays

    later = uploaded(FITTING + b"9,CIN,Riverside,P. One,2026-02-05,x,Yes,F9,Open,N", cast.analyst)
    assert staged(later)[-1] == ("9", True, "F9", True)
    page = text_of(analyst.get(reverse("cases:import_columns", args=[later.pk])))
    assert '<option value="Record Restricted Y/N" selected>' in page
    analyst.post(reverse("cases:meaning_forget", args=[ImportMeaning.objects.get().pk]))
    again = uploaded(FITTING + b"\r\n", cast.analyst)
    assert staged(again)[0] == ("1", None, "", True)


def test_columns_of_a_checked_list_are_named_rightly_or_not_at_all(
    analyst: Client, cast: Cast
) -> None:
    case_import = uploaded(FITTING, cast.analyst)
    asked = reverse("cases:import_columns", args=[case_import.pk])
    page = text_of(analyst.post(asked, NAMED | {"closed_on": "Status"}))
    assert "“Status” is chosen for" in page
    assert 'class="govuk-error-summary"' in page
    assert '<option value="Record Restricted Y/N" selected>' in page
    assert analyst.get(f"{asked}?headings=other").status_code == 409
    with pytest.raises(PermissionDenied):
        name_columns(case_import=case_import, columns=NAMED, service="", by=cast.auditor, now=NOW)
    assert analyst.post(asked, NAMED).status_code == 302
    assert analyst.post(asked, NAMED).status_code == 409  # it is being read
    run_waiting()
    analyst.post(reverse("cases:import_discard", args=[case_import.pk]))
    assert analyst.get(asked).status_code == 409


def test_every_row_of_one_service_is_filled_in_again(analyst: Client, cast: Cast) -> None:
    content = csv_bytes("1,x,T,P", header="PID,Surname,Locality,Held By")
    case_import = waiting(analyst, content)
    asked = reverse("cases:import_columns", args=[case_import.pk])
    assert "What the columns mean" in text_of(analyst.get(asked))
    said = {"child_id": "PID", "team": "Locality", "every_row": "early_help"}
    analyst.post(asked, said)
    run_waiting()
    page = text_of(analyst.get(asked))
    assert '<option value="early_help" selected>' in page
    assert analyst.post(asked, said | {"practitioner": "Held By"}).status_code == 302
    run_waiting()
    assert StagedCase.objects.get().practitioner == "P"


def test_sheets_with_headings_of_their_own_are_named_one_by_one(
    analyst: Client, cast: Cast
) -> None:
    case_import = uploaded(FITTING, cast.analyst)
    first = case_import.summary["to_name"][0]
    second = first | {"signature": "2" * 64, "headings": ["child_id", "Kin"], "suggested": {}}
    case_import.summary["to_name"] = [first | {"sheet": "East"}, second | {"sheet": "West"}]
    case_import.save()
    page = text_of(analyst.get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "Name the columns of the sheet “East”" in page
    assert "Name the columns of the sheet “West”" in page
    asked = reverse("cases:import_columns", args=[case_import.pk]) + f"?headings={'2' * 64}"
    assert '<option value="Kin">' in text_of(analyst.get(asked))


def test_of_annex_a_lists_only_the_remark_is_made(
    analyst: Client, cast: Cast, tmp_path: Path
) -> None:
    rows: list[Sequence[object]] = [[*LIST_6, "Shoe size"], [*list_6_row("1"), "3"]]
    book = workbook(tmp_path / "a.xlsx", {"List 6": rows})
    case_import = uploaded(book.read_bytes(), cast.analyst, name="a.xlsx")
    page = text_of(analyst.get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "Shoe size" in page[: page.index("What confirming would change")]
    assert "Name the columns" not in page
    asked = reverse("cases:import_columns", args=[case_import.pk])
    assert analyst.get(asked).status_code == 409


def test_a_list_that_is_read_wholly_has_no_such_remark(analyst: Client, cast: Cast) -> None:
    content = csv_bytes("1,CIN,T,P,2026-01-05,Example", header=f"{REQUIRED},Surname")
    case_import = uploaded(content, cast.analyst)
    page = text_of(analyst.get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "not read" not in page
    assert "Nothing in the file gave cause for a remark" in page
