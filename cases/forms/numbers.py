"""The form of a quarter's numbers, made from the words of every app's policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import WholeNumberField
from accounts.forms import SeenForm
from accounts.govuk import GovRadios
from cases.models import Service, Team
from cases.rules.numbers import (
    ROUNDING_WORDS,
    STRATA_WORDS,
    Group,
    Kind,
    Number,
    Section,
    shown,
)
from cases.rules.policy import EXCLUSION_FIELDS
from cases.rules.rates import exact, parse_rate, parse_share, show_rate

SPARE = 2  # empty exclusions below those that there are
YES, NO = "yes", "no"
MOST = 10_000


class _Share(forms.CharField):
    """A share, exactly as typed."""

    def __init__(self, *, parse: Callable[[str], Fraction], **kwargs: Any) -> None:
        super().__init__(max_length=30, **kwargs)
        self.widget.attrs["class"] = "govuk-input--width-5"
        self.parse = parse

    def clean(self, value: Any) -> str:
        try:
            return exact(self.parse(super().clean(value)))
        except ValueError as error:
            raise ValidationError(str(error), code="share") from error


class _Days(forms.CharField):
    """Rising whole numbers with commas between them."""

    def clean(self, value: Any) -> list[int]:
        parts = [part.strip() for part in super().clean(value).split(",")]
        if not all(part.isdecimal() and len(part) < 6 for part in parts):
            raise ValidationError("Write whole numbers with commas between them: 7, 28, 84.")
        return [int(part) for part in parts]


class NumbersForm(SeenForm):
    """Every number of a quarter. ``stored`` is ``AuditQuarter.policies``.

    `changes` has what was typed otherwise than it is in force, by section.
    """

    def __init__(
        self, *args: Any, sections: Sequence[Section], stored: Mapping[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        self.now = {each.code: each.in_force(stored.get(each.code, {})) for each in sections}
        for section in sections:
            usual = section.in_force({})
            for number in section.numbers():
                value = self.now[section.code][number.name]
                if number.kind == Kind.EXCLUSIONS:
                    self._add_exclusions(section.code, number, value)
                else:
                    name = _name(section.code, number)
                    self.fields[name] = _field(number, usual[number.name])
                    self.initial[name] = _as_typed(number, value)

    def _add_exclusions(self, section: str, number: Number, value: Sequence[Any]) -> None:
        kinds = [(field, field.replace("_", " ").capitalize()) for field in EXCLUSION_FIELDS]
        self.exclusions = len(value) + SPARE
        for place in range(self.exclusions):
            name = f"{_name(section, number)}-{place}"
            which = place + 1
            self.fields[f"{name}-field"] = forms.ChoiceField(
                label=f"Exclusion {which}: cases are left out by their",
                choices=[("", "Nothing"), *kinds],
                required=False,
            )
            self.fields[f"{name}-values"] = forms.CharField(
                label=f"Exclusion {which}: where it is one of these",
                help_text="One on each line, as the list of open cases has it.",
                max_length=2000,
                required=False,
                widget=forms.Textarea(attrs={"rows": "2"}),
            )
            self.fields[f"{name}-because"] = forms.CharField(
                label=f"Exclusion {which}: why", max_length=300, required=False,
                help_text="The frame’s page and the report say it.",
            )  # fmt: skip
            if place < len(value):
                one = value[place]
                self.initial[f"{name}-field"] = one["field"]
                values = one["values"]
                if one["field"] == "service":  # a code that is no service's any more stays
                    values = [self._services.get(code, code) for code in values]
                self.initial[f"{name}-values"] = "\n".join(values)
                self.initial[f"{name}-because"] = one["because"]

    def groups(self) -> list[tuple[Group, list[forms.BoundField]]]:
        """The fields under their headings."""
        return [
            (group, [self[name] for one in group.numbers for name in self._names(section, one)])
            for section in self.sections
            for group in section.groups
        ]

    def _names(self, section: Section, number: Number) -> list[str]:
        name = _name(section.code, number)
        return [each for each in self.fields if each == name or each.startswith(f"{name}-")]

    def clean(self) -> dict[str, Any]:
        """What makes sense by itself may make none together: each policy says so in words."""
        data = super().clean() or self.cleaned_data
        self.changes: dict[str, dict[str, Any]] = {}
        for section in self.sections:
            typed = {
                number.name: value
                for number in section.numbers()
                if (value := self._typed(section, number)) is not None
            }
            now = self.now[section.code]
            changed = {name: value for name, value in typed.items() if value != now[name]}
            try:
                section.policy.from_dict({**now, **changed})
            except (ValueError, TypeError) as error:
                self.add_error(None, str(error))
            if changed:
                self.changes[section.code] = changed
        return data

    def _typed(self, section: Section, number: Number) -> Any:
        """The value as JSON data; None where it is wrong, which its field has said."""
        name = _name(section.code, number)
        if number.kind == Kind.EXCLUSIONS:
            rows = [self._exclusion(f"{name}-{place}") for place in range(self.exclusions)]
            return [row for row in rows if row]
        value = self.cleaned_data.get(name)
        return value == YES if number.kind == Kind.YES_OR_NO and value else value

    def _exclusion(self, name: str) -> dict[str, Any]:
        parts = {part: self.cleaned_data.get(f"{name}-{part}", "") for part in _PARTS}
        if not any(parts.values()):
            return {}
        for part, missing in _PARTS.items():
            if not parts[part]:
                self.add_error(f"{name}-{part}", missing)
        values = [line.strip() for line in parts["values"].splitlines() if line.strip()]
        if parts["field"] == "service":
            values = self._service_codes(f"{name}-values", values)
        if parts["field"] == "team" and f"{name}-values" in self.changed_data:
            for unknown in _not_teams(values)[:1]:
                self.add_error(f"{name}-values", f"There is no team called {unknown}")
        return {**parts, "values": values}

    @cached_property
    def _services(self) -> dict[str, str]:
        """The names of services by their codes."""
        return dict(Service.objects.values_list("code", "name"))

    def _service_codes(self, field: str, typed: list[str]) -> list[str]:
        """The codes of services that are typed by name or code, each once; an error otherwise."""
        codes = {
            word.casefold(): code for code, name in self._services.items() for word in (code, name)
        }
        unknown = [name for name in typed if name.casefold() not in codes]
        if unknown:
            self.add_error(field, f"There is no service called {unknown[0]}")
        return list(dict.fromkeys(codes.get(name.casefold(), name) for name in typed))


_PARTS = {
    "field": "Choose what cases are left out by",
    "values": "Write the values for which cases are left out, one on each line",
    "because": "Write why these cases are left out",
}


def _not_teams(names: list[str]) -> list[str]:
    """Those of some names that are no team's, as they were typed; capitals do not matter."""
    known = {name.casefold() for name in Team.objects.values_list("name", flat=True)}
    return [name for name in names if name.casefold() not in known]


