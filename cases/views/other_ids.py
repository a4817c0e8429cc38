"""The list of other ids of children."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import record_access
from accounts.policy import Permission
from accounts.views.paging import page_of
from cases.forms.imports import OtherIdFilter
from cases.operations.import_other_ids import remove_other_id
from cases.queries.other_ids import other_ids
from cases.views.imports import crumbs

TITLE = "Other ids of children"


@allow(Permission.IMPORT_CASES)
@require_GET
def other_id_list(request: SignedInRequest) -> HttpResponse:
    """All other ids, or those of the id that is asked for. Logged: it shows ids of children."""
    form = OtherIdFilter(request.GET or None)
    now = timezone.now()
    record_access(by=request.user, kind="read", what=TITLE.lower(), reference="", now=now)
    term = form.cleaned_data["text"] if form.is_valid() else ""
    page = page_of(request, other_ids(term))
    context = {"page": page, "form": form, "term": term, "breadcrumbs": crumbs(TITLE)}
    return render(request, "cases/imports/other_ids.html", context)


@allow(Permission.IMPORT_CASES)
@require_POST
def other_id_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take another id back."""
    alias = get_object_or_404(other_ids(), pk=pk)
    remove_other_id(alias=alias, by=request.user, now=timezone.now())
    messages.success(request, f"Removed: {alias.other_id} is an id of its own again.")
    return redirect("cases:other_id_list")
