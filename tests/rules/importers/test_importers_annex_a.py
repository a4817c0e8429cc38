"""Annex A workbooks: which sheet is which list, which rows are open, what is kept of a row."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from cases.importers import FileFormat, FileRefused, Severity, sniff, summarise
from cases.importers.annex_a import LISTS, list_by_name
from tests.rules.importers.making import AS_OF, LIST_1, LIST_6, LIST_9, list_6_row, opened, workbook


@pytest.mark.parametrize(
    ("sheet", "code"),
    [
        ("List_1", "list_1"),
        ("List 1", "list_1"),
        ("list1", "list_1"),
        ("LIST-08", "list_8"),
        ("Annex A List 6", "list_6"),
        ("List 10 Adoption", "list_10"),
        ("1. Contacts", "list_1"),
        ("6 - Children in need", "list_6"),
        ("CIN", "list_6"),
        ("Care Leavers", "list_9"),
        ("List 12", None),
        ("2. Summary", None),
        ("0 - Contents", None),
        ("Front_Sheet", None),
        ("Guidance", None),
        ("Codes_used", None),
        ("Sheet1", None),
    ],
)
def test_a_sheets_name_says_which_list_it_is(sheet: str, code: str | None) -> None:
    assert list_by_name(sheet) == code


def test_every_list_is_told_from_the_others_by_its_own_columns() -> None:
    for code, profile in LISTS.items():
        others = [p.distinctive for other, p in LISTS.items() if other != code]
        assert len(profile.distinctive) >= 2
        assert not any(profile.distinctive & theirs for theirs in others), code


def test_title_rows_guidance_and_blank_formatted_rows_are_not_children(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "annex.xlsx",
        {
            "Front_Sheet": [["Annex A - Child level data"]],
            "Codes_used": [["Gender", "Ethnicity", "Referral NFA?", "Case status"], ["a) Male"]],
            "Guidance": [["List", "Field Heading"], ["List 6", "Child Unique ID"]],
            "List_6": [
                ["List 6: Children in Need"],
                ["Northmoor County Council"],
                [],
                LIST_6,
                list_6_row("001"),
                [None] * 14,
                ["\u00a0", " "],
                list_6_row("002"),
                *[[None] * 14 for _ in range(50)],
            ],
        },
    )
    file, rows, problems = opened(path)
    assert file.format is FileFormat.ANNEX_A_WORKBOOK
    assert [(s.name, s.list_code, s.header_row, s.rows_read) for s in file.sheets] == [
        ("List_6", "list_6", 4, 2)
    ]
    assert [(row.child_id, row.row) for row in rows] == [("001", 5), ("002", 8)]
    assert problems == []


def test_headings_in_other_spellings_are_the_same_headings(tmp_path: Path) -> None:
    header = [
        " CHILD ID ", "Sum of Gender", "Ethnicity\u00a0", "DOB", "Age",
        "Does the child have a disability?", "CIN\nStart  Date", "Primary Need Code", "x",
        "CIN closure date", "y", "Case Status ", "Allocated\u00a0Team", "allocated worker",
    ]  # fmt: skip
    row = list_6_row(
        1009.0, gender="b) Female", ethnicity="WBRI - White British", born=date(2010, 10, 1),
        disability="Autism", start=date(2025, 1, 6), status="b) Child Protection plan",
        team="Locality\u00a03  Team", worker=" Dana\u00a0Lee ",
    )  # fmt: skip
    _, rows, problems = opened(workbook(tmp_path / "a.xlsx", {"Sheet6": [header, row]}))
    (case,) = rows
    assert problems == []
    assert (case.child_id, case.list_code, case.service_code) == (
        "1009",
        "list_6",
        "child_protection",
    )
    assert (case.gender, case.gender_code) == ("b) Female", "female")
    assert (case.ethnicity, case.ethnicity_code) == ("WBRI - White British", "WBRI")
    assert (case.disability, case.disabled) == ("Autism", True)
    assert (case.team, case.practitioner) == ("Locality 3 Team", "Dana Lee")
    assert (case.opened_on, case.age_years) == (date(2025, 1, 6), 15)


@pytest.mark.parametrize(
    ("status", "closed", "service", "is_open"),
    [
        ("a) Looked after child", "", "looked_after", True),
        ("b) Child Protection plan", "", "child_protection", True),
        ("c) Child in need plan", "", "child_in_need", True),
        ("d) Open assessment", "", "assessment", True),
        ("e) Closed episode", "", "child_in_need", False),
        ("e) Closed episode", date(2026, 5, 1), "child_in_need", False),
        ("c) Child in need plan", date(2026, 5, 1), "child_in_need", False),
        ("c) Child in need plan", "#N/A", "child_in_need", True),
        ("c) Child in need plan", "soon", "child_in_need", True),
        ("c) Child in need plan", date(2026, 12, 1), "child_in_need", True),
        ("Care leaver", "", "care_leaver", True),
        ("", "", "child_in_need", True),
        ("PIP stage 2", "", "child_in_need", True),
    ],
)
def test_list_6_gives_the_service_by_its_status(
    tmp_path: Path, status: str, closed: object, service: str, is_open: bool
) -> None:
    row = list_6_row("7", status=status, closed=closed)
    _, (case,), _ = opened(workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, row]}))
    assert (case.service_code, case.is_open) == (service, is_open)


def test_a_care_leaver_called_closed_on_list_6_is_open_by_list_9(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "List 6": [
                LIST_6,
                list_6_row("1", status="e) Closed episode"),
                list_6_row("2", status="c) Child in need plan"),
                list_6_row("3", status="e) Closed episode", closed=date(2026, 1, 1)),
            ],
            "List 9": [LIST_9, ["1", "M", "", "", 19], ["2", "M", "", "", 18]],
        },
    )
    _, rows, _ = opened(path)
    summary = summarise(rows)
    assert (summary.rows_read, summary.children, summary.open_cases) == (5, 3, 2)
    assert summary.by_service["care_leaver"] == 1
    assert summary.by_service["child_in_need"] == 1
    earlier = summarise(rows, precedence=["care_leaver", "child_in_need"])
    assert earlier.by_service == {"care_leaver": 2, "child_in_need": 0}


def test_event_lists_count_children_and_open_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"List 1": [LIST_1, ["5", "", "", "", 4, "", ""]]})
    _, (event,), _ = opened(path)
    assert (event.service_code, event.is_open) == (None, False)
    assert summarise([event]).children == 1
    assert summarise([event]).open_cases == 0


def test_adopters_are_not_children(tmp_path: Path) -> None:
    adopters: list[list[object]] = [
        ["Individual adopter identifier", "Family identifier", "Gender", "Date enquiry received"],
        ["A1", "F1", "Male", date(2026, 1, 1)],
    ]
    path = workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, list_6_row("1")], "List 11": adopters})
    file, rows, _ = opened(path)
    assert [row.child_id for row in rows] == ["1"]
    assert [sheet.list_code for sheet in file.sheets] == ["list_6", "list_11"]
    only = workbook(tmp_path / "b.xlsx", {"List 11": adopters})
    with pytest.raises(FileRefused, match="adopters only"):
        sniff(only)


def test_a_sheet_with_another_lists_columns_is_read_as_that_list(tmp_path: Path) -> None:
    _, (case,), (note,) = opened(
        workbook(tmp_path / "a.xlsx", {"List 3": [LIST_6, list_6_row("1")]})
    )
    assert case.list_code == "list_6"
    assert note.row is None
    assert "List 6: Children in need" in note.message


def test_two_columns_of_one_meaning_and_a_missing_closing_column_are_noted(tmp_path: Path) -> None:
    header = ["Child Unique ID", "Child ID", "CIN Start Date", "Primary Need Code"]
    _, (case,), problems = opened(
        workbook(tmp_path / "a.xlsx", {"List 6": [header, ["1", "2", "", ""]]})
    )
    assert case.child_id == "1"
    assert case.is_open
    assert any(p.column == "Child ID" and "Only the first" in p.done for p in problems)
    assert any("CIN Closure Date" in p.message and "counts as open" in p.done for p in problems)


def test_rows_without_a_trustworthy_id_are_left_out_and_said(tmp_path: Path) -> None:
    ids = ["", "#N/A", "NULL", "Grand Total", "Child Unique ID", "x" * 51, 12345678901234567.0]
    rows = [list_6_row(value, gender="M") for value in ids]
    _, cases, problems = opened(workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, *rows]}))
    assert cases == []
    assert [p.row for p in problems] == [2, 3, 4, 5, 6, 7, 8]
    assert {p.severity for p in problems} == {Severity.ROW_LEFT_OUT}
    assert {p.column for p in problems} == {"Child Unique ID"}
    assert summarise(problems).rows_read == 7


def test_ids_are_text(tmp_path: Path) -> None:
    ids = ["00123", "AB_7_", 1009.0, "1009.0", "\u00a042 ", 7]
    rows = [list_6_row(value) for value in ids]
    _, cases, _ = opened(workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, *rows]}))
    assert [case.child_id for case in cases] == ["00123", "AB_7_", "1009", "1009", "42", "7"]


def test_no_attribute_costs_a_child_its_place(tmp_path: Path) -> None:
    row = list_6_row(
        "1", gender="??", ethnicity="Martian", born="May be 8 Jan 2000", age="old",
        start="yesterday", closed="later", status="??", team="#N/A", worker=3.5,
    )  # fmt: skip
    _, (case,), problems = opened(workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, row]}))
    assert case.is_open
    assert (case.gender, case.gender_code, case.ethnicity) == ("??", "", "Martian")
    assert {p.column for p in problems} == {
        "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)", "CIN Start Date",
        "CIN Closure Date", "Case status", "Allocated Team",
    }  # fmt: skip
    assert Severity.ROW_LEFT_OUT not in {p.severity for p in problems}


def test_dates_after_the_as_of_date_are_left_out_in_words(tmp_path: Path) -> None:
    row = list_6_row("1", born=date(2026, 10, 1), age=-1, start=date(2026, 10, 1))
    _, (case,), problems = opened(workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, row]}))
    assert (case.opened_on, case.age_years, case.is_open) == (None, -1, True)
    said = {p.column: p for p in problems}
    assert "date of birth is after the as-of date" in said["Date of Birth"].message
    assert "opened after the as-of date" in said["CIN Start Date"].message
    assert said["CIN Start Date"].value == "2026-10-01"
    assert said["Date of Birth"].value == ""


def test_an_unknown_spelling_is_reported_once(tmp_path: Path) -> None:
    rows = [list_6_row(str(n), ethnicity="Martian") for n in range(20)]
    _, cases, problems = opened(workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, *rows]}))
    assert len(cases) == 20
    assert [(p.row, p.value) for p in problems] == [(2, "Martian")]


def test_what_identifies_a_child_is_dropped_and_listed(tmp_path: Path) -> None:
    header = [*LIST_6, "Child's Name", "Surname", "NHS number", "UPN", "Home Address", "Postcode"]
    row = [*list_6_row("1"), "Ann Other", "Other", "999", "A123", "1 High Street", "AB1 2CD"]
    file, rows, _ = opened(workbook(tmp_path / "a.xlsx", {"List 6": [header, row]}))
    assert file.dropped_columns == tuple(header[-6:])
    assert "Other" not in repr(rows)
    assert "AB1" not in repr(rows)


def test_rows_can_be_read_again_and_the_hash_is_the_files(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, list_6_row("1"), list_6_row("2")]})
    file, first, _ = opened(path)
    assert list(file.rows()) == first
    assert file.sheets[0].rows_read == 2
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert AS_OF.isoformat() not in repr(first)
