"""Forms of the import pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from accounts.govuk import GovDateField
from cases.importers import template_columns
from cases.queries.imports import SEVERITY_NAMES, ServiceChange

ENDINGS = (".xlsx", ".xls", ".csv")
OPENS_NO_CASE = "-"
COLUMN_LABELS = {
    "child_id": "Child’s id",
    "service": "Service",
    "team": "Team",
    "practitioner": "Practitioner",
    "opened_on": "Date opened",
    "closed_on": "Date closed",
    "family_id": "Family’s id",
    "agency": "Agency worker",
    "restricted": "Restricted record",
    "date_of_birth": "Date of birth (becomes the age)",
    "gender": "Gender",
    "ethnicity": "Ethnicity",
    "disability": "Disability",
    "transferred_in_on": "Date transferred in",
    "transferred_in_from": "Transferred in from",
    "legal_status": "Legal status",
    "plan": "Plan",
}
MEGABYTE = 1024 * 1024


class UploadForm(forms.Form):
    """A list of open cases, and the date it is true for."""

    file = forms.FileField(
        label="List of open cases",
        help_text="An Annex A workbook, or the template as a CSV file or a workbook "
        "(.xlsx, .xls or .csv).",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages={
            "required": "Choose a file",
            "empty": "The file you chose is empty",
            "max_length": "The name of the file is too long: shorten it to 200 characters",
        },
    )
    as_of = GovDateField(
        label="Open cases as of",
        help_text="The date the list was taken from the case system. For example, 30 9 2026.",
        error_messages={"required": "Enter the date that the list is true for"},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_file(self) -> UploadedFile[Any]:
        """Refuse what is certainly no list; what the file really is, its content decides later."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        largest = settings.CFA_UPLOAD_MAX_BYTES
        if (file.size or 0) > largest:
            raise ValidationError(
                f"The file must be smaller than {largest // MEGABYTE:,} MB", code="too_large"
            )
        if PurePath(file.name or "").suffix.lower() not in ENDINGS:
            raise ValidationError(
                "The file must be an .xlsx, .xls or .csv file", code="wrong_ending"
            )
        return file

    def clean_as_of(self) -> date:
        """Nobody knows yet what will be open tomorrow."""
        as_of: date = self.cleaned_data["as_of"]
        if as_of > self.today:
            raise ValidationError("The date must be today or in the past", code="future")
        return as_of


class ConfirmForm(forms.Form):
    """Confirms a list as it was compared; asks again where much would close."""

    compared_with = forms.IntegerField(widget=forms.HiddenInput)
    understood = forms.BooleanField(required=False)

    def __init__(self, *args: Any, closing: list[ServiceChange], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not closing:
            del self.fields["understood"]
            return
        field = self.fields["understood"]
        closes = sum(change.closes for change in closing)
        field.label = (
            f"Closing {'this case' if closes == 1 else f'these {closes:,} cases'} is right"
        )
        field.required = True
        field.error_messages["required"] = (
            "Tick the box to say that closing so many cases is right, or discard the list"
        )


class ServicesForm(forms.Form):
    """What names of services mean that are not known: one question for each name."""

    def __init__(
        self,
        *args: Any,
        unknown: Sequence[Mapping[str, Any]],
        services: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        """``unknown``: {"said", "rows"} of each name; ``services``: (code, name) of each."""
        super().__init__(*args, **kwargs)
        self.said = {f"service_{place}": one["said"] for place, one in enumerate(unknown)}
        choices = [("", "Choose a service"), *services, (OPENS_NO_CASE, "None: open no case")]
        for (name, said), one in zip(self.said.items(), unknown, strict=True):
            rows = one["rows"]
            self.fields[name] = forms.ChoiceField(
                label=f"“{said}”",
                help_text=f"In {rows:,} {'row' if rows == 1 else 'rows'}",
                choices=choices,
                error_messages={"required": f"Say what “{said}” means"},
            )

    @property
    def meanings(self) -> dict[str, str]:
        """Name as it stands in the file → a service's code, "" where its rows open no case."""
        chosen = {said: self.cleaned_data[name] for name, said in self.said.items()}
        return {said: "" if code == OPENS_NO_CASE else code for said, code in chosen.items()}


class ColumnsForm(forms.Form):
    """What the headings of a list mean: one question for each thing that can be read."""

    every_row = forms.ChoiceField(
        label="Service of every row",
        help_text="Only where no column gives the service.",
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        headings: Sequence[str],
        services: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Not in this file"), *((heading, heading) for heading in headings)]
        every_row = self.fields.pop("every_row")
        every_row.choices = [("", "A column gives it"), *services]  # type: ignore[attr-defined]
        for column in template_columns():
            self.fields[column.heading] = forms.ChoiceField(
                label=COLUMN_LABELS[column.heading], choices=choices, required=False
            )
            if column.heading == "service":
                self.fields["every_row"] = every_row
        self.fields["child_id"].required = True
        self.fields["child_id"].error_messages["required"] = "Say which column holds the child’s id"

    def clean(self) -> dict[str, Any]:
        """One heading means one thing; the service comes from a column or is that of every row."""
        data = super().clean() or {}
        if bool(data.get("service")) == bool(data.get("every_row")):
            self.add_error(
                "service", "Choose either the column of the service or the service of every row"
            )
        first: dict[str, str] = {}
        for field, heading in self.chosen.items():
            if heading in first:
                words = f"“{heading}” is chosen for “{COLUMN_LABELS[first[heading]]}” already"
                self.add_error(field, words)
            first.setdefault(heading, field)
        return data

    @property
    def chosen(self) -> dict[str, str]:
        """Field → heading, for what is in the file."""
        return {
            field: heading
            for field, heading in self.cleaned_data.items()
            if heading and field != "every_row"
        }


class ProblemFilterForm(forms.Form):
    """Which problems of a list to show."""

    severity = forms.ChoiceField(
        label="What was done",
        required=False,
        choices=[("", "Everything"), *SEVERITY_NAMES.items()],
    )
