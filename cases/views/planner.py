"""The planner: before the draw, what a sampling rate buys and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, allow
from accounts.policy import Permission
from cases.forms.draw import PlanForm
from cases.queries.calendar import local_date
from cases.queries.planner import Basis, closed_lately, planning_basis, staff_now
from cases.queries.policy import case_policy, quarter_as_it_begins
from cases.rules.intervals import percent
from cases.rules.labels import stratum_label
from cases.rules.planner import (
    HORIZON,
    USUAL_RATES,
    Plan,
    PlannedGroup,
    PlannedService,
    Staff,
    plan,
)
from cases.rules.policy import STRATA_BY, CasePolicy
from cases.rules.rates import show_rate
from cases.views import quarter_page
from cases.views.quarters import quarter_or_404

TYPED = ("rate", "good", "turnover", "strata_by")


@allow(Permission.SEE_QUARTER)
@require_GET
def quarter_plan(request: SignedInRequest, label: str) -> HttpResponse:
    """Sample, interval, hours and quarters until a service runs out, for several rates."""
    quarter, stored = quarter_or_404(label)
    today = local_date(timezone.now())
    divided = request.GET.get("strata_by", "")
    present = stored or quarter_as_it_begins(quarter)
    basis = planning_basis(present, today, divided if divided in STRATA_BY else "")
    form = _form(request, basis, today)
    policy, own = _policy(form, basis.policy)
    rates = sorted({*USUAL_RATES, basis.policy.rate, *own})
    plans = [plan(basis.services, replace(policy, rate=rate)) for rate in rates]
    # As allocation asks it: of the quarter as it is now, not as it was when the frame was frozen.
    accredited_only = case_policy(present).accreditation_needed
    staff = staff_now(today if accredited_only else None)
    context = {
        "quarter": quarter,
        "frame": basis.frame,
        "form": form,
        "programme": show_rate(basis.policy.rate),
        "good": show_rate(policy.expected_good),
        "turnover": show_rate(policy.quarterly_turnover),
        "staff": staff,
        "accredited_only": accredited_only,
        "minutes": (policy.minutes_per_audit, policy.minutes_per_moderation),
        "moderated": show_rate(policy.moderation_share),
        "tables": _tables(basis, plans, staff) if basis.services else [],
        "here": request.path,
        "breadcrumbs": quarter_page.crumbs(quarter, "Plan the sample"),
    }
    return render(request, "cases/quarters/plan.html", context)


def _form(request: SignedInRequest, basis: Basis, today: date) -> PlanForm:
    given = {
        "good": show_rate(basis.policy.expected_good),
        "turnover": show_rate(basis.policy.quarterly_turnover),
        "strata_by": basis.policy.strata_by,
    }
    typed = {name: request.GET[name] for name in TYPED if name in request.GET}
    hint = _turnover_hint(basis, closed_lately(today))
    return PlanForm(given | typed, frozen=basis.frame is not None, turnover_hint=hint)


def _turnover_hint(basis: Basis, closed: int) -> str:
    open_cases = sum(service.open for service in basis.services)
    share = f", {percent(Fraction(closed, open_cases))}% of those open" if open_cases else ""
    return f"0% is the worst case. In the last 13 weeks {closed:,} cases closed{share}."


def _policy(form: PlanForm, policy: CasePolicy) -> tuple[CasePolicy, list[Fraction]]:
    """The policy to plan with, and the rate that was typed, if any."""
    form.is_valid()
    typed = form.cleaned_data
    changed = replace(
        policy,
        expected_good=typed.get("good", policy.expected_good),
        quarterly_turnover=typed.get("turnover", policy.quarterly_turnover),
    )
    own = typed.get("rate")
    return changed, [own] if own else []


def _tables(basis: Basis, plans: Sequence[Plan], staff: Staff) -> list[dict[str, Any]]:
    share = "Expected 95% interval of the share good or better"
    return [
        _by_group("sample", "Sample size", basis, plans, _sample),
        _by_group("interval", share, basis, plans, _width),
        _time(plans, staff),
        _running_out(basis, plans),
    ]


def _by_group(
    table_id: str,
    caption: str,
    basis: Basis,
    plans: Sequence[Plan],
    cell: Callable[[PlannedGroup], str],
) -> dict[str, Any]:
    """A table with a row for each stratum, each divided service, each line and all of them; a
    column for each rate."""
    across = zip(*map(_groups, plans), strict=True)
    rows = [
        [
            _words(basis, found[0].name),
            f"{found[0].open:,}",
            f"{found[0].eligible:,}",
            *map(cell, found),
        ]
        for found in across
    ]
    head = [_strata(basis), _number("Open"), _number("Eligible"), *_rates(plans)]
    return {"id": table_id, "caption": caption, "head": head, "rows": rows[:-1], "foot": rows[-1]}


def _words(basis: Basis, name: str) -> str:
    """A row's name: of a stratum in words, of a line or all of them as it is."""
    return stratum_label(name, basis.policy.strata_by)


