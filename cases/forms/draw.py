"""Forms of freezing, drawing, replacing and allocating."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import WordsField
from accounts.govuk import GovCheckboxes, GovRadios
from accounts.rules.words import is_written
from cases.models import Allocation, Draw, Replacement, SamplingFrame
from cases.operations.announcing import HASH_ROLES
from cases.rules.policy import STRATA_BY, CasePolicy
from cases.rules.rates import parse_rate, parse_share, show_rate
from cases.rules.sampling import clean_typed_seed

AREA = {"rows": 3}


class FreezeForm(forms.Form):
    """Freezes the open cases, divided for their quotas; again only with a reason.

    It carries the frame that the page shows: the reason is for taking the place of that one; and
    the draw, since freezing means another thing once there is one.
    """

    stands = forms.IntegerField(required=False, widget=forms.HiddenInput)
    drawn = forms.IntegerField(required=False, widget=forms.HiddenInput)
    strata_by = forms.ChoiceField(
        label="Draw a share of the open cases of each",
        choices=[(code, words.capitalize()) for code, words in STRATA_BY.items()],
        required=False,  # what is not said is what the policy says
        help_text="Each group is rounded up by itself, so the more groups there are, the larger "
        "the sample is. The plan of the quarter says what each choice gives.",
    )
    reason = WordsField(
        label="Why freeze it again?",
        help_text="Kept with the frame that this one takes the place of.",
        max_length=500,
        widget=forms.Textarea(attrs=AREA),
        error_messages={"required": "Say why the frame is frozen again"},
    )

    def __init__(
        self,
        *args: Any,
        stands: SamplingFrame | None,
        drawn: Draw | None,
        policy: CasePolicy,
        **kwargs: Any,
    ) -> None:
        shown = {
            "strata_by": policy.strata_by,
            "stands": stands.pk if stands else None,
            "drawn": drawn.pk if drawn else None,
        }
        kwargs.setdefault("initial", shown)
        super().__init__(*args, **kwargs)
        if stands is None:
            del self.fields["reason"]


class HashMailForm(forms.Form):
    """Whom to mail the frame's hash to."""

    roles = forms.MultipleChoiceField(
        label="Mail the hash to everybody who is",
        choices=[(role.value, role.label) for role in HASH_ROLES],
        widget=GovCheckboxes(layout="small"),
        help_text="The message holds the hash, the settings of the draw and a link.",
        error_messages={"required": "Choose at least one role"},
    )


