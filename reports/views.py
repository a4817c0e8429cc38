"""Pages of the committee reports: list, words, figures, rendering, approval, download."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import Refused, record_access
from accounts.policy import Permission, may
from accounts.views.paging import page_of
from reports.charts import svg
from reports.forms import (
    NewReportForm,
    ReasonForm,
    ReplacementForm,
    WordsForm,
    texts_that_differ,
)
from reports.models import CommitteeReport
from reports.operations import (
    IN_PREPARATION,
    StaleSave,
    approve_report,
    create_report,
    publish_report,
    save_words,
    start_rendering,
    withdraw_approved,
)
from reports.queries import (
    authors_of,
    editions_seen,
    issues_of,
    latest_issue,
    published_report,
    quarters_without_draft,
    replaced_visible_to,
    report_policy,
    reports_visible_to,
)
from reports.rules.authorship import in_one_sentence
from reports.rules.frozen import EDITIONS, EXEMPT, PUBLIC
from reports.rules.replacing import small_differences

P = Permission
Status = CommitteeReport.Status
CRUMB = "Reports"


@allow(P.READ_PUBLISHED_REPORTS, P.SEE_REPORTS_IN_PREPARATION)
@require_GET
def report_list(request: SignedInRequest) -> HttpResponse:
    """The reports that the person may see, newest quarter first."""
    context = {
        "page": page_of(request, reports_visible_to(request.user).defer("figures")),
        "may_prepare": may(request.user, P.PREPARE_REPORT),
        "in_preparation": may(request.user, P.SEE_REPORTS_IN_PREPARATION),
    }
    return render(request, "reports/list.html", context)


@allow(P.PREPARE_REPORT)
@require_http_methods(["GET", "POST"])
def report_add(request: SignedInRequest) -> HttpResponse:
    """Begin the report of a quarter."""
    quarters = quarters_without_draft()
    form = NewReportForm(request.POST or None, quarters=quarters)
    if form.is_valid():
        try:
            made = create_report(
                quarter=form.cleaned_data["quarter"], by=request.user, now=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("reports:report", pk=made.pk)
    context = {"form": form, "quarters": quarters.exists(), "breadcrumbs": _crumbs("New report")}
    return render(request, "reports/new.html", context)


@allow(P.READ_PUBLISHED_REPORTS, P.SEE_REPORTS_IN_PREPARATION)
@require_GET
def report(request: SignedInRequest, pk: int) -> HttpResponse:
    """One report: what can be read of it, and what can be done with it now."""
    found = reports_visible_to(request.user).filter(pk=pk).first()
    return _replaced(request, pk) if found is None else _page(request, found)


@allow(P.READ_PUBLISHED_REPORTS, P.SEE_REPORTS_IN_PREPARATION)
@require_GET
def figures(request: SignedInRequest, pk: int, edition: str) -> HttpResponse:
    """The frozen figures of an edition on the screen: the same blocks as in its PDF."""
    found = _report(request, pk)
    _refuse_edition(request, edition)
    if not found.figures:
        raise Http404("This report has no figures yet.")
    if edition == EXEMPT:
        _record(request, found, edition, "read")
    shown = found.figures["editions"][edition]
    context = {
        "report": found,
        "edition": edition,
        "summary": shown["summary"],
        "sections": [_on_screen(place, each) for place, each in enumerate(shown["sections"])],
        "breadcrumbs": [
            {"label": CRUMB, "url": reverse("reports:report_list")},
            {"label": str(found.quarter), "url": reverse("reports:report", args=[found.pk])},
            {"label": "Figures"},
        ],
    }
    return render(request, "reports/figures.html", context)


@allow(P.PREPARE_REPORT)
@require_POST
def words(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save what was typed; where somebody saved since, show both texts."""
    found = _report(request, pk)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form)
    try:
        save_words(report=found, **form.cleaned_data, by=request.user, now=timezone.now())
    except StaleSave as stale:
        stored = (("narrative", stale.narrative), ("next_steps", stale.next_steps))
        differences = texts_that_differ(form, stored)
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["version"] = str(stale.version)  # type: ignore[index]
        return _page(request, found, form=form, differences=differences, status=409)
    messages.success(request, "Your words are saved.")
    return redirect("reports:report", pk=pk)


