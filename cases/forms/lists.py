"""Filters of the lists of sampling; a value that does not exist filters nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from cases.models import SamplingFrame
from cases.queries.frame_list import ELIGIBLE, LACKS, NOT_ELIGIBLE, PARTS, FrameFilters
from cases.rules.eligibility import ALREADY_AUDITED, REASONS, REASONS_IN_THEMES


class FrameFilterForm(forms.Form):
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
        reasons = REASONS if frame.theme_id is None else REASONS_IN_THEMES
        self._choices("state", _states(reasons.items()))

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", "All"), *choices]

    def filters(self) -> FrameFilters:
        """What is asked for."""
        self.is_valid()
        return FrameFilters(**{name: value for name, value in self.cleaned_data.items() if value})


def _states(reasons: Any) -> list[tuple[str, str]]:
    found = [(ELIGIBLE, "Eligible"), (NOT_ELIGIBLE, "Not eligible, whatever the reason")]
    for code, words in reasons:
        found.append((code, words))
        if code == ALREADY_AUDITED:
            found += [(name, f"– {said}") for name, (said, _) in PARTS.items()]
    return found
