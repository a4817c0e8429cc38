"""Forms of the report pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from cases.models import AuditQuarter

LONGEST = 20_000


class NewReportForm(forms.Form):
    """Which quarter the report is about."""

    quarter = forms.ModelChoiceField(
        queryset=AuditQuarter.objects.none(),
        label="Quarter",
        empty_label=None,
        help_text="Quarters whose sample has been drawn and whose report is not in preparation.",
    )

    def __init__(self, *args: Any, quarters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["quarter"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  (narrows the type)
        field.queryset = quarters


class WordsForm(forms.Form):
    """What the figures mean and what comes next, with the version they were typed over."""

    narrative = forms.CharField(
        label="What the figures mean",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=(
            "In your own words, for people who do not work in social care. It stands in both "
            "editions: do not write down a number that the public edition holds back, and nothing "
            "by which a child could be recognised."
        ),
    )
    next_steps = forms.CharField(
        label="Next steps",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class ReasonForm(forms.Form):
    """Why something is replaced or taken back."""

    reason = forms.CharField(label="Reason", max_length=500, widget=forms.Textarea({"rows": 2}))


def texts_that_differ(form: WordsForm, stored: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Field by field what is saved and what was typed, where they differ."""
    return [
        {
            "label": str(form.fields[name].label),
            "stored": text,
            "typed": str(form.data.get(name, "")),
        }
        for name, text in stored
        if _lines(text) != _lines(str(form.data.get(name, "")))
    ]


def _lines(text: str) -> str:
    """Browsers post line ends of their own."""
    return text.replace("\r\n", "\n").strip()
