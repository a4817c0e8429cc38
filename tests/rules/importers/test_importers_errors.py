"""Cells of workbooks that hold an error of the spreadsheet: told, and never taken for blank."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from cases.importers import Severity, error_cells
from cases.importers.error_cells import error_cells as errors_of
from tests.rules.importers.making import (
    HEADER,
    csv_file,
    ods_of_xml,
    opened,
    refused,
    replace_in_zip,
)


def with_errors(path: Path, header: str, row: list[str], errors: dict[int, str]) -> Path:
    """A workbook of two sheets; the second has a row with errors below a row without."""
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Notes").write(0, 0, "As agreed")
        sheet = book.add_worksheet("Cases & more")
        sheet.write_row(0, 0, header.split(","))
        sheet.write_row(1, 0, ["1", *row[1:]])
        for place, value in enumerate(row):
            if place in errors:
                sheet.write_formula(2, place, "=NA()", None, errors[place])
            else:
                sheet.write_string(2, place, value)
    return path


ROW = ["2", "CIN", "North", "W", "2026-01-02", "No", "No", "Female", "WBRI", "V4", "Plan", "No"]
WIDE = f"{HEADER},restricted,disability,gender,ethnicity,legal_status,plan,agency"


@pytest.mark.parametrize("place", range(1, len(ROW)))
def test_an_error_in_a_cell_is_told(tmp_path: Path, place: int) -> None:
    path = with_errors(tmp_path / "a.xlsx", WIDE, ROW, {place: "#REF!"})
    _, (_, case), problems = opened(path)
    heading = WIDE.split(",")[place]
    problem = problems[0]
    assert (problem.row, problem.column, problem.value) == (3, heading, "#REF!")
    assert problem.message == "The spreadsheet shows an error here instead of a value."
    assert len(problems) == (2 if heading == "service" else 1)
    assert case.restricted is (heading == "restricted")
    assert case.child_id == "2"


def test_a_child_with_an_error_for_an_id_is_left_out(tmp_path: Path) -> None:
    path = with_errors(tmp_path / "a.xlsx", HEADER, ROW[:5], {0: "#DIV/0!"})
    _, (case,), (problem,) = opened(path)
    assert case.child_id == "1"
    assert (problem.row, problem.column) == (3, "child_id")


def test_errors_of_an_open_document_are_told(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return (
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>'
            "</table:table-cell>"
        )

    error = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
        'office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p>'
        "</table:table-cell>"
    )
    header = "".join(map(cell, f"{HEADER},restricted".split(",")))
    row = "".join(map(cell, ROW[:5]))
    body = "".join(f"<table:table-row>{cells}</table:table-row>" for cells in (header, row + error))
    path = ods_of_xml(tmp_path / "a.ods", f'<table:table table:name="Cases">{body}</table:table>')
    _, (case,), (problem,) = opened(path)
    assert (case.restricted, problem.row, problem.value) == (True, 2, "#N/A")


def test_errors_are_found_in_unusual_xml(tmp_path: Path) -> None:
    usual = with_errors(tmp_path / "a.xlsx", WIDE, ROW, {5: "#NUM!"})
    sheet, cell = "xl/worksheets/sheet2.xml", b'<c r="F3" t="e">'
    path = replace_in_zip(usual, tmp_path / "b.xlsx", sheet, cell, b"<c  t = 'e'  r = 'F3' >")
    assert errors_of(path) == {"Cases & more": {3: {5: "#NUM!"}}}
    _, (_, case), _ = opened(path)
    assert case.restricted


@pytest.mark.parametrize(
    ("entry", "old", "new"),
    [
        ("xl/workbook.xml", b"<sheets>", b"<sheets"),
        ("xl/workbook.xml", b"<workbook ", b"<!DOCTYPE workbook><workbook "),
        ("xl/_rels/workbook.xml.rels", b"</Relationships>", b""),
    ],
)
def test_a_damaged_workbook_with_errors_is_refused_in_words(
    tmp_path: Path, entry: str, old: bytes, new: bytes
) -> None:
    usual = with_errors(tmp_path / "a.xlsx", WIDE, ROW, {5: "#NUM!"})
    path = replace_in_zip(usual, tmp_path / "b.xlsx", entry, old, new)
    assert "is damaged" in refused(path)


def test_a_workbook_of_nothing_but_errors_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_cells, "MOST", 2)
    path = with_errors(tmp_path / "a.xlsx", WIDE, ROW, dict.fromkeys(range(5, 9), "#N/A"))
    assert "hold an error such as #N/A" in refused(path)


def test_without_errors_nothing_is_looked_for_twice(tmp_path: Path) -> None:
    path = with_errors(tmp_path / "a.xlsx", WIDE, ROW, {})
    assert errors_of(path) == {}


@pytest.mark.parametrize(
    "said",
    ["TRUE", "yes", "01/02/2026", "2026-02-01", "John Smith", "12 High Street NR1 2AB", "Unborn",
     "Northmoor NR1 2AB", "Report run on 01/03/2026 by Jane Smith"],
)  # fmt: skip
def test_what_is_plainly_no_id_is_no_child(tmp_path: Path, said: str) -> None:
    path = csv_file(tmp_path / "t.csv", f"{said},CIN,T,W,2026-01-01")
    _, cases, (problem,) = opened(path)
    assert cases == []
    assert problem.message.startswith("This is no child id")


@pytest.mark.parametrize("said", [True, date(2026, 2, 1)])
def test_nor_is_a_cell_of_a_workbook_that_is_none(tmp_path: Path, said: object) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Cases")
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write_row(1, 0, ["", *ROW[1:5]])
        if isinstance(said, date):
            sheet.write_datetime(1, 0, said, book.add_format({"num_format": "dd/mm/yyyy"}))
        else:
            sheet.write_boolean(1, 0, said)
    _, cases, (problem,) = opened(path)
    assert cases == []
    assert problem.message.startswith("This is no child id")


def test_a_line_of_one_value_is_no_child(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "t.csv", "1,CIN,T,W,2026-01-01", "NR12AB", "A1", "2,CIN")
    _, cases, problems = opened(path)
    assert [case.child_id for case in cases] == ["1", "2"]
    told = [problem for problem in problems if problem.severity is Severity.ROW_LEFT_OUT]
    assert [(problem.row, problem.value) for problem in told] == [(3, ""), (4, "")]


@pytest.mark.parametrize("said", ["Total: 3", "Page 1", "Grand total 45", "Count 7"])
def test_a_line_of_totals_is_no_child(tmp_path: Path, said: str) -> None:
    _, cases, (problem,) = opened(csv_file(tmp_path / "t.csv", f"{said},,,,"))
    assert cases == []
    assert problem.message == "This is a line of totals, not a child."


def test_separators_of_thousands_make_no_second_child(tmp_path: Path) -> None:
    _, cases, (problem,) = opened(csv_file(tmp_path / "t.csv", '"0,100,173",CIN,T,W,2026-01-01'))
    assert cases == []
    assert "separators" in problem.message


@pytest.mark.parametrize(
    ("first", "second", "restricted"),
    [("", "Yes", True), ("No", "Yes", True), ("No", "No", False), ("No", "", False),
     ("", "", None), ("Yes", "No", True), ("", "perhaps", True)],
)  # fmt: skip
@pytest.mark.parametrize("heading", ["confidential", "restricted"])
def test_of_two_columns_about_a_restriction_any_counts(
    tmp_path: Path, heading: str, first: str, second: str, restricted: bool | None
) -> None:
    header = f"child_id,service,team,restricted,practitioner,opened_on,{heading}"
    path = csv_file(tmp_path / "t.csv", f"1,CIN,T,{first},W,2026-01-01,{second}", header=header)
    _, (case,), _ = opened(path)
    assert (case.restricted, case.team, case.practitioner) == (restricted, "T", "W")


def test_sheets_that_are_hidden_or_of_closed_cases_open_none(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for number, name in enumerate(["Current", "Closed cases", "Last year"], start=1):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEADER.split(","))
            sheet.write_row(1, 0, [str(number), *ROW[1:5]])
        sheet.hide()
    _, (case,), problems = opened(path)
    assert case.child_id == "1"
    assert [problem.message for problem in problems] == [
        "The sheet “Closed cases” is of closed cases by its name, so it was not read.",
        "The sheet “Last year” is hidden, so it was not read.",
    ]


@pytest.mark.parametrize("said", ["Unallocated", "not allocated", "Vacant", "0"])
def test_nobody_is_no_practitioner(tmp_path: Path, said: str) -> None:
    path = csv_file(tmp_path / "t.csv", f"1,CIN,{said},{said},2026-01-01")
    _, (case,), problems = opened(path)
    assert (case.team, case.practitioner) == ("", "")
    assert len(problems) == 2
