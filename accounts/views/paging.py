"""Lists in pages of 25, with their filters in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE_SIZE = 25


def page_of(request: HttpRequest, items: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """The page that ``?page=`` asks for; the first or last where there is no such page."""
    return Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))


def query_string(request: HttpRequest) -> str:
    """The filters of this page, for a link to the same list in another form ("?role=auditor")."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"?{query.urlencode()}" if query else ""