class DrawForm(forms.Form):
    """The seed, who saw it made, and the rate; again only with a reason.

    It carries the frame that the page shows: a seed counts for a list that was fixed before it. And
    the draw, which is the one that the reason is for taking the place of.
    """

    least: Fraction | None = None
    stands = forms.IntegerField(required=False, widget=forms.HiddenInput)
    frame = forms.CharField(required=False, widget=forms.HiddenInput)
    seed = forms.CharField(
        label="Seed",
        help_text="Decides the draw. Make it where others can see it, after the frame’s hash is "
        "known: dice, or a number that nobody here chooses.",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    generate = forms.BooleanField(
        label="Make the seed here instead: a random number, used at once",
        required=False,
        help_text="Nobody has seen it made, so dice before witnesses prove more.",
    )
    witnesses = forms.CharField(
        label="Who saw the seed made?",
        help_text="The names of those present. Needed unless the seed is made here.",
        max_length=300,
        required=False,
    )
    rate = forms.CharField(
        label="Sampling rate",
        help_text="Share of all open cases of each group that the frame is divided into, which "
        "are services unless it says otherwise.",
        max_length=30,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-4"}),
        error_messages={"required": "Enter the sampling rate, for example 5%"},
    )
    reason = WordsField(
        label="Why draw again?",
        help_text="The sample that stands is superseded. The reason is printed in the certificate.",
        max_length=500,
        widget=forms.Textarea(attrs=AREA),
        error_messages={"required": "Say why the sample is drawn again"},
    )

    def __init__(
        self, *args: Any, stands: Draw | None, drawn_from: SamplingFrame | None, **kwargs: Any
    ) -> None:
        policy = CasePolicy.from_dict(drawn_from.policy) if drawn_from else CasePolicy()
        shown = {
            "rate": show_rate(policy.rate),
            "frame": drawn_from.pk if drawn_from else "",
            "stands": stands.pk if stands else None,
        }
        kwargs.setdefault("initial", shown)
        super().__init__(*args, **kwargs)
        if drawn_from is not None and drawn_from.theme_id is None:
            self.least = policy.rate
            self.fields["rate"].help_text += (
                f" The frame was frozen with {show_rate(policy.rate)}: the rate can be higher, not "
                "lower."
            )
        if stands is None:
            del self.fields["reason"]

    def clean_seed(self) -> str:
        """The seed in the form it is drawn and published in; "" where none was typed."""
        typed = self.cleaned_data["seed"]
        try:
            return clean_typed_seed(typed) if typed.strip() else ""
        except ValueError as error:
            raise ValidationError(str(error), code="seed") from error

    def clean(self) -> dict[str, Any]:
        """A seed typed before witnesses, or one made here: exactly one of the two."""
        data = super().clean() or self.cleaned_data
        typed, generate = data.get("seed"), data.get("generate")
        if typed == "" and not generate:
            self.add_error("seed", "Enter a seed: without one the draw cannot be repeated")
        elif typed and generate:
            self.add_error("seed", "Either enter a seed, or have one made here: not both")
        elif typed and not is_written(data.get("witnesses", "")):
            self.add_error("witnesses", "Enter the names of those who saw the seed made")
        return data

    def clean_frame(self) -> int:
        """The frame that the page showed; 0 for none."""
        shown = self.cleaned_data["frame"]
        return int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 19 else 0

    def clean_rate(self) -> Fraction:
        """The rate, exactly as typed; of a quarter's sample not below that of its frame."""
        rate = _exactly(parse_rate, self.cleaned_data["rate"])
        if self.least is not None and rate < self.least:
            raise ValidationError(
                f"The frame was frozen with {show_rate(self.least)}: the rate cannot be lower",
                code="rate",
            )
        return rate


class PlanForm(forms.Form):
    """What to plan with, beside the usual rates."""

    rate = forms.CharField(
        label="A rate of your own (optional)",
        help_text="For example, 4% or 1/30.",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5"}),
    )
    good = forms.CharField(
        label="Expected share of good or better",
        help_text="50% gives the widest interval, so the surest plan.",
        max_length=30,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5"}),
        error_messages={"required": "Enter the expected share, for example 50%"},
    )
    turnover = forms.CharField(
        label="Open cases that close and make room for others in a quarter",
        max_length=30,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5"}),
        error_messages={"required": "Enter the share that closes, 0% for none"},
    )

    strata_by = forms.ChoiceField(
        label="A share of the open cases of each",
        choices=[(code, words.capitalize()) for code, words in STRATA_BY.items()],
        required=False,
    )

    def __init__(self, *args: Any, frozen: bool, turnover_hint: str, **kwargs: Any) -> None:
        """``frozen``: what the frame is divided by is chosen with the freeze, and settled."""
        super().__init__(*args, **kwargs)
        self.fields["turnover"].help_text = turnover_hint
        if frozen:
            del self.fields["strata_by"]

    def clean_rate(self) -> Fraction | None:
        """The rate, exactly as typed; None where none was."""
        typed = self.cleaned_data["rate"]
        return _exactly(parse_rate, typed) if typed else None

    def clean_good(self) -> Fraction:
        """The expected share, exactly as typed."""
        return _exactly(parse_share, self.cleaned_data["good"])

    def clean_turnover(self) -> Fraction:
        """The turnover, exactly as typed."""
        return _exactly(parse_share, self.cleaned_data["turnover"])


def _exactly(parse: Callable[[str], Fraction], typed: str) -> Fraction:
    try:
        return parse(typed)
    except ValueError as error:
        raise ValidationError(str(error), code="share") from error


class ReplacementForm(forms.Form):
    """Why a case cannot be audited."""

    reason = forms.ChoiceField(
        label="Why can this case not be audited?",
        choices=Replacement.Reason.choices,
        widget=GovRadios(
            hints={
                Replacement.Reason.CHILD_IN_CRISIS: "The audit would get in the way of the work.",
                Replacement.Reason.OTHER: "Explain it below.",
            }
        ),
        error_messages={"required": "Choose why the case cannot be audited"},
    )
    explanation = forms.CharField(
        label="Explanation",
        help_text="What whoever decides needs to know. Do not name the child or the family.",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean(self) -> dict[str, Any]:
        """Another reason needs words."""
        cleaned = super().clean() or {}
        written = "explanation" not in cleaned or is_written(cleaned["explanation"])
        if cleaned.get("reason") == Replacement.Reason.OTHER and not written:
            self.add_error("explanation", "Explain the reason in your own words")
        return cleaned


class DecisionForm(forms.Form):
    """Approve or refuse a replacement."""

    decision = forms.ChoiceField(
        label="Your decision",
        choices=[
            ("approve", "Approve: the next reserve joins the sample, where one is left"),
            ("refuse", "Refuse"),
        ],
        widget=GovRadios,
        error_messages={"required": "Choose whether to approve or to refuse"},
    )
    note = forms.CharField(
        label="Note",
        help_text="Needed if you refuse. Do not name the child or the family.",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs=AREA),
    )

    def clean(self) -> dict[str, Any]:
        """Refusing needs words."""
        cleaned = super().clean() or {}
        written = "note" not in cleaned or is_written(cleaned["note"])
        if cleaned.get("decision") == "refuse" and not written:
            self.add_error("note", "Say why you refuse the replacement")
        return cleaned


class ReallocateForm(forms.Form):
    """Which auditor gets a case, by hand.

    It carries the allocation that the page shows: the choice is for taking the place of that one.
    """

    stands = forms.IntegerField(required=False, widget=forms.HiddenInput)
    auditor = forms.TypedChoiceField(
        label="Auditor",
        coerce=int,
        error_messages={
            "required": "Choose an auditor",
            "invalid_choice": "Choose an auditor from the list: others may not grade this case",
        },
    )
    reason = WordsField(
        label="Why by hand?",
        help_text="Kept with the allocation. Do not name the child or the family.",
        max_length=500,
        widget=forms.Textarea(attrs=AREA),
        error_messages={"required": "Say why you choose the auditor by hand"},
    )

    def __init__(
        self, *args: Any, auditors: list[tuple[str, str]], stands: Allocation | None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("initial", {"stands": stands.pk if stands else 0})
        super().__init__(*args, **kwargs)
        choices = [("", "Choose an auditor"), *auditors]
        self.fields["auditor"].choices = choices  # type: ignore[attr-defined]
