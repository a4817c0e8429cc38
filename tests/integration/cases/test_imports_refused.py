"""Files that a council should not have sent, through the upload page and a worker."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from cases.models import Case, CaseImport, Child, Job, StagedCase
from tests.cast import Cast
from tests.integration.cases.importing import (
    AS_OF,
    REQUIRED,
    confirmed,
    csv_bytes,
    post_list,
    run_waiting,
)
from tests.rules.importers.making import LIST_6, list_6_row, ole, replace_in_zip, workbook

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def analyst(cast: Cast, as_user: Callable[[User], Client]) -> Client:
    return as_user(cast.analyst)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return workbook(tmp_path / "good.xlsx", {"List 6": [LIST_6, list_6_row("1")]})


def page_after(client: Client, content: bytes | Path, name: str = "", as_of: date = AS_OF) -> str:
    """What the person reads once the worker has looked at the file."""
    response = post_list(client, content, as_of, name)
    assert response.status_code == 302, response.content.decode()
    run_waiting()
    response = client.get(response.url, follow=True)
    return " ".join(response.content.decode().split())


def assert_refused(client: Client, content: bytes | Path, said: str, name: str = "") -> None:
    page = page_after(client, content, name)
    assert said in page
    assert "Cannot be accepted" in page
    assert "Confirm this list" not in page
    case_import = CaseImport.objects.get()
    assert case_import.status == "refused"
    assert len(case_import.file_sha256) == 64
    assert Job.objects.get().status == "succeeded"
    assert not StagedCase.objects.exists()
    assert not Child.objects.exists()
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "This file is a PDF"),
        (b"Dear colleague\nplease find attached\n", "not a spreadsheet"),
        (b"shade,colour,size\nx,y,z\n", "column headings of the template"),
        (csv_bytes(), "The list is empty"),
        (csv_bytes(" , , , , "), "The list is empty"),
    ],
    ids=["pdf", "letter", "other table", "no rows", "blank rows"],
)  # fmt: skip
def test_a_file_that_is_no_list(analyst: Client, content: bytes, said: str) -> None:
    assert_refused(analyst, content, said)


def test_a_workbook_without_any_known_list(analyst: Client, tmp_path: Path) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "Front_Sheet": [["Northmoor"]],
        "Budget": [["Year", "Pounds"], [2026, 5]],
    }
    path = workbook(tmp_path / "budget.xlsx", sheets)
    assert_refused(analyst, path, "None of the sheets of this workbook is a list")


def test_a_list_without_an_id_column(analyst: Client, tmp_path: Path) -> None:
    rows: list[list[Any]] = [LIST_6[1:], list_6_row("1")[1:]]
    path = workbook(tmp_path / "a.xlsx", {"List 6": rows})
    assert_refused(analyst, path, "has no column with the child’s id")


def test_an_empty_list(analyst: Client, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6]})
    assert_refused(analyst, path, "Every list is empty")


def test_a_password_protected_workbook(analyst: Client) -> None:
    assert_refused(analyst, ole("EncryptedPackage", b"\x01" * 5000), "password", "secret.xlsx")


def test_a_zip_bomb(analyst: Client, good: Path, tmp_path: Path) -> None:
    bomb = replace_in_zip(good, tmp_path / "b.xlsx", SHEET, b"</sheetData>",
                          b"</sheetData>" + b" " * 30_000_000)  # fmt: skip
    assert_refused(analyst, bomb, "unpacks to far more than a list of cases needs")


def test_a_zip_bomb_that_lies_about_its_size(analyst: Client, good: Path, tmp_path: Path) -> None:
    bomb = replace_in_zip(good, tmp_path / "b.xlsx", SHEET, b"</sheetData>",
                          b"</sheetData>" + b" " * 30_000_000)  # fmt: skip
    with zipfile.ZipFile(bomb) as archive:
        real = archive.getinfo(SHEET).file_size
    bomb.write_bytes(bomb.read_bytes().replace(struct.pack("<I", real), struct.pack("<I", 500)))
    assert_refused(analyst, bomb, "unpacks to far more than a list of cases needs")


def test_a_list_in_which_no_row_has_an_id(analyst: Client) -> None:
    lines = [",CIN,T,P,2026-01-02", ",CIN,T,P,2026-01-02"]
    said = "None of the 2 rows could be used. Most often: There is no child id."
    assert_refused(analyst, csv_bytes(*lines), said)


def test_a_refused_file_is_deleted_and_its_record_kept(
    analyst: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    post_list(analyst, b"Dear colleague\n")
    name = str(CaseImport.objects.get().file.name)
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        run_waiting()
    assert not default_storage.exists(name)
    assert CaseImport.objects.get().file_name == "cases.csv"


def test_an_older_as_of_date_than_the_last_import(analyst: Client, cast: Cast) -> None:
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-01-02"), cast.analyst)
    page = page_after(analyst, csv_bytes("1,CIN,Riverside,P,2026-01-02"), as_of=date(2026, 9, 29))
    assert "This list is of 29 September 2026. A newer one, of 30 September 2026" in page
    assert "Cannot be accepted" in page
    assert Case.objects.count() == 1


def test_rows_with_faults_are_listed_and_the_others_kept(analyst: Client) -> None:
    page = page_after(
        analyst,
        csv_bytes(
            "1,CIN,Riverside,P,2026-01-02,2012-04-05",
            "1,CIN,Riverside,P,2026-01-02,2012-04-05",
            ",CIN,Riverside,P,2026-01-02,2012-04-05",
            "2,CIN,Riverside,P,the other day,2012-04-05",
            "3,CIN,Riverside,P,2026-01-02,2026-12-24",
            "4,Chess club,Riverside,P,2026-01-02,2012-04-05",
            header=f"{REQUIRED},date_of_birth",
        ),
    )
    assert "This child is in row 2 as well." in page
    assert "There is no child id." in page
    assert "the other day" in page
    assert "The date of birth is after the as-of date." in page
    assert "2026-12-24" not in page  # a date of birth is never repeated
    assert "This service is not known." in page
    assert "Chess club" in page
    summary = CaseImport.objects.get().summary
    assert (summary["rows_read"], summary["children"], summary["open_cases"]) == (6, 4, 3)


def test_a_file_that_vanished_is_asked_for_again(analyst: Client) -> None:
    response = post_list(analyst, csv_bytes("1,CIN,Riverside,P,2026-01-02"))
    default_storage.delete(str(CaseImport.objects.get().file.name))
    run_waiting()
    page = analyst.get(response.url, follow=True).content.decode()
    assert "The file has been deleted. Upload it again." in page


def test_a_failed_check_can_be_tried_again_or_discarded(
    analyst: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("the disk is full of CHILD-77")

    post_list(analyst, csv_bytes("1,CIN,Riverside,P,2026-01-02"))
    with monkeypatch.context() as patch:
        patch.setattr("cases.operations.imports.stage", broken)
        run_waiting()
    case_import = CaseImport.objects.get()
    page = analyst.get(reverse("cases:import_detail", args=[case_import.pk])).content.decode()
    assert "Something went wrong in the software" in page
    assert "CHILD-77" not in page
    assert "Try again" in page
    failed = Job.objects.get()
    response = analyst.post(reverse("cases:job_try_again", args=[failed.pk]))
    assert response.status_code == 302
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.status == "checked"
