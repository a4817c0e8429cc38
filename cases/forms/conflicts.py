"""Forms about declared conflicts."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from accounts.fields import WordsField
from accounts.models import User
from accounts.operations import Refused
from cases.operations.conflicts import checked_id
from cases.queries.conflicts import ENDED, IN_FORCE
from cases.queries.people import people_who_grade


def _reason(label: str, hint: str, missing: str) -> WordsField:
    return WordsField(
        label=label,
        help_text=hint,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "4"}),
        error_messages={"required": missing},
    )


class DeclareForm(forms.Form):
    """A child by an id, and why."""

    child_id = forms.CharField(
        label="Child’s id",
        help_text="As the case system has it. Check it: this page takes any id, and does not say "
        "whether the council knows a child by it.",
        max_length=60,
        widget=forms.TextInput(
            attrs={"class": "govuk-input--width-20", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Type the child’s id"},
    )
    reason = _reason(
        "Why can you not grade this child’s file?",
        "For example: I know the family; I worked with this child. No names.",
        "Write why you cannot grade this file",
    )

    def clean_child_id(self) -> str:
        try:
            return checked_id(self.cleaned_data["child_id"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused


class RegisterForm(DeclareForm):
    """The same for somebody else."""

    user = forms.ModelChoiceField(
        label="Whose conflict is it?",
        queryset=User.objects.none(),
        empty_label="Choose a person",
        error_messages={"required": "Choose a person"},
    )
    field_order = ("user", "child_id", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[User]", self.fields["user"]).queryset = people_who_grade()
        self.fields["child_id"].help_text = "As the case system has it, or another id of the child."
        self.fields["reason"].label = "Why can they not grade this child’s file?"
        self.fields["reason"].help_text = "What they told you, in short. No names."
        self.fields["reason"].error_messages["required"] = "Write why they cannot grade this file"


class EndForm(forms.Form):
    """Why a conflict was a mistake."""

    reason = _reason(
        "Why is it ended?",
        "For example: it was declared with the id of another child.",
        "Write why it is ended",
    )


class ConflictFilter(forms.Form):
    """What to show of the list of conflicts."""

    text = forms.CharField(label="Person’s name", required=False, max_length=100)
    state = forms.ChoiceField(
        label="State",
        choices=[("", "In force or ended"), (IN_FORCE, "In force"), (ENDED, "Ended")],
        required=False,
    )
