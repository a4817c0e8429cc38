"""The templates' own tags and filters: dates in words, states, grades, counts, pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from django import forms
from django.apps import apps
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory

from config.templatetags import cfa


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 12, 10, 42, tzinfo=UTC), "12 November 2026 at 10:42am"),
        (datetime(2026, 7, 12, 16, 0, tzinfo=UTC), "12 July 2026 at 5pm"),  # summer time
        (datetime(2026, 7, 12, 23, 0, tzinfo=UTC), "13 July 2026 at midnight"),
        (datetime(2026, 1, 1, 12, 0, tzinfo=UTC), "1 January 2026 at midday"),
        (datetime(2026, 1, 1, 12, 5, tzinfo=UTC), "1 January 2026 at 12:05pm"),
        (datetime(2026, 1, 1, 0, 5, tzinfo=UTC), "1 January 2026 at 12:05am"),
        (date(2026, 1, 1), "1 January 2026"),
        (None, ""),
        ("yesterday", "yesterday"),
    ],
)
def test_moment_in_words(moment: object, words: str) -> None:
    assert cfa.gds_datetime(moment) == words


def test_other_dates_in_words() -> None:
    day = date(2026, 11, 12)
    assert cfa.gds_date(day) == "12 November 2026"
    assert cfa.gds_short_date(day) == "12 Nov 2026"
    assert cfa.gds_weekday(day) == "Thursday 12 November 2026"
    assert cfa.gds_time(time(17, 30)) == "5:30pm"


def test_date_of_a_moment_is_the_date_in_london() -> None:
    assert cfa.gds_date(datetime(2026, 7, 31, 23, 30, tzinfo=UTC)) == "1 August 2026"


@pytest.mark.parametrize(
    ("label", "words"),
    [("2026-Q3", "Q3 2026/27"), ("2099-Q4", "Q4 2099/00"), ("soon", "soon")],
)
def test_quarter_in_words(label: str, words: str) -> None:
    assert cfa.quarter_words(label) == words


def test_count_has_its_word() -> None:
    assert cfa.count(1, "case") == "1 case"
    assert cfa.count(0, "case") == "0 cases"
    assert cfa.count(5100, "child", "children") == "5,100 children"


def test_state_is_a_word_on_a_colour() -> None:
    html = cfa.status_tag("awaiting_verification")
    assert ">Waiting for verification<" in html
    assert "govuk-tag--purple" in html


def test_state_of_a_thing_uses_its_own_words() -> None:
    class Audit:
        status = "allocated"

        def get_status_display(self) -> str:
            return "Not started"

    html = cfa.status_tag(Audit())
    assert ">Not started<" in html
    assert "govuk-tag--grey" in html


def test_every_state_of_every_model_has_a_colour() -> None:
    states = {
        value
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name == "status" and field.choices
        for value, _ in field.flatchoices
    }
    assert {"allocated", "raised", "queued"} <= states
    assert states <= set(cfa.STATUSES)


def test_state_nobody_named_yet_is_shown_in_its_own_words() -> None:
    assert ">With the court<" in cfa.status_tag("with_the_court")


def test_words_of_a_state_are_escaped() -> None:
    assert "<b>" not in cfa.status_tag("open", "<b>")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("outstanding", "Outstanding"),
        ("requires_improvement", "Requires improvement"),
        ("", "Not graded"),
        (None, "Not graded"),
        ("7", "7"),
    ],
)
def test_grade_is_a_word(code: object, words: str) -> None:
    assert f">{words}<" in cfa.grade(code)


def test_grade_in_a_sentence() -> None:
    assert cfa.grade_words("requires_improvement") == "requires improvement"
    assert cfa.grade_words(None) == "not graded"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1, [1, 2, None, 20]),
        (2, [1, 2, 3, None, 20]),
        (10, [1, None, 9, 10, 11, None, 20]),
        (20, [1, None, 19, 20]),
    ],
)
def test_page_numbers(number: int, shown: list[int | None]) -> None:
    assert cfa.page_numbers(Paginator(range(200), 10).page(number)) == shown


def test_page_link_keeps_the_filters() -> None:
    request = RequestFactory().get("/audits/", {"team": "1 & 2", "page": "3"})
    source = "{% page_url 'page' 4 %}"
    html = engines["django"].from_string(source).render({}, request)
    assert html == "?team=1+%26+2&amp;page=4"


def test_table_takes_its_alignment_from_its_head() -> None:
    lines = cfa.table_rows(["Team", {"text": "Audits", "numeric": True}], [["North", 3]])
    team, audits = lines.body[0]
    assert (team.header, team.numeric) == (True, False)
    assert (audits.header, audits.numeric) == (False, True)


class Small(forms.Form):
    word = forms.CharField()


def test_errors_are_seen_in_forms_formsets_and_lists() -> None:
    sets = forms.formset_factory(Small)
    sent = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-word": ""}
    assert cfa.has_errors(Small({}))
    assert cfa.has_errors(sets(sent))
    assert cfa.has_errors([Small({"word": "x"}), Small({})])
    assert not cfa.has_errors(Small())
    assert not cfa.has_errors(Small({"word": "x"}))
    assert not cfa.has_errors(sets(sent | {"form-0-word": "x"}))
    assert not cfa.has_errors("")
    assert [problem.href for problem in cfa.form_errors(sets(sent))] == ["#id_form-0-word"]
