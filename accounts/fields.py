"""Fields of forms that all apps use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.rules.words import is_written


class WordsField(forms.CharField):
    """Text that must say something: a full stop is no reason, and is told as if nothing stood."""

    def validate(self, value: Any) -> None:
        """Raise ValidationError where nothing is written."""
        super().validate(value)
        if value and not is_written(value):
            raise ValidationError(self.error_messages["required"], code="required")
