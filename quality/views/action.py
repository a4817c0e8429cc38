"""The list of actions; one action: evidence, verification, back, cancelled, opened again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import allow
from accounts.exports import list_download
from accounts.operations import Refused
from accounts.policy import Permission, may
from accounts.sorting import PARAM, sorted_by
from audits.forms.audits import ReasonForm
from audits.models import Audit
from audits.queries.visibility import DECIDED, audits_visible_to, is_blind
from audits.views.access import audit_or_404, person
from audits.views.facts import in_words
from cases.queries.calendar import local_date
from quality.forms.filters import ActionFilterForm
from quality.forms.improvement import EvidenceForm, PlanForm, VerifyForm
from quality.models import Action
from quality.operations import acting
from quality.queries.closing import standards_below_good
from quality.queries.escalation import ACTION_SORTS, ActionFilters, action_list
from quality.queries.people import levels_of, may_offer, verifying
from quality.views.fetching import action_or_404, form_page, posted_to
from quality.views.listing import list_context

P = Permission
Status = Action.Status
COLUMNS = [
    "reference", "quarter", "service", "team", "part", "owner", "standard", "done by", "status",
    "overdue",
]  # fmt: skip


@allow(P.OWN_ACTIONS, P.VERIFY_ACTIONS, P.SEE_ALL_AUDITS)
@require_GET
def action_page_list(request: HttpRequest) -> HttpResponse:
    """The actions the person may see, unfinished ones first."""
    context = list_context(request, *_found(request), "quality:action_export")
    return render(request, "quality/action_list.html", context)


@allow(P.OWN_ACTIONS, P.VERIFY_ACTIONS, P.SEE_ALL_AUDITS)
@require_GET
def action_export(request: HttpRequest) -> HttpResponse:
    """The same list as CSV, without what will be done: words about a child. Logged."""
    _, found = _found(request)
    rows = (
        [
            each.audit.reference,
            each.audit.quarter.label,
            each.audit.service.name,
            each.audit.team.name if each.audit.team else "",
            each.get_side_display(),
            str(each.owner or each.practitioner),
            each.standard.title if each.standard else "",
            each.due_on,
            each.get_status_display(),
            bool(getattr(each, "is_overdue", False)),
        ]
        for each in found.select_related("audit__quarter", "audit__service", "audit__team")
    )
    return list_download(person(request), "actions", COLUMNS, rows)


def _found(request: HttpRequest) -> tuple[ActionFilterForm, QuerySet[Action]]:
    """The filters, and what they leave in the order asked for."""
    form = ActionFilterForm(request.GET or None)
    filters = ActionFilters(whose=form.value("whose"), status=form.value("status"))
    found = action_list(person(request), filters, now=timezone.now())
    return form, sorted_by(found, ACTION_SORTS, request.GET.get(PARAM, ""))


@allow(P.OWN_ACTIONS, P.VERIFY_ACTIONS, P.SEE_ALL_AUDITS)
@require_GET
def action_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One action, and the next step of whoever looks at it."""
    return _page(request, action_or_404(request, pk))


def _page(
    request: HttpRequest,
    action: Action,
    *,
    evidence_form: EvidenceForm | None = None,
    verify_form: VerifyForm | None = None,
) -> HttpResponse:
    user = person(request)
    offered = action.status == Status.EVIDENCE_OFFERED
    may_do = action.status == Status.OPEN and may_offer(user, action)
    answer = verifying(user, action)
    verifies = may(user, P.VERIFY_ACTIONS) and answer.allowed
    context = {
        "action": action,
        "audit": action.audit,
        "sees_audit": audits_visible_to(user).filter(pk=action.audit_id).exists(),
        "breadcrumbs": _crumbs(action.audit.reference),
        "rows": _rows(action),
        "form": evidence_form or verify_form,  # with errors: for the summary and the title
        "overdue": action.status == Status.OPEN and action.due_on < local_date(timezone.now()),
        "evidence_form": evidence_form or (EvidenceForm() if may_do else None),
        "verify_form": verify_form or (VerifyForm() if offered and verifies else None),
        "cannot_verify": answer.because
        if offered and may(user, P.VERIFY_ACTIONS) and not answer.allowed
        else "",
        "links": _links(request, action, verifies),
        "on_behalf": may_do and action.owner_id != user.pk and _owner_user(action) != user.pk,
    }
    return render(request, "quality/action.html", context)


