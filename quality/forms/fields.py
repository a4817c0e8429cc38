"""Texts that have to be written: a full stop is none."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audits.forms.fields import LongText
from audits.rules.completeness import is_written


class Written(forms.CharField):
    """A text that must say something; where it does not, it says what it does when empty."""

    def validate(self, value: Any) -> None:
        """Raises ValidationError for a text without a letter or a digit."""
        super().validate(value)
        if self.required and not is_written(value):
            raise ValidationError(self.error_messages["required"], code="required")


class WrittenText(Written, LongText):
    """The same for a text of any length."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, **kwargs)
