"""What workers do for this app: each task takes an id or nothing and calls one operation."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from cases.operations import jobs


@shared_task(name="cases.tasks.run_job")
def run_job(job_id: str) -> None:
    """Do one job (cases.operations.jobs)."""
    jobs.run_job(job_id)


@shared_task(name="cases.tasks.take_up_lost_jobs")
def take_up_lost_jobs() -> int:
    """Send jobs again whose worker is gone."""
    return jobs.take_up_lost_jobs(timezone.now())
