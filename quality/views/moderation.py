"""The moderation queue; one moderation: assigning, grading blind, comparing, deciding."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import allow
from accounts.exports import list_download
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from accounts.sorting import PARAM, sorted_by
from audits.models import Audit
from audits.views.access import log_reading, person
from cases.queries.calendar import local_date
from cases.rules.independence import OWN_WORDS
from quality.forms.filters import ModerationFilterForm
from quality.forms.moderation import AssignForm, DecideForm, HandBackForm
from quality.models import Moderation
from quality.operations.moderating import (
    assign_moderator,
    decide_moderation,
    hand_back,
)
from quality.queries.moderation import (
    SORTS,
    Compared,
    asked_by,
    compared,
    hides_its_date,
    moderation_list,
    need_another_moderator,
    not_any_more,
    second_is_in,
)
from quality.queries.people import against_now, possible_moderators, why_not_independent
from quality.queries.visibility import taken_by_another
from quality.rules.moderation import SENTENCES
from quality.views.fetching import form_page, moderation_or_404, posted_to
from quality.views.listing import list_context

P = Permission
Status = Moderation.Status
COLUMNS = "reference quarter service team moderator due status overdue".split()


@allow(P.MODERATE, P.ASSIGN_MODERATOR)
@require_GET
def moderation_page_list(request: HttpRequest) -> HttpResponse:
    """A moderator's own and those free to take; every one for the quality assurance lead."""
    form, found = _found(request)
    stuck = need_another_moderator() if may(person(request), P.ASSIGN_MODERATOR) else []
    context = {
        "stuck": stuck,
        "stuck_pks": {moderation.pk for moderation, _ in stuck},
        "today": local_date(timezone.now()),
        **list_context(request, form, found, "quality:moderation_export"),
    }
    return render(request, "quality/moderation_list.html", context)


@allow(P.MODERATE, P.ASSIGN_MODERATOR)
@require_GET
def moderation_export(request: HttpRequest) -> HttpResponse:
    """The same list as CSV, without any child's id. Logged."""
    _, found = _found(request)
    today = local_date(timezone.now())
    rows = (
        [
            each.audit.reference,
            each.audit.quarter.label,
            each.audit.service.name,
            each.audit.team.name if each.audit.team else "",
            each.moderator.name if each.moderator else "",
            due_on,
            each.get_status_display(),
            each.status != Status.DECIDED and due_on < today,
        ]
        for each in found.select_related("audit__quarter")
        for due_on in [getattr(each, "shown_due_on", each.due_on)]
    )
    return list_download(person(request), "moderations", COLUMNS, rows)


def _found(request: HttpRequest) -> tuple[ModerationFilterForm, QuerySet[Moderation]]:
    """The filters, and what they leave in the order asked for."""
    form = ModerationFilterForm(request.GET or None)
    found = moderation_list(
        person(request),
        status=form.value("status"),
        quarter=form.value("quarter") or None,
        kind=form.value("kind"),
        draw=form.value("draw"),
        mine=form.value("whose") == "mine",
    )
    return form, sorted_by(found, SORTS, request.GET.get(PARAM, ""))


