"""The template, as CSV and as a workbook."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from cases.importers import (
    PRECEDENCE,
    SERVICE_NAMES,
    CaseRow,
    FileFormat,
    FileRefused,
    Problem,
    Severity,
    read,
    sniff,
    summarise,
    template_columns,
    template_csv,
)
from cases.importers.columns import ColumnsUnknown
from tests.rules.importers.making import (
    AS_OF,
    HEADER,
    LIST_6,
    csv_file,
    list_6_row,
    opened,
    workbook,
)

GOOD = "00412,Child Protection,Team 1,R. Okafor,14/02/2026"


def test_the_template_has_the_promised_columns_and_no_child() -> None:
    rows = list(csv.reader(io.StringIO(template_csv())))
    columns = template_columns()
    assert rows == [[column.heading for column in columns]]
    assert [c.heading for c in columns if c.required] == HEADER.split(",")
    assert [c.heading for c in columns if not c.required] == (
        "family_id closed_on agency restricted date_of_birth gender ethnicity disability "
        "disability_team transferred_in_on transferred_in_from legal_status plan"
    ).split()
    assert all(column.explanation for column in columns)


def test_the_template_filled_with_its_own_examples_reads_without_a_problem(tmp_path: Path) -> None:
    examples = [column.example for column in template_columns()]
    path = tmp_path / "t.csv"
    path.write_text(template_csv() + ",".join(examples) + "\r\n", encoding="utf-8")
    _, (case,), problems = opened(path)
    assert problems == []
    assert case.child_id == "00412345"
    assert case.service_code == "child_protection"
    assert (case.opened_on, case.age_years) == (date(2026, 2, 14), 12)
    assert (case.agency, case.restricted, case.disabled) == (False, False, False)
    assert (case.ethnicity_code, case.gender_code) == ("WBRI", "female")
    assert case.plan == "Child protection plan"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("C2 - Full care order", "C2"),
        ("INTERIM CARE ORDER [C1]", "C1"),
        ("CLA - E1 - Placement Order and C2 - Full Care Order", "E1"),
        ("v4", "V4"),
        ("No longer V4", "No longer V4"),
        ("V4 ended 3 March", "V4 ended 3 March"),
        ("Short breaks previously", "Short breaks previously"),
        ("Not V3", "Not V3"),
        ("V4 - Accommodation under a series of short term breaks", "V4"),
        ("Short breaks, individual episodes of care recorded", "V3"),
        ("Agreed series of short-term breaks (NOT individual episodes of care)", "V4"),
        ("No short breaks", "No short breaks"),
        ("L31 Care Order S31.1(a) CA 89", "L31 Care Order S31.1(a) CA 89"),
        ("Special Guardianship Order", "Special Guardianship Order"),
    ],
)
def test_a_legal_status_is_its_code_or_else_its_words(tmp_path: Path, text: str, kept: str) -> None:
    path = csv_file(tmp_path / "t.csv", f'{GOOD},"{text}"', header=f"{HEADER},legal_status")
    _, (case,), problems = opened(path)
    assert (case.legal_status, problems) == (kept, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_encodings_that_excel_writes(tmp_path: Path, encoding: str) -> None:
    path = csv_file(tmp_path / "t.csv", GOOD.replace("Okafor", "Ó Dálaigh"), encoding=encoding)
    file, (case,), _ = opened(path)
    assert file.format is FileFormat.TEMPLATE_CSV
    assert case.practitioner == "R. Ó Dálaigh"


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(tmp_path: Path, separator: str) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        GOOD.replace(",", separator),
        header=HEADER.replace(",", separator),
    )
    _, (case,), problems = opened(path)
    assert (case.team, problems) == ("Team 1", [])


def test_a_workbook_with_the_templates_columns_is_the_template(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Open cases, Northmoor"],
        ["Child ID", "Service", "Team", "Allocated worker", "Opened on", "Restricted (Y/N)"],
        ["007", "LAC", "Team 1", "A. Worker", date(2026, 1, 5), "Y"],
    ]
    path = workbook(tmp_path / "t.xlsx", {"Assessments": [["notes"]], "Sheet2": rows})
    assert sniff(path) is FileFormat.TEMPLATE_WORKBOOK
    _, (case,), _ = opened(path)
    assert (case.sheet, case.row, case.child_id) == ("Sheet2", 3, "007")
    assert (case.list_code, case.service_code, case.restricted) == (
        "template",
        "looked_after",
        True,
    )


def test_every_sheet_with_the_templates_columns_is_read(tmp_path: Path) -> None:
    head: list[object] = ["Child ID", "Service", "Team", "Worker", "Opened on"]
    sheets: dict[str, list[list[object]]] = {
        "Summary": [["Team", "CIN", "CP", "LAC"], ["Team 1", 3, 2, 1]],
        "Early help": [head, ["1", "Early help", "Team 1", "A. Worker", date(2026, 1, 5)]],
        "Nobody yet": [head],
        "Social care": [["Northmoor"], head, ["2", "CIN", "Team 2", "B. Worker", "06/01/2026"]],
    }
    file, cases, problems = opened(workbook(tmp_path / "t.xlsx", sheets))
    assert [(case.sheet, case.row, case.child_id, case.service_code) for case in cases] == [
        ("Early help", 2, "1", "early_help"),
        ("Social care", 3, "2", "child_in_need"),
    ]
    assert [info.rows_read for info in file.sheets] == [1, 1]
    assert any("“Summary” has other headings" in problem.message for problem in problems)
    assert any(problem.message.startswith("No rows in") for problem in problems)


def test_a_sheet_that_lists_children_under_other_headings_is_asked_about(tmp_path: Path) -> None:
    head: list[object] = ["Child ID", "Service", "Team", "Worker", "Opened on"]
    row: list[object] = ["1", "CIN", "Team 1", "A. Worker", date(2026, 1, 5)]
    sheets: dict[str, list[list[object]]] = {
        "Summary": [["Team", "CIN", "CP", "LAC"], ["Team 1", 3, 2, 1]],
        "Social care": [head, row],
        "Front door": [["Child ID", "Family group", "Team", "Worker"], ["2", "F1", "T", "W"]],
    }
    path = workbook(tmp_path / "t.xlsx", sheets)
    with pytest.raises(ColumnsUnknown, match="Front door") as unknown:
        read(path, as_of=AS_OF)
    assert "Family group" in unknown.value.asked.offered
    del sheets["Social care"]
    # Not about the first that is none.
    with pytest.raises(ColumnsUnknown, match="Front door"):
        read(workbook(tmp_path / "u.xlsx", sheets), as_of=AS_OF)


def test_a_list_beside_those_of_annex_a_is_told(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "List 6": [[*LIST_6], list_6_row("1", status="b) CIN")],
        "Front door": [["Child ID", "Service", "Team"], ["2", "CIN", "T"]],
        "Teams": [["Team", "Manager"], ["T", "M"]],
    }
    _, cases, problems = opened(workbook(tmp_path / "t.xlsx", sheets))
    assert [case.child_id for case in cases] == ["1"]
    told = [problem.message for problem in problems if "not read" in problem.message]
    assert told == ["The sheet “Front door” is none of the lists of Annex A, so it was not read."]


@pytest.mark.parametrize(
    ("opened_on", "closed_on", "wrong"),
    [
        ("2026-02-01", "2025-02-01", "The closing date is before the opening date."),
        ("2026-02-01", "1900-01-01", "The closing date is before the opening date."),
        ("", "01/01/1900", "The closing date is longer ago than any case can be."),
        ("01/01/1900", "01/01/1900", "The closing date is longer ago than any case can be."),
    ],
)
def test_a_closing_date_that_cannot_be_closes_nothing(
    tmp_path: Path, opened_on: str, closed_on: str, wrong: str
) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        f"1,CIN,T,W,{opened_on},{closed_on}",
        "2,CIN,T,W,2026-02-01,2026-02-01",
        "3,CIN,T,W,2026-02-01,2026-03-01",
        header=f"{HEADER},closed_on",
    )
    _, cases, problems = opened(path)
    assert [(case.is_open, case.closed_on is None) for case in cases] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    (told,) = (problem for problem in problems if problem.column.startswith("closed"))
    assert (told.row, told.message, told.value) == (2, wrong, closed_on)
    assert told.done == "The date was left out, so the case counts as open."


def test_services_by_name_or_code(tmp_path: Path) -> None:
    spellings = [*SERVICE_NAMES, *SERVICE_NAMES.values(), "CLA", "cp plan", "CIN", "EARLY HELP"]
    lines = [f"{n},{text},T,W,2026-01-01" for n, text in enumerate(spellings)]
    _, cases, problems = opened(csv_file(tmp_path / "t.csv", *lines))
    assert [case.service_code for case in cases] == [
        *SERVICE_NAMES, *SERVICE_NAMES, "looked_after", "child_protection", "child_in_need",
        "early_help",
    ]  # fmt: skip
    assert problems == []
    assert tuple(SERVICE_NAMES) == PRECEDENCE


def test_an_unknown_service_opens_no_case_naming_line_column_and_the_allowed(
    tmp_path: Path,
) -> None:
    lines = ["1,Family Hub,T,W,2026-01-01", "2,,T,W,2026-01-01", "3,CIN,T,W,2026-01-01"]
    _, cases, (unknown, blank) = opened(csv_file(tmp_path / "t.csv", *lines))
    # Open to some service: what these children have open must not close by their absence.
    assert [(case.child_id, case.service_code, case.is_open) for case in cases] == [
        ("1", None, True), ("2", None, True), ("3", "child_in_need", True),
    ]  # fmt: skip
    assert (unknown.row, unknown.column, unknown.value) == (2, "service", "Family Hub")
    assert unknown.severity is Severity.VALUE_LEFT_OUT
    assert unknown.done.endswith("stays where it is, because its service is not known.")
    assert all(name in unknown.message for name in SERVICE_NAMES.values())
    assert (blank.row, blank.message[:20]) == (3, "There is no service.")
    assert blank.done.endswith("because the row does not say its service.")


def test_a_closing_date_opens_no_case(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "t.csv", f"{GOOD},01/03/2026", f"2{GOOD},", header=f"{HEADER},closed_on"
    )
    _, (closed, still_open), _ = opened(path)
    assert (closed.is_open, closed.closed_on) == (False, date(2026, 3, 1))
    assert still_open.is_open


def test_missing_team_worker_and_opening_date_are_noted_and_the_case_kept(tmp_path: Path) -> None:
    _, (case,), problems = opened(csv_file(tmp_path / "t.csv", "1,CIN,,-,"))
    assert case.is_open
    assert [(p.column, p.severity) for p in problems] == [
        ("opened_on", Severity.NOTE),
        ("team", Severity.NOTE),
        ("practitioner", Severity.NOTE),
    ]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    lines = ["", '1,CIN,"Team\nNorth",W,2026-01-01', "", "2,??,T,W,2026-01-01"]
    _, (case, other), (problem,) = opened(csv_file(tmp_path / "t.csv", *lines))
    assert (case.row, case.team, other.row, problem.row) == (3, "Team North", 6, 6)


def test_a_value_too_many_and_a_short_line(tmp_path: Path) -> None:
    lines = ["1,CIN,Team, North,W,2026-01-01", "2,CIN,T"]
    _, (first, second), problems = opened(csv_file(tmp_path / "t.csv", *lines))
    assert (first.child_id, second.child_id) == ("1", "2")
    assert any(p.row == 2 and "more values" in p.message for p in problems)


def test_of_a_shifted_row_nothing_but_id_and_service_is_taken(tmp_path: Path) -> None:
    """The comma of a name moves a closing date into its place and the name into the worker's."""
    header = "child_id,service,comment,closed_on,team,practitioner,opened_on,restricted"
    path = csv_file(
        tmp_path / "t.csv",
        "1,CIN,Smith, Jo,,Team,R. Okafor,2026-01-02,No",
        "2,CIN,01/02/2026,03/04/2026,,Team,W,2026-01-02,Yes",
        "3,CIN,,,Team,W,2026-01-02,No",
        header=header,
    )
    _, (first, second, third), problems = opened(path)
    assert (first.child_id, first.service_code, first.is_open) == ("1", "child_in_need", True)
    assert (first.team, first.practitioner, first.opened_on) == ("", "", None)
    assert (second.closed_on, second.is_open, second.restricted) == (None, True, True)
    assert (third.team, third.restricted) == ("Team", False)
    assert [(p.row, p.severity) for p in problems] == [
        (2, Severity.VALUE_LEFT_OUT),
        (3, Severity.VALUE_LEFT_OUT),
    ]
    assert "more values" in problems[0].message
    assert "Only the child id and the service" in problems[0].done
    assert not any("Jo" in p.value for p in problems)