def _owner_user(action: Action) -> int | None:
    return action.practitioner.user_id if action.practitioner else None


def _crumbs(here: str) -> list[dict[str, str]]:
    return [{"label": "Actions", "url": reverse("quality:action_list")}, {"label": here}]


def _rows(action: Action) -> list[dict[str, Any]]:
    owner = str(action.owner or action.practitioner)
    if action.stand_in_reason:
        owner += f" (stand-in: {action.get_stand_in_reason_display().lower()})"
    rows: list[dict[str, Any]] = [
        {"key": "Whose part", "value": action.get_side_display()},
        {"key": "Owner", "value": owner},
        {"key": "Done by", "value": in_words(action.due_on)},
    ]
    if action.standard:
        rows.append({"key": "Practice standard", "value": action.standard.title})
    moments = (
        ("Planned", action.created_at, action.created_by),
        ("Evidence offered", action.offered_at, action.offered_by),
        ("Verified", action.verified_at, action.verified_by),
        ("Cancelled", action.cancelled_at, action.cancelled_by),
    )
    rows += [
        {"key": key, "value": f"{in_words(when)} by {who}"}
        for key, when, who in moments
        if when is not None
    ]
    return rows


def _links(request: HttpRequest, action: Action, verifies: bool) -> list[dict[str, str]]:
    user, links = person(request), []
    unfinished = action.status in (Status.OPEN, Status.EVIDENCE_OFFERED)
    if unfinished and may(user, P.PLAN_ACTIONS) and levels_of(user, action.audit):
        links.append({"label": "Cancel this action", "url": _url("action_cancel", action)})
    if verifies and action.status == Status.EVIDENCE_OFFERED:
        links.append({"label": "The evidence is not enough", "url": _url("action_return", action)})
    closed = action.audit.status == Audit.Status.CLOSED
    if verifies and action.status == Status.VERIFIED and not closed:
        links.append({"label": "Open it again", "url": _url("action_reopen", action)})
    return links


def _url(name: str, action: Action) -> str:
    return reverse(f"quality:{name}", args=[action.pk])


def _to_offer(request: HttpRequest, pk: int) -> Action:
    """An action on which the person may say what was done."""
    action = action_or_404(request, pk)
    if not may_offer(person(request), action):
        raise PermissionDenied("Evidence is offered by the owner of the action.")
    return action


