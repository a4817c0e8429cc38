"""Feedback: released by who graded, read and answered by the practitioner."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import allow
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission
from audits.forms.audits import ReleaseForm, ReplyForm
from audits.models import Audit, Feedback, Grading
from audits.operations.feedback import (
    mark_feedback_read,
    may_release,
    recipients_of,
    release_feedback,
    reply_to_feedback,
)
from audits.queries.feedback import feedback_line, feedback_lines
from audits.queries.visibility import DECIDED, feedback_visible_to
from audits.views.access import audit_or_404, log_reading, person
from audits.views.facts import in_words
from cases.queries.calendar import local_date

P = Permission


@allow(P.GRADE, P.RELEASE_FEEDBACK)
@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """Write the feedback, starting from what stands in the grading of record."""
    user, audit = person(request), audit_or_404(request, reference)
    if not may_release(user, audit):
        raise Http404
    if request.method == "GET" and audit.status not in DECIDED:
        raise MovedOn("Feedback is released after the grade of record is set.")
    form = ReleaseForm(request.POST or None, initial=_prefilled(audit))
    audit_url = reverse("audits:audit", args=[audit.reference])
    if request.method == "POST" and form.is_valid():
        try:
            release_feedback(audit=audit, **form.cleaned_data, by=user, now=timezone.now())
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The feedback has been released.")
            return redirect(audit_url)
    log_reading(request, audit)
    today = local_date(timezone.now())
    context = {
        "audit": audit,
        "form": form,
        "back_url": audit_url,
        "recipients": [(each, each.has_left(today)) for each in recipients_of(audit, today)],
    }
    return render(request, "audits/feedback/release.html", context)


def _prefilled(audit: Audit) -> dict[str, str]:
    """The words of the grading of record; the auditor's, where that has none of its own."""
    gradings = [
        audit.grading_of_record,
        audit.gradings.filter(kind=Grading.Kind.AUDITOR, status=Grading.Status.SUBMITTED).first(),
    ]
    for grading in gradings:
        if grading is not None and (grading.strengths or grading.improvements):
            return {"strengths": grading.strengths, "improvements": grading.improvements}
    return {}


@allow(P.READ_FEEDBACK)
@require_GET
def feedback_list(request: HttpRequest) -> HttpResponse:
    """The feedback that a practitioner has been given."""
    lines = feedback_lines(person(request), local_date(timezone.now()))
    return render(request, "audits/feedback/list.html", {"lines": lines})


@allow(P.READ_FEEDBACK)
@require_GET
def feedback(request: HttpRequest, reference: str) -> HttpResponse:
    """What was good, then what to improve; a receipt and a reply."""
    return _feedback_page(request, _feedback_or_404(request, reference), ReplyForm())


@allow(P.READ_FEEDBACK)
@require_POST
def mark_read(request: HttpRequest, reference: str) -> HttpResponse:
    """The practitioner has read it."""
    found = _feedback_or_404(request, reference)
    mark_feedback_read(feedback=found, by=person(request), now=timezone.now())
    return redirect("audits:feedback", reference)


@allow(P.READ_FEEDBACK)
@require_POST
def reply(request: HttpRequest, reference: str) -> HttpResponse:
    """The practitioner's one reply."""
    found = _feedback_or_404(request, reference)
    form = ReplyForm(request.POST)
    if form.is_valid():
        try:
            answer = reply_to_feedback(
                feedback=found, **form.cleaned_data, by=person(request), now=timezone.now()
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            late = " It came after the deadline and is marked as late." if answer.late else ""
            messages.success(request, f"Your reply has been sent.{late}")
            return redirect("audits:feedback", reference)
    return _feedback_page(request, found, form)


def _feedback_or_404(request: HttpRequest, reference: str) -> Feedback:
    found = (
        feedback_visible_to(person(request))
        .select_related(
            "audit__service",
            "audit__quarter",
            "audit__child",
            "audit__grading_of_record",
            "released_by",
        )
        .prefetch_related("recipients__practitioner", "replies__practitioner")
    )
    return get_object_or_404(found, audit__reference=reference)


def _feedback_page(request: HttpRequest, found: Feedback, form: ReplyForm) -> HttpResponse:
    log_reading(request, found.audit)
    today = local_date(timezone.now())
    audit = found.audit
    context = {
        "audit": audit,
        "feedback": found,
        "line": feedback_line(found, person(request), today),
        "late": today > found.reply_by,
        "form": form,
        "breadcrumbs": [
            {"label": "Feedback", "url": reverse("audits:feedback_list")},
            {"label": audit.reference},
        ],
        "rows": [
            {"key": "Child id", "value": audit.child.local_id},
            {"key": "Service", "value": audit.service.name},
            {"key": "Quarter", "value": str(audit.quarter)},
            {"key": "From", "value": f"{found.released_by}, {in_words(found.released_at)}"},
        ],
    }
    return render(request, "audits/feedback/feedback.html", context)
