"""Past results through the pages: entered, uploaded, changed, removed, and marked in reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessRecord, User
from accounts.operations import MovedOn, Refused
from cases.models import Service, ServiceLine
from cases.rules.quarters import Quarter
from reports.models import Baseline
from reports.operations import add_baseline, change_baseline, import_baselines, remove_baseline
from reports.queries import records_of
from reports.rendering import Words, report_html
from reports.rules.baselines import BASELINE
from reports.rules.frozen import EXEMPT, PUBLIC, freeze
from reports.rules.policy import ReportPolicy
from tests.cast import NOW, TODAY, Cast
from tests.integration.reports import world
from tests.integration.reports.world import World

AsUser = Callable[[User], Client]
LIST = "/reports/baselines/"
HEAD = "quarter,line,service,outstanding,good,requires_improvement,inadequate,source"
NUMBERS = {"outstanding": "0", "good": "12", "requires_improvement": "20", "inadequate": "8"}


@pytest.fixture
def council(cast: Cast) -> World:
    return world.build(cast)


def enter(
    cast: Cast, quarter: str = "2025-Q4", service: str = "", counts: Any = (0, 12, 20, 8)
) -> Baseline:
    return add_baseline(
        quarter=Quarter.parse(quarter),
        line=ServiceLine.objects.get(code="statutory"),
        service=Service.objects.get(code=service) if service else None,
        counts=counts,
        source="Minutes of January 2026",
        by=cast.analyst,
        now=NOW,
    )


def frozen(council: World) -> dict[str, Any]:
    records = records_of(council.now_quarter, NOW)
    figures = freeze(records, now=NOW, today=TODAY, policy=ReportPolicy())
    return dict(json.loads(json.dumps(figures)))


def blocks_of(figures: dict[str, Any], edition: str, kind: str) -> dict[str, dict[str, Any]]:
    sections = figures["editions"][edition]["sections"]
    return {b["caption"]: b for s in sections for b in s["blocks"] if b["type"] == kind}


# Entering


def test_past_results_are_entered_shown_changed_and_removed(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.analyst)
    typed = {**NUMBERS, "quarter": "Q4 2025/26", "group": "line:statutory", "source": "Minutes"}
    page = client.post(f"{LIST}new/", typed, follow=True).content.decode()
    assert "The baseline of Q4 2025/26, Statutory, whole line is entered." in page
    assert BASELINE in page
    assert "30%" in page  # 12 of 40
    row = Baseline.objects.get()
    assert (row.quarter, row.service, row.entered_by) == ("2025-Q4", None, cast.analyst)

    other = as_user(cast.lead)
    address = f"{LIST}{row.pk}/"
    seen = other.get(address).context["form"].initial["seen"]
    saved = {**NUMBERS, "good": "13", "source": "Minutes", "seen": seen}
    assert other.post(address, saved).status_code == 302
    late = client.post(address, {**saved, "good": "14"}).content.decode()
    assert "Somebody else changed this after you opened the page" in late
    row.refresh_from_db()
    assert (row.good, row.entered_by) == (13, cast.lead)

    assert "Remove it" in client.get(f"{address}remove/").content.decode()
    assert client.post(f"{address}remove/").status_code == 302
    assert not Baseline.objects.exists()
    history = client.get(f"{LIST}history/").content.decode()
    assert "3 changes" in history
    for word in ("Entered", "Changed", "Removed", "Ana Lyst", "Quentin Lead"):
        assert word in history


def test_a_quarter_with_own_grades_or_not_over_is_refused_in_words(
    council: World, as_user: AsUser
) -> None:
    client = as_user(council.cast.lead)
    for quarter, words in (("2026-Q2", "has grades from audits"), ("2998-Q1", "is not over yet")):
        typed = {**NUMBERS, "quarter": quarter, "group": "service:child_protection"}
        page = client.post(f"{LIST}new/", typed).content.decode()
        assert words in page
        assert 'value="12"' in page  # nothing typed is lost
    assert not Baseline.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"quarter": "winter"}, "is not a quarter"),
        ({"good": "-1"}, "greater than or equal to 0"),
        ({"good": "1.5"}, "whole number"),
        ({"group": "service:chess"}, "not one of the available choices"),
        (dict.fromkeys(NUMBERS, "0"), "There must be at least one file"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    cast: Cast, as_user: AsUser, typed: dict[str, str], words: str
) -> None:
    whole = {**NUMBERS, "quarter": "2025-Q4", "group": "line:statutory", **typed}
    page = as_user(cast.analyst).post(f"{LIST}new/", whole)
    assert words in page.content.decode()
    assert not Baseline.objects.exists()


def test_rules_hold_without_the_pages(cast: Cast) -> None:
    row = enter(cast)
    with pytest.raises(Refused, match="already"):
        enter(cast)
    with pytest.raises(Refused, match="than the whole line"):
        enter(cast, service="child_in_need", counts=(0, 13, 0, 0))
    with pytest.raises(Refused, match="not a service of"):
        enter(cast, quarter="2025-Q3", service="early_help")
    part = enter(cast, service="child_in_need", counts=(0, 10, 0, 0))
    with pytest.raises(Refused, match="than the whole line"):
        change_baseline(baseline=row, counts=(0, 9, 20, 8), source="", by=cast.lead, now=NOW)
    remove_baseline(baseline=part, by=cast.lead, now=NOW)
    with pytest.raises(MovedOn, match="removed"):
        remove_baseline(baseline=part, by=cast.lead, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Baseline.objects.filter(pk=row.pk).update(good=0, requires_improvement=0, inadequate=0)


def test_history_names_what_was_and_who_removed_it(cast: Cast) -> None:
    remove_baseline(baseline=enter(cast), by=cast.lead, now=NOW)
    events = apps.get_model("reports", "BaselineEvent").objects.order_by("pgh_id")
    assert [(event.pgh_label, event.good) for event in events] == [("insert", 12), ("delete", 12)]
    assert events[1].pgh_context.metadata["user"] == cast.lead.pk


# Files


def upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("past.csv", text.encode())
    return client.post(f"{LIST}upload/", {"file": file})


def test_a_file_is_shown_first_then_stored_and_again_changes_nothing(
    cast: Cast, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    text = f"{HEAD}\n2025-Q4,Statutory,,0,12,20,8,Minutes\nQ3 2025/26,Early Help,,3,9,4,1,\n"
    page = upload(client, text)
    assert "Check the changes" in page.content.decode()
    assert not Baseline.objects.exists()
    form = page.context["confirm_form"].initial
    done = client.post(f"{LIST}upload/confirm/", form, follow=True).content.decode()
    assert "Added 2 baselines." in done
    assert Baseline.objects.filter(entered_by=cast.analyst).count() == 2
    assert "Nothing to change" in upload(client, text).content.decode()

    download = client.get(f"{LIST}download/")
    assert "baselines-before-this-product-" in download["Content-Disposition"]
    content = download.content.decode("utf-8-sig")
    assert [line.rsplit(",", 1)[1] for line in content.splitlines()] == ["kind"] + ["baseline"] * 2
    assert "Nothing to change" in upload(client, content).content.decode()
    assert AccessRecord.objects.filter(kind="downloaded", what="baselines").count() == 1


def test_nothing_of_a_file_with_problems_is_stored(council: World, as_user: AsUser) -> None:
    client = as_user(council.cast.analyst)
    text = f"{HEAD}\n2025-Q4,Statutory,,0,12,20,8,\n2026-Q2,Statutory,,0,12,20,8,\n"
    page = upload(client, text).content.decode()
    assert "The file has problems" in page
    assert "Q2 2026/27 has grades from audits in this product" in page
    with pytest.raises(Refused, match="problems"):
        import_baselines(text=text, digest="", by=council.cast.analyst, now=NOW)
    assert not Baseline.objects.exists()


def test_a_file_is_not_stored_where_something_changed_since_it_was_shown(
    cast: Cast, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    page = upload(client, f"{HEAD}\n2025-Q4,Statutory,,0,13,20,8,\n")
    enter(cast)
    answer = client.post(f"{LIST}upload/confirm/", page.context["confirm_form"].initial)
    assert answer.status_code == 422
    assert "Something has changed since you looked" in answer.content.decode()
    assert Baseline.objects.get().good == 12


# In reports


def test_reports_mark_baselines_and_mix_them_with_nothing(council: World) -> None:
    without = frozen(council)
    enter(council.cast)
    enter(council.cast, service="child_in_need", counts=(0, 3, 6, 2))
    figures = frozen(council)
    lines = figures["numbers"]["lines"]["Statutory"]
    first, before, _ = lines["trend"]
    assert (first["quarter"], first["baseline"]) == ("Q4 2025/26", True)
    assert first["good_or_better"]["interval"] is None
    assert before["change"] is None
    assert lines["grades"] == without["numbers"]["lines"]["Statutory"]["grades"]
    assert [row["kind"] for row in lines["baselines"]] == [BASELINE] * 2
    assert figures["editions"][PUBLIC]["summary"] == without["editions"][PUBLIC]["summary"]
    for edition in (PUBLIC, EXEMPT):
        table = blocks_of(figures, edition, "table")["Statutory: good or better by quarter"]
        assert table["rows"][0][0] == f"Q4 2025/26 ({BASELINE})"
        assert table["rows"][0][-2:] == ["–", "–"]
        assert BASELINE in table["note"]
        chart = blocks_of(figures, edition, "chart")["Statutory: share good or better by quarter"]
        assert "Q4 2025/26, baseline from before this product 30% (no interval)" in chart["alt"]
    exempt = blocks_of(figures, EXEMPT, "table")["Statutory: baseline, before this product"]
    assert exempt["rows"] == [
        ["Q4 2025/26, Whole line", "40", "0", "12", "20", "8", "30%"],
        ["Q4 2025/26, Child in Need", "11", "0", "3", "6", "2", "27%"],
    ]
    assert "Minutes of January 2026" in exempt["note"]
    public = blocks_of(figures, PUBLIC, "table")["Statutory: baseline, before this product"]
    assert public["head"] == ["Quarter", "Files", "Good or better", "Below good",
                              "Share good or better"]  # fmt: skip
    assert public["rows"][0] == ["Q4 2025/26, Whole line", "40", "12", "28", "30%"]
    assert public["rows"][1] == ["Q4 2025/26, Child in Need", "11", "c", "c", "c"]
    assert "Minutes" not in json.dumps(figures["editions"][PUBLIC])


def test_a_small_baseline_is_held_back_in_public(council: World) -> None:
    enter(council.cast, counts=(0, 3, 4, 1))
    figures = frozen(council)
    table = blocks_of(figures, PUBLIC, "table")["Statutory: good or better by quarter"]
    assert table["rows"][0] == [f"Q4 2025/26 ({BASELINE})", "c", "c", "c", "–"]
    assert "Statutory: baseline, before this product" not in blocks_of(figures, PUBLIC, "table")
    assert "Statutory: baseline, before this product" in blocks_of(figures, EXEMPT, "table")


def test_the_products_figures_win_and_the_page_says_so(council: World, as_user: AsUser) -> None:
    Baseline.objects.create(
        quarter="2026-Q2", line=ServiceLine.objects.get(code="statutory"), good=12,
        entered_at=NOW, entered_by=council.cast.analyst,
    )  # fmt: skip
    lines = frozen(council)["numbers"]["lines"]
    assert [row["baseline"] for row in lines["Statutory"]["trend"]] == [False, False]
    assert lines["Statutory"]["baselines"] == []
    page = as_user(council.cast.analyst).get(LIST).content.decode()
    assert "Not shown: this quarter has figures of this product" in page


@pytest.mark.parametrize("edition", [PUBLIC, EXEMPT])
def test_baselines_are_drawn_and_named_in_the_document(council: World, edition: str) -> None:
    enter(council.cast)
    html, charts = report_html(frozen(council), edition, Words("", "", 1))
    assert BASELINE in html
    drawn = [svg for svg in charts.values() if "baseline" in svg]
    assert len(drawn) == 1
    assert ">baseline</" in drawn[0]  # in words under its quarter, not by shape alone


# Queries


def test_pages_take_the_same_queries_for_more_baselines(council: World, as_user: AsUser) -> None:
    client = as_user(council.cast.analyst)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    addresses = [LIST, reverse("reports:baseline_history"), reverse("reports:baseline_download")]
    enter(council.cast)
    few = [queries(address) for address in addresses]
    with CaptureQueriesContext(connection) as captured:
        records_of(council.now_quarter, NOW)
    of_report = len(captured)
    for quarter in ("2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3"):
        enter(council.cast, quarter)
        enter(council.cast, quarter, "child_in_need", (0, 3, 4, 1))
    assert [queries(address) for address in addresses] == few
    with CaptureQueriesContext(connection) as captured:
        records_of(council.now_quarter, NOW)
    assert len(captured) == of_report
