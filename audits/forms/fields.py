"""Long texts as people paste them, and dataclasses out of forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import strip_tags

from accounts.fields import WordsField

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

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether somebody typed something else: spaces around a text are not typed."""
        return super().has_changed(self.to_python(initial), data)

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


class WrittenText(WordsField, LongText):
    """A text of any length that must say something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, **kwargs)


class Versioned(forms.Form):
    """A page of a grading: carries the version that it was loaded with."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    held_together: tuple[str, ...] = ()  # answers that say something only with each other

    def hold_back(self) -> list[str]:
        """Put what is stored where an answer cannot be, so that the others can be saved.

        For a page that saves itself: a date that is typed by half keeps nothing else from being
        saved. Returns the names of the answers held back; none where that is of no use: nothing
        else was changed, or the page is wrong as a whole.
        """
        faulty = {name for name in self.errors if name in self.fields}
        if len(faulty) < len(self.errors) or "version" in faulty:
            return []
        if faulty & set(self.held_together):
            faulty |= set(self.held_together)
        if not set(self.changed_data) - {"version", *faulty}:
            return []
        for name in faulty:
            field = self.fields[name]
            self.cleaned_data[name] = field.to_python(self.get_initial_for_field(field, name))
        return sorted(faulty)
