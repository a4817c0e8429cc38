"""The lists of people and of a draw's cases, sorted by their headings."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audits.operations.tools import install_shipped_tools
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.queries.frame_list import SORTS as FRAME_SORTS
from cases.queries.people import GRADER_SORTS, PRACTITIONER_SORTS, TEAM_SORTS
from cases.queries.sample_list import CASE_SORTS, WAITING_SORTS
from cases.rules.quarters import Quarter
from cases.views.quarter_page import QUARTER_SORTS
from tests.cast import NOW, QUARTER, Cast, open_cases

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
DRAW = f"/quarters/{QUARTER}/draws/1/"
FRAME = f"/quarters/{QUARTER}/frames/1/cases/"
LISTS = {
    "/people/": ("administrator", {"name", "email", "active"}),
    "/practitioners/": ("administrator", set(PRACTITIONER_SORTS)),
    "/graders/": ("administrator", set(GRADER_SORTS)),
    "/teams/": ("administrator", set(TEAM_SORTS)),
    DRAW: ("analyst", set(CASE_SORTS)),
    FRAME: ("analyst", set(FRAME_SORTS)),
    f"/quarters/{QUARTER}/allocation/": ("analyst", set(WAITING_SORTS)),
    "/quarters/": ("analyst", set(QUARTER_SORTS)),
}
HEADING = re.compile(r'<th scope="col"([^>]*)><a [^>]*href="([^"]*)"')


@pytest.fixture
def drawn(cast: Cast) -> None:
    install_shipped_tools(by=User.objects.system(), now=NOW)
    open_cases(300, team=cast.riverside, practitioner=cast.practitioner)
    open_cases(300, team=cast.hilltop, practitioner=cast.other_practitioner, service="early_help")
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw_sample(quarter=Q3, seed="s", by=cast.analyst, now=NOW)


def page_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return str(response.content.decode())


def words(page: str) -> dict[str, str]:
    """The headings that sort: what each asks for next, with aria-sort where it sorts now."""
    found = {}
    for attributes, link in HEADING.findall(page):
        said = re.findall(r'aria-sort="\w+"', attributes)
        asked = QueryDict(unescape(link).partition("#")[0].lstrip("?"))["sort"]
        found[asked] = said[0] if said else ""
    return found


def column(page: str, number: int) -> list[str]:
    """The cells of one column of the last table of a page."""
    body = page.rpartition("<tbody")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S) for row in body.split("<tr")[1:]]
    return [unescape(re.sub(r"<[^>]+>", "", row[number])).strip() for row in rows]


@pytest.mark.parametrize("address", sorted(LISTS))
def test_every_heading_sorts_both_ways_and_says_so(
    cast: Cast, drawn: None, as_user: AsUser, address: str
) -> None:
    role, known = LISTS[address]
    client = as_user(getattr(cast, role))
    assert set(words(page_of(client, address))) == known
    for word in known:
        up = words(page_of(client, f"{address}?sort={word}"))
        assert up[f"-{word}"] == 'aria-sort="ascending"'
        down = words(page_of(client, f"{address}?sort=-{word}"))
        assert down[word] == 'aria-sort="descending"'
    assert not any(words(page_of(client, f"{address}?sort=password")).values())


def test_teams_and_practitioners_stand_in_the_order_asked_for(
    cast: Cast, drawn: None, as_user: AsUser
) -> None:
    client = as_user(cast.administrator)
    for sort, number, turned in (("team", 0, False), ("-team", 0, True)):
        names = column(page_of(client, f"/teams/?sort={sort}"), number)
        assert names == sorted(names, reverse=turned)
    cases = [int(text) for text in column(page_of(client, "/practitioners/?sort=-cases"), 4)]
    assert cases == sorted(cases, reverse=True)
    assert cases[0] == 300


def test_pages_filters_and_export_of_a_draw_keep_the_order(
    cast: Cast, drawn: None, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    asked = "role=&sort=-team"
    pages = [page_of(client, f"{DRAW}?{asked}&page={number}") for number in (1, 2)]
    teams = [team for page in pages for team in column(page, 2)]
    cases = [case for page in pages for case in column(page, 0)]
    assert teams == sorted(teams, reverse=True)
    assert len(set(cases)) == len(cases) > 25
    assert "sort=-team" in pages[0].partition('aria-label="Pages of cases"')[2]
    assert '<input type="hidden" name="sort" value="-team">' in pages[0]
    assert "?role=&amp;sort=team#cases" in pages[0]
    export: Any = client.get(f"{reverse('cases:draw_cases', args=[QUARTER, 1])}?{asked}")
    lines = b"".join(export.streaming_content).decode().splitlines()[1:]
    assert [line.split(",")[6] for line in lines[: len(teams)]] == teams
