"""Annex A as .ods and as one CSV file for each list, from upload to confirmed; and the workbooks
lying beside the project, which must stage the same cases in all three shapes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from accounts.operations import Refused
from cases.models import CaseImport, Job, StagedCase
from cases.operations.imports import upload_lists
from cases.operations.jobs import run_job
from tests.cast import NOW, Cast
from tests.integration.cases.importing import AS_OF, csv_bytes, open_now, run_waiting
from tests.rules.importers.making import LIST_6, LIST_9, list_6_row, ods, workbook

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "annexa"
BOOKS = (
    "cscdp_2015-01-sample.xlsx",
    "cscdp_example-B-2004.xlsx",
    "cscdp_journeys_annexa_example.xlsx",
    "liia_Annex_A.xlsx",
)
STAGED = [
    field.name for field in StagedCase._meta.fields if field.name not in ("id", "case_import")
]
Sheets = Mapping[str, Sequence[Sequence[Any]]]

SIX: list[list[object]] = [
    list(LIST_6),
    list_6_row("0042", start=date(2026, 1, 5), team="Riverside", worker="P. T."),
]
NINE: list[list[object]] = [
    list(LIST_9),
    ["7", "a", "", "", "17", "Yes", "Leaving Care", "Q. R.", "Relevant"],
]


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    return {name: list(book.get_sheet_by_name(name).iter_rows()) for name in book.sheet_names}


def csv_of(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(
        [f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell for cell in row] for row in rows
    )
    return out.getvalue().encode()


def checked(files: Mapping[str, bytes], by: User, as_of: date = AS_OF) -> CaseImport:
    """What a worker makes of files that were chosen together."""
    job = upload_lists(files=sent(files), as_of=as_of, by=by, now=NOW)
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED, job.error
    return CaseImport.objects.get(pk=job.arguments["import"])


def sent(files: Mapping[str, bytes]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(name, content) for name, content in files.items()]


def staged(case_import: CaseImport) -> list[tuple[Any, ...]]:
    return list(case_import.staged.order_by("pk").values_list(*STAGED))


def post(client: Client, files: Mapping[str, bytes]) -> Any:
    day = {"as_of_day": AS_OF.day, "as_of_month": AS_OF.month, "as_of_year": AS_OF.year}
    return client.post(reverse("cases:import_upload"), {"file": sent(files), **day})


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder shared/data is not there")
@pytest.mark.parametrize("name", BOOKS)
def test_a_given_workbook_stages_the_same_cases_in_every_shape(
    cast: Cast, tmp_path: Path, name: str
) -> None:
    as_of = date(2021, 3, 31)
    sheets = sheets_of(DATA / name)
    book = checked({name: (DATA / name).read_bytes()}, cast.analyst, as_of)
    lists = {sheet["name"] for sheet in book.summary["sheets"]}
    want = staged(book)
    assert want

    other = checked({"a.ods": ods(tmp_path / "a", sheets).read_bytes()}, cast.analyst, as_of)
    assert other.status == CaseImport.Status.CHECKED
    assert staged(other) == want

    files = {f"{sheet}.csv": csv_of(rows) for sheet, rows in sheets.items() if sheet in lists}
    together = checked(dict(reversed(files.items())), cast.analyst, as_of)
    if len(files) == 1:  # a file by itself is kept without its name
        want = [("List 3", *rest) for _, *rest in want]
    assert staged(together) == want
    for same in (other, together):
        for key in ("rows_read", "children", "open_cases", "by_service", "opens", "covers"):
            assert same.summary[key] == book.summary[key], key


def test_several_csv_files_from_upload_to_confirmed(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    files = {"Our list 9.csv": csv_of(NINE), "Our list 6.csv": csv_of(SIX)}
    assert post(analyst, files).status_code == 302
    assert "Our" not in str(CaseImport.objects.get().file)
    run_waiting()
    case_import = CaseImport.objects.get()
    assert case_import.file_name == "2 CSV files: Our list 6.csv, Our list 9.csv"
    address = reverse("cases:import_detail", args=[case_import.pk])
    page = text_of(analyst.get(address))
    assert "Annex A, a CSV file for each list" in page
    assert "Lists without a file" in page
    assert "List 7: Child protection" in page
    for name, content in files.items():
        assert f"Fingerprint of {name} (SHA-256)" in page
        assert sha256(content) in page
    confirm = reverse("cases:import_confirm", args=[case_import.pk])
    assert (
        analyst.post(confirm, {"compared_with": case_import.summary["based_on"]}).status_code == 302
    )
    run_waiting()
    assert {child: case[:2] for child, case in open_now().items()} == {
        "0042": ("child_in_need", "Riverside"),
        "7": ("care_leaver", "Leaving Care"),
    }
    case_import.refresh_from_db()
    assert not case_import.file
    assert [file["sha256"] for file in case_import.summary["files"]] == [
        sha256(files["Our list 6.csv"]), sha256(files["Our list 9.csv"]),
    ]  # fmt: skip


def test_the_same_files_again_are_refused_in_any_order(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    files = {"6.csv": csv_of(SIX), "9.csv": csv_of(NINE)}
    case_import = checked(files, cast.analyst)
    confirm = reverse("cases:import_confirm", args=[case_import.pk])
    analyst.post(confirm, {"compared_with": case_import.summary["based_on"]})
    run_waiting()
    with pytest.raises(Refused, match="already imported"):
        upload_lists(
            files=sent(dict(reversed(files.items()))), as_of=AS_OF, by=cast.analyst, now=NOW
        )
    assert "already imported" in text_of(post(analyst, files))


def test_a_refused_set_says_why_and_keeps_every_hash(cast: Cast) -> None:
    files = {"a.csv": csv_of(SIX), "b.csv": csv_of(SIX) + b"\r\n"}
    case_import = checked(files, cast.analyst)
    assert case_import.status == CaseImport.Status.REFUSED
    assert case_import.refusal.startswith("Two files are List 6: Children in need: “a.csv” and")
    assert [file["sha256"] for file in case_import.summary["files"]] == [
        sha256(content) for content in files.values()
    ]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.csv", "b.xlsx"], "Choose one workbook, or several CSV files"),
        (["a.xlsx", "b.xlsx"], "Choose one workbook, or several CSV files"),
        ([f"{n}.csv" for n in range(12)], "Annex A has 11 lists, and you chose 12 files"),
        (["a.csv", "b.pdf"], "must be an .xlsx, .xls, .ods, .csv, .tsv or .txt file"),
    ],
)
def test_what_cannot_be_chosen_together(
    cast: Cast, as_user: AsUser, names: list[str], said: str
) -> None:
    page = text_of(post(as_user(cast.analyst), dict.fromkeys(names, b"x")))
    assert said in page
    assert "<title>Error: " in page
    assert not CaseImport.objects.exists()


def test_a_file_of_text_is_taken_by_its_content(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    page = text_of(post(analyst, {"cases.pdf": b"x"}))
    assert "must be an .xlsx, .xls, .ods, .csv, .tsv or .txt file" in page
    tabs = csv_bytes("1,CIN,Riverside,P,2026-01-02").replace(b",", b"\t")
    post(analyst, {"cases.txt": tabs})
    run_waiting()
    assert CaseImport.objects.get().summary["by_service"] == {"child_in_need": 1}
    post(analyst, {"list 6.txt": csv_of(SIX), "List 9.TSV": csv_of(NINE).replace(b",", b"\t")})
    run_waiting()
    together = CaseImport.objects.latest("pk")
    assert (together.status, together.file_format) == ("checked", "annex_a_csv")


def test_an_empty_file_among_several_is_named(cast: Cast, as_user: AsUser) -> None:
    page = text_of(post(as_user(cast.analyst), {"6.csv": csv_of(SIX), "7.csv": b""}))
    assert "“7.csv” is empty: leave it out" in page


def test_the_size_is_that_of_all_files_together(
    cast: Cast, as_user: AsUser, settings: Settings
) -> None:
    settings.CFA_UPLOAD_MAX_BYTES = 1024 * 1024
    half = b"x" * (600 * 1024)
    page = text_of(post(as_user(cast.analyst), {"6.csv": half, "7.csv": half}))
    assert "The files together must be smaller than 1 MB" in page


def test_an_ods_workbook_is_taken_by_the_form(cast: Cast, as_user: AsUser, tmp_path: Path) -> None:
    content = ods(tmp_path / "a.ods", {"List_6": SIX, "List_9": NINE}).read_bytes()
    post(as_user(cast.analyst), {"Annex A.ods": content})
    run_waiting()
    case_import = CaseImport.objects.get()
    assert (case_import.status, case_import.summary["open_cases"]) == ("checked", 2)
    assert case_import.file_sha256 == sha256(content)
    assert case_import.summary["files"] == []


def run(*paths: Path) -> dict[str, Any]:
    out = io.StringIO()
    options = ("--as-of", "2026-09-30", "--json")
    call_command("import_cases", *map(str, paths), *options, stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_command_takes_an_ods_workbook_and_several_csv_files(
    cast: Cast, tmp_path: Path
) -> None:
    one, two = tmp_path / "List_6.csv", tmp_path / "List_9.csv"
    one.write_bytes(csv_of(SIX))
    two.write_bytes(csv_of(NINE))
    together = run(two, one)
    assert (together["children"], together["open_cases"]) == (2, 2)
    assert together["files"] == [
        {"name": path.name, "sha256": sha256(path.read_bytes())} for path in (one, two)
    ]
    alone = run(ods(tmp_path / "a.ods", {"List_6": SIX, "List_9": NINE}))
    assert alone["by_service"] == together["by_service"]
    assert "files" not in alone


def test_the_command_does_not_mix_workbooks(cast: Cast, tmp_path: Path) -> None:
    book = workbook(tmp_path / "a.xlsx", {"List_6": SIX})
    with pytest.raises(CommandError, match="one workbook, or several CSV files"):
        run(book, book)
    with pytest.raises(CommandError, match="There is no file"):
        run(tmp_path / "none.csv", book)
