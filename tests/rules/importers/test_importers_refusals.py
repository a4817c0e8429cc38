"""Files that are refused as a whole, and the words in which they are."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from cases.importers import FileRefused, ReadLimits, read, sniff
from cases.importers.area import SheetArea
from tests.rules.importers import making
from tests.rules.importers.making import (
    AS_OF,
    HEADER,
    LIST_6,
    csv_file,
    list_6_row,
    ole,
    replace_in_zip,
    workbook,
)

SHEET = "xl/worksheets/sheet1.xml"


def refused(path: Path, **limits: int) -> str:
    return making.refused(path, ReadLimits(**limits))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return workbook(tmp_path / "good.xlsx", {"List 6": [LIST_6, list_6_row("1")]})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"\x1f\x8b\x08\0", "archive"),
        (b"Dear colleague\nplease find attached\n", "not a spreadsheet"),
        (b"child_id\n1\n2\n", "one value in each line"),
        (b"Dear_colleague\n0042\n", "one value in each line"),
        (b"\r\n\r\n  \r\n", "only blank lines"),
        (b"\xef\xbb\xbf\n\t\n", "only blank lines"),
        (b" , , ,\n , , ,\n", "only blank lines"),
        (b"<html><table><tr><td>child_id</td></tr></table></html>", "web page"),
        (b"child_id,service\0,team", "NUL bytes"),
        (b"shade,colour,size\nx,y,z\n", "column headings of the template"),
        (HEADER.encode() + b"\n1,CIN,\x81\xff,W,2026-01-01\n", "encoding"),
        (HEADER.encode() + b"\n\n , ,\n", "list is empty"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (ole("WordDocument", b"hello"), "not a spreadsheet"),
        (ole("Workbook", b"\x09\x08 nothing that makes sense"), "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "upload.xlsx"
    path.write_bytes(content)
    assert said in refused(path)


def test_an_encrypted_workbook_asks_for_one_without_a_password(tmp_path: Path) -> None:
    path = tmp_path / "secret.xlsx"
    path.write_bytes(ole("EncryptedPackage", b"\x01" * 5000))
    assert "password" in refused(path)


def test_an_encrypted_legacy_workbook_does_too(tmp_path: Path) -> None:
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0, 1997, 0, 6)
    file_pass = struct.pack("<HHHHH", 0x002F, 6, 1, 1, 1) + bytes(48)
    path = tmp_path / "secret.xls"
    path.write_bytes(ole("Workbook", begin + file_pass))
    assert "password" in refused(path)


def test_an_archive_with_encrypted_entries(good: Path, tmp_path: Path) -> None:
    data = bytearray(good.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path = tmp_path / "locked.xlsx"
    path.write_bytes(data)
    assert "password" in refused(path)


def test_the_size_limit_is_a_parameter_and_named(good: Path) -> None:
    assert "largest that can be read is 0.0 MB" in refused(good, max_bytes=1000)
    assert sniff(good, limits=ReadLimits(max_bytes=1_000_000))


def test_a_document_or_any_other_archive_is_not_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "letter.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert "not a spreadsheet" in refused(path)


def test_a_bomb_is_refused_by_what_it_declares(good: Path, tmp_path: Path) -> None:
    path = replace_in_zip(good, tmp_path / "b.xlsx", SHEET, b"</sheetData>",
                          b"</sheetData>" + b" " * 30_000_000)  # fmt: skip
    assert path.stat().st_size < 100_000
    assert "unpacks to far more" in refused(path, max_unpacked_bytes=20_000_000)


def test_a_bomb_is_refused_by_its_ratio(good: Path, tmp_path: Path) -> None:
    path = replace_in_zip(good, tmp_path / "b.xlsx", SHEET, b"</sheetData>",
                          b"</sheetData>" + b" " * 30_000_000)  # fmt: skip
    assert "unpacks to far more" in refused(path)


def test_a_bomb_that_lies_about_its_size_is_counted(good: Path, tmp_path: Path) -> None:
    path = replace_in_zip(good, tmp_path / "b.xlsx", SHEET, b"</sheetData>",
                          b"</sheetData>" + b" " * 30_000_000)  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        real = archive.getinfo(SHEET).file_size
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", real), struct.pack("<I", 500)))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo(SHEET).file_size == 500
    assert "unpacks to far more" in refused(path, max_ratio=1_000_000, max_unpacked_bytes=2**24)


def test_an_archive_of_very_many_entries_is_refused(good: Path) -> None:
    assert "unpacks to far more" in refused(good, max_entries=3)


@pytest.mark.parametrize(
    "cell",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
        b"<row r='1048576'><c t='n' r='XFD1048576'><v>1</v></c></row>",
        b'<row r="1048576"><c><v>1</v></c></row>',
        b'<row r="1048576"><c t=">" r="ZZ1048576"><v>1</v></c></row>',
    ],
)
def test_a_stray_cell_at_the_end_of_a_sheet_is_refused_before_it_is_opened(
    good: Path, tmp_path: Path, cell: bytes
) -> None:
    path = replace_in_zip(good, tmp_path / "b.xlsx", SHEET, b"</sheetData>",
                          cell + b"</sheetData>")  # fmt: skip
    assert "as far out as row 1,048,576" in refused(path)


def look_at(*pieces: bytes) -> None:
    area = SheetArea(1_000_000)
    for piece in pieces:
        area.look(piece)


def test_the_stray_cell_is_found_across_pieces_and_formatted_blanks_are_not_cells() -> None:
    text = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    for cut in range(len(text)):
        with pytest.raises(FileRefused):
            look_at(text[:cut], text[cut:])
    look_at(b'<row r="1048576"><c r="XFD1048576" s="1"/></row>')


def test_a_workbook_without_any_known_list(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"Budget": [["Cost centre", "Amount"], ["A", 1]]})
    assert "None of the sheets" in refused(path)
    blank = workbook(tmp_path / "b.xlsx", {"Sheet1": []})
    assert "None of the sheets" in refused(blank)


@pytest.mark.parametrize(
    "rows",
    [
        [LIST_6[1:], list_6_row("1")[1:]],
        [["List 6: Children in need"], ["something", "else"]],
    ],
)
def test_a_list_without_an_id_column_is_named(tmp_path: Path, rows: list[list[object]]) -> None:
    message = refused(workbook(tmp_path / "a.xlsx", {"List 6": rows}))
    assert "List 6: Children in need" in message
    assert "no column with the child\u2019s id" in message


def test_lists_that_are_all_empty_are_named_and_one_empty_list_is_a_note(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6], "List 7": []})
    message = refused(path)
    assert "List 6: Children in need" in message
    assert "List 7: Child protection" in message
    half = workbook(tmp_path / "b.xlsx", {"List 6": [LIST_6, list_6_row("1")], "List 7": []})
    file = read(half, as_of=AS_OF)
    assert file.empty_lists == ("List 7: Child protection",)
    assert "List 7: Child protection" in next(file.rows()).message  # type: ignore[union-attr]


def test_a_template_workbook_lacking_columns_names_them(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", {"Cases": [["child_id", "service", "team"], [1, 2, 3]]})
    assert "practitioner, opened_on" in refused(path)


def test_other_workbook_formats_are_told_what_to_do(good: Path, tmp_path: Path) -> None:
    for name, entries in {
        "a.ods": {"mimetype": "application/vnd.oasis", "content.xml": "<x/>"},
        "a.xlsb": {"xl/workbook.bin": "x"},
    }.items():
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for entry, text in entries.items():
                archive.writestr(entry, text)
        assert ".xlsx" in refused(path)


def test_content_decides_and_not_the_name(good: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "cases.csv"
    renamed.write_bytes(good.read_bytes())
    assert sniff(renamed) == "annex_a_workbook"
    text = csv_file(tmp_path / "cases.xlsx", "1,CIN,T,W,2026-01-01")
    assert sniff(text) == "template_csv"


def test_a_list_in_two_sheets_is_refused_naming_both(tmp_path: Path) -> None:
    sheets: dict[str, list[Sequence[object]]] = {
        "List 6": [LIST_6, list_6_row("1")],
        "List_6 (old)": [LIST_6, list_6_row("2")],
    }
    message = refused(workbook(tmp_path / "a.xlsx", sheets))
    assert "List 6: Children in need" in message
    assert "\u201cList 6\u201d and \u201cList_6 (old)\u201d" in message
    sheets["List_6 (old)"] = [LIST_6]  # only its headings
    assert read(workbook(tmp_path / "b.xlsx", sheets), as_of=AS_OF).sheets[0].name == "List 6"
