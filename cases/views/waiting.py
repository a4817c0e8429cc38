"""The cases of a draw that have no auditor, each with the reason: of a sample, and of a theme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import record_access
from accounts.policy import Permission
from accounts.sorting import PARAM, sorted_by
from accounts.views.paging import page_of
from cases.forms.lists import WaitingFilterForm
from cases.models import Draw, SampledCase
from cases.queries.allocation import auditors_for, auditors_without_capacity
from cases.queries.calendar import local_date
from cases.queries.quarters import (
    allocation_foreseen,
    names_of,
    no_longer_graders,
    waiting_cases,
    waiting_of_earlier_draws,
)
from cases.queries.sample_list import WAITING_SORTS, allocated_in, teams_of, waiting_asked_for
from cases.rules.allocation import Auditor
from cases.rules.independence import Person
from cases.views import quarter_page
from cases.views.draws import draw_or_404

NOT_YET = "Not allocated yet"
NO_CAPACITY = "No capacity recorded, so they are given no case"
COLUMNS = ["draw", "stratum", "rank", "team", "practitioner", "why nobody has it"]
LOAD_HEAD = [
    "Auditor",
    *(
        {"text": text, "numeric": True}
        for text in ("Capacity", "Given this quarter", "Of them in this draw", "Free")
    ),
    "Remark",
]


class _Waiting:
    """What allocating now would give, and the list of the cases without an auditor."""

    def __init__(self, request: SignedInRequest, draw: Draw) -> None:
        self.auditors = auditors_for(draw, local_date(timezone.now()))
        every = list(waiting_cases(draw))
        foreseen = allocation_foreseen(draw, every, self.auditors)
        self.number, self.possible = len(every), len(foreseen.assignments)
        self.stuck = {found.case: found.because for found in foreseen.unallocated}
        teams = teams_of(waiting_cases(draw))
        self.form = WaitingFilterForm(request.GET, draw=draw, teams=teams)
        found = waiting_asked_for(waiting_cases(draw), self.form.given(), self.stuck)
        self.cases: QuerySet[SampledCase] = sorted_by(
            found, WAITING_SORTS, request.GET.get(PARAM, "")
        )

    def because(self, case: SampledCase) -> str:
        """Why nobody can take a case; "" where somebody can."""
        return self.stuck.get(str(case.pk), "")


def waiting_context(request: SignedInRequest, draw: Draw, here: str) -> dict[str, Any]:
    """For cases/quarters/_waiting.html, and _not_any_more.html and _waiting_earlier.html beside
    it: filters, a page of the list, what allocating would give, which cases must go to somebody
    else, and which of earlier draws wait.

    ``here``: the address of the page that shows it.
    """
    waiting = _Waiting(request, draw)
    page = page_of(request, waiting.cases)
    query = request.GET.urlencode()
    export = reverse("cases:waiting_download", args=[draw.quarter.label, draw.number])
    return {
        "page": page,
        "filters": waiting.form,
        "here": here,
        "export_url": f"{export}?{query}" if query else export,
        "waiting": waiting.number,
        "not_any_more": no_longer_graders(draw),
        "waiting_earlier": list(waiting_of_earlier_draws(draw)),
        "case_rows": [{"case": case, "because": waiting.because(case)} for case in page],
        "possible": waiting.possible,
        "stuck": len(waiting.stuck),
        "load": _load(draw, waiting.auditors),
        "load_head": LOAD_HEAD,
    }


@allow(Permission.ALLOCATE_AUDITS)
@require_GET
def waiting_download(request: SignedInRequest, label: str, number: int) -> HttpResponse:
    """The same list as CSV, without any child's id. Logged."""
    draw = draw_or_404(label, number)
    waiting = _Waiting(request, draw)
    name = f"{draw.reference}-without-an-auditor"
    response = csv_download(name, COLUMNS, _rows(draw, waiting))
    record_access(
        by=request.user,
        kind="downloaded",
        what="cases without an auditor",
        reference=draw.reference,
        now=timezone.now(),
    )
    return response


def _rows(draw: Draw, waiting: _Waiting) -> Iterator[list[object]]:
    for case in waiting.cases:
        yield [
            draw.reference,
            case.stratum,
            case.rank,
            case.entry.team or "",
            case.entry.practitioner or "",
            waiting.because(case) or NOT_YET,
        ]


def _load(draw: Draw, auditors: list[Auditor]) -> list[list[Any]]:
    names, here = names_of(auditors), allocated_in(draw)
    load: list[list[Any]] = [
        [
            names[a.person.id],
            a.capacity,
            a.in_hand,
            _in_this_draw(draw, a.person.id, here[a.person.id]),
            a.free,
            _remark(a.person),
        ]
        for a in sorted(auditors, key=lambda a: names[a.person.id])
    ]
    unknown = ["–"] * (len(LOAD_HEAD) - 2)
    return load + [[user.name, *unknown, NO_CAPACITY] for user in auditors_without_capacity()]


def _remark(person: Person) -> str:
    """Why an auditor is given nothing, whatever they have free."""
    if person.exempt:
        return f"Exempt: {person.exempt}"
    return "" if person.accredited else "Not accredited"


def _in_this_draw(draw: Draw, auditor: str, number: int) -> dict[str, Any]:
    url = quarter_page.draw_url(draw, auditor=auditor) if number else ""
    return {"text": number, "url": url}
