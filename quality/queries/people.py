"""Who answers for an audit's case at which level, and who may be given what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import AccessRecord, User
from accounts.policy import Permission, may
from accounts.queries import people_with_role
from accounts.roles import Role
from audits.models import Audit, Grading
from audits.queries.holders import present_holder
from cases.models import Practitioner, Service
from cases.queries.allocation import cases_to_grade, people_as_graders
from cases.queries.calendar import local_date
from cases.queries.conflicts import conflicts_in_force
from cases.queries.policy import case_policy
from cases.rules.independence import CaseToGrade, NotIndependent, Person, Reason, independence
from quality.models import Action, Escalation, Moderation
from quality.rules.actions import AUTHORITY, MayVerify, may_verify
from quality.rules.escalation import DIRECTOR, HEAD_OF_SERVICE, LEVELS, TEAM_MANAGER

# What the functions here read of an audit; load it with these.
OF_THE_LINE = (
    "team__manager",
    "team__deputy",
    "team__service__head",
    "team__service__deputy",
    "service__head",
    "service__deputy",
    "practitioner__user",
)


def service_above(audit: Audit) -> Service:
    """The service whose Head answers for the case: that of its team, else that of the case."""
    if audit.team is not None and audit.team.service is not None:
        return audit.team.service
    return audit.service


def people_at(audit: Audit, level: str) -> list[User]:
    """The active people who answer for the audit's case at ``level``; deputies too."""
    if level == DIRECTOR:
        return list(people_with_role(Role.DIRECTOR))
    if level == HEAD_OF_SERVICE:
        service = service_above(audit)
        found = [service.head, service.deputy]
    else:
        found = [audit.team.manager, audit.team.deputy] if audit.team else []
    return [user for user in dict.fromkeys(found) if user is not None and user.is_active]


def levels_of(user: User, audit: Audit) -> frozenset[str]:
    """The levels at which ``user`` answers for the audit's case: codes of Escalation.Level."""
    service, team = service_above(audit), audit.team
    holds = {
        TEAM_MANAGER: team is not None and user.pk in (team.manager_id, team.deputy_id),
        HEAD_OF_SERVICE: user.pk in (service.head_id, service.deputy_id),
        DIRECTOR: Role.DIRECTOR in user.roles,
    }
    return frozenset(level for level, held in holds.items() if held)


def first_level(audit: Audit, track: str) -> str:
    """The first level of the track at which there is somebody; the last where there is nobody."""
    for level in LEVELS[track]:
        if people_at(audit, level):
            return level
    return LEVELS[track][-1]


def managers_for(audit: Audit) -> QuerySet[User]:
    """Who may own a manager's action: the line of the case; any Head where it has nobody."""
    people = [*people_at(audit, TEAM_MANAGER), *people_at(audit, HEAD_OF_SERVICE)]
    if not people:
        return people_with_role(Role.HEAD_OF_SERVICE)
    return User.objects.filter(pk__in=[user.pk for user in people]).order_by("name", "pk")


def stand_ins_for(audit: Audit) -> QuerySet[User]:
    """Who may take a practitioner's action in their place: the team's people and its line."""
    line = managers_for(audit).values("pk")
    here = Practitioner.in_post(local_date(timezone.now()))
    team = Practitioner.objects.filter(here, team=audit.team_id).exclude(user=None)
    own = team.values("user") if audit.team_id else Practitioner.objects.none().values("user")
    people = User.objects.filter(Q(pk__in=line) | Q(pk__in=own), is_active=True)
    return people.order_by("name", "pk")


def present_practitioner(audit: Audit) -> Practitioner | None:
    """Who holds the case now and still works here: actions go to them."""
    practitioner = present_holder(audit)
    if practitioner is None or practitioner.has_left(local_date(timezone.now())):
        return None
    return practitioner


def holder_at_work(present: Practitioner | None) -> str:
    """The name of the case's `present_practitioner` where they have not left, else "".

    Somebody whose sign-in has ended counts as having left, though no list has said so yet.
    """
    if present is None or (present.user is not None and not present.user.is_active):
        return ""
    return str(present)


def why_not_independent(users: Sequence[User], audit: Audit, *, blind: bool) -> list[str]:
    """For each person, why they may not grade this audit's file a second time; "" where they may.

    Nobody grades blind who has read the first grading: the access log knows. The same number of
    queries however many people are asked about.
    """
    found = _Near(users, [audit])
    return [found.why_not(user, audit, blind=blind) for user in users]


def refused_to(user: User, moderations: Sequence[Moderation]) -> set[int]:
    """Of some moderations those that ``user`` could not be given, by primary key.

    Asks what `why_not_independent` does, in the same number of queries however many there are. Load
    them with `quality.queries.moderation.TO_ASK`.
    """
    found = _Near([user], [each.audit for each in moderations])
    return {each.pk for each in moderations if found.why_not(user, each.audit, blind=each.blind)}


def against_now(moderations: Sequence[Moderation]) -> dict[int, tuple[Reason, ...]]:
    """Why moderators may not go on with what was given to them, by the moderation's primary key.

    Only those who may not are in it. Exemption, and what they have read, count when a moderation is
    given to somebody: who has it at hand may finish it. The same number of queries however many
    there are; load them with `quality.queries.moderation.TO_ASK` and ``moderator``.
    """
    given = [(each, each.moderator) for each in moderations if each.moderator is not None]
    people = {moderator.pk: moderator for _, moderator in given}
    near = _Near(list(people.values()), [each.audit for each, _ in given])
    found = {each.pk: near.against_now(moderator, each.audit) for each, moderator in given}
    return {pk: because for pk, because in found.items() if because}


