"""How likely each case was to be selected: estimated by a worker, stored, and shown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from accounts.operations import MovedOn
from cases.models import ChancesOfDraw, Draw, InclusionProbability, Job
from cases.operations.chances import request_chances, store_chances
from cases.operations.draw import draw_sample, request_draw
from cases.operations.frame import freeze_frame
from cases.operations.jobs import run_job
from cases.queries.certificate import certificate, certificate_pdf
from cases.rules.quarters import Quarter
from config.launch import ROOT
from tests.cast import NOW, QUARTER, Cast, open_case, open_cases
from tests.integration.cases.test_certificate_pdf import words_of

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
PAGE = f"/quarters/{QUARTER}/draws/1/"


@pytest.fixture
def draw(cast: Cast) -> Draw:
    """One practitioner with one case and one with 29, of whom one child is restricted."""
    open_cases(28, team=cast.riverside, practitioner=cast.practitioner)
    open_case(team=cast.riverside, practitioner=cast.practitioner, restricted=True)
    open_case(team=cast.riverside, practitioner=cast.other_practitioner)
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    return draw_sample(quarter=Q3, seed="4 1 6", by=cast.analyst, now=NOW)


def test_a_draw_is_followed_by_its_chances(cast: Cast) -> None:
    open_cases(12, team=cast.riverside, practitioner=cast.practitioner)
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    asked = request_draw(quarter=Q3, frame_id=frame.pk, generate=True, by=cast.analyst, now=NOW)
    run_job(str(asked.pk))
    following = Job.objects.get(kind=Job.Kind.ESTIMATE_CHANCES)
    run_job(str(following.pk))
    following.refresh_from_db()
    assert (following.status, following.error) == ("succeeded", "")
    chances = ChancesOfDraw.objects.get()
    assert chances.simulated_draws == 5_000
    assert chances.strata == {
        "Child Protection": {
            "open": 12, "not_eligible": 0, "never": 0,
            "lowest": 0.083333, "average": 0.083333, "highest": 0.083333,
        }
    }  # fmt: skip
    assert set(chances.of_cases.values_list("probability", flat=True)) == {1 / 12}


def test_nobody_waits_for_the_chances_of_a_draw_that_was_superseded(cast: Cast, draw: Draw) -> None:
    asked = request_chances(draw=draw, by=cast.analyst, now=NOW)
    draw_sample(quarter=Q3, seed="5 2 7", reason="A list was forgotten", by=cast.analyst, now=NOW)
    run_job(str(asked.pk))
    asked.refresh_from_db()
    assert asked.status == "failed"
    assert "was drawn again, so nobody needs them" in asked.error
    assert not ChancesOfDraw.objects.exists()
    later = request_chances(draw=draw, by=cast.analyst, now=NOW + timedelta(minutes=1))
    run_job(str(later.pk))
    assert ChancesOfDraw.objects.get().draw == draw  # somebody wants them all the same


def test_every_eligible_case_has_its_chance_and_the_others_none(cast: Cast, draw: Draw) -> None:
    chances = store_chances(draw=draw, simulated_draws=50, by=cast.analyst, now=NOW)
    entries = draw.frame.entries
    assert chances.of_cases.count() == entries.filter(not_eligible="").count() == 29
    alone = InclusionProbability.objects.get(entry__practitioner=cast.other_practitioner)
    assert alone.probability == 1  # two places, two practitioners
    others = chances.of_cases.exclude(pk=alone.pk)
    assert set(others.values_list("probability", flat=True)) == {1 / 28}
    numbers = chances.strata["Child Protection"]
    assert (numbers["open"], numbers["not_eligible"], numbers["never"]) == (30, 1, 0)


def test_chances_are_estimated_once_and_stay(cast: Cast, draw: Draw) -> None:
    with pytest.raises(PermissionDenied):
        store_chances(draw=draw, by=cast.auditor, now=NOW)
    chances = store_chances(draw=draw, simulated_draws=5, by=cast.analyst, now=NOW)
    with pytest.raises(MovedOn, match="estimated already"):
        store_chances(draw=draw, by=cast.analyst, now=NOW)
    for rows in (ChancesOfDraw.objects.filter(pk=chances.pk), chances.of_cases):
        with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
            rows.update(**{rows.model._meta.fields[2].name: 1})


def test_the_page_asks_for_them_and_shows_them(cast: Cast, draw: Draw, as_user: AsUser) -> None:
    analyst, head = as_user(cast.analyst), as_user(cast.head)
    assert "Estimate the chances" in analyst.get(PAGE).content.decode()
    assert "Estimate the chances" not in head.get(PAGE).content.decode()
    asked = analyst.post(f"{PAGE}chances/")
    job = Job.objects.get()
    assert asked["Location"] == f"/jobs/{job.pk}/"
    assert analyst.post(f"{PAGE}chances/").status_code == 409  # under way
    page = analyst.get(PAGE).content.decode()
    assert "Estimate the chances" not in page
    assert f'That is under way: <a class="govuk-link" href="/jobs/{job.pk}/">' in page
    assert "That is under way." in head.get(PAGE).content.decode()
    run_job(str(job.pk))
    assert analyst.get(asked["Location"])["Location"] == f"{PAGE}#chances"
    page = " ".join(head.get(PAGE).content.decode().split())
    assert "repeating this draw with 5,000 other seeds" in page
    for shown in ("3.6%", "100.0%", "6.9%"):
        assert shown in page
    assert analyst.post(f"{PAGE}chances/").status_code == 409  # known


def test_a_case_says_how_likely_it_was(cast: Cast, draw: Draw, as_user: AsUser) -> None:
    case = draw.cases.get(entry__practitioner=cast.other_practitioner)
    analyst = as_user(cast.analyst)
    assert "Not estimated yet" in analyst.get(f"/sampled/{case.pk}/").content.decode()
    store_chances(draw=draw, simulated_draws=5, by=cast.analyst, now=NOW)
    assert "100.0%" in analyst.get(f"/sampled/{case.pk}/").content.decode()


@pytest.mark.pdf
def test_the_certificate_counts_who_had_none(cast: Cast, draw: Draw, tmp_path: Path) -> None:
    assert "chances" not in certificate(draw)
    assert "had not been estimated" in words_of(certificate_pdf(draw).pdf)
    store_chances(draw=draw, simulated_draws=20, by=cast.analyst, now=NOW)
    data = certificate(draw)
    assert data["chances"]["draws"] == 20
    assert data["chances"]["strata"]["Child Protection"]["not_eligible"] == 1
    words = words_of(certificate_pdf(draw).pdf)
    assert "1 of the open cases could not be audited: no chance" in words
    assert "Every eligible case, or one that the rules cannot tell from it, was selected" in words
    assert "between 3.6% and 100.0%" in words
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    program = [sys.executable, "-I", str(ROOT / "cases/verify_draw.py"), str(file)]
    assert "verified" in subprocess.run(program, capture_output=True, text=True, check=True).stdout
