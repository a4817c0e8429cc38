"""Short lists from CSV files: what is read, and what is said about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.table_file import (
    LineProblem,
    decode,
    guarded,
    read_table,
    repeated,
    unguarded,
    yes_or_no,
)


def read(text: str, optional: tuple[str, ...] = ()) -> tuple[list[dict[str, str]], list[str]]:
    table = read_table(text, required=("name", "email"), optional=optional)
    return (
        [{"n": str(line.number), **line.cells} for line in table.lines],
        [f"{p.line} {p.column}: {p.message}" for p in table.problems],
    )


TOO_MANY = (
    "2 : There are more cells than headings. If a value has a comma in it, put it in quotation "
    "marks."
)

OPEN = "2 : A quotation mark is opened here and not closed, so that lines run together."
WHOLE = (
    "None : The file cannot be taken apart. Is there a quotation mark that is opened and not "
    "closed?"
)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_may_stand_in_any_order_with_any_usual_separator(separator: str) -> None:
    text = "E-mail,Name\nsam@x.test,Sam Smith\n".replace(",", separator)
    assert read(text) == ([{"n": "2", "email": "sam@x.test", "name": "Sam Smith"}], [])


def test_lines_are_numbered_as_a_spreadsheet_shows_them() -> None:
    lines, _ = read('name,email\n\n"Sam\nSmith",a@x.test\nTom,b@x.test\n')
    assert [line["n"] for line in lines] == ["3", "5"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "None : The file is empty."),
        ("name,email\n", "None : The file has headings but no lines under them."),
        ("name\nSam\n", "1 email: This column is missing."),
        ("name,email,rolls\nS,e,r\n", "1 rolls: Unknown column. The columns are: name, email."),
        (
            "PK\x00\x03",
            "None : This is not a CSV file. Save the sheet as “CSV UTF-8” and try again.",
        ),
        ("name,email\nSam,s@x.test,more\n", TOO_MANY),
        ('name,email\n"Sam,s@x.test\nTom",t@x.test\n', OPEN),
        ('name,email\n"Sam,s@x.test\n' + "Tom,t@x.test\n" * 20_000, WHOLE),
        ("name,email\nSmith, Sam,\n", TOO_MANY),  # the address is blank
    ],
)
def test_what_cannot_be_read_is_said(text: str, problem: str) -> None:
    lines, problems = read(text)
    assert problems == [problem]
    assert lines == []


def test_column_that_is_there_twice_is_refused() -> None:
    _, problems = read("name,email,name\nSam,s@x.test,Tom\n")
    assert "1 name: This column is there more than once." in problems


def test_short_line_leaves_cells_empty() -> None:
    table = read_table("name,email\nSam\n", required=("name", "email"))
    assert table.lines[0]["email"] == ""


def test_list_of_any_length_is_not_taken() -> None:
    text = "name,email\n" + "".join(f"n{i},{i}@x.test\n" for i in range(5001))
    table = read_table(text, required=("name", "email"))
    assert len(table.lines) == 5000
    assert [problem.line for problem in table.problems] == [5002]


def test_file_of_an_english_excel_is_understood() -> None:
    assert decode("Zoë".encode("cp1252")) == "Zoë"
    assert decode("\ufeffZoë".encode()) == "Zoë"


def test_the_second_of_two_alike_is_named() -> None:
    table = read_table("name,email\nA,x@x.test\nB,X@x.test\n", required=("name", "email"))
    assert list(repeated(table.lines, "email")) == [
        LineProblem(3, "email", "The same as on line 2.")
    ]


@pytest.mark.parametrize(
    ("word", "answer"), [("Yes", True), ("y", True), ("NO", False), ("", False), ("maybe", None)]
)
def test_yes_and_no(word: str, answer: bool | None) -> None:
    assert yes_or_no(word) is answer


@given(st.text(max_size=20))
def test_guard_hides_formulas_and_can_be_undone(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    # A text that came with an apostrophe before a formula is the one thing not told apart.
    if not (text.startswith("'") and text[1:].startswith(("=", "+", "-", "@", "\t", "\r"))):
        assert unguarded(guarded(text)) == text
