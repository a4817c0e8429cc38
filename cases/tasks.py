"""What workers do for this app: each task takes an id or nothing and calls one operation."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from cases.operations import imports, jobs


@shared_task(name="cases.tasks.run_job")
def run_job(job_id: str) -> None:
    """Do one job (cases.operations.jobs)."""
    jobs.run_job(job_id)


@shared_task(name="cases.tasks.take_up_lost_jobs")
def take_up_lost_jobs() -> int:
    """Send jobs again whose worker is gone."""
    return jobs.take_up_lost_jobs(timezone.now())


@shared_task(name="cases.tasks.delete_old_uploads")
def delete_old_uploads() -> int:
    """Discard lists of cases that nobody confirmed within a day."""
    return imports.delete_old_uploads(by=User.objects.system(), now=timezone.now())
