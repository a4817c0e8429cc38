"""Fields of forms that all apps use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.rules.words import is_written


class WholeNumberField(forms.IntegerField):
    """A whole number within limits, both given; its errors name it, as a list of errors needs."""

    def __init__(self, *, label: str, min_value: int, max_value: int, **options: Any) -> None:
        name = label.partition(" (")[0]
        between = f"{name}: enter a whole number from {min_value:,} to {max_value:,}"
        said = dict.fromkeys(("invalid", "min_value", "max_value"), between)  # by their codes
        super().__init__(
            label=label,
            min_value=min_value,
            max_value=max_value,
            error_messages={**said, **options.pop("error_messages", {})},
            **options,
        )


class WordsField(forms.CharField):
    """Text that must say something: a full stop is no reason, and is told as if nothing stood."""

    def validate(self, value: Any) -> None:
        """Raise ValidationError where nothing is written."""
        super().validate(value)
        if value and not is_written(value):
            raise ValidationError(self.error_messages["required"], code="required")
