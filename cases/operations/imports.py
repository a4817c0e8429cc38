"""A list of open cases from upload to confirmation: uploaded → checked → confirmed.

A list under headings that nobody has named yet waits for its columns before it is checked.

A list that cannot be accepted ends as refused, with the reason; one that nobody wants, or nobody
confirms within a day, as discarded. The file and its staged rows live until the list has come to
an end; the hash, the numbers and the problems stay.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from cases.importers import FileFormat, FileRefused, ReadFile, ReadLimits, read
from cases.importers.columns import ColumnsUnknown, Headings
from cases.importers.csv_lists import fingerprint
from cases.models import CaseImport, ImportProblem, Job
from cases.operations import import_sql
from cases.operations.import_covers import covered, refuse_covers, unread
from cases.operations.import_files import (
    delete_strays,
    local_file,
    one_path,
    packed,
    sha256_of,
)
from cases.operations.import_rows import stage
from cases.operations.jobs import Progress, handles, live_job, queue_job
from cases.queries.import_meanings import columns_by_signature, services_by_name
from cases.queries.imports import (
    closing_much,
    confirmed_already,
    difference_shown,
    last_confirmed_id,
    newer_confirmed,
    other_ids_changed,
    reading_now,
)
from cases.queries.other_ids import state_of_other_ids

KEPT_FOR = timedelta(days=1)
CHANGED_SINCE = (
    "What this list would change is different now from what was shown. Compare it again to see it "
    "before you confirm it."
)
UNDER_WAY = "This list is being worked on. Wait until that is finished."
Status = CaseImport.Status
NOT_ENDED = (Status.UPLOADED, Status.COLUMNS, Status.CHECKED)


def subject_of(case_import: CaseImport) -> str:
    """What jobs call this import."""
    return f"import {case_import.pk}"


@operation
def upload_list(*, file: File[bytes], as_of: date, by: User, now: datetime) -> Job:
    """Keep an uploaded file and have a worker read it; returns the job that does.

    Raises Refused where this very file is confirmed as of the same date already.
    """
    require(by, Permission.IMPORT_CASES)
    case_import = CaseImport(
        as_of=as_of,
        file_name=Path(file.name or "").name[:200],
        file_sha256=sha256_of(file),
        uploaded_by=by,
        uploaded_at=now,
    )
    return _keep(case_import, file, by, now)


@operation
def upload_lists(*, files: Sequence[File[bytes]], as_of: date, by: User, now: datetime) -> Job:
    """Keep one file, or several CSV files that are one import: a list of Annex A in each.

    The hash of every file is kept, and one that stands for all of them. Raises Refused like
    `upload_list`.
    """
    if len(files) == 1:
        return upload_list(file=files[0], as_of=as_of, by=by, now=now)
    require(by, Permission.IMPORT_CASES)
    named = [(Path(file.name or "").name, sha256_of(file)) for file in files]
    case_import = CaseImport(
        as_of=as_of,
        file_name=_together([name for name, _ in named]),
        file_sha256=fingerprint(sha256 for _, sha256 in named),
        summary={"files": _files(named)},
        uploaded_by=by,
        uploaded_at=now,
    )
    with packed(files) as archive:
        return _keep(case_import, archive, by, now)


def _keep(case_import: CaseImport, file: File[bytes], by: User, now: datetime) -> Job:
    words = confirmed_already(case_import.file_sha256, case_import.as_of)
    if words:
        raise Refused(words)
    # Councils put names into file names; on disk nobody needs one.
    case_import.file.save(f"{uuid.uuid4().hex}.upload", file, save=True)
    return _queue(Job.Kind.CHECK_IMPORT, case_import, by, now)


def _together(names: Sequence[str]) -> str:
    return f"{len(names)} CSV files: {', '.join(sorted(names))}"[:200]


def _files(named: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name[:200], "sha256": sha256} for name, sha256 in sorted(named)]


@operation
def check_again(*, case_import: CaseImport, by: User, now: datetime) -> Job:
    """Read a list once more: another was confirmed since it was compared, or somebody has said what
    its words or its columns mean."""
    require(by, Permission.IMPORT_CASES)
    case_import = _locked(case_import.pk, Status.CHECKED, Status.COLUMNS)
    _refuse_under_way(case_import)
    case_import.status = Status.UPLOADED
    case_import.save(update_fields=["status"])
    return _queue(Job.Kind.CHECK_IMPORT, case_import, by, now)


@operation
def cover_services(
    *, case_import: CaseImport, covers: Collection[str], by: User, now: datetime
) -> Job:
    """Say of which services a checked list holds all open cases, and have it compared again.

    Only their cases close by absence. Returns the job that compares. Raises Refused where there is
    no such service or a newer list was confirmed for one; MovedOn where the list has moved on.
    """
    require(by, Permission.IMPORT_CASES)
    case_import = _locked(case_import.pk, Status.CHECKED)
    refuse_covers(covers, case_import.as_of)
    case_import.summary["covers_said"] = sorted(covers)
    case_import.save(update_fields=["summary"])
    return check_again(case_import=case_import, by=by, now=now)


@operation
def confirm_list(
    *,
    case_import: CaseImport,
    compared_with: int,
    understood: bool,
    by: User,
    now: datetime,
    shown: str = "",
) -> Job:
    """Have a worker take a checked list over; returns the job that does.

    ``compared_with`` is the id of the list that was the last confirmed one when the difference was
    shown (summary["based_on"]), ``shown`` the fingerprint of that difference, where it was seen on
    a page; ``understood`` says that closing more than a tenth of a service was seen and is meant.
    Raises MovedOn where the difference is out of date, Refused without the tick where it is needed.
    """
    require(by, Permission.IMPORT_CASES)
    case_import = _locked(case_import.pk, Status.CHECKED)
    summary = case_import.summary
    if compared_with != summary["based_on"] or shown not in ("", difference_shown(summary)):
        raise MovedOn("This list has been compared again since this page was loaded.")
    _still_right(case_import)
    if summary.get("unknown_services"):
        raise Refused("Say first which services the names mean that are not known.")
    if closing_much(case_import) and not understood:
        raise Refused("Confirm that closing so many cases is right.")
    return _queue(Job.Kind.CONFIRM_IMPORT, case_import, by, now)


@operation
def discard_list(*, case_import: CaseImport, by: User, now: datetime) -> CaseImport:
    """Drop a list that is not confirmed: its file, its rows and its problems are deleted."""
    require(by, Permission.IMPORT_CASES)
    _refuse_under_way(case_import)
    case_import = _locked(case_import.pk, *NOT_ENDED)
    _refuse_under_way(case_import)
    return _discard(case_import, "")


@operation
def delete_old_uploads(*, by: User, now: datetime) -> int:
    """Discard what nobody confirmed within a day, and delete files nobody knows; returns how many.

    A file without an import is what is left of an upload, or a deletion, cut off in the middle.
    """
    old = CaseImport.objects.filter(status__in=NOT_ENDED, uploaded_at__lt=now - KEPT_FOR)
    deleted = 0
    for case_import in old.select_for_update(skip_locked=True):
        if live_job(subject_of(case_import)) is None:
            _discard(case_import, "It was not confirmed within a day.")
            deleted += 1
    blank_old_values(now)
    return deleted + delete_strays(now, older_than=KEPT_FOR)


def blank_old_values(now: datetime) -> int:
    """Forget what stood in the cells of lists that ended long ago; returns of how many.

    What is wrong, where, and what was done stays.
    """
    before = now - timedelta(days=settings.CFA_IMPORT_VALUES_KEPT_DAYS)
    ended = Q(case_import__confirmed_at__lt=before) | Q(
        case_import__confirmed_at=None, case_import__uploaded_at__lt=before
    )
    return ImportProblem.objects.exclude(value="").filter(ended).update(value="")


@operation
def import_list(
    *,
    paths: Sequence[Path],
    as_of: date,
    by: User,
    now: datetime,
    confirm: bool,
    covers: Collection[str] | None = None,
    understood: bool = False,
) -> CaseImport:
    """Check a list and, with ``confirm``, take it over, in one transaction (the command line).

    Several ``paths`` are CSV files with a list of Annex A in each. ``covers``: the services of
    which it holds all open cases, None for what its content suggests; ``understood`` as for
    `confirm_list`. Raises Refused where the list cannot be accepted or confirmed; nothing is
    changed then.
    """
    require(by, Permission.IMPORT_CASES)
    import_sql.lock_confirming()
    names = [path.name for path in paths]
    case_import = CaseImport.objects.create(
        as_of=as_of,
        file_name=names[0][:200] if len(names) == 1 else _together(names),
        uploaded_by=by,
        uploaded_at=now,
    )
    if covers is not None:
        refuse_covers(covers, as_of)
        case_import.summary = {"covers_said": sorted(covers)}
    with one_path(paths) as path:
        _import(case_import, path)
    if confirm:
        _refuse_unasked(case_import, understood)
        _take_over(case_import, by, now, Progress())
    return case_import


def _refuse_unasked(case_import: CaseImport, understood: bool) -> None:
    """Raise Refused where the browser would ask before it confirms."""
    names = ", ".join(f"“{one['said']}”" for one in case_import.summary["unknown_services"])
    if names:
        raise Refused(
            f"Nobody has said which services these names mean: {names}. Say it with --service."
        )
    if understood:
        return
    much = [f"{one.closes:,} of {one.before:,} of {one.name}" for one in closing_much(case_import)]
    if much:
        raise Refused(
            "More than a tenth of a service’s open cases would close, or some while rows could not "
            f"be read: {'; '.join(much)}. If that is right, say so with --close-many."
        )


def _import(case_import: CaseImport, path: Path) -> None:
    try:
        _check(case_import, path, Progress())
    except ColumnsUnknown as unknown:
        words = "If it has these under other headings, upload it in the browser and name them once."
        raise Refused(f"{unknown.message} {words}") from unknown
    except FileRefused as refused:
        raise Refused(refused.message) from refused


@handles(Job.Kind.CHECK_IMPORT)
def check(job: Job, progress: Progress) -> dict[str, Any]:
    """Read, stage, count and compare a list; a list that cannot be accepted becomes refused."""
    case_import = _locked(job.arguments["import"], Status.UPLOADED)
    try:
        with transaction.atomic(), local_file(case_import) as path:
            _check(case_import, path, progress)
    except ColumnsUnknown as unknown:
        _ask_for_columns(case_import, unknown)
    except FileRefused as refused:
        _refuse(case_import, refused.message)
    return {"status": case_import.status}


@handles(Job.Kind.CONFIRM_IMPORT)
def confirm(job: Job, progress: Progress) -> dict[str, Any]:
    """Take a checked list over: everything or nothing."""
    progress(5, "Waiting for other imports")
    import_sql.lock_confirming()
    case_import = _locked(job.arguments["import"], Status.CHECKED)
    _still_right(case_import)
    progress(15, "Comparing with the open cases")
    _compare_as_shown(case_import)
    _take_over(case_import, job.requested_by, timezone.now(), progress)
    return {"status": case_import.status}


def _compare_as_shown(case_import: CaseImport) -> None:
    """Compare once more: what is done is what was shown, or it is not done."""
    summary = case_import.summary
    import_sql.resolve(case_import, summary.get("outdated", ()))
    now = summary | import_sql.compare(case_import, summary["covers"], summary.get("outdated", ()))
    if difference_shown(now) != difference_shown(summary):
        raise MovedOn(CHANGED_SINCE)
    # Whom names mean is not part of it: the staff list may have been put right meanwhile.
    case_import.summary = now | {"staff": import_sql.staff_named()}


def _queue(kind: Job.Kind, case_import: CaseImport, by: User, now: datetime) -> Job:
    return queue_job(
        kind=kind,
        subject=subject_of(case_import),
        arguments={"import": case_import.pk},
        page=reverse("cases:import_detail", args=[case_import.pk]),
        by=by,
        now=now,
    )


def _locked(pk: int, *expected: Status) -> CaseImport:
    case_import = CaseImport.objects.select_for_update().get(pk=pk)
    if case_import.status not in expected:
        words = case_import.get_status_display().lower()
        raise MovedOn(f"This list has moved on: it is now “{words}”.")
    return case_import


def _refuse_under_way(case_import: CaseImport) -> None:
    if live_job(subject_of(case_import)) is not None:
        raise MovedOn(UNDER_WAY)


def _still_right(case_import: CaseImport) -> None:
    """Raise where the difference shown is no longer what would happen, or no longer allowed."""
    if case_import.summary["based_on"] != last_confirmed_id():
        raise MovedOn(
            "Another list was confirmed after this one was compared with the open cases. Compare "
            "it again before you confirm it."
        )
    if other_ids_changed(case_import):
        raise MovedOn(
            "Other ids of children were added or removed after this list was compared with the "
            "open cases. Compare it again before you confirm it."
        )
    words = confirmed_already(case_import.file_sha256, case_import.as_of) or newer_confirmed(
        case_import.summary["covers"], case_import.as_of
    )
    if words:
        raise Refused(words)


def _check(case_import: CaseImport, path: Path, progress: Progress) -> None:
    """Stage the file at ``path`` and store its numbers; raises FileRefused."""
    progress(0, "Opening the file")
    limits = ReadLimits(max_bytes=settings.CFA_UPLOAD_MAX_BYTES)
    reading = {"reading": reading_now()}  # first: what is decided meanwhile makes it another one
    file = read(
        path,
        as_of=case_import.as_of,
        limits=limits,
        services=services_by_name(),
        columns=columns_by_signature(),
    )
    _refuse_with(confirmed_already(file.sha256, case_import.as_of))
    case_import.file_sha256, case_import.file_format = file.sha256, file.format.value
    _forget(case_import)
    rows = stage(case_import, file, _reading(path, file, progress))
    other_ids: dict[str, Any] = {"other_ids": state_of_other_ids()}
    other_ids["under_other_ids"] = import_sql.use_own_ids(case_import)
    progress(75, "Counting children and open cases")
    said = covered(case_import, file, rows.services)
    import_sql.resolve(case_import, said["outdated"])
    import_sql.note_rows(case_import, rows)
    summary = _summary(case_import, file, said["outdated"]) | said | other_ids | reading
    _refuse_empty(case_import, summary)
    progress(90, "Comparing with the open cases")
    summary["based_on"] = last_confirmed_id()
    summary |= import_sql.compare(case_import, summary["covers"], summary["outdated"])
    summary["staff"] = import_sql.staff_named()
    import_sql.forget_staff_known(case_import)
    summary["problems"] = problems_by_severity(case_import)
    case_import.summary, case_import.status = summary, Status.CHECKED
    case_import.save()


def _refuse_with(words: str) -> None:
    if words:
        raise FileRefused(words)


def _reading(path: Path, file: ReadFile, progress: Progress) -> Any:
    """What to say while rows are read: with a share where the number of lines is soon counted."""
    lines = 0
    if file.format is FileFormat.TEMPLATE_CSV:
        with path.open("rb") as content:
            lines = sum(piece.count(b"\n") for piece in iter(lambda: content.read(1 << 20), b""))

    def report(rows: int) -> None:
        progress(min(70, 70 * rows // lines) if lines else 10, f"{rows:,} rows read")

    return report


def _summary(case_import: CaseImport, file: ReadFile, outdated: Sequence[str]) -> dict[str, Any]:
    sheets = [
        {
            "name": sheet.name,
            "list": sheet.list_code,
            "title": sheet.title,
            "header_row": sheet.header_row,
            "rows": sheet.rows_read,
        }
        for sheet in file.sheets
    ]
    return {
        "rows_read": sum(sheet.rows_read for sheet in file.sheets),
        **import_sql.count_list(case_import, outdated),
        "sheets": sheets,
        "empty_lists": list(file.empty_lists),
        "missing_lists": list(file.missing_lists),
        "files": _files(file.files),
        "dropped_columns": list(file.dropped_columns),
        "unread_columns": list(file.unread_columns),
        "chosen_columns": file.chosen_columns,
        "to_name": [_in_summary(headings) for headings in file.nameable],
        "unread": unread(case_import),
        "unknown_services": [
            {"said": unknown.said, "rows": unknown.rows} for unknown in file.unknown_services
        ],
    }


def problems_by_severity(case_import: CaseImport) -> dict[str, int]:
    """How many problems of each severity the list has."""
    counted = ImportProblem.objects.filter(case_import=case_import).order_by()
    return dict(counted.values_list("severity").annotate(Count("pk")))


def _refuse_empty(case_import: CaseImport, summary: dict[str, Any]) -> None:
    if summary["children"] and not import_sql.says_no_service(case_import):
        return
    if summary["unknown_services"]:
        return
    said = Counter(
        ImportProblem.objects.filter(
            case_import=case_import, severity__in=("row_left_out", "value_left_out")
        )
        .order_by("row")
        .values_list("message", flat=True)[:1000]
    )
    most = said.most_common(1)[0][0] if said else ""
    rows = summary["rows_read"]
    raise FileRefused(
        f"None of the {rows:,} rows could be used. Most often: {most}"
        if rows > 1
        else f"The only row could not be used. {most}"
    )


def _take_over(case_import: CaseImport, by: User, now: datetime, progress: Progress) -> None:
    progress(40, "Opening, moving and closing cases")
    summary = case_import.summary
    import_sql.take_over(case_import, summary["covers"], summary.get("outdated", ()))
    progress(90, "Tidying up")
    case_import.status, case_import.confirmed_by, case_import.confirmed_at = (
        Status.CONFIRMED,
        by,
        now,
    )
    _end(case_import)


def _refuse(case_import: CaseImport, words: str) -> None:
    case_import.status, case_import.refusal = Status.REFUSED, words
    # What an earlier check of it said, with values of the file, which nothing would ever delete.
    ImportProblem.objects.filter(case_import=case_import).delete()
    case_import.summary = {"files": case_import.summary.get("files", [])}
    _end(case_import)


def _ask_for_columns(case_import: CaseImport, unknown: ColumnsUnknown) -> None:
    """Keep the list and its file until somebody has said what its columns mean."""
    case_import.status = Status.COLUMNS
    case_import.summary = {"why": unknown.message, **_in_summary(unknown.asked)}
    case_import.save()


def _in_summary(headings: Headings) -> dict[str, Any]:
    return {
        "signature": headings.signature,
        "headings": list(headings.offered),
        "suggested": dict(headings.suggested),
        "service": headings.service,
        "sheet": headings.sheet,
    }


# Of a summary, what holds words that stood in cells or that somebody took for headings.
_WORDS_OF_THE_FILE = (
    "unknown_services", "staff", "new_teams", "change_team", "headings", "suggested",
    "to_name", "chosen_columns", "unread_columns", "dropped_columns",
)  # fmt: skip


def _discard(case_import: CaseImport, words: str) -> CaseImport:
    case_import.status, case_import.refusal = Status.DISCARDED, words
    ImportProblem.objects.filter(case_import=case_import).delete()
    for name in _WORDS_OF_THE_FILE:
        case_import.summary.pop(name, None)
    _end(case_import)
    return case_import


def _end(case_import: CaseImport) -> None:
    """Save a list in its last state, without its rows and, after commit, without its file."""
    import_sql.forget_rows(case_import)
    name, case_import.file = case_import.file.name, ""
    case_import.save()
    if name:
        transaction.on_commit(lambda: default_storage.delete(name), robust=True)


def _forget(case_import: CaseImport) -> None:
    """Begin afresh: what an earlier check staged is gone."""
    import_sql.forget_rows(case_import)
    ImportProblem.objects.filter(case_import=case_import).delete()
