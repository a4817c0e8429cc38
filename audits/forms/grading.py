"""The pages of a grading. Everything may be saved half done: completeness is asked at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html

from accounts.govuk import GovDateField, GovRadios
from accounts.rules.words import is_written
from audits.forms.fields import LongText, Versioned
from audits.models import Audit, Grading, PracticeStandard, StandardGrade
from audits.operations.grading import WRONG_CHILD, same_child_id
from audits.operations.saving import MET_LATER, Details, Overall
from audits.queries.holders import present_holder
from audits.queries.policy import policy_of
from audits.rules.checks import ANSWERS, Checked, as_stored, checks_of
from audits.rules.grades import Scale
from audits.rules.limits import Suggested, check_overall
from cases.models import Practitioner
from cases.queries.calendar import local_date

NOT_APPLICABLE = "not_applicable"
_JUDGEMENT = ("grade", "evidence", "not_applicable_reason")
LISTED, ANOTHER, NOBODY = "listed", "another", "nobody"


class StandardForm(Versioned):
    """One practice standard: a grade by its descriptors, or not applicable, and the evidence."""

    grade = forms.ChoiceField(
        required=False,
        widget=GovRadios,
        error_messages={"invalid_choice": "Choose a grade from the list"},
    )
    evidence = LongText(label="Evidence", rows=8)
    not_applicable_reason = LongText(label="Why it is not applicable", rows=3)

    def __init__(self, *args: Any, standard: PracticeStandard, scale: Scale, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(point.code, point.label) for point in scale.points]
        hints = {point.code: standard.descriptors.get(point.grade, "") for point in scale.points}
        if standard.may_be_not_applicable:
            choices.append((NOT_APPLICABLE, "Not applicable"))
            hints[NOT_APPLICABLE] = "The case gives nothing to judge by. Say why below."
        else:
            del self.fields["not_applicable_reason"]
        self.checks = checks_of(standard.checks)
        for check in self.checks:
            self.fields[f"check_{check.code}"] = forms.ChoiceField(
                label=check.question,
                required=False,
                choices=list(ANSWERS.items()),
                widget=GovRadios(layout="inline"),
                error_messages={"invalid_choice": "Choose yes, no or not applicable"},
            )
            self.fields[f"check_{check.code}_evidence"] = LongText(
                label=format_html(
                    'If no or not applicable, what the file shows<span class="govuk-visually-hidden'
                    '">: {}</span>',
                    check.question,
                ),
                rows=2,
            )
        grade = cast(forms.ChoiceField, self.fields["grade"])
        grade.widget = GovRadios(hints=hints)
        grade.choices = choices
        grade.label = "What the file shows"
        self.fields[
            "evidence"
        ].help_text = "Quote the file by date and document, so that a reader can find it. No names."

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields of the facts to check, each with its words."""
        return [self[name] for name in self.fields if name.startswith("check_")]

    @property
    def judgement(self) -> list[forms.BoundField]:
        """The fields of the grade."""
        return [self[name] for name in self.fields if name in _JUDGEMENT]

    @staticmethod
    def initial_of(answer: StandardGrade) -> dict[str, Any]:
        """What the form shows of a stored judgement."""
        return {
            "version": answer.version,
            "grade": NOT_APPLICABLE if answer.not_applicable else answer.grade,
            "evidence": answer.evidence,
            "not_applicable_reason": answer.not_applicable_reason,
            **check_fields(answer.checked),
        }

    def values(self) -> dict[str, Any]:
        """The arguments of save_standard."""
        data = self.cleaned_data
        grade = data["grade"]
        not_applicable = grade == NOT_APPLICABLE
        return {
            "version": data["version"],
            "grade": "" if not_applicable else grade,
            "evidence": data["evidence"],
            "not_applicable": not_applicable,
            "not_applicable_reason": data.get("not_applicable_reason", ""),
            "checked": as_stored(
                {
                    check.code: Checked(
                        data[f"check_{check.code}"], data[f"check_{check.code}_evidence"]
                    )
                    for check in self.checks
                }
            ),
        }


