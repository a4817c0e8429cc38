"""The performance team's pages, through the HTTP client."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import AccessRecord, User
from accounts.operations import Refused
from accounts.roles import Role
from audits.operations.tools import install_shipped_tools
from cases.models import (
    Allocation,
    AuditQuarter,
    Draw,
    Grader,
    Job,
    Replacement,
    SampledCase,
    SamplingFrame,
)
from cases.operations.draw import draw_sample, request_draw
from cases.operations.frame import freeze_frame
from cases.operations.jobs import run_job
from cases.operations.replacement import request_replacement
from cases.queries.calendar import local_date
from cases.queries.quarters import offered_quarters
from cases.rules.quarters import Quarter
from cases.views import drawing
from tests.cast import NOW, QUARTER, Cast, open_case, open_cases, person

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
QUARTER_PAGE = f"/quarters/{QUARTER}/"
DRAW_FORM = f"/quarters/{QUARTER}/draw/"
AN_HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any]]]:
    """What workers were asked to do; nobody does it."""
    tasks: list[tuple[str, list[Any]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: tasks.append((name, args)))
    return tasks


@pytest.fixture
def client(cast: Cast, as_user: AsUser) -> Client:
    """The performance analyst's browser."""
    return as_user(cast.analyst)


@pytest.fixture
def frozen(cast: Cast) -> None:
    open_cases(60, team=cast.riverside, practitioner=cast.practitioner)
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)


@pytest.fixture
def draw(cast: Cast, frozen: None) -> Draw:
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return draw_sample(
        quarter=Q3, seed="dice: 4 1 6", witnesses="Cllr Ito", by=cast.analyst, now=NOW
    )


@pytest.fixture
def case(draw: Draw) -> SampledCase:
    return draw.cases.filter(status="drawn").order_by("rank")[0]


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return str(response.content.decode())


def posted(client: Client, address: str, status: int = 200, **data: object) -> str:
    response = client.post(address, data)
    assert response.status_code == status
    return str(response.content.decode())


def typed(**changed: object) -> dict[str, Any]:
    """What is typed into the form that draws, of the frame that its page shows."""
    frame = SamplingFrame.objects.filter(status="frozen", theme=None).first()
    given = {"seed": "dice", "rate": "5%", "witnesses": "Cllr Ito"}
    return {"frame": frame.pk if frame else "", **given, **changed}


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def do_job() -> Job:
    job = Job.objects.get(status="queued")
    run_job(str(job.pk))
    job.refresh_from_db()
    return job


# Quarters


def test_the_current_and_the_next_quarter_are_offered_before_they_exist(client: Client) -> None:
    following, current = offered_quarters(local_date(timezone.now()))
    assert current.ends < following.starts
    page = text(client, "/quarters/")
    for quarter in (current, following):
        assert f'href="/quarters/{quarter.label}/"' in page
        assert quarter.name in text(client, f"/quarters/{quarter.label}/")
    assert not AuditQuarter.objects.exists()


@pytest.mark.parametrize("label", ["1999-Q1", "2026-q3", "2026-Q5", "soon"])
def test_other_quarters_are_not_there(client: Client, draw: Draw, label: str) -> None:
    text(client, f"/quarters/{label}/", 404)
    text(client, f"/quarters/{label}/frame/", 404)


def test_the_next_thing_to_do_comes_first(cast: Cast, client: Client, as_user: AsUser) -> None:
    AuditQuarter.objects.create(label=QUARTER, starts_on=Q3.starts, ends_on=Q3.ends)
    assert "Upload a list of open cases" in text(client, QUARTER_PAGE)
    open_cases(60, team=cast.riverside)
    assert "Freeze the sampling frame" in text(client, QUARTER_PAGE)
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    assert "Draw the sample" in text(client, QUARTER_PAGE)
    draw_sample(quarter=Q3, seed="s", by=cast.analyst, now=NOW)
    page = text(client, QUARTER_PAGE)
    assert "3 drawn cases have no auditor" in page
    assert "0 of 3" in page
    assert "status=drawn#cases" in page
    assert f'href="{DRAW_FORM}">Draw again' in page
    for_the_director = text(as_user(cast.director), QUARTER_PAGE)
    assert "Give the cases to auditors" not in for_the_director
    assert "Draw again" not in for_the_director