@allow(P.MODERATE, P.ASSIGN_MODERATOR)
@require_GET
def moderation_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Where it stands, and the next step of whoever looks at it."""
    return _page(request, moderation_or_404(request, reference))


def _page(
    request: HttpRequest,
    moderation: Moderation,
    *,
    assign_form: AssignForm | None = None,
    decide_form: DecideForm | None = None,
) -> HttpResponse:
    user, audit = person(request), moderation.audit
    both, sent = _compared(request, moderation), assign_form or decide_form
    if both is not None:
        log_reading(request, audit)
    mine = moderation.moderator_id == user.pk and moderation.status == Status.ASSIGNED
    stuck = _stuck(request, moderation)
    waits = audit.status == Audit.Status.SUBMITTED and (not second_is_in(moderation) or bool(stuck))
    if assign_form is None and waits and may(user, P.ASSIGN_MODERATOR):
        assign_form = _assign_form(moderation)
    if decide_form is None and mine and both is not None and not stuck:
        decide_form = DecideForm(first=both.first, second=both.second)
    free = moderation.status == Status.REQUIRED and waits
    hidden = hides_its_date(moderation, user)
    due_on = asked_by(moderation) if hidden else moderation.due_on
    context = {
        "moderation": moderation,
        "audit": audit,
        "breadcrumbs": _crumbs(audit),
        "rows": _rows(request, moderation, shown=both is not None),
        "both": both,
        "due_on": due_on,
        "date_hidden": hidden,
        "overdue": moderation.status != Status.DECIDED and due_on < local_date(timezone.now()),
        "mine": mine,
        "stuck": stuck,
        "why_not": _why_not(request, moderation) if free else "",
        "may_take": free and may(user, P.MODERATE),
        "form": sent,  # with errors: for the summary and the title
        "assign_form": assign_form,
        "decide_form": decide_form,
        "own_draft": mine and moderation.grading is not None and both is None,
    }
    return render(request, "quality/moderation.html", context)


def _compared(request: HttpRequest, moderation: Moderation) -> Compared | None:
    """Both gradings, once the second is in: for its moderator and those who see all audits."""
    if not second_is_in(moderation):
        return None
    return compared(moderation, person(request))


def _why_not(request: HttpRequest, moderation: Moderation) -> str:
    user = person(request)
    if not may(user, P.MODERATE):
        return ""
    return why_not_independent([user], moderation.audit, blind=moderation.blind)[0]


def _stuck(request: HttpRequest, moderation: Moderation) -> str:
    """Why whoever has it must not finish it, in words for them or for whoever assigns another."""
    user = person(request)
    if moderation.status != Status.ASSIGNED:
        return ""
    if moderation.moderator_id == user.pk:
        against = against_now([moderation]).get(moderation.pk, ())
        return " ".join(OWN_WORDS[each.code] for each in against)
    if may(user, P.ASSIGN_MODERATOR):
        return not_any_more([moderation]).get(moderation.pk, "")
    return ""


def _assign_form(moderation: Moderation, data: Any = None) -> AssignForm:
    others = [
        user
        for user in possible_moderators(moderation.audit, blind=moderation.blind)
        if user.pk != moderation.moderator_id
    ]
    reassign = moderation.status == Status.ASSIGNED
    return AssignForm(data, moderators=others, reassign=reassign)


def _crumbs(audit: Audit) -> list[dict[str, str]]:
    return [
        {"label": "Moderation", "url": reverse("quality:moderation_list")},
        {"label": audit.reference},
    ]


def _rows(request: HttpRequest, moderation: Moderation, *, shown: bool) -> list[dict[str, Any]]:
    """Facts of a moderation. Why it was chosen would tell the first grade: not before it may."""
    audit, user = moderation.audit, person(request)
    rows: list[dict[str, Any]] = [
        {"key": "Service", "value": audit.service.name},
        {"key": "Team", "value": audit.team.name if audit.team else "None recorded"},
        {"key": "Moderator", "value": moderation.moderator or "Nobody yet"},
    ]
    knows = may(user, P.SEE_ALL_AUDITS) and moderation.moderator_id != user.pk
    if shown or knows:
        because = " ".join(SENTENCES[code] for code in moderation.reasons)
        rows.append({"key": "Why moderated", "value": because})
    return rows


@allow(P.ASSIGN_MODERATOR)
@posted_to(moderation_or_404, page="quality:moderation")
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """The quality assurance lead gives it to a moderator."""
    moderation = moderation_or_404(request, reference)
    form = _assign_form(moderation, request.POST)
    if form.is_valid():
        try:
            assign_moderator(
                moderation=moderation,
                moderator=form.chosen,
                reason=form.cleaned_data.get("reason", ""),
                by=person(request),
                now=timezone.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{form.chosen} moderates audit {reference}.")
            return redirect("quality:moderation", reference)
    return _page(request, moderation, assign_form=form)


@allow(P.MODERATE)
@posted_to(moderation_or_404, page="quality:moderation")
def take(request: HttpRequest, reference: str) -> HttpResponse:
    """A moderator takes a free one."""
    user = person(request)
    if taken_by_another(user, reference):
        raise MovedOn(f"Another moderator has taken audit {reference} just now.")
    moderation = moderation_or_404(request, reference)
    try:
        assign_moderator(moderation=moderation, moderator=user, by=user, now=timezone.now())
    except Refused as error:
        messages.error(request, str(error))
    return redirect("quality:moderation", reference)


@allow(P.MODERATE)
@require_http_methods(["GET", "POST"])
def give_back(request: HttpRequest, reference: str) -> HttpResponse:
    """The moderator gives it back."""
    moderation = moderation_or_404(request, reference)
    form = HandBackForm(request.POST or None)

    def act() -> None:
        hand_back(
            moderation=moderation, by=person(request), now=timezone.now(), **form.cleaned_data
        )

    return form_page(
        request,
        form=form,
        act=act,
        done=f"Audit {reference} waits for another moderator.",
        then=reverse("quality:moderation_list"),
        audit=moderation.audit,
        texts={
            "title": "Give this moderation back",
            "lead": "Another moderator will be found. What you have written is kept, and the next"
            " moderator does not see it.",
            "submit": "Give it back",
        },
    )


@allow(P.MODERATE)
@posted_to(moderation_or_404, page="quality:moderation")
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """The moderator says which grade stands."""
    moderation = moderation_or_404(request, reference)
    both = _compared(request, moderation)
    form = DecideForm(request.POST, first=both.first, second=both.second) if both else None
    if form is not None and not form.is_valid() and moderation.status == Status.ASSIGNED:
        return _page(request, moderation, decide_form=form)
    said = form.cleaned_data if form is not None else {}
    try:
        decided = decide_moderation(
            moderation=moderation,
            stands=said.get("stands", ""),
            rationale=said.get("rationale", ""),
            by=person(request),
            now=timezone.now(),
        )
    except Refused as error:
        if form is None:
            messages.error(request, str(error))
            return redirect("quality:moderation", reference)
        form.add_error(None, str(error))
        return _page(request, moderation, decide_form=form)
    messages.success(request, f"The grade of record of audit {reference} is {_words(decided)}.")
    return redirect("quality:moderation", reference)


def _words(decided: Moderation) -> str:
    record = decided.audit.grading_of_record
    return record.get_overall_grade_display().lower() if record else ""
