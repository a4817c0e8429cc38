"""Form fields and widgets in GOV.UK's patterns that Django has not got.

The template pack (templates/govuk) prints them; see docs/frontend.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import ChoiceWidget

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PARTS = ("day", "month", "year")
FIRST_YEAR = 1900  # nobody who is alive was here before


def _part(width: int) -> forms.TextInput:
    return forms.TextInput(attrs={"class": f"govuk-input--width-{width}", "inputmode": "numeric"})


class GovDateWidget(forms.MultiWidget):
    """Three inputs: day, month, year. Gives the field a list of three strings, as they were typed.

    Posted as NAME_day, NAME_month and NAME_year; ids are ID_0, ID_1 and ID_2.
    """

    is_govuk_date = True
    part_labels = ("Day", "Month", "Year")

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"day": _part(2), "month": _part(2), "year": _part(4)}, attrs)

    def decompress(self, value: date | None) -> list[Any]:
        return [value.day, value.month, value.year] if value else ["", "", ""]


def _month_number(text: str) -> int:
    """1 to 12 from "3", "03", "Mar" or "March"; ValueError for anything else."""
    word = text.lower()
    if len(word) >= 3 and word.isalpha():
        return MONTHS.index(word[:3]) + 1
    return int(text)


class GovDateField(forms.DateField):
    """A date from GovDateWidget; its errors say which part is missing.

    Also takes a date or ISO text, so that initial values and tests may give one.
    """

    widget = GovDateWidget

    def to_python(self, value: Any) -> date | None:
        """A date, or None where all three parts are empty. Raises ValidationError."""
        if not isinstance(value, list | tuple):
            return super().to_python(value)
        parts = ["" if part is None else str(part).strip() for part in value]
        if not any(parts):
            return None
        missing = [name for name, part in zip(PARTS, parts, strict=True) if not part]
        if missing:
            raise ValidationError(
                f"{self._name()} must include a {' and '.join(missing)}", code="incomplete"
            )
        return self._real_date(*parts)

    def _real_date(self, day: str, month: str, year: str) -> date:
        if len(year) != 4 or not year.isdecimal():
            raise ValidationError(
                f"{self._name()}: the year must have 4 numbers", code="incomplete_year"
            )
        if int(year) < FIRST_YEAR:
            raise ValidationError(
                f"{self._name()}: the year must be {FIRST_YEAR} or later", code="long_ago"
            )
        try:
            return date(int(year), _month_number(month), int(day))
        except ValueError:
            raise ValidationError(f"{self._name()} must be a real date", code="invalid") from None

    def _name(self) -> str:
        return str(self.label or "The date")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != self.to_python(initial)
        except ValidationError:
            return True


class _HintedChoices(ChoiceWidget):
    """Adds a hint to each choice and a layout to a list of choices."""

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        hints: Mapping[Any, str] | None = None,
        layout: str = "",
    ) -> None:
        super().__init__(attrs, choices)
        self.hints = {str(value): hint for value, hint in (hints or {}).items()}
        self.layout = layout

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        return option | {"hint": self.hints.get(str(value), "")}


class GovRadios(_HintedChoices, forms.RadioSelect):
    """Radios. `hints`: a line under a choice, by its value. `layout`: "", "inline" or "small"."""


class GovCheckboxes(_HintedChoices, forms.CheckboxSelectMultiple):
    """Checkboxes; `hints` as for GovRadios, layout is "" or "small"."""
