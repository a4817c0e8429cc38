"""Which moderations, escalations and actions somebody may see.

While they may not know what others judged of an audit (audits.queries.visibility.is_blind), nobody
sees what followed from it either, whatever the sum of their roles.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from accounts.roles import Role
from audits.models import Audit, Grading
from audits.queries.visibility import DECIDED
from cases.models import Grader
from cases.queries.conflicts import conflicts_in_force
from quality.models import Action, Escalation, EscalationStep, Moderation
from quality.rules.escalation import HEAD_OF_SERVICE, IMMEDIATE_CONCERN, TEAM_MANAGER

P = Permission


def manages(user: User, audit: str = "audit__") -> Q:
    """The condition that ``user`` is the case's team manager or deputy; a path to the audit."""
    return Q(**{f"{audit}team__manager": user}) | Q(**{f"{audit}team__deputy": user})


def heads(user: User, audit: str = "audit__") -> Q:
    """The condition that ``user`` is the case's Head of Service or deputy."""
    condition = Q()
    for place in ("service", "team__service"):
        condition |= Q(**{f"{audit}{place}__head": user})
        condition |= Q(**{f"{audit}{place}__deputy": user})
    return condition


def _blind(user: User) -> Q:
    drafts = Grading.objects.filter(
        audit=OuterRef("audit"), grader=user, status=Grading.Status.DRAFT
    )
    undecided = Q(audit__auditor=user) & ~Q(audit__status__in=DECIDED)
    return Q(Exists(drafts)) | undecided


def moderations_visible_to(user: User) -> QuerySet[Moderation]:
    """A moderator's own and those they may take; all for those who see all audits."""
    if may(user, P.SEE_ALL_AUDITS):
        return Moderation.objects.all()
    if not may(user, P.MODERATE):
        return Moderation.objects.none()
    return Moderation.objects.filter(Q(moderator=user) | _to_take(user))


def _to_take(user: User) -> Q:
    """Those without a moderator that ``user`` is far enough from, as far as one query tells."""
    free = Q(status=Moderation.Status.REQUIRED, audit__status=Audit.Status.SUBMITTED)
    return free & _far(user)


def taken_by_another(user: User, reference: str) -> bool:
    """Whether ``user`` could have taken this moderation, had somebody else not been first."""
    taken = Moderation.objects.filter(_far(user), audit__reference=reference)
    return may(user, P.MODERATE) and taken.exclude(moderator=None).exists()


def _far(user: User) -> Q:
    first = Grading.objects.filter(audit=OuterRef("audit"), grader=user)
    conflict = conflicts_in_force().filter(child=OuterRef("audit__child"), user=user)
    team = Grader.objects.filter(user=user, team=OuterRef("audit__team"))
    near = manages(user) | heads(user) | Q(audit__auditor=user)
    near |= Q(audit__practitioner__user=user) | Q(audit__practitioner_judged__user=user)
    return ~near & ~Q(Exists(first)) & ~Q(Exists(conflict)) & ~Q(Exists(team))


def escalations_visible_to(user: User) -> QuerySet[Escalation]:
    """Those who answer for the case, and those who see all audits.

    Before the grade of record is set, an escalation of a grade is seen only by whom it has
    reached: it gives the provisional grade away. An immediate concern is seen by the whole line.
    """
    if not may(user, P.SEE_ESCALATIONS):
        return Escalation.objects.none()
    seen = Q()
    if not may(user, P.SEE_ALL_AUDITS):
        told = EscalationStep.objects.filter(escalation=OuterRef("pk"), sent_to=user)
        settled = Q(audit__status__in=DECIDED) | Q(track=IMMEDIATE_CONCERN)
        answers = (manages(user) & Q(level=TEAM_MANAGER)) | (heads(user) & Q(level=HEAD_OF_SERVICE))
        line = manages(user) | heads(user)
        seen = (settled & line) | answers | (Q(Exists(told)) & line)
    return Escalation.objects.filter(seen).exclude(_blind(user))


def escalations_sent_to(user: User) -> QuerySet[Escalation]:
    """Those that stand at a level at which ``user`` was sent them, and that they may still see."""
    told = EscalationStep.objects.filter(
        escalation=OuterRef("pk"), level=OuterRef("level"), sent_to=user
    )
    return escalations_visible_to(user).filter(Exists(told))


def actions_visible_to(user: User) -> QuerySet[Action]:
    """Their owner, the line of the case, and those who see all audits."""
    own = Q(owner=user) | Q(owner=None, practitioner__user=user)
    if may(user, P.SEE_ALL_AUDITS):
        return Action.objects.exclude(_blind(user) & ~own)
    if may(user, P.PLAN_ACTIONS):
        return Action.objects.filter(own | ((manages(user) | heads(user)) & ~_blind(user)))
    return Action.objects.filter(own) if may(user, P.OWN_ACTIONS) else Action.objects.none()


def actions_to_verify(user: User) -> QuerySet[Action]:
    """Those with evidence that ``user`` may verify (quality.rules.actions.may_verify)."""
    if not may(user, P.VERIFY_ACTIONS):
        return Action.objects.none()
    if Role.DIRECTOR in user.roles:
        enough = Q()
    else:
        enough = heads(user) | (Q(side=Action.Side.PRACTITIONER) & manages(user))
    mine = Q(owner=user) | Q(practitioner__user=user, owner=None) | Q(offered_by=user)
    offered = actions_visible_to(user).filter(status=Action.Status.EVIDENCE_OFFERED)
    return offered.filter(enough).exclude(mine)


def readers_of_provisional_gradings(user: User) -> Q:
    """A condition on Grading: whom an escalation has reached reads the auditor's grading.

    They plan urgent actions before the grade of record is set. Blindness comes on top.
    """
    told = Escalation.objects.filter(
        audit=OuterRef("audit"), steps__sent_to=user, steps__level=F("level")
    ).exclude(status=Escalation.Status.STOOD_DOWN)
    waiting = Q(audit__status=Audit.Status.SUBMITTED, kind=Grading.Kind.AUDITOR)
    return waiting & Q(Exists(told))
