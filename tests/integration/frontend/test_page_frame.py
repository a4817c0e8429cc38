"""The frame of every page, the components, and what the strict content policy asks of templates."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django import forms
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

ROOT = Path(__file__).resolve().parents[3]
# WeasyPrint prints the PDF's templates; no browser ever gets them.
PDF = ROOT / "templates/reports/pdf"
TEMPLATES = [
    path for path in sorted((ROOT / "templates").rglob("*.html")) if not path.is_relative_to(PDF)
]
COMPONENTS = sorted((ROOT / "templates/components").glob("*.html"))
EVIL = "<script>alert(1)</script>"


class Asks(forms.Form):
    word = forms.CharField(label="Word")


class Person:
    is_authenticated = True

    def __str__(self) -> str:
        return f"Sam {EVIL}"


def page(source: str = "", **context: object) -> str:
    template = engines["django"].from_string('{% extends "base.html" %}' + source)
    return template.render(context, RequestFactory().get("/"))


def test_frame_needs_nothing_from_the_view() -> None:
    html = page("{% block title %}Audits{% endblock %}")
    assert "<title>Audits – Case File Audit</title>" in html
    assert 'lang="en-GB"' in html
    assert 'href="#main-content"' in html
    assert 'id="main-content"' in html
    assert "Sign out" not in html


def test_frame_says_who_is_signed_in_and_lets_them_out_by_post() -> None:
    html = page(user=Person(), account_roles=["Auditor", "Moderator"], council_name="Northmoor")
    assert "Sam &lt;script&gt;" in html
    assert "Auditor, Moderator" in html
    assert re.search(r'<form[^>]*method="post"[^>]*>.*?Sign out', html, re.DOTALL)


def test_frame_marks_the_demonstration() -> None:
    assert "no real child" in page(demo=True)
    assert "no real child" not in page(demo=False)


def test_navigation_marks_the_current_page_not_by_colour_alone() -> None:
    items = [{"label": "Audits", "url": "/audits/", "current": True}]
    html = page(navigation=items)
    assert 'href="/audits/" aria-current="true"' in html


def test_wrong_form_is_told_in_the_title_and_in_a_summary() -> None:
    html = page("{% block title %}Ask{% endblock %}", form=Asks({}))
    assert "<title>Error: Ask – Case File Audit</title>" in html
    assert '<a href="#id_word">Fill in “Word”</a>' in html


def test_right_form_shows_no_summary() -> None:
    html = page(form=Asks({"word": "x"}))
    assert "Error:" not in html
    assert "govuk-error-summary" not in html


@pytest.mark.parametrize(
    ("level", "role"), [(25, "alert"), (40, "alert"), (30, "alert"), (20, "region")]
)
def test_messages_are_banners(level: int, role: str) -> None:
    html = page(messages=[Message(level, EVIL)])
    assert f'role="{role}" aria-labelledby="message-1"' in html
    assert EVIL not in html


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.name)
def test_component_names_its_parameters(path: Path) -> None:
    assert path.read_text().startswith("{% comment %}")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_holds_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\b(src|nonce)=)", text)
    if "pdf" not in path.parts:  # no browser opens these: they are printed by WeasyPrint
        assert not re.search(r"<style(?![^>]*\bnonce=)", text)
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert "hx-on" not in text
    assert "javascript:" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_marks_nothing_safe(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\|\s*safe(seq)?\b", text)
    assert "autoescape off" not in text


@pytest.mark.parametrize("code", ["400", "403", "404", "405", "409", "429", "500", "403_csrf"])
def test_error_page_needs_no_context(code: str) -> None:
    html = render_to_string(f"errors/{code}.html")
    assert re.search(r"<h1 class=\"govuk-heading-l\">[A-Z]", html)


def test_conflict_page_gives_the_reason() -> None:
    html = render_to_string("errors/409.html", {"message": f"Already drawn {EVIL}"})
    assert "Already drawn &lt;script&gt;" in html


def test_table_scrolls_in_a_region_with_a_name() -> None:
    html = render_to_string(
        "components/table.html",
        {
            "caption": f"Audits {EVIL}",
            "table_id": "audits",
            "head": ["Team", {"text": "Audits", "numeric": True}],
            "rows": [[{"text": EVIL, "url": "/x/"}, 3], ["South", None]],
            "foot": ["All", 3],
        },
    )
    assert 'role="region" aria-labelledby="audits-caption" tabindex="0"' in html
    assert 'id="audits-caption"' in html
    assert EVIL not in html
    assert html.count('<th scope="row"') == 3
    assert html.count("govuk-table__cell--numeric") == 3
    assert "–" in html  # a missing value is shown, not left out


def test_empty_table_says_so() -> None:
    html = render_to_string("components/table.html", {"head": [], "rows": [], "empty": "No audits"})
    assert "<table" not in html
    assert "No audits" in html


def test_progress_asks_again_only_while_it_runs() -> None:
    running = {"poll_url": "/jobs/1/", "running": True, "percent": 42, "label": "Reading"}
    html = render_to_string("components/progress.html", running)
    assert 'hx-get="/jobs/1/" hx-trigger="every 1s"' in html
    assert 'value="42"' in html
    assert "<noscript>" in html
    done = render_to_string("components/progress.html", running | {"running": False})
    assert "hx-get" not in done


def test_one_page_needs_no_pagination() -> None:
    one = Paginator(range(3), 10).page(1)
    assert "<nav" not in render_to_string("components/pagination.html", {"page": one})


def test_lock_file_names_no_package_registry() -> None:
    lock = json.loads((ROOT / "frontend/package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    assert not [package for package in packages if "resolved" in package]
    assert all("integrity" in package for package in packages)


def test_stylesheet_points_only_at_files_that_exist() -> None:
    css = (ROOT / "static/app.css").read_text()
    files = [url.strip("\"'") for url in re.findall(r"url\(([^)]*)\)", css) if "data:" not in url]
    assert len(files) == 6
    assert all((ROOT / "static" / file).is_file() for file in files)


def test_nothing_of_gov_uk_that_is_not_ours_to_wear() -> None:
    css = (ROOT / "static/app.css").read_text()
    assert "Transport" not in css
    assert "crest" not in css
    assert "crown" not in css.lower()