def test_a_comma_too_many_before_a_blank_last_column_is_a_shift(tmp_path: Path) -> None:
    """What it pushes beyond the headings is blank then, so only their number tells."""
    path = csv_file(
        tmp_path / "t.csv",
        "1,CIN,T,W,2026-01-02,moved, see note,No,03/09/2014,,",
        "2,CIN,T,W,2026-01-02,quiet,Yes,03/09/2014,Male,",
        header=f"{HEADER},comment,agency,date_of_birth,gender,plan",
    )
    _, (first, second), problems = opened(path)
    assert (first.team, first.agency, first.gender, first.age_years) == ("", None, "", None)
    assert (second.team, second.agency, second.gender) == ("T", True, "Male")
    assert [(p.row, p.severity) for p in problems] == [(2, Severity.VALUE_LEFT_OUT)]
    assert "more values" in problems[0].message


def test_it_lifts_no_restriction(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        "1,CIN,T,W,2026-01-02,Lock the file,No,Yes,",
        header=f"{HEADER},comment,restricted,plan",
    )
    _, (case,), _ = opened(path)
    assert case.restricted is True


def test_it_makes_no_child_of_a_name(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        "Smith, Jo,1,CIN,T,W,2026-01-02,",
        header="name,child_id,service,team,practitioner,opened_on,plan",
    )
    _, cases, (problem,) = opened(path)
    assert cases == []
    assert (problem.severity, problem.value) == (Severity.ROW_LEFT_OUT, "")