def test_the_lists_ask_as_much_for_one_row_as_for_thirty(cast: Cast, client: Client) -> None:
    asked: list[dict[str, int]] = []
    for quarter, more, rate in ((Q3, 20, Fraction(1, 20)), (Q3.previous(), 30, Fraction(3, 5))):
        open_cases(more, team=cast.riverside, practitioner=cast.practitioner)
        freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
        draw = draw_sample(quarter=quarter, seed="s", rate=rate, by=cast.analyst, now=NOW)
        for one in draw.cases.filter(status="drawn"):
            request_replacement(
                sampled_case=one, reason="in_court", explanation="", by=cast.analyst, now=NOW
            )
        root = f"/quarters/{quarter.label}/"
        pages = {
            "quarters": "/quarters/",
            "quarter": root,
            "draw": f"{root}draws/1/",
            "allocation": f"{root}allocation/",
            "replacements": "/replacements/",
        }
        asked.append({name: queries(client, page) for name, page in pages.items()})
    assert Replacement.objects.count() == 1 + 30
    assert asked[0] == asked[1]


# The frame


def test_the_frame_is_frozen_by_a_worker(cast: Cast, client: Client) -> None:
    page = f"{QUARTER_PAGE}frame/"
    AuditQuarter.objects.create(label=QUARTER, starts_on=Q3.starts, ends_on=Q3.ends)
    assert "There is no open case to freeze" in posted(client, f"{page}freeze/")
    open_cases(20, team=cast.riverside)
    open_case(opened_on=NOW.date())
    response = client.post(f"{page}freeze/")
    assert response["Location"] == reverse("cases:job_detail", args=[Job.objects.get().pk])
    assert "See how far it is" in text(client, QUARTER_PAGE)
    assert do_job().status == "succeeded"
    assert client.get(response["Location"])["Location"] == QUARTER_PAGE

    shown = text(client, page)
    sha256 = AuditQuarter.objects.get().frames.get().sha256
    assert sha256 in shown
    assert "Publish this hash before the seed exists" in shown
    assert "21 cases without a practitioner" in shown
    assert "1 case without a team" in shown
    assert "Opened recently" in shown
    assert "Say why the frame is frozen again" in posted(client, f"{page}freeze/")
    posted(client, f"{page}freeze/", 302, reason="A list was missing")


def test_who_may_only_look_sees_no_form(cast: Cast, as_user: AsUser, frozen: None) -> None:
    page = text(as_user(cast.head), f"{QUARTER_PAGE}frame/")
    assert 'action="/quarters' not in page
    assert "Freeze again" not in page


# The draw


def test_a_draw_without_a_frame_is_explained(cast: Cast, client: Client) -> None:
    AuditQuarter.objects.create(label=QUARTER, starts_on=Q3.starts, ends_on=Q3.ends)
    assert "There is no frozen frame" in text(client, DRAW_FORM)
    page = posted(client, DRAW_FORM, **typed())
    assert "Freeze the sampling frame of Q3 2026/27 first" in page
    assert 'value="dice"' in page
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("seed", "rate", "field", "words"),
    [
        ("dice", "4.99%", "rate", "The frame was frozen with 5%: the rate cannot be lower"),
        ("Made by the system: 1", "5%", "seed", "stands before seeds that this software has made"),
        ("dice", "0%", "rate", "at 0% no case would ever be audited"),
        ("dice", "200%", "rate", "cannot be more than 100%"),
        ("dice", "many", "rate", "is not a sampling rate"),
        ("dice", "", "rate", "Enter the sampling rate"),
        ("", "5%", "seed", "Enter a seed"),
        ("   ", "5%", "seed", "Enter a seed"),
    ],
)
def test_mistakes_are_said_at_their_field(
    client: Client, frozen: None, seed: str, rate: str, field: str, words: str
) -> None:
    page = posted(client, DRAW_FORM, **typed(seed=seed, rate=rate))
    assert words in page
    assert f'href="#id_{field}"' in page
    assert f'id="id_{field}-error"' in page
    assert "<title>Error: " in page
    assert 'value="Cllr Ito"' in page
    assert not Job.objects.exists()


