"""Two versions of one page side by side, for the person to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django import forms

from audits.forms.grading import NOT_APPLICABLE, BeforeForm, StandardForm, check_fields
from audits.operations.saving import Conflict
from audits.views.facts import in_words


@dataclass(frozen=True)
class TwoTexts:
    """One question whose stored answer differs from the one that was typed."""

    label: str
    stored: str
    typed: str


@dataclass(frozen=True)
class ConflictTexts:
    """When the stored version was saved, and where it differs."""

    saved_at: datetime | None
    differences: list[TwoTexts]


def conflict_texts(form: forms.Form, clash: Conflict) -> ConflictTexts:
    """The answers that differ between ``form`` (valid) and what is stored."""
    stored = dict(clash.stored)
    if isinstance(form, StandardForm):
        # Every fact, so that one which only one of the two answered is shown as well.
        fields = dict.fromkeys((name for name in form.fields if name.startswith("check_")), "")
        stored = fields | check_fields(stored.pop("checked", {})) | stored
    if isinstance(form, BeforeForm):
        stored |= BeforeForm.held_most_of(
            stored["held_by_listed_practitioner"], stored["held_most_by"]
        )
    if stored.pop("not_applicable", False):
        stored["grade"] = NOT_APPLICABLE
    differences = []
    for name in form.fields:
        if name not in stored:
            continue
        before = stored[name]
        typed = form.cleaned_data.get(name)
        if (before or None) != (typed or None):
            field = form.fields[name]
            differences.append(
                TwoTexts(str(field.label), in_words_of(field, before), in_words_of(field, typed))
            )
    return ConflictTexts(clash.saved_at, differences)


def in_words_of(field: forms.Field, value: Any) -> str:
    """An answer as it reads beside its question."""
    if value in (None, "", []):
        return "Nothing"
    if isinstance(field, forms.BooleanField):
        return "Yes" if value else "No"
    if isinstance(field, forms.MultipleChoiceField):
        names = {str(code): str(name) for code, name in cast(Any, field.choices)}
        return ", ".join(names.get(str(each), str(each)) for each in value)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    if isinstance(value, date):
        return in_words(value)
    return str(value)
