"""Finding a child's audit by the council's child id, or an audit by its reference."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit
from audits.queries.visibility import audits_visible_to
from cases.models import Case, Child, SampledCase


@dataclass(frozen=True)
class Found:
    """What a search found, as far as the searcher may see it."""

    audits: list[Audit]
    cases: list[Case]  # of the child, the open one first
    samples: list[SampledCase]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing, or nothing that the searcher may see."""
        return not (self.audits or self.cases or self.samples)


def search(user: User, term: str) -> Found:
    """What is known under ``term``: a whole id of a child, another id of theirs too, or a
    reference; capitals do not matter."""
    term = term.strip()
    under_other_id = Q(aliases__other_id__iexact=term)
    children = list(Child.objects.filter(Q(local_id__iexact=term) | under_other_id).distinct())
    audits = audits_visible_to(user).select_related("service", "team", "auditor", "quarter")
    by_reference = audits.filter(reference__iexact=term)
    if not children:
        return Found(list(by_reference), [], [])
    cases = _cases_visible_to(user).filter(child__in=children)
    samples = SampledCase.objects.filter(entry__child__in=children, entry__case__in=cases)
    return Found(
        audits=list(by_reference | audits.filter(child__in=children)),
        cases=list(
            cases.select_related("child", "service", "team", "practitioner").order_by(
                "child__local_id", "-opened_on"
            )
        ),
        samples=list(samples.select_related("draw__quarter").order_by("-draw__drawn_at")),
    )


def _cases_visible_to(user: User) -> QuerySet[Case]:
    """All cases for those who see the whole programme; else those of the services one heads."""
    if may(user, Permission.SEE_ALL_AUDITS, Permission.SEE_AUDIT_PROGRESS):
        return Case.objects.all()
    return Case.objects.filter(service__head=user) | Case.objects.filter(service__deputy=user)
