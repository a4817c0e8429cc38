"""The four Annex A workbooks lying beside the project, against counts made without an importer.

An extra check: skipped where the folder is absent.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cases.importers import CaseRow, Problem, codes, read, summarise
from cases.importers.annex_a import LISTS
from cases.importers.cells import clean_text
from cases.importers.ethnicities import ethnicity_code
from cases.importers.headings import heading_key

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder shared/data is not there")
AS_OF = date(2021, 3, 31)
WORKBOOKS = (
    "cscdp_2015-01-sample.xlsx",
    "cscdp_example-B-2004.xlsx",
    "cscdp_journeys_annexa_example.xlsx",
    "liia_Annex_A.xlsx",
)


def expected(name: str) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((DATA / "expected_counts.json").read_text("utf-8"))
    found: dict[str, Any] = counts[f"data/annexa/{name}"]
    return found


@pytest.mark.parametrize("name", WORKBOOKS)
def test_counts_agree_with_those_made_independently(name: str) -> None:
    file = read(DATA / "annexa" / name, as_of=AS_OF)
    rows = [row for row in file.rows() if isinstance(row, CaseRow)]
    want = expected(name)
    assert summarise(rows).children == want["_unique_children_lists_1_10"]
    from_6_to_9 = [r for r in rows if r.list_code in {"list_6", "list_7", "list_8", "list_9"}]
    assert summarise(from_6_to_9).open_cases == want["_unique_open_lists_6_to_9"]
    for key, counts in want.items():
        if key.startswith("_") or "List 11" in key:
            continue
        sheet = key[key.index("[") + 1 : -1]
        here = [row for row in rows if row.sheet == sheet]
        assert len(here) == counts["rows"], key
        assert len({row.child_id for row in here}) == counts["unique_ids"], key
        for name_of_count, number in counts.items():
            if name_of_count.startswith("unique_open"):
                assert len({row.child_id for row in here if row.is_open}) == number, key
    for sheet_info in file.sheets:
        assert want[f"{sheet_info.title.split(':')[0]} [{sheet_info.name}]"]["header_row"] == (
            sheet_info.header_row
        )


def test_the_whole_sample_workbook_has_48_children_and_17_open_cases() -> None:
    file = read(DATA / "annexa" / "liia_Annex_A.xlsx", as_of=AS_OF)
    rows = list(file.rows())
    summary = summarise(rows)
    assert (summary.children, summary.open_cases) == (48, 17)
    problems = [row for row in rows if isinstance(row, Problem)]
    assert {(problem.sheet, problem.column, problem.value) for problem in problems} == {
        ("List 6", "Allocated Team", "#N/A"),
        ("List 6", "Allocated Worker", "#N/A"),
    }
    assert len(problems) == 10
    assert file.dropped_columns == ("Placement postcode",)


def test_the_date_of_birth_that_may_be_is_the_only_thing_wrong_with_the_example() -> None:
    rows = read(DATA / "annexa" / "cscdp_example-B-2004.xlsx", as_of=AS_OF).rows()
    (problem,) = [row for row in rows if isinstance(row, Problem) and row.row is not None]
    assert (problem.sheet, problem.row, problem.column) == ("List_2", 10, "Date of Birth")


def test_our_table_of_headings_fits_every_published_version() -> None:
    versions = json.loads((DATA / "spec" / "annexa_columns_by_version.json").read_text("utf-8"))
    for version, lists in versions.items():
        for name, sheet in lists.items():
            code = f"list_{int(name.lower().replace('list', '').strip(' _'))}"
            keys = {heading_key(heading) for heading in sheet["columns"]}
            profile = LISTS[code]
            fields = {profile.columns[key] for key in keys if key in profile.columns}
            assert len(keys & profile.distinctive) >= 2, (version, name)
            assert "child_id" in fields or code == "list_11", (version, name)
            for field, heading in (("opened_on", profile.opening), ("closed_on", profile.closing)):
                assert not heading or field in fields, (version, name, heading)
            if code in {"list_6", "list_7", "list_8", "list_9"}:
                assert {"team", "practitioner"} <= fields


def test_spellings_of_case_status_and_gender_that_councils_typed_are_understood() -> None:
    gender = {"a": "male", "b": "female", "c": "not_stated", "d": "neither"}
    status = {"a": "looked_after", "b": "child_protection", "c": "child_in_need",
              "d": "assessment", "e": codes.CLOSED}  # fmt: skip
    wrong, unknown, seen = [], 0, 0
    path = DATA / "spec" / "annexa_value_variants_share.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for line in csv.DictReader(lines):
            text = clean_text(line["variant_as_supplied"])
            if line["column"] == "Gender":
                got, want = codes.gender_code(text), gender[line["canonical"][0]]
            elif line["column"] == "Case Status" and text != "Care leaver":
                got, want = codes.case_status(text) or "", status[line["canonical"][0]]
            else:
                continue
            seen += 1
            unknown += not got
            if got and got != want:
                wrong.append((text, got, want))
    assert wrong == []
    assert seen > 40
    assert unknown <= seen // 4


def spellings(column: str) -> list[tuple[str, str]]:
    """(as typed, what was meant) of a column, without blanks."""
    path = DATA / "spec" / "annexa_value_variants_share.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            (clean_text(line["variant_as_supplied"]), line["canonical"])
            for line in csv.DictReader(lines)
            if line["column"] == column
        ]
    return [(text, meant) for text, meant in rows if text]


def test_nine_in_ten_ethnicities_that_councils_typed_are_understood_and_none_wrongly() -> None:
    groups = {"WBRI": "a", "WIRI": "a", "WIRT": "a", "WOTH": "a", "WROM": "a",
              "CHNE": "e", "OOTH": "e", "REFU": "f", "NOBT": "f"}  # fmt: skip
    by_letter = {"M": "b", "A": "c", "B": "d"}
    seen = spellings("Ethnicity")
    got = [(text, ethnicity_code(text), meant) for text, meant in seen]
    wrong = [
        (text, code, meant)
        for text, code, meant in got
        if code and meant != "c) Unknown"
        and (groups.get(code) or by_letter[code[0]]) != meant[0]
    ]  # fmt: skip
    assert wrong == []
    assert len(seen) > 800
    assert sum(bool(code) for _, code, _ in got) >= len(seen) * 9 // 10


def test_disabilities_that_councils_typed_are_understood_and_none_wrongly() -> None:
    meaning = {"True": True, "False": False, "Unknown": None}
    seen = spellings("Does the Child have a Disability")
    got = [(text, codes.disability_answer(text), meaning[meant]) for text, meant in seen]
    assert [one for one in got if one[1] != (one[2], True)] == []
    assert len(seen) > 20


def test_short_breaks_are_told_from_every_other_legal_status_that_councils_typed() -> None:
    for text, meant in spellings("Child's Legal Status"):
        short = codes.legal_status(text) in {"V3", "V4"}
        assert short == (text in {"V3", "V4"} or "break" in text.lower()), (text, meant)
