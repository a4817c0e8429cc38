"""The plan of a list that completes open cases."""

from __future__ import annotations

import pytest

from accounts.rules.table_file import read_table
from cases.importers.gaps import REQUIRED, Completion, GapsPlan, Held, plan_gaps

TEAMS = {"hilltop", "riverside"}
STAFF = {("orla titioner", "hilltop"), ("pat titioner", "riverside")}
HELD = {
    "1": Held(),
    "2": Held(team="Riverside"),
    "3": Held("Riverside", "Pat Titioner"),
    "4": Held(is_open=False),
}


def planned(*lines: str) -> GapsPlan:
    table = read_table("\n".join(["child_id,team,practitioner", *lines]), required=REQUIRED)
    return plan_gaps(table, HELD, TEAMS, STAFF)


def test_only_what_is_missing_is_filled_in() -> None:
    found = planned(
        "1,HILLTOP,Orla Titioner",
        "2,Hilltop,Orla Titioner",
        "3,Hilltop,Orla Titioner",
        "4,Hilltop,Orla Titioner",
    )
    assert found.wanted == {
        "1": Completion("HILLTOP", "Orla Titioner"),
        "2": Completion("", "Orla Titioner"),
    }
    details = {change.name: " ".join(change.details) for change in found.plan.changes}
    assert details["1"] == "Team: HILLTOP. Practitioner: Orla Titioner."
    assert details["2"] == (
        "Practitioner: Orla Titioner (not in the staff list: added, without an account). "
        "The team stays Riverside. Only a list of open cases changes it."
    )
    assert "The practitioner stays Pat Titioner." in details["3"]
    assert details["4"] == "The child has no open case: nothing to complete."
    assert [change.effect for change in found.plan.changes] == ["change", "change", "same", "same"]


def test_what_is_new_and_what_is_still_missing_is_said() -> None:
    found = planned("1,Lakeside,", "2,,N/A")
    assert found.plan.changes[0].details == (
        "Team: Lakeside (a new team).", "Still without a practitioner.",
    )  # fmt: skip
    assert found.plan.changes[1].details == ("Still without a practitioner.",)
    assert found.wanted == {"1": Completion("Lakeside", "")}


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        (",Hilltop,P", "child_id", "There is no child id."),
        ("99,Hilltop,P", "child_id", "No list of open cases has named this child."),
        ("1.0,Hilltop,P", "child_id", "The same child as on line 2."),
        (f"2,{'x' * 121},P", "team", "longer than 120"),
        (f"2,Hilltop,{'x' * 151}", "practitioner", "longer than 150"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_nothing_is_planned(
    line: str, column: str, said: str
) -> None:
    found = planned("1,Hilltop,Orla Titioner", line)
    (problem,) = found.plan.problems
    assert (problem.line, problem.column) == (3, column)
    assert said in problem.message
    assert found.plan.changes == ()
