"""The plan of a list of children audited before this product."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.rules.table_file import read_table
from cases.importers.audited_earlier import REQUIRED, AuditedEarlierPlan, plan_audited_earlier

TODAY = date(2026, 10, 6)
MAY = date(2025, 5, 1)


def planned(*lines: str, known: dict[str, date | None] | None = None) -> AuditedEarlierPlan:
    text = "\n".join(["child_id,audited_on", *lines])
    return plan_audited_earlier(read_table(text, required=REQUIRED), known or {}, TODAY)


def effects(found: AuditedEarlierPlan) -> list[tuple[int, str, str]]:
    return [(change.line, change.name, change.effect) for change in found.plan.changes]


def test_new_known_changed_and_unchanged() -> None:
    found = planned(
        "0042,01/05/2025", "7.0,2025-05-01", "8,1 May 2025", "9,01/05/2025", "10,",
        known={"7": None, "8": date(2024, 1, 1), "9": MAY, "10": MAY},
    )  # fmt: skip
    assert effects(found) == [
        (2, "0042", "add"), (3, "7", "add"), (4, "8", "change"), (5, "9", "same"),
        (6, "10", "change"),
    ]  # fmt: skip
    assert found.wanted == {"0042": MAY, "7": MAY, "8": MAY, "9": MAY, "10": None}
    details = {change.name: " ".join(change.details) for change in found.plan.changes}
    assert "No list of open cases has named this child yet." in details["0042"]
    assert "No list" not in details["7"]
    assert "01/01/2024 → 01/05/2025" in details["8"]
    assert "can be drawn again" in details["10"]


def test_a_child_on_two_lines_has_the_later_date() -> None:
    found = planned("1,01/05/2025", "2,01/05/2025", "1,02/06/2025", "1.0,03/03/2020")
    assert found.wanted == {"1": date(2025, 6, 2), "2": MAY}
    assert effects(found) == [
        (2, "1", "same"), (3, "2", "add"), (4, "1", "add"), (5, "1", "same"),
    ]  # fmt: skip
    details = [change.details[0] for change in found.plan.changes]
    later = "The same child as line 4, which has the later date."
    assert details == [later, "Audited on 01/05/2025.", "Audited on 02/06/2025.", later]


def test_of_two_lines_with_one_date_the_first_counts() -> None:
    found = planned("1,01/05/2025", "1,01/05/2025", "2,", "2,", known={"1": None, "2": MAY})
    assert effects(found) == [
        (2, "1", "add"), (3, "1", "same"), (4, "2", "change"), (5, "2", "same"),
    ]  # fmt: skip
    assert found.plan.changes[1].details == ("The same child as line 2.",)


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        (",01/05/2025", "child_id", "There is no child id."),
        ("1.23E+12,01/05/2025", "child_id", "rounded number"),
        ("Total,01/05/2025", "child_id", "line of totals"),
        (f"{'9' * 51},01/05/2025", "child_id", "longer than 50 characters"),
        ("1,31/02/2025", "audited_on", "“31/02/2025” cannot be read as a date."),
        ("1,", "audited_on", "There is no date."),
        ("1,07/10/2026", "audited_on", "in the future"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_nothing_is_planned(
    line: str, column: str, said: str
) -> None:
    found = planned("5,01/05/2025", line)
    (problem,) = found.plan.problems
    assert (problem.line, problem.column) == (3, column)
    assert said in problem.message
    assert found.plan.changes == ()


def test_a_column_with_names_is_refused_not_passed_over() -> None:
    table = read_table("child_id,audited_on,name\n1,01/05/2025,X", required=REQUIRED)
    (problem,) = plan_audited_earlier(table, {}, TODAY).plan.problems
    assert problem.column == "name"