@allow(P.PREPARE_REPORT)
@require_POST
def render_start(request: SignedInRequest, pk: int) -> HttpResponse:
    """Freeze the figures and make the PDFs, in a worker."""
    start_rendering(report=_report(request, pk), by=request.user, now=timezone.now())
    return redirect("reports:report", pk=pk)


@allow(P.APPROVE_REPORT)
@require_POST
def approve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Approve both editions as they were shown."""
    found = _report(request, pk)
    seen = request.POST.get("seen", "")
    try:
        approve_report(report=found, seen=seen, by=request.user, now=timezone.now())
    except Refused as refused:
        return _page(request, found, problem=str(refused))
    messages.success(request, "The report is approved.")
    return redirect("reports:report", pk=pk)


@allow(P.PUBLISH_REPORT)
@require_POST
def publish(request: SignedInRequest, pk: int) -> HttpResponse:
    """Publish: committee members can read the public edition from now on."""
    found = _report(request, pk)
    reason = request.POST.get("reason", "")
    try:
        publish_report(report=found, reason=reason, by=request.user, now=timezone.now())
    except Refused as refused:
        return _page(request, found, problem=str(refused))
    messages.success(request, "The report is published.")
    return redirect("reports:report", pk=pk)


@allow(P.APPROVE_REPORT)
@require_POST
def take_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take an approved report back, so that a new one can be begun."""
    found = _report(request, pk)
    reason = request.POST.get("reason", "")
    try:
        withdraw_approved(report=found, reason=reason, by=request.user, now=timezone.now())
    except Refused as refused:
        return _page(request, found, problem=str(refused))
    messages.success(request, "The report is taken back. A new one can be begun.")
    return redirect("reports:report_list")


