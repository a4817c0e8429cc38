"""Steps of moderation, escalation and actions that many tests stand on."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import User
from audits.models import Audit, Grading
from audits.operations.saving import save_before
from audits.operations.submitting import submit_grading
from quality.models import Action, Escalation, Moderation
from quality.operations.acting import Planned, offer_evidence, plan_action, verify_action
from quality.operations.escalating import acknowledge, agree_plan
from quality.operations.moderating import assign_moderator, decide_moderation
from tests.cast import NOW, TODAY
from tests.integration.audits.auditing import fill


def moderation_of(audit: Audit) -> Moderation:
    return Moderation.objects.select_related("audit", "grading").get(audit=audit)


def escalation_of(audit: Audit, track: str = "inadequate") -> Escalation:
    return Escalation.objects.select_related("audit").get(audit=audit, track=track)


def assigned(audit: Audit, moderator: User) -> Moderation:
    """The moderator takes it."""
    return assign_moderator(
        moderation=moderation_of(audit), moderator=moderator, by=moderator, now=NOW
    )


def second_grading(audit: Audit, moderator: User, grade: str, overall: str = "") -> Grading:
    """The moderator takes the audit, grades alone and submits."""
    grading = assigned(audit, moderator).grading
    assert grading
    save_before(
        grading=grading,
        version=grading.version,
        child_id=audit.child.local_id,
        by=moderator,
        now=NOW,
    )
    return submit_grading(grading=fill(grading, grade, overall), by=moderator, now=NOW)


def decided(audit: Audit, moderator: User, grade: str, stands: str = "second") -> Audit:
    """Graded again with ``grade``, and decided."""
    second_grading(audit, moderator, grade)
    decide_moderation(
        moderation=moderation_of(audit),
        stands=stands,
        rationale="The plan of 3 September shows it.",
        by=moderator,
        now=NOW,
    )
    audit.refresh_from_db()
    return audit


def planned(
    escalation: Escalation, by: User, side: str = "manager", owner: User | None = None
) -> Action:
    """One action in the plan."""
    return plan_action(
        audit=escalation.audit,
        planned=Planned(side, "Visit and see the child alone.", TODAY + timedelta(7), owner=owner),
        escalation=escalation,
        by=by,
        now=NOW,
    )


def agreed(escalation: Escalation, by: User, manager: User) -> list[Action]:
    """Acknowledged, an action planned for each of the two, the plan agreed."""
    acknowledge(escalation=escalation, response="I have rung the team.", by=by, now=NOW)
    actions = [planned(escalation, by, owner=manager), planned(escalation, by, "practitioner")]
    agree_plan(escalation=escalation, by=by, now=NOW)
    return actions


def done(action: Action, owner: User, verifier: User) -> Action:
    """Carried out by its owner, verified by somebody above."""
    offer_evidence(action=action, evidence="Visit of 9 October.", by=owner, now=NOW)
    return verify_action(
        action=action, change_for_child="She sleeps at home again.", by=verifier, now=NOW
    )
