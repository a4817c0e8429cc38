"""Comparing a statutory return with our open cases: counts, and who is in only one of the two."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import record_access
from accounts.policy import Permission
from cases.forms.returns import ReturnForm
from cases.importers.returns import TITLES, ReturnedChildren
from cases.queries.calendar import local_date
from cases.queries.imports import imports_behind_open_cases, in_words
from cases.queries.returns import Reconciled, reconcile

SHOWN = 200
IN_RETURN, IN_CASES = "In the return, not open here", "Open here, not in the return"


@allow(Permission.IMPORT_CASES)
@require_http_methods(["GET", "POST"])
def return_check(request: SignedInRequest) -> HttpResponse:
    """Upload a return and see, or download, where it differs. Logged; nothing is stored."""
    now = timezone.now()
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ReturnForm(*sent, today=local_date(now))
    context: dict[str, Any] = {
        "form": form,
        "breadcrumbs": [
            {"label": "Imports", "url": reverse("cases:import_list")},
            {"label": "Check against a return"},
        ],
        "snapshots": imports_behind_open_cases(),
    }
    if request.method == "POST" and form.is_valid() and form.found is not None:
        found, result = form.found, reconcile(form.found)
        download = request.POST.get("as") == "csv"
        record_access(
            by=request.user,
            kind="downloaded" if download else "read",
            what="statutory return beside open cases",
            reference=found.kind,
            now=now,
        )
        if download:
            return csv_download(f"{found.kind}-differences", ("child id", "where"), _rows(result))
        context |= _shown(found, result)
    return render(request, "cases/imports/return_check.html", context)


def _rows(result: Reconciled) -> list[tuple[str, str]]:
    return [
        *((child, IN_RETURN) for child in result.only_return),
        *((child, IN_CASES) for child in result.only_here),
    ]


def _shown(found: ReturnedChildren, result: Reconciled) -> dict[str, Any]:
    figures = [
        (result.in_return, "Open in the return"),
        (result.both, "Open in both"),
        (len(result.only_return), IN_RETURN),
        (len(result.only_here), IN_CASES),
    ]
    if result.short_breaks:
        figures.append((result.short_breaks, "Only short breaks (V3, V4), left out"))
    return {
        "title": TITLES[found.kind],
        "on": in_words(found.on) if found.on else "",
        "figures": [{"value": f"{number:,}", "label": label} for number, label in figures],
        "lists": [
            {"title": title, "children": children[:SHOWN], "total": len(children)}
            for title, children in (
                (IN_RETURN, result.only_return),
                (IN_CASES, result.only_here),
            )
        ],
        "shown": SHOWN,
    }
