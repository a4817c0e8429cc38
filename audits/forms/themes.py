"""Forms of themes: the plan, with its cohort, and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.fields import WholeNumberField
from accounts.forms import SeenForm
from accounts.govuk import GovCheckboxes, GovRadios
from accounts.queries import in_words
from accounts.rules.seen import seen
from audits.operations.themes import ThemePlan, plan_in_words
from cases.models import Theme
from cases.rules.cohort import ATTRIBUTES, MAX_AGE, MAX_MONTHS, Cohort
from cases.rules.labels import label_of
from cases.rules.quarters import Quarter

AGENCY = {"yes": True, "no": False}


def _whole(label: str, least: int, most: int, width: int) -> WholeNumberField:
    return WholeNumberField(
        label=label,
        min_value=least,
        max_value=most,
        required=False,
        widget=forms.NumberInput(
            attrs={"class": f"govuk-input--width-{width}", "inputmode": "numeric"}
        ),
    )


def _months(label: str) -> WholeNumberField:
    return _whole(label, 1, MAX_MONTHS, 3)


def _age(label: str) -> WholeNumberField:
    return _whole(label, 0, MAX_AGE, 2)


class ThemeForm(SeenForm):
    """What a theme asks, with which tool, of which open cases. All conditions must hold."""

    name = forms.CharField(
        label="Name of the theme",
        max_length=120,
        error_messages={"required": "Enter a name for the theme"},
    )
    question = forms.CharField(
        label="What shall it find out?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say what the theme shall find out"},
    )
    tool = forms.ChoiceField(
        label="Question set",
        help_text="An audit tool with a published version. A tool of its own is made under Audit "
        "tools, by importing its file.",
    )
    transferred_in_within = _months(
        "Transferred in from another council within the last (months, optional)"
    )
    opened_within = _months("Opened within the last (months, optional)")
    open_for = _months("Open for at least (months, optional)")
    age_from = _age("Youngest age in years (optional)")
    age_to = _age("Oldest age in years (optional)")
    agency = forms.ChoiceField(
        label="Practitioner (optional)",
        choices=[("", "Any"), ("yes", "An agency worker"), ("no", "Not an agency worker")],
        required=False,
        widget=GovRadios(layout="inline"),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        tools: list[tuple[str, str]],
        services: Mapping[str, str],
        values: Mapping[str, list[str]],
        theme: Theme | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(theme))
        self.fields["tool"].choices = tools  # type: ignore[attr-defined]
        chosen = theme.conditions if theme else Cohort()
        self.fields["service"] = _several("service", list(services.items()))
        for name, found in values.items():
            every = sorted({*found, *getattr(chosen, name)})
            if every:
                self.fields[name] = _several(
                    name, [(value, label_of(name, value)) for value in every]
                )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        """The conditions must make sense together."""
        data = super().clean() or self.cleaned_data
        lowest, highest = data.get("age_from"), data.get("age_to")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("age_to", "The oldest age is below the youngest")
        within, at_least = data.get("opened_within"), data.get("open_for")
        if within is not None and at_least is not None and at_least > within:
            self.add_error(
                "open_for", f"No case opened within {within} months is open for {at_least}"
            )
        return data

    def plan(self) -> ThemePlan:
        """What was typed, as the operation takes it. Only of a valid form."""
        data = self.cleaned_data
        numbers = ("transferred_in_within", "opened_within", "open_for", "age_from", "age_to")
        given: dict[str, Any] = {name: tuple(data.get(name, ())) for name in ATTRIBUTES}
        given |= {name: data[name] for name in numbers}
        cohort = Cohort(**given, agency=AGENCY.get(data["agency"]))
        return ThemePlan(data["name"], data["question"], data["tool"], cohort)


class NewThemeForm(ThemeForm):
    """The same, and of which quarter."""

    quarter = forms.ChoiceField(label="Quarter", widget=GovRadios(layout="inline"))

    def __init__(self, data: Any = None, *, quarters: list[Quarter], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["quarter"].choices = [(q.label, q.name) for q in quarters]  # type: ignore[attr-defined]


class FindingsForm(SeenForm):
    """What a theme found."""

    findings = forms.CharField(
        label="What was found",
        help_text="For the committee: nothing by which a child could be recognised.",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 12}),
        error_messages={"required": "Write what was found"},
    )

    def __init__(self, theme: Theme, data: Any = None) -> None:
        words = {"findings": theme.findings, "seen": seen(in_words(theme, ["findings"]))}
        super().__init__(data, initial=words)


def _several(name: str, choices: list[tuple[str, str]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=f"{ATTRIBUTES[name]} (optional)",
        choices=choices,
        required=False,
        widget=GovCheckboxes(layout="small"),
    )


def _initial(theme: Theme | None) -> dict[str, Any]:
    if theme is None:
        return {}
    cohort = theme.conditions
    agency = {True: "yes", False: "no", None: ""}[cohort.agency]
    return {
        **theme.cohort,
        "agency": agency,
        "name": theme.name,
        "question": theme.question,
        "tool": theme.tool,
        "seen": seen(plan_in_words(theme)),
    }
