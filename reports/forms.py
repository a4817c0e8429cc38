"""Forms of the report pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.forms import SeenForm
from accounts.queries import in_words
from accounts.rules.seen import seen
from audits.rules.grades import GRADES, label
from cases.models import AuditQuarter, Service, ServiceLine
from cases.rules.quarters import Quarter
from reports.baseline_queries import FIELDS
from reports.models import Baseline
from reports.rules.baseline_file import LONGEST_SOURCE, read_quarter
from reports.rules.baselines import MOST
from reports.rules.grade_rows import Counts

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


class ReplacementForm(ReasonForm):
    """Why a published report is replaced, for everybody who could read it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = (
            "It stands where the replaced report was, for committee members too: name no child, "
            "and no number that the public edition holds back."
        )


class BaselineForm(SeenForm):
    """How many files of a past quarter had each grade, and where that is written."""

    def __init__(self, baseline: Baseline | None = None, data: Any = None) -> None:
        super().__init__(data, initial=_baseline_initial(baseline))
        for code in GRADES:
            self.fields[code] = forms.IntegerField(
                label=f"Files graded {label(code).lower()}",
                min_value=0,
                max_value=MOST,
                widget=forms.NumberInput(
                    attrs={"class": "govuk-input--width-4", "inputmode": "numeric"}
                ),
            )
        self.fields["source"] = forms.CharField(
            label="Where the figures come from (optional)",
            max_length=LONGEST_SOURCE,
            required=False,
            help_text="For example: report to the scrutiny committee, January 2026. It stands in "
            "the exempt edition of reports.",
        )

    @property
    def counts(self) -> Counts:
        """The four numbers, best grade first."""
        a, b, c, d = (self.cleaned_data[code] for code in GRADES)
        return a, b, c, d


def _baseline_initial(baseline: Baseline | None) -> dict[str, Any]:
    if baseline is None:
        return {}
    fields = {name: getattr(baseline, name) for name in FIELDS}
    return {**fields, "seen": seen(in_words(baseline, FIELDS))}


class NewBaselineForm(BaselineForm):
    """A baseline, and of which quarter and part of the council it is."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(None, data)
        self.fields["quarter"] = forms.CharField(
            label="Quarter",
            max_length=12,
            help_text="For example Q4 2025/26 or 2025-Q4, for January to March 2026.",
            widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
        )
        self.fields["group"] = forms.ChoiceField(
            label="Line or service",
            choices=_groups(),
            help_text="Only a whole line stands among the quarters of a report’s trend. Services "
            "stand in its table of baselines.",
        )
        self.order_fields(["quarter", "group", *GRADES, "source"])

    def clean_quarter(self) -> Quarter:
        try:
            return read_quarter(self.cleaned_data["quarter"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_group(self) -> tuple[ServiceLine, Service | None]:
        kind, _, code = self.cleaned_data["group"].partition(":")
        if kind == "line":
            return ServiceLine.objects.get(code=code), None
        service = Service.objects.select_related("line").get(code=code)
        return service.line, service


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each line with its services, for a select."""
    services = list(Service.objects.all())
    return [
        (
            line.name,
            [
                (f"line:{line.code}", f"{line.name}: the whole line"),
                *(
                    (f"service:{one.code}", f"{one.name} only")
                    for one in services
                    if one.line_id == line.pk
                ),
            ],
        )
        for line in ServiceLine.objects.all()
    ]


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
