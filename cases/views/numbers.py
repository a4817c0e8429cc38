"""The numbers that a quarter goes by: shown to who sees the quarter, changed by who may."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import SignedInRequest, allow
from accounts.operations import Refused
from accounts.policy import Permission, may
from accounts.rules.seen import seen
from cases.forms.numbers import NumbersForm
from cases.models import AuditQuarter
from cases.operations.policy import change_policies
from cases.policies import sections
from cases.queries.policy import number_changes, numbers_in_words, quarter_as_it_begins
from cases.rules.numbers import shown
from cases.rules.quarters import Quarter
from cases.views.quarter_page import crumbs
from cases.views.quarters import quarter_or_404

HEAD = ["Number", "Before", "After", "Changed by", "When"]


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_numbers(request: SignedInRequest, label: str) -> HttpResponse:
    """Every number in force, and who changed which."""
    quarter, stored = quarter_or_404(label)
    context = {
        **_context(quarter, stored),
        "breadcrumbs": crumbs(quarter, "Numbers"),
        "groups": _groups(stored or quarter_as_it_begins(quarter)),
        "may_change": may(request.user, Permission.CHANGE_POLICY),
    }
    return render(request, "cases/quarters/numbers.html", context)


@allow(Permission.CHANGE_POLICY)
@require_http_methods(["GET", "POST"])
def quarter_numbers_change(request: SignedInRequest, label: str) -> HttpResponse:
    """The same in a form; whatever is wrong, what was typed stays."""
    quarter, stored = quarter_or_404(label)
    here = stored or quarter_as_it_begins(quarter)
    form = NumbersForm(
        request.POST if request.method == "POST" else None,
        sections=sections(),
        stored=here.policies,
        initial={"seen": seen(numbers_in_words(here))},
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_policies(
                quarter=quarter,
                changes=form.changes,
                seen=form.cleaned_data["seen"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "The numbers are saved.")
            return redirect("cases:quarter_numbers", quarter.label)
    trail = crumbs(quarter, "Change the numbers")
    context = _context(quarter, stored) | {"form": form, "breadcrumbs": trail}
    return render(request, "cases/quarters/numbers_change.html", context)


def _context(quarter: Quarter, stored: AuditQuarter | None) -> dict[str, Any]:
    rows = [
        [change.label, change.before, change.after, change.who, change.when]
        for change in (number_changes(stored) if stored else [])
    ]
    return {"quarter": quarter, "change_head": HEAD, "change_rows": rows}


def _groups(quarter: AuditQuarter) -> list[dict[str, Any]]:
    groups = []
    for section in sections():
        values = section.in_force(quarter.policies.get(section.code, {}))
        for group in section.groups:
            rows = [
                {"key": number.label, "value": shown(number, values[number.name])}
                for number in group.numbers
            ]
            groups.append({"title": group.title, "rows": rows})
    return groups
