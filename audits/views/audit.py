"""One audit: its page, beginning it, a conflict, and what the quality assurance lead may do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import allow
from accounts.models import User
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from audits.forms.audits import ReasonForm
from audits.forms.grading import BeginForm
from audits.models import Audit, Feedback, Grading
from audits.operations.feedback import may_release
from audits.operations.grading import begin_audit, declare_conflict
from audits.operations.submitting import reopen_audit
from audits.operations.withdrawing import withdraw_audit
from audits.panels import panels_for
from audits.queries.feedback import feedback_of
from audits.queries.history import history_of, tells_judgements
from audits.queries.visibility import (
    DECIDED,
    NOT_SUBMITTED,
    WITH_AUDITOR,
    gradings_visible_to,
    is_blind,
    may_see_child_id,
)
from audits.views.access import audit_given_or_404, audit_or_404, log_reading, person
from audits.views.facts import audit_rows, duty_telephones, fact_rows, time_rows
from audits.views.keeping import kept_page
from cases.queries.allocation import why_not_any_more
from cases.queries.calendar import local_date
from cases.queries.conflicts import conflicts_in_force

P = Permission
# What is logged where no grading of somebody else was shown.
IDENTITY, HISTORY = "child of an audit", "history of an audit"


@allow(P.SEE_AUDITS)
@require_GET
def audit_page(request: HttpRequest, reference: str) -> HttpResponse:
    """What is known of an audit, what the person may do, and the panels of the apps above."""
    user, audit = person(request), audit_or_404(request, reference)
    gradings = list(
        gradings_visible_to(user)
        .filter(audit=audit)
        .select_related("grader")
        .order_by("created_at")
    )
    released = feedback_of(audit)
    feedback = released if _may_see_feedback(request, audit, gradings) else None
    child_id = audit.child.local_id if may_see_child_id(user, audit) else ""
    if feedback or any(each.grader_id != user.pk for each in gradings):
        log_reading(request, audit)
    elif child_id:
        log_reading(request, audit, IDENTITY)
    not_any_more = _why_not_any_more(audit, user)
    context = {
        "audit": audit,
        "not_any_more": not_any_more,
        "breadcrumbs": _crumbs(audit.reference),
        "overdue": audit.status in NOT_SUBMITTED and audit.due_on < local_date(timezone.now()),
        "rows": audit_rows(audit, child_id),
        "fact_rows": fact_rows(audit.facts),
        "time_rows": time_rows(audit),
        "gradings": gradings,
        "feedback": feedback,
        "grade_of_record": _grade_of_record(request, audit),
        "buttons": _buttons(request, audit, gradings, released, may_begin=not not_any_more),
        "links": _links(request, audit, gradings, released),
        "panels": panels_for(audit, user),
    }
    return render(request, "audits/audit.html", context)


def _why_not_any_more(audit: Audit, user: User) -> str:
    """Why the auditor can neither begin nor submit what is with them; "" where they can."""
    if audit.auditor_id != user.pk or audit.status not in WITH_AUDITOR or not audit.sampled_case:
        return ""
    return why_not_any_more(audit.sampled_case, user)


def _crumbs(here: str, *between: tuple[str, str]) -> list[dict[str, str]]:
    trail = [{"label": "Audits", "url": reverse("audits:audit_list")}]
    trail += [{"label": label, "url": url} for label, url in between]
    return [*trail, {"label": here}]


def _grade_of_record(request: HttpRequest, audit: Audit) -> Grading | None:
    if audit.status not in DECIDED or is_blind(person(request), audit):
        return None
    return audit.grading_of_record


def _may_see_feedback(request: HttpRequest, audit: Audit, gradings: list[Grading]) -> bool:
    """Those who may read a submitted grading may read what was made of it."""
    readable = any(each.status == Grading.Status.SUBMITTED for each in gradings)
    return readable or may_release(person(request), audit)


def _buttons(
    request: HttpRequest,
    audit: Audit,
    gradings: list[Grading],
    released: Feedback | None,
    *,
    may_begin: bool,
) -> list[dict[str, str]]:
    """The next step for the person, where there is one."""
    user, buttons = person(request), []
    if may_begin and audit.status == Audit.Status.ALLOCATED and audit.auditor_id == user.pk:
        buttons.append({"label": "Begin this audit", "url": _url("begin", audit)})
    for grading in gradings:
        if grading.grader_id == user.pk and grading.status == Grading.Status.DRAFT:
            url = reverse("audits:grading", args=[audit.reference, grading.pk])
            buttons.append({"label": f"Continue {_of_kind(grading)}", "url": url})
    if audit.status in DECIDED and released is None and may_release(user, audit):
        buttons.append({"label": "Write the feedback", "url": _url("release_feedback", audit)})
    return buttons


def _of_kind(grading: Grading) -> str:
    return "grading" if grading.kind == Grading.Kind.AUDITOR else "the second grading"


def _links(
    request: HttpRequest, audit: Audit, gradings: list[Grading], released: Feedback | None
) -> list[dict[str, str]]:
    """What else the person may do: nothing here is shown that would be refused by their role."""
    user, links = person(request), []
    if audit.auditor_id == user.pk and audit.status in WITH_AUDITOR:
        links.append({"label": "I have a conflict", "url": _url("conflict", audit)})
    links += [
        {
            "label": "Record an immediate safeguarding concern",
            "url": reverse("audits:grading_concern", args=[audit.reference, each.pk]),
        }
        for each in gradings
        if each.grader_id == user.pk and each.status == Grading.Status.SUBMITTED
    ]
    if may(user, P.REASSIGN_AUDIT) and audit.status in NOT_SUBMITTED and audit.sampled_case_id:
        url = _reallocate_url(audit)
        if url:
            links.append({"label": "Give it to another auditor", "url": url})
    if may(user, P.REOPEN_AUDIT):
        decided_or_waits = audit.status in (Audit.Status.SUBMITTED, Audit.Status.FINALISED)
        if decided_or_waits and released is None:
            links.append({"label": "Reopen this audit", "url": _url("reopen", audit)})
        if audit.status in NOT_SUBMITTED and audit.submitted_at is None:
            links.append({"label": "Withdraw this audit", "url": _url("withdraw", audit)})
    if may(user, P.SEE_HISTORY):
        links.append({"label": "History of this audit", "url": _url("history", audit)})
    return links


def _url(name: str, audit: Audit) -> str:
    return reverse(f"audits:{name}", args=[audit.reference])


def _reallocate_url(audit: Audit) -> str:
    try:
        return reverse("cases:reallocate", args=[audit.sampled_case_id])
    except NoReverseMatch:
        return ""


@allow(P.SEE_HISTORY)
@require_GET
def history(request: HttpRequest, reference: str) -> HttpResponse:
    """Who changed what, and when."""
    user, audit = person(request), audit_or_404(request, reference)
    log_reading(request, audit, "audit" if tells_judgements(audit, user) else HISTORY)
    context = {
        "audit": audit,
        "breadcrumbs": _crumbs("History", (audit.reference, _url("audit", audit))),
        "entries": history_of(audit, user),
    }
    return render(request, "audits/history.html", context)


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm the child id from the file, say who held the case most, and begin."""
    user, audit = person(request), audit_given_or_404(request, reference)
    form = BeginForm(request.POST or None, audit=audit)
    if request.method == "POST" and form.is_valid():
        try:
            grading = begin_audit(
                audit=audit,
                child_id=form.cleaned_data["child_id"],
                held_by_listed_practitioner=bool(form.listed),
                held_most_by=form.cleaned_data["held_most_by"],
                by=user,
                now=timezone.now(),
            )
            return redirect("audits:grading", audit.reference, grading.pk)
        except Refused as error:
            form.add_error(None, str(error))
        except MovedOn:
            if not _own_draft(audit, request):
                raise
    draft = _own_draft(audit, request)
    if draft:
        messages.info(request, "You have already begun this audit. Here it is.")
        return redirect("audits:grading", audit.reference, draft.pk)
    if audit.status != Audit.Status.ALLOCATED:
        raise MovedOn(f"Audit {audit.reference} is {audit.get_status_display().lower()} by now.")
    context = {
        "audit": audit,
        "form": form,
        "back_url": _url("audit", audit),
        "rows": audit_rows(audit, audit.child.local_id),
        "fact_rows": fact_rows(audit.facts),
        "keep": kept_page(user, request.path),
        "telephone": duty_telephones(),
    }
    return render(request, "audits/begin.html", context)


