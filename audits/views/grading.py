"""The pages of a grading: the task list, one page for each standard, and what comes at the end.

A page is saved by its buttons or, where scripts run, by itself a moment after typing: the same
address answers an htmx request with one line ("Saved 10:42am") and the new version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import allow
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission
from audits.forms.fields import Versioned
from audits.forms.grading import (
    BeforeForm,
    ConcernForm,
    DetailsForm,
    OverallForm,
    SecondBeforeForm,
    StandardForm,
)
from audits.models import Grading, StandardGrade
from audits.operations.saving import (
    Conflict,
    Saved,
    raise_immediate_concern,
    save_before,
    save_details,
    save_overall,
    save_standard,
)
from audits.operations.submitting import submit_grading
from audits.queries.grading_state import GradingState, grading_state
from audits.rules.grades import GRADES, LABELS, Scale
from audits.rules.limits import CRITICAL_STANDARD, IMMEDIATE_CONCERN
from audits.views.access import (
    OF_A_BEGINNING,
    grading_or_404,
    log_reading,
    own_answer_or_404,
    own_draft_or_404,
    person,
    saves_itself,
)
from audits.views.conflicts import conflict_texts
from audits.views.facts import audit_rows, duty_telephones, fact_rows
from audits.views.keeping import kept_page
from audits.views.steps import (
    after_standard,
    first_standard,
    missing_links,
    page_url,
    task_sections,
)

P = Permission
SAVED = "audits/grading/saved.html"
NOT_SENT = (
    "The concern has not gone up: telephone, as this page asked you to, and tell the quality"
    " assurance lead at once."
)


@allow(P.SEE_AUDITS)
@require_GET
def grading(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """One's own draft as a task list; a submitted grading to read and print."""
    found = grading_or_404(request, reference, pk)
    if found.status == Grading.Status.DRAFT:
        return _task_list(request, found)
    if found.grader_id != person(request).pk:
        log_reading(request, found.audit)
    context = _context(grading_state(found)) | _back_to_audit(found)
    context["own"] = found.grader_id == person(request).pk
    return render(request, "audits/grading/read.html", context)


def _task_list(request: HttpRequest, found: Grading) -> HttpResponse:
    state = grading_state(found)
    context = _context(state) | {
        "sections": task_sections(state),
        "missing": missing_links(state),
        **_back_to_audit(found),
    }
    return render(request, "audits/grading/task_list.html", context)


def _back_to_audit(found: Grading) -> dict[str, str]:
    reference = found.audit.reference
    url = reverse("audits:audit", args=[reference])
    return {"back_url": url, "back_text": f"Audit {reference}"}


def _context(state: GradingState) -> dict[str, Any]:
    """What every page of a grading shows."""
    found = state.grading
    audit = found.audit
    return {
        "state": state,
        "grading": found,
        "audit": audit,
        "list_url": page_url("grading", found),
        "concern_url": page_url("grading_concern", found),
        "check_url": page_url("grading_check", found),
        "case_rows": [
            {"key": "Child id", "value": audit.child.local_id},
            {"key": "Service", "value": audit.service.name},
            *fact_rows(audit.facts),
        ],
        "back_url": page_url("grading", found),
        "back_text": "All parts of this grading",
    }


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def standard(request: HttpRequest, reference: str, pk: int, code: str) -> HttpResponse:
    """One practice standard."""
    state: GradingState | None = None
    if saves_itself(request):
        answer = own_answer_or_404(request, reference, pk, code)
        found = answer.grading
    else:
        found = own_draft_or_404(request, reference, pk)
        state = grading_state(found)
        answer = _answer_or_404(state, code)
    form = StandardForm(
        request.POST or None,
        initial=StandardForm.initial_of(answer),
        standard=answer.standard,
        scale=Scale.from_dict(found.audit.tool_version.scale),
    )

    def save() -> Saved:
        return save_standard(
            standard_grade=answer, by=person(request), now=timezone.now(), **form.values()
        )

    def context() -> dict[str, Any]:
        shown = state or grading_state(found)
        codes = [line.standard.code for line in shown.asked]
        return _context(shown) | {
            "standard": answer.standard,
            "limits": shown.limits(CRITICAL_STANDARD) if answer.standard.critical else [],
            "saved_at": answer.saved_at,
            "position": f"Standard {codes.index(code) + 1} of {len(codes)}",
        }

    def then() -> str:
        return after_standard(grading_state(found), code)

    return _page(request, found, form, save, "audits/grading/standard.html", context, then)


