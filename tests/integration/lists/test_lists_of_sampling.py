"""The lists of sampling: filters, order and export of cases, replacements and quarters."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from fractions import Fraction
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord, User
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter, Draw, Grader, SampledCase, Theme
from cases.operations.allocation import allocate_quarter
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.operations.replacement import decide_replacement, request_replacement
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, Cast, open_cases

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
ROOT = f"/quarters/{QUARTER}/"
DRAW = f"{ROOT}draws/1/"


@pytest.fixture
def draw(cast: Cast) -> Draw:
    """Five selected of child protection in Riverside, three of early help in Hilltop."""
    install_shipped_tools(by=User.objects.system(), now=NOW)
    open_cases(100, team=cast.riverside, practitioner=cast.practitioner)
    open_cases(60, team=cast.hilltop, practitioner=cast.other_practitioner, service="early_help")
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    return draw_sample(quarter=Q3, seed="s", by=cast.analyst, now=NOW)


@pytest.fixture
def client(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.analyst)


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return str(response.content.decode())


def number(client: Client, address: str, what: str = "case") -> int:
    found = re.search(rf"-caption\">\s*(\d+) {what}", text(client, address))
    return int(found[1]) if found else 0


def exported(client: Client, address: str) -> list[dict[str, str]]:
    response: Any = client.get(address)
    assert response.status_code == 200
    said = response.streaming_content if response.streaming else [response.content]
    return list(csv.DictReader(io.StringIO(b"".join(said).decode().removeprefix("\ufeff"))))


def replaced(case: SampledCase, cast: Cast, reason: str = "in_court") -> None:
    asked = request_replacement(
        sampled_case=case, reason=reason, explanation="Heard.", by=cast.analyst, now=NOW
    )
    decide_replacement(replacement=asked, approve=True, note="", by=cast.director, now=NOW)


def test_the_cases_of_a_draw_filter_by_people_and_dates(
    cast: Cast, draw: Draw, client: Client
) -> None:
    allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    by_auditor = {
        user: draw.cases.filter(allocations__auditor=user).count()
        for user in (cast.auditor, cast.other_auditor)
    }
    assert sum(by_auditor.values()) == 8
    for user, cases in by_auditor.items():
        assert number(client, f"{DRAW}?auditor={user.pk}") == cases
    assert number(client, f"{DRAW}?team={cast.hilltop.pk}&role=selected") == 3
    assert number(client, f"{DRAW}?practitioner={cast.practitioner.pk}&role=selected") == 5
    # They were due in 2026; the page's today is later or earlier, and one of the two holds.
    due = [number(client, f"{DRAW}?due={when}") for when in ("overdue", "later")]
    assert sorted(due) == [0, 8]
    assert number(client, f"{DRAW}?auditor=x&team=9999&due=never") == draw.cases.count()
    with CaptureQueriesContext(connection) as few:
        text(client, f"{DRAW}?auditor={cast.auditor.pk}")
    with CaptureQueriesContext(connection) as many:
        text(client, f"{DRAW}?sort=due")
    assert len(few) == len(many)


def test_the_export_of_a_draw_says_who_audits_and_why_a_case_was_not(
    cast: Cast, draw: Draw, client: Client
) -> None:
    allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    left = draw.cases.filter(status="allocated", stratum="Child Protection").order_by("rank")[0]
    replaced(left, cast)
    assert "In court or under inquiry" in text(client, f"{DRAW}?status=replaced")
    (row,) = exported(client, f"{DRAW}cases.csv?status=replaced")
    assert row["why not audited"] == "In court or under inquiry"
    assert row["replaced by"] == "Child Protection 6"
    rows = exported(client, f"{DRAW}cases.csv?status=allocated&sort=-auditor")
    names = [row["auditor"] for row in rows]
    assert len(names) == 7
    assert names == sorted(names, reverse=True)
    assert all(re.fullmatch(r"2026-\d\d-\d\d", row["due"]) for row in rows)


def test_the_cases_without_an_auditor_filter_sort_and_export(
    cast: Cast, draw: Draw, client: Client
) -> None:
    page = f"{ROOT}allocation/"
    assert number(client, page) == 8
    assert number(client, f"{page}?team={cast.hilltop.pk}") == 3
    assert number(client, f"{page}?stratum=Child+Protection") == 5
    assert number(client, f"{page}?why=possible") == 8
    assert "No case without an auditor matches" in text(client, f"{page}?why=stuck")
    Grader.objects.update(capacity=0)
    assert number(client, f"{page}?why=stuck&team={cast.hilltop.pk}") == 3
    url = unescape(
        re.findall(r'href="([^"]+without-an-auditor[^"]*)"', text(client, f"{page}?sort=-team"))[0]
    )
    rows = exported(client, url)
    teams = [row["team"] for row in rows]
    assert teams == sorted(teams, reverse=True)
    assert "child id" not in rows[0]
    assert all(row["why nobody has it"] != "Not allocated yet" for row in rows)
    assert AccessRecord.objects.filter(
        what="cases without an auditor", reference=draw.reference
    ).exists()


def test_an_auditors_load_leads_to_their_cases(cast: Cast, draw: Draw, client: Client) -> None:
    allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    page = text(client, f"{ROOT}allocation/")
    links = re.findall(r'href="([^"]+auditor=\d+[^"]*)">(\d+)</a>', page)
    assert sum(int(cases) for _, cases in links) == 8
    for url, cases in links:
        assert number(client, unescape(url).partition("#")[0]) == int(cases)


def test_every_waiting_case_of_a_theme_is_listed(cast: Cast, client: Client) -> None:
    install_shipped_tools(by=User.objects.system(), now=NOW)
    open_cases(60, team=cast.riverside, practitioner=cast.practitioner)
    quarter = AuditQuarter.objects.create(label=QUARTER, starts_on=Q3.starts, ends_on=Q3.ends)
    theme = Theme.objects.create(
        quarter=quarter,
        name="Moved in",
        question="Was it handed over well?",
        tool="statutory",
        created_at=NOW,
        created_by=cast.lead,
    )
    freeze_frame(quarter=Q3, theme=theme, by=cast.analyst, now=NOW)
    rate = Fraction(1)
    draw_sample(quarter=Q3, theme=theme, seed="s", rate=rate, by=cast.analyst, now=NOW)
    page = f"/themes/{theme.pk}/"
    assert number(client, page) == 60
    pages = [text(client, f"{page}?page={number}") for number in (1, 2, 3)]
    links = [link for each in pages for link in re.findall(r'href="(/sampled/\d+/)"', each)]
    assert len(links) == len(set(links)) == 60
    assert f'href="{page}">Moved in' in text(client, ROOT)


def test_replacements_filter_and_export_and_their_counts_lead_to_them(
    cast: Cast, draw: Draw, client: Client
) -> None:
    early, *others = draw.cases.filter(status="drawn").order_by("-stratum", "rank")
    replaced(early, cast)
    for case in others[:2]:
        request_replacement(
            sampled_case=case, reason="child_in_crisis", explanation="", by=cast.analyst, now=NOW
        )
    page = text(client, ROOT)
    links = re.findall(r'href="(/replacements/\?[^"]+)">(\d+)</a>', page)
    assert sorted(cases for _, cases in links) == ["1", "1", "2", "2"]
    for url, replacements in links:
        assert number(client, unescape(url), "replacement") == int(replacements)
    assert number(client, "/replacements/?reason=in_court", "replacement") == 1
    assert number(client, "/replacements/?status=requested", "replacement") == 2
    assert number(client, f"/replacements/?team={cast.hilltop.pk}", "replacement") == 3
    assert "No replacement matches" in text(client, "/replacements/?of=theme")
    rows = exported(client, f"/replacements/replacements.csv?quarter={QUARTER}&sort=-reason")
    assert [row["state"] for row in rows].count("Approved") == 1
    assert {row["team"] for row in rows} <= {cast.hilltop.name, cast.riverside.name}
    assert AccessRecord.objects.filter(what="list of replacements", reference=QUARTER).exists()


def test_quarters_sort_and_export(cast: Cast, draw: Draw, client: Client) -> None:
    names = re.findall(
        r'<th scope="row"[^>]*><a[^>]*>([^<]+)', text(client, "/quarters/?sort=quarter")
    )
    newest_first = re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]+)', text(client, "/quarters/"))
    assert names == newest_first[::-1]
    assert len(names) >= 2
    rows = exported(client, "/quarters/quarters.csv?sort=-sample")
    assert rows[0] == {
        "quarter": QUARTER,
        "from": "2026-10-01",
        "to": "2026-12-31",
        "state": "Sample drawn",
        "sample": "8",
        "submitted": "0",
    }
    assert rows[-1]["sample"] == ""
