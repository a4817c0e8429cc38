"""Reading: who can grade which case, and who is in a case's line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.apps import apps
from django.db.models import Q

from accounts.models import User
from cases.models import (
    Allocation,
    AuditQuarter,
    DeclaredConflict,
    Draw,
    FrameEntry,
    Grader,
    SampledCase,
)
from cases.rules.allocation import Auditor, File


def lines_of(entries: Iterable[FrameEntry]) -> dict[int, frozenset[str]]:
    """For each entry (by primary key) the ids of everybody in its case's line, past and present.

    That is: practitioners who hold or held it, their team managers and deputies, the Head of
    Service and deputy. Two queries, whatever the number of entries.
    """
    entries = list(entries)
    by_case = {entry.case_id: entry.pk for entry in entries}
    lines: defaultdict[int, set[str]] = defaultdict(set)
    now = FrameEntry.objects.filter(pk__in=[entry.pk for entry in entries]).values_list(
        "pk",
        "practitioner__user",
        "team__manager",
        "team__deputy",
        "service__head",
        "service__deputy",
        "case__practitioner__user",
        "case__team__manager",
        "case__team__deputy",
    )
    for pk, *people in now:
        lines[pk].update(str(person) for person in people if person)
    case_event = apps.get_model("cases", "CaseEvent")
    past = (
        case_event.objects.filter(pgh_obj_id__in=by_case)
        .order_by()
        .values_list("pgh_obj_id", "practitioner__user", "team__manager")
    )
    for case, *people in past.distinct():
        lines[by_case[case]].update(str(person) for person in people if person)
    return {entry.pk: frozenset(lines[entry.pk]) for entry in entries}


def line_of(entry: FrameEntry) -> frozenset[str]:
    """The ids of everybody in one case's line."""
    return lines_of([entry])[entry.pk]


def files_of(cases: Iterable[SampledCase]) -> list[File]:
    """Sampled cases (with ``entry`` and its ``service`` loaded) as the allocation rules see them."""
    cases = list(cases)
    lines = lines_of(case.entry for case in cases)
    conflicts: defaultdict[int, set[str]] = defaultdict(set)
    children = [case.entry.child_id for case in cases]
    for child, user in DeclaredConflict.objects.filter(child__in=children).values_list(
        "child", "user"
    ):
        conflicts[child].add(str(user))
    return [
        File(
            file=str(case.pk),
            line=lines[case.entry_id],
            team=str(case.entry.team_id or ""),
            head=str(case.entry.service.head_id or ""),
            conflicts=frozenset(conflicts[case.entry.child_id]),
            has_practitioner=case.entry.practitioner_id is not None,
        )
        for case in cases
    ]


def auditors_for(quarter: AuditQuarter) -> list[Auditor]:
    """Everybody with the auditor's role who can sign in, with what they have of the quarter."""
    load = Counter(
        Allocation.objects.filter(
            ended_at__isnull=True,
            sampled_case__draw__quarter=quarter,
            sampled_case__draw__status=Draw.Status.DRAWN,
        ).values_list("auditor", flat=True)
    )
    graders = Grader.objects.select_related("team__service").filter(
        Q(user__groups__name="auditor"), user__is_active=True
    )
    return [_auditor(grader, load[grader.user_id]) for grader in graders.distinct()]


def auditor_of(user: User) -> Auditor:
    """One person as the allocation rules see them, whatever their load."""
    grader = Grader.objects.select_related("team__service").filter(user=user).first()
    return _auditor(grader, 0) if grader else Auditor(person=str(user.pk), capacity=1)


def _auditor(grader: Grader, load: int) -> Auditor:
    service = grader.team.service if grader.team else None
    return Auditor(
        person=str(grader.user_id),
        team=str(grader.team_id or ""),
        head=str(service.head_id or "") if service else "",
        capacity=grader.capacity,
        load=load,
        exempt=grader.exempt_reason,
    )
