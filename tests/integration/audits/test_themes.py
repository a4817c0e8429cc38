"""Themes through the pages: planned, frozen, drawn, allocated; apart from the quarter's sample."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.operations import Refused
from audits.models import Audit, AuditTool, ToolVersion
from audits.operations.tools import install_shipped_tools
from audits.queries.tools import published_version
from cases.models import (
    Case,
    DeclaredConflict,
    Draw,
    FrameEntry,
    Grader,
    Job,
    SampledCase,
    SamplingFrame,
    Theme,
)
from cases.operations.allocation import allocate_by_hand, allocate_quarter
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame, lock_quarter
from cases.operations.jobs import run_job
from cases.queries.calendar import local_date
from cases.queries.frame import live_draw, live_frame, quarter_counts
from cases.rules.quarters import Quarter
from config.launch import ROOT
from reports.queries import records_of
from tests.cast import NOW, Cast, open_cases
from tests.integration.audits.auditing import begin, fill

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
THIS = Quarter.containing(local_date(timezone.now()))


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """Jobs wait here until a test does them; the mails that workers were asked to send."""
    mails: list[list[Any]] = []

    def send_task(name: str, args: list[Any]) -> None:
        if name == "accounts.tasks.mail_notice":
            mails.append(args)

    monkeypatch.setattr(current_app, "send_task", send_task)
    return mails


@pytest.fixture
def analyst(cast: Cast, as_user: AsUser) -> Client:
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return as_user(cast.analyst)


@pytest.fixture
def cases(cast: Cast) -> list[Case]:
    """Thirty open cases, ten of them transferred in this year."""
    cast_team: dict[str, Any] = {"team": cast.riverside, "practitioner": cast.practitioner}
    moved = open_cases(10, **cast_team, transferred_in_on=local_date(timezone.now()))
    open_cases(20, **cast_team, transferred_in_on=date(2019, 1, 1))
    return moved


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "quarter": THIS.label,
        "name": "Moved in",
        "question": "Was the case handed over well?",
        "tool": "early_help",
        "transferred_in_within": "6",
        **changed,
    }


def planned(analyst: Client, **changed: Any) -> Theme:
    response = analyst.post("/themes/new/", plan(**changed))
    assert response.status_code == 302, response.content.decode()
    return Theme.objects.latest("pk")


def done(kind: str) -> Job:
    job = Job.objects.get(status="queued", kind=kind)
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == "succeeded", job.error
    return job


def frozen(analyst: Client, **changed: Any) -> Theme:
    theme = planned(analyst, **changed)
    assert analyst.post(f"/themes/{theme.pk}/freeze/").status_code == 302
    done("freeze_frame")
    return theme


def typed(theme: Theme, seed: str, rate: str, **more: str) -> dict[str, Any]:
    """What is typed into the form that draws, of the frame that its page shows."""
    frame = live_frame(theme.quarter, theme)
    assert frame
    return {"frame": frame.pk, "seed": seed, "rate": rate, "witnesses": "Cllr Ito", **more}


def drawn(analyst: Client, rate: str = "100%", **changed: Any) -> Draw:
    theme = frozen(analyst, **changed)
    sent = analyst.post(f"/themes/{theme.pk}/draw/", typed(theme, f"dice: 1 2 {theme.pk}", rate))
    assert sent.status_code == 302, sent.content.decode()
    done("draw_sample")
    found = live_draw(theme.quarter, theme)
    assert found
    return found


def page_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_cohort_of_which_no_case_can_be_drawn_is_refused_before_it_is_frozen(
    analyst: Client, cast: Cast
) -> None:
    page = analyst.post("/themes/new/", plan(opened_within="1")).content.decode()
    assert "none that was opened within the last 1 month can be. Choose more months." in page
    assert not Theme.objects.exists()
    planned(analyst, opened_within="2")


def test_from_the_plan_to_the_findings(
    analyst: Client, cast: Cast, cases: list[Case], as_user: AsUser
) -> None:
    Grader.objects.filter(user=cast.auditor).update(capacity=20)
    draw = drawn(analyst)
    theme = draw.theme
    assert theme
    assert draw.reference == f"{THIS.label}-D101"
    assert set(draw.cases.values_list("entry__case", flat=True)) == {case.pk for case in cases}
    assert analyst.post(f"/themes/{theme.pk}/allocate/").status_code == 302
    audits = Audit.objects.all()
    assert len(audits) == 10
    assert {audit.kind for audit in audits} == {"thematic"}
    assert {audit.tool_version.tool.code for audit in audits} == {"early_help"}
    grading = begin(audits[0])
    fill(grading, "good")
    page = page_of(analyst, f"/themes/{theme.pk}/")
    assert "Every case has an auditor." in page
    assert "Transferred in within the last 6 months" in page
    lead = as_user(cast.lead)
    written = lead.post(f"/themes/{theme.pk}/findings/", {"findings": "Late plans."})
    assert written.status_code == 302
    assert "Late plans." in page_of(lead, f"/themes/{theme.pk}/")


def test_only_the_cohort_is_in_the_frame_and_the_certificate_is_verified(
    analyst: Client, cases: list[Case], tmp_path: Path
) -> None:
    draw = drawn(analyst, rate="20%")
    assert FrameEntry.objects.filter(frame=draw.frame).count() == 10
    assert draw.cases.filter(role="selected").count() == 2
    address = f"/quarters/{THIS.label}/draws/101/certificate.json"
    data = json.loads(analyst.get(address).content)
    assert "Moved in. Open cases of the cohort: Transferred in" in data["about"]["theme"]
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(data))
    told = subprocess.run(
        [sys.executable, "-I", ROOT / "cases/verify_draw.py", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout
    data["frame"]["cases"].pop()
    file.write_text(json.dumps(data))
    again = subprocess.run([sys.executable, "-I", ROOT / "cases/verify_draw.py", file], check=False)
    assert again.returncode != 0


def test_the_sample_and_its_figures_know_nothing_of_it(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    Grader.objects.filter(user=cast.auditor).update(capacity=20)
    draw = drawn(analyst)
    stored = draw.quarter
    assert quarter_counts(stored) == {}
    assert live_draw(stored) is None
    assert "Draw the sample" not in page_of(analyst, f"/quarters/{THIS.label}/")
    freeze_frame(quarter=THIS, by=cast.analyst, now=NOW)
    sample = draw_sample(quarter=THIS, seed="5 5 5", by=cast.analyst, now=NOW)
    assert (sample.number, sample.reason) == (1, "")
    assert live_draw(stored) == sample
    analyst.post(f"/themes/{draw.theme_id}/allocate/")
    records = records_of(stored, timezone.now())
    assert [found.reference for found in records.draws] == [sample.reference]
    assert records.audits == ()
    assert not [tool for tool in records.tools if tool[0].startswith("Early")]


@pytest.mark.parametrize("quarter", [THIS, THIS.next()])
def test_it_takes_nothing_from_the_sample(
    analyst: Client, cast: Cast, cases: list[Case], quarter: Quarter
) -> None:
    """Of its own quarter, nor of the next one, whose sample can be drawn before it begins."""
    freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    sample = draw_sample(quarter=quarter, seed="5 5 5", by=cast.analyst, now=NOW)
    in_sample = set(sample.cases.values_list("entry__child", flat=True))
    theme = frozen(analyst, transferred_in_within="")
    marked = FrameEntry.objects.filter(frame__theme=theme, not_eligible="in_another_draw")
    assert set(marked.values_list("child", flat=True)) == in_sample
    assert "In another draw" in page_of(analyst, f"/themes/{theme.pk}/")


def test_a_theme_of_the_next_quarter_takes_nothing_from_one_that_still_runs(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    draw = drawn(analyst)
    theirs = set(draw.cases.values_list("entry__child", flat=True))
    later = Theme.objects.get(draws=draw)
    later.pk, later.quarter = None, lock_quarter(THIS.next())
    later.save(force_insert=True)
    frame = freeze_frame(quarter=THIS.next(), theme=later, by=cast.analyst, now=timezone.now())
    marked = frame.entries.filter(not_eligible="in_another_draw")
    assert set(marked.values_list("child", flat=True)) == theirs


@pytest.mark.parametrize("quarter", [THIS, THIS.next()])
def test_a_child_sampled_after_the_themes_draw_stays_in_the_sample(
    analyst: Client, cast: Cast, cases: list[Case], quarter: Quarter
) -> None:
    draw = drawn(analyst)
    freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    sample = draw_sample(quarter=quarter, rate=Fraction(1), seed="1", by=cast.analyst, now=NOW)
    theirs = draw.cases.filter(status="drawn")[0]
    both = sample.cases.get(entry__child=theirs.entry.child_id)
    SampledCase.objects.filter(pk=both.pk).update(status="drawn")
    allocate_by_hand(
        sampled_case=both, auditor=cast.auditor, reason="First", by=cast.analyst, now=NOW
    )
    with pytest.raises(Refused, match="a theme takes none from the sample"):
        allocate_by_hand(
            sampled_case=theirs, auditor=cast.auditor, reason="Too", by=cast.analyst, now=NOW
        )


def test_a_theme_that_is_allocated_after_the_samples_draw_leaves_the_sample_its_cases(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    Grader.objects.update(capacity=60)
    draw = drawn(analyst)
    freeze_frame(quarter=THIS, by=cast.analyst, now=NOW)
    sample = draw_sample(quarter=THIS, rate=Fraction(1), seed="1", by=cast.analyst, now=NOW)
    analyst.post(f"/themes/{draw.theme_id}/allocate/")
    in_sample = sample.cases.filter(status="drawn").values("entry__child")
    left = draw.cases.filter(entry__child__in=in_sample, role="selected")
    assert left
    assert {case.status for case in left} == {"drawn"}
    assert not Audit.objects.filter(kind="thematic", child__in=in_sample).exists()
    words = f"in a sample that is under way ({sample.reference}), and a theme takes none"
    assert words in page_of(analyst, f"/themes/{draw.theme_id}/")
    with pytest.raises(Refused, match="a theme takes none from the sample"):
        allocate_by_hand(
            sampled_case=left[0], auditor=cast.auditor, reason="Too", by=cast.analyst, now=NOW
        )


def test_what_the_sample_takes_from_a_theme_frees_its_auditor_for_another_case(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    draw = drawn(analyst)
    Grader.objects.exclude(user=cast.auditor).update(capacity=0)
    Grader.objects.filter(user=cast.auditor).update(capacity=1)
    analyst.post(f"/themes/{draw.theme_id}/allocate/")
    held = draw.cases.get(status="allocated")
    freeze_frame(quarter=THIS, by=cast.analyst, now=NOW)
    sample = draw_sample(quarter=THIS, rate=Fraction(1), seed="1", by=cast.analyst, now=NOW)
    taken = sample.cases.get(entry__child=held.entry.child_id)
    other = sample.cases.filter(status="drawn").exclude(pk=taken.pk)[0]
    sample.cases.exclude(pk__in=[taken.pk, other.pk]).update(status="not_auditable")
    # The one who has time may not grade the other case; the one who may has the theme's.
    Grader.objects.filter(user=cast.other_auditor).update(capacity=1)
    DeclaredConflict.objects.create(
        user=cast.other_auditor, child=other.entry.child, reason="A neighbour", declared_at=NOW
    )
    result = allocate_quarter(draw=sample, by=cast.analyst, now=NOW)
    assert {each.case: each.auditor for each in result.assignments} == {
        str(taken.pk): str(cast.other_auditor.pk), str(other.pk): str(cast.auditor.pk),
    }  # fmt: skip
    assert result.unallocated == ()


def test_of_two_themes_frozen_before_either_was_drawn_none_takes_from_the_other(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    """Neither frame knows of the other's draw; whichever gives a case out first keeps it."""
    Grader.objects.update(capacity=60)
    first, second = frozen(analyst), frozen(analyst, name="Another", tool="statutory")
    for theme in (first, second):
        analyst.post(f"/themes/{theme.pk}/draw/", typed(theme, "5 5 5", "100%"))
        done("draw_sample")
        Job.objects.filter(status="queued").delete()
        analyst.post(f"/themes/{theme.pk}/allocate/")
    audits = Audit.objects.exclude(status="withdrawn")
    assert {audit.sampled_case.draw.theme_id for audit in audits} == {first.pk}  # type: ignore[union-attr]
    waiting = SampledCase.objects.filter(draw__theme=second, role="selected")
    assert {case.status for case in waiting} == {"drawn"}
    words = "in another theme that is under way"
    assert words in page_of(analyst, f"/themes/{second.pk}/")
    with pytest.raises(Refused, match=words):
        allocate_by_hand(
            sampled_case=waiting[0], auditor=cast.auditor, reason="Too", by=cast.analyst, now=NOW
        )


