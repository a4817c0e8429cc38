"""Grading a file in the browser, page after page."""

from __future__ import annotations

from tests.journeys.visitor import Visitor

EVIDENCE = (
    "Case note of 3 September 2026, home visit: the child was seen alone and spoke of school."
)


def confirm_child(visitor: Visitor, child_id: str, *, submit: str) -> None:
    """The page before any grade: the child id from the file, and who held the case."""
    visitor.write("Child id, as it stands in the file in front of you", child_id)
    holder = visitor.page.locator("input[name=held_most]")
    if holder.count():
        holder.first.check()
    visitor.press(submit)


def grade_everything(visitor: Visitor, grade: str, *, overall: str) -> None:
    """Every standard with ``grade``, then the details and the overall grade; submitted."""
    while "/standards/" in visitor.page.url:
        for fact in visitor.page.locator("input[name^=check_][value=yes]").all():
            fact.check()
        visitor.choose(grade)
        visitor.write("Evidence", EVIDENCE)
        visitor.press("Save and continue")
    if "/details/" in visitor.page.url:
        _details(visitor)
    assert "/overall/" in visitor.page.url, visitor.page.url
    visitor.choose(overall)
    visitor.write("Why this overall grade", "The plan did not change what life is like at home.")
    visitor.write("Minutes spent on this file", "115")
    visitor.press("Save and continue")
    visitor.sees("Check your answers")
    visitor.press("Submit this grading")
    visitor.sees("Grading submitted")


def _details(visitor: Visitor) -> None:
    visitor.write("Strengths", "Visits are regular, and the child is seen alone.")
    visitor.write("Areas to improve", "The plan needs dates, and what should be different by then.")
    visitor.choose("Not sought")
    visitor.write(
        "What they said, or why there is no feedback", "The family was at a funeral that week."
    )
    visitor.choose("We did not")
    visitor.write("Why you did not, if so", "The practitioner was on leave.")
    visitor.press("Save and continue")
