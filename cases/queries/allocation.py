"""Reading: who can grade which case, and who is in a case's line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.apps import apps

from accounts.models import User
from accounts.roles import Role
from cases.models import (
    Allocation,
    DeclaredConflict,
    Draw,
    FrameEntry,
    Grader,
    SampledCase,
)
from cases.queries.other_ids import own_id_of
from cases.rules.allocation import Auditor
from cases.rules.independence import CaseToGrade, Person, missing_for_allocation
from cases.rules.policy import CasePolicy

# Of a frame entry: who held the case at the freeze and who holds it now, then their managers.
NEAR = (
    "practitioner__user",
    "case__practitioner__user",
    "team__manager",
    "team__deputy",
    "service__head",
    "service__deputy",
    "case__team__manager",
    "case__team__deputy",
)
# Of an earlier state of the case.
NEAR_ONCE = ("practitioner__user", "team__manager", "team__deputy")


@dataclass(frozen=True)
class Near:
    """Ids of the people near a case: who hold or held it, and who manage or managed those."""

    holders: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()


def people_near(entries: Iterable[FrameEntry]) -> dict[int, Near]:
    """For each entry (by primary key) the people near its case, past and present: two queries.

    The past comes from the case's change history, so a case that has moved keeps its old line.
    """
    of_case = {entry.case_id: entry.pk for entry in entries}
    holders: defaultdict[int, set[str]] = defaultdict(set)
    line: defaultdict[int, set[str]] = defaultdict(set)
    now = FrameEntry.objects.filter(pk__in=of_case.values()).order_by().values_list("pk", *NEAR)
    for pk, *people in now:
        _add(holders[pk], people[:2])
        _add(line[pk], people[2:])
    history = apps.get_model("cases", "CaseEvent").objects.filter(pgh_obj_id__in=of_case)
    for case, *people in history.order_by().values_list("pgh_obj_id", *NEAR_ONCE).distinct():
        _add(holders[of_case[case]], people[:1])
        _add(line[of_case[case]], people[1:])
    return {pk: Near(frozenset(holders[pk]), frozenset(line[pk])) for pk in of_case.values()}


def _add(ids: set[str], people: Iterable[int | None]) -> None:
    ids.update(str(person) for person in people if person is not None)


def is_near(user: User, entry: FrameEntry) -> bool:
    """Whether somebody holds, held, manages or managed an entry's case."""
    near = people_near([entry])[entry.pk]
    return str(user.pk) in near.holders | near.line


def cases_to_grade(cases: Iterable[SampledCase]) -> list[CaseToGrade]:
    """Sampled cases (``entry`` and its ``service`` loaded) as the rules of independence see them.

    The key of each is the primary key of the sampled case. What the case lacked at the freeze and
    has been given since counts. Four queries.
    """
    cases = list(cases)
    staff = _staff_known(case.entry_id for case in cases)
    near = people_near(case.entry for case in cases)
    conflicts: defaultdict[int, set[str]] = defaultdict(set)
    declared = DeclaredConflict.objects.filter(child__in=[case.entry.child_id for case in cases])
    for child, user in declared.values_list("child", "user"):
        conflicts[child].add(str(user))
    return [
        CaseToGrade(
            key=str(case.pk),
            team=staff[case.entry_id].team,
            head=str(case.entry.service.head_id or ""),
            has_practitioner=staff[case.entry_id].practitioner,
            holders=near[case.entry_id].holders,
            line=near[case.entry_id].line,
            conflicts=frozenset(conflicts[case.entry.child_id]),
            missing=missing_for_allocation(
                practitioner=staff[case.entry_id].practitioner,
                team=bool(staff[case.entry_id].team),
                manager=staff[case.entry_id].manager,
                audited_before_on=staff[case.entry_id].audited_before_on,
                another_id=staff[case.entry_id].another_id,
            ),
        )
        for case in cases
    ]


@dataclass(frozen=True)
class _Staff:
    """What is known of an entry's case and child, at the freeze or since."""

    practitioner: bool
    team: str  # id, "" where there is none
    manager: bool
    audited_before_on: date | None  # registered after the draw, and no audit begun here
    another_id: bool  # known since the freeze to be another id of a child


def _staff_known(entries: Iterable[int]) -> dict[int, _Staff]:
    found = FrameEntry.objects.filter(pk__in=list(entries)).order_by()
    return {
        pk: _Staff(
            practitioner=bool(worker_then or worker_now),
            team=str(team_then or team_now or ""),
            manager=bool(manager_then or manager_now),
            audited_before_on=None if begun else audited_before_on,
            another_id=own_id is not None,
        )
        for (
            pk, worker_then, worker_now, team_then, team_now, manager_then, manager_now,
            begun, audited_before_on, own_id,
        ) in found.values_list(
            "pk", "practitioner", "case__practitioner", "team", "case__team",
            "team__manager", "case__team__manager",
            "child__audit_reference", "child__audited_before_on", own_id_of("child__local_id"),
        )
    }  # fmt: skip


def auditors_for(draw: Draw, today: date) -> list[Auditor]:
    """Everybody with the auditor's role who can sign in, and what they have of the quarter.

    Where the draw's policy asks for accreditation, who has none ``today`` is marked.
    """
    in_hand = Counter(
        Allocation.objects.filter(
            ended_at__isnull=True,
            sampled_case__draw__quarter=draw.quarter,
            sampled_case__draw__status=Draw.Status.DRAWN,
        ).values_list("auditor", flat=True)
    )
    graders = Grader.objects.select_related("team__service").filter(
        user__groups__name=Role.AUDITOR, user__is_active=True
    )
    needed_on = accreditation_needed_on(draw, today)
    return [
        Auditor(_person(grader, needed_on), grader.capacity, in_hand[grader.user_id])
        for grader in graders.distinct()
    ]


def accreditation_needed_on(draw: Draw, today: date) -> date | None:
    """``today`` where the draw's policy gives audits to accredited auditors alone, else None."""
    return today if CasePolicy.from_dict(draw.policy).accreditation_needed else None


def person_of(user: User, needed_on: date | None = None) -> Person:
    """One person as the rules of independence see them."""
    return people_as_graders([user], needed_on)[0]


def people_as_graders(users: Sequence[User], needed_on: date | None = None) -> list[Person]:
    """People as the rules of independence see them, in the same order. One query.

    ``needed_on`` is the day on which they must be accredited, None where they need
    not be.
    """
    graders = Grader.objects.select_related("team__service").filter(user__in=users)
    known = {grader.user_id: _person(grader, needed_on) for grader in graders}
    unknown = needed_on is None
    return [known.get(user.pk) or Person(id=str(user.pk), accredited=unknown) for user in users]


def _person(grader: Grader, needed_on: date | None) -> Person:
    service = grader.team.service if grader.team else None
    return Person(
        id=str(grader.user_id),
        team=str(grader.team_id or ""),
        head=str(service.head_id or "") if service else "",
        exempt=grader.exempt_reason,
        accredited=needed_on is None
        or (grader.accredited_on is not None and grader.accredited_on <= needed_on),
    )
