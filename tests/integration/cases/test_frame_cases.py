"""The cases behind the counts of a frame, and those that a draw passed over."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord, User
from cases.models import Child, Draw, SamplingFrame, Team
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.queries.certificate import certificate
from cases.rules.quarters import Quarter
from cases.rules.sampling import PASSED_OVER
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case, open_cases
from tests.integration.audits.auditing import Make, begin

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
FRAME = f"/quarters/{QUARTER}/frame/"
CASES = f"/quarters/{QUARTER}/frames/1/cases/"
EXPORT = f"/quarters/{QUARTER}/frames/1/cases.csv"
ROW = re.compile(r'<th scope="row" class="govuk-table__header">(\w+)</th>')


@pytest.fixture
def frozen(cast: Cast) -> SamplingFrame:
    """Child protection: 30 that can be drawn, 3 restricted, 2 opened lately; early help: 4."""
    open_cases(30, team=cast.riverside, practitioner=cast.practitioner)
    open_cases(3, team=cast.riverside, practitioner=cast.practitioner, restricted=True)
    open_cases(2, team=cast.riverside, opened_on=TODAY - timedelta(days=3))
    open_cases(4, service="early_help")
    return freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return str(response.content.decode())


def listed(client: Client, query: str) -> list[str]:
    return ROW.findall(text(client, f"{CASES}?{query}"))


def exported(client: Client, address: str) -> list[dict[str, str]]:
    response: Any = client.get(address)
    assert response.status_code == 200
    said = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(said.removeprefix("\ufeff"))))


def ids(**facts: Any) -> set[str]:
    return set(Child.objects.filter(**facts).values_list("local_id", flat=True))


def test_every_count_of_the_frame_leads_to_just_those_cases(
    cast: Cast, frozen: SamplingFrame, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    page = text(client, FRAME)
    counts = re.findall(
        rf'<a class="govuk-link" href="({CASES}[^"]*)">(\d+)(?: cases? without a \w+)?</a>', page
    )
    assert len(counts) == 4 + 2 + 4 + 2  # two services, all of them, two gaps
    for url, number in counts:
        assert f"{number} case" in text(client, unescape(url)), url
        assert len(exported(client, unescape(url).replace("cases/", "cases.csv"))) == int(number)
    restricted = set(listed(client, "state=restricted"))
    assert restricted == ids(cases__restricted=True)
    assert len(restricted) == 3
    assert set(listed(client, "lacks=practitioner")) == ids(cases__practitioner=None)
    assert len(listed(client, "state=not_eligible")) == 5


def test_the_list_pages_sorts_and_asks_as_much_for_one_row_as_for_many(
    cast: Cast, frozen: SamplingFrame, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    first, second = (listed(client, f"sort=-child&page={number}") for number in (1, 2))
    assert len(first) == 25
    assert first + second == sorted(ids(), reverse=True)
    assert set(listed(client, "page=1") + listed(client, "page=2")) == ids()
    asked = []
    for query in ("state=opened_recently", ""):
        with CaptureQueriesContext(connection) as caught:
            text(client, f"{CASES}?{query}")
        asked.append(len(caught))
    assert asked[0] == asked[1]
    # What a value that does not exist asks for is nothing.
    assert len(listed(client, "state=secret&stratum=None")) == 25


def test_the_export_says_why_and_both_are_logged(
    cast: Cast, frozen: SamplingFrame, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    rows = exported(client, f"{EXPORT}?state=not_eligible&sort=child")
    assert [row["why not eligible"] for row in rows] == ["Restricted record"] * 3 + [
        "Opened recently"
    ] * 2
    assert {row["eligible"] for row in rows} == {"no"}
    assert rows[0]["team"] == cast.riverside.name
    text(client, CASES)
    logged = AccessRecord.objects.filter(what="cases of a frame").order_by("pk")
    assert [(each.kind, each.reference) for each in logged] == [
        ("downloaded", f"{QUARTER}-F1"),
        ("read", f"{QUARTER}-F1"),
    ]


def test_a_head_of_service_sees_the_cases_of_their_own_services(
    cast: Cast, frozen: SamplingFrame, as_user: AsUser
) -> None:
    assert len(listed(as_user(cast.other_head), "")) == 4
    assert "35 cases" in text(as_user(cast.head), CASES)
    text(as_user(cast.head), EXPORT, 403)
    text(as_user(cast.auditor), CASES, 403)


def test_a_divided_frame_has_subtotals_of_its_services(cast: Cast, as_user: AsUser) -> None:
    open_cases(20, team=cast.riverside)
    open_cases(7, team=Team.objects.create(name="Meadow"), restricted=True)
    open_cases(4, team=cast.hilltop, service="early_help")
    freeze_frame(quarter=Q3, strata_by="team", by=cast.analyst, now=NOW)
    client = as_user(cast.analyst)
    page = text(client, FRAME)
    row = page.partition("Child Protection, all groups")[2].partition("</tr>")[0]
    assert re.findall(r">(\d+)<", row)[:4] == ["27", "20", "0", "7"]
    assert "Early Help, all groups" not in page
    url = unescape(re.findall(r'href="([^"]+)"', row)[0])
    assert "27 cases" in text(client, url)
    assert "Early Help: Hilltop" in text(client, f"{CASES}?service=Early+Help")


def test_what_counts_as_audited_without_a_submitted_audit_is_told_apart(
    cast: Cast, make_audit: Make, as_user: AsUser
) -> None:
    begun = make_audit()
    begin(begun)
    earlier = open_case(cast.riverside)
    earlier.child.audited_before_on = TODAY - timedelta(days=400)
    earlier.child.save()
    open_cases(20, team=cast.riverside)
    freeze_frame(quarter=Q3.next(), by=cast.analyst, now=NOW)
    client = as_user(cast.analyst)
    page = text(client, f"/quarters/{Q3.next().label}/frame/")
    for child, words in (
        (earlier.child, "registered as audited before this product"),
        (begun.child, "with an audit begun and not submitted"),
    ):
        url, number = re.findall(rf'href="([^"]+)">([^<]+)</a> {words}', page)[0]
        assert number == "1 case"
        assert ROW.findall(text(client, unescape(url))) == [child.local_id]


def test_the_cases_passed_over_come_with_the_reason_of_each(cast: Cast, as_user: AsUser) -> None:
    # Each of the three counts as its own practitioner, so all are taken in the first pass: one of
    # the 97 with a lower ticket than the last of them is passed over, whatever the keys are.
    open_cases(97, team=cast.riverside, practitioner=cast.practitioner)
    open_cases(3, team=cast.riverside)
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=Q3, seed="dice: 4 1 6", by=cast.analyst, now=NOW)
    client = as_user(cast.analyst)
    address = f"/quarters/{QUARTER}/draws/1/passed-over.csv"
    assert address in text(client, f"/quarters/{QUARTER}/draws/1/")
    rows = exported(client, address)
    said = certificate(draw)["result"]["passed_over"]
    assert rows
    assert [(row["key"], row["ticket"]) for row in rows] == [
        (each["key"], each["ticket"]) for each in said
    ]
    assert {row["why passed over"] for row in rows} <= set(PASSED_OVER.values())
    assert {row["child id"] for row in rows} < ids()
    assert AccessRecord.objects.filter(what="cases passed over", reference=draw.reference).exists()
    text(as_user(cast.director), address, 403)


def test_a_draw_that_is_not_what_is_stored_has_no_list_of_those_passed_over(
    cast: Cast, draw: Draw, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    text(client, f"/quarters/{QUARTER}/draws/1/passed-over.csv", 409)
