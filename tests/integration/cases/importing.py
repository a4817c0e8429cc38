"""Importing in tests: from rows to a checked or confirmed list, through the operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases.models import Case, CaseImport, Job
from cases.operations.imports import confirm_list, upload_list
from cases.operations.jobs import run_job
from tests.cast import NOW

AS_OF = date(2026, 9, 30)
REQUIRED = "child_id,service,team,practitioner,opened_on"


def csv_bytes(*lines: str, header: str = REQUIRED) -> bytes:
    """A template CSV."""
    return "\r\n".join([header, *lines, ""]).encode()


def uploaded(
    content: bytes, by: User, as_of: date = AS_OF, name: str = "cases.csv", now: datetime = NOW
) -> CaseImport:
    """A list as it is once a worker has read it: checked or refused."""
    job = upload_list(file=SimpleUploadedFile(name, content), as_of=as_of, by=by, now=now)
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED, job.error
    return CaseImport.objects.get(pk=job.arguments["import"])


def confirmed(content: bytes, by: User, as_of: date = AS_OF, name: str = "cases.csv") -> CaseImport:
    """A list that has been taken over."""
    case_import = uploaded(content, by, as_of, name)
    job = confirm_list(
        case_import=case_import,
        compared_with=case_import.summary["based_on"],
        understood=True,
        by=by,
        now=NOW,
    )
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED, job.error
    case_import.refresh_from_db()
    return case_import


def open_now() -> dict[str, tuple[str, str, str]]:
    """Open cases by child id: service code, team, practitioner."""
    cases = Case.objects.filter(closed_on=None).select_related(
        "child", "service", "team", "practitioner"
    )
    return {
        case.child.local_id: (
            case.service.code,
            case.team.name if case.team else "",
            case.practitioner.name if case.practitioner else "",
        )
        for case in cases
    }


def post_list(client: Client, path: Path | bytes, as_of: date = AS_OF, name: str = "") -> Any:
    """Send the upload form; ``path`` is a file or its content."""
    content = path if isinstance(path, bytes) else path.read_bytes()
    name = name or ("cases.csv" if isinstance(path, bytes) else path.name)
    return client.post(
        reverse("cases:import_upload"),
        {
            "file": SimpleUploadedFile(name, content),
            "as_of_day": as_of.day,
            "as_of_month": as_of.month,
            "as_of_year": as_of.year,
        },
    )


def run_waiting() -> None:
    """Do every job that waits, as a worker would."""
    waiting: Sequence[Job] = list(Job.objects.filter(status=Job.Status.QUEUED))
    for job in waiting:
        run_job(str(job.pk))
