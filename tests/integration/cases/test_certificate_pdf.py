"""The certificate in print: tagged, with every figure that a reader must compare."""

from __future__ import annotations

import io
from collections.abc import Callable

import pgtrigger
import pikepdf
import pypdf
import pytest
from django.test import Client

from accounts.models import AccessRecord, User
from accounts.operations import Refused
from cases import pdf as pdf_module
from cases.models import Draw, Service, Team
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.queries.certificate import certificate_pdf
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, Cast, open_cases

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]

AsUser = Callable[[User], Client]
PAGE = f"/quarters/{QUARTER}/draws/1/"
SEED = "dice: 4 1 6 <b>&</b> Ż"


@pytest.fixture
def draw(cast: Cast) -> Draw:
    """From every service, so that the page is as full as a council's."""
    for service in Service.objects.values_list("code", flat=True):
        open_cases(21, team=cast.riverside, service=service)
    quarter = Quarter.parse(QUARTER)
    freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    return draw_sample(quarter=quarter, seed=SEED, witnesses="Cllr Ito", by=cast.analyst, now=NOW)


def words_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_one_page_with_all_that_must_be_compared(draw: Draw) -> None:
    rendered = certificate_pdf(draw)
    assert rendered.pages == 1
    words = words_of(rendered.pdf)
    assert "Certificate of draw 2026-Q3-D1" in words
    assert draw.frame.sha256 in words
    assert draw.result_sha256 in words
    assert SEED in words
    assert "Seen by Cllr Ito." in words
    assert "126 open cases" in words
    assert "Early Help 21 21 2 2 2 0" in words
    assert "5% of the open cases of each service, rounded up, at least 1" in words
    assert "verify_draw.py 2026-Q3-D1.json" in words


@pytest.mark.parametrize("number", [30, 80])
def test_thirty_teams_fit_on_its_page_and_more_are_added_up(cast: Cast, number: int) -> None:
    teams = [Team.objects.create(name=f"Team {n:02} of the Valley") for n in range(number)]
    for team in teams:
        open_cases(3, team=team)
    quarter = Quarter.parse(QUARTER)
    freeze_frame(quarter=quarter, strata_by="team", by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=quarter, seed=SEED, by=cast.analyst, now=NOW)
    rendered = certificate_pdf(draw)
    assert rendered.pages == 1
    words = words_of(rendered.pdf)
    assert "Page 1 of 1" in words
    assert "Certificate of draw 2026-Q3-D1" in words
    for team in teams:
        assert (f"Child Protection: {team.name} 3 3 1 1 2 0" in words) == (number == 30)
    if number == 80:
        assert "those of 80 groups added up for each service: the file has each group" in words
        assert "Child Protection 240 240 80 80 160 0" in words
    assert "on this page" not in words
    assert "verify_draw.py 2026-Q3-D1.json" in words


def test_a_seed_known_too_early_or_seen_by_nobody_is_said(cast: Cast) -> None:
    open_cases(25, team=cast.riverside)
    quarter = Quarter.parse(QUARTER)
    freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=quarter, seed="1", seed_committed=False, by=cast.analyst, now=NOW)
    words = words_of(certificate_pdf(draw).pdf)
    assert "Seed: what decided, known before the list was fixed" in words
    assert "Not committed: this seed was known before the frame was frozen" in words
    assert "Not witnessed: nobody is recorded who saw this seed made" in words


def test_hostile_words_change_nothing_beside_them(cast: Cast) -> None:
    open_cases(25, team=cast.riverside, service="child_protection")
    Service.objects.filter(code="child_protection").update(name="</td></table>\u202eecivreS")
    quarter = Quarter.parse(QUARTER)
    freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    draw_sample(quarter=quarter, seed="1", by=cast.analyst, now=NOW)
    draw = draw_sample(
        quarter=quarter,
        seed='<img src="http://127.0.0.1:9/x.png">' + "W" * 100,
        witnesses="\u202eotI rllC " + "M" * 250,
        reason="<style>*{display:none}</style> " + "R" * 400,
        by=cast.analyst,
        now=NOW,
    )
    rendered = certificate_pdf(draw)
    assert rendered.pages <= 2
    words = words_of(rendered.pdf)
    assert "SHA-256 of the result" in words
    squeezed = "".join(words.split())
    for typed in ('<imgsrc="http://127.0.0.1:9/x.png">', "<style>*{display:none}</style>"):
        assert typed in squeezed
    assert "</td></table>" in squeezed
    assert "otI rllC" in words  # as it was typed, not turned round
    assert draw.result_sha256 in squeezed


def test_it_is_tagged_titled_and_in_english(draw: Draw) -> None:
    with pikepdf.open(io.BytesIO(certificate_pdf(draw).pdf)) as pdf:
        assert str(pdf.Root.Lang) == "en-GB"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert "/StructTreeRoot" in pdf.Root
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        title = str(pdf.docinfo["/Title"])
        assert title == "Certificate of draw 2026-Q3-D1, Northmoor County Council"


def test_the_same_draw_gives_the_same_bytes(draw: Draw) -> None:
    assert certificate_pdf(draw).pdf == certificate_pdf(draw).pdf


def test_it_is_downloaded_and_logged(draw: Draw, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.lead)
    assert f"{PAGE}certificate.pdf" in client.get(PAGE).content.decode()
    answer = client.get(f"{PAGE}certificate.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert 'filename="2026-Q3-D1.pdf"' in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")
    assert AccessRecord.objects.filter(what="draw", reference="2026-Q3-D1").count() == 1


def test_no_certificate_for_what_was_changed_behind_our_back(
    draw: Draw, cast: Cast, as_user: AsUser
) -> None:
    with pgtrigger.ignore("cases.Draw:drawn_is_drawn"):
        Draw.objects.update(seed="another")
    answer = as_user(cast.analyst).get(f"{PAGE}certificate.pdf")
    assert answer.status_code == 409
    assert "is not what its frame and seed give" in answer.content.decode()
    assert not AccessRecord.objects.exists()


def test_a_machine_without_pango_says_what_is_missing(
    draw: Draw, cast: Cast, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise Refused(pdf_module.PANGO_MISSING)

    monkeypatch.setattr(pdf_module, "_weasyprint", missing)
    answer = as_user(cast.analyst).get(f"{PAGE}certificate.pdf")
    assert answer.status_code == 409
    assert "libpango" in answer.content.decode()
