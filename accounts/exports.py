"""Lists as CSV files that a spreadsheet opens as text, never as formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from accounts.operations import record_access
from accounts.rules.table_file import guarded


def csv_download(
    name: str, headings: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A download called ``name``.csv. The mark at its start tells Excel that it is UTF-8."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return response


def list_download(
    by: User,
    what: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    reference: str = "",
) -> HttpResponse:
    """A list of ``what`` ("audits") as it is now, dated; ``reference``: which part. Logged."""
    now = timezone.now()
    record_access(by=by, kind="downloaded", what=f"list of {what}", reference=reference, now=now)
    return csv_download(f"{what}-{timezone.localdate(now):%Y-%m-%d}", columns, rows)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else guarded(value)
