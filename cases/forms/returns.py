"""The form that compares a statutory return with our open cases."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.govuk import GovDateField
from cases.importers.records import FileRefused
from cases.importers.returns import ReturnedChildren, read_return

MAX_BYTES = 100 * 1024 * 1024


class ReturnForm(forms.Form):
    """A CIN census or the episodes of an SSDA903 return. Read while it is sent, and not kept."""

    file = forms.FileField(
        label="Statutory return",
        help_text="The CIN census (.xml), or the SSDA903 return: its episodes (.csv) or all of it "
        "(.xml).",
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,.csv"}),
        error_messages={"required": "Choose a file", "empty": "The file you chose is empty"},
    )
    on = GovDateField(
        label="Open on (SSDA903 only, optional)",
        help_text="Episodes are counted as they were on this day. Left blank: episodes that have "
        "not ended. A CIN census says its day itself.",
        required=False,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.found: ReturnedChildren | None = None

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on is not None and on > self.today:
            raise ValidationError("The date must be today or in the past")
        return on

    def clean(self) -> dict[str, Any]:
        """Read the file; what is wrong with it is said on its field."""
        data = super().clean() or self.cleaned_data
        file = data.get("file")
        if file is None or "on" in self.errors:
            return data
        if file.size > MAX_BYTES:
            self.add_error("file", f"The file must be {MAX_BYTES // 2**20} MB or smaller")
            return data
        try:
            self.found = read_return(file, data.get("on"))
        except FileRefused as refused:
            self.add_error("file", refused.message)
        return data
