"""Lists under headings of their own: which rows are taken for headings, and which are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from cases.importers import CaseRow, FileRefused, read
from cases.importers.columns import ColumnChoice, ColumnsUnknown, signature
from cases.importers.headings import is_personal
from tests.rules.importers.making import AS_OF, csv_file, opened, refused, workbook

LCS = (
    "LCS ID,Case Worker Name,Workgroup,Allocation Start Date,Allocation End Date,Case Type",
    "1001,R. Okafor,Riverside,05/01/2026,,Child in Need",
)
MOSAIC = (
    "Case Number,Allocated Worker Name,Allocated Team Name,Start,Service Type",
    "M-204,R. Okafor,Riverside,5 January 2026,CIN",
)
LETTERS = ("Case Ref,Held By,Unit", "CHILD001,R. Okafor,Riverside", "CHILD002,P. One,Hilltop")
TITLED = (
    "Northmoor Council,Social Care,Restricted",
    "Report run on:,01/02/2026,by,Pat",
    "",
    *LCS,
)


def cells(line: str) -> list[object]:
    return [datetime(2026, 1, 5) if cell == "05/01/2026" else cell for cell in line.split(",")]


def asked(path: Path) -> ColumnsUnknown:
    with pytest.raises(ColumnsUnknown) as unknown:
        read(path, as_of=AS_OF)
    return unknown.value


@pytest.mark.parametrize("lines", [LCS, MOSAIC, LETTERS, TITLED])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_unfamiliar_headings_are_asked_about(
    tmp_path: Path, lines: Sequence[str], kind: str
) -> None:
    if kind == "csv":
        path = csv_file(tmp_path / "a.csv", *lines[1:], header=lines[0])
    else:
        path = workbook(tmp_path / "a.xlsx", {"Export": [cells(line) for line in lines]})
    headings = LCS[0] if lines is TITLED else lines[0]
    unknown = asked(path)
    assert list(unknown.asked.offered) == headings.split(",")

    said = ColumnChoice({"child_id": headings.split(",")[0]}, "child_in_need")
    file = read(path, as_of=AS_OF, columns={unknown.asked.signature: said})
    assert len([row for row in file.rows() if hasattr(row, "child_id")]) == len(lines) - (
        4 if lines is TITLED else 1
    )


@pytest.mark.parametrize(
    "lines",
    [
        ["shade,colour,size", "x,y,z"],  # nothing below that a list of cases would have
        ["Dear colleague,as agreed,please", "see the list,and call me,on Monday"],
        ["Case Ref,Held By,Unit", ",,"],
        ["Yes,Yes,Yes", "1,2,3"],
        ["CHILD001,Jo Smith,Riverside", "CHILD002,Al Jones,Hilltop"],  # no headings
        ["1001,Jo Smith,Riverside,2026-01-05", ",Al Jones,Hilltop,soon", "1003,P,Q,2026-01-05"],
        ["Jo Smith,Riverside,5 January 2026", "Al Jones,Hilltop,6 January 2026"],
        ["AB1,Jo Smith,Riverside", "ABC12,Al Jones,Hilltop"],  # no headings
        ["unknown,Jo Smith,Riverside", "1002,Al Jones,Riverside"],  # a team stands below once more
        ['{"child": 1, "team": "T", "worker": "W"}', '{"child": 2, "team": "T", "worker": "W"}'],
    ],
)  # fmt: skip
def test_what_is_no_list_with_headings_is_refused_and_nothing_of_it_shown(
    tmp_path: Path, lines: Sequence[str]
) -> None:
    path = csv_file(tmp_path / "a.csv", *lines[1:], header=lines[0])
    with pytest.raises(FileRefused, match="column headings of the template") as error:
        read(path, as_of=AS_OF)
    assert not isinstance(error.value, ColumnsUnknown)
    book = workbook(tmp_path / "a.xlsx", {"S": [cells(line) for line in lines]})
    assert "None of the sheets" in refused(book)


def test_headings_that_are_repeated_are_headings(tmp_path: Path) -> None:
    lines = ["1002,Permanent,Hilltop", "Case Ref,Kind of post,Unit", "1003,Agency,Riverside"]
    path = csv_file(tmp_path / "a.csv", *lines, header="Case Ref,Kind of post,Unit")
    assert asked(path).asked.offered == ("Case Ref", "Kind of post", "Unit")


def test_a_row_of_text_is_not_taken_for_the_headings_above_it(tmp_path: Path) -> None:
    """One cell of it is a word that is a heading elsewhere."""
    lines = ["Jo Smith,Agency,Riverside,Smith", "1002,Permanent,Hilltop,Jones"]
    path = csv_file(tmp_path / "a.csv", *lines, header="Case Ref,Kind of post,Unit,Client")
    assert asked(path).asked.offered == ("Case Ref", "Kind of post", "Unit")


def test_of_several_sheets_the_likeliest_list_is_asked_about(tmp_path: Path) -> None:
    totals: list[Sequence[object]] = [["Team", "Closed", "Open", "All"], ["Riverside", 1, 2, 3]]
    export = [cells(line) for line in LCS]
    path = workbook(tmp_path / "a.xlsx", {"Totals": totals, "Export": export, "Codes": totals})
    unknown = asked(path)
    assert "\u201cExport\u201d" in unknown.message
    assert unknown.asked.offered == tuple(LCS[0].split(","))
    ids: list[Sequence[object]] = [["Child ID", "Team", "Kind"], [1, "Riverside", "x"]]
    path = workbook(tmp_path / "b.xlsx", {"Totals": totals, "Ids": ids, "Export": export})
    assert "\u201cIds\u201d" in asked(path).message


@pytest.mark.parametrize(
    ("said", "is_open", "told"),
    [("Closed", False, "says closed"), ("Open", True, ""), ("", True, ""), ("Zzz", True, "known")],
)
def test_a_status_that_was_named_closes_a_case_only_where_it_is_plain(
    tmp_path: Path, said: str, is_open: bool, told: str
) -> None:
    header = "child_id,service,team,practitioner,opened_on,Status"
    path = csv_file(tmp_path / "a.csv", f"1,CIN,T,W,2026-01-02,{said}", header=header)
    (asked_of,) = read(path, as_of=AS_OF).nameable
    assert "status" not in asked_of.understood
    named = ColumnChoice(asked_of.suggested)
    file, (case,), problems = opened(path, columns={asked_of.signature: named})
    assert (case.is_open, case.service_code) == (is_open, "child_in_need")
    assert [told in problem.message for problem in problems] == ([True] if told else [])
    assert file.nameable == ()


@pytest.mark.parametrize(
    ("headings", "status"),
    [
        ("Case Status", "Case Status"),
        ("Open/Closed", "Open/Closed"),
        ("Legal Status", None),
        ("Status,Case Status", None),  # one of them, and who knows which
        ("Status,Closed?", "Closed?"),
    ],
)
def test_the_likely_status_is_suggested(tmp_path: Path, headings: str, status: str | None) -> None:
    path = csv_file(tmp_path / "a.csv", "M-1,P. One,2", header=f"Case Number,Held By,{headings}")
    assert asked(path).asked.suggested.get("status") == status


@pytest.mark.parametrize(
    ("heading", "said", "is_open", "told"),
    [
        ("Closed?", "Yes", False, "says closed"),
        ("Closed?", "No", True, ""),
        ("Closed?", "", True, ""),
        ("Closed?", "Perhaps", True, "not known"),
        ("Is closed", "1", False, "says closed"),
        ("Case closed", "y", False, "says closed"),
        ("Case closed", "14/02/2026", False, ""),
        ("Case closed", "14/02/2030", True, "after the as-of date"),
        ("Case closed", "01/01/1900", True, "before the opening date"),
        ("Case closed", "01/06/2020", True, "before the opening date"),  # of an earlier time
        ("Closed (Y/N)", "N", True, ""),
        ("Closed flag", "Closed", False, "says closed"),
        ("Open?", "No", False, "says closed"),
        ("Is the case open?", "Yes", True, ""),
    ],
)
def test_a_column_that_asks_whether_a_case_is_closed_is_read_as_its_status(
    tmp_path: Path, heading: str, said: str, is_open: bool, told: str
) -> None:
    header = f"child_id,service,team,practitioner,opened_on,{heading}"
    path = csv_file(tmp_path / "a.csv", f"1,CIN,T,W,2026-01-02,{said}", header=header)
    file, (case,), problems = opened(path)
    assert case.is_open is is_open
    assert [told in problem.message for problem in problems] == ([True] if told else [])
    assert file.unread_columns == ()


def test_a_day_that_answers_whether_a_case_is_closed_is_when_it_was(tmp_path: Path) -> None:
    header = "child_id,service,team,practitioner,opened_on,Case closed"
    path = csv_file(tmp_path / "a.csv", "1,CIN,T,W,2026-01-02,14/02/2026", header=header)
    _, (case,), _ = opened(path)
    assert str(case.closed_on) == "2026-02-14"


def test_a_question_is_no_date_and_stands_beside_the_date_closed(tmp_path: Path) -> None:
    header = "child_id,service,team,practitioner,opened_on,Closed?,Date closed"
    lines = ("1,CIN,T,W,2026-01-02,Yes,2026-08-01", "2,CIN,T,W,2026-01-02,No,")
    path = csv_file(tmp_path / "a.csv", *lines, header=header)
    _, (ended, still), problems = opened(path)
    assert [ended.is_open, str(ended.closed_on), still.is_open] == [False, "2026-08-01", True]
    assert problems == []
    asking = csv_file(tmp_path / "b.csv", "M-1,P. One,Yes", header="Case Number,Held By,Closed?")
    assert asked(asking).asked.understood == {"status": "Closed?"}


def test_a_heading_that_was_chosen_as_the_status_says_what_yes_means(tmp_path: Path) -> None:
    header = "child_id,service,team,practitioner,opened_on,Closed"
    path = csv_file(tmp_path / "a.csv", "1,CIN,T,W,2026-01-02,Yes", header=header)
    fields = ("child_id", "service", "team", "practitioner", "opened_on")
    chosen = ColumnChoice({**dict(zip(fields, fields, strict=True)), "status": "Closed"})
    _, (case,), _ = opened(path, columns={signature(header.split(",")): chosen})
    assert not case.is_open
    chosen = ColumnChoice({**dict(zip(fields, fields, strict=True)), "closed_on": "Closed"})
    _, (case,), (problem,) = opened(path, columns={signature(header.split(",")): chosen})
    assert case.is_open
    assert "cannot be read" in problem.message


def test_beside_the_named_column_every_other_that_is_known_says_of_a_restriction(
    tmp_path: Path,
) -> None:
    header = "Ref,Restricted,Sensitive,Unit"
    path = csv_file(tmp_path / "a.csv", "1001,No,Yes,T", "1002,No,,T", header=header)
    unknown = asked(path)
    said = ColumnChoice({"child_id": "Ref", "restricted": "Restricted"}, "child_in_need")
    file = read(path, as_of=AS_OF, columns={unknown.asked.signature: said})
    rows = [row for row in file.rows() if isinstance(row, CaseRow)]
    assert [row.restricted for row in rows] == [True, False]
    assert file.unread_columns == ("Unit",)


@pytest.mark.parametrize(
    "heading",
    ["N.H.S. Number", "U.P.N.", "Name (child)", "Child - Name", "Customer name", "Name of YP",
     "PostCd", "P/code", "Add Line 1"],
)  # fmt: skip
def test_personal_headings_in_odd_spellings_are_no_choice(heading: str) -> None:
    assert is_personal(heading)


@pytest.mark.parametrize("heading", ["Worker - Name", "Name (worker)", "Parent team", "Child id"])
def test_what_is_not_about_a_person_can_be_chosen(heading: str) -> None:
    assert not is_personal(heading)


def test_what_was_chosen_before_is_not_read_from_a_personal_column(tmp_path: Path) -> None:
    """Such a choice could be made while "PersonName" was taken for a column like any other."""
    header = "Ref,PersonName,Unit"
    path = csv_file(tmp_path / "a.csv", "M-1,Jo Smith,North", header=header)
    assert asked(path).asked.offered == ("Ref", "Unit")
    key = signature(header.split(","))
    said = ColumnChoice({"child_id": "Ref", "team": "PersonName"}, "child_in_need")
    file, (case,), _ = opened(path, columns={key: said})
    assert (case.child_id, case.team) == ("M-1", "")
    assert file.dropped_columns == ("PersonName",)
    with pytest.raises(ColumnsUnknown):
        read(path, as_of=AS_OF, columns={key: ColumnChoice({"child_id": "PersonName"}, "")})
