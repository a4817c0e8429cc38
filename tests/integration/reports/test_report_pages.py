"""The report's pages: who may do what, words that two people type, from draft to published."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessRecord, User
from accounts.operations import MovedOn, Refused
from cases.models import Draw, Job
from cases.operations.jobs import run_job
from cases.pdf import PANGO_MISSING, Rendered
from config.home import tasks_for
from reports.models import CommitteeReport
from reports.operations import (
    approve_report,
    create_report,
    publish_report,
    render_report,
    save_words,
    withdraw_approved,
)
from tests.cast import NOW, Cast
from tests.integration.reports import world
from tests.integration.reports.world import World

AsUser = Callable[[User], Client]
EVIL = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The typesetting itself is in test_report_pdf."""

    def render_pdf(figures: Any, edition: str, words: Any) -> Rendered:
        return Rendered(f"%PDF {edition} {words.number} {words.narrative}".strip().encode(), 3)

    monkeypatch.setattr("reports.operations.render_pdf", render_pdf)


@pytest.fixture
def council(cast: Cast) -> World:
    return world.build(cast)


@pytest.fixture
def draft(council: World) -> CommitteeReport:
    return create_report(quarter=council.now_quarter, by=council.cast.analyst, now=NOW)


def rendered(report: CommitteeReport, cast: Cast) -> CommitteeReport:
    return render_report(report=report, by=cast.analyst, now=NOW)


def published(report: CommitteeReport, cast: Cast, reason: str = "") -> CommitteeReport:
    approve_report(report=rendered(report, cast), by=cast.director, now=NOW)
    return publish_report(report=report, reason=reason, by=cast.governance, now=NOW)


def page(report: CommitteeReport, name: str = "report", **kwargs: Any) -> str:
    return reverse(f"reports:{name}", kwargs={"pk": report.pk, **kwargs})


def approve_as_shown(client: Client, report: CommitteeReport, html: str = "") -> Any:
    """Press the button of the page that says ``html``, else of the page as it is now."""
    html = html or client.get(page(report)).content.decode()
    shown = re.search(r'name="seen" value="([0-9a-f]{32})"', html)
    assert shown, "no button to approve"
    return client.post(page(report, "approve"), {"seen": shown[1]})


def test_report_from_beginning_to_committee(council: World, as_user: AsUser) -> None:
    cast = council.cast
    analyst, director = as_user(cast.analyst), as_user(cast.director)
    governance, member = as_user(cast.governance), as_user(cast.member)
    answer = analyst.post(reverse("reports:report_add"), {"quarter": council.now_quarter.pk})
    report = CommitteeReport.objects.get()
    assert answer["Location"] == page(report)
    words = {"narrative": f"Steady. {EVIL}", "next_steps": "Train.", "version": "1"}
    assert analyst.post(page(report, "words"), words).status_code == 302
    assert analyst.post(page(report, "render")).status_code == 302
    waiting = analyst.get(page(report)).content.decode()
    assert reverse("cases:job_progress", args=[Job.objects.get().pk]) in waiting
    assert "Save the words" not in waiting
    run_job(str(Job.objects.get().pk))
    assert member.get(page(report)).status_code == 404
    assert "Approve the report" in director.get(page(report)).content.decode()
    approve_as_shown(director, report)
    governance.post(page(report, "publish"))
    report.refresh_from_db()
    assert report.status == "published"
    shown = member.get(page(report)).content.decode()
    assert "Download the public edition" in shown
    assert "exempt" not in shown.lower()
    assert EVIL not in member.get(page(report, "figures", edition="public")).content.decode()


def test_a_drawn_theme_beside_the_sample_offers_the_quarter_once(
    council: World, as_user: AsUser
) -> None:
    world.draw_theme(council.draw, council.cast)
    analyst = as_user(council.cast.analyst)
    html = analyst.get(reverse("reports:report_add")).content.decode()
    assert html.count(f'<option value="{council.now_quarter.pk}"') == 1
    answer = analyst.post(reverse("reports:report_add"), {"quarter": council.now_quarter.pk})
    assert answer["Location"] == page(CommitteeReport.objects.get())


def test_a_quarter_with_nothing_but_a_theme_drawn_is_not_offered(
    council: World, as_user: AsUser
) -> None:
    world.draw_theme(council.draw, council.cast)
    Draw.objects.filter(pk=council.draw.pk).update(
        status="superseded", superseded_at=NOW, superseded_by=council.cast.analyst
    )
    html = as_user(council.cast.analyst).get(reverse("reports:report_add")).content.decode()
    assert f'<option value="{council.before.pk}"' in html
    assert f'<option value="{council.now_quarter.pk}"' not in html


