"""The list of escalations; one escalation: acknowledging it, its plan, its way to the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import allow
from accounts.exports import list_download
from accounts.operations import Refused
from accounts.policy import Permission, may
from accounts.rules.words import is_written
from accounts.sorting import PARAM, sorted_by
from audits.models import Grading
from audits.queries.visibility import DECIDED, gradings_visible_to
from audits.views.access import log_reading, person
from audits.views.facts import in_words
from cases.queries.calendar import local_date
from quality.forms.filters import EscalationFilterForm
from quality.forms.improvement import AcknowledgeForm, PlanForm
from quality.models import Action, Escalation
from quality.operations.acting import NOT_IN_LINE, plan_action
from quality.operations.escalating import acknowledge, agree_plan, missing_to_agree
from quality.queries.escalation import (
    ESCALATION_SORTS,
    OPEN,
    EscalationFilters,
    action_list,
    escalation_list,
    is_overdue,
)
from quality.queries.people import levels_of, may_answer
from quality.queries.policy import policy_of
from quality.rules.escalation import IMMEDIATE_CONCERN, LEVEL_NAMES, follow_up_on
from quality.views.fetching import escalation_or_404, form_page, posted_to
from quality.views.listing import list_context

P = Permission
Status = Escalation.Status
COLUMNS = [
    "reference", "quarter", "because of", "service", "team", "with", "raised", "acknowledge by",
    "plan by", "status", "overdue",
]  # fmt: skip


@allow(P.SEE_ESCALATIONS)
@require_GET
def escalation_page_list(request: HttpRequest) -> HttpResponse:
    """Those the person may see, what is late first."""
    context = list_context(request, *_found(request), "quality:escalation_export")
    return render(request, "quality/escalation_list.html", context)


@allow(P.SEE_ESCALATIONS)
@require_GET
def escalation_export(request: HttpRequest) -> HttpResponse:
    """The same list as CSV, without any child's id. Logged."""
    _, found = _found(request)
    rows = (
        [
            each.audit.reference,
            each.audit.quarter.label,
            each.get_track_display(),
            each.audit.service.name,
            each.audit.team.name if each.audit.team else "",
            each.get_level_display(),
            each.raised_at,
            each.acknowledge_by,
            each.plan_by,
            each.get_status_display(),
            bool(getattr(each, "is_late", False)),
        ]
        for each in found.select_related("audit__quarter")
    )
    return list_download(person(request), "escalations", COLUMNS, rows)


def _found(request: HttpRequest) -> tuple[EscalationFilterForm, QuerySet[Escalation]]:
    """The filters, and what they leave in the order asked for."""
    form = EscalationFilterForm(request.GET or None)
    filters = EscalationFilters(
        track=form.value("track"),
        status=form.value("status"),
        late=form.value("late") == "yes",
        mine=form.value("whose") == "mine",
    )
    found = escalation_list(person(request), filters, timezone.now())
    return form, sorted_by(found, ESCALATION_SORTS, request.GET.get(PARAM, ""))


@allow(P.SEE_ESCALATIONS)
@require_GET
def escalation_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Why it was raised, who must answer by when, its plan."""
    return _page(request, escalation_or_404(request, pk))


def _page(
    request: HttpRequest, escalation: Escalation, form: AcknowledgeForm | None = None
) -> HttpResponse:
    user, audit, now = person(request), escalation.audit, timezone.now()
    grading = _grading(request, escalation)
    if grading is not None or escalation.concern:
        log_reading(request, audit)
    answers = may(user, P.ANSWER_ESCALATION) and may_answer(user, escalation)
    if form is None and answers and escalation.status == Status.RAISED:
        form = AcknowledgeForm()
    actions = list(action_list(user, now=now).filter(escalation=escalation))
    planning = (
        may(user, P.PLAN_ACTIONS)
        and bool(levels_of(user, audit))
        and escalation.status in OPEN
        and escalation.status != Status.RAISED
    )
    context = {
        "escalation": escalation,
        "audit": audit,
        "breadcrumbs": crumbs(f"{escalation.get_track_display()}, {audit.reference}"),
        "rows": _rows(escalation),
        "way": _way(escalation),
        "overdue": is_overdue(escalation, now),
        "grading": grading,
        "to_improve": _to_improve(escalation, grading),
        "provisional": not _decided(escalation),
        "form": form,
        "actions": actions,
        "may_plan": planning,
        "may_agree": answers and escalation.status == Status.ACKNOWLEDGED,
        "missing": missing_to_agree(escalation.track, actions)
        if escalation.status == Status.ACKNOWLEDGED
        else [],
    }
    return render(request, "quality/escalation.html", context)


def _grading(request: HttpRequest, escalation: Escalation) -> Grading | None:
    """The grading behind it, where the person may read it: of record, else the auditor's."""
    readable = gradings_visible_to(person(request)).filter(
        audit=escalation.audit_id, status=Grading.Status.SUBMITTED
    )
    of_record = escalation.audit.grading_of_record_id
    found = [g for g in readable.select_related("grader") if g.grader_id != person(request).pk]
    for grading in found:
        if grading.pk == of_record:
            return grading
    return next((g for g in found if g.kind == Grading.Kind.AUDITOR), None)


