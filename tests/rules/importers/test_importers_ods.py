"""Annex A as an OpenDocument spreadsheet: read like the same workbook in Excel's format, and as
carefully opened."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from cases.importers import sniff
from tests.rules.importers.making import (
    LIST_6,
    LIST_9,
    list_6_row,
    ods,
    ods_of_xml,
    opened,
    refused,
    workbook,
)

SHEETS: dict[str, list[list[object]]] = {
    "Front_Sheet": [["Northmoor County Council"]],
    "List_6": [
        ["Children in need"],
        list(LIST_6),
        list_6_row("0042", start=date(2026, 1, 5), age=7.5, status="a) Looked after child",
                   team="North & \N{EN DASH} East", worker="R. O'Kafor", born=date(2019, 2, 1)),
        list_6_row(1009.0, start=datetime(2026, 3, 4, 0, 0), closed="01/09/2026"),
        ["" for _ in LIST_6],
        list_6_row("77", start="14 Feb 2026", status="Child in need plan", team="Two\nlines"),
    ],
    "List_9": [list(LIST_9), ["0042", "a", "", "", 17, True, "Leaving Care", "B", "Relevant"]],
}  # fmt: skip


def test_the_same_rows_as_from_the_workbook_in_excels_format(tmp_path: Path) -> None:
    _, want, problems = opened(workbook(tmp_path / "a.xlsx", SHEETS))
    file, got, said = opened(ods(tmp_path / "a.ods", SHEETS))
    assert file.format == "annex_a_workbook"
    assert len(want) == 4
    assert got == want
    assert [p.message for p in said] == [p.message for p in problems]


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    stored = ods(tmp_path / "a.ods", SHEETS).rename(tmp_path / "5c1f.upload")
    assert sniff(stored) == "annex_a_workbook"


def test_the_template_as_an_opendocument_spreadsheet(tmp_path: Path) -> None:
    heads = ["child_id", "service", "team", "practitioner", "opened_on"]
    path = ods(tmp_path / "t.ods", {"Cases": [heads, ["1", "CIN", "T", "W", date(2026, 1, 1)]]})
    file, rows, _ = opened(path)
    assert file.format == "template_workbook"
    assert [(row.child_id, row.opened_on) for row in rows] == [("1", date(2026, 1, 1))]


def row(cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{cells}</table:table-row>'


def cell(value: str = "", repeated: int | str = 1) -> str:
    kind = 'office:value-type="string"' if value else ""
    inside = f"<text:p>{value}</text:p>" if value else ""
    return (
        f'<table:table-cell {kind} table:number-columns-repeated="{repeated}">{inside}'
        "</table:table-cell>"
    )


def table(*rows: str) -> str:
    return f'<table:table table:name="List_6">{"".join(rows)}</table:table>'


@pytest.mark.parametrize(
    "tables",
    [
        table(row(cell("x", 16_384), 1_048_576)),
        table(row(cell(repeated=16_383) + cell("x")), row("", 1_048_000), row(cell("x"))),
        table(row(cell("x", 99_999_999_999_999))),
        table(row(cell("x", 3_000), 2_000)) * 2,  # each sheet is small enough, both are not
    ],
    ids=["repeated", "far corner", "a number too long", "two sheets"],
)
def test_a_kilobyte_that_asks_for_gigabytes_is_not_opened(tmp_path: Path, tables: str) -> None:
    path = ods_of_xml(tmp_path / "bomb.ods", tables)
    assert path.stat().st_size < 3_000
    assert "too large to read" in refused(path)


def test_a_value_without_a_type_counts_too(tmp_path: Path) -> None:
    typeless = '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'  # noqa: E501
    path = ods_of_xml(tmp_path / "bomb.ods", table(row(typeless, 1_000_000)))
    assert "too large to read" in refused(path)


@pytest.mark.parametrize("number", ["-5", "1e9", "x", ""])
def test_a_number_of_repetitions_that_is_none(tmp_path: Path, number: str) -> None:
    path = ods_of_xml(tmp_path / "a.ods", table(row(cell("x", number))))
    assert "damaged" in refused(path)


def test_a_document_type_is_refused_before_an_entity_grows(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    path = ods_of_xml(tmp_path / "a.ods", table(row(cell("&b;"))), before=laughs)
    assert "damaged" in refused(path)


def test_what_unpacks_to_too_much_is_not_opened(tmp_path: Path) -> None:
    path = ods_of_xml(tmp_path / "a.ods", table(row(cell("x" * 30_000_000))))
    assert "unpacks to far more" in refused(path)


def test_cut_off_or_no_xml(tmp_path: Path) -> None:
    path = ods_of_xml(tmp_path / "a.ods", "<table:table>")
    assert "damaged" in refused(path)


def test_a_password_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<m><manifest:encryption-data/></m>")
        archive.writestr("content.xml", b"\x93\x01\xff")
    assert "password" in refused(path)


def test_an_opendocument_text_is_no_spreadsheet(tmp_path: Path) -> None:
    path = ods_of_xml(tmp_path / "a.odt", "", mimetype="application/vnd.oasis.opendocument.text")
    assert "not a spreadsheet" in refused(path)
    assert ".ods" in refused(path)
