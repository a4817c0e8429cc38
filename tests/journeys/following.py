"""What follows a submitted audit, in the browser: moderation, escalation, actions."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from audits.models import Audit
from tests.cast import Cast
from tests.journeys.grading import confirm_child, grade_everything
from tests.journeys.visitor import Visitor


def moderate(moderator: Visitor, audit: Audit, grade: str) -> None:
    """Take it, grade alone, compare, decide for the own grade."""
    moderator.follow("Moderation")
    moderator.follow(audit.reference)
    moderator.press("Take this moderation")
    moderator.sees("Grade the file yourself first")
    moderator.follow("Grade this file")
    moderator.follow("Child id")
    confirm_child(moderator, audit.child.local_id, submit="Save and continue")
    grade_everything(moderator, grade, overall=grade)
    moderator.follow(f"Go to audit {audit.reference}")
    moderator.follow("Compare the gradings and decide")
    moderator.sees("The two gradings")
    moderator.press("Set the grade of record")
    moderator.sees("Say which grade stands")
    moderator.choose(f"Mine: {grade}")
    moderator.write("Why does this grade stand?", "The file shows no visit between May and July.")
    moderator.press("Set the grade of record")
    moderator.sees("What was decided")


def acknowledge(answering: Visitor, audit: Audit) -> None:
    """Take up the escalation that waits."""
    answering.open("/escalations/?status=open")
    answering.follow(audit.reference)
    answering.write(
        "What do you make of it, and what happens first?", "I have rung the team; they go today."
    )
    answering.press("Acknowledge")
    answering.sees("No action is planned yet")


def plan(planning: Visitor, cast: Cast) -> None:
    """An action for the manager and one for the practitioner; the plan is agreed."""
    for side in ("Manager", "Practitioner"):
        planning.follow("Plan an action")
        planning.choose(side)
        if side == "Manager":
            planning.page.get_by_label("Manager who owns it").select_option(cast.manager.name)
        planning.write("What will be done?", f"The {side.lower()} sees that visits happen weekly.")
        due = timezone.localdate() + timedelta(days=14)
        for part, value in (("Day", due.day), ("Month", due.month), ("Year", due.year)):
            planning.write(part, str(value))
        planning.press("Add to the plan")
    planning.press("Agree the plan")
    planning.sees("Action plan agreed")


def carry_out(owner: Visitor, whose: str) -> None:
    """The owner offers evidence for the action that is theirs."""
    owner.open("/actions/?whose=mine&status=open")
    owner.follow(f"The {whose} sees that visits happen weekly.")
    owner.write(
        "What was done, and where can it be seen in the file?", "Visits of 3, 10 and 17 November."
    )
    owner.press("Offer evidence")
    owner.sees("Waiting for verification")


def verify(verifier: Visitor, whose: str) -> None:
    """Somebody above the owner says what changed for the child."""
    verifier.open("/actions/?whose=verify")
    verifier.follow(f"The {whose} sees that visits happen weekly.")
    verifier.press("Verify")
    verifier.sees("Write what changed for the child")
    verifier.write("What changed for the child?", "She knows who comes, and when.")
    verifier.press("Verify")
    verifier.sees("Verified")