def test_lines_and_headings_may_all_end_with_a_comma(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "t.csv", f"{GOOD},", f"{GOOD},", header=f"{HEADER},")
    _, cases, problems = opened(path)
    assert [case.team for case in cases] == ["Team 1"] * 2
    assert problems == []


def test_a_shifted_row_whose_id_cannot_be_told_is_left_out(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "a.csv",
        "Smith, 12 Jo,1,CIN,T,W,2026-01-02",
        header="name,child_id,service,team,practitioner,opened_on",
    )
    _, cases, (problem,) = opened(path)
    assert cases == []
    assert problem.severity is Severity.ROW_LEFT_OUT
    assert "more values" in problem.message


def test_a_shifted_row_whose_service_cannot_be_told_closes_no_case(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "b.csv",
        "1,T, North,W,2026-01-02,CIN",
        header="child_id,team,practitioner,opened_on,service",
    )
    _, (case,), (shifted,) = opened(path)
    assert (case.child_id, case.service_code, case.is_open, case.team) == ("1", None, True, "")
    assert "more values" in shifted.message
    assert shifted.done.startswith("Only the child id was taken. The row opens no case.")


def test_columns_without_a_heading_are_said_once(tmp_path: Path) -> None:
    rows = [HEADER.split(","), *[[str(n), "CIN", "T", "W", "2026-01-02", "see me"] for n in (1, 2)]]
    _, cases, (problem,) = opened(workbook(tmp_path / "t.xlsx", {"Cases": rows}))
    assert [(case.team, case.practitioner) for case in cases] == [("T", "W")] * 2
    assert (problem.row, problem.message) == (
        None,
        "2 rows have values in columns without a heading.",
    )