def check_fields(checked: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Stored answers to facts by the names of their fields."""
    return {f"check_{code}": found["answer"] for code, found in checked.items()} | {
        f"check_{code}_evidence": found["evidence"] for code, found in checked.items()
    }


class DetailsForm(Versioned):
    """Strengths and areas to improve; the family; the practitioner."""

    strengths = LongText(
        label="Strengths",
        help_text="What was good. The practitioner reads this first, in your words.",
    )
    improvements = LongText(
        label="Areas to improve", help_text="What to do differently, and why it matters here."
    )
    family_feedback = forms.ChoiceField(
        label="Did the family give feedback for this audit?",
        choices=Grading.FamilyFeedback.choices,
        widget=GovRadios,
        required=False,
    )
    family_feedback_text = LongText(label="What they said, or why there is no feedback", rows=4)
    practitioner_involved = forms.ChoiceField(
        label="Did you meet or speak with the practitioner?",
        choices=Grading.PractitionerInvolved.choices,
        widget=GovRadios(layout="inline"),
        required=False,
    )
    practitioner_met_on = GovDateField(
        label="When you met or spoke", help_text="For example, 6 10 2026", required=False
    )
    practitioner_not_met_reason = LongText(label="Why you did not, if so", rows=3)

    def clean_practitioner_met_on(self) -> date | None:
        """Today or in the past."""
        met_on: date | None = self.cleaned_data["practitioner_met_on"]
        if met_on is not None and met_on > local_date(timezone.now()):
            raise ValidationError(MET_LATER, code="future")
        return met_on

    @staticmethod
    def initial_of(grading: Grading) -> dict[str, Any]:
        """What the form shows of a stored grading."""
        names = Details.__dataclass_fields__
        return {"version": grading.details_version} | {
            name: getattr(grading, name) for name in names
        }

    def details(self) -> Details:
        """What was typed."""
        return Details(**{name: self.cleaned_data[name] for name in Details.__dataclass_fields__})


class OverallForm(Versioned):
    """The overall grade beside the suggestion, and the time it took."""

    overall_grade = forms.ChoiceField(
        label="Overall grade", required=False, widget=GovRadios, choices=()
    )
    override_reason = LongText(label="Why the overall grade is above the limit", rows=4)
    summary = LongText(
        label="Why this overall grade", rows=4, help_text="In two or three sentences."
    )
    minutes_spent = forms.IntegerField(
        label="Minutes spent on this file",
        help_text="Reading, speaking with people and writing together.",
        required=False,
        min_value=1,
        max_value=10_000,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-4"}),
    )

    def __init__(
        self,
        *args: Any,
        grades: list[tuple[str, str]],
        suggested: Suggested | None = None,
        **kwargs: Any,
    ) -> None:
        """``suggested`` is left out where the page saves itself: a reason may still be to come."""
        super().__init__(*args, **kwargs)
        self.suggested = suggested
        grade = cast(forms.ChoiceField, self.fields["overall_grade"])
        grade.choices = grades
        self.fields["override_reason"].help_text = (
            "Only for a grade above the limit. The audit is then always moderated."
            if suggested is not None and suggested.capped_at is not None
            else "No limit is in force at the moment, so this can stay empty."
        )

    def clean(self) -> dict[str, Any]:
        """Above a limit only with a reason."""
        data = super().clean() or self.cleaned_data
        chosen = data.get("overall_grade")
        if self.suggested is not None and chosen and "override_reason" in data:
            check = check_overall(chosen, self.suggested)
            if check.needs_reason and not is_written(data["override_reason"]):
                self.add_error(
                    "override_reason", f"{check.because} Write the reason, or choose a lower grade."
                )
        return data

    @staticmethod
    def initial_of(grading: Grading) -> dict[str, Any]:
        """What the form shows of a stored grading."""
        names = Overall.__dataclass_fields__
        return {"version": grading.overall_version} | {
            name: getattr(grading, name) for name in names
        }

    def overall(self) -> Overall:
        """What was typed."""
        return Overall(**{name: self.cleaned_data[name] for name in Overall.__dataclass_fields__})


class ConfirmChildForm(forms.Form):
    """The child id, typed from the file, which must be the audit's."""

    child_id = forms.CharField(
        label="Child id, as it stands in the file in front of you",
        max_length=60,
        widget=forms.TextInput(
            attrs={"class": "govuk-input--width-20", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Type the child id from the file"},
    )

    def __init__(self, *args: Any, audit: Audit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audit = audit

    def clean_child_id(self) -> str:
        """The id as it was typed."""
        typed: str = self.cleaned_data["child_id"]
        if not same_child_id(typed, self.audit):
            raise ValidationError(WRONG_CHILD, code="wrong_child")
        return typed


class BeginForm(ConfirmChildForm):
    """The child id, and who held the case for most of the period judged."""

    held_most = forms.ChoiceField(
        label="Who held the case for most of the period you judge?",
        widget=GovRadios,
        choices=(),
        error_messages={"required": "Say who held the case for most of the period you judge"},
    )
    held_most_by = forms.ModelChoiceField(
        label="The other practitioner",
        help_text="Only if you chose “Another practitioner”.",
        queryset=Practitioner.objects.none(),
        required=False,
        empty_label="Choose a practitioner",
    )

    def __init__(self, *args: Any, audit: Audit, **kwargs: Any) -> None:
        super().__init__(*args, audit=audit, **kwargs)
        field = cast(forms.ChoiceField, self.fields["held_most"])
        choices = [
            (ANOTHER, "Another practitioner"),
            (NOBODY, "Nobody, or somebody who is not in the list"),
        ]
        if audit.practitioner is not None:
            # Asked where it is shown: a save need not.
            choices.insert(0, (LISTED, lazy(_listed, str)(audit)))
        field.choices = choices
        policy = policy_of(audit.quarter)
        field.help_text = (
            f"The judgement is on the last {policy.look_back_months} months of work, read over the"
            f" last {policy.read_back_months}."
        )
        practitioner = cast(Any, self.fields["held_most_by"])
        others = Practitioner.objects.select_related("team").order_by("name", "pk")
        if audit.practitioner_id:
            others = others.exclude(pk=audit.practitioner_id)
        practitioner.queryset = others
        practitioner.label_from_instance = _with_team

    def clean(self) -> dict[str, Any]:
        """A practitioner is chosen exactly where somebody else held the case."""
        data = super().clean() or self.cleaned_data
        if data.get("held_most") == ANOTHER and not data.get("held_most_by"):
            if "held_most_by" not in self.errors:
                self.add_error("held_most_by", "Choose the practitioner who held the case most")
        elif data.get("held_most") != ANOTHER:
            data["held_most_by"] = None
        return data

    @property
    def listed(self) -> bool | None:
        """Whether it was the practitioner whom the audit names; None where that is not said yet."""
        held_most = self.cleaned_data["held_most"]
        return held_most == LISTED if held_most else None

    @staticmethod
    def held_most_of(listed: bool | None, other: Practitioner | None) -> dict[str, Any]:
        """What the form shows of what is stored of a grading (fields held_…)."""
        if listed is None:
            return {"held_most": "", "held_most_by": None}
        if listed:
            return {"held_most": LISTED, "held_most_by": None}
        return {"held_most": ANOTHER if other else NOBODY, "held_most_by": other}


def _listed(audit: Audit) -> str:
    """The practitioner whom the audit names, and whether they hold the case now. One query."""
    now = present_holder(audit) == audit.practitioner
    since = "who holds it now" if now else "who held it when this audit was given out"
    return f"{audit.practitioner}, {since}"


def _with_team(practitioner: Practitioner) -> str:
    return f"{practitioner} ({practitioner.team})" if practitioner.team else str(practitioner)


class BeforeForm(Versioned, BeginForm):
    """The same once it has begun, to look at and correct."""

    held_together = ("held_most", "held_most_by")


class SecondBeforeForm(Versioned, ConfirmChildForm):
    """Before a second grading."""


class ConcernForm(forms.Form):
    """An immediate safeguarding concern."""

    text = LongText(
        label="What is the concern?",
        help_text="What you saw in the file, and why the child may not be safe now. No names.",
        required=True,
        error_messages={"required": "Write what the immediate safeguarding concern is"},
    )
    told = LongText(
        label="Whom did you telephone, and when?",
        help_text="For example: duty social worker, 10:40 today; team manager, 10:55.",
        rows=3,
        required=True,
        error_messages={"required": "Telephone first, then write whom you told and when"},
    )