def _name(section: str, number: Number) -> str:
    return f"{section}-{number.name}"


def _as_typed(number: Number, value: Any) -> Any:
    if number.kind == Kind.SHARE:
        return show_rate(Fraction(value))
    if number.kind == Kind.YES_OR_NO:
        return YES if value else NO
    if number.kind == Kind.DAYS:
        return ", ".join(map(str, value))
    return value


def _field(number: Number, usual: Any) -> forms.Field:
    words = f"{number.hint} Usual: {shown(number, usual)}.".strip()
    options: dict[str, Any] = {
        "label": number.label,
        "help_text": words,
        "error_messages": {"required": f"{number.label}: this must be filled in"},
    }
    if number.kind == Kind.SHARE:
        return _Share(parse=parse_rate if number.name == "rate" else parse_share, **options)
    if number.kind == Kind.YES_OR_NO:
        radios = GovRadios(layout="inline")
        return forms.ChoiceField(choices=[(YES, "Yes"), (NO, "No")], widget=radios, **options)
    if number.kind == Kind.ROUNDING:
        return forms.ChoiceField(
            choices=list(ROUNDING_WORDS.items()), widget=GovRadios(layout="inline"), **options
        )
    if number.kind == Kind.STRATA:
        return forms.ChoiceField(choices=list(STRATA_WORDS.items()), **options)
    if number.kind == Kind.DAYS:
        return _Days(max_length=100, **options)
    attrs = {"class": "govuk-input--width-4"}
    return WholeNumberField(
        min_value=number.least, max_value=MOST, widget=forms.NumberInput(attrs=attrs), **options
    )