@pytest.mark.parametrize(
    ("said", "restricted", "told"),
    [
        ("Yes", True, False), ("restricted", True, False), ("Confidential", True, False),
        ("Y - restricted", True, False), ("Level 2", True, True), ("No access", True, True),
        ("No", False, False), ("Not restricted", False, False), ("", None, False),
        ("n/a", None, False), ("-", None, False), ("None", None, False),
        ("Unknown", True, True), ("N/K", True, True),
        ("TBC", True, True), ("Not recorded", True, True), ("#REF!", True, True),
        ("#MULTIVALUE", True, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("heading", ["restricted", "Restricted flag", "Sensitive Record"])
def test_what_is_not_understood_counts_as_restricted(
    tmp_path: Path, said: str, restricted: bool | None, told: bool, heading: str
) -> None:
    path = csv_file(tmp_path / "t.csv", f"{GOOD},{said}", header=f"{HEADER},{heading}")
    _, (case,), problems = opened(path)
    assert case.restricted is restricted
    assert [(p.column, p.value) for p in problems] == ([(heading, said)] if told else [])
    if told:
        assert "counts as restricted" in problems[0].done


def test_headings_that_mean_nothing_are_told_and_personal_ones_dropped(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        f"{GOOD},F1,2026-02-03,Leeds,Smith,x,y,z",
        header=f"{HEADER},Family group id,Transferred in,Transferred from,Name of child,Client,"
        "Shoe size,Ward",
    )
    file, (case,), problems = opened(path)
    assert (case.family_id, case.transferred_in_from) == ("F1", "Leeds")
    assert case.transferred_in_on == date(2026, 2, 3)
    assert file.dropped_columns == ("Name of child", "Client")
    assert file.unread_columns == ("Shoe size", "Ward")
    assert problems == []


@pytest.mark.parametrize(
    "heading",
    ["Worker Full Name", "social_worker_full_name", "Practitioner Full Name",
     "Allocated Worker Full Name", "Case Worker\u2019s Full Name"],
)  # fmt: skip
def test_a_workers_full_name_is_the_practitioner(tmp_path: Path, heading: str) -> None:
    header = HEADER.replace("practitioner", heading)
    path = csv_file(tmp_path / "t.csv", f"{GOOD},Smith,Ann", header=f"{header},Full Name,Surname")
    file, (case,), problems = opened(path)
    assert (case.practitioner, problems) == ("R. Okafor", [])
    assert file.dropped_columns == ("Full Name", "Surname")


def test_half_of_a_workers_name_is_offered_and_not_called_personal(tmp_path: Path) -> None:
    header = HEADER.replace("practitioner", "Worker Surname,Worker First Name,Child Surname")
    path = csv_file(tmp_path / "t.csv", "1,CIN,T,Okafor,R.,Smith,2026-01-02", header=header)
    with pytest.raises(ColumnsUnknown) as asked:
        read(path, as_of=AS_OF)
    assert {"Worker Surname", "Worker First Name"} <= set(asked.value.asked.offered)
    assert "Child Surname" not in asked.value.asked.offered
    assert "practitioner" not in asked.value.asked.understood


@pytest.mark.parametrize("said", ["0", "000", "0.0", "n/a", "Not recorded", "-", "None", "unknown"])
def test_a_placeholder_is_nobodys_family(tmp_path: Path, said: str) -> None:
    path = csv_file(tmp_path / "t.csv", f"{GOOD},{said}", header=f"{HEADER},family_id")
    _, (case,), _ = opened(path)
    assert case.family_id == ""


def test_spellings_that_are_not_known_are_told_once_and_beyond_a_number_counted(
    tmp_path: Path,
) -> None:
    lines = [f"{n},CIN,T,W,2026-01-02,Martian {n // 2},Blue" for n in range(420)]
    path = csv_file(tmp_path / "t.csv", *lines, header=f"{HEADER},ethnicity,disability")
    _, cases, problems = opened(path)
    assert (cases[0].ethnicity, cases[0].ethnicity_code) == ("Martian 0", "")
    assert (cases[0].disability, cases[0].disabled) == ("Blue", True)
    told = [problem for problem in problems if problem.row]
    assert [p.row for p in told if p.column == "disability"] == [2]
    assert len(told) == 200
    assert problems[-1].message == "22 more rows have a spelling of ethnicity that is not known."


@pytest.mark.parametrize(
    ("said", "disabled", "told"),
    [
        ("NOBT - Information not yet obtained", None, False), ("Autism, LD", True, False),
        ("No", False, False), ("", None, False), ("N/A", None, False), ("Hearing", True, False),
        ("Severe", True, True),
    ],
)  # fmt: skip
def test_a_disability_that_is_not_known_is_kept_and_told(
    tmp_path: Path, said: str, disabled: bool | None, told: bool
) -> None:
    path = csv_file(tmp_path / "t.csv", f'{GOOD},"{said}"', header=f"{HEADER},disability")
    _, (case,), problems = opened(path)
    assert case.disabled is disabled
    assert [problem.value for problem in problems] == ([said] if told else [])


def test_one_unreadable_line_does_not_end_the_reading(tmp_path: Path) -> None:
    lines = [GOOD, "2,CIN," + "x" * 200_000 + ",W,", "3,CIN,T,W,2026-01-01"]
    file, cases, problems = opened(csv_file(tmp_path / "t.csv", *lines))
    assert [case.child_id for case in cases] == ["00412", "3"]
    assert [(p.row, p.severity) for p in problems] == [(3, Severity.ROW_LEFT_OUT)]
    assert file.sheets[0].rows_read == 3


def test_an_open_quotation_mark_is_said_and_not_read_as_one_long_team(tmp_path: Path) -> None:
    lines = [GOOD, '2,CIN,"Team North,W,2026-01-01', *[f"{n},CIN,T,W," for n in range(3, 60)]]
    file, cases, problems = opened(csv_file(tmp_path / "t.csv", *lines))
    assert [case.child_id for case in cases] == ["00412"]
    assert [problem.row for problem in problems] == [*range(3, 61)]
    assert all("quotation mark" in problem.message for problem in problems)
    assert file.sheets[0].rows_read == 59


@pytest.mark.parametrize(
    "lines",
    [
        ['2,CIN,"Team,W,2026-01-01', '3,CIN,"Team,W,2026-01-01'],  # as many values as headings
        ['2,CIN,Team,"W,2026-01-01', "3,CIN,T,W,2026-01-01", '4,CIN,Team,W",2026-01-01'],
        ['2,CIN,"Team,W,2026-01-01', '3,CIN,Team,W",2026-01-01'],
        ['2,CIN,"Team,W,2026-01-01', "3,CIN,T,W,2026-01-01", '4,"CIN,Team,W,2026-01-01'],
    ],
)
def test_rows_that_a_quotation_mark_runs_together_are_said_to_be_lost(
    tmp_path: Path, lines: list[str]
) -> None:
    path = csv_file(tmp_path / "t.csv", *lines, "9,CIN,Team,W,2026-01-01")
    _, cases, (problem, *others) = opened(path)
    assert [case.child_id for case in cases] == ["9"]
    assert (problem.row, problem.severity) == (2, Severity.ROW_LEFT_OUT)
    assert [other.row for other in others] == [*range(3, 2 + len(lines))]
    assert {other.severity for other in others} == {Severity.ROW_LEFT_OUT}
    assert f"{len(lines)} lines were read as one row" in problem.message
    assert problem.done == f"Lines 2 to {1 + len(lines)} were left out."


def test_an_honest_value_of_several_lines_is_kept(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        '1,CIN,"Team\nNorth, East",W,2026-01-01,"Review, then\nvisit, call, write"',
        '2,CIN,T,W,2026-01-01,"one\n\nthree"',
        header=f"{HEADER},plan",
    )
    _, cases, problems = opened(path)
    assert [case.child_id for case in cases] == ["1", "2"]
    assert cases[0].plan == "Review, then visit, call, write"
    assert problems == []


def test_a_rounded_id_is_left_out(tmp_path: Path) -> None:
    _, cases, (problem,) = opened(csv_file(tmp_path / "t.csv", "1.23457E+12,CIN,T,W,2026-01-01"))
    assert cases == []
    assert "rounded" in problem.message


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("child_id,service,team", ["practitioner", "opened_on"]),
        ("service,team,practitioner,opened_on", ["no id column", "child_id"]),
        ("team,gender,agency", ["no id column", "service", "practitioner", "opened_on"]),
    ],
)
def test_a_template_lacking_columns_is_refused_naming_them(
    tmp_path: Path, header: str, named: list[str]
) -> None:
    path = csv_file(tmp_path / "t.csv", "a,b,c,d", header=header)
    with pytest.raises(FileRefused) as refused:
        read(path, as_of=AS_OF)
    assert all(name in refused.value.message for name in named)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        lines = [f"{n:06d},CIN,Team {n},Worker {n},2026-01-01" for n in range(rows)]
        path = csv_file(tmp_path / f"{rows}.csv", *lines)
        del lines
        tracemalloc.start()
        assert sum(1 for _ in read(path, as_of=AS_OF).rows()) == rows
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    # Both are beyond the bound of what is remembered (20,000 teams), so the peak is level.
    assert peak(50_000) < peak(25_000) * 1.2


def test_a_summary_counts_a_child_once(tmp_path: Path) -> None:
    lines = [GOOD, GOOD, "00412,LAC,T,W,2026-01-01", "2,CIN,T,W,2026-01-01", ",CIN,T,W,2026-01-01"]
    summary = summarise(read(csv_file(tmp_path / "t.csv", *lines), as_of=AS_OF).rows())
    assert (summary.rows_read, summary.rows_left_out) == (5, 1)
    assert (summary.children, summary.open_cases) == (2, 2)
    assert summary.by_service["looked_after"] == 1
    assert sum(summary.by_service.values()) == 2


def test_a_long_note_in_quotation_marks_costs_no_child(tmp_path: Path) -> None:
    note = "\n".join(f"Visit {n}: all well, see the plan" for n in range(40))
    path = csv_file(
        tmp_path / "t.csv",
        f'1,CIN,T,W,2026-01-01,"{note}"',
        "2,CIN,T,W,2026-01-01,short",
        header=f"{HEADER},plan",
    )
    _, cases, problems = opened(path)
    assert [case.child_id for case in cases] == ["1", "2"]
    assert problems == []


def test_many_rows_run_together_are_lost_though_one_of_them_is_odd(tmp_path: Path) -> None:
    rows = [f"{n},CIN,T,W,2026-01-01" for n in range(3, 40)]
    lines = ['2,CIN,"Team,W,2026-01-01', *rows, "odd,one", '99,CIN,Team",W,2026-01-01']
    _, cases, problems = opened(csv_file(tmp_path / "t.csv", *lines, "100,CIN,T,W,2026-01-01"))
    assert [case.child_id for case in cases] == ["100"]
    assert {problem.severity for problem in problems} == {Severity.ROW_LEFT_OUT}
    assert len(problems) == len(lines)


def test_lines_with_too_few_values_are_told(tmp_path: Path) -> None:
    """A line break in a value without quotation marks gives two such lines."""
    lines = ["1,CIN,River", "side,W,2026-01-01", "3,CIN,T,W,2026-01-01", "4,CIN,T,W"]
    _, cases, problems = opened(csv_file(tmp_path / "t.csv", *lines))
    assert [case.child_id for case in cases] == ["1", "side", "3", "4"]
    told = problems[-1]
    assert told.message == "Lines with fewer values than there are headings: 2, 3, 5."
    assert (told.row, told.severity) == (None, Severity.NOTE)
    assert "put it in quotation marks" in told.done
    many = [f"{n},CIN,T,W" for n in range(25)]
    *_, told = opened(csv_file(tmp_path / "m.csv", *many))[2]
    assert told.message.endswith(": 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 15 more.")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_the_one_of_the_headings(tmp_path: Path, separator: str) -> None:
    other = ";" if separator == "," else ","
    note = f" {other} ".join("words" for _ in range(30))
    lines = [HEADER, *(f"{n},CIN,T,W,2026-01-01" for n in (1, 2))]
    text = "\n".join(f"{line.replace(',', separator)}{separator}{note}" for line in lines[1:])
    path = tmp_path / "t.csv"
    path.write_text(f"{HEADER.replace(',', separator)}{separator}remarks\n{text}\n")
    _, cases, _ = opened(path)
    assert [case.child_id for case in cases] == ["1", "2"]


@pytest.mark.parametrize(
    ("restricted", "kept"), [("Yes", True), ("unknown", True), ("No", False), ("", False)]
)
def test_a_row_that_opens_no_case_still_says_of_a_restriction(
    tmp_path: Path, restricted: str, kept: bool
) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        f"1,Adoption support,T,,,{restricted}",
        header=f"{HEADER},restricted",
    )
    file = read(path, as_of=AS_OF, services={"adoption support": ""})
    rows = list(file.rows())
    *_, told = (row for row in rows if isinstance(row, Problem))
    assert told.message == "As you have said, rows of this service open no case."
    assert told.severity == (Severity.NOTE if kept else Severity.ROW_LEFT_OUT)
    cases = [row for row in rows if isinstance(row, CaseRow)]
    said = [(case.child_id, case.is_open, case.restricted, case.service_code) for case in cases]
    assert said == ([("1", False, True, None)] if kept else [])


@pytest.mark.parametrize(
    ("born", "age", "kept", "told"),
    [
        ("01/01/1900", "", None, ["No child or young person is so old."]),
        ("01/01/1900", "12", 12, ["No child or young person is so old."]),
        ("", "99", None, ["No child or young person is so old."]),
        ("", "25", 25, []),
    ],
)
def test_nobody_is_older_than_young_people_are(
    tmp_path: Path, born: str, age: str, kept: int | None, told: list[str]
) -> None:
    path = csv_file(
        tmp_path / "t.csv", f"{GOOD},{born},{age}", header=f"{HEADER},date_of_birth,age"
    )
    _, (case,), problems = opened(path)
    assert case.age_years == kept
    assert [problem.message for problem in problems] == told
    assert {problem.value for problem in problems} <= {""}