def test_the_sample_is_drawn_by_a_worker(client: Client, frozen: None) -> None:
    assert 'value="5%"' in text(client, DRAW_FORM)
    posted(client, DRAW_FORM, 302, **typed(seed="dice: 4", rate="10%"))
    assert do_job().status == "succeeded"
    draw = Draw.objects.get()
    assert draw.cases.filter(role="selected").count() == 6
    page = text(client, f"{QUARTER_PAGE}draws/1/")
    for words in ("dice: 4", "Rate 10%", "Seen by Cllr Ito", "The frame was frozen before"):
        assert words in page
    assert draw.result_sha256 in page


def test_a_page_from_before_a_second_draw_makes_no_third(
    client: Client, draw: Draw, cast: Cast
) -> None:
    """Its reason was given for taking the place of the first draw, which nobody sees any more."""
    second = draw_sample(quarter=Q3, seed="2 2", reason="A die fell", by=cast.analyst, now=NOW)
    stale = typed(seed="my own", reason="A die fell down", stands=draw.pk)
    page = posted(client, DRAW_FORM, 409, **stale)
    assert f"Draw {second.reference} was made by Ana Lyst after you opened the page" in page
    assert 'value="my own"' in page
    assert "A die fell down" in page
    assert f'name="stands" value="{second.pk}"' in page
    posted(client, DRAW_FORM, 302, **typed(seed="my own", reason="Once more", stands=second.pk))


def test_the_frame_says_which_service_has_no_open_case(client: Client, frozen: None) -> None:
    """A list that was forgotten shows by it."""
    page = text(client, f"{QUARTER_PAGE}frame/")
    said = page.partition("Without any open case: ")[2].partition(". Is a list missing?")[0]
    assert said == "Looked After, Child in Need, Assessment, Care Leavers, Early Help"


def test_a_page_from_before_a_second_frame_freezes_no_third(
    client: Client, frozen: None, cast: Cast
) -> None:
    first = SamplingFrame.objects.get()
    address = f"{QUARTER_PAGE}frame/"
    assert f'name="stands" value="{first.pk}"' in text(client, address)
    freeze_frame(quarter=Q3, reason="A list was missing", by=cast.analyst, now=NOW)
    stale = posted(client, f"{address}freeze/", 409, reason="A list was missing", stands=first.pk)
    assert "Frame 2 of Q3 2026/27 was frozen by Ana Lyst after you opened the page" in stale
    assert not Job.objects.exists()


def test_a_seed_that_was_entered_before_the_freeze_is_refused_though_nothing_came_of_it(
    client: Client, frozen: None, cast: Cast
) -> None:
    refused = posted(client, DRAW_FORM, 200, **typed(seed="8 8 8 1", witnesses=""))
    assert "Error: " in refused
    posted(client, DRAW_FORM, 200, **typed(seed="", witnesses=""))  # nothing was entered
    freeze_frame(quarter=Q3, reason="A list was missing", by=cast.analyst, now=timezone.now())
    page = posted(client, DRAW_FORM, 200, **typed(seed="8 8 8 1"))
    assert "This seed was entered before the frame was frozen" in page
    posted(client, DRAW_FORM, 302, **typed(seed="8 8 8 2"))


def test_a_page_from_before_a_second_draw_allocates_nothing(
    client: Client, draw: Draw, cast: Cast
) -> None:
    address = f"{QUARTER_PAGE}allocation/"
    assert f'name="draw" value="{draw.pk}"' in text(client, address)
    second = draw_sample(quarter=Q3, seed="2 2", reason="A die fell", by=cast.analyst, now=NOW)
    stale = posted(client, f"{address}allocate/", 409, draw=draw.pk)
    assert f"{second.reference} was drawn by Ana Lyst after you opened the page" in stale
    assert not Allocation.objects.exists()


def test_a_page_from_before_the_draw_freezes_nothing(
    client: Client, draw: Draw, cast: Cast
) -> None:
    """Freezing again means another thing once a sample is drawn."""
    address = f"{QUARTER_PAGE}frame/"
    before = {"reason": "A list was missing", "stands": draw.frame_id}
    stale = posted(client, f"{address}freeze/", 409, **before)
    assert f"{draw.reference} was drawn by Ana Lyst after you opened the page" in stale
    assert not Job.objects.filter(kind=Job.Kind.FREEZE_FRAME).exists()
    assert f'name="drawn" value="{draw.pk}"' in text(client, address)
    posted(client, f"{address}freeze/", 302, **before, drawn=draw.pk)


