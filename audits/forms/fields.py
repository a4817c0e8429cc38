"""Long texts as people paste them, and dataclasses out of forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import strip_tags

LONGEST = 100_000  # characters: some fifty pages


class LongText(forms.CharField):
    """A text of any length a person can write. Line ends become "\\n", as they are stored.

    A browser posts "\\r\\n": without this, a text sent twice would look changed.
    """

    widget = forms.Textarea

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.widget.attrs["rows"] = str(rows)

    def to_python(self, value: Any) -> str:
        """The text without surrounding space. Raises ValidationError where it is too long."""
        if isinstance(value, str):
            value = value.replace("\r\n", "\n").replace("\r", "\n")
        text = super().to_python(value) or ""
        if len(text) > LONGEST:
            label = strip_tags(str(self.label))
            raise ValidationError(
                f"“{label}” must be {LONGEST:,} characters or fewer. You have {len(text):,}.",
                code="too_long",
            )
        return text


class Versioned(forms.Form):
    """A page of a grading: carries the version that it was loaded with."""

    version = forms.IntegerField(widget=forms.HiddenInput)
