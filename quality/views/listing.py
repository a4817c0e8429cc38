"""What the pages of the three lists have in common."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.sorting import PARAM
from accounts.views.paging import page_of, query_string
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