def test_a_theme_that_was_begun_after_the_samples_draw_is_told_and_holds_nobody_up(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    Grader.objects.update(capacity=60)
    theme = drawn(analyst).theme
    assert theme
    analyst.post(f"/themes/{theme.pk}/allocate/")
    freeze_frame(quarter=THIS, by=cast.analyst, now=NOW)
    sample = draw_sample(quarter=THIS, rate=Fraction(1), seed="1", by=cast.analyst, now=NOW)
    in_both = sample.cases.filter(status="drawn", entry__child__audits__kind="thematic")
    both = in_both[0]
    audit = Audit.objects.get(child=both.entry.child_id)
    begin(audit)
    unbegun = Audit.objects.get(child=in_both[1].entry.child_id)
    allocation = f"/quarters/{THIS.label}/allocation/"
    words = f"Audit {audit.reference} of the same child has begun"
    assert words in page_of(analyst, allocation)
    assert analyst.post(f"{allocation}allocate/").status_code == 302
    assert list(sample.cases.filter(status="drawn")) == [both]
    page = page_of(analyst, allocation)
    assert words in page
    assert "has an auditor." not in page
    # What the theme had not begun made room, and its auditor is free of it.
    unbegun.refresh_from_db()
    assert unbegun.status == "withdrawn"
    left = SampledCase.objects.get(audits=unbegun)
    assert left.status == "cancelled"
    assert sample.reference in left.note
    assert not left.allocations.filter(ended_at=None).exists()


def test_a_case_that_is_in_the_sample_holds_up_no_other_case_of_the_theme(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    Grader.objects.update(capacity=60)
    draw = drawn(analyst)
    freeze_frame(quarter=THIS, by=cast.analyst, now=NOW)
    draw_sample(quarter=THIS, rate=Fraction(1), seed="1", by=cast.analyst, now=NOW)
    first = draw.cases.filter(status="drawn")[0]
    both = SampledCase.objects.get(entry__child=first.entry.child_id, draw__theme=None)
    SampledCase.objects.filter(draw__theme=None).exclude(pk=both.pk).update(status="cancelled")
    allocate_by_hand(
        sampled_case=both, auditor=cast.auditor, reason="First", by=cast.analyst, now=NOW
    )
    assert analyst.post(f"/themes/{draw.theme_id}/allocate/").status_code == 302
    assert list(draw.cases.filter(status="drawn")) == [first]
    assert draw.cases.filter(status="allocated").count() == 9
    page = page_of(analyst, f"/themes/{draw.theme_id}/")
    assert "a theme takes none from the sample" in page
    assert "Every case has an auditor." not in page


def test_a_theme_whose_tool_was_withdrawn_says_so_and_answers(
    analyst: Client, cases: list[Case]
) -> None:
    draw = drawn(analyst)
    ToolVersion.objects.filter(tool__code="early_help").update(status="retired", retired_at=NOW)
    assert analyst.post(f"/themes/{draw.theme_id}/allocate/").status_code == 302
    assert "has no published version" in page_of(analyst, f"/themes/{draw.theme_id}/")
    assert not Audit.objects.exists()


def test_a_changed_cohort_is_frozen_again_and_a_drawn_theme_stays(
    analyst: Client, cases: list[Case]
) -> None:
    theme = frozen(analyst)
    changed = analyst.post(f"/themes/{theme.pk}/change/", plan(transferred_in_within="12"))
    assert changed.status_code == 302
    frame = SamplingFrame.objects.get(theme=theme)
    assert (frame.status, frame.supersede_reason) == ("superseded", "The cohort was changed")
    assert "Freeze the cohort" in page_of(analyst, f"/themes/{theme.pk}/")
    analyst.post(f"/themes/{theme.pk}/freeze/")
    done("freeze_frame")
    stale = analyst.post(f"/themes/{theme.pk}/change/", plan(name="Mine", seen="of before"))
    assert "Open cases of: Transferred in within the last 12 months" in stale.content.decode()
    analyst.post(f"/themes/{theme.pk}/draw/", typed(theme, "9", "50%"))
    done("draw_sample")
    late = analyst.post(f"/themes/{theme.pk}/change/", plan(name="Another"))
    assert late.status_code == 409
    theme.refresh_from_db()
    assert theme.name == "Moved in"


def test_a_theme_needs_a_reason_to_be_drawn_again(analyst: Client, cases: list[Case]) -> None:
    first = drawn(analyst)
    address = f"/themes/{first.theme_id}/draw/"
    assert first.theme
    refused = analyst.post(address, typed(first.theme, "2", "10%")).content.decode()
    assert "Say why the sample is drawn again" in refused
    again = typed(first.theme, "2", "3%", reason="The power failed")  # a theme's rate is its own
    assert analyst.post(address, again).status_code == 302
    done("draw_sample")
    first.refresh_from_db()
    assert first.status == "superseded"
    assert Draw.objects.get(number=102).reason == "The power failed"


def test_an_empty_cohort_is_told(analyst: Client, cases: list[Case]) -> None:
    theme = planned(analyst, open_for="240")
    analyst.post(f"/themes/{theme.pk}/freeze/")
    job = Job.objects.get(status="queued")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == "failed"
    assert "No open case is in the cohort" in job.error
    assert not SamplingFrame.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name for the theme"),
        ({"tool": "nothing"}, "Select a valid choice"),
        ({"age_from": "9", "age_to": "8"}, "The oldest age is below the youngest"),
        ({"open_for": "x"}, "Open for at least: enter a whole number from 1 to"),
        ({"opened_within": "0"}, "Opened within the last: enter a whole number from 1 to"),
        (
            {"opened_within": "3", "open_for": "6"},
            "No case opened within 3 months is open for 6",
        ),
        ({"quarter": "1999-Q1"}, "Select a valid choice"),
        ({"name": "Moved  IN"}, "has a theme of that name already"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    analyst: Client, wrong: dict[str, str], words: str
) -> None:
    planned(analyst)
    question = "Is what I typed <b>kept</b>?"
    page = analyst.post("/themes/new/", plan(**{"name": "Other", "question": question, **wrong}))
    text = page.content.decode()
    assert page.status_code == 200
    assert words in text
    assert "Is what I typed &lt;b&gt;kept&lt;/b&gt;?" in text
    assert Theme.objects.count() == 1


def test_the_hash_of_its_frame_is_shown_to_a_room_and_mailed_before_the_seed(
    analyst: Client,
    cast: Cast,
    cases: list[Case],
    as_user: AsUser,
    sent: list[list[Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    theme = planned(analyst)
    screen, mail = f"/themes/{theme.pk}/screen/", f"/themes/{theme.pk}/mail/"
    assert "No list is frozen yet." in page_of(analyst, screen)
    assert analyst.post(mail, {"roles": ["director"]}).status_code == 409
    analyst.post(f"/themes/{theme.pk}/freeze/")
    done("freeze_frame")
    frame = theme.frames.get()
    groups = " ".join(frame.sha256[at : at + 8] for at in range(0, 64, 8))
    assert groups in page_of(as_user(cast.member), screen)
    nobody = analyst.post(mail).content.decode()
    assert "Error: " in nobody
    assert "Choose at least one role" in nobody
    with django_capture_on_commit_callbacks(execute=True):
        assert analyst.post(mail, {"roles": ["director"]}).status_code == 302
    ((address, subject, path, fixed),) = sent
    assert (address, path) == (cast.director.email, screen)
    assert frame.sha256 in subject
    assert theme.name not in subject + fixed
    assert "5% of the open cases of each service, rounded up, at least 1" in fixed
    assert f"by {cast.analyst.name} to 1 person: Director" in page_of(
        analyst, f"/themes/{theme.pk}/"
    )
    analyst.post(f"/themes/{theme.pk}/draw/", typed(theme, "dice: 1 2 3", "50%"))
    done("draw_sample")
    assert "dice: 1 2 3" in page_of(analyst, screen)
    assert analyst.post(mail, {"roles": ["director"]}).status_code == 409


def test_findings_of_two_people_are_not_lost(analyst: Client, cases: list[Case]) -> None:
    theme = drawn(analyst).theme
    address = f"/themes/{theme.pk}/findings/"  # type: ignore[union-attr]
    opened = analyst.get(address).context["form"].initial["seen"]
    analyst.post(address, {"findings": "Theirs.", "seen": opened})
    page = analyst.post(address, {"findings": "Mine.", "seen": opened}).content.decode()
    assert "Somebody else changed this" in page
    assert "Theirs." in page
    assert "Mine." in page


def test_the_lines_own_tool_stays_that_of_the_sample(analyst: Client, cast: Cast) -> None:
    line = cast.riverside.service.line  # type: ignore[union-attr]
    own = published_version(line)
    themes = AuditTool.objects.create(code="a_theme", title="A theme", line=line)
    ToolVersion.objects.create(
        tool=themes, number=1, status="published", scale={}, limits=[],
        published_at=NOW, published_by=cast.lead,
    )  # fmt: skip
    assert published_version(line) == own


def test_the_list_filters_sorts_and_exports(analyst: Client, cast: Cast, cases: list[Case]) -> None:
    assert "No theme is planned yet." in page_of(analyst, "/themes/")
    name = str(drawn(analyst, rate="20%").theme)
    planned(analyst, name="A third", tool="statutory")
    following = THIS.next().label
    planned(analyst, name="Bruises", tool="statutory", quarter=following)

    def listed(query: str = "") -> list[str]:
        page = analyst.get(f"/themes/{query}")
        names = re.findall(r'href="/themes/\d+/">([^<]+)<', page.content.decode())
        export = analyst.get(page.context["export_url"]).content.decode("utf-8-sig")
        assert [row["theme"] for row in csv.DictReader(io.StringIO(export))] == names
        return names

    assert listed() == ["Bruises", "A third", name]
    assert listed(f"?quarter={following}") == ["Bruises"]
    assert listed("?state=drawn") == [name]
    assert listed("?state=planned&sort=-theme") == ["Bruises", "A third"]
    assert listed("?sort=state")[2] == name
    assert listed("?sort=quarter&state=nonsense")[2] == "Bruises"
    nothing = page_of(analyst, "/themes/?state=found")
    assert "No theme matches these filters." in nothing
    assert 'href="/themes/"' in nothing


def test_pages_take_a_fixed_number_of_queries(
    analyst: Client, cast: Cast, cases: list[Case]
) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert analyst.get(address).status_code == 200
        return len(caught)

    small = drawn(analyst, rate="20%")
    of_detail = queries(f"/themes/{small.theme_id}/")
    of_list, of_form = queries("/themes/"), queries("/themes/new/")
    big = drawn(analyst, name="Everybody", transferred_in_within="")
    planned(analyst, name="A third", tool="statutory")
    assert queries(f"/themes/{big.theme_id}/") == of_detail
    assert queries("/themes/") == of_list
    assert queries("/themes/new/") == of_form


def test_who_heads_a_service_sees_the_plan_and_no_grades(
    analyst: Client, cast: Cast, cases: list[Case], as_user: AsUser
) -> None:
    draw = drawn(analyst)
    page = page_of(as_user(cast.head), f"/themes/{draw.theme_id}/")
    assert "Moved in" in page
    assert "without an auditor" not in page
    assert "Write the findings" not in page