def _to_improve(escalation: Escalation, grading: Grading | None) -> Grading | None:
    """The grading whose words on what to improve are shown: the auditor's, where the grading of
    record has none of its own. Second graders are not asked for any.
    """
    if grading is None or is_written(grading.improvements) or not _decided(escalation):
        return grading
    first = Grading.objects.filter(
        audit=escalation.audit_id, kind=Grading.Kind.AUDITOR, status=Grading.Status.SUBMITTED
    )
    return first.select_related("grader").first() or grading


def _decided(escalation: Escalation) -> bool:
    return escalation.audit.status in DECIDED


def crumbs(here: str) -> list[dict[str, str]]:
    """Where an escalation's page stands."""
    return [{"label": "Escalations", "url": reverse("quality:escalation_list")}, {"label": here}]


def _rows(escalation: Escalation) -> list[dict[str, Any]]:
    audit = escalation.audit
    waiting = escalation.status == Status.RAISED
    rows: list[dict[str, Any]] = [
        {"key": "Service", "value": audit.service.name},
        {"key": "Team", "value": audit.team.name if audit.team else "None recorded"},
        {"key": "Practitioner", "value": audit.practitioner or "None recorded"},
        {"key": "With", "value": escalation.get_level_display()},
    ]
    if waiting:
        rows.append({"key": "Acknowledge by", "value": _moment(escalation.acknowledge_by)})
    if escalation.status in (Status.RAISED, Status.ACKNOWLEDGED):
        rows.append({"key": "Agree an action plan by", "value": in_words(escalation.plan_by)})
    record = audit.grading_of_record
    if record is not None and audit.finalised_at is not None:
        review = follow_up_on(
            record.overall_grade, local_date(audit.finalised_at), policy_of(audit.quarter)
        )
        if review is not None:
            rows.append({"key": "Review of the actions", "value": in_words(review)})
    if escalation.stood_down_reason:
        rows.append({"key": "Why stood down", "value": escalation.stood_down_reason})
    return rows


def _moment(when: Any) -> str:
    local = timezone.localtime(when)
    if (local.hour, local.minute) == (23, 59):
        return f"the end of {in_words(when)}"
    return f"{in_words(when)} at {local:%H:%M}"


def _way(escalation: Escalation) -> list[dict[str, Any]]:
    """What has happened, oldest first."""
    entries: list[dict[str, Any]] = [
        {"what": "Raised", "who": escalation.raised_by, "when": escalation.raised_at}
    ]
    entries += [
        {
            "what": f"Sent to the {LEVEL_NAMES[step.level]}: {_names(step.sent_to.all())}",
            "when": step.sent_at,
        }
        for step in escalation.steps.all()
    ]
    done = (
        ("Acknowledged", escalation.acknowledged_by, escalation.acknowledged_at),
        ("Action plan agreed", escalation.plan_agreed_by, escalation.plan_agreed_at),
        (escalation.get_status_display(), escalation.closed_by, escalation.closed_at),
    )
    for what, who, when in done:
        if when is not None:
            entries.append({"what": what, "who": who, "when": when})
    if escalation.response:
        said = next(entry for entry in entries if entry["what"] == "Acknowledged")
        said["text"] = escalation.response
    return entries


def _names(people: Iterable[Any]) -> str:
    return ", ".join(str(each) for each in people) or "nobody holds this post now"


def _to_answer(request: HttpRequest, pk: int) -> Escalation:
    """An escalation that the person may answer: to see it is not enough."""
    escalation = escalation_or_404(request, pk)
    if not may_answer(person(request), escalation):
        raise PermissionDenied("This escalation is answered by the line of the case.")
    return escalation


@allow(P.ANSWER_ESCALATION)
@posted_to(_to_answer, page="quality:escalation")
def acknowledge_escalation(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody takes it up."""
    escalation = _to_answer(request, pk)
    form = AcknowledgeForm(request.POST)
    if form.is_valid():
        try:
            acknowledge(
                escalation=escalation,
                response=form.cleaned_data["response"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "You have acknowledged this escalation. Now plan actions.")
            return redirect("quality:escalation", pk)
    return _page(request, escalation, form)


@allow(P.PLAN_ACTIONS)
@require_http_methods(["GET", "POST"])
def plan_for_escalation(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an action to the plan."""
    escalation = escalation_or_404(request, pk)
    if not levels_of(person(request), escalation.audit):
        raise PermissionDenied(NOT_IN_LINE)
    audit, now = escalation.audit, timezone.now()
    form = PlanForm(request.POST or None, audit=audit, today=local_date(now))

    def act() -> Action:
        return plan_action(
            audit=audit,
            planned=form.planned(),
            escalation=escalation,
            by=person(request),
            now=now,
        )

    return form_page(
        request,
        form=form,
        act=act,
        done="The action is in the plan.",
        then=reverse("quality:escalation", args=[pk]),
        audit=audit,
        texts={
            "title": "Plan an action",
            "lead": "The plan needs an action for the manager and one for the practitioner."
            if escalation.track != IMMEDIATE_CONCERN
            else "Say what makes and keeps the child safe, by whom and by when.",
            "submit": "Add to the plan",
        },
    )


@allow(P.ANSWER_ESCALATION)
@posted_to(_to_answer, page="quality:escalation")
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan is complete."""
    escalation = _to_answer(request, pk)
    try:
        agree_plan(escalation=escalation, by=person(request), now=timezone.now())
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The action plan is agreed.")
    return redirect("quality:escalation", pk)