@allow(P.READ_PUBLISHED_REPORTS, P.SEE_REPORTS_IN_PREPARATION)
@require_GET
def download(request: SignedInRequest, pk: int, edition: str) -> HttpResponse:
    """An edition's PDF, as it was issued."""
    found = _report(request, pk)
    _refuse_edition(request, edition)
    issue = latest_issue(found, edition)
    if issue is None:
        raise Http404("This report has not been rendered yet.")
    _record(request, found, edition, "downloaded")
    name = f"case-file-audit-{found.quarter.label}-{found.number}-{edition}.pdf"
    response = HttpResponse(bytes(issue.pdf), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _report(request: SignedInRequest, pk: int) -> CommitteeReport:
    return get_object_or_404(reports_visible_to(request.user), pk=pk)


def _replaced(request: SignedInRequest, pk: int) -> HttpResponse:
    """What became of a report that the person could read before."""
    found = get_object_or_404(replaced_visible_to(request.user), pk=pk)
    context = {
        "report": found,
        "in_force": published_report(found.quarter),
        "breadcrumbs": _crumbs(str(found.quarter)),
    }
    return render(request, "reports/replaced.html", context)


def _refuse_edition(request: SignedInRequest, edition: str) -> None:
    """404 for an edition that there is not, or that is not for this person."""
    exempt_allowed = may(request.user, P.SEE_REPORTS_IN_PREPARATION)
    if edition not in EDITIONS or (edition == EXEMPT and not exempt_allowed):
        raise Http404("There is no such edition.")


def _record(request: SignedInRequest, report: CommitteeReport, edition: str, kind: str) -> None:
    record_access(
        by=request.user,
        kind=kind,
        what="report",
        reference=f"{report.quarter.label}, report {report.number}, {edition}",
        now=timezone.now(),
    )


def _page(
    request: SignedInRequest,
    found: CommitteeReport,
    *,
    form: WordsForm | None = None,
    differences: list[dict[str, str]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    user, issues = request.user, issues_of(found)
    context = {
        "report": found,
        "breadcrumbs": _crumbs(str(found.quarter)),
        "facts": _facts(found),
        "in_force": published_report(found.quarter) if _was_replaced(found) else None,
        "issues": [_issue(issue) for issue in issues if _may_have(request, issue.edition)],
        "seen": editions_seen(issues),
        "words_form": form or _words_form(found),
        "form": form,
        "differences": differences,
        "extra_errors": [{"text": problem, "href": "#what-next"}] if problem else [],
        **_job(request, found),
        **_steps(request, found),
        "in_preparation": may(user, P.SEE_REPORTS_IN_PREPARATION),
    }
    return render(request, "reports/report.html", context, status=status)


def _was_replaced(found: CommitteeReport) -> bool:
    return found.status == Status.SUPERSEDED and found.published_at is not None


def _may_have(request: SignedInRequest, edition: str) -> bool:
    return edition == PUBLIC or may(request.user, P.SEE_REPORTS_IN_PREPARATION)


def _words_form(found: CommitteeReport) -> WordsForm:
    return WordsForm(
        initial={
            "narrative": found.narrative,
            "next_steps": found.next_steps,
            "version": found.version,
        }
    )


def _steps(request: SignedInRequest, found: CommitteeReport) -> dict[str, Any]:
    """What this person can do with the report in its present state."""
    user = request.user
    live = bool(found.job and found.job.is_live)
    preparing = may(user, P.PREPARE_REPORT) and found.status in IN_PREPARATION and not live
    approver, publisher = may(user, P.APPROVE_REPORT), may(user, P.PUBLISH_REPORT)
    rendered, approved = found.status == Status.RENDERED, found.status == Status.APPROVED
    deciding = (approver and rendered) or (publisher and approved)
    earlier = published_report(found.quarter) if deciding else None
    own = in_one_sentence(authors_of(found).get(user.pk, ())) if deciding else ""
    return {
        "can_write": preparing,
        "can_render": preparing,
        "can_approve": approver and rendered and not live and not own,
        "can_publish": publisher and approved and not own,
        "can_take_back": approver and approved,
        "own": own,
        "replaces": earlier,
        "small_differences": _beside(earlier, found) if earlier else [],
        "reason_form": ReplacementForm(auto_id="id_publish_%s") if earlier else None,
        "take_back_form": ReasonForm(auto_id="id_take_back_%s"),
    }


def _beside(replaced: CommitteeReport, found: CommitteeReport) -> list[str]:
    """What the public editions of the two, laid beside each other, tell of a few children."""
    before, now = (each.figures["editions"][PUBLIC] for each in (replaced, found))
    return small_differences(before, now, report_policy(found.quarter))


def _job(request: SignedInRequest, found: CommitteeReport) -> dict[str, Any]:
    """The rendering that is under way or failed, for those who may follow it."""
    job = found.job
    if job is None or not may(request.user, P.PREPARE_REPORT):
        return {"job": None}
    progress = {
        "poll_url": reverse("cases:job_progress", args=[job.pk]),
        "refresh_url": reverse("reports:report", args=[found.pk]),
        "percent": job.progress or None,
        "text": job.progress_text or "Waiting for a worker",
    }
    failed = job.status == "failed" and found.status in IN_PREPARATION
    return {"job": job, "progress": progress, "job_failed": failed}


def _facts(found: CommitteeReport) -> list[dict[str, str]]:
    rows: list[tuple[str, Any, Any]] = [
        ("Begun", found.created_at, found.created_by),
        ("Figures frozen", found.frozen_at, None),
        ("Approved", found.approved_at, found.approved_by),
        ("Published", found.published_at, found.published_by),
    ]
    shown = [
        {"key": key, "value": _moment(at) + (f", {who}" if who else "")}
        for key, at, who in rows
        if at
    ]
    if found.superseded_at:
        shown.append({"key": "Superseded", "value": _moment(found.superseded_at)})
        shown.append({"key": "Superseded because", "value": found.supersede_reason})
    return shown


def _moment(at: Any) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"


def _issue(issue: Any) -> dict[str, Any]:
    return {
        "edition": issue.edition,
        "name": issue.get_edition_display(),
        "pages": issue.pages,
        "sha256": issue.sha256,
        "download_url": reverse("reports:download", args=[issue.report_id, issue.edition]),
        "figures_url": reverse("reports:figures", args=[issue.report_id, issue.edition]),
    }


def _on_screen(place: int, section: dict[str, Any]) -> dict[str, Any]:
    """A section with its charts drawn and every table's columns told numbers from words."""
    blocks = []
    for number, block in enumerate(section["blocks"]):
        shown = {**block, "id": f"s{place}-{number}"}
        if block["type"] == "chart":
            shown["svg"] = svg(block)
        if block["type"] == "table":
            first, *others = block["head"]
            shown["head"] = [first or " ", *({"text": text, "numeric": True} for text in others)]
        blocks.append(shown)
    return {"heading": section["heading"], "blocks": blocks}


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": CRUMB, "url": reverse("reports:report_list")}, {"label": label}]