def test_members_get_the_public_edition_only_and_it_is_logged(
    council: World, draft: CommitteeReport, as_user: AsUser
) -> None:
    published(draft, council.cast)
    member = as_user(council.cast.member)
    answer = member.get(page(draft, "download", edition="public"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content == b"%PDF public 1"
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.what) == (council.cast.member, "downloaded", "report")
    assert record.reference == "2026-Q3, report 1, public"
    for name in ("download", "figures"):
        assert member.get(page(draft, name, edition="exempt")).status_code == 404
        assert member.get(page(draft, name, edition="secret")).status_code == 404
    assert AccessRecord.objects.count() == 1


def test_exempt_edition_is_for_those_who_see_reports_in_preparation(
    council: World, draft: CommitteeReport, as_user: AsUser
) -> None:
    rendered(draft, council.cast)
    for user in (council.cast.analyst, council.cast.lead, council.cast.director):
        assert as_user(user).get(page(draft, "download", edition="exempt")).status_code == 200
    assert as_user(council.cast.director).get(
        page(draft, "figures", edition="exempt")
    ).status_code == 200  # fmt: skip
    assert AccessRecord.objects.filter(kind="read", reference__endswith="exempt").count() == 1


def test_screen_shows_the_same_numbers_as_the_frozen_figures(
    council: World, draft: CommitteeReport, as_user: AsUser
) -> None:
    report = rendered(draft, council.cast)
    html = as_user(council.cast.director).get(page(draft, "figures", edition="exempt"))
    text = html.content.decode()
    for section in report.figures["editions"]["exempt"]["sections"]:
        assert f">{section['heading'].replace('&', '&amp;')}</h2>" in text
    assert "31 of 60 files" in text
    assert text.count("<svg role=") == 6
    assert " style=" not in text


def test_who_began_it_can_neither_approve_nor_publish(council: World) -> None:
    lead = council.cast.lead
    report = create_report(quarter=council.now_quarter, by=lead, now=NOW)
    render_report(report=report, by=lead, now=NOW)
    with pytest.raises(Refused, match="Somebody else must approve"):
        approve_report(report=report, by=lead, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        CommitteeReport.objects.filter(pk=report.pk).update(
            status="approved", approved_at=NOW, approved_by=lead
        )
    approve_report(report=report, by=council.cast.director, now=NOW)
    with pytest.raises(Refused, match="Somebody else must publish"):
        publish_report(report=report, by=lead, now=NOW)


def test_page_says_why_the_one_who_began_it_cannot_approve(council: World, as_user: AsUser) -> None:
    report = create_report(quarter=council.now_quarter, by=council.cast.lead, now=NOW)
    rendered(report, council.cast)
    lead = as_user(council.cast.lead)
    html = lead.get(page(report)).content.decode()
    assert "somebody else must approve" in html
    assert "Approve the report" not in html
    assert "Somebody else must approve" in lead.post(page(report, "approve")).content.decode()


def reports_that_wait(user: User) -> list[str]:
    return [task.title for task in tasks_for(user, NOW) if "report" in task.title]


@pytest.mark.parametrize(
    ("did", "says"),
    [
        ("write", "You wrote words for this report"),
        ("make", "You made the PDFs of this report"),
        ("both", "You wrote words for and made the PDFs of this report"),
    ],
)
def test_who_wrote_or_made_it_can_neither_approve_nor_publish(
    did: str, says: str, draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    """The quality assurance lead has every right that this takes."""
    cast = council.cast
    writer = cast.analyst if did == "make" else cast.lead
    maker = cast.analyst if did == "write" else cast.lead
    words: dict[str, Any] = {"narrative": "Steady.", "next_steps": "", "now": NOW}
    save_words(report=draft, version=1, by=writer, **words)
    save_words(report=draft, version=2, by=cast.analyst, **words)  # nothing changed
    render_report(report=draft, by=maker, now=NOW)
    lead = as_user(cast.lead)
    html = lead.get(page(draft)).content.decode()
    assert f"{says}, so somebody else must approve and publish it." in html
    assert "Approve the report" not in html
    assert reports_that_wait(cast.lead) == []
    assert reports_that_wait(cast.director) == ["1 report to approve"]
    with pytest.raises(Refused, match=f"{says}. Somebody else must approve it."):
        approve_report(report=draft, by=cast.lead, now=NOW)
    approve_report(report=draft, by=cast.director, now=NOW)
    html = lead.get(page(draft)).content.decode()
    assert f"{says}, so somebody else must" in html
    assert "Publish the report" not in html
    assert reports_that_wait(cast.lead) == []
    with pytest.raises(Refused, match=f"{says}. Somebody else must publish it."):
        publish_report(report=draft, by=cast.lead, now=NOW)


def test_who_made_an_earlier_version_and_wrote_nothing_may_approve(
    draft: CommitteeReport, council: World
) -> None:
    """What is approved has nothing of theirs in it: neither words nor PDFs."""
    cast = council.cast
    same: dict[str, Any] = {"narrative": "", "next_steps": "", "now": NOW}
    save_words(report=draft, version=1, by=cast.lead, **same)
    render_report(report=draft, by=cast.lead, now=NOW)
    render_report(report=draft, by=cast.analyst, now=NOW + timedelta(minutes=5))
    approved = approve_report(report=draft, by=cast.lead, now=NOW + timedelta(hours=1))
    assert approved.approved_by == cast.lead


def test_who_had_it_made_by_a_worker_made_it(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    lead = as_user(council.cast.lead)
    lead.post(page(draft, "render"))
    run_job(str(Job.objects.get().pk))
    assert "You made the PDFs of this report" in lead.get(page(draft)).content.decode()


def test_page_takes_the_same_queries_whoever_wrote_and_however_often(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    cast = council.cast
    director = as_user(cast.director)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert "Approve the report" in director.get(page(draft)).content.decode()
        return len(captured)

    rendered(draft, cast)
    queries()
    once = queries()
    for version in range(1, 9):
        writer = cast.lead if version % 2 else cast.analyst
        save_words(
            report=draft, narrative=f"{version}", next_steps="", version=version, by=writer, now=NOW
        )
        render_report(report=draft, by=writer, now=NOW + timedelta(minutes=version))
    assert queries() == once


def test_what_is_approved_is_what_was_shown(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    """The analyst writes other words and makes the report again behind the open page."""
    cast = council.cast
    rendered(draft, cast)
    director = as_user(cast.director)
    opened = director.get(page(draft)).content.decode()
    save_words(
        report=draft, narrative="All is well.", next_steps="", version=1, by=cast.analyst, now=NOW
    )
    render_report(report=draft, by=cast.analyst, now=NOW + timedelta(minutes=5))
    answer = approve_as_shown(director, draft, opened)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "made again after you opened this page" in html
    assert "What you wrote" not in html
    draft.refresh_from_db()
    assert (draft.status, draft.approved_by) == ("rendered", None)
    assert director.post(page(draft, "approve")).status_code == 409  # not said what was seen
    assert approve_as_shown(director, draft).status_code == 302
    draft.refresh_from_db()
    assert draft.status == "approved"


def test_stale_save_shows_both_texts_and_loses_neither(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    first, second = as_user(council.cast.analyst), as_user(council.cast.lead)
    first.post(page(draft, "words"), {"narrative": "From Ana.", "version": "1"})
    answer = second.post(page(draft, "words"), {"narrative": f"From Q. {EVIL}", "version": "1"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "From Ana." in html
    assert "From Q. &lt;script&gt;" in html
    assert 'name="version" value="2"' in html
    draft.refresh_from_db()
    assert (draft.narrative, draft.version) == ("From Ana.", 2)


def test_new_words_need_a_new_rendering(draft: CommitteeReport, council: World) -> None:
    cast = council.cast
    report = rendered(draft, cast)
    same: dict[str, Any] = {"narrative": "", "next_steps": "", "by": cast.analyst, "now": NOW}
    assert save_words(report=report, version=1, **same).status == "rendered"
    changed = save_words(report=report, version=2, **(same | {"narrative": "New."}))
    assert changed.status == "draft"
    with pytest.raises(MovedOn):
        approve_report(report=changed, by=cast.director, now=NOW)


def test_approved_report_takes_no_words_and_no_rendering(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    cast = council.cast
    approve_report(report=rendered(draft, cast), by=cast.director, now=NOW)
    words = {"narrative": "Late.", "version": "1"}
    assert as_user(cast.analyst).post(page(draft, "words"), words).status_code == 409
    assert as_user(cast.analyst).post(page(draft, "render")).status_code == 409
    withdraw_approved(report=draft, reason="A wrong name.", by=cast.director, now=NOW)
    draft.refresh_from_db()
    assert (draft.status, draft.supersede_reason) == ("superseded", "A wrong name.")


def test_published_report_is_replaced_under_a_new_number_with_a_reason(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    cast = council.cast
    published(draft, cast)
    second = create_report(quarter=council.now_quarter, by=cast.analyst, now=NOW)
    assert second.number == 2
    with pytest.raises(Refused, match="Say why this replaces report 1"):
        published(second, cast)
    member = as_user(cast.member)
    assert member.get(page(draft)).status_code == 200
    publish_report(report=second, reason="Three late audits.", by=cast.governance, now=NOW)
    draft.refresh_from_db()
    assert (draft.status, draft.supersede_reason) == ("superseded", "Three late audits.")
    assert member.get(page(second)).status_code == 200


def test_the_address_of_a_replaced_report_leads_to_the_one_in_force(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    """It was mailed to the committee, and still says what became of the report."""
    cast = council.cast
    published(draft, cast)
    second = create_report(quarter=council.now_quarter, by=cast.analyst, now=NOW)
    published(second, cast, f"Three late audits. {EVIL}")
    member = as_user(cast.member)
    answer = member.get(page(draft))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "replaced on 6 October 2026" in html
    assert "Three late audits. &lt;script&gt;" in html
    assert f'href="{page(second)}"' in html
    assert "%" not in html.split("<main", 1)[1].split("</main>")[0]  # no figures
    for name in ("figures", "download"):
        assert member.get(page(draft, name, edition="public")).status_code == 404
    assert as_user(cast.nobody).get(page(draft)).status_code == 403
    analyst = as_user(cast.analyst).get(page(draft)).content.decode()
    assert f'href="{page(second)}"' in analyst


def test_numbers_that_moved_by_few_since_the_published_report_are_shown(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    cast = council.cast
    published(draft, cast)
    world.add_audits(council, "early_help", ["good"])
    second = create_report(quarter=council.now_quarter, by=cast.analyst, now=NOW)
    rendered(second, cast)
    moved = "Early Help: grades of record, Good: 10 before, 11 now"
    director = as_user(cast.director)
    assert moved in director.get(page(second)).content.decode()
    assert moved not in as_user(cast.analyst).get(page(second)).content.decode()
    approve_as_shown(director, second)
    assert moved in as_user(cast.governance).get(page(second)).content.decode()
    assert moved not in director.get(page(draft)).content.decode()


def test_a_report_taken_back_before_it_was_published_is_not_there_for_members(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    cast = council.cast
    approve_report(report=rendered(draft, cast), by=cast.director, now=NOW)
    withdraw_approved(report=draft, reason="A wrong name.", by=cast.director, now=NOW)
    assert as_user(cast.member).get(page(draft)).status_code == 404


def test_one_report_of_a_quarter_at_a_time(draft: CommitteeReport, council: World) -> None:
    with pytest.raises(MovedOn, match="being prepared already"):
        create_report(quarter=council.now_quarter, by=council.cast.lead, now=NOW)


def test_missing_library_is_named_on_the_page(
    draft: CommitteeReport, council: World, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pango(*args: Any) -> Rendered:
        raise Refused(PANGO_MISSING)

    monkeypatch.setattr("reports.operations.render_pdf", no_pango)
    analyst = as_user(council.cast.analyst)
    analyst.post(page(draft, "render"))
    run_job(str(Job.objects.get().pk))
    html = analyst.get(page(draft)).content.decode()
    assert "apt-get install libpango-1.0-0 libpangoft2-1.0-0" in html
    assert "Make the report" in html


def test_list_takes_the_same_queries_for_many_reports(
    draft: CommitteeReport, council: World, as_user: AsUser
) -> None:
    director = as_user(council.cast.director)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert director.get(reverse("reports:report_list")).status_code == 200
        return len(captured)

    queries()
    one = queries()
    for number in range(2, 22):
        CommitteeReport.objects.create(
            quarter=council.now_quarter, number=number, status="superseded", created_at=NOW,
            created_by=council.cast.lead, superseded_at=NOW, supersede_reason="Late audits.",
        )  # fmt: skip
    assert queries() == one
