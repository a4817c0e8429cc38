"""Lists sorted by their headings: each word of each list, and what is no word of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import AccessRecord, User
from accounts.sorting import Asked
from audits.models import Audit
from audits.operations.grading import open_grading
from audits.queries.audit_list import SORTS as AUDITS
from audits.rules.grades import GRADES
from cases.queries.calendar import local_date
from quality.models import Action, Escalation, Moderation
from quality.operations.acting import offer_evidence
from quality.operations.escalating import acknowledge
from quality.queries.escalation import ACTION_SORTS, ESCALATION_SORTS
from quality.queries.moderation import SORTS as MODERATIONS
from tests.cast import NOW, TODAY, Cast
from tests.integration.audits.auditing import Make, begin, submitted
from tests.integration.quality.following import agreed, assigned, planned

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Key = Callable[[Any], Any]


def place(codes: Any, code: str) -> int | None:
    return list(codes).index(code) if code in codes else None


def place_of_audit(row: Any) -> tuple[str, str]:
    audit = getattr(row, "audit", row)
    return (audit.service.name, audit.team.name)


def deadline(escalation: Escalation) -> Any:
    if escalation.status == Escalation.Status.RAISED:
        return local_date(escalation.acknowledge_by)
    return escalation.plan_by if escalation.status == Escalation.Status.ACKNOWLEDGED else None


def auditor(audit: Audit) -> str | None:
    return None if audit.status == Audit.Status.RETURNED else audit.auditor.name


# What the list shows of a row, by the word that sorts by it.
KEYS: dict[str, dict[str, Key]] = {
    "/audits/": {
        "reference": lambda row: row.reference,
        "service": place_of_audit,
        "auditor": auditor,
        "due": lambda row: row.due_on,
        "status": lambda row: place(Audit.Status.values, row.status),
        "grade": lambda row: place(GRADES, row.shown_grade),
    },
    "/moderation/": {
        "reference": lambda row: row.audit.reference,
        "service": place_of_audit,
        "moderator": lambda row: row.moderator.name if row.moderator else None,
        "due": lambda row: row.due_on,
        "status": lambda row: place(Moderation.Status.values, row.status),
    },
    "/escalations/": {
        "reference": lambda row: row.audit.reference,
        "track": lambda row: place(Escalation.Track.values, row.track),
        "service": place_of_audit,
        "level": lambda row: place(Escalation.Level.values, row.level),
        "due": deadline,
        "status": lambda row: place(Escalation.Status.values, row.status),
    },
    "/actions/": {
        "reference": lambda row: row.audit.reference,
        "owner": lambda row: (row.owner or row.practitioner).name,
        "due": lambda row: row.due_on,
        "status": lambda row: place(Action.Status.values, row.status),
    },
}
WORDS = [(path, word) for path, keys in KEYS.items() for word in keys]


@pytest.fixture
def lists(cast: Cast, make_audit: Make) -> None:
    """Every list has rows that differ in every column."""
    first = make_audit()
    quarter = first.quarter
    quarter.policies = {"quality": {"moderation_random_share": "0"}}
    quarter.save()
    early = make_audit(team=cast.hilltop, service="early_help")
    Audit.objects.filter(pk=early.pk).update(due_on=TODAY + timedelta(days=3))
    waiting = make_audit(auditor=cast.other_auditor)
    Audit.objects.filter(pk=waiting.pk).update(status=Audit.Status.RETURNED)
    begin(make_audit(auditor=cast.other_auditor))
    submitted(first, "good")
    for grade in ("inadequate", "requires_improvement", "inadequate"):
        submitted(make_audit(team=cast.hilltop, service="early_help"), grade)
        submitted(make_audit(), grade)
    chosen = list(Moderation.objects.order_by("-pk"))
    assigned(chosen[0].audit, cast.moderator)
    assigned(chosen[1].audit, cast.other_moderator)
    Moderation.objects.filter(pk=chosen[0].pk).update(due_on=TODAY)
    _vary_escalations(cast)


def _vary_escalations(cast: Cast) -> None:
    """One acknowledged, one planned with two actions, the others raised; one of them is late."""
    inadequate = Escalation.objects.filter(track="inadequate").order_by("pk").last()
    assert inadequate
    Escalation.objects.filter(pk=inadequate.pk).update(acknowledge_by=NOW - timedelta(days=9))
    lesser = Escalation.objects.filter(track="requires_improvement")
    one = lesser.get(audit__team=cast.riverside)
    actions = agreed(one, cast.manager, cast.manager)
    Action.objects.filter(pk=actions[0].pk).update(due_on=TODAY - timedelta(days=2))
    offer_evidence(action=actions[0], evidence="Seen on 4 October.", by=cast.manager, now=NOW)
    other = lesser.get(audit__team=cast.hilltop)
    acknowledge(escalation=other, response="Rung.", by=cast.other_manager, now=NOW)
    planned(other, cast.other_manager, owner=cast.other_manager)


def test_every_word_of_every_list_is_tried() -> None:
    sorts = [AUDITS, MODERATIONS, ESCALATION_SORTS, ACTION_SORTS]
    assert [set(keys) for keys in KEYS.values()] == [set(one) for one in sorts]


def shown(client: Client, path: str, sort: str) -> list[Any]:
    response = client.get(path, {"sort": sort})
    assert response.status_code == 200
    return list(response.context["page"])


def in_order(rows: list[Any], key: Key, descending: bool) -> list[Any]:
    """By ``key``, what is empty last, then by primary key."""
    by_key = sorted(rows, key=lambda row: row.pk)
    full = [row for row in by_key if key(row) is not None]
    empty = [row for row in by_key if key(row) is None]
    return sorted(full, key=key, reverse=descending) + empty


def test_a_word_is_read() -> None:
    assert Asked.parse("due") == Asked("due")
    assert Asked.parse("-due") == Asked("due", descending=True)
    assert Asked.parse("--due") == Asked("-due", descending=True)  # no word of any list
    assert Asked.parse("") == Asked("")
    assert Asked.parse("due").next_for("due") == "-due"
    assert Asked.parse("-due").next_for("due") == "due"
    assert Asked.parse("-due").next_for("grade") == "grade"


@pytest.mark.parametrize(("path", "word"), WORDS)
def test_each_word_sorts_both_ways(
    cast: Cast, as_user: AsUser, lists: None, path: str, word: str
) -> None:
    client, key = as_user(cast.lead), KEYS[path][word]
    up, down = shown(client, path, word), shown(client, path, f"-{word}")
    assert len({key(row) for row in up}) > 1, "nothing here to put in order"
    assert up == in_order(up, key, descending=False)
    assert down == in_order(down, key, descending=True)


@pytest.mark.parametrize("path", KEYS)
@pytest.mark.parametrize("sort", ["nonsense", "--due", "pk", "audit__child__local_id", "-", "?"])
def test_what_is_no_word_of_the_list_is_passed_over(
    cast: Cast, as_user: AsUser, lists: None, path: str, sort: str
) -> None:
    client = as_user(cast.lead)
    assert shown(client, path, sort) == list(client.get(path).context["page"])


@pytest.mark.parametrize("path", KEYS)
def test_sorting_takes_no_more_queries(cast: Cast, as_user: AsUser, lists: None, path: str) -> None:
    client = as_user(cast.lead)
    client.get(path)
    counted = []
    for address in (path, *(f"{path}?sort=-{word}" for word in KEYS[path])):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counted.append(len(queries))
    assert set(counted) == {counted[0]}


def reference_of(row: Any) -> str:
    return str(getattr(row, "audit", row).reference)


def downloaded(client: Client, page: Any) -> list[dict[str, str]]:
    answer = client.get(page.context["export_url"])
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/audits/", "-due"),
        ("/moderation/", "-reference"),
        ("/escalations/", "-reference"),
        ("/actions/", "reference"),
    ],
)
def test_the_export_is_in_the_order_of_the_page(
    cast: Cast, as_user: AsUser, lists: None, path: str, word: str
) -> None:
    client = as_user(cast.lead)
    page, plain = client.get(f"{path}?sort={word}"), client.get(path)
    lines = [line["reference"] for line in downloaded(client, page)]
    assert lines == [reference_of(row) for row in page.context["page"]]
    assert lines != [reference_of(row) for row in plain.context["page"]]
    assert f'href="{escape(page.context["export_url"])}"' in page.content.decode()


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/audits/", "status=finalised"),
        ("/moderation/", "status=assigned"),
        ("/escalations/", "late=yes"),
        ("/actions/", "status=evidence_offered"),
    ],
)
def test_the_export_holds_what_the_filters_leave_and_is_logged(
    cast: Cast, as_user: AsUser, lists: None, path: str, asked: str
) -> None:
    client = as_user(cast.lead)
    everything, page = client.get(path), client.get(f"{path}?{asked}")
    before = AccessRecord.objects.filter(kind="downloaded").count()
    lines = downloaded(client, page)
    assert [line["reference"] for line in lines] == [
        reference_of(row) for row in page.context["page"]
    ]
    assert 0 < len(lines) < everything.context["page"].paginator.count
    logged = AccessRecord.objects.filter(kind="downloaded", user=cast.lead)
    assert logged.count() == before + 1
    assert logged.latest("pk").what.startswith("list of ")


@pytest.mark.parametrize(
    ("path", "none"),
    [
        ("/moderation/", "status=decided"),
        ("/escalations/", "status=closed"),
        ("/actions/", "status=cancelled"),
    ],
)
def test_an_export_takes_as_many_queries_for_all_as_for_none_and_holds_no_narrative(
    cast: Cast, as_user: AsUser, lists: None, path: str, none: str
) -> None:
    client = as_user(cast.lead)
    export = client.get(path).context["export_url"]
    client.get(export)
    with CaptureQueriesContext(connection) as for_all:
        text = client.get(export).content.decode()
    with CaptureQueriesContext(connection) as for_none:
        assert client.get(f"{export}?{none}").content.decode().count("\r\n") == 1
    assert text.count("\r\n") > 2
    assert len(for_all) == len(for_none)
    for action in Action.objects.select_related("audit__child"):
        assert action.description not in text
        assert action.audit.child.local_id not in text


def test_the_headings_tell_the_order_and_keep_the_filters(
    cast: Cast, as_user: AsUser, lists: None
) -> None:
    page = as_user(cast.lead).get("/audits/?status=finalised&sort=due&page=1").content.decode()
    heading = page.split('aria-sort="')[1].split("</th>")[0]
    assert page.count("aria-sort") == 1
    assert heading.startswith('ascending"')
    assert 'href="?status=finalised&amp;sort=-due"' in heading
    assert ">, sorted ascending, activate to sort descending</span>" in heading
    assert 'href="?status=finalised&amp;sort=grade"' in page
    assert '<input type="hidden" name="sort" value="due">' in page


def test_pages_keep_the_order(
    cast: Cast, as_user: AsUser, lists: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equals are told apart by their primary key: nobody is on two pages or on none."""
    monkeypatch.setattr("audits.views.lists.ON_A_PAGE", 3)
    client = as_user(cast.lead)
    first = client.get("/audits/?sort=-service")
    assert 'href="?sort=-service&amp;page=2"' in first.content.decode()
    seen = [
        row.pk
        for number in first.context["page"].paginator.page_range
        for row in client.get(f"/audits/?sort=-service&page={number}").context["page"]
    ]
    assert len(seen) == len(set(seen)) == Audit.objects.count() > 3


def test_a_hidden_grade_is_not_told_by_the_order(cast: Cast, as_user: AsUser, lists: None) -> None:
    """Who still grades an audit knows no grade of it: it stands with those that have none."""
    known = Audit.objects.filter(status="finalised", grading_of_record__isnull=False)[0]
    open_grading(audit=known, kind="moderator", grader=cast.lead, blind=True, by=cast.lead, now=NOW)
    rows = shown(as_user(cast.lead), "/audits/", "grade")
    graded = [row.pk for row in rows if row.shown_grade]
    assert graded
    assert known.pk not in [row.pk for row in rows][: len(graded)]
