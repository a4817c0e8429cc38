"""Filters of the three lists; a value that does not exist filters nothing."""

from __future__ import annotations

from typing import Any

from django import forms

from audits.models import Audit
from audits.queries.audit_list import DRAWS
from cases.models import AuditQuarter
from quality.models import Action, Escalation, Moderation

ALL = [("", "All")]


class Filters(forms.Form):
    """What all three have."""

    def value(self, name: str) -> Any:
        """What was chosen, "" where nothing (or nothing that exists) was."""
        if not self.is_bound:
            return ""
        self.is_valid()
        return self.cleaned_data.get(name) or ""


class ModerationFilterForm(Filters):
    """By state, the audit's quarter, kind and draw, and whose."""

    status = forms.ChoiceField(
        label="State", required=False, choices=[*ALL, *Moderation.Status.choices]
    )
    quarter = forms.ModelChoiceField(
        label="Quarter",
        queryset=AuditQuarter.objects.all(),
        to_field_name="label",
        required=False,
        empty_label="All",
    )
    kind = forms.ChoiceField(label="Kind", required=False, choices=[*ALL, *Audit.Kind.choices])
    draw = forms.ChoiceField(label="Draw", required=False, choices=[*ALL, *DRAWS.items()])
    whose = forms.ChoiceField(
        label="Whose", required=False, choices=[("", "All I may see"), ("mine", "Mine")]
    )


class EscalationFilterForm(Filters):
    """By track, state, what is late, and whose to answer."""

    track = forms.ChoiceField(
        label="Because of", required=False, choices=[*ALL, *Escalation.Track.choices]
    )
    status = forms.ChoiceField(
        label="State",
        required=False,
        choices=[*ALL, ("open", "Everything not closed"), *Escalation.Status.choices],
    )
    late = forms.ChoiceField(label="Deadline", required=False, choices=[*ALL, ("yes", "Overdue")])
    whose = forms.ChoiceField(
        label="Whose", required=False, choices=[("", "All I may see"), ("mine", "For me to answer")]
    )


class ActionFilterForm(Filters):
    """By state, and whose."""

    status = forms.ChoiceField(
        label="State",
        required=False,
        choices=[*ALL, ("overdue", "Overdue"), *Action.Status.choices],
    )
    whose = forms.ChoiceField(
        label="Whose",
        required=False,
        choices=[("", "All I may see"), ("mine", "Mine"), ("verify", "For me to verify")],
    )
