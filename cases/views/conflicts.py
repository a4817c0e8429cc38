"""Declared conflicts: everybody's own, and all of them for the performance team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import MovedOn, Refused, record_access
from accounts.policy import Permission
from accounts.sorting import PARAM, sorted_by
from accounts.views.paging import page_of, query_string
from cases.forms.conflicts import ConflictFilter, DeclareForm, EndForm, RegisterForm
from cases.models import DeclaredConflict
from cases.operations.conflicts import declare_ahead, end_conflict, register_conflict
from cases.queries.conflicts import CONFLICT_SORTS, conflicts, own_conflicts
from cases.views.people import crumbs, log_download

YOURS, ALL = ("Your conflicts", "cases:own_conflicts"), ("Conflicts", "cases:conflict_list")
COLUMNS = [
    "name", "email", "child id", "given as", "declared", "registered by", "ended", "ended by",
]  # fmt: skip
manage = allow(Permission.MANAGE_CONFLICTS)


@allow(Permission.GRADE)
@require_GET
def own_conflict_list(request: SignedInRequest) -> HttpResponse:
    """What the person declared, or had registered for them."""
    context = {"page": page_of(request, own_conflicts(request.user))}
    return render(request, "cases/conflicts/own.html", context)


@allow(Permission.GRADE)
@require_http_methods(["GET", "POST"])
def conflict_declare(request: SignedInRequest) -> HttpResponse:
    """Say that one knows a child or family, before being given the file."""
    form = DeclareForm(request.POST or None)

    def act() -> tuple[str, ...]:
        declared = declare_ahead(**form.cleaned_data, by=request.user, now=timezone.now())
        return ("Your conflict is declared.", *declared.followed)

    context = {
        "title": "Declare a conflict",
        "lead": "You are not given this child’s file from now on. If you have it at hand, it goes"
        " to somebody else: what you have written is kept, and the next person does not see it.",
        "submit": "Declare the conflict",
        "breadcrumbs": crumbs(YOURS, ("Declare a conflict", "")),
    }
    return _form_page(request, form, "child_id", act, YOURS[1], context)


@manage
@require_GET
def conflict_list(request: SignedInRequest) -> HttpResponse:
    """Every declared conflict, by person. Logged: it shows who is near which child, and why."""
    form, found = _matching(request)
    record_access(by=request.user, kind="read", what="conflicts", reference="", now=timezone.now())
    context = {
        "filter": form,
        "page": page_of(request, found),
        "download_url": reverse("cases:conflict_download") + query_string(request),
    }
    return render(request, "cases/conflicts/list.html", context)


@manage
@require_GET
def conflict_download(request: SignedInRequest) -> HttpResponse:
    """The same list as CSV. The reasons stay here: they may say much about a family. Logged."""
    _, found = _matching(request)
    rows = (_row(one) for one in found.iterator(chunk_size=1000))
    return csv_download(log_download(request, "conflicts"), COLUMNS, rows)


@manage
@require_http_methods(["GET", "POST"])
def conflict_register(request: SignedInRequest) -> HttpResponse:
    """Register a conflict that a grader has told."""
    form = RegisterForm(request.POST or None)

    def act() -> tuple[str, ...]:
        declared = register_conflict(**form.cleaned_data, by=request.user, now=timezone.now())
        return (f"The conflict of {declared.conflict.user} is registered.", *declared.followed)

    context = {
        "title": "Register a conflict",
        "lead": "They are not given this child’s file from now on, and they are told by email that"
        " a conflict was registered. A file that they have at hand goes to somebody else: what they"
        " have written is kept.",
        "submit": "Register the conflict",
        "breadcrumbs": crumbs(ALL, ("Register a conflict", "")),
    }
    return _form_page(request, form, "child_id", act, ALL[1], context)


@manage
@require_http_methods(["GET", "POST"])
def conflict_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a conflict that was declared by mistake."""
    conflict = get_object_or_404(conflicts(), pk=pk)
    if conflict.ended_at is not None:
        raise MovedOn("This conflict has been ended already.")
    form = EndForm(request.POST or None)

    def act() -> tuple[str, ...]:
        ended = end_conflict(
            conflict=conflict, **form.cleaned_data, by=request.user, now=timezone.now()
        )
        return (f"The conflict of {ended.user} is ended.",)

    context = {
        "title": "End a conflict",
        "lead": "Only where it was declared or registered by mistake: afterwards they can be given"
        " this child’s file. The conflict stays in the list, with your reason, and they are told.",
        "rows": [
            {"key": "Person", "value": conflict.user.name},
            {"key": "Child’s id", "value": conflict.child.local_id},
            {"key": "Why", "value": conflict.reason},
        ],
        "submit": "End the conflict",
        "warning": True,
        "breadcrumbs": crumbs(ALL, ("End a conflict", "")),
    }
    return _form_page(request, form, None, act, ALL[1], context)


def _form_page(
    request: SignedInRequest,
    form: Form,
    field: str | None,
    act: Callable[[], tuple[str, ...]],
    then: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Ask, do one thing, go on; a refusal is shown at ``field`` and what was typed stays."""
    if request.method == "POST" and form.is_valid():
        try:
            done = act()
        except Refused as refused:
            form.add_error(field, str(refused))
        else:
            messages.success(request, " ".join(done))
            return redirect(then)
    return render(
        request, "cases/conflicts/form.html", {"form": form, "back": reverse(then), **context}
    )


def _matching(
    request: SignedInRequest,
) -> tuple[ConflictFilter, QuerySet[DeclaredConflict]]:
    form = ConflictFilter(request.GET)
    found = conflicts(**form.cleaned_data) if form.is_valid() else conflicts()
    return form, sorted_by(found, CONFLICT_SORTS, request.GET.get(PARAM, ""))


def _row(one: DeclaredConflict) -> list[Any]:
    return [
        one.user.name,
        one.user.email,
        one.child.local_id,
        one.declared_as,
        one.declared_at,
        one.registered_by.name if one.registered_by else "",
        one.ended_at,
        one.ended_by.name if one.ended_by else "",
    ]
