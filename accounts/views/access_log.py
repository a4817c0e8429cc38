"""Who read or downloaded what."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import NullIf
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.forms import AccessLogFilter
from accounts.models import AccessRecord
from accounts.operations import record_access
from accounts.policy import Permission
from accounts.queries import access_records
from accounts.sorting import PARAM, Sorts, sorted_by
from accounts.views.paging import page_of, query_string

SORTS: Sorts = {
    "when": ("at",),
    "who": ("user__name",),
    "what": ("kind", "what"),
    "reference": (NullIf("reference", Value("")),),
}


def _matching(request: SignedInRequest) -> tuple[AccessLogFilter, QuerySet[AccessRecord]]:
    form = AccessLogFilter(request.GET or None)
    if not form.is_bound:
        return form, access_records()
    if not form.is_valid():
        return form, AccessRecord.objects.none()
    found = access_records(**form.cleaned_data)
    return form, sorted_by(found, SORTS, request.GET.get(PARAM, ""))


@allow(Permission.SEE_ACCESS_LOG)
@require_safe
def access_log(request: SignedInRequest) -> HttpResponse:
    """The log, newest first or as its headings say."""
    form, records = _matching(request)
    page = page_of(request, records)
    context = {
        "form": form,
        "page": page,
        "records": page.object_list,
        "download_url": reverse("accounts:access_log_download") + query_string(request),
    }
    return render(request, "accounts/access_log.html", context)


@allow(Permission.SEE_ACCESS_LOG)
@require_GET
def access_log_download(request: SignedInRequest) -> HttpResponse:
    """The log as shown, as a file. The download is an entry of the log too."""
    now = timezone.now()
    _, records = _matching(request)
    record_access(by=request.user, kind="downloaded", what="access log", reference="", now=now)
    headings = ["at", "person", "email", "kind", "what", "reference"]
    rows = (_row(record) for record in records.iterator(chunk_size=2000))
    return csv_download(f"access-log-{timezone.localdate(now)}", headings, rows)


def _row(record: AccessRecord) -> list[Any]:
    user = record.user
    return [record.at, user.name, user.email, record.kind, record.what, record.reference]
