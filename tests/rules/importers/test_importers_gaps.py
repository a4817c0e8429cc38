"""The plan of a list that completes open cases."""

from __future__ import annotations

import pytest

from accounts.rules.table_file import read_table
from cases.importers.gaps import REQUIRED, Completion, GapsPlan, Held, plan_gaps
from cases.rules.practitioner_names import KnownWorkers, Worker

TEAMS = {"hilltop", "riverside"}
STAFF = KnownWorkers([
    Worker(1, "Orla Titioner", "Hilltop"),
    Worker(2, "Pat Titioner", "Riverside"),
    Worker(3, "Lena Listed", "Hilltop", listed=True),
])  # fmt: skip
HELD = {
    "1": Held(),
    "2": Held(team="Riverside"),
    "3": Held("Riverside", "Pat Titioner"),
    "4": Held(is_open=False),
}


def planned(*lines: str) -> GapsPlan:
    table = read_table("\n".join(["child_id,team,practitioner", *lines]), required=REQUIRED)
    return plan_gaps(table, HELD, TEAMS, STAFF, {"EH-1": "1"})


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
    assert details["4"] == "No open case here."
    assert [change.effect for change in found.plan.changes] == ["change", "change", "same", "left"]


def test_what_is_new_and_what_is_still_missing_is_said() -> None:
    found = planned("1,Lakeside,", "2,,N/A")
    assert found.plan.changes[0].details == (
        "Team: Lakeside (a new team).", "Still without a practitioner.",
    )  # fmt: skip
    assert found.plan.changes[1].details == ("Still without a practitioner.",)
    assert found.wanted == {"1": Completion("Lakeside", "")}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",Hilltop,P", "There is no child id."),
        ("99,Hilltop,P", "No open case here."),
        ("1.0,Hilltop,P", "The same child as on line 2."),
        ("EH-1,Hilltop,P", "The same child as on line 2."),
        (f"2,{'x' * 121},P", "longer than 120"),
        (f"2,Hilltop,{'x' * 151}", "longer than 150"),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_and_the_others_are_not(
    line: str, said: str
) -> None:
    found = planned("1,Hilltop,Orla Titioner", line)
    assert found.plan.problems == ()
    used, left = found.plan.changes
    assert (used.effect, left.effect, left.line) == ("change", "left", 3)
    assert said in left.details[0]
    assert set(found.wanted) == {"1"}


def test_somebody_in_the_staff_list_is_found_by_name_and_brings_the_team() -> None:
    found = planned("1,,lena listed", "2,,Lena Listed")
    assert found.wanted == {
        "1": Completion("Hilltop", "lena listed"),
        "2": Completion("", "Lena Listed"),
    }
    first, second = found.plan.changes
    assert first.details == ("Team: Hilltop.", "Practitioner: lena listed.")
    assert second.details == ("Practitioner: Lena Listed (found by name: here in Hilltop).",)


def test_a_file_of_such_lines_alone_does_nothing() -> None:
    found = planned("99,Hilltop,P")
    assert not found.plan.does_something


def test_columns_that_are_missing_stop_the_file() -> None:
    table = read_table("child_id,team\n1,Hilltop\n", required=REQUIRED)
    found = plan_gaps(table, HELD, TEAMS, STAFF)
    assert [problem.column for problem in found.plan.problems] == ["practitioner"]


def test_a_child_is_known_by_another_id() -> None:
    assert planned("EH-1,Hilltop,Orla Titioner").wanted == {
        "1": Completion("Hilltop", "Orla Titioner")
    }
