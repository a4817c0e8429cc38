"""Annex A as one CSV file for each list: told apart by columns and names, read like a workbook."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from cases.importers import CaseRow, Problem, ReadFile, read
from cases.importers.csv_lists import fingerprint, name_as_sheet, pack
from tests.rules.importers.making import (
    AS_OF,
    LIST_1,
    LIST_6,
    LIST_9,
    list_6_row,
    refused,
    workbook,
)

BOM = "\ufeff"


def text_of(rows: Sequence[Sequence[object]], separator: str = ",") -> str:
    out = io.StringIO()
    written = csv.writer(out, delimiter=separator)
    for row in rows:
        written.writerow([f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell for cell in row])
    return out.getvalue()


def packed(path: Path, files: Mapping[str, bytes | str]) -> Path:
    contents = {n: c.encode() if isinstance(c, str) else c for n, c in files.items()}
    with path.open("wb") as target:
        pack([(name, io.BytesIO(content)) for name, content in contents.items()], target)
    return path


def opened(path: Path) -> tuple[ReadFile, list[CaseRow], list[Problem]]:
    file = read(path, as_of=AS_OF)
    rows = list(file.rows())
    return (
        file,
        [row for row in rows if isinstance(row, CaseRow)],
        [row for row in rows if isinstance(row, Problem)],
    )


SIX: list[list[object]] = [
    list(LIST_6),
    list_6_row("0042", start=date(2026, 1, 5), status="Looked after child", team="Nord, \u00e9"),
    list_6_row("1009.0", start=date(2026, 3, 4), closed=date(2026, 9, 1), team="Z"),
]
NINE: list[list[object]] = [list(LIST_9), ["7", "a", "", "", "17", "Yes", "T", "W", "Relevant"]]
ONE: list[list[object]] = [list(LIST_1), ["9", "b", "", "", "4", date(2026, 2, 1), "Police"]]


def test_the_same_rows_as_from_the_workbook_in_whatever_order_and_encoding(tmp_path: Path) -> None:
    sheets = {"List_1": ONE, "List_6": SIX, "List_9": NINE}
    book = list(read(workbook(tmp_path / "a.xlsx", sheets), as_of=AS_OF).rows())
    file, rows, problems = opened(
        packed(
            tmp_path / "a",
            {
                "List_9.csv": text_of(NINE, ";").encode("utf-16"),
                "List_6.csv": (BOM + text_of(SIX, "\t")).encode(),
                "List_1.csv": text_of(ONE).encode("cp1252"),
            },
        )
    )
    assert file.format == "annex_a_csv"
    assert [row for row in book if isinstance(row, CaseRow)] == rows
    assert len(rows) == 4
    assert [sheet.list_code for sheet in file.sheets] == ["list_1", "list_6", "list_9"]
    assert problems[0].message.startswith("No file was given for: List 2: Early Help; List 3:")
    assert "List 11" not in problems[0].message
    assert file.missing_lists[-1] == "List 10: Adoption"


def test_columns_come_before_the_name(tmp_path: Path) -> None:
    file, _, problems = opened(
        packed(tmp_path / "a", {"a.csv": text_of(SIX), "List 2.csv": text_of(NINE)})
    )
    assert [(sheet.name, sheet.list_code) for sheet in file.sheets] == [
        ("a", "list_6"), ("List 2", "list_9"),
    ]  # fmt: skip
    assert any("The file is called \u201cList 2\u201d" in problem.message for problem in problems)


def test_the_name_decides_where_the_columns_do_not(tmp_path: Path) -> None:
    plain = [["Title"], [], ["Child Unique ID", "Gender", "Allocated Team"], ["5", "a", "T"]]
    name = "Northmoor AnnexA_List_07 Sept.csv"
    file, rows, _ = opened(packed(tmp_path / "a", {"x.csv": text_of(SIX), name: text_of(plain)}))
    assert [sheet.list_code for sheet in file.sheets] == ["list_6", "list_7"]
    assert file.sheets[1].header_row == 3
    assert rows[-1].service_code == "child_protection"
    assert rows[-1].row == 4


def test_a_list_given_twice_names_both_files(tmp_path: Path) -> None:
    said = refused(packed(tmp_path / "a", {"old.csv": text_of(SIX), "new.csv": text_of(SIX)}))
    assert said == (
        "Two files are List 6: Children in need: \u201cold.csv\u201d and \u201cnew.csv\u201d. "
        "Upload one of them."
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("menu.csv", "Monday,Soup\n", "\u201cmenu.csv\u201d is none of the lists of Annex A"),
        ("List 7.csv", "Gender,Age\na,4\n", "(file \u201cList 7.csv\u201d) has no column with the"),
        ("List 7.csv", b"%PDF-1.7 \x00", "\u201cList 7.csv\u201d: This file is not a CSV file"),
        ("List 7.csv", b"PK\x03\x04", "\u201cList 7.csv\u201d: This file is not a CSV file"),
        (
            "t.csv", "child_id,service,team,practitioner,opened_on\n1,CIN,T,W,2026-01-01\n",
            "if it is the template, upload it alone",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_named(
    tmp_path: Path, name: str, content: bytes | str, said: str
) -> None:
    assert said in refused(packed(tmp_path / "a", {"six.csv": text_of(SIX), name: content}))


def test_lists_without_rows_are_said(tmp_path: Path) -> None:
    empty = {"List 9.csv": text_of([LIST_9]), "List 10.csv": "\n\n"}
    file, _, problems = opened(packed(tmp_path / "a", {"6.csv": text_of(SIX), **empty}))
    assert file.empty_lists == ("List 9: Care leavers", "List 10: Adoption")
    assert problems[0].message == "No rows in: List 9: Care leavers; List 10: Adoption."
    assert "Every list is empty" in refused(packed(tmp_path / "b", empty))


def test_one_list_by_itself_is_read_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "5c1f.upload"
    path.write_text(text_of(SIX), "utf-8")
    file, rows, _ = opened(path)
    assert file.format == "annex_a_csv"
    assert file.sheets[0].name == "List 6"
    assert len(rows) == 2
    assert file.files == ()


def test_the_hash_of_every_file_and_one_for_all(tmp_path: Path) -> None:
    contents = {"a.csv": text_of(SIX).encode(), "b.csv": text_of(NINE).encode()}
    file = read(packed(tmp_path / "a", contents), as_of=AS_OF)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert dict(file.files) == hashes
    turned = read(packed(tmp_path / "b", dict(reversed(contents.items()))), as_of=AS_OF)
    assert file.sha256 == turned.sha256 == fingerprint(hashes.values())
    by_hand = "\n".join(sorted(hashes.values())).encode()
    assert file.sha256 == hashlib.sha256(by_hand).hexdigest()


def test_an_archive_of_csv_files_is_unpacked_within_the_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("List 6.csv", text_of(SIX) + "x" * 40_000_000)
    assert "unpacks to far more" in refused(path)


@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        ("List 6.csv", "List 6"),
        ("northmoor_list_06_2026.csv", "List 6"),
        ("AnnexA-List11.csv", "List 11"),
        ("checklist 3.csv", "checklist 3"),
        ("CIN.csv", "CIN"),
        ("", ""),
    ],
)
def test_the_name_of_a_file_as_that_of_a_sheet(name: str, sheet: str) -> None:
    assert name_as_sheet(name) == sheet
