"""Forms of the pages about services, teams, practitioners and graders."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.forms import SeenForm
from accounts.govuk import GovDateField
from accounts.queries import in_words
from accounts.rules.seen import seen
from cases.models import Grader, Practitioner, Service, Team
from cases.queries.people import (
    GRADER_FIELDS,
    PRACTITIONER_FIELDS,
    SERVICE_FIELDS,
    TEAM_FIELDS,
    possible_approvers,
    possible_graders,
    possible_heads,
    possible_managers,
    possible_practitioner_users,
)


def _one_of(queryset: QuerySet[Any], label: str, empty: str, **options: Any) -> Any:
    """A select of the things in ``queryset``, with words for "none"."""
    options.setdefault("required", False)
    return forms.ModelChoiceField(queryset=queryset, label=label, empty_label=empty, **options)


class _Tidy(SeenForm):
    """Names without doubled or outer spaces."""

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class ServiceForm(SeenForm):
    """Who heads a service."""

    def __init__(self, service: Service, data: Any = None) -> None:
        super().__init__(data, initial=_initial(service, SERVICE_FIELDS))
        choices = possible_heads(besides=(service.head, service.deputy))
        self.fields["head"] = _one_of(choices, "Head of Service", "Nobody")
        self.fields["deputy"] = _one_of(
            choices, "Deputy", "Nobody", help_text="Receives what the Head of Service receives."
        )


class TeamForm(_Tidy):
    """A team, new or there already."""

    def __init__(self, team: Team | None, data: Any = None) -> None:
        super().__init__(data, initial=_initial(team, TEAM_FIELDS))
        present = (team.manager, team.deputy) if team else ()
        managers = possible_managers(besides=present)
        self.fields["name"] = forms.CharField(label="Name", max_length=120)
        self.fields["service"] = _one_of(
            Service.objects.all(),
            "Service",
            "Several or none",
            help_text="Escalations of this team’s audits go to its Head of Service.",
        )
        self.fields["manager"] = _one_of(managers, "Team manager", "Nobody")
        self.fields["deputy"] = _one_of(managers, "Deputy team manager", "Nobody")
        self.fields["works_with_disability"] = forms.BooleanField(
            label="A disability team",
            required=False,
            help_text="The committee report shows these teams’ results.",
        )


class PractitionerForm(_Tidy):
    """A practitioner, new or there already."""

    name = forms.CharField(label="Full name", max_length=150)
    staff_number = forms.CharField(
        label="Staff number (optional)",
        max_length=40,
        required=False,
        help_text="Tells apart two practitioners of the same name.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    team = _one_of(Team.objects.all(), "Team", "No team")
    agency = forms.BooleanField(label="An agency worker", required=False)
    user = _one_of(
        Practitioner.objects.none(),
        "Their sign-in",
        "None: cannot sign in",
        help_text="People with the role Practitioner. Feedback goes to this person.",
    )
    started_on = GovDateField(label="Started on (optional)", required=False)
    left_on = GovDateField(
        label="Left on (optional)",
        required=False,
        help_text="Their cases keep their name. Actions go to a stand-in.",
    )

    def __init__(self, practitioner: Practitioner | None, data: Any = None) -> None:
        super().__init__(data, initial=_initial(practitioner, PRACTITIONER_FIELDS))
        self.fields["user"].queryset = possible_practitioner_users(practitioner)  # type: ignore[attr-defined]


class GraderForm(SeenForm):
    """How much somebody grades. For a new grader it also asks who."""

    team = _one_of(
        Team.objects.all(),
        "Their team",
        "No team",
        help_text="Nobody grades the files of their own team.",
    )
    capacity = forms.IntegerField(
        label="Audits in a quarter",
        min_value=0,
        max_value=200,
        initial=6,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-3"}),
    )
    accredited_on = GovDateField(label="Accredited on (optional)", required=False)
    exempt_reason = forms.CharField(
        label="Why exempt from auditing (optional)",
        max_length=200,
        required=False,
        help_text="Nothing is allocated to them while there is a reason here.",
    )

    def __init__(self, grader: Grader | None, data: Any = None) -> None:
        super().__init__(data, initial=_initial(grader, GRADER_FIELDS))
        user = grader.user if grader else None
        if grader is None:
            who = _one_of(
                possible_graders(),
                "Person",
                "Choose a person",
                required=True,
                help_text="People with the role Auditor, Moderator or External validator.",
            )
            self.fields = {"user": who, **self.fields}
        approvers = possible_approvers(user)
        if grader and grader.exempt_approved_by:
            present = type(grader.user).objects.filter(pk=grader.exempt_approved_by.pk)
            approvers = (approvers | present.distinct()).distinct()
        self.fields["exempt_approved_by"] = _one_of(
            approvers, "Exemption approved by", "Nobody", help_text="A director."
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        reason, approver = data.get("exempt_reason"), data.get("exempt_approved_by")
        if reason and not approver and "exempt_approved_by" not in self.errors:
            self.add_error("exempt_approved_by", "Choose the director who approved the exemption")
        if approver and not reason:
            self.add_error("exempt_reason", "Write why they are exempt, or choose nobody below")
        return data


class TeamFilter(forms.Form):
    """What to show of the list of teams."""

    text = forms.CharField(label="Name", required=False, max_length=100)
    service = _one_of(Service.objects.all(), "Service", "Any service")


class PractitionerFilter(forms.Form):
    """What to show of the list of practitioners."""

    text = forms.CharField(label="Name or staff number", required=False, max_length=100)
    team = _one_of(Team.objects.all(), "Team", "Any team")
    agency = forms.ChoiceField(
        label="Agency worker",
        choices=[("", "Yes or no"), ("yes", "Yes"), ("no", "No")],
        required=False,
    )
    state = forms.ChoiceField(
        label="Working here",
        choices=[("", "Now or before"), ("here", "Now"), ("left", "Has left")],
        required=False,
    )


class GraderFilter(forms.Form):
    """What to show of the list of graders."""

    text = forms.CharField(label="Name", required=False, max_length=100)
    state = forms.ChoiceField(
        label="Grading",
        choices=[("", "Anybody"), ("grading", "Grading now"), ("exempt", "Exempt")],
        required=False,
    )


def _initial(thing: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    if thing is None:
        return None
    values = {name: getattr(thing, name) for name in names}
    return values | {"seen": seen(in_words(thing, names))}