@allow(P.OWN_ACTIONS, P.PLAN_ACTIONS)
@posted_to(_to_offer, page="quality:action")
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner says what was done."""
    action, form = _to_offer(request, pk), EvidenceForm(request.POST)
    if form.is_valid():
        try:
            acting.offer_evidence(
                action=action,
                evidence=form.cleaned_data["evidence"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Your evidence waits for somebody to verify it.")
            return redirect("quality:action", pk)
    return _page(request, action, evidence_form=form)


def _to_verify(request: HttpRequest, pk: int) -> Action:
    """An action that the person may verify: to see it is not enough."""
    action = action_or_404(request, pk)
    answer = verifying(person(request), action)
    if not answer.allowed:
        raise PermissionDenied(answer.because)
    return action


def _to_plan(request: HttpRequest, pk: int) -> Action:
    """An action in the line of the person."""
    action = action_or_404(request, pk)
    if not levels_of(person(request), action.audit):
        raise PermissionDenied(acting.NOT_IN_LINE)
    return action


@allow(P.VERIFY_ACTIONS)
@posted_to(_to_verify, page="quality:action")
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody above the owner confirms it."""
    action, form = _to_verify(request, pk), VerifyForm(request.POST)
    if form.is_valid():
        try:
            acting.verify_action(
                action=action,
                change_for_child=form.cleaned_data["change_for_child"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The action is verified.")
            return redirect("quality:action", pk)
    return _page(request, action, verify_form=form)


def _with_reason(
    request: HttpRequest,
    action: Action,
    operation: Callable[..., Action],
    label: str,
    done: str,
    **texts: str,
) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=label)

    def act() -> Action:
        return operation(
            action=action,
            reason=form.cleaned_data["reason"],
            by=person(request),
            now=timezone.now(),
        )

    return form_page(
        request,
        form=form,
        act=act,
        done=done,
        then=_url("action", action),
        audit=action.audit,
        texts={**texts, "quoted": action.description},
    )


@allow(P.VERIFY_ACTIONS)
@require_http_methods(["GET", "POST"])
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """The evidence is not enough."""
    return _with_reason(
        request,
        _to_verify(request, pk),
        acting.return_action,
        "What is missing?",
        "The action is with its owner again.",
        title="The evidence is not enough",
        lead="The owner reads what you write here and offers evidence again.",
        submit="Send it back",
    )


@allow(P.PLAN_ACTIONS)
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """It will not be done."""
    return _with_reason(
        request,
        _to_plan(request, pk),
        acting.cancel_action,
        "Why will this not be done?",
        "The action is cancelled.",
        title="Cancel this action",
        lead="It stays in the record with your reason.",
        submit="Cancel this action",
        warning="yes",
    )


@allow(P.VERIFY_ACTIONS)
@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """A verification was a mistake."""
    return _with_reason(
        request,
        _to_verify(request, pk),
        acting.reopen_action,
        "Why is it opened again?",
        "The action is open again.",
        title="Open this action again",
        lead="Its verification is taken back. The history keeps it.",
        submit="Open it again",
    )


def _plannable_or_404(request: HttpRequest, reference: str) -> Audit:
    """A decided audit in the line of the person who plans."""
    audit, user = audit_or_404(request, reference), person(request)
    if not levels_of(user, audit) or is_blind(user, audit) or audit.status not in DECIDED:
        raise Http404
    return audit


@allow(P.PLAN_ACTIONS)
@require_http_methods(["GET", "POST"])
def plan_for_audit(request: HttpRequest, reference: str) -> HttpResponse:
    """Plan an action for an audit without an escalation: for a standard below good."""
    audit, now = _plannable_or_404(request, reference), timezone.now()
    codes = {each.standard.code: each.standard for each in standards_below_good(audit)}
    standard = codes.get(request.GET.get("standard", ""))
    form = PlanForm(
        request.POST or None,
        audit=audit,
        today=local_date(now),
        initial={"standard": standard.pk if standard else None},
    )

    def act() -> Action:
        return acting.plan_action(
            audit=audit, planned=form.planned(), escalation=None, by=person(request), now=now
        )

    return form_page(
        request,
        form=form,
        act=act,
        done="The action is planned.",
        then=reverse("audits:audit", args=[reference]),
        audit=audit,
        texts={
            "title": "Plan an action",
            "lead": "A practice standard below good needs an action, or your reason for none.",
            "submit": "Plan this action",
        },
    )


@allow(P.PLAN_ACTIONS)
@require_http_methods(["GET", "POST"])
def no_action(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """Say why a standard below good needs no action."""
    audit = _plannable_or_404(request, reference)
    found = [each for each in standards_below_good(audit) if each.standard.code == code]
    if not found:
        raise Http404
    form = ReasonForm(request.POST or None, label="Why is no action needed?", hint="No names.")

    def act() -> object:
        return acting.give_reason_for_none(
            audit=audit,
            standard=found[0].standard,
            reason=form.cleaned_data["reason"],
            by=person(request),
            now=timezone.now(),
        )

    return form_page(
        request,
        form=form,
        act=act,
        done="Your reason is recorded.",
        then=reverse("audits:audit", args=[reference]),
        audit=audit,
        texts={
            "title": f"No action on “{found[0].standard.title}”",
            "lead": "It was graded below good in an audit that is good overall.",
            "submit": "Save the reason",
        },
    )
