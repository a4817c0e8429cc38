"""A draw and its certificate, and one sampled case with its auditor."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.models import User
from accounts.operations import MovedOn, Refused, record_access
from accounts.policy import Permission, may
from accounts.rules.table_file import guarded
from accounts.sorting import PARAM, sorted_by
from cases.above import held_in_sample
from cases.forms.draw import ReallocateForm
from cases.forms.lists import SampleFilterForm
from cases.models import Draw, Job, Replacement, SampledCase
from cases.operations.allocation import allocate_by_hand
from cases.operations.chances import request_chances
from cases.operations.jobs import live_job
from cases.queries.calendar import local_date
from cases.queries.certificate import certificate, certificate_pdf, seed_doubtful, seed_words
from cases.queries.chances import chance_of_case, chances_of, share, stratum_rows
from cases.queries.quarters import (
    auditor_may_change,
    auditors_of_case,
    names_of,
    not_audited_by_stratum,
    sampled_cases_visible_to,
    withdrawn_audit,
)
from cases.queries.sample_list import CASE_SORTS, cases_asked_for, people_of, with_auditor
from cases.rules.allocation import Auditor
from cases.rules.policy import CasePolicy
from cases.rules.rates import show_rate
from cases.views import quarter_page
from cases.views.csv_lines import Echo

PER_PAGE = 25
NUMBERS = ("open", "eligible", "quota", "selected", "reserves")
STRATA_HEAD = [
    *({"text": name.capitalize(), "numeric": True} for name in NUMBERS),
    "Quota reached",
]
CHANCES_HEAD = [
    *(
        {"text": name, "numeric": True}
        for name in ("Open", "Cannot be audited", "Never selected", "Lowest", "Average", "Highest")
    ),
]
CSV_HEAD = [
    "draw", "stratum", "service", "rank", "drawn as", "child id", "team", "practitioner", "state",
    "ticket", "auditor", "due", "why not audited", "replaced by",
]  # fmt: skip


@allow(Permission.SEE_QUARTER)
@require_GET
def draw_detail(request: SignedInRequest, label: str, number: int) -> HttpResponse:
    """One draw: its seed, its numbers by service, and the cases in the order of their tickets."""
    draw = draw_or_404(label, number)
    filters, cases = _cases_of(request, draw)
    page = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
    here = quarter_page.draw_url(draw)
    may_export = may(request.user, Permission.EXPORT_DRAW)
    chances = chances_of(draw)
    strata_by = draw.frame.strata_by.capitalize()
    lost = not_audited_by_stratum(draw)
    context = {
        "draw": draw,
        "seed_words": seed_words(draw),
        "doubtful": seed_doubtful(draw),
        "rate": show_rate(CasePolicy.from_dict(draw.policy).rate),
        "strata_head": [strata_by, *STRATA_HEAD],
        "strata_rows": [
            _stratum_row(draw.frame.stratum_words(name), found, lost.get(name, 0))
            for name, found in sorted(draw.strata.items())
        ],
        "filters": filters,
        "here": here,
        "page": page,
        "may_export": may_export,
        "may_draw": may(request.user, Permission.DRAW_SAMPLE),
        "chances": chances,
        "estimating": None if chances else live_job(draw.reference, Job.Kind.ESTIMATE_CHANCES),
        "chances_head": [strata_by, *CHANCES_HEAD],
        "chances_rows": stratum_rows(chances, draw.frame) if chances else [],
        "query": request.GET.urlencode(),
        "breadcrumbs": quarter_page.crumbs(draw.quarter.quarter, f"Draw {draw.number}"),
    }
    return render(request, "cases/quarters/draw_detail.html", context)


@allow(Permission.DRAW_SAMPLE)
@require_POST
def draw_chances(request: SignedInRequest, label: str, number: int) -> HttpResponse:
    """Ask a worker to estimate how likely each case was to be selected."""
    draw = draw_or_404(label, number)
    page = f"{quarter_page.draw_url(draw)}#chances"
    job = request_chances(draw=draw, page=page, by=request.user, now=timezone.now())
    return redirect("cases:job_detail", pk=job.pk)


@allow(Permission.EXPORT_DRAW)
@require_GET
def draw_cases(request: SignedInRequest, label: str, number: int) -> StreamingHttpResponse:
    """The cases of a draw as CSV, filtered as on the page. Logged."""
    draw = draw_or_404(label, number)
    _, cases = _cases_of(request, draw)
    _log(request.user, "downloaded", "sampled cases", draw.reference)
    response = StreamingHttpResponse(_case_lines(draw, cases), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{draw.reference}-cases.csv"'
    return response


@allow(Permission.EXPORT_DRAW)
@require_GET
def draw_certificate(request: SignedInRequest, label: str, number: int) -> HttpResponse:
    """The draw as the JSON file that anybody can repeat it from. Logged."""
    draw = draw_or_404(label, number)
    try:
        data = certificate(draw)
    except ValueError as error:
        raise MovedOn(str(error)) from error
    _log(request.user, "downloaded", "draw", draw.reference)
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    response = HttpResponse(text + "\n", content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{draw.reference}.json"'
    return response


@allow(Permission.EXPORT_DRAW)
@require_GET
def draw_certificate_pdf(request: SignedInRequest, label: str, number: int) -> HttpResponse:
    """The certificate to print, sign and file. Logged."""
    draw = draw_or_404(label, number)
    try:
        rendered = certificate_pdf(draw)
    except (ValueError, Refused) as error:
        raise MovedOn(str(error)) from error
    _log(request.user, "downloaded", "draw", draw.reference)
    response = HttpResponse(rendered.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{draw.reference}.pdf"'
    return response


@allow(Permission.SEE_QUARTER)
@require_GET
def sampled_case(request: SignedInRequest, pk: int) -> HttpResponse:
    """One case of a draw: whose it is, who audits it, and what became of it. Logged."""
    case = get_object_or_404(sampled_cases_visible_to(request.user), pk=pk)
    _log(request.user, "read", "sampled case", f"{case.draw.reference} {case.pk}")
    replacements = list(case.replacements.select_related("requested_by", "decided_by"))
    sees_replacements = may(
        request.user, Permission.REQUEST_REPLACEMENT, Permission.APPROVE_REPLACEMENT
    )
    context = {
        "case": case,
        "facts": _facts(case),
        "allocations": _allocation_entries(case),
        "replacements": replacements,
        "sees_replacements": sees_replacements,
        "may_replace": case.status in SampledCase.TO_BE_AUDITED
        and may(request.user, Permission.REQUEST_REPLACEMENT)
        and not any(asked.status == Replacement.Status.REQUESTED for asked in replacements)
        and not held_in_sample(case),
        "may_reallocate": may(request.user, Permission.ALLOCATE_AUDITS, Permission.REASSIGN_AUDIT)
        and auditor_may_change(case),
        "breadcrumbs": case_crumbs(case, case_title(case)),
    }
    return render(request, "cases/quarters/sampled_case.html", context)


@allow(Permission.ALLOCATE_AUDITS, Permission.REASSIGN_AUDIT)
@require_http_methods(["GET", "POST"])
def reallocate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give a case to an auditor by hand: only those who are independent of it can be chosen."""
    case = get_object_or_404(sampled_cases_visible_to(request.user), pk=pk)
    live = case.allocations.filter(ended_at__isnull=True).select_related("auditor").first()
    found = auditors_of_case(case, local_date(timezone.now()))
    names = names_of([*found.free, *(auditor for auditor, _ in found.others)])
    choices = [
        (a.person.id, f"{names[a.person.id]} ({_given(a)})")
        for a in found.free
        if live is None or a.person.id != str(live.auditor_id)
    ]
    data = (request.POST,) if request.method == "POST" else ()
    form, status = ReallocateForm(*data, auditors=choices, stands=live), 200
    if form.is_valid():
        try:
            given = allocate_by_hand(
                sampled_case=case,
                auditor=get_object_or_404(User, pk=form.cleaned_data["auditor"]),
                reason=form.cleaned_data["reason"],
                shown=form.cleaned_data["stands"] or 0,
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        except MovedOn as moved_on:
            # Somebody else chose after this page was opened: what was written stays.
            kept = request.POST.copy()
            kept["stands"] = str(live.pk if live else 0)
            form, status = ReallocateForm(kept, auditors=choices, stands=live), 409
            form.add_error(None, str(moved_on))
        else:
            messages.success(request, f"The case was given to {given.auditor}.")
            return redirect("cases:sampled_case", pk=case.pk)
    movable = auditor_may_change(case)
    typed = request.POST.get("reason", "") if found.missing or not movable else ""
    context = {
        "case": case,
        "form": form,
        "live": live,
        "movable": movable,
        "missing": found.missing,
        "typed": [{"label": form.fields["reason"].label, "value": typed}] if typed else [],
        "choices": choices,
        "others_head": ["Auditor", "Why not"],
        "others": [[names[auditor.person.id], because] for auditor, because in found.others],
        "breadcrumbs": case_crumbs(case, "Choose the auditor", deeper=True),
        "back": reverse("cases:sampled_case", args=[case.pk]),
    }
    return render(request, "cases/quarters/reallocate.html", context, status=status)


def _given(auditor: Auditor) -> str:
    """How much an auditor has been given beside what they have time for."""
    words = f"{auditor.in_hand} of {auditor.capacity} given this quarter"
    return words if auditor.free > 0 else f"{words}: no time left"


def case_title(case: SampledCase) -> str:
    """What a case is called where the child must not be named."""
    return f"{case.stratum} {case.rank}"


def case_crumbs(case: SampledCase, last: str, *, deeper: bool = False) -> list[dict[str, str]]:
    """The way from the list of quarters to a case, or to a form about it."""
    draw = case.draw
    crumbs = quarter_page.crumbs(draw.quarter.quarter, f"Draw {draw.number}")
    crumbs[-1]["url"] = quarter_page.draw_url(draw)
    if deeper:
        url = reverse("cases:sampled_case", args=[case.pk])
        crumbs.append({"label": case_title(case), "url": url})
    return [*crumbs, {"label": last}]


def draw_or_404(label: str, number: int) -> Draw:
    """The draw of an address."""
    draws = Draw.objects.select_related("quarter", "frame", "theme", "drawn_by", "superseded_by")
    return get_object_or_404(draws, quarter__label=label, number=number)


def _cases_of(
    request: SignedInRequest, draw: Draw
) -> tuple[SampleFilterForm, QuerySet[SampledCase]]:
    """The filters, and the cases that they leave in the order asked for."""
    seen = sampled_cases_visible_to(request.user).filter(draw=draw)
    form = SampleFilterForm(request.GET, draw=draw, people=people_of(seen))
    found = cases_asked_for(with_auditor(seen), form.given(), local_date(timezone.now()))
    return form, sorted_by(found, CASE_SORTS, request.GET.get(PARAM, ""))


def _stratum_row(name: str, found: dict[str, Any], lost: int) -> list[Any]:
    filled = _shortfall(found)
    if lost:
        since = f"{lost} short since: left the sample, and no reserve took the place"
        filled = since if filled == "Yes" else f"{filled}; {since}"
    return [name, *(f"{found.get(number, 0):,}" for number in NUMBERS), filled]


def _shortfall(found: dict[str, Any]) -> str:
    """Whether the quota was filled by the draw, and why not."""
    short = found.get("shortfall", 0)
    if not short:
        return "Yes"
    if found["selected"] == found["eligible"]:
        return f"{short} short: only {found['eligible']} of {found['open']} are eligible"
    return f"{short} short: the eligible cases left are siblings of selected children"


def _case_lines(draw: Draw, cases: QuerySet[SampledCase]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(CSV_HEAD)
    for case in cases.iterator(chunk_size=500):
        entry = case.entry
        cells = (
            draw.reference, case.stratum, entry.service, case.rank, case.get_role_display(),
            entry.child.local_id, entry.team or "", entry.practitioner or "",
            case.get_status_display(), case.ticket, getattr(case, "auditor_name", None) or "",
            getattr(case, "due_on", None) or "", case.note, case.replaced_by or "",
        )  # fmt: skip
        yield writer.writerow([guarded(str(cell)) for cell in cells])


def _facts(case: SampledCase) -> list[dict[str, Any]]:
    entry = case.entry
    replaces = getattr(case, "replaces", None)
    chance = chance_of_case(case)
    facts = [
        ("Child id", entry.child.local_id),
        ("Service", entry.service.name),
        ("Team", str(entry.team or "None recorded")),
        ("Practitioner", str(entry.practitioner or "None recorded")),
        ("Drawn as", f"{case.get_role_display()}, number {case.rank} of {case.stratum}"),
        ("Ticket", case.ticket),
        ("Chance of being selected", share(chance) if chance is not None else "Not estimated yet"),
        ("Audit", entry.child.audit_reference or withdrawn_audit(case) or "None begun"),
    ]
    rows: list[dict[str, Any]] = [{"key": key, "value": value} for key, value in facts]
    if case.note:
        rows.append({"key": "Note", "value": case.note})
    for key, other in (("Replaced by", case.replaced_by), ("Takes the place of", replaces)):
        if other is not None:
            url = reverse("cases:sampled_case", args=[other.pk])
            rows.append({"key": key, "value": case_title(other), "url": url, "action": "Open"})
    return rows


def _allocation_entries(case: SampledCase) -> list[dict[str, Any]]:
    """What happened with the case's auditors, newest first."""
    entries: list[dict[str, Any]] = []
    for given in case.allocations.select_related("auditor", "allocated_by", "ended_by"):
        if given.ended_at:
            entries.append(
                {
                    "what": f"Taken back from {given.auditor}",
                    "who": given.ended_by,
                    "when": given.ended_at,
                    "text": given.end_reason,
                }
            )
        how = " by hand" if given.by_hand else ""
        entries.append(
            {
                "what": f"Given to {given.auditor}{how}, due {given.due_on:%-d %B %Y}",
                "who": given.allocated_by,
                "when": given.allocated_at,
                "text": given.reason,
            }
        )
    return entries


def _log(user: User, kind: str, what: str, reference: str) -> None:
    record_access(by=user, kind=kind, what=what, reference=reference, now=timezone.now())