def _own_draft(audit: Audit, request: HttpRequest) -> Grading | None:
    return audit.gradings.filter(
        kind=Grading.Kind.AUDITOR, grader=person(request), status=Grading.Status.DRAFT
    ).first()


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def conflict(request: HttpRequest, reference: str) -> HttpResponse:
    """The auditor cannot grade this child's file, and says why.

    A second press of the button leads to the same list.
    """
    user, passed_on = person(request), "The audit has been passed on."
    try:
        audit = audit_given_or_404(request, reference)
    except MovedOn:
        if not conflicts_in_force().filter(user=user, child__audits__reference=reference).exists():
            raise
        messages.success(request, passed_on)
        return redirect("audits:audit_list")
    form = ReasonForm(
        request.POST or None,
        label="Why can you not grade this file?",
        hint="For example: I know the family; I worked with this child. No names.",
    )
    texts = {
        "title": "I have a conflict",
        "lead": "Another auditor will be found. You will not be given this child’s file again."
        " What you have written so far is kept, and the next auditor does not see it.",
        "submit": "Pass this audit on",
    }

    def act(reason: str) -> None:
        declare_conflict(audit=audit, reason=reason, by=user, now=timezone.now())

    return _reason_page(request, audit, form, texts, act, passed_on, reverse("audits:audit_list"))


