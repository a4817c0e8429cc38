"""Rows read column by column are the rows that are read one by one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cases.importers import CaseRow, read
from cases.importers.annex_a import LISTS
from cases.importers.headings import ColumnMap
from cases.importers.plain_rows import PlainRows
from cases.importers.records import ReadLimits, SheetInfo
from cases.importers.rows import FIELDS, RowReader, Spellings
from cases.importers.source import Sheet
from cases.importers.template import PROFILE
from tests.rules.importers.making import AS_OF, HEADER

PROFILES = {"template": PROFILE, **LISTS}
SERVICES = {"our early help": "early_help", "edge of care": ""}  # the second opens no case

# What stands in cells: plain, blank, odd and wrong, as text and as a spreadsheet library gives it.
CELLS: tuple[object, ...] = (
    "", "", "", None, " ", "\u200b", "x" * 60, "-", "N/A", "#REF!", "NULL", True, False,
    "C001", "00412345", "1009.0", 1009.0, 1009, -5, 0, 0.0, 1.5, 1.23e20, "1.2E+16", "000", "total",
    "child id", "F20871", "no family", "É12", "a b", "12/3", float("nan"), float("inf"),
    "30/09/2026", "2026-10-01", "01/10/26", date(2026, 9, 30), datetime(2026, 9, 30, 9),
    date(2027, 1, 1), time(0, 0), 45000, 45000.0, "31/02/2026", "yesterday", "20100131",
    "Child protection", "Early help", "early_help", "Our early help", "Edge of care", "Nonsense",
    "a) Child in need plan", "Closed", "Child Protection Plan",
    "Yes", "No", "y", "n", "maybe", "Agency", "Permanent", "Unknown", "not recorded",
    "Male", "female", "h", "WBRI", "White British", "Klingon", "Autism", "LD", "17", "-1", "unborn",
    "200", "Team 1", "Jo\tBloggs", "back\\slash", "N2", "Interim care order (C1)",
)  # fmt: skip
IDS = ("C001", "C002", "00412345", "7", 1009.0, 1009, "A1", "Ä1", "", None, "total", 0, "F2")


def sheet_of(code: str, fields: Sequence[str], status: str, *, is_csv: bool) -> Sheet:
    positions = {field: place for place, field in enumerate(fields)}
    headings = {field: field.replace("_", " ") for field in fields} | {"status": status}
    columns = ColumnMap(positions, headings, (), (), len(fields), len(fields))
    return Sheet(SheetInfo("A sheet", code, "A list", 1), PROFILES[code], columns, is_csv=is_csv)


def both(
    code: str,
    fields: Sequence[str],
    rows: Sequence[Sequence[Any]],
    status: str = "status",
    *,
    is_csv: bool = True,
) -> int:
    """Compare the two readers; how many rows could be read column by column."""
    sheet, limits = sheet_of(code, fields, status, is_csv=is_csv), ReadLimits()
    numbers = range(2, len(rows) + 2)
    at_once = PlainRows(sheet, AS_OF, Spellings(AS_OF, SERVICES), limits).read(numbers, rows)
    reader = RowReader(sheet, AS_OF, Spellings(AS_OF, SERVICES), limits)
    for number, cells, found in zip(numbers, rows, at_once, strict=True):
        if found is not None:
            alone = reader.read(number, cells)
            assert alone is not None
            assert found == alone
            assert list(map(type, found)) == list(map(type, alone))
            assert reader.problems == []
    return sum(found is not None for found in at_once)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[str], list[list[Any]]]:
    code = draw(st.sampled_from(sorted(PROFILES)))
    others = draw(st.lists(st.sampled_from(FIELDS[1:]), unique=True))
    fields = draw(st.permutations(["child_id", *others]))
    cells = st.sampled_from(CELLS) | st.text(max_size=8) | st.floats() | st.dates()
    of_field = [st.sampled_from(IDS) | cells if name == "child_id" else cells for name in fields]
    row = st.tuples(*of_field).map(list)
    uneven = st.tuples(row, st.integers(-2, 2), st.sampled_from(("", "x", None))).map(
        lambda made: made[0][: made[1]] if made[1] < 0 else made[0] + [made[2]] * made[1]
    )
    return code, fields, draw(st.lists(row | uneven, min_size=1, max_size=12))


@given(tables())
@example(("template", ["child_id", "family_id"], [["C1", 0], ["C2", "0"], ["C3", 5], ["C4", ""]]))
@example(("list_6", ["child_id", "status"], [["C1", "Closed"], ["C2", ""], ["C3", "nonsense"]]))
def test_both_readers_make_the_same_of_a_row(table: tuple[str, list[str], list[list[Any]]]) -> None:
    both(*table)
    both(*table, is_csv=False)


@pytest.mark.parametrize("code", sorted(PROFILES))
@pytest.mark.parametrize("field", FIELDS[1:])
def test_every_kind_of_cell_in_every_column(code: str, field: str) -> None:
    rows = [[f"C{at}", cell, "Child protection"] for at, cell in enumerate(CELLS)]
    fields = ["child_id", field] if field == "service" else ["child_id", field, "service"]
    assert both(code, fields, [cells[: len(fields)] for cells in rows]) > 0


@pytest.mark.parametrize("status", ["Closed?", "Open?"])
def test_every_kind_of_cell_in_a_column_that_asks(status: str) -> None:
    rows = [[f"C{at}", cell, "Child protection"] for at, cell in enumerate(CELLS)]
    assert both("template", ["child_id", "status", "service"], rows, status) > 0


def test_nearly_all_rows_of_an_ordinary_list_are_read_at_once() -> None:
    fields = [
        "child_id", "service", "team", "practitioner", "opened_on", "closed_on", "family_id",
        "agency", "restricted", "date_of_birth", "gender", "ethnicity", "disability",
    ]  # fmt: skip
    ordinary = [
        "C001", "Child protection", "Team 1", "R. Okafor", "14/02/2026", "", "F20871", "No", "No",
        "03/09/2014", "Female", "WBRI", "No",
    ]  # fmt: skip
    number = [1009.0, "Child in need", "Team 1", "Jo", date(2026, 1, 5), None, 20871, "", None,
              datetime(2014, 9, 3), "Male", "White British", "Yes"]  # fmt: skip
    assert both("template", fields, [ordinary, number, ordinary]) == 3
    told = [[*ordinary[:2], "", *ordinary[3:]], ["", *ordinary[1:]], [], [*ordinary, "too many"]]
    assert both("template", fields, [*told, ordinary]) == 1


def test_rows_and_problems_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = io.StringIO()
    print(HEADER, file=lines)
    for number in range(11_000):  # more than are read at once
        team = "" if number % 2_500 == 0 else "Team 1"
        print(f"C{number},Child protection,{team},Jo,01/02/2026", file=lines)
    path = tmp_path / "list.csv"
    path.write_text(lines.getvalue())
    file = read(path, as_of=AS_OF)
    found = list(file.rows())
    assert [row.row for row in found if isinstance(row, CaseRow)] == list(range(2, 11_002))
    lacking = [at for at, row in enumerate(found) if not isinstance(row, CaseRow)]
    assert [(found[at].row, found[at + 1].row) for at in lacking] == [
        (number, number) for number in range(2, 11_002, 2_500)
    ]
    assert file.sheets[0].rows_read == 11_000
    assert list(file.rows()) == found
