"""The crispy template pack "govuk": every kind of field, its ids, and nothing unescaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Row, Submit
from crispy_forms.utils import render_crispy_form
from django import forms
from django.template import engines
from django.template.loader import render_to_string

from accounts.govuk import GovCheckboxes, GovDateField, GovRadios
from config.templatetags.govuk_forms import govuk_field, problems_of

EVIL = "<script>alert(1)</script>"
CHOICES = [("good", f"Good {EVIL}"), ("inadequate", "Inadequate")]


class EveryField(forms.Form):
    """One field of each kind; all words that could come from the database are hostile."""

    email = forms.EmailField(label=f"Email {EVIL}", help_text=EVIL)
    password = forms.CharField(label=f"Password {EVIL}", widget=forms.PasswordInput)
    evidence = forms.CharField(label=f"Evidence {EVIL}", max_length=4000, widget=forms.Textarea)
    visits = forms.IntegerField(label=f"Visits {EVIL}", min_value=0)
    opened = GovDateField(label=f"Opened {EVIL}", help_text=EVIL)
    grade = forms.ChoiceField(
        label=f"Grade {EVIL}",
        help_text=EVIL,
        choices=CHOICES,
        widget=GovRadios(hints={"good": EVIL}),
    )
    themes = forms.MultipleChoiceField(
        label=f"Themes {EVIL}", choices=CHOICES, widget=GovCheckboxes(hints={"good": EVIL})
    )
    service = forms.ChoiceField(label=f"Service {EVIL}", choices=CHOICES)
    grouped = forms.ChoiceField(
        label="Grouped", choices=[(f"Group {EVIL}", CHOICES)], widget=forms.RadioSelect
    )
    file = forms.FileField(label=f"File {EVIL}", help_text=EVIL)
    sure = forms.BooleanField(label=f"Sure {EVIL}", help_text=EVIL)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError(f"Not together {EVIL}")


class Elements(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.found if "id" in attrs]

    def values(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.found if name in attrs]

    def one(self, id: str) -> dict[str, str | None]:
        return next(attrs for _, attrs in self.found if attrs.get("id") == id)


def as_filter(form: forms.Form | forms.BaseFormSet[Any]) -> str:
    source = "{% load crispy_forms_filters %}{{ form|crispy }}"
    return engines["django"].from_string(source).render({"form": form})


def as_tag(form: forms.Form) -> str:
    return render_crispy_form(form, FormHelper())


Render = Callable[[forms.Form], str]
WRONG = {"email": EVIL, "opened_day": "31", "opened_month": "2", "opened_year": EVIL}


@pytest.mark.parametrize("render", [as_filter, as_tag])
@pytest.mark.parametrize("data", [None, WRONG])
def test_nothing_from_the_database_becomes_markup(
    render: Render, data: dict[str, str] | None
) -> None:
    html = render(EveryField(data))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 18


@pytest.mark.parametrize("render", [as_filter, as_tag])
def test_error_summary_links_to_elements_that_exist(render: Render) -> None:
    form = EveryField(WRONG)
    ids = Elements(render(form)).ids()
    problems = problems_of(form)
    links = [problem.href for problem in problems if problem.href]
    assert len(links) == 11  # every visible field is wrong
    assert all(link.removeprefix("#") in ids for link in links)
    assert [problem.text for problem in problems if not problem.href] == [f"Not together {EVIL}"]


@pytest.mark.parametrize("data", [None, WRONG])
def test_ids_are_unique_and_every_reference_is_met(data: dict[str, str] | None) -> None:
    elements = Elements(as_filter(EveryField(data)))
    ids = elements.ids()
    assert len(ids) == len(set(ids))
    described = [id for value in elements.values("aria-describedby") for id in value.split()]
    assert described
    assert set(described) <= set(ids)
    assert set(elements.values("for")) <= set(ids)


def test_every_input_has_a_label() -> None:
    elements = Elements(as_filter(EveryField()))
    labelled = set(elements.values("for"))
    inputs = [
        attrs["id"]
        for tag, attrs in elements.found
        if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden"
    ]
    assert len(inputs) == 16
    assert set(inputs) <= labelled


def test_error_is_announced_as_one_and_names_its_question() -> None:
    html = as_filter(EveryField(WRONG))
    assert html.count('<span class="govuk-visually-hidden">Error:</span>') == 12
    assert "This field is required" not in html
    assert "Choose an answer for “Grade" in html
    assert "Tick “Sure" in html


def test_a_forms_own_words_for_a_missing_answer_stay() -> None:
    class Own(forms.Form):
        reason = forms.CharField(error_messages={"required": "Say why"})

    assert [problem.text for problem in problems_of(Own({}))] == ["Say why"]


def test_long_text_counts_characters_and_cuts_nothing() -> None:
    html = as_filter(EveryField())
    textarea = Elements(html).one("id_evidence")
    assert "maxlength" not in textarea
    assert "You can enter up to 4,000 characters" in html
    assert 'data-maxlength="4000"' in html


def test_number_is_text_with_a_numeric_keyboard() -> None:
    number = Elements(as_filter(EveryField())).one("id_visits")
    assert number["type"] == "text"
    assert number["inputmode"] == "numeric"
    assert "min" not in number


def test_choices_keep_what_was_chosen() -> None:
    elements = Elements(as_filter(EveryField({"grade": "inadequate", "themes": ["good"]})))
    assert "checked" in elements.one("id_grade_1")
    assert "checked" not in elements.one("id_grade_0")
    assert "checked" in elements.one("id_themes_0")
    assert elements.one("id_grade_0")["aria-describedby"] == "id_grade_0-item-hint"


def test_disabled_field_is_disabled() -> None:
    class Shut(forms.Form):
        grade = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, disabled=True)
        note = forms.CharField(disabled=True)

    elements = Elements(as_filter(Shut()))
    assert "disabled" in elements.one("id_grade_0")
    assert "disabled" in elements.one("id_note")


def test_layout_objects_and_the_form_tag() -> None:
    helper = FormHelper()
    helper.layout = Layout(Fieldset("When", Row("visits", "opened")), Submit("go", "Save"))
    html = render_crispy_form(EveryField(), helper, {"csrf_token": "token-of-test"})
    form = next(attrs for tag, attrs in Elements(html).found if tag == "form")
    assert form["method"] == "post"
    assert "novalidate" in form
    assert "token-of-test" in html
    assert re.search(r'<button type="submit" name="go"[^>]*class="govuk-button"', html)
    assert 'class="cfa-field-row"' in html
    assert "btn" not in html


def test_formset_prints_its_management_form_and_each_form() -> None:
    class Line(forms.Form):
        text = forms.CharField()

    html = as_filter(forms.formset_factory(Line, extra=2)())
    assert {"id_form-TOTAL_FORMS", "id_form-0-text", "id_form-1-text"} <= set(Elements(html).ids())


def test_one_field_with_other_words() -> None:
    form = EveryField()
    html = govuk_field(form["visits"], label="How often", hint="In 6 weeks", heading=True)
    assert '<h1 class="govuk-label-wrapper">' in html
    assert "How often" in html
    assert Elements(html).one("id_visits")["aria-describedby"] == "id_visits-hint"


def test_summary_is_empty_where_nothing_was_sent() -> None:
    html = render_to_string("components/error_summary.html", {"form": EveryField()})
    assert "govuk-error-summary" not in html


class OneDate(forms.Form):
    due = GovDateField(label="Due date", required=False)


def _dated(day: str, month: str, year: str) -> OneDate:
    return OneDate({"due_day": day, "due_month": month, "due_year": year})


@pytest.mark.parametrize("month", ["2", "02", "Feb", "february", "FEB "])
def test_date_from_three_parts(month: str) -> None:
    form = _dated("29", month, "2028")
    assert form.is_valid()
    assert form.cleaned_data["due"] == date(2028, 2, 29)


def test_empty_optional_date_is_none() -> None:
    form = _dated("", "", " ")
    assert form.is_valid()
    assert form.cleaned_data["due"] is None


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("29", "2", "2027"), "Due date must be a real date"),
        (("x", "2", "2027"), "Due date must be a real date"),
        (("1", "moon", "2027"), "Due date must be a real date"),
        (("1", "", "2027"), "Due date must include a month"),
        (("", "", "2027"), "Due date must include a day and month"),
        (("1", "2", "27"), "Due date: the year must have 4 numbers"),
        (("1", "2", "²²²²"), "Due date: the year must have 4 numbers"),
    ],
)
def test_date_that_is_none(parts: tuple[str, str, str], message: str) -> None:
    assert _dated(*parts).errors["due"] == [message]


def test_date_is_shown_again_as_it_was_typed() -> None:
    elements = Elements(as_filter(_dated("31", "feb", "2027")))
    assert [elements.one(f"id_due_{n}")["value"] for n in range(3)] == ["31", "feb", "2027"]


def test_date_knows_whether_it_changed() -> None:
    same = {"due_day": "1", "due_month": "2", "due_year": "2027"}
    initial = {"due": date(2027, 2, 1)}
    assert not OneDate(same, initial=initial).has_changed()
    assert OneDate(same | {"due_day": "2"}, initial=initial).has_changed()
    assert OneDate(same | {"due_day": "x"}, initial=initial).has_changed()
