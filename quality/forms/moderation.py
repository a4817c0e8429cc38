"""Giving a moderation to somebody, giving it back, deciding it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from accounts.fields import WordsField
from accounts.govuk import GovRadios
from accounts.models import User
from audits.forms.fields import WrittenText
from audits.models import Grading
from audits.rules.grades import LABELS


class AssignForm(forms.Form):
    """Which of the independent moderators; with the reason where somebody has it already."""

    moderator = forms.TypedChoiceField(
        label="Moderator",
        help_text="Only moderators who are independent of this case and its auditor are listed.",
        coerce=int,
        error_messages={"required": "Choose a moderator"},
    )
    reason = WordsField(
        label="Why is another moderator needed?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "3"}),
        error_messages={"required": "Write why another moderator is needed"},
    )

    def __init__(
        self, *args: Any, moderators: Sequence[User], reassign: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.moderators = {user.pk: user for user in moderators}
        field = cast(forms.TypedChoiceField, self.fields["moderator"])
        field.choices = [("", "Choose a moderator"), *((u.pk, u.name) for u in moderators)]
        if not reassign:
            del self.fields["reason"]

    @property
    def chosen(self) -> User:
        """The moderator of a valid form."""
        return self.moderators[self.cleaned_data["moderator"]]


class HandBackForm(forms.Form):
    """Why a moderator gives a moderation back."""

    reason = WordsField(
        label="Why do you give it back?",
        help_text="No names.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "4"}),
        error_messages={"required": "Write why you give it back"},
    )
    conflict = forms.BooleanField(
        label="I have a conflict: do not give me this child’s file again", required=False
    )


class DecideForm(forms.Form):
    """Which of the two grades stands, and why."""

    stands = forms.ChoiceField(
        label="Which grade stands?",
        widget=GovRadios,
        error_messages={"required": "Say which grade stands"},
    )
    rationale = WrittenText(
        label="Why does this grade stand?",
        help_text="Also where the two agree. Name what in the file shows it.",
        rows=6,
        error_messages={"required": "Write why this grade stands"},
    )

    def __init__(self, *args: Any, first: Grading, second: Grading, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["stands"])
        field.choices = [
            ("first", f"The auditor’s: {LABELS[first.overall_grade]}"),
            ("second", f"Mine: {LABELS[second.overall_grade]}"),
        ]
