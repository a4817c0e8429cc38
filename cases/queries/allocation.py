"""Reading: who can grade which case, and who is in a case's line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from cases.above import obstacles_to
from cases.models import (
    Allocation,
    Case,
    Draw,
    FrameEntry,
    Grader,
    Practitioner,
    SampledCase,
    Team,
)
from cases.queries.calendar import local_date
from cases.queries.conflicts import conflicts_in_force
from cases.queries.other_ids import own_id_of
from cases.queries.policy import case_policy
from cases.rules.allocation import Auditor
from cases.rules.independence import (
    OWN_WORDS,
    CaseToGrade,
    NotIndependent,
    Person,
    independence,
    missing_for_allocation,
)
from cases.rules.policy import CasePolicy

NOT_ANY_MORE = (
    "You are not independent of this case now, so you cannot grade it. {} Use “I have a conflict”"
    " to pass it on: what you wrote is kept."
)
AUDITED_EARLIER = (
    "This child has been registered as audited before this product was in use, and no child is "
    "audited twice. Tell the performance team: the case needs a replacement."
)
# Of a frame entry: who held the case at the freeze and who holds it now, then their managers.
NEAR = (
    "practitioner__user",
    "case__practitioner__user",
    *(
        f"{place}__{who}"
        for place in ("team", "case__team")
        for who in ("manager", "deputy", "service__head", "service__deputy")
    ),
    *(f"{place}__{who}" for place in ("service", "case__service") for who in ("head", "deputy")),
)
# Of an earlier state of the case.
NEAR_ONCE = ("practitioner__user", "team__manager", "team__deputy")


@dataclass(frozen=True)
class Near:
    """Ids of the people near a case: who hold or held it, and who manage or managed those."""

    holders: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()


def people_near(entries: Iterable[FrameEntry]) -> dict[int, Near]:
    """For each entry (by primary key) the people near its case, past and present: four queries.

    The past comes from the change history of all cases that the child ever had, since it is one
    file, and of the teams that had them: a case that has moved keeps its old line, and so does one
    whose team changed its manager, or that was closed before the child came back.
    """
    given = list(entries)
    of_case = _entries_by_case(given)
    holders: defaultdict[int, set[str]] = defaultdict(set)
    line: defaultdict[int, set[str]] = defaultdict(set)
    ids = [entry.pk for entry in given]
    now = FrameEntry.objects.filter(pk__in=ids).order_by().values_list("pk", *NEAR)
    for pk, *people in now:
        _add(holders[pk], people[:2])
        _add(line[pk], people[2:])
    history = apps.get_model("cases", "CaseEvent").objects.filter(pgh_obj_id__in=of_case)
    since: dict[int, dict[int, datetime]] = defaultdict(dict)  # team: case: when it came there
    moves = history.order_by("pgh_created_at").values_list(
        "pgh_obj_id", "team", "pgh_created_at", *NEAR_ONCE
    )
    for case, team, at, *people in moves:
        for pk in of_case[case]:
            _add(holders[pk], people[:1])
            _add(line[pk], people[1:])
        if team is not None:
            since[team].setdefault(case, at)
    for team, until, *people in _managed_before(since):
        for case, at in since[team].items():
            if at <= until:
                for pk in of_case[case]:
                    _add(line[pk], people)
    return {pk: Near(frozenset(holders[pk]), frozenset(line[pk])) for pk in ids}


def _entries_by_case(entries: Sequence[FrameEntry]) -> dict[int, set[int]]:
    """All cases of the entries' children, closed ones too, each with its entries: one query.

    By primary keys. A child is the one that the entry names and, where two ids have become one
    child since, the one that its case is of now.
    """
    cases = [entry.case_id for entry in entries]
    children = Case.objects.filter(pk__in=cases).values("child")
    found = dict(
        Case.objects.filter(
            Q(child__in=[entry.child_id for entry in entries]) | Q(child__in=children)
        ).values_list("pk", "child")
    )
    of_child: defaultdict[int | None, set[int]] = defaultdict(set)
    for entry in entries:
        of_child[entry.child_id].add(entry.pk)
        of_child[found.get(entry.case_id)].add(entry.pk)
    return {case: of_child[child] for case, child in found.items()}


def _managed_before(teams: Iterable[int]) -> Iterator[tuple[int, datetime, int | None, int | None]]:
    """(team, until when, manager, deputy) of every earlier state of some teams: one query."""
    history = apps.get_model("cases", "TeamEvent").objects.filter(pgh_obj_id__in=list(teams))
    states = history.order_by("pgh_obj_id", "pgh_created_at", "pgh_id").values_list(
        "pgh_obj_id", "pgh_created_at", "manager", "deputy"
    )
    for (team, _, manager, deputy), (same, until, _, _) in pairwise(states):
        if team == same:
            yield team, until, manager, deputy


def _add(ids: set[str], people: Iterable[int | None]) -> None:
    ids.update(str(person) for person in people if person is not None)


def is_near(user: User, entry: FrameEntry) -> bool:
    """Whether somebody holds, held, manages or managed an entry's case."""
    near = people_near([entry])[entry.pk]
    return str(user.pk) in near.holders | near.line


