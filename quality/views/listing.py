"""What the pages of the three lists have in common, and downloading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.exports import csv_download
from accounts.operations import record_access
from accounts.sorting import PARAM
from accounts.views.paging import page_of, query_string
from audits.views.access import person
from cases.queries.calendar import local_date
from quality.forms.filters import Filters


def list_context(
    request: HttpRequest, form: Filters, found: QuerySet[Any], export: str
) -> dict[str, Any]:
    """The page that the address asks for; ``export`` names the view that downloads the list."""
    return {
        "filter_form": form,
        "page": page_of(request, found),
        "export_url": reverse(export) + query_string(request),
        "filtered": any(
            value for name, value in request.GET.items() if name not in ("page", PARAM)
        ),
    }


def list_download(
    request: HttpRequest, what: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A list of ``what`` as CSV. Logged."""
    now = timezone.now()
    record_access(
        by=person(request), kind="downloaded", what=f"list of {what}", reference="", now=now
    )
    return csv_download(f"{what}-{local_date(now):%Y-%m-%d}", columns, rows)
