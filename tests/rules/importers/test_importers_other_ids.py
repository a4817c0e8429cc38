"""The plan of a list of other ids of children."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.rules.table_file import read_table
from cases.importers.other_ids import REQUIRED, KnownChild, OtherIdsPlan, plan_other_ids

EARLIER = date(2025, 3, 1)
HERE = {
    "A": KnownChild(is_open=True),
    "B": KnownChild(is_open=True, audited_earlier=EARLIER),
    "AUDITED": KnownChild(audit="CFA-1"),
    "DRAWN": KnownChild(is_open=True, drawn="2026-Q3-D1"),
}


def planned(*lines: str, known: dict[str, str] | None = None) -> OtherIdsPlan:
    table = read_table("\n".join(["child_id,other_id", *lines]), required=REQUIRED)
    return plan_other_ids(table, HERE, known or {})


def test_an_id_that_nobody_has_yet() -> None:
    found = planned("A,EH-1")
    assert found.pairs == (("A", "EH-1"),)
    assert found.plan.changes[0].details == ("Other id: EH-1.",)


def test_two_children_who_are_one() -> None:
    found = planned("A,B")
    assert found.pairs == (("A", "B"),)
    assert found.plan.changes[0].details == (
        "Other id: B.",
        "Both have an open case: the one under the other id closes.",
        "Audited earlier, on 01/03/2025: counts for the child.",
    )
    (moved,) = planned("NEW,A").plan.changes
    assert moved.details[-1] == "The open case under the other id goes on under the id that stays."


@pytest.mark.parametrize(("stays", "why"), [("AUDITED", "CFA-1"), ("DRAWN", "2026-Q3-D1")])
def test_the_id_of_an_audit_or_a_draw_stays(stays: str, why: str) -> None:
    for line in (f"A,{stays}", f"{stays},A"):
        found = planned(line)
        assert found.pairs == ((stays, "A"),)
        assert found.plan.changes[0].name == stays
    assert why in " ".join(planned(f"A,{stays}").plan.changes[0].details)


def test_two_that_were_both_audited_or_drawn_are_refused() -> None:
    (problem,) = planned("AUDITED,DRAWN").plan.problems
    assert problem.message.startswith(
        "AUDITED was audited as CFA-1 and DRAWN was drawn in 2026-Q3-D1. No child is audited twice"
    )


def test_an_id_may_be_given_by_another_id() -> None:
    found = planned("EH-1,YJ-1", known={"EH-1": "A"})
    assert found.pairs == (("A", "YJ-1"),)
    again = planned("A,EH-1", "EH-1,A", known={"EH-1": "A"})
    assert [change.effect for change in again.plan.changes] == ["same", "same"]
    assert again.pairs == ()


def test_later_lines_meet_what_earlier_ones_did() -> None:
    assert planned("A,X", "X,Y", "A,X").pairs == (("A", "X"), ("A", "Y"))
    (problem,) = planned("A,X", "B,A").plan.problems
    assert (problem.line, problem.message) == (
        3, "A stays by line 2. Put this line in a file of its own.",
    )  # fmt: skip
    (problem,) = planned("A,AUDITED", "A,DRAWN").plan.problems
    assert "No child is audited twice" in problem.message


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        (",X", "child_id", "There is no child id."),
        ("A,", "other_id", "There is no child id."),
        ("A,A", "other_id", "The same id twice."),
        ("B,EH-1", "other_id", "This is another id of A already. Remove that first."),
        (f"A,{'x1' * 40}", "other_id", "longer than"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_nothing_is_planned(
    line: str, column: str, said: str
) -> None:
    found = planned("A,X", line, known={"EH-1": "A"})
    (problem,) = found.plan.problems
    assert (problem.line, problem.column) == (3, column)
    assert said in problem.message
    assert found.plan.changes == ()