def _strata(basis: Basis) -> str:
    """What the rows are: services, or what the frozen frame is divided by."""
    return STRATA_BY[basis.policy.strata_by].capitalize()


def _groups(found: Plan) -> list[PlannedGroup]:
    return [*found.services, *found.divided, *found.lines, found.total]


def _number(text: str) -> dict[str, Any]:
    return {"text": text, "numeric": True}


def _rates(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    return [_number(show_rate(found.rate)) for found in plans]


def _sample(group: PlannedGroup) -> str:
    short = group.quota - group.sample
    return f"{group.sample:,} ({short:,} short)" if short else f"{group.sample:,}"


def _width(group: PlannedGroup) -> str:
    if group.interval is None or group.width is None:
        return "No sample"
    low, high = group.interval.low_percent, group.interval.high_percent
    return f"{low}–{high}%, {high - low} wide"


def _time(plans: Sequence[Plan], staff: Staff) -> dict[str, Any]:
    heads = ("Audits", "Auditors’ hours", "Moderations", "Moderators’ hours")
    rows = [
        [
            show_rate(p.rate),
            f"{p.total.sample:,}",
            _hours(p.auditor_hours),
            f"{p.moderations:,}",
            _hours(p.moderator_hours),
            _verdict(p, staff),
        ]
        for p in plans
    ]
    head = ["Rate", *map(_number, heads), "Against capacity"]
    return {"id": "time", "caption": "Time it takes in the quarter", "head": head, "rows": rows}


def _hours(hours: Fraction) -> str:
    """Whole hours, rounded up: a plan should not promise what it cannot keep."""
    return f"{-(-hours.numerator // hours.denominator):,}"


def _verdict(found: Plan, staff: Staff) -> str:
    short = [
        f"{number:,} {what}{'' if number == 1 else 's'} too many"
        for number, what in (
            (found.auditors_short(staff), "audit"),
            (found.moderators_short(staff), "moderation"),
        )
        if number
    ]
    if not short and (number := found.together_short(staff)):
        short = [f"{number:,} of both together too many"]
    return ", ".join(short).capitalize() if short else "Enough"


def _running_out(basis: Basis, plans: Sequence[Plan]) -> dict[str, Any]:
    rows = [
        [
            _words(basis, service.name),
            f"{service.never_audited:,}",
            *map(_first_short, across),
        ]
        for service, across in zip(
            basis.services, zip(*(p.services for p in plans), strict=True), strict=True
        )
    ]
    head = [_strata(basis), _number("Not yet audited"), *_rates(plans)]
    caption = "In how many quarters each runs out of children not yet audited"
    return {"id": "running-out", "caption": caption, "head": head, "rows": rows}


def _first_short(service: PlannedService) -> str:
    if service.first_short is None:
        return f"Not within {HORIZON // 4} years"
    return "This quarter" if service.first_short == 0 else f"{service.first_short}"