def test_who_draws_second_is_told_and_keeps_what_was_typed(
    client: Client, draw: Draw, cast: Cast
) -> None:
    page = posted(client, DRAW_FORM, **typed(seed="my own"))
    assert "Say why the sample is drawn again" in page
    assert "dice: 4 1 6" in page
    assert 'value="my own"' in page
    posted(client, DRAW_FORM, 302, **typed(seed="my own", reason="A die fell down"))
    do_job()
    old = text(client, f"{QUARTER_PAGE}draws/1/")
    assert "Superseded on" in old
    assert "A die fell down" in text(client, f"{QUARTER_PAGE}draws/2/")


def test_a_typed_seed_names_who_saw_it_made(client: Client, frozen: None) -> None:
    page = posted(client, DRAW_FORM, **typed(witnesses=" "))
    assert "Enter the names of those who saw the seed made" in page
    assert 'value="dice"' in page
    assert not Job.objects.exists()


def test_a_seed_typed_for_an_earlier_frame_is_not_used(
    cast: Cast, client: Client, frozen: None
) -> None:
    """A form that was opened before the list was frozen again: the seed was known before it."""
    opened = typed(seed="5 5 1", rate="6%")
    freeze_frame(quarter=Q3, reason="A list was missing", by=cast.analyst, now=NOW)
    for stale in (opened, {**opened, "frame": ""}, {**opened, "frame": "²"}):
        page = posted(client, DRAW_FORM, 409, **stale)
        assert "proves nothing: make another" in page
        assert "5 5 1" not in page
        assert 'value="6%"' in page
    assert f'name="frame" value="{SamplingFrame.objects.latest("pk").pk}"' in page
    assert not Job.objects.exists()
    posted(client, DRAW_FORM, 302, **typed(seed="5 5 2"))
    assert do_job().status == "succeeded"
    assert Draw.objects.get().seed_made == "typed"


def test_no_frame_is_frozen_nor_its_hash_mailed_while_its_seed_is_with_a_worker(
    client: Client, frozen: None
) -> None:
    posted(client, DRAW_FORM, 302, **typed())
    address = f"{QUARTER_PAGE}frame/freeze/"
    assert "is under way with its seed" in posted(client, address, 409, reason="A list was missing")
    assert "is under way with its seed" in posted(
        client, f"{QUARTER_PAGE}frame/mail/", 409, roles=["director"]
    )
    assert SamplingFrame.objects.count() == 1


def test_nothing_is_drawn_from_a_frame_that_is_being_frozen_again(
    client: Client, frozen: None
) -> None:
    posted(client, f"{QUARTER_PAGE}frame/freeze/", 302, reason="A list was missing")
    assert "is being frozen again" in posted(client, DRAW_FORM, 409, **typed())


def test_trying_again_does_not_take_an_old_seed_to_a_new_frame(
    cast: Cast, client: Client, frozen: None
) -> None:
    """A job that failed is tried again with what it was asked: from its frame or not at all."""
    posted(client, DRAW_FORM, 302, **typed(seed="5 5 1"))
    job = Job.objects.get()
    Job.objects.update(status="failed", error="The power failed", finished_at=timezone.now())
    freeze_frame(
        quarter=Q3, reason="A list was missing", by=cast.analyst, now=timezone.now() + AN_HOUR
    )
    posted(client, f"/jobs/{job.pk}/try-again/", 302)
    again = do_job()
    assert again.status == "failed"
    assert "proves nothing: make another" in again.error
    page = posted(client, DRAW_FORM, **typed(seed="5 5 1"))
    assert "This seed was entered before the frame was frozen" in page
    assert not Draw.objects.exists()


