"""Lists, search, and the short forms with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from accounts.fields import WordsField
from accounts.govuk import GovRadios
from accounts.models import User
from audits.forms.fields import LongText
from audits.models import Audit, FeedbackReply
from audits.queries.audit_list import DRAWS, OVERDUE, STATUS_GROUPS
from audits.queries.feedback_rates import STATES
from cases.models import AuditQuarter, Service, Team
from cases.rules.quarters import Quarter


class AuditFilterForm(forms.Form):
    """Filters of the audit list; all optional, wrong ones are ignored with a message."""

    status = forms.ChoiceField(label="Status", required=False)
    service = forms.ModelChoiceField(
        label="Service",
        queryset=Service.objects.all(),
        to_field_name="code",
        required=False,
        empty_label="All",
    )
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.order_by("name"), required=False, empty_label="All"
    )
    auditor = forms.ModelChoiceField(
        label="Auditor", queryset=User.objects.none(), required=False, empty_label="All"
    )
    quarter = forms.ModelChoiceField(
        label="Quarter",
        queryset=AuditQuarter.objects.all(),
        to_field_name="label",
        required=False,
        empty_label="All",
    )
    before = forms.ModelChoiceField(
        label="Quarters before",
        queryset=AuditQuarter.objects.all(),
        to_field_name="label",
        required=False,
        empty_label="Any",
    )
    kind = forms.ChoiceField(
        label="Kind", choices=[("", "All"), *Audit.Kind.choices], required=False
    )
    draw = forms.ChoiceField(label="Draw", choices=[("", "All"), *DRAWS.items()], required=False)
    feedback = forms.ChoiceField(
        label="Feedback", choices=[("", "All"), *STATES.items()], required=False
    )
    whose = forms.ChoiceField(label="Whose", required=False)

    def __init__(
        self,
        *args: Any,
        everybodys: bool,
        measures_feedback: bool,
        auditors: QuerySet[User] | None = None,
        **kwargs: Any,
    ) -> None:
        """``auditors``: of the audits that the person may see, where they see everybody's."""
        super().__init__(*args, **kwargs)
        status = cast(forms.ChoiceField, self.fields["status"])
        whose = cast(forms.ChoiceField, self.fields["whose"])
        groups = [(code, words) for code, (words, _) in STATUS_GROUPS.items()]
        status.choices = [("", "All"), *Audit.Status.choices, *groups, (OVERDUE, "Overdue")]
        if auditors is not None:
            cast("forms.ModelChoiceField[User]", self.fields["auditor"]).queryset = auditors
        whose.choices = [("", "All I may see"), ("mine", "Those I grade")]
        if not everybodys:
            for name in ("whose", "team", "auditor", "before", "draw"):
                del self.fields[name]
        if not measures_feedback:
            del self.fields["feedback"]


class RatesQuarterForm(forms.Form):
    """Which quarter's feedback rates; the newest where nothing, or nothing that exists, is said."""

    quarter = forms.ChoiceField(label="Quarter", required=False)

    def __init__(self, *args: Any, quarters: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["quarter"])
        field.choices = [(label, Quarter.parse(label).name) for label in quarters]


class ReasonForm(forms.Form):
    """Why somebody does something that is recorded with its reason."""

    reason = WordsField(label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": "4"}))

    def __init__(self, *args: Any, label: str, hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        field.label, field.help_text = label, hint
        field.error_messages["required"] = "Write the reason"


class SearchForm(forms.Form):
    """A child id or an audit's reference. Posted, so that a child's id is in no address or log."""

    term = forms.CharField(
        label="Child id or audit reference",
        help_text="The whole id, or a reference like 2026-Q3-0042.",
        max_length=60,
        widget=forms.TextInput(
            attrs={"class": "govuk-input--width-20", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Type a child id or an audit reference"},
    )


class ReleaseForm(forms.Form):
    """What the practitioner reads: what was good first."""

    strengths = LongText(
        label="What was good",
        rows=8,
        required=True,
        error_messages={"required": "Write what was good"},
    )
    improvements = LongText(
        label="What to improve",
        rows=8,
        required=True,
        error_messages={"required": "Write what to improve"},
    )


class ReplyForm(forms.Form):
    """A practitioner's answer."""

    stance = forms.ChoiceField(
        label="Do you agree with the feedback?",
        choices=FeedbackReply.Stance.choices,
        widget=GovRadios,
        error_messages={"required": "Say whether you agree"},
    )
    text = LongText(label="Your comment", help_text="Needed where you do not agree.")