class _Near:
    """Who of some people is too near which of some audits to grade it a second time."""

    def __init__(self, users: Sequence[User], audits: Sequence[Audit]) -> None:
        self._people = dict(zip((user.pk for user in users), people_as_graders(users), strict=True))
        self._cases = _cases_to_grade(audits)
        self._first = set(
            Grading.objects.filter(audit__in=audits, kind=Grading.Kind.AUDITOR).values_list(
                "grader", "audit"
            )
        )
        self._read = set(
            AccessRecord.objects.filter(
                kind=AccessRecord.Kind.READ,
                what="audit",
                reference__in=[audit.reference for audit in audits],
                user__in=users,
            ).values_list("user", "reference")
        )

    def why_not(self, user: User, audit: Audit, *, blind: bool) -> str:
        """Why this person may not grade this audit's file a second time; "" where they may."""
        if user.pk == audit.auditor_id or (user.pk, audit.pk) in self._first:
            return "The auditor of an audit cannot moderate it."
        if blind and (user.pk, audit.reference) in self._read:
            return "They have read this audit, so they cannot grade it blind."
        return " ".join(each.sentence for each in self._against(self._people[user.pk], audit))

    def against_now(self, user: User, audit: Audit) -> tuple[Reason, ...]:
        """Why this person, who has the file at hand, may not finish it; exemption is not asked."""
        return self._against(replace(self._people[user.pk], exempt=""), audit)

    def _against(self, person: Person, audit: Audit) -> tuple[Reason, ...]:
        found = independence(
            person,
            self._cases[audit.pk],
            other_teams_independent=case_policy(audit.quarter).other_teams_independent,
        )
        return found.because if isinstance(found, NotIndependent) else ()


def _cases_to_grade(audits: Sequence[Audit]) -> dict[int, CaseToGrade]:
    """The audits' cases by audit, as the rules of independence see them: as they are now and as
    they were drawn. A fixed number of queries."""
    sampled = [audit.sampled_case for audit in audits if audit.sampled_case is not None]
    cases = {int(case.key): case for case in cases_to_grade(sampled)}
    declared: defaultdict[int, set[str]] = defaultdict(set)
    conflicts = conflicts_in_force().filter(child__in=[audit.child_id for audit in audits])
    for child, user in conflicts.values_list("child", "user"):
        declared[child].add(str(user))
    return {
        audit.pk: _as_it_is_now(audit, cases.get(audit.sampled_case_id or 0), declared)
        for audit in audits
    }


def _as_it_is_now(
    audit: Audit, drawn: CaseToGrade | None, declared: Mapping[int, set[str]]
) -> CaseToGrade:
    case = drawn or CaseToGrade(str(audit.pk))
    holders = {p.user_id for p in (audit.practitioner, audit.practitioner_judged) if p}
    service = service_above(audit)
    team = audit.team
    line = {service.head_id, service.deputy_id, audit.service.head_id, audit.service.deputy_id}
    line |= {team.manager_id, team.deputy_id} if team else set()
    return replace(
        case,
        team=case.team or str(audit.team_id or ""),
        other_teams=case.other_teams | ({str(audit.team_id)} if audit.team_id else set()),
        holders=case.holders | {str(pk) for pk in holders if pk},
        line=case.line | {str(pk) for pk in line if pk},
        conflicts=case.conflicts | declared.get(audit.child_id, set()),
    )


def possible_moderators(audit: Audit, *, blind: bool) -> list[User]:
    """The moderators who may be given this audit, by name."""
    moderators = list(people_with_role(Role.MODERATOR))
    answers = why_not_independent(moderators, audit, blind=blind)
    return [user for user, why_not in zip(moderators, answers, strict=True) if not why_not]


def may_answer(user: User, escalation: Escalation) -> bool:
    """Whether ``user`` may answer an escalation: at a level it has reached, or above that.

    Reads the line of the case (``OF_THE_LINE``) and the escalation's steps.
    """
    reached = {step.level for step in escalation.steps.all()}
    above = AUTHORITY[AUTHORITY.index(escalation.level) :]
    return bool(levels_of(user, escalation.audit) & (reached | set(above)))


def may_offer(user: User, action: Action) -> bool:
    """Whether ``user`` may say what was done: the owner, or a manager of the case for an owner who
    does not sign in here. Reads the action's owner, practitioner and line of the case.
    """
    owner = action.owner or (action.practitioner.user if action.practitioner else None)
    if owner is not None and owner.is_active:
        return owner.pk == user.pk and may(user, Permission.OWN_ACTIONS)
    return may(user, Permission.PLAN_ACTIONS) and bool(levels_of(user, action.audit))


def verifying(user: User, action: Action) -> MayVerify:
    """Whether ``user`` may verify an action, and why (not); by the line of the case."""
    owner = action.owner_id or (action.practitioner.user_id if action.practitioner else None)
    return may_verify(
        side=action.side,
        owner=str(owner) if owner else None,
        offered_by=str(action.offered_by_id) if action.offered_by_id else None,
        verifier=str(user.pk),
        levels=levels_of(user, action.audit),
    )