def test_a_draw_made_while_the_form_was_sent(
    client: Client, frozen: None, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form was checked before the other draw was there: 409, the words, and the reason."""

    def late(**kwargs: Any) -> Job:
        draw_sample(quarter=Q3, seed="theirs", by=cast.analyst, now=NOW)
        return request_draw(**kwargs)

    monkeypatch.setattr(drawing, "request_draw", late)
    page = posted(client, DRAW_FORM, 409, **typed(seed="mine"))
    assert "was already drawn by Ana Lyst with the seed “theirs”" in page
    assert 'value="mine"' in page
    assert 'name="reason"' in page


def test_the_cases_are_filtered_and_counted_by_state(client: Client, draw: Draw) -> None:
    page = f"{QUARTER_PAGE}draws/1/"
    assert "5 cases" in text(client, page)
    assert "3 cases" in text(client, f"{page}?status=drawn")
    assert "2 cases" in text(client, f"{page}?role=reserve")
    assert "No case that you may see matches" in text(client, f"{page}?status=audited")
    assert "5 cases" in text(client, f"{page}?status=rubbish")


def test_a_head_of_service_sees_the_cases_of_their_own_services(
    cast: Cast, as_user: AsUser, draw: Draw, case: SampledCase
) -> None:
    page = f"{QUARTER_PAGE}draws/1/"
    assert "5 cases" in text(as_user(cast.head), page)
    assert "No case that you may see" in text(as_user(cast.other_head), page)
    text(as_user(cast.other_head), f"/sampled/{case.pk}/", 404)


def test_downloads_are_logged_and_name_no_child_but_in_the_list(
    cast: Cast, client: Client, draw: Draw, case: SampledCase
) -> None:
    child = case.entry.child.local_id
    rows = b"".join(client.get(f"{QUARTER_PAGE}draws/1/cases.csv?role=selected")).decode()
    assert child in rows
    assert len(rows.splitlines()) == 1 + 3
    response = client.get(f"{QUARTER_PAGE}draws/1/certificate.json")
    assert json.loads(response.content)["seed"] == "dice: 4 1 6"
    assert child not in response.content.decode()
    assert child not in text(client, f"{QUARTER_PAGE}draws/1/")
    logged = AccessRecord.objects.filter(user=cast.analyst).values_list("what", "reference")
    assert set(logged) == {("sampled cases", f"{QUARTER}-D1"), ("draw", f"{QUARTER}-D1")}


# One case


def test_a_sampled_case_shows_the_child_and_logs_it(
    cast: Cast, client: Client, case: SampledCase
) -> None:
    page = text(client, f"/sampled/{case.pk}/")
    child = case.entry.child.local_id
    assert child in page
    assert child not in page.partition("</title>")[0]
    assert "Pat Titioner" in page
    logged = AccessRecord.objects.get()
    assert (logged.kind, logged.user) == ("read", cast.analyst)
    assert child not in logged.reference


def test_asking_for_a_replacement_and_deciding(
    cast: Cast, client: Client, as_user: AsUser, case: SampledCase,
    django_capture_on_commit_callbacks: Any,
    sent: list[tuple[str, list[Any]]],
) -> None:  # fmt: skip
    form = f"/sampled/{case.pk}/replacement/"
    assert form in text(client, f"/sampled/{case.pk}/")
    assert "Choose why the case cannot be audited" in posted(client, form)
    for nothing in ("", "."):
        assert "Explain the reason" in posted(client, form, reason="other", explanation=nothing)
    with django_capture_on_commit_callbacks(execute=True):
        posted(client, form, 302, reason="in_court", explanation="Hearing on Friday.")
    asked = Replacement.objects.get()
    assert form not in text(client, f"/sampled/{case.pk}/")  # one is waiting
    page = f"/replacements/{asked.pk}/"
    subject = f"A replacement in {QUARTER}-D1 waits for your decision"
    assert sent == [("accounts.tasks.mail_notice", [cast.lead.email, subject, page])]
    assert "somebody else must decide" in text(client, page)

    lead = as_user(cast.lead)
    assert "Hearing on Friday." in text(lead, page)
    for nothing in ("", "."):
        told = posted(lead, f"{page}decide/", decision="refuse", note=nothing)
        assert "Say why you refuse" in told
    posted(lead, f"{page}decide/", 302, decision="approve", note="Agreed.")
    case.refresh_from_db()
    assert case.status == "replaced"
    assert "Approved" in text(client, page)
    posted(lead, f"{page}decide/", 409, decision="refuse", note="No.")
    counts = text(client, QUARTER_PAGE)
    assert "Replacements by reason and team" in counts
    assert "In court or under inquiry" in counts


def test_a_case_that_no_reserve_takes_the_place_of_is_a_shortfall(
    cast: Cast, client: Client, as_user: AsUser, draw: Draw, case: SampledCase
) -> None:
    draw.cases.filter(role="reserve").update(status="cancelled")
    asked = request_replacement(
        sampled_case=case, reason="other", explanation="With a partner.", by=cast.analyst, now=NOW
    )
    lead, page = as_user(cast.lead), f"/replacements/{asked.pk}/"
    assert "joins the sample, where one is left" in text(lead, page)
    posted(lead, f"{page}decide/", 302, decision="approve", note="")
    assert f"No reserve of {case.stratum} was left" in text(lead, page)
    shown = text(client, f"{QUARTER_PAGE}draws/1/")
    assert "1 short since: left the sample, and no reserve took the place" in shown
    assert "Another reason: With a partner." in text(client, f"/sampled/{case.pk}/")
    overview = text(client, QUARTER_PAGE)
    assert "The sample is 1 case short: no reserve took the place of what left it." in overview
    # So is a case that made room for the same child elsewhere; a reserve that nobody took is not.
    left = draw.cases.exclude(pk=case.pk).filter(role="selected")[0]
    SampledCase.objects.filter(pk=left.pk).update(status="cancelled")
    assert "The sample is 2 cases short" in text(client, QUARTER_PAGE)


def test_a_text_that_is_too_long_has_one_error_and_is_kept(
    client: Client, case: SampledCase
) -> None:
    long = "With a partner. " * 126
    told = posted(client, f"/sampled/{case.pk}/replacement/", reason="other", explanation=long)
    assert "at most 2000 characters" in told
    assert "Explain the reason in your own words" not in told
    assert long.strip() in told


def test_a_refused_decision_loses_nothing(cast: Cast, as_user: AsUser, case: SampledCase) -> None:
    asked = request_replacement(
        sampled_case=case, reason="in_court", explanation="", by=cast.analyst, now=NOW
    )
    cast.manager.groups.set(cast.lead.groups.all())
    page = posted(
        as_user(cast.manager),
        f"/replacements/{asked.pk}/decide/",
        decision="approve",
        note="It is fine by me.",
    )
    assert "You are in the line of this case" in page
    assert "It is fine by me." in page
    asked.refresh_from_db()
    assert asked.status == "requested"


# Auditors


def test_allocation_says_who_gets_none_and_why(cast: Cast, client: Client, draw: Draw) -> None:
    page = f"{QUARTER_PAGE}allocation/"
    Grader.objects.filter(user=cast.auditor).update(team=cast.riverside)
    Grader.objects.filter(user=cast.other_auditor).update(capacity=1)
    shown = text(client, page)
    assert "1 case can be given" in shown
    assert "2 cases have nobody" in shown
    assert "of its team" in shown
    told = client.post(f"{page}allocate/", follow=True).content.decode()
    assert "1 case was given to auditors. 2 still have no auditor" in told
    Grader.objects.update(capacity=9, team=cast.audit_team)
    told = client.post(f"{page}allocate/", follow=True).content.decode()
    assert "2 cases were given to auditors." in told
    assert "Every case of draw 1 has an auditor" in told
    assert draw.cases.filter(status="allocated").count() == 3


def test_cases_of_an_auditor_who_left_are_not_allocated(
    cast: Cast, client: Client, as_user: AsUser, draw: Draw
) -> None:
    page = f"{QUARTER_PAGE}allocation/"
    Grader.objects.filter(user=cast.auditor).update(capacity=2)
    Grader.objects.filter(user=cast.other_auditor).update(capacity=1)
    client.post(f"{page}allocate/")
    User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
    shown = text(client, page)
    assert "2 cases to give to somebody else" in shown
    assert shown.count("They are no longer active here.") == 2
    assert "has an auditor" not in shown
    cases = draw.cases.filter(allocations__auditor=cast.auditor)
    assert all(f'href="/sampled/{case.pk}/auditor/"' in shown for case in cases)
    overview = text(client, QUARTER_PAGE)
    assert "1 of 3" in overview
    assert "2 cases are with an auditor who cannot grade them any more" in overview
    assert f'href="{page}">Give to somebody else' in overview
    assert "Give to somebody else" not in text(as_user(cast.director), QUARTER_PAGE)
    asked = (queries(client, page), queries(client, QUARTER_PAGE))
    cast.other_auditor.groups.clear()
    assert "They have no role that grades any more." in text(client, page)
    assert "0 of 3" in text(client, QUARTER_PAGE)
    User.objects.filter(pk=cast.auditor.pk).update(is_active=True)
    cast.other_auditor.groups.set(cast.auditor.groups.all())
    assert (queries(client, page), queries(client, QUARTER_PAGE)) == asked
    assert "Every case of draw 1 has an auditor" in text(client, page)
    assert "3 of 3" in text(client, QUARTER_PAGE)


def test_auditors_of_whom_no_capacity_is_recorded_are_listed(
    cast: Cast, client: Client, draw: Draw
) -> None:
    person("Nora Capacity", Role.AUDITOR)
    page = text(client, f"{QUARTER_PAGE}allocation/")
    assert "Nora Capacity" in page
    assert "No capacity recorded" in page


def test_without_any_tool_the_page_says_so_and_nothing_breaks(
    cast: Cast, client: Client, frozen: None
) -> None:
    draw_sample(quarter=Q3, seed="dice: 4 1 6", by=cast.analyst, now=NOW)
    told = client.post(f"{QUARTER_PAGE}allocation/allocate/", follow=True)
    assert told.status_code == 200
    assert "There is no published audit tool" in told.content.decode()


def test_what_is_refused_while_cases_are_given_out_is_said(
    client: Client, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise Refused("Another audit of this child was made just now.")

    monkeypatch.setattr("cases.views.quarters.allocate_quarter", refuse)
    told = client.post(f"{QUARTER_PAGE}allocation/allocate/", follow=True)
    assert "No case was allocated. Another audit of this child" in told.content.decode()


def test_of_a_case_that_cannot_be_given_out_that_alone_is_said(cast: Cast, client: Client) -> None:
    open_case()
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw_sample(quarter=Q3, seed="s", by=cast.analyst, now=NOW)
    page = text(client, f"{QUARTER_PAGE}allocation/")
    assert "It cannot be allocated before its practitioner and its team are known." in page
    assert "declare any conflict" not in page


def test_by_hand_only_independent_auditors_can_be_chosen(
    cast: Cast, client: Client, case: SampledCase
) -> None:
    form = f"/sampled/{case.pk}/auditor/"
    Grader.objects.filter(user=cast.auditor).update(team=cast.riverside)
    page = text(client, form)
    assert f'<option value="{cast.auditor.pk}"' not in page
    assert f'<option value="{cast.other_auditor.pk}"' in page
    assert "The case is of their own team." in page
    refused = posted(client, form, auditor=cast.auditor.pk, reason="Because")
    assert "others may not grade this case" in refused
    assert "Because" in refused
    for nothing in ("", "."):
        told = posted(client, form, auditor=cast.other_auditor.pk, reason=nothing)
        assert "Say why you choose" in told
    posted(client, form, 302, auditor=cast.other_auditor.pk, reason="Knows the tool")
    shown = text(client, f"/sampled/{case.pk}/")
    assert "Given to Otto Tor by hand" in shown
    assert "Knows the tool" in shown


def test_a_choice_from_an_old_page_does_not_undo_somebody_elses(
    cast: Cast,
    client: Client,
    case: SampledCase,
    sent: list[tuple[str, list[Any]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    form = f"/sampled/{case.pk}/auditor/"
    chosen = {"auditor": cast.auditor.pk, "reason": "Knows the tool", "stands": 0}
    posted(client, form, 302, **{**chosen, "auditor": cast.other_auditor.pk})
    told = posted(client, form, 409, **chosen)
    assert "Somebody changed this after the page was opened: Otto Tor has this case now" in told
    assert "Knows the tool" in told
    live = case.allocations.get(ended_at=None)
    assert f'name="stands" value="{live.pk}"' in told
    with django_capture_on_commit_callbacks(execute=True):
        posted(client, form, 302, **{**chosen, "stands": live.pk})
    told_of = {args[0]: args[1] for _, args in sent}
    assert "is not with you any more" in told_of[cast.other_auditor.email]
    assert "is with you" in told_of[cast.auditor.email]


def test_what_was_written_of_a_case_that_left_the_sample_is_shown(
    cast: Cast, client: Client, case: SampledCase
) -> None:
    SampledCase.objects.filter(pk=case.pk).update(status="not_auditable")
    chosen = {"auditor": cast.auditor.pk, "reason": "Knows the tool", "stands": 0}
    told = posted(client, f"/sampled/{case.pk}/auditor/", 409, **chosen)
    assert "This case has moved on" in told
    assert "What you wrote" in told
    assert "Knows the tool" in told


def test_allocated_leads_whoever_gives_out_none_to_the_allocated(
    cast: Cast, client: Client, as_user: AsUser, case: SampledCase
) -> None:
    form = f"/sampled/{case.pk}/auditor/"
    posted(client, form, 302, auditor=cast.auditor.pk, reason="Knows the tool", stands=0)
    lead = as_user(cast.lead)
    given = f"{QUARTER_PAGE}draws/1/?status=given"
    page = text(lead, QUARTER_PAGE)
    assert f"{given}#cases" in page
    assert "1 of 3" in page
    assert "1 case" in text(lead, given)


def test_a_heads_numbers_lead_to_no_list_that_holds_less(
    cast: Cast, client: Client, as_user: AsUser, draw: Draw
) -> None:
    for page in ("/quarters/", QUARTER_PAGE):
        sample = f"{QUARTER_PAGE}draws/1/?status=sample#cases"
        assert sample in text(client, page)
        assert sample not in text(as_user(cast.head), page)
    shown = text(client, f"{QUARTER_PAGE}draws/1/?status=sample")
    assert "3 cases" in shown
    frame = f"{QUARTER_PAGE}frame/"
    listed = f'href="{QUARTER_PAGE}frames/1/cases/?stratum='
    assert listed in text(client, frame)
    assert listed not in text(as_user(cast.head), frame)


def test_by_hand_an_auditor_can_be_given_more_than_they_have_time_for(
    cast: Cast, client: Client, case: SampledCase
) -> None:
    """Whoever chooses has seen it, and says why."""
    form = f"/sampled/{case.pk}/auditor/"
    Grader.objects.filter(user=cast.auditor).update(capacity=0)
    assert "(0 of 0 given this quarter: no time left)" in text(client, form)
    posted(client, form, 302, auditor=cast.auditor.pk, reason="Offered to do one more")


def test_nobody_is_offered_for_a_case_that_cannot_be_given_yet(cast: Cast, client: Client) -> None:
    open_case()
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw_sample(quarter=Q3, seed="s", by=cast.analyst, now=NOW)
    page = text(client, f"/sampled/{SampledCase.objects.get().pk}/auditor/")
    assert "Nobody can be given this case yet." in page
    assert "<option" not in page


def test_seed_can_be_made_by_the_system_and_says_so(client: Client, frozen: None) -> None:
    page = posted(client, DRAW_FORM, **typed(generate="on"))
    assert "Either enter a seed, or have one made here" in page
    posted(client, DRAW_FORM, 302, **typed(seed="", witnesses="", generate="on"))
    do_job()
    first = Draw.objects.get()
    assert re.fullmatch("made by the system: [0-9a-f]{32}", first.seed)
    assert do_job().kind == "estimate_chances"
    again = typed(seed="", witnesses="", generate="on", reason="Power cut")
    posted(client, DRAW_FORM, 302, **again)
    do_job()
    assert Draw.objects.latest("number").seed != first.seed


@pytest.mark.parametrize("label", ["%00", "2026-Q3%00", "2026-Q5", "2026-q3", "now"])
@pytest.mark.parametrize(
    "rest", ["", "draws/1/", "draws/1/cases.csv", "frames/1/cases/", "frame/", "allocation/"]
)
def test_an_address_of_what_is_no_quarter_leads_nowhere(
    cast: Cast, as_user: AsUser, label: str, rest: str
) -> None:
    assert as_user(cast.analyst).get(f"/quarters/{label}/{rest}").status_code == 404
