"""What the analyst and the quality lead find waiting: replacements to decide, conflicts."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from audits.models import Audit
from cases.models import Allocation, Case, Child, DeclaredConflict, Replacement, SampledCase
from cases.rules.quarters import Quarter
from config.demo_council import words
from config.demo_council.draws import given
from config.demo_council.people import People


def leave_something_waiting(rng: Random, quarter: Quarter, people: People, now: datetime) -> None:
    """In the present quarter, where it has audits that nobody has begun; and conflicts besides."""
    _declare_ahead(people, now)
    not_begun = list(
        Audit.objects.filter(quarter__label=quarter.label, status=Audit.Status.ALLOCATED)
        .select_related("sampled_case", "auditor")
        .order_by("reference")
    )
    if len(not_begun) < 4:
        return
    *asked, conflicted = rng.sample(not_begun, 3)
    reasons = (Replacement.Reason.IN_COURT, Replacement.Reason.CHILD_IN_CRISIS)
    for audit, reason in zip(asked, reasons, strict=True):
        Replacement.objects.create(
            sampled_case=given(audit.sampled_case),
            reason=reason,
            explanation=words.REPLACEMENT_NOTES[reason],
            requested_at=now - timedelta(hours=rng.randint(8, 14)),
            requested_by=people.analyst,
        )
    _declare_conflict(conflicted, now - timedelta(hours=10))


def _declare_ahead(people: People, now: datetime) -> None:
    """Auditors and a moderator know families that no sample has met; one mistyped the id."""
    drawn = SampledCase.objects.values("entry__child")
    cases = Case.objects.filter(closed_on__isnull=True).exclude(child__in=drawn).order_by("pk")
    children = [case.child for case in cases.select_related("child")[:3]]
    children.append(Child.objects.create(local_id=f"{children[0].local_id}O"))
    known, mistaken, *_ = people.auditors
    declared = [
        DeclaredConflict(
            user=user,
            child=child,
            declared_as=child.local_id,
            reason=reason,
            declared_at=now - timedelta(days=days),
        )
        for user, child, reason, days in zip(
            (known, people.moderators[0], mistaken, mistaken),
            children,
            words.DECLARED_AHEAD,
            (40, 33, 12, 11),
            strict=True,
        )
    ]
    declared[1].registered_by = people.analyst
    declared[2].ended_at, declared[2].ended_by = now - timedelta(days=11), people.lead
    declared[2].end_reason = words.CONFLICT_ENDED
    DeclaredConflict.objects.bulk_create(declared)


def _declare_conflict(audit: Audit, at: datetime) -> None:
    """The auditor passed the file back: it waits for another."""
    DeclaredConflict.objects.create(
        user=audit.auditor, child=audit.child, reason=words.CONFLICT, declared_at=at
    )
    Allocation.objects.filter(sampled_case=audit.sampled_case, ended_at__isnull=True).update(
        ended_at=at, ended_by=audit.auditor, end_reason="The auditor has a conflict"
    )
    SampledCase.objects.filter(pk=given(audit.sampled_case_id)).update(
        status=SampledCase.Status.DRAWN
    )
    audit.status = Audit.Status.RETURNED
    audit.save(update_fields=["status"])
