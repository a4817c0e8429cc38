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

from accounts.govuk import GovCheckboxes, GovDateField
from cases.importers.containers import TEXT_ENDINGS
from cases.importers.csv_lists import LIST_COUNT
from cases.queries.imports import SEVERITY_NAMES, ServiceChange

ENDINGS = (".xlsx", ".xls", ".ods", *TEXT_ENDINGS)
WRONG_ENDING = f"The file must be an {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} file"
OPENS_NO_CASE = "-"
COLUMN_LABELS = {
    "child_id": "Child’s id",
    "service": "Service",
    "team": "Team",
    "practitioner": "Practitioner",
    "opened_on": "Date opened",
    "closed_on": "Date closed",
    "status": "Status (open or closed)",
    "family_id": "Family’s id",
    "agency": "Agency worker",
    "restricted": "Restricted record",
    "date_of_birth": "Date of birth (becomes the age)",
    "age": "Age in years",
    "gender": "Gender",
    "ethnicity": "Ethnicity",
    "disability": "Disability",
    "disability_team": "Disability team",
    "transferred_in_on": "Date transferred in",
    "transferred_in_from": "Transferred in from",
    "legal_status": "Legal status",
    "plan": "Plan",
}
# What can be said of a column: the template's, and the status and the age, which it has no column
# for.
ASKED = tuple(COLUMN_LABELS)
MEGABYTE = 1024 * 1024


class SeveralFilesInput(forms.FileInput):
    """A file input in which several files can be chosen at once."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """One file or several; each is checked as a single one would be. Cleans to a list."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The files, at least one."""
        given = data if isinstance(data, list | tuple) else [data]
        return [self._clean_one(one, initial, len(given)) for one in given or [None]]

    def _clean_one(self, file: Any, initial: Any, number: int) -> Any:
        try:
            return super().clean(file, initial)
        except ValidationError as error:
            if number == 1 or error.code != "empty":
                raise
            words = f"“{file.name}” is empty: leave it out"
            raise ValidationError(words, code="empty") from error


class UploadForm(forms.Form):
    """A list of open cases, in one file or one CSV file for each list, and the date it is true
    for."""

    file = SeveralFilesField(
        label="List of open cases",
        help_text="An Annex A workbook (.xlsx, .xls or .ods), or all its lists as CSV files "
        "chosen together, or the template as a CSV file or a workbook.",
        max_length=200,
        widget=SeveralFilesInput(attrs={"accept": ",".join(ENDINGS)}),
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

    def clean_file(self) -> list[UploadedFile[Any]]:
        """Refuse what is certainly no list; what the file really is, its content decides later."""
        files: list[UploadedFile[Any]] = self.cleaned_data["file"]
        largest = settings.CFA_UPLOAD_MAX_BYTES
        if sum(file.size or 0 for file in files) > largest:
            what = "The file" if len(files) == 1 else "The files together"
            raise ValidationError(
                f"{what} must be smaller than {largest // MEGABYTE:,} MB", code="too_large"
            )
        endings = {PurePath(file.name or "").suffix.lower() for file in files}
        if not endings <= set(ENDINGS):
            raise ValidationError(WRONG_ENDING, code="wrong_ending")
        if len(files) > 1:
            self._check_lists(len(files), endings)
        return files

    def _check_lists(self, number: int, endings: set[str]) -> None:
        if not endings <= set(TEXT_ENDINGS):
            raise ValidationError(
                "Choose one workbook, or several CSV files with a list of Annex A in each",
                code="several_workbooks",
            )
        if number > LIST_COUNT:
            raise ValidationError(
                f"Annex A has {LIST_COUNT} lists, and you chose {number} files", code="too_many"
            )

    def clean_as_of(self) -> date:
        """Nobody knows yet what will be open tomorrow."""
        as_of: date = self.cleaned_data["as_of"]
        if as_of > self.today:
            raise ValidationError("The date must be today or in the past", code="future")
        return as_of


class CoversForm(forms.Form):
    """Of which services a list holds all open cases."""

    covers = forms.MultipleChoiceField(
        label="All open cases of these services are in this list",
        help_text="Select all that apply, or none.",
        required=False,
    )

    def __init__(self, *args: Any, services: Sequence[ServiceChange], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hints = {one.code: _in_list_and_now(one) for one in services}
        field = self.fields["covers"]
        field.widget = GovCheckboxes(hints=hints, layout="small")
        field.choices = [(one.code, one.name) for one in services]  # type: ignore[attr-defined]


def _in_list_and_now(change: ServiceChange) -> str:
    in_list, before = (f"{n:,}" if n else "none" for n in (change.in_list, change.before))
    return f"{in_list} in this list, {before} open now".capitalize()


class ConfirmForm(forms.Form):
    """Confirms a list as it was compared; asks again where much would close."""

    compared_with = forms.IntegerField(widget=forms.HiddenInput)
    # The fingerprint of the difference on the page.
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
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
        """``unknown``: {"said", "rows"} of each name, rows None where they are not counted;
        ``services``: (code, name) of each."""
        super().__init__(*args, **kwargs)
        self.said = {f"service_{place}": one["said"] for place, one in enumerate(unknown)}
        choices = [("", "Choose a service"), *services, (OPENS_NO_CASE, "None: open no case")]
        for (name, said), one in zip(self.said.items(), unknown, strict=True):
            rows = one["rows"]
            in_rows = f"In {rows:,} {'row' if rows == 1 else 'rows'}" if rows else ""
            self.fields[name] = forms.ChoiceField(
                label=f"“{said}”",
                help_text=in_rows,
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
        for name in ASKED:
            self.fields[name] = forms.ChoiceField(
                label=COLUMN_LABELS[name], choices=choices, required=False
            )
            if name == "service":
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


class OtherIdFilter(forms.Form):
    """Which other ids of children to show."""

    text = forms.CharField(label="A child’s id or another id", required=False, max_length=60)


class ProblemFilterForm(forms.Form):
    """Which problems of a list to show."""

    severity = forms.ChoiceField(
        label="What was done",
        required=False,
        choices=[("", "Everything"), *SEVERITY_NAMES.items()],
    )
