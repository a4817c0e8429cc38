"""Answering an escalation, planning an action, carrying it out and verifying it."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.govuk import GovDateField, GovRadios
from accounts.models import User
from audits.forms.fields import WrittenText
from audits.models import Audit, PracticeStandard
from quality.models import Action
from quality.operations.acting import Planned
from quality.queries.people import (
    holder_at_work,
    managers_for,
    present_practitioner,
    stand_ins_for,
)
from quality.rules.actions import latest_due_on, untrue_stand_in


class AcknowledgeForm(forms.Form):
    """That somebody has taken it up, and what they make of it."""

    response = WrittenText(
        label="What do you make of it, and what happens first?",
        help_text="For example: how the child is safe now, and who does what this week. No names.",
        rows=6,
        error_messages={"required": "Write what you make of it and what happens first"},
    )


class StandardField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A practice standard by its title."""

    def label_from_instance(self, obj: Any) -> str:
        """The words of one choice."""
        return str(obj.title)


class PlanForm(forms.Form):
    """One action: what, whose, by when."""

    side = forms.ChoiceField(
        label="Whose action is it?",
        choices=Action.Side.choices,
        widget=GovRadios,
        error_messages={"required": "Say whose action it is"},
    )
    owner = forms.ModelChoiceField(
        label="Manager who owns it",
        queryset=User.objects.none(),
        required=False,
        empty_label="Choose a manager",
        help_text="For a manager’s action.",
    )
    stand_in = forms.ModelChoiceField(
        label="Stand-in for the practitioner",
        queryset=User.objects.none(),
        required=False,
        empty_label="Nobody stands in",
    )
    stand_in_reason = forms.ChoiceField(
        label="Why does somebody stand in?",
        choices=[("", "Nobody stands in"), *Action.StandIn.choices],
        required=False,
    )
    description = WrittenText(
        label="What will be done?",
        help_text="Something that can be seen to be done. No names of children or families.",
        rows=4,
        error_messages={"required": "Write what will be done"},
    )
    due_on = GovDateField(
        label="Done by",
        help_text="For example, 27 3 2027.",
        error_messages={"required": "Enter the date by which it is done"},
    )
    standard = StandardField(
        label="Practice standard it answers",
        queryset=PracticeStandard.objects.none(),
        required=False,
        empty_label="None in particular",
    )

    def __init__(self, *args: Any, audit: Audit, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.present = present_practitioner(audit)
        self.at_work = holder_at_work(self.present)
        self._offer("owner", managers_for(audit))
        self._offer("stand_in", stand_ins_for(audit))
        self.fields["stand_in"].help_text = (
            f"Only where {self.present} cannot do it: leave empty otherwise."
            if self.present
            else "Nobody who works here now holds this case, so somebody must stand in."
        )
        self._offer(
            "standard", PracticeStandard.objects.filter(section__version=audit.tool_version)
        )

    def _offer(self, name: str, things: QuerySet[Any]) -> None:
        cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = things

    def clean_due_on(self) -> date:
        """The date; one that has passed, or is further away than a year, is refused."""
        due_on: date = self.cleaned_data["due_on"]
        last = latest_due_on(self.today)
        if due_on < self.today:
            raise ValidationError("“Done by” must be today or later")
        if due_on > last:
            raise ValidationError(
                f"“Done by” must be {last:%-d %B %Y} or earlier: an action takes a year at most"
            )
        return due_on

    def clean(self) -> dict[str, Any]:
        """What belongs together: an owner for a manager's action, a stand-in with the reason."""
        data = super().clean() or self.cleaned_data
        if data.get("side") == Action.Side.MANAGER and not data.get("owner"):
            self.add_error("owner", "Choose the manager who owns the action")
        if data.get("side") == Action.Side.PRACTITIONER:
            self._check_stand_in(data)
        return data

    def _check_stand_in(self, data: dict[str, Any]) -> None:
        if data.get("stand_in") and not data.get("stand_in_reason"):
            self.add_error("stand_in_reason", "Say why somebody stands in")
        untrue = untrue_stand_in(data.get("stand_in_reason", ""), self.at_work)
        if data.get("stand_in") and untrue:
            self.add_error("stand_in_reason", untrue)
        if data.get("stand_in_reason") and not data.get("stand_in"):
            self.add_error("stand_in", "Choose who stands in")
        if not data.get("stand_in") and self.present is None:
            self.add_error("stand_in", "Choose who stands in: nobody here holds this case now")

    def planned(self) -> Planned:
        """What a valid form says; what belongs to the other side is left out."""
        data = self.cleaned_data
        managers = data["side"] == Action.Side.MANAGER
        return Planned(
            side=data["side"],
            description=data["description"],
            due_on=data["due_on"],
            owner=data["owner"] if managers else data["stand_in"],
            stand_in_reason="" if managers else data["stand_in_reason"],
            standard=data["standard"],
        )


class EvidenceForm(forms.Form):
    """What was done."""

    evidence = WrittenText(
        label="What was done, and where can it be seen in the file?",
        help_text="Name the document and its date. Do not copy from the file.",
        rows=5,
        error_messages={"required": "Write what was done"},
    )


class VerifyForm(forms.Form):
    """What changed for the child."""

    change_for_child = WrittenText(
        label="What changed for the child?",
        help_text="Not what was written, but what is different in the child’s life. No names.",
        rows=5,
        error_messages={"required": "Write what changed for the child"},
    )
