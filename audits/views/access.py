"""Fetching through the policy: what somebody may not see answers 404.

Except a grading or an audit that was taken from them, perhaps while they were writing: that is
said (MovedOn), and the page that says it shows what they had typed.
"""

from __future__ import annotations

from typing import NoReturn

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, record_access
from audits.models import Audit, Grading, StandardGrade
from audits.operations.locking import TAKEN_AWAY
from audits.queries.visibility import (
    audits_taken_from,
    audits_visible_to,
    gradings_taken_from,
    gradings_visible_to,
    own_gradings,
)

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

GO_ON = (
    "This grading was set aside when the audit was given back to you. Go on in the new one: the"
    " page of the audit leads to it."
)


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


def audit_given_or_404(request: HttpRequest, reference: str) -> Audit:
    """An audit that the person has to grade.

    What is posted after it was given to somebody else is answered with what happened.
    """
    user = person(request)
    posted = request.method == "POST"
    if posted and audits_taken_from(user).filter(reference=reference).exists():
        raise MovedOn(f"Audit {reference} is not with you any more.")
    audit = audit_or_404(request, reference)
    if audit.auditor_id != user.pk:
        raise Http404
    return audit


def grading_or_404(request: HttpRequest, reference: str, pk: int) -> Grading:
    """A grading that the person may read."""
    user = person(request)
    if own := _gradings(own_gradings(user), reference, pk).select_related(*OF_A_READING).first():
        return own
    visible = _gradings(gradings_visible_to(user), reference, pk)
    return visible.select_related(*OF_A_READING).first() or _gone(user, reference, pk)


def _gradings(among: QuerySet[Grading], reference: str, pk: int) -> QuerySet[Grading]:
    return among.filter(audit__reference=reference, pk=pk)


def _gone(user: User, reference: str, pk: int) -> NoReturn:
    """Say why there is nothing to write in: it was taken from them, or never theirs (404)."""
    if not _gradings(gradings_taken_from(user), reference, pk).exists():
        raise Http404
    again = own_gradings(user).filter(audit__reference=reference, status=Grading.Status.DRAFT)
    raise MovedOn(GO_ON if again.exists() else TAKEN_AWAY)


def saves_itself(request: HttpRequest) -> bool:
    """Whether a form saves itself here: the answer is one line, and no page is shown."""
    return request.method == "POST" and bool(getattr(request, "htmx", False))


def own_draft_or_404(
    request: HttpRequest, reference: str, pk: int, related: tuple[str, ...] | None = None
) -> Grading:
    """The person's own grading to write in. One that was submitted is found too: saving into it
    is answered with what happened, not with "not found"."""
    user = person(request)
    own = _gradings(own_gradings(user), reference, pk)
    wanted = related or (OF_A_SAVE if saves_itself(request) else OF_A_FORM)
    return own.select_related(*wanted).first() or _gone(user, reference, pk)


def own_answer_or_404(request: HttpRequest, reference: str, pk: int, code: str) -> StandardGrade:
    """The person's own judgement on the standard with ``code``, where it applies to the case, with
    what a save needs. One query: it runs every time that a page saves itself.
    """
    user = person(request)
    answers = StandardGrade.objects.filter(
        grading_id=pk, grading__audit__reference=reference, standard__code=code
    ).select_related("standard", *(f"grading__{path}" for path in OF_A_SAVE))
    own = answers.filter(grading__in=own_gradings(user))
    return own.first() or _gone(user, reference, pk)


def log_reading(request: HttpRequest, audit: Audit, what: str = "audit") -> None:
    """Log that the narrative of a child's audit was read, or ``what`` else was seen of it.

    Who has read an "audit" cannot grade it blind any more (quality.queries.people).
    """
    record_access(
        by=person(request),
        kind="read",
        what=what,
        reference=audit.reference,
        now=timezone.now(),
    )