def cases_to_grade(cases: Iterable[SampledCase]) -> list[CaseToGrade]:
    """Sampled cases (``entry`` and its ``service`` loaded) as the rules of independence see them.

    The key of each is the primary key of the sampled case. What the case lacked at the freeze and
    has been given since counts. A fixed number of queries.
    """
    cases = list(cases)
    staff = _staff_known(case.entry_id for case in cases)
    near = people_near(case.entry for case in cases)
    obstacles = obstacles_to(cases)
    conflicts: defaultdict[int, set[str]] = defaultdict(set)
    declared = conflicts_in_force().filter(child__in=[case.entry.child_id for case in cases])
    for child, user in declared.values_list("child", "user"):
        conflicts[child].add(str(user))
    return [
        CaseToGrade(
            key=str(case.pk),
            team=staff[case.entry_id].team,
            head=str(case.entry.service.head_id or ""),
            other_teams=staff[case.entry_id].other_teams,
            other_heads=staff[case.entry_id].heads,
            holders=near[case.entry_id].holders,
            line=near[case.entry_id].line,
            conflicts=frozenset(conflicts[case.entry.child_id]),
            missing=" ".join(filter(None, (obstacles.get(case.pk), staff[case.entry_id].missing))),
        )
        for case in cases
    ]


@dataclass(frozen=True)
class _Staff:
    """What is known of an entry's case and child, at the freeze or since."""

    practitioner: bool
    team: str  # id, "" where there is none
    other_teams: frozenset[str]  # where it moved since the freeze
    heads: frozenset[str]  # of its service now
    manager: bool
    audited_before_on: date | None  # registered after the draw, and no audit begun here
    another_id: bool  # known since the freeze to be another id of a child

    @property
    def missing(self) -> str:
        """Why nobody can be given the case yet, as far as this is why."""
        return missing_for_allocation(
            practitioner=self.practitioner,
            team=bool(self.team),
            manager=self.manager,
            audited_before_on=self.audited_before_on,
            another_id=self.another_id,
        )


def _staff_known(entries: Iterable[int]) -> dict[int, _Staff]:
    found = FrameEntry.objects.filter(pk__in=list(entries)).order_by()
    return {
        pk: _Staff(
            practitioner=bool(worker_then or worker_now),
            team=str(team_then or team_now or ""),
            other_teams=frozenset({str(team_now)} if team_now else ()),
            heads=frozenset({str(head_now)} if head_now else ()),
            manager=bool(manager_then or manager_now),
            audited_before_on=None if begun else audited_before_on,
            another_id=own_id is not None,
        )
        for (
            pk, worker_then, worker_now, team_then, team_now, manager_then, manager_now,
            head_now, begun, audited_before_on, own_id,
        ) in found.values_list(
            "pk", "practitioner", "case__practitioner", "team", "case__team",
            "team__manager", "case__team__manager", "case__service__head",
            "child__audit_reference", "child__audited_before_on", own_id_of("child__local_id"),
        )
    }  # fmt: skip