def _answer_or_404(state: GradingState, code: str) -> StandardGrade:
    for line in state.asked:
        if line.answer is not None and line.standard.code == code:
            return line.answer
    raise Http404


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def details(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Strengths and areas to improve, the family, the practitioner."""
    found = own_draft_or_404(request, reference, pk)
    form = DetailsForm(request.POST or None, initial=DetailsForm.initial_of(found))

    def save() -> Saved:
        data = form.cleaned_data
        return save_details(
            grading=found,
            version=data["version"],
            details=form.details(),
            by=person(request),
            now=timezone.now(),
        )

    def context() -> dict[str, Any]:
        return _context(grading_state(found)) | {"saved_at": found.saved_at}

    def then() -> str:
        return page_url("grading_overall", found)

    return _page(request, found, form, save, "audits/grading/details.html", context, then)


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def overall(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """The overall grade beside the one suggested, and the minutes spent."""
    found = own_draft_or_404(request, reference, pk)
    # A save by itself shows nothing of the suggestion, and the operation works it out anyway.
    state = None if saves_itself(request) else grading_state(found)
    form = OverallForm(
        request.POST or None,
        initial=OverallForm.initial_of(found),
        grades=[(code, LABELS[code]) for code in GRADES],
        suggested=state.suggested if state else None,
    )

    def save() -> Saved:
        return save_overall(
            grading=found,
            version=form.cleaned_data["version"],
            overall=form.overall(),
            by=person(request),
            now=timezone.now(),
        )

    def context() -> dict[str, Any]:
        shown = state or grading_state(found)
        return _context(shown) | {"saved_at": found.saved_at, "suggested": shown.suggested}

    def then() -> str:
        return page_url("grading_check", found)

    return _page(request, found, form, save, "audits/grading/overall.html", context, then)


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def before(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """The child id from the file, and who held the case for most of the period."""
    found = own_draft_or_404(request, reference, pk, OF_A_BEGINNING)
    first = found.kind == Grading.Kind.AUDITOR
    initial: dict[str, Any] = {"version": found.version}
    if found.child_id_confirmed:
        initial["child_id"] = found.audit.child.local_id
    form: BeforeForm | SecondBeforeForm
    if first:
        initial |= BeforeForm.held_most_of(found.held_by_listed_practitioner, found.held_most_by)
        form = BeforeForm(request.POST or None, initial=initial, audit=found.audit)
    else:
        form = SecondBeforeForm(request.POST or None, initial=initial, audit=found.audit)

    def save() -> Saved:
        data = form.cleaned_data
        return save_before(
            grading=found,
            version=data["version"],
            child_id=data["child_id"],
            held_by_listed_practitioner=form.listed if isinstance(form, BeforeForm) else None,
            held_most_by=data.get("held_most_by"),
            by=person(request),
            now=timezone.now(),
        )

    def context() -> dict[str, Any]:
        rows = audit_rows(found.audit, "")
        return _context(grading_state(found)) | {"rows": rows, "saved_at": found.saved_at}

    def then() -> str:
        return first_standard(grading_state(found))

    return _page(request, found, form, save, "audits/grading/before.html", context, then)


@allow(P.GRADE)
@require_http_methods(["GET", "POST"])
def concern(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """An immediate safeguarding concern: telephone first, then write it here. Goes up at once."""
    try:
        return _concern(request, own_draft_or_404(request, reference, pk))
    except MovedOn as moved:
        raise MovedOn(f"{moved} {NOT_SENT}" if request.method == "POST" else str(moved)) from moved


def _concern(request: HttpRequest, found: Grading) -> HttpResponse:
    later = found.status == Grading.Status.SUBMITTED
    initial = {"text": found.immediate_concern_text, "told": found.immediate_concern_told}
    if later:
        initial = {}
    form = ConcernForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            raise_immediate_concern(
                grading=found, **form.cleaned_data, by=person(request), now=timezone.now()
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, "The concern is recorded, and those who must act have been told."
            )
            return redirect(page_url("grading", found))
    state = grading_state(found)
    context = _context(state) | {
        "form": form,
        "keep": kept_page(person(request), request.path),
        "telephone": duty_telephones(),
        "limits": state.limits(IMMEDIATE_CONCERN),
        "later": later,
    }
    return render(request, "audits/grading/concern.html", context)


@allow(P.GRADE)
@require_GET
def check(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Everything that was written, to look through before submission."""
    found = own_draft_or_404(request, reference, pk)
    if found.status == Grading.Status.SUBMITTED:
        return redirect(page_url("grading_submitted", found))
    state = grading_state(found)
    context = _context(state) | {"missing": missing_links(state)}
    return render(request, "audits/grading/check.html", context)


@allow(P.GRADE)
@require_POST
def submit(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Submit. A second press of the button leads to the same confirmation."""
    found = own_draft_or_404(request, reference, pk)
    try:
        submit_grading(grading=found, by=person(request), now=timezone.now())
    except Refused as error:
        messages.error(request, str(error))
        return redirect(page_url("grading_check", found))
    except MovedOn:
        found.refresh_from_db(fields=["status"])
        if found.status != Grading.Status.SUBMITTED:
            raise
    return redirect(page_url("grading_submitted", found))


@allow(P.GRADE)
@require_GET
def submitted(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """That it was submitted, and what happens next."""
    found = own_draft_or_404(request, reference, pk)
    if found.status != Grading.Status.SUBMITTED:
        return redirect(page_url("grading", found))
    return render(request, "audits/grading/submitted.html", _context(grading_state(found)))


def _page(
    request: HttpRequest,
    found: Grading,
    form: Versioned,
    save: Callable[[], Saved],
    template: str,
    context: Callable[[], dict[str, Any]],
    then: Callable[[], str],
) -> HttpResponse:
    """Show a page of a grading, or save it: whatever goes wrong, what was typed stays.

    Where it saves itself, an answer that cannot be stored is held back and the others are saved.

    ``context`` is asked for only where the page is shown, ``then`` (where to go on) where the form
    was sent by its button: a save by itself needs neither.
    """
    if request.method == "GET":
        if found.status != Grading.Status.DRAFT:
            return redirect(page_url("grading", found))
        keep = kept_page(person(request), request.path)
        return render(request, template, context() | {"form": form, "keep": keep})
    by_itself = saves_itself(request)
    saved: Saved | None = None
    conflict = None
    status = 422 if by_itself else 200
    held_back = form.hold_back() if by_itself and not form.is_valid() else []
    if form.is_valid() or held_back:
        try:
            saved = save()
        except Refused as error:
            form.add_error(None, str(error))
        except Conflict as clash:
            status = 409
            conflict = conflict_texts(form, clash)
            _with_version(form, clash.version)
    if by_itself:
        line = {"saved": saved, "form": form, "conflict": conflict, "held_back": held_back}
        done = saved and not held_back
        answer = render(request, SAVED, line, status=200 if done else status)
        if saved and held_back:
            answer["Held-Back"] = " ".join(held_back)
        return answer
    if saved is None:
        keep = kept_page(person(request), request.path)
        shown = context() | {"form": form, "conflict": conflict, "keep": keep}
        return render(request, template, shown, status=status)
    to_list = request.POST.get("next") == "list"
    return redirect(page_url("grading", found) if to_list else then())


def _with_version(form: Versioned, version: int) -> None:
    """The form again, ready to be saved over what is stored now."""
    data = form.data.copy() if isinstance(form.data, QueryDict) else QueryDict(mutable=True)
    data["version"] = str(version)
    form.data = data