@allow(P.REOPEN_AUDIT)
@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a submitted audit back to its auditor."""
    audit = audit_or_404(request, reference)
    form = ReasonForm(request.POST or None, label="Why is it reopened?")
    texts = {
        "title": "Reopen this audit",
        "lead": f"{audit.auditor} goes on from what was submitted. The submitted grading, and a"
        " moderator’s where there is one, are kept but count no longer.",
        "submit": "Reopen",
    }

    def act(reason: str) -> None:
        reopen_audit(audit=audit, reason=reason, by=person(request), now=timezone.now())

    done = f"Audit {audit.reference} is with its auditor again."
    return _reason_page(request, audit, form, texts, act, done, _url("audit", audit))


@allow(P.REOPEN_AUDIT)
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Withdraw an audit that was never submitted."""
    audit = audit_or_404(request, reference)
    form = ReasonForm(request.POST or None, label="Why is it withdrawn?")
    texts = {
        "title": "Withdraw this audit",
        "lead": "The child can be drawn again in a later quarter. What the auditor wrote is kept."
        " The case waits for another auditor or for a replacement.",
        "submit": "Withdraw",
        "warning": "yes",
    }

    def act(reason: str) -> None:
        withdraw_audit(audit=audit, reason=reason, by=person(request), now=timezone.now())

    done = f"Audit {audit.reference} is withdrawn."
    return _reason_page(request, audit, form, texts, act, done, _url("audit", audit))


def _reason_page(
    request: HttpRequest,
    audit: Audit,
    form: ReasonForm,
    texts: dict[str, str],
    act: Any,
    done: str,
    then: str,
) -> HttpResponse:
    """Ask for a reason, do one thing, go on; a refusal is shown and the reason stays."""
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data["reason"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(then)
    context = {"audit": audit, "form": form, "back_url": _url("audit", audit), **texts}
    return render(request, "audits/one_form.html", context)
