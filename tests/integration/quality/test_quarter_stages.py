"""Where a quarter stands, to the last audit closed: each number is that of the list behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audits.models import Audit
from audits.operations.submitting import close_audit, reopen_audit
from cases.models import AuditQuarter, Draw
from cases.queries.calendar import local_date
from cases.rules.quarters import Quarter
from quality.models import Moderation
from tests.cast import NOW, QUARTER, Cast
from tests.integration.audits.auditing import Make, begin, submitted
from tests.integration.quality.conftest import SameQueries
from tests.integration.quality.following import decided

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
PAGE = f"/quarters/{QUARTER}/"
STEP = re.compile(
    r'cfa-steps__label">(?:<a[^>]*href="([^"]*)">)?([^<]+).*?cfa-steps__state">([^<]+)<', re.S
)


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def steps(client: Client) -> dict[str, tuple[str, str]]:
    """Each step's words and the address behind it."""
    found = STEP.findall(text(client, PAGE))
    return {label: (words, unescape(url)) for url, label, words in found}


def listed(client: Client, address: str, what: str) -> int:
    found = re.search(rf"(\d+) {what}s?</caption>", text(client, address))
    return int(found[1]) if found else 0


def test_every_step_counts_what_is_true_and_leads_to_it(
    cast: Cast, make_audit: Make, as_user: AsUser
) -> None:
    closed, finalised, reopened, begun = (make_audit() for _ in range(4))
    make_audit()  # not begun
    for audit in (closed, finalised):
        submitted(audit, "inadequate")
        decided(audit, cast.moderator, "inadequate")
    close_audit(audit=closed, by=cast.lead, now=NOW)
    submitted(reopened, "inadequate")
    reopen_audit(audit=reopened, reason="The wrong months.", by=cast.lead, now=NOW)
    begin(begun)
    client = as_user(cast.lead)
    found = steps(client)
    assert list(found)[-4:] == ["Submitted", "Moderated", "Finalised", "Closed"]
    said = {label: words for label, (words, _) in found.items()}
    # The case of the reopened audit stays audited, the audit is not submitted.
    assert said["Submitted"] == "2 of 5"
    assert said["Moderated"] == "2 of 2"
    assert said["Finalised"] == "2 of 5"
    assert said["Closed"] == "1 of 5"
    for label, what in (
        ("Submitted", "audit"),
        ("Moderated", "moderation"),
        ("Finalised", "audit"),
        ("Closed", "audit"),
    ):
        words, url = found[label]
        assert listed(client, url, what) == int(words.split()[0]), label
    assert "2 of 5" not in text(client, "/quarters/")
    row = text(client, "/quarters/").partition(f"/quarters/{QUARTER}/")[2].partition("</tr>")[0]
    url, number = re.findall(r'href="([^"]+)">(\d+)</a>', row)[-1]
    assert number == "2"
    assert re.search("2 cases", text(client, unescape(url)))


def test_moderations_of_a_quarter_drawn_again_are_told_apart(
    cast: Cast, draw: Draw, make_audit: Make, as_user: AsUser
) -> None:
    of_the_first = make_audit()
    Draw.objects.filter(pk=draw.pk).update(
        status=Draw.Status.SUPERSEDED, superseded_at=NOW, superseded_by=cast.lead
    )
    draw.pk, draw.number, draw.reason = None, 2, "A list was forgotten"
    draw.save()  # as a new one, which `make_audit` now takes
    for audit in (of_the_first, make_audit(), make_audit()):
        submitted(audit, "inadequate")
        decided(audit, cast.moderator, "inadequate")
    client = as_user(cast.lead)
    words, url = steps(client)["Moderated"]
    assert words == "2 of 2"
    assert listed(client, url, "moderation") == 2
    assert listed(client, url.replace("draw=stands", "draw=earlier"), "moderation") == 1
    assert listed(client, url.replace("draw=stands", "draw="), "moderation") == 3


def test_nothing_is_moderated_before_all_is_submitted_nor_linked_where_it_may_not_be_opened(
    cast: Cast, make_audit: Make, as_user: AsUser
) -> None:
    make_audit()
    words, url = steps(as_user(cast.analyst))["Moderated"]
    assert (words, url) == ("None chosen", "")
    page = text(as_user(cast.analyst), PAGE)
    last = page.rpartition("Moderated")[0].rpartition("<li")[2]
    assert "cfa-steps__step--done" not in last
    assert steps(as_user(cast.analyst))["Submitted"][1].startswith("/audits/?")
    # A Head of Service sees the audits of their own services: the list would not hold that many.
    assert steps(as_user(cast.head))["Submitted"] == ("0 of 1", "")


def test_what_earlier_quarters_left_is_something_to_decide(
    cast: Cast, make_audit: Make, as_user: AsUser
) -> None:
    begin(make_audit())
    submitted(make_audit())
    make_audit()
    following = Quarter.parse(QUARTER).next()
    AuditQuarter.objects.create(
        label=following.label, starts_on=following.starts, ends_on=following.ends
    )
    client = as_user(cast.analyst)
    assert "To decide" not in text(client, PAGE)
    # Nothing is left over before its quarter has ended.
    this = AuditQuarter.objects.filter(label=QUARTER)
    today = local_date(timezone.now())
    this.update(ends_on=today)
    assert "To decide" not in text(client, f"/quarters/{following.label}/")
    this.update(ends_on=today - timedelta(days=1))
    page = text(client, f"/quarters/{following.label}/")
    assert "1 audit of earlier quarters was begun and not submitted" in page
    url = unescape(re.findall(r'href="([^"]+)">List of audits left over', page)[0])
    assert listed(client, url, "audit") == 1
    assert "To decide" not in text(as_user(cast.other_head), f"/quarters/{following.label}/")


def test_the_audits_list_filters_by_team_auditor_and_kind_and_its_numbers_lead_on(
    cast: Cast, make_audit: Make, as_user: AsUser
) -> None:
    begin(make_audit())
    make_audit(auditor=cast.other_auditor)
    make_audit(team=cast.hilltop, practitioner=None)
    client = as_user(cast.lead)
    for query, number in (
        (f"auditor={cast.other_auditor.pk}", 1),
        (f"team={cast.hilltop.pk}", 1),
        (f"team={cast.riverside.pk}", 2),
        ("kind=sample", 3),
        ("kind=thematic", 0),
        ("status=not_started", 2),
        ("auditor=nobody", 3),
    ):
        assert listed(client, f"/audits/?{query}", "audit") == number, query
    page = text(client, f"/audits/?team={cast.riverside.pk}&page=1")
    url, label = re.findall(
        r'cfa-figure__label"><a class="govuk-link" href="([^"]+)">(In prog)', page
    )[0]
    assert label
    assert listed(client, unescape(url), "audit") == 1
    own = text(as_user(cast.auditor), "/audits/")
    assert 'name="auditor"' not in own
    assert 'name="team"' not in own


def test_the_quarters_page_asks_as_much_for_many_audits(
    cast: Cast, make_audit: Make, as_user: AsUser, same_queries: SameQueries
) -> None:
    def more(number: int) -> None:
        for _ in range(number):
            submitted(make_audit(), "inadequate")

    same_queries(as_user(cast.lead), PAGE, more)
    assert Moderation.objects.count() == Audit.objects.count()
