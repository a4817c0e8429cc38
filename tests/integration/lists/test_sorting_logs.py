"""Imports, replacements and the access log, sorted by their headings."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, User
from accounts.views.access_log import SORTS as LOG
from cases.models import AuditQuarter, CaseImport, Replacement
from cases.queries.sample_list import REPLACEMENT_SORTS as REPLACEMENTS
from cases.views.imports import SORTS as IMPORTS
from tests.cast import NOW, TODAY, Cast, open_case
from tests.integration.audits.auditing import make_draw, sampled

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def records(cast: Cast) -> None:
    for hours, user, what, reference in (
        (2, cast.analyst, "draw", "2026-Q3-D1"),
        (1, cast.lead, "audit", "2026-Q3-0002"),
        (3, cast.head, "people", ""),
    ):
        AccessRecord.objects.create(
            at=NOW + timedelta(hours=hours), user=user, kind="read", what=what, reference=reference
        )


def imports(cast: Cast) -> None:
    for days, name, status in (
        (2, "b.csv", "discarded"),
        (1, "c.csv", "refused"),
        (3, "a.csv", "uploaded"),
    ):
        CaseImport.objects.create(
            as_of=TODAY - timedelta(days=days), file_name=name, status=status,
            refusal="x" if status == "refused" else "", uploaded_by=cast.analyst,
            uploaded_at=NOW + timedelta(hours=days),
        )  # fmt: skip


def replacements(cast: Cast) -> None:
    quarter = AuditQuarter.objects.create(
        label="2026-Q3", starts_on=TODAY, ends_on=TODAY + timedelta(days=80)
    )
    draw = make_draw(quarter, cast.analyst)
    for hours, team, reason in (
        (2, cast.riverside, "restricted_since"),
        (1, cast.hilltop, "file_unavailable"),
        (3, cast.riverside, "in_court"),
    ):
        case = sampled(draw, open_case(team, cast.practitioner))
        Replacement.objects.create(
            sampled_case=case, reason=reason, requested_at=NOW + timedelta(hours=hours),
            requested_by=cast.analyst,
        )  # fmt: skip


LISTS: dict[str, tuple[Callable[[Cast], None], str, set[str], dict[str, Callable[[Any], Any]]]] = {
    "accounts:access_log": (
        records, "administrator", set(LOG),
        {"when": lambda row: row.at, "who": lambda row: row.user.name,
         "what": lambda row: row.what},
    ),
    "cases:import_list": (
        imports, "analyst", set(IMPORTS),
        {"as_of": lambda row: row.as_of, "file": lambda row: row.file_name,
         "uploaded": lambda row: row.uploaded_at,
         "state": lambda row: CaseImport.Status.values.index(row.status)},
    ),
    "cases:replacement_list": (
        replacements, "lead", set(REPLACEMENTS),
        {"asked": lambda row: row.requested_at, "reason": lambda row: row.get_reason_display(),
         "team": lambda row: row.sampled_case.entry.team.name},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_each_heading_sorts_both_ways(name: str, cast: Cast, as_user: AsUser) -> None:
    make, role, words, keys = LISTS[name]
    make(cast)
    client, address = as_user(getattr(cast, role)), reverse(name)
    shown = client.get(address).content.decode()
    for word in words:
        assert f"sort={word}" in shown
        assert client.get(address, {"sort": f"-{word}"}).status_code == 200
    for word, key in keys.items():
        for asked, descending in ((word, False), (f"-{word}", True)):
            answer = client.get(address, {"sort": asked})
            found = [key(row) for row in answer.context["page"].object_list]
            assert len(found) >= 3
            assert found == sorted(found, reverse=descending), (word, found)
            assert "aria-sort" in answer.content.decode()
    assert client.get(address, {"sort": "password"}).status_code == 200


def test_the_downloaded_log_follows_and_clearing_filters_keeps_the_order(
    cast: Cast, as_user: AsUser
) -> None:
    records(cast)
    client = as_user(cast.administrator)
    shown = client.get(reverse("accounts:access_log"), {"sort": "who"}).content.decode()
    assert f'href="{reverse("accounts:access_log")}?sort=who">Clear filters' in shown
    answer = client.get(reverse("accounts:access_log_download"), {"sort": "who"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    people = [row["person"] for row in rows]
    assert people == sorted(people)
    assert len(people) >= 3
