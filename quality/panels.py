"""What follows from an audit, on the audit's page: moderation, escalations, actions."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit
from audits.panels import Panel, register
from audits.queries.visibility import DECIDED, add_grading_readers, is_blind
from quality.models import Moderation, NoActionReason
from quality.queries.closing import snapshot, standards_below_good
from quality.queries.escalation import EscalationFilters, action_list, escalation_list
from quality.queries.moderation import second_is_in
from quality.queries.people import levels_of
from quality.queries.visibility import moderations_visible_to, readers_of_provisional_gradings
from quality.rules.actions import missing_to_close

P = Permission

add_grading_readers(readers_of_provisional_gradings)


@register
def what_follows(audit: Audit, user: User) -> Panel | None:
    """Everything that follows from this audit and that ``user`` may know."""
    if is_blind(user, audit):
        return None
    now = timezone.now()
    context: dict[str, Any] = {
        "moderation": _moderation(audit, user),
        "escalations": list(escalation_list(user, EscalationFilters(), now).filter(audit=audit)),
        "actions": list(action_list(user, now=now).filter(audit=audit)),
        **_to_close(audit, user),
    }
    if not any(value for name, value in context.items() if name != "plans"):
        return None
    return Panel("What follows", "quality/_what_follows.html", context, order=20)


def _moderation(audit: Audit, user: User) -> dict[str, Any] | None:
    """The state for everybody once it is decided; before, for those who take part."""
    found = Moderation.objects.filter(audit=audit).select_related("moderator", "grading").first()
    if found is None:
        return None
    takes_part = moderations_visible_to(user).filter(pk=found.pk).exists()
    if not takes_part and found.status != Moderation.Status.DECIDED:
        return None
    decides = found.moderator_id == user.pk and found.status == Moderation.Status.ASSIGNED
    knows_both = takes_part or audit.auditor_id == user.pk
    return {
        "moderation": found,
        "linked": takes_part and may(user, P.MODERATE, P.ASSIGN_MODERATOR),
        "to_decide": decides and second_is_in(found),
        "knows_both": knows_both and found.status == Moderation.Status.DECIDED,
    }


def _to_close(audit: Audit, user: User) -> dict[str, Any]:
    """What is missing before it is closed, and the standards that wait for an answer."""
    in_line = bool(levels_of(user, audit))
    if audit.status not in DECIDED or not (in_line or may(user, P.SEE_ALL_AUDITS)):
        return {"missing": [], "unanswered": [], "reasons": []}
    reasons = list(
        NoActionReason.objects.filter(audit=audit).select_related("standard", "given_by")
    )
    if audit.status == Audit.Status.CLOSED:
        return {"missing": [], "unanswered": [], "reasons": reasons}
    missing = missing_to_close(snapshot(audit))
    waiting = {each.about for each in missing if each.code == "standard"}
    return {
        "missing": [each.sentence for each in missing if each.code != "standard"],
        "unanswered": [
            e.standard for e in standards_below_good(audit) if e.standard.code in waiting
        ],
        "plans": in_line and may(user, P.PLAN_ACTIONS),
        "reasons": reasons,
    }
