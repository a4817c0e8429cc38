"""Fetching through the policy: what somebody may not see answers 404."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from accounts.operations import record_access
from audits.models import Audit, Grading, StandardGrade
from audits.queries.visibility import audits_visible_to, gradings_visible_to, own_gradings

# What the state of a grading and the pages of its form show. The fewer the better: the database
# takes longer to plan how it joins many tables than to read from them.
OF_A_FORM = ("audit__service__line", "audit__tool_version", "audit__child")
# What its other pages show besides.
OF_A_READING = (*OF_A_FORM, "grader")
OF_A_BEGINNING = (
    *OF_A_FORM,
    "held_most_by",
    "audit__tool_version__tool",
    "audit__quarter",
    "audit__team",
    "audit__practitioner__team",
    "audit__practitioner_judged",
    "audit__auditor",
)
# What saving by itself needs.
OF_A_SAVE = ("audit__tool_version",)


def person(request: HttpRequest) -> User:
    """Who has signed in; every view here is for people who have."""
    user = request.user
    if isinstance(user, AnonymousUser):
        raise Http404
    return user


def audit_or_404(request: HttpRequest, reference: str) -> Audit:
    """The audit with everything its pages show of it."""
    audits = audits_visible_to(person(request)).select_related(
        "child",
        "quarter",
        "service__line",
        "team__service",
        "practitioner__team",
        "practitioner_judged",
        "auditor",
        "tool_version__tool",
        "sampled_case",
        "submitted_by",
        "finalised_by",
        "closed_by",
        "withdrawn_by",
    )
    return get_object_or_404(audits, reference=reference)


def grading_or_404(request: HttpRequest, reference: str, pk: int) -> Grading:
    """A grading that the person may read."""
    user = person(request)
    if own := _gradings(own_gradings(user), reference, pk).select_related(*OF_A_READING).first():
        return own
    visible = _gradings(gradings_visible_to(user), reference, pk)
    return get_object_or_404(visible.select_related(*OF_A_READING))


def _gradings(among: QuerySet[Grading], reference: str, pk: int) -> QuerySet[Grading]:
    return among.filter(audit__reference=reference, pk=pk)


def saves_itself(request: HttpRequest) -> bool:
    """Whether a form saves itself here: the answer is one line, and no page is shown."""
    return request.method == "POST" and bool(getattr(request, "htmx", False))


def own_draft_or_404(
    request: HttpRequest, reference: str, pk: int, related: tuple[str, ...] | None = None
) -> Grading:
    """The person's own grading to write in. One that was submitted is found too: saving into it
    is answered with what happened, not with "not found"."""
    own = _gradings(own_gradings(person(request)), reference, pk)
    wanted = related or (OF_A_SAVE if saves_itself(request) else OF_A_FORM)
    return get_object_or_404(own.select_related(*wanted))


def own_answer_or_404(request: HttpRequest, reference: str, pk: int, code: str) -> StandardGrade:
    """The person's own judgement on the standard with ``code``, where it applies to the case, with
    what a save needs. One query: it runs every time that a page saves itself.
    """
    answers = StandardGrade.objects.filter(
        grading__in=own_gradings(person(request))
    ).select_related("standard", *(f"grading__{path}" for path in OF_A_SAVE))
    return get_object_or_404(
        answers, grading_id=pk, grading__audit__reference=reference, standard__code=code
    )


def log_reading(request: HttpRequest, audit: Audit, kind: str = "read") -> None:
    """Log that the narrative of a child's audit was read."""
    record_access(
        by=person(request),
        kind=kind,
        what="audit",
        reference=audit.reference,
        now=timezone.now(),
    )
