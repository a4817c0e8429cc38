"""How the crispy template pack "govuk" prints a form's fields (templates/govuk).

Works out what templates cannot: the widget's pattern, its classes, which texts describe it, and
the id an error links to. Everything is printed by Django's own escaping: labels, help texts and
choices come from the database, so nothing here may mark them safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.forms.widgets import ChoiceWidget
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


@dataclass(frozen=True)
class Problem:
    """One line of an error summary. `href` is "#id" of an element that exists, or ""."""

    text: str
    href: str


def widget_kind(bound: BoundField) -> str:
    """Which pattern prints this field; also the name of its template in templates/govuk/fields."""
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checkboxes"
    if isinstance(widget, forms.RadioSelect):
        return "radios"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.MultiWidget):
        return "date" if getattr(widget, "is_govuk_date", False) else "group"
    if isinstance(widget, forms.PasswordInput):
        return "password"
    if isinstance(widget, forms.FileInput):
        return "file"
    if isinstance(widget, forms.Textarea):
        return "textarea"
    return "select" if isinstance(widget, forms.Select) else "input"


def base_id(bound: BoundField) -> str:
    """The id all other ids of the field start with."""
    return bound.field.widget.attrs.get("id") or bound.auto_id or bound.html_name


def focus_id(bound: BoundField) -> str:
    """The id of the first thing of a field that can be filled in: what an error links to."""
    kind = widget_kind(bound)
    if kind in ("date", "group"):
        return f"{base_id(bound)}_0"
    if kind in ("radios", "checkboxes"):
        return f"{base_id(bound)}_0" if list(bound.subwidgets) else f"{base_id(bound)}-group"
    return base_id(bound)


def _describers(bound: BoundField, kind: str) -> str:
    ids = []
    if bound.help_text:
        ids.append(f"{base_id(bound)}-hint")
    if bound.errors:
        ids.append(f"{base_id(bound)}-error")
    if kind == "textarea" and _limit(bound):
        ids.append(f"{base_id(bound)}-info")
    own = bound.field.widget.attrs.get("aria-describedby", "")
    return " ".join([*ids, own]).strip()


def _limit(bound: BoundField) -> int | None:
    limit = getattr(bound.field, "max_length", None)
    return limit if isinstance(limit, int) else None


CLASSES = {
    "input": "govuk-input",
    "password": "govuk-input govuk-password-input__input govuk-js-password-input-input",
    "textarea": "govuk-textarea cfa-textarea-autosize",
    "select": "govuk-select",
    "file": "govuk-file-upload",
    "checkbox": "govuk-checkboxes__input",
}
ERROR_CLASSES = {
    "input": "govuk-input--error",
    "password": "govuk-input--error",
    "textarea": "govuk-textarea--error",
    "select": "govuk-select--error",
    "file": "govuk-file-upload--error",
}


def _classes(bound: BoundField, kind: str) -> str:
    parts = [CLASSES[kind]]
    if kind == "textarea" and _limit(bound):
        parts.append("govuk-js-character-count")
    if bound.errors and kind in ERROR_CLASSES:
        parts.append(ERROR_CLASSES[kind])
    parts.append(bound.field.widget.attrs.get("class", ""))
    return " ".join(part for part in parts if part)


def _type_attrs(bound: BoundField, kind: str) -> dict[str, Any]:
    """Keyboards and spelling for each kind of input; the widget's own attributes win."""
    widget = bound.field.widget
    if kind == "password":
        return {"spellcheck": "false", "autocapitalize": "none"}
    if isinstance(widget, forms.EmailInput):
        return {"spellcheck": "false"}
    if isinstance(widget, forms.NumberInput):
        whole = isinstance(bound.field, forms.IntegerField)
        return {"inputmode": "numeric" if whole else "decimal"}
    if kind == "textarea":
        return {"rows": "5"}
    return {}


def _attrs(bound: BoundField, kind: str) -> dict[str, Any]:
    own = bound.field.widget.attrs
    attrs = {key: own.get(key, value) for key, value in _type_attrs(bound, kind).items()}
    if kind == "textarea" and own.get("rows") == "10":
        attrs["rows"] = "5"  # Django's own default, too tall for a list of standards
    attrs |= {"class": _classes(bound, kind), "id": base_id(bound)}
    described = _describers(bound, kind)
    attrs = bound.build_widget_attrs(attrs | {"aria-describedby": described or False})
    # The server's words are better than the browser's, a limit must not cut what is pasted, and
    # placeholders vanish when they are needed.
    attrs |= {"required": False, "placeholder": False, "autofocus": False}
    if kind == "textarea":
        attrs["maxlength"] = False
    return attrs


@register.simple_tag
def govuk_widget(bound: BoundField) -> SafeString:
    """The field's input, textarea, select or single checkbox with the classes it needs."""
    widget = bound.field.widget
    attrs = _attrs(bound, widget_kind(bound))
    if isinstance(widget, forms.NumberInput):
        # A spinner changes a number by accident: GOV.UK asks for text with a numeric keyboard.
        widget = copy(widget)
        widget.input_type = "text"
        attrs |= {"min": False, "max": False, "step": False}
    return widget.render(bound.html_name, bound.value(), attrs, bound.form.renderer)


@dataclass(frozen=True)
class Choice:
    """One radio or checkbox. `attrs` are the option's own, without id, class and checked."""

    id: str
    name: str
    value: str
    label: str
    checked: bool
    hint: str = ""
    heading: str = ""
    attrs: dict[str, Any] = field(default_factory=dict)


