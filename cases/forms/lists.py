"""Filters of the lists of sampling; a value that does not exist filters nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms

from cases.models import Draw, Replacement, SampledCase, SamplingFrame
from cases.queries.frame_list import ELIGIBLE, LACKS, NOT_ELIGIBLE, PARTS, FrameFilters
from cases.queries.sample_list import (
    DRAWN_FOR,
    DUE,
    GIVEN,
    NO_TEAM,
    SAMPLE,
    SUBMITTED,
    WHY_WAITING,
    PeopleOfDraw,
)
from cases.queries.themes import STATES as THEME_STATES
from cases.rules.eligibility import ALL_REASONS, ALREADY_AUDITED
from cases.rules.quarters import Quarter


class _Filters(forms.Form):
    def _choices(self, name: str, choices: Iterable[tuple[Any, str]], every: str = "All") -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", every), *choices]

    def given(self) -> dict[str, str]:
        """What was chosen, by field; without what was not, or does not exist."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class SampleFilterForm(_Filters):
    """Which cases of a draw to show."""

    stratum = forms.ChoiceField(required=False)
    status = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("", "Any state"),
            (SAMPLE, "In the sample"),
            (GIVEN, "Allocated or further"),
            *SampledCase.Status.choices,
            (SUBMITTED, "Audit submitted"),
        ],
    )
    role = forms.ChoiceField(
        label="Drawn as",
        required=False,
        choices=[("", "Selected and reserves"), *SampledCase.Role.choices],
    )
    team = forms.ChoiceField(label="Team", required=False)
    practitioner = forms.ChoiceField(label="Practitioner", required=False)
    auditor = forms.ChoiceField(label="Auditor", required=False)
    due = forms.ChoiceField(
        label="Due", required=False, choices=[("", "At any time"), *DUE.items()]
    )

    def __init__(self, *args: Any, draw: Draw, people: PeopleOfDraw, **kwargs: Any) -> None:
        """``people``: the teams, practitioners and auditors of the cases that may be seen."""
        super().__init__(*args, **kwargs)
        self.fields["stratum"].label = draw.frame.strata_by.capitalize()
        strata = sorted(draw.strata)
        self._choices("stratum", [(name, draw.frame.stratum_words(name)) for name in strata])
        self._choices("team", people.teams)
        self._choices("practitioner", people.practitioners)
        self._choices("auditor", people.auditors)


class ReplacementFilterForm(_Filters):
    """Which replacements to show."""

    quarter = forms.ChoiceField(label="Quarter", required=False)
    of = forms.ChoiceField(
        label="Drawn for", required=False, choices=[("", "All"), *DRAWN_FOR.items()]
    )
    reason = forms.ChoiceField(
        label="Reason", required=False, choices=[("", "All"), *Replacement.Reason.choices]
    )
    team = forms.ChoiceField(label="Team", required=False)
    status = forms.ChoiceField(
        label="State", required=False, choices=[("", "All"), *Replacement.Status.choices]
    )

    def __init__(
        self,
        *args: Any,
        quarters: Sequence[str],
        teams: Iterable[tuple[Any, str]],
        **kwargs: Any,
    ) -> None:
        """``quarters`` (labels) and ``teams`` of the replacements that may be seen."""
        super().__init__(*args, **kwargs)
        self._choices("quarter", [(label, Quarter.parse(label).name) for label in quarters])
        self._choices("team", [(NO_TEAM, "No team"), *teams])


class ThemeFilterForm(_Filters):
    """Which themes to show."""

    quarter = forms.ChoiceField(label="Quarter", required=False)
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "All"), *THEME_STATES.items()]
    )

    def __init__(self, *args: Any, quarters: Sequence[str], **kwargs: Any) -> None:
        """``quarters``: labels of those that have themes."""
        super().__init__(*args, **kwargs)
        self._choices("quarter", [(label, Quarter.parse(label).name) for label in quarters])


class WaitingFilterForm(_Filters):
    """Which cases without an auditor to show."""

    stratum = forms.ChoiceField(required=False)
    team = forms.ChoiceField(label="Team", required=False)
    why = forms.ChoiceField(
        label="Why nobody has it", required=False, choices=[("", "All"), *WHY_WAITING.items()]
    )

    def __init__(
        self, *args: Any, draw: Draw, teams: Iterable[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stratum"].label = draw.frame.strata_by.capitalize()
        strata = sorted(draw.strata)
        self._choices("stratum", [(name, draw.frame.stratum_words(name)) for name in strata])
        self._choices("team", teams)


class FrameFilterForm(_Filters):
    """Which cases of a frame to show."""

    service = forms.ChoiceField(label="Service", required=False)
    stratum = forms.ChoiceField(required=False)
    state = forms.ChoiceField(label="Can it be drawn?", required=False)
    lacks = forms.ChoiceField(
        label="Gaps",
        required=False,
        choices=[("", "All"), *((code, words) for code, (words, _) in LACKS.items())],
    )

    def __init__(
        self, *args: Any, frame: SamplingFrame, strata: Sequence[str], **kwargs: Any
    ) -> None:
        """``strata``: the names of those that the person may see."""
        super().__init__(*args, **kwargs)
        services = dict.fromkeys(frame.service_of(name) for name in strata)
        self._choices("service", [(name, name) for name in services])
        if not frame.services_of_strata:
            del self.fields["service"]  # each service is a stratum
        self._choices("stratum", [(name, frame.stratum_words(name)) for name in strata])
        self.fields["stratum"].label = frame.strata_by.capitalize()
        self._choices("state", _states(ALL_REASONS.items()))

    def filters(self) -> FrameFilters:
        """What is asked for."""
        return FrameFilters(**self.given())


def _states(reasons: Any) -> list[tuple[str, str]]:
    found = [(ELIGIBLE, "Eligible"), (NOT_ELIGIBLE, "Not eligible, whatever the reason")]
    for code, words in reasons:
        found.append((code, words))
        if code == ALREADY_AUDITED:
            found += [(name, f"– {said}") for name, (said, _) in PARTS.items()]
    return found
