"""Jobs, as far as somebody may see them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may, permissions_of
from cases.models import Job

# Who may start work of a kind may also see how far a colleague's is, and try it again.
PERMISSION_OF_KIND: dict[str, Permission] = {
    Job.Kind.CHECK_IMPORT: Permission.IMPORT_CASES,
    Job.Kind.CONFIRM_IMPORT: Permission.IMPORT_CASES,
    Job.Kind.FREEZE_FRAME: Permission.FREEZE_FRAME,
    Job.Kind.DRAW_SAMPLE: Permission.DRAW_SAMPLE,
    Job.Kind.ESTIMATE_CHANCES: Permission.DRAW_SAMPLE,
    Job.Kind.RENDER_REPORT: Permission.PREPARE_REPORT,
}


def jobs_visible_to(user: User) -> QuerySet[Job]:
    """The person's own jobs, and those of the kinds that they may start themself."""
    granted = permissions_of(user)
    kinds = [kind for kind, needed in PERMISSION_OF_KIND.items() if needed in granted]
    return Job.objects.filter(Q(requested_by=user) | Q(kind__in=kinds)).select_related(
        "requested_by"
    )


def may_try_again(user: User, job: Job) -> bool:
    """Whether ``user`` may start the work of a failed job once more."""
    return job.status == Job.Status.FAILED and may(user, PERMISSION_OF_KIND[job.kind])


def page_of(job: Job) -> str:
    """The address of the page that the work is about; "" where it has none."""
    return str(job.arguments.get("page", ""))


def last_job(subject: str) -> Job | None:
    """The job that was asked for last about ``subject``."""
    return Job.objects.filter(subject=subject).order_by("-requested_at").first()