def _choice(data: dict[str, Any], index: int, auto: str, heading: str) -> Choice:
    attrs = {
        key: value
        for key, value in data["attrs"].items()
        if key not in ("id", "class", "checked", "required", "aria-describedby")
    }
    return Choice(
        id=f"{auto}_{index}",
        name=data["name"],
        value="" if data["value"] is None else str(data["value"]),
        label=data["label"],
        checked=bool(data["selected"]),
        hint=data.get("hint", ""),
        heading=heading,
        attrs=attrs,
    )


def _options(bound: BoundField) -> Iterator[tuple[str, dict[str, Any]]]:
    widget = bound.field.widget
    if not isinstance(widget, ChoiceWidget):
        raise TypeError(f"{bound.name} has no choices")
    values = widget.format_value(bound.value())
    attrs = {"disabled": True} if bound.field.disabled else {}
    for heading, options, _ in widget.optgroups(bound.html_name, values, attrs):
        for position, option in enumerate(options):
            yield (heading or "" if position == 0 else ""), option


@register.simple_tag
def govuk_choices(bound: BoundField) -> list[Choice]:
    """The radios or checkboxes of a field, in order; `heading` opens a group of them."""
    auto = base_id(bound)
    return [
        _choice(option, index, auto, heading)
        for index, (heading, option) in enumerate(_options(bound))
    ]


@dataclass(frozen=True)
class Part:
    """One of the three inputs of a date, or of another group of inputs."""

    html: SafeString | str
    label: str
    id: str


@register.simple_tag
def govuk_parts(bound: BoundField) -> list[Part]:
    """The inputs of a date (or another MultiWidget), each with its label and id."""
    widget = bound.field.widget
    if not isinstance(widget, forms.MultiWidget):
        raise TypeError(f"{bound.name} has no parts")
    context = widget.get_context(
        bound.html_name, bound.value(), {"id": base_id(bound), "required": False}
    )
    labels = getattr(widget, "part_labels", None) or [""] * len(widget.widgets)
    wrong = " govuk-input--error" if bound.errors else ""
    parts = []
    for label, inner, data in zip(
        labels, widget.widgets, context["widget"]["subwidgets"], strict=True
    ):
        attrs = {key: value for key, value in data["attrs"].items() if key != "required"}
        attrs["class"] = f"govuk-input {attrs.get('class', '')}{wrong}".strip()
        html = inner.render(data["name"], data["value"], attrs, bound.form.renderer)
        parts.append(Part(html, label, attrs["id"]))
    return parts


@register.filter
def govuk_kind(bound: BoundField) -> str:
    """See `widget_kind`."""
    return widget_kind(bound)


@register.filter
def govuk_id(bound: BoundField) -> str:
    """See `base_id`."""
    return base_id(bound)


@register.filter
def govuk_limit(bound: BoundField) -> int | None:
    """The most characters a text may have, or None."""
    return _limit(bound)


@register.filter
def govuk_described_by(bound: BoundField) -> str:
    """Ids of the hint and the error, for a fieldset."""
    return _describers(bound, widget_kind(bound))


@register.filter
def govuk_modifiers(bound: BoundField) -> str:
    """Classes a choice widget asks for (inline, small): its `layout` attribute."""
    kind = "radios" if widget_kind(bound) == "radios" else "checkboxes"
    layout = getattr(bound.field.widget, "layout", "")
    return " ".join(f"govuk-{kind}--{word}" for word in layout.split())


@register.simple_tag
def govuk_field(
    bound: BoundField,
    label_class: str = "",
    heading: bool = False,
    hide_label: bool = False,
    label: str | None = None,
    hint: str | None = None,
) -> SafeString:
    """One field with label, hint and error.

    label_class: another size of label or legend, e.g. "govuk-label--l" (or "…legend--l").
    heading: the label is the page's h1. hide_label: for screen readers only.
    label, hint: instead of the form's own words (hint "" for none).
    """
    if label is not None:
        bound.label = label
    if hint is not None:
        bound.help_text = hint
    context = {
        "field": bound,
        "form_show_errors": True,
        "form_show_labels": True,
        "label_class": label_class,
        "heading": heading,
        "hide_label": hide_label,
    }
    return render_to_string("govuk/field.html", context)


REQUIRED = {
    "radios": "Choose an answer for “{}”",
    "checkboxes": "Choose at least one answer for “{}”",
    "select": "Choose an answer for “{}”",
    "checkbox": "Tick “{}”",
    "file": "Choose a file for “{}”",
}


@register.filter
def govuk_messages(bound: BoundField) -> list[str]:
    """The field's errors in words that stand alone in a summary.

    Django's "This field is required." says nothing in a list of ten; a form's own words stay.
    """
    silent = str(forms.Field.default_error_messages["required"])
    named = REQUIRED.get(widget_kind(bound), "Fill in “{}”").format(bound.label)
    return [named if str(error) == silent else str(error) for error in bound.errors]


def _form_problems(form: BaseForm) -> list[Problem]:
    problems = [Problem(str(error), "") for error in form.non_field_errors()]
    for bound in form:
        href = "" if bound.is_hidden else f"#{focus_id(bound)}"
        problems += [Problem(text, href) for text in govuk_messages(bound)]
    return problems


def problems_of(form: BaseForm | BaseFormSet[Any]) -> list[Problem]:
    """All that is wrong with a form or a formset, in the order of the page."""
    if not form.is_bound:
        return []
    if isinstance(form, BaseForm):
        return _form_problems(form)
    problems = [Problem(str(error), "") for error in form.non_form_errors()]
    for each in form.forms:
        problems += _form_problems(each)
    return problems
