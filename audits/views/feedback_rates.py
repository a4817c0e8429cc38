"""Feedback rates: released, read, replied, by quarter, line and service."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import allow
from accounts.policy import Permission
from audits.forms.audits import RatesQuarterForm
from audits.queries.feedback_rates import ServiceRates, feedback_rates, sees_every_service
from audits.rules.feedback_rates import FeedbackCounts, added, of
from audits.views.access import person
from cases.queries.calendar import local_date
from cases.rules.quarters import Quarter

QUARTERS_SHOWN = 8  # two years
Cells = list[dict[str, Any]]


def _head(*names: str) -> list[dict[str, Any]]:
    first, *others = names
    return [{"text": first}, *({"text": name, "numeric": True} for name in others)]


RELEASED_HEAD = _head(
    "Service", "Audits with a grade of record", "Feedback released", "Not released yet",
    "Sent to", "Of them cannot sign in", "Read", "Not read yet",
)  # fmt: skip
REPLIED_HEAD = _head(
    "Service", "Replied in time", "Replied late", "No reply in time", "Still have time",
    "Agree", "Agree in part", "Disagree",
)  # fmt: skip
QUARTERS_HEAD = _head("Quarter", "Feedback released", "Read", "Replied", "Replied in time")


@allow(Permission.SEE_FEEDBACK_RATES)
@require_GET
def rates(request: HttpRequest) -> HttpResponse:
    """One quarter's rates by service and line, and each line quarter by quarter."""
    user, today = person(request), local_date(timezone.now())
    found = feedback_rates(user, today)
    quarters = list(dict.fromkeys(row.quarter for row in found))
    asked = request.GET.get("quarter", "")
    quarter = asked if asked in quarters else next(iter(quarters), "")
    everything = sees_every_service(user)
    here = [row for row in found if row.quarter == quarter]
    context = {
        "form": RatesQuarterForm({"quarter": quarter}, quarters=quarters),
        "quarter": quarter,
        "own_services": not everything,
        "released_head": RELEASED_HEAD,
        "released_rows": _by_line(here, _released, everything=everything),
        "replied_head": REPLIED_HEAD,
        "replied_rows": _by_line(here, _replied, everything=everything),
        "unaddressed": added(row.counts for row in here).unaddressed,
        "quarters_head": QUARTERS_HEAD,
        "lines": _quarter_by_quarter(found, quarters[:QUARTERS_SHOWN]),
    }
    return render(request, "audits/feedback/rates.html", context)


def _by_line(rows: Sequence[ServiceRates], cells: Any, *, everything: bool) -> list[Cells]:
    """The services' rows, each line's followed by their sum where there are several."""
    shown: list[Cells] = []
    for line, group in groupby(rows, key=lambda row: row.service.line):
        services = list(group)
        shown += [[{"text": row.service.name}, *cells(row.counts, _lists(row))] for row in services]
        if len(services) > 1:
            of_whom = "all services" if everything else "your services together"
            total = added(row.counts for row in services)
            shown.append([{"text": f"{line.name}, {of_whom}"}, *cells(total, None)])
    return shown


def _lists(row: ServiceRates) -> dict[str, str]:
    """Of the query of the list of audits, what stays the same for one service."""
    return {"quarter": row.quarter, "service": row.service.code}


def _cell(text: object, number: int, state: str, lists: dict[str, str] | None) -> dict[str, Any]:
    """A number with a link to the audits it counts; none for nothing, nor for a sum of services."""
    if not number or lists is None:
        return {"text": text}
    query = urlencode({**lists, "feedback": state})
    return {"text": text, "url": f"{reverse('audits:audit_list')}?{query}"}


def _released(counts: FeedbackCounts, lists: dict[str, str] | None) -> Cells:
    waiting, unread = counts.decided - counts.released, counts.recipients - counts.read
    return [
        {"text": counts.decided},
        _cell(of(counts.released, counts.decided), counts.released, "released", lists),
        _cell(waiting, waiting, "not_released", lists),
        {"text": counts.recipients},
        {"text": counts.cannot_sign_in},
        {"text": of(counts.read, counts.recipients)},
        _cell(unread, unread, "not_read", lists),
    ]


def _replied(counts: FeedbackCounts, lists: dict[str, str] | None) -> Cells:
    return [
        {"text": of(counts.in_time, counts.due)},
        _cell(of(counts.late, counts.due), counts.late, "answered_late", lists),
        _cell(of(counts.overdue, counts.due), counts.overdue, "answer_overdue", lists),
        {"text": counts.waiting},
        {"text": of(counts.agreed, counts.replied)},
        {"text": of(counts.partly, counts.replied)},
        _cell(of(counts.disagreed, counts.replied), counts.disagreed, "disagreed", lists),
    ]


def _quarter_by_quarter(
    found: Sequence[ServiceRates], quarters: Sequence[str]
) -> list[dict[str, Any]]:
    """A table for each line, newest quarter first."""
    lines = sorted({row.service.line for row in found}, key=lambda line: (line.order, line.name))
    tables = []
    for line in lines:
        rows = []
        for quarter in quarters:
            of_both = [r for r in found if r.quarter == quarter and r.service.line == line]
            if of_both:
                rows.append(_quarter_row(quarter, added(row.counts for row in of_both)))
        if rows:
            tables.append({"name": line.name, "id": f"quarters-{line.code}", "rows": rows})
    return tables


def _quarter_row(quarter: str, counts: FeedbackCounts) -> Cells:
    address = f"{reverse('audits:feedback_rates')}?{urlencode({'quarter': quarter})}"
    return [
        {"text": Quarter.parse(quarter).name, "url": address},
        {"text": of(counts.released, counts.decided)},
        {"text": of(counts.read, counts.recipients)},
        {"text": of(counts.replied, counts.recipients)},
        {"text": of(counts.in_time, counts.due)},
    ]
