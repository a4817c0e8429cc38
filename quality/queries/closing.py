"""What an audit has of what it needs to be closed."""

from __future__ import annotations

from audits.models import Audit, Feedback, StandardGrade
from audits.queries.visibility import DECIDED
from audits.rules.grades import Scale, below_good
from quality.models import Action, Escalation, Moderation, NoActionReason
from quality.queries.escalation import OPEN
from quality.rules.actions import ActionState, AuditSnapshot, StandardState


def action_state(action: Action) -> ActionState:
    """One action as the rules see it. Reads ``action.standard``."""
    return ActionState(
        reference=str(action.pk),
        side=action.side,
        status=action.status,
        owned_by_practitioner=action.owner_id is None and action.practitioner_id is not None,
        stand_in_reason=action.stand_in_reason,
        standard=action.standard.code if action.standard else None,
        change_for_child=action.change_for_child,
    )


def snapshot(audit: Audit) -> AuditSnapshot:
    """The audit as ``quality.rules.actions.missing_to_close`` sees it. Seven queries at most."""
    record = audit.grading_of_record if audit.status in DECIDED else None
    reasons = dict(NoActionReason.objects.filter(audit=audit).values_list("standard_id", "reason"))
    answers = StandardGrade.objects.filter(grading=record).select_related("standard")
    scale = Scale.from_dict(audit.tool_version.scale)
    actions = Action.objects.filter(audit=audit).select_related("standard")
    opened = Escalation.objects.filter(audit=audit, status__in=OPEN)
    moderation = Moderation.objects.filter(audit=audit).exclude(status=Moderation.Status.DECIDED)
    return AuditSnapshot(
        grade_of_record=record.overall_grade if record else None,
        standards=tuple(
            StandardState(
                each.standard.code,
                each.standard.title,
                scale.grade_of(each.grade) if each.grade else None,
                reasons.get(each.standard_id, ""),
            )
            for each in (answers if record else ())
        ),
        actions=tuple(action_state(action) for action in actions),
        moderation_open=moderation.exists(),
        feedback_released=Feedback.objects.filter(audit=audit).exists(),
        open_escalations=tuple(each.get_track_display() for each in opened),
    )


def standards_below_good(audit: Audit) -> list[StandardGrade]:
    """The standards below good in the grade of record, in the order of the form."""
    answers = StandardGrade.objects.filter(grading=audit.grading_of_record_id)
    scale = Scale.from_dict(audit.tool_version.scale)
    return [
        each
        for each in answers.select_related("standard__section")
        if each.grade and below_good(scale.grade_of(each.grade))
    ]