def auditors_for(draw: Draw, today: date) -> list[Auditor]:
    """Everybody with the auditor's role who can sign in, and what they have of the quarter.

    Where the draw's policy asks for accreditation, who has none ``today`` is marked.
    """
    in_hand = Counter(
        Allocation.objects.filter(
            # What was submitted of an earlier draw is work of the quarter too.
            Q(sampled_case__draw__status=Draw.Status.DRAWN)
            | Q(sampled_case__status=SampledCase.Status.AUDITED),
            ended_at__isnull=True,
            sampled_case__draw__quarter=draw.quarter,
        ).values_list("auditor", flat=True)
    )
    graders = list(
        Grader.objects.select_related(*_OF_A_GRADER)
        .filter(user__groups__name=Role.AUDITOR, user__is_active=True)
        .distinct()
    )
    needed_on = accreditation_needed_on(draw, today)
    teams = _teams_of([grader.user_id for grader in graders])
    return [
        Auditor(
            _person(grader.user_id, grader, teams[grader.user_id], needed_on),
            grader.capacity,
            in_hand[grader.user_id],
        )
        for grader in graders
    ]


def auditors_without_capacity() -> list[User]:
    """Who have the auditor's role, and of whom nobody has said how much they can take."""
    auditors = User.objects.filter(groups__name=Role.AUDITOR, is_active=True, grader=None)
    return list(auditors.distinct().order_by("name"))


def accreditation_needed_on(draw: Draw, today: date) -> date | None:
    """``today`` where the quarter gives audits to accredited auditors alone, else None.

    As its numbers are now: no draw depends on it, and a programme may switch it on in mid-quarter.
    """
    return today if case_policy(draw.quarter).accreditation_needed else None


def person_of(user: User, needed_on: date | None = None) -> Person:
    """One person as the rules of independence see them."""
    return people_as_graders([user], needed_on)[0]


def people_as_graders(users: Sequence[User], needed_on: date | None = None) -> list[Person]:
    """People as the rules of independence see them, in the same order. Three queries.

    ``needed_on`` is the day on which they must be accredited, None where they need
    not be.
    """
    graders = Grader.objects.select_related(*_OF_A_GRADER).filter(user__in=users)
    known = {grader.user_id: grader for grader in graders}
    teams = _teams_of([user.pk for user in users])
    return [_person(user.pk, known.get(user.pk), teams[user.pk], needed_on) for user in users]


_OF_A_GRADER = ("team__service",)


def _teams_of(users: Sequence[int]) -> defaultdict[int, list[tuple[int, int | None]]]:
    """The teams that people work in, manage or deputise, with their Heads of Service. Two queries.

    By the people's ids: (team, Head of Service).
    """
    found: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)
    here = Practitioner.in_post(local_date(timezone.now()))
    working = Practitioner.objects.filter(here, user__in=users, team__isnull=False)
    for user, team, head in working.values_list("user", "team", "team__service__head"):
        found[user].append((team, head))
    managed = Team.objects.filter(Q(manager__in=users) | Q(deputy__in=users))
    for manager, deputy, team, head in managed.values_list(
        "manager", "deputy", "pk", "service__head"
    ):
        for user in {manager, deputy} - {None}:
            found[user].append((team, head))
    return found


def _person(
    user: int,
    grader: Grader | None,
    teams: Iterable[tuple[int, int | None]],
    needed_on: date | None,
) -> Person:
    team = grader.team if grader else None
    service = team.service if team else None
    accredited_on = grader.accredited_on if grader else None
    return Person(
        id=str(user),
        team=str(team.pk) if team else "",
        head=str(service.head_id or "") if service else "",
        exempt=grader.exempt_reason if grader else "",
        accredited=needed_on is None or (accredited_on is not None and accredited_on <= needed_on),
        other_teams=frozenset(str(team) for team, _ in teams),
        other_heads=frozenset(str(head) for _, head in teams if head),
    )


def why_not_any_more(sampled_case: SampledCase, user: User) -> str:
    """Why ``user`` cannot grade the case that was given to them; "" where they can.

    They have come near it since, or its child turned out to have been audited earlier. Words for
    the person themself. Exemption and accreditation are asked at allocation alone: who has the file
    at hand may finish it.
    """
    cases = SampledCase.objects.select_related("draw", "entry__service", "entry__child")
    case = cases.get(pk=sampled_case.pk)
    if case.entry.child.audited_earlier:
        return AUDITED_EARLIER
    (to_grade,) = cases_to_grade([case])
    policy = CasePolicy.from_dict(case.draw.policy)
    person = replace(person_of(user), exempt="")
    found = independence(person, to_grade, other_teams_independent=policy.other_teams_independent)
    if not isinstance(found, NotIndependent):
        return ""
    return NOT_ANY_MORE.format(" ".join(OWN_WORDS[reason.code] for reason in found.because))
