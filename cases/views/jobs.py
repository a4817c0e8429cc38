"""How far a piece of long work is, and what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, signed_in
from cases.models import Job
from cases.operations.jobs import try_again
from cases.queries.jobs import jobs_visible_to, may_try_again, page_of


@signed_in
@require_GET
def job_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One job: a progress bar while it is under way, then the way on, or the error in words."""
    job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
    page = page_of(job)
    if job.status == Job.Status.SUCCEEDED and page:
        return redirect(page)
    context = {
        "job": job,
        "page": page,
        "progress": _progress(job),
        "facts": _facts(job),
        "may_try_again": may_try_again(request.user, job),
    }
    return render(request, "cases/jobs/detail.html", context)


@signed_in
@require_GET
def job_progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The progress bar alone, asked for each second; at the end the browser is sent on."""
    job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
    if not job.is_live:
        response = HttpResponse()
        response["HX-Redirect"] = reverse("cases:job_detail", args=[job.pk])
        return response
    return render(request, "components/progress.html", _progress(job))


@signed_in
@require_POST
def job_try_again(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Do the work of a failed job once more."""
    job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
    again = try_again(job=job, by=request.user, now=timezone.now())
    return redirect("cases:job_detail", pk=again.pk)


def _facts(job: Job) -> list[dict[str, str]]:
    asked = timezone.localtime(job.requested_at)
    return [
        {"key": "Asked for by", "value": str(job.requested_by)},
        {"key": "Asked for at", "value": f"{asked:%H:%M} on {asked.day} {asked:%B %Y}"},
    ]


def _progress(job: Job) -> dict[str, Any]:
    """What components/progress.html shows of a job."""
    waiting = job.status == Job.Status.QUEUED
    return {
        "poll_url": reverse("cases:job_progress", args=[job.pk]),
        "refresh_url": reverse("cases:job_detail", args=[job.pk]),
        "running": job.is_live,
        "label": "How far it is",
        "percent": job.progress or None,
        "text": "Waiting for a worker" if waiting else job.progress_text or "Starting",
    }
