"""The PDF: tagged, titled, with its fonts, the same bytes twice; made by a job and by a command."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from cases.models import Job, Service, Team, Theme
from cases.operations.jobs import run_job
from cases.pdf import OutsideTheProject, static_file
from reports.models import CommitteeReport, IssuedReport
from reports.operations import create_report, render_report, save_words, start_rendering
from reports.queries import latest_issue
from reports.rendering import Words, render_pdf
from tests.cast import NOW, QUARTER, Cast
from tests.integration.reports import world
from tests.integration.reports.world import World

pytestmark = pytest.mark.pdf
HOSTILE = (
    '<script>alert(1)</script> <img src="http://example.test/x.png"> '
    '<link rel="stylesheet" href="file:///etc/passwd"> {{ council }} & “quoted”'
)


@pytest.fixture
def council(cast: Cast) -> World:
    return world.build(cast)


@pytest.fixture
def report(council: World) -> CommitteeReport:
    report = create_report(quarter=council.now_quarter, by=council.cast.analyst, now=NOW)
    save_words(
        report=report, narrative=HOSTILE, next_steps="Train supervisors.", version=1,
        by=council.cast.analyst, now=NOW,
    )  # fmt: skip
    return render_report(report=report, by=council.cast.analyst, now=NOW)


def issued(report: CommitteeReport, edition: str) -> bytes:
    issue = latest_issue(report, edition)
    assert issue
    return bytes(issue.pdf)


def words_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def fonts_of(pdf: pikepdf.Pdf) -> dict[str, bool]:
    """Each font's name, and whether its file is inside."""
    found = {}
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor":
            inside = any(key in item for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            found[str(item.FontName)] = inside
    return found


def alt_texts(node: Any) -> list[str]:
    if isinstance(node, pikepdf.Array):
        return [text for child in node for text in alt_texts(child)]
    if not isinstance(node, pikepdf.Dictionary):
        return []
    own = [str(node.Alt)] if "/Alt" in node else []
    return own + (alt_texts(node.K) if "/K" in node else [])


def test_pdf_is_tagged_titled_and_has_its_fonts(report: CommitteeReport) -> None:
    for edition, words in (("public", "Public edition"), ("exempt", "Exempt edition")):
        with pikepdf.open(io.BytesIO(issued(report, edition))) as pdf:
            assert str(pdf.Root.Lang) == "en-GB"
            assert bool(pdf.Root.MarkInfo.Marked)
            assert "/StructTreeRoot" in pdf.Root
            assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
            title = str(pdf.docinfo["/Title"])
            assert title == f"Case file audit: Q3 2026/27, Northmoor County Council ({words})"
            fonts = fonts_of(pdf)
            assert fonts
            assert all(fonts.values())
            assert all("Source" in name for name in fonts), fonts
            texts = alt_texts(pdf.Root.StructTreeRoot.K)
            assert any(text.startswith("Early Help: share good or better") for text in texts)
            assert "53%" in " ".join(texts)


def test_text_of_the_pdf_has_the_frozen_numbers(report: CommitteeReport) -> None:
    text = words_of(issued(report, "exempt"))
    assert "Statutory: 52% were good or better (31 of 60 files audited)" in text
    assert "Page 1 of" in text
    assert "Northmoor County Council" in text
    assert world.SEED in text
    assert "Train supervisors." in text
    assert "Not for publication" in text
    public = words_of(issued(report, "public"))
    assert "Statutory: 52% were good or better (60 files audited)" in public
    assert "Not for publication" not in public
    assert "31 of 60" not in public.split("Outcomes")[0]


def test_hostile_words_are_printed_not_obeyed(report: CommitteeReport) -> None:
    text = words_of(issued(report, "public"))
    assert "<script>alert(1)</script>" in text
    assert "{{ council }}" in text


TURNED = "\u202eFigures\u202c \u2067of\u2069 שלום"
SCRIPTS = '<style>*{display:none}</style><img src="file:///etc/passwd"></table></body>'


def test_hostile_names_and_texts_change_nothing_beside_them(council: World) -> None:
    """Everything that somebody may have typed or imported, in both editions."""
    quarter = council.now_quarter
    Team.objects.filter(pk=council.cast.riverside.pk).update(name=f"Team {SCRIPTS} {TURNED}"[:120])
    Service.objects.filter(code="child_in_need").update(name=f"Service {SCRIPTS}"[:80])
    Theme.objects.create(
        quarter=quarter,
        name=f"Theme {SCRIPTS}"[:120],
        question=f"{TURNED} {SCRIPTS}",
        tool="statutory",
        findings=f"{SCRIPTS} {TURNED}",
        created_at=NOW,
        created_by=council.cast.lead,
    )
    report = create_report(quarter=quarter, by=council.cast.analyst, now=NOW)
    longest = "W" * 9_000 + "😀" * 500 + "e" + "\u0301" * 2_000
    save_words(
        report=report, narrative=f"{TURNED} {SCRIPTS} {longest}", next_steps=f"{SCRIPTS}\n" * 50,
        version=1, by=council.cast.analyst, now=NOW,
    )  # fmt: skip
    report = render_report(report=report, by=council.cast.analyst, now=NOW)
    for edition in ("public", "exempt"):
        text = words_of(issued(report, edition))
        squeezed = "".join(text.split())
        assert "Early Help" in text
        assert "HowTheseFiguresWereMade".casefold() in squeezed.casefold()
        assert squeezed.count("<style>*{display:none}</style>") >= 50, edition
        assert squeezed.count("W") >= 9_000
        assert "Figures of" in text  # in the order of reading, not turned round
        assert "שלום" in text or "םולש" in text
        assert "\u202e" not in text


def test_same_figures_give_the_same_bytes(report: CommitteeReport) -> None:
    words = Words(report.narrative, report.next_steps, report.number)
    again = render_pdf(report.figures, "public", words)
    assert hashlib.sha256(again.pdf).hexdigest() == report.issued.get(edition="public").sha256


@pytest.mark.parametrize(
    "url", ["http://example.test/x.css", "file:///etc/passwd", "data:text/css,a{}", "ftp://x/y"]
)
def test_nothing_outside_the_project_is_opened(url: str) -> None:
    with pytest.raises(OutsideTheProject):
        static_file(url)


def test_way_out_of_the_static_folder_is_closed() -> None:
    inside = (Path(settings.BASE_DIR) / "static" / "app.css").as_uri()
    assert static_file(inside).name == "app.css"
    with pytest.raises(OutsideTheProject):
        static_file(inside.replace("app.css", "..%2fmanage.py"))


def test_asking_for_what_is_outside_stops_the_rendering(
    report: CommitteeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = '<img src="http://127.0.0.1:9/x.png" alt="x">'
    monkeypatch.setattr("reports.rendering.render_to_string", lambda *args: bad)
    with pytest.raises(OutsideTheProject):
        render_pdf(report.figures, "public", Words("", "", 1))


def test_worker_freezes_and_renders(council: World) -> None:
    report = create_report(quarter=council.now_quarter, by=council.cast.lead, now=NOW)
    job = start_rendering(report=report, by=council.cast.lead, now=NOW)
    run_job(str(job.pk))
    job = Job.objects.get(pk=job.pk)
    assert (job.status, job.error) == ("succeeded", "")
    report.refresh_from_db()
    assert report.status == "rendered"
    assert job.result["figures_sha256"] == report.figures_sha256
    assert {issue.edition for issue in report.issued.all()} == {"public", "exempt"}


def test_failed_rendering_leaves_nothing_behind(
    council: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = create_report(quarter=council.now_quarter, by=council.cast.lead, now=NOW)
    job = start_rendering(report=report, by=council.cast.lead, now=NOW)

    def broken(*args: Any) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr("reports.operations.render_pdf", broken)
    run_job(str(job.pk))
    report.refresh_from_db()
    assert (report.status, report.figures) == ("draft", {})
    assert Job.objects.get(pk=job.pk).status == "failed"
    assert not IssuedReport.objects.exists()


def test_command_writes_the_edition_asked_for(
    council: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "report.pdf"
    call_command("render_report", QUARTER, output=target, edition="exempt", json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["edition"] == "exempt"
    assert said["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert said["pages"] == len(pypdf.PdfReader(target).pages)
    assert CommitteeReport.objects.get().created_by.is_system


def test_command_says_what_is_wrong(council: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("render_report", QUARTER, output=tmp_path / "no" / "x.pdf")
    with pytest.raises(CommandError, match="Nothing has been drawn"):
        call_command("render_report", "2027-Q1", output=tmp_path / "x.pdf")
    with pytest.raises(CommandError, match="is not a quarter"):
        call_command("render_report", "soon", output=tmp_path / "x.pdf")
