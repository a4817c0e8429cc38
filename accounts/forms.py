"""Forms of the pages about people."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.govuk import GovCheckboxes, GovRadios
from accounts.models import AccessRecord, User
from accounts.operations import ChangedMeanwhile, Refused
from accounts.queries import people, person_in_words
from accounts.roles import EXPLANATIONS, Role
from accounts.rules.seen import seen
from accounts.rules.table_file import decode

MAX_FILE_BYTES = 1024 * 1024


class SeenForm(forms.Form):
    """A form about something that somebody else may change meanwhile."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def refuse(self, refusal: Refused) -> None:
        """Show why it was not saved; what is there now counts as seen from here on."""
        self.add_error(None, str(refusal))
        if isinstance(refusal, ChangedMeanwhile):
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["seen"] = refusal.seen  # type: ignore[index]


class PersonForm(forms.Form):
    """Name, address and roles of somebody new."""

    name = forms.CharField(label="Full name", max_length=150)
    email = forms.EmailField(
        label="Email address",
        max_length=254,
        help_text="They sign in with it, and notices go to it.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=Role.choices,
        widget=GovCheckboxes(hints=EXPLANATIONS),
        required=False,
        help_text="Choose all that apply. Without a role a person can sign in but do nothing.",
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class PersonChangeForm(PersonForm, SeenForm):
    """The same for somebody who is there, and whether they can sign in."""

    active = forms.TypedChoiceField(
        label="Can this person sign in?",
        choices=(("yes", "Yes"), ("no", "No")),
        coerce=lambda value: value == "yes",
        widget=GovRadios(
            hints={"no": "Nothing they did is lost, and they are signed out at once."},
        ),
    )

    @staticmethod
    def initial_for(user: User) -> dict[str, Any]:
        """What the form shows for ``user``."""
        return {
            "name": user.name,
            "email": user.email,
            "roles": sorted(user.roles),
            "active": "yes" if user.is_active else "no",
            "seen": seen(person_in_words(user)),
        }


class PeopleFilter(forms.Form):
    """What to show of the list of people."""

    text = forms.CharField(label="Name or email address", required=False, max_length=100)
    role = forms.ChoiceField(
        label="Role", choices=[("", "Any role"), *Role.choices], required=False
    )
    state = forms.ChoiceField(
        label="Can sign in",
        choices=[("", "Yes or no"), ("active", "Yes"), ("inactive", "No")],
        required=False,
    )


def _day() -> forms.DateInput:
    """A date in one box: three would fill a filter."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AccessLogFilter(forms.Form):
    """What to show of the access log."""

    person = forms.ModelChoiceField(
        label="Person", queryset=User.objects.none(), required=False, empty_label="Anybody"
    )
    kind = forms.ChoiceField(
        label="What they did",
        choices=[("", "Anything"), *AccessRecord.Kind.choices],
        required=False,
    )
    since = forms.DateField(label="From", required=False, widget=_day())
    to = forms.DateField(label="To", required=False, widget=_day())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = people().prefetch_related(None)
        self.fields["person"].queryset = everybody  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, to = data.get("since"), data.get("to")
        if since and to and since > to:
            self.add_error("to", "“To” must be the same day as “From” or later.")
        return data


class TableUploadForm(forms.Form):
    """A CSV file; ``cleaned_data["file"]`` is its text."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Choose a CSV file", "empty": "The file is empty"},
    )

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload.size > MAX_FILE_BYTES:
            raise forms.ValidationError("The file must be smaller than 1 MB")
        return decode(upload.read())


class TableConfirmForm(forms.Form):
    """The file that was shown, and which changes were shown."""

    text = forms.CharField(widget=forms.HiddenInput, max_length=MAX_FILE_BYTES, strip=False)
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
