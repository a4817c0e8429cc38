"""Fetching through the policy, and the page with one form on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.operations import MovedOn, Refused
from audits.models import Audit, Grading
from audits.queries.visibility import gradings_taken_from
from audits.views.access import person
from quality.models import Action, Escalation, Moderation
from quality.queries.moderation import TO_ASK
from quality.queries.people import OF_THE_LINE
from quality.queries.visibility import (
    actions_visible_to,
    escalations_visible_to,
    moderations_visible_to,
)

LINE = tuple(f"audit__{path}" for path in OF_THE_LINE)


def posted_to(
    check: Callable[..., object], *, page: str
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """For a view that is only posted to. Opened, its address leads to the ``page`` of the thing.

    An address bar holds it after an error. ``check`` fetches the thing through the policy, with the
    arguments of the address: who is kept out of the one is kept out of the other.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            check(request, *args, **kwargs)
            return redirect(page, *args, **kwargs)

        return require_http_methods(["GET", "HEAD", "POST"])(answer)

    return decorate


def moderation_or_404(request: HttpRequest, reference: str) -> Moderation:
    """The moderation of an audit, with what its pages show.

    What is posted to one that was taken from the person meanwhile (the audit was reopened, say) is
    answered with MovedOn, whose page shows what they had typed.
    """
    user = person(request)
    found = moderations_visible_to(user).select_related(
        "moderator",
        "grading",
        "decided_by",
        "audit__auditor",
        "audit__child",
        *TO_ASK,
    )
    moderation = found.filter(audit__reference=reference).first()
    if moderation is not None:
        return moderation
    taken = gradings_taken_from(user).filter(
        audit__reference=reference, kind=Grading.Kind.MODERATOR
    )
    if request.method == "POST" and taken.exists():
        raise MovedOn(f"The moderation of audit {reference} is not with you any more.")
    raise Http404


def escalation_or_404(request: HttpRequest, pk: int) -> Escalation:
    """An escalation with the line of its case, its steps and who got them."""
    found = (
        escalations_visible_to(person(request))
        .select_related(
            "audit__quarter",
            "audit__practitioner__team",
            "audit__grading_of_record",
            "raised_by",
            "acknowledged_by",
            "plan_agreed_by",
            "closed_by",
            *LINE,
        )
        .prefetch_related("steps__sent_to")
    )
    return get_object_or_404(found, pk=pk)


def action_or_404(request: HttpRequest, pk: int) -> Action:
    """An action with the line of its case."""
    found = actions_visible_to(person(request)).select_related(
        "owner",
        "practitioner__user",
        "practitioner__team",
        "standard",
        "escalation__audit",
        "created_by",
        "offered_by",
        "verified_by",
        "cancelled_by",
        *LINE,
    )
    return get_object_or_404(found, pk=pk)


def form_page(
    request: HttpRequest,
    *,
    form: Form,
    act: Callable[[], object],
    done: str,
    then: str,
    audit: Audit,
    texts: dict[str, Any],
) -> HttpResponse:
    """Show a form, do one thing with it, go on; a refusal is shown and what was typed stays."""
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(then)
    context = {"form": form, "audit": audit, "back_url": then, **texts}
    return render(request, "audits/one_form.html", context)
