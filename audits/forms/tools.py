"""Forms of the tool editor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import WordsField
from accounts.govuk import GovCheckboxes, GovRadios
from audits.forms.fields import LongText
from audits.models import PracticeStandard, ToolVersion
from audits.rules.applicability import CaseFacts, Condition
from audits.rules.checks import LONGEST_QUESTION
from audits.rules.facts import FACTS
from audits.rules.grades import FOUR_GRADES, GRADES, LABELS, OUTSTANDING, ZERO_TO_TEN, Scale
from audits.rules.limits import CRITICAL_STANDARD, IMMEDIATE_CONCERN, NUMBER_OF_STANDARDS
from audits.rules.reading import InvalidDefinition
from cases.models import Service

LARGEST = 1024 * 1024
SCALES: Mapping[str, Scale] = {scale.code: scale for scale in (FOUR_GRADES, ZERO_TO_TEN)}
CAPS = [("", "No limit"), *((grade, LABELS[grade]) for grade in GRADES[1:])]


def narrow() -> forms.NumberInput:
    """A field for a number of up to three digits."""
    return forms.NumberInput(attrs={"class": "govuk-input--width-3"})


class SectionForm(forms.Form):
    """A section's title."""

    title = forms.CharField(
        label="Title of the section",
        max_length=120,
        error_messages={"required": "Enter the title of the section"},
    )


class StandardForm(forms.Form):
    """A practice standard. What was not changed stays as it is stored, to the letter.

    ``condition`` is the stored one: a file may name services, lines or facts that the form has no
    box for, and then it has.
    """

    title = forms.CharField(
        label="Practice standard",
        max_length=160,
        error_messages={"required": "Enter the name of the practice standard"},
    )
    section = forms.ChoiceField(label="Section")
    definition = LongText(
        label="Definition",
        help_text="What good practice is in this respect.",
        required=True,
        rows=4,
        error_messages={"required": "Write the definition"},
    )
    prompts = LongText(
        label="Where to look",
        help_text="One on each line.",
        required=True,
        rows=4,
        error_messages={"required": "Write where to look, one on each line"},
    )
    checks = LongText(
        label="Facts to check (optional)",
        help_text="Questions that the file answers with yes or no, one on each line.",
        rows=4,
    )
    look_back_months = forms.IntegerField(
        label="Months judged", min_value=1, max_value=60, widget=narrow()
    )
    read_back_months = forms.IntegerField(
        label="Months read", min_value=1, max_value=120, widget=narrow()
    )
    weight = forms.IntegerField(
        label="Weight", help_text="1 to 10.", min_value=1, max_value=10, widget=narrow()
    )
    critical = forms.BooleanField(
        label="Critical: inadequate here limits the overall grade", required=False
    )
    may_be_not_applicable = forms.BooleanField(
        label="An auditor may say, with a reason, that it is not applicable", required=False
    )
    services = forms.MultipleChoiceField(
        label="Asked only in these services",
        help_text="None ticked: in all.",
        required=False,
        widget=GovCheckboxes(layout="small"),
    )
    recorded = forms.MultipleChoiceField(
        label="Asked only where this is recorded",
        help_text="None ticked: always.",
        required=False,
        choices=list(FACTS.items()),
        widget=GovCheckboxes(layout="small"),
    )
    lines = forms.MultipleChoiceField(
        label="Asked only in these service lines",
        help_text="None ticked: in all.",
        required=False,
        widget=GovCheckboxes(layout="small"),
    )
    attributes = LongText(
        label="Asked only where a fact has a value",
        help_text="One value on each line, for example: disability = yes. A fact that stands on"
        " several lines may have any of the values.",
        rows=2,
    )

    def __init__(
        self, *args: Any, version: ToolVersion, condition: Condition | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.condition = condition or Condition()
        self.grades = Scale.from_dict(version.scale).grades
        section = cast(forms.ChoiceField, self.fields["section"])
        section.choices = [(each.code, each.title) for each in version.sections.all()]
        names = {
            each.code: each.name
            for each in Service.objects.all()
            if each.line_id == version.tool.line_id or each.code in self.condition.services
        }
        self._offer("services", names, self.condition.services)
        self._offer("recorded", FACTS, self.condition.recorded)
        if self.condition.lines:  # a tool has one line: only a file can ask for others
            self._offer("lines", {version.tool.line.code: version.tool.line.name},
                        self.condition.lines)  # fmt: skip
        else:
            del self.fields["lines"]
        for grade in self.grades:
            self.fields[f"descriptor_{grade}"] = LongText(
                label=f"What {LABELS[grade].lower()} looks like in a file",
                required=True,
                rows=4,
                error_messages={
                    "required": f"Write what {LABELS[grade].lower()} looks like in a file"
                },
            )

    def _offer(self, name: str, names: Mapping[str, str], stored: Iterable[str]) -> None:
        """The boxes of a field: what is known, and what is stored besides."""
        field = cast(forms.MultipleChoiceField, self.fields[name])
        field.choices = list(({code: code for code in stored} | dict(names)).items())

    def clean_prompts(self) -> list[str]:
        """The lines that are not blank."""
        return _lines(self.cleaned_data["prompts"])

    def clean_checks(self) -> list[str]:
        """The lines that are not blank, each a question of its own."""
        lines = _lines(self.cleaned_data["checks"])
        for line in lines:
            if len(line) > LONGEST_QUESTION:
                raise ValidationError(
                    f"A fact must be {LONGEST_QUESTION} characters or fewer: “{line[:60]}…”"
                )
            if lines.count(line) > 1:
                raise ValidationError(f"“{line}” stands there twice")
        return lines

    def clean_attributes(self) -> dict[str, list[str]]:
        """The lines "disability = yes" and "disability = no" as {"disability": ["yes", "no"]}."""
        stored = {name: list(values) for name, values in self.condition.attributes}
        if "attributes" not in self.changed_data:
            return stored  # which may hold what cannot be written here
        known = {*FACTS, *stored}
        found: dict[str, list[str]] = {}
        for line in _lines(self.cleaned_data["attributes"]):
            name, _, value = (part.strip() for part in line.partition("="))
            if not (name and value):
                raise ValidationError(f"“{line}” is not of the form: fact = value")
            if name not in known:
                raise ValidationError(
                    f"“{name}” is not a fact that an import knows. It knows: {', '.join(FACTS)}."
                )
            values = found.setdefault(name, [])
            if value not in values:
                values.append(value)
        return found

    def clean(self) -> dict[str, Any]:
        """Months that fit together, and a condition that the rules can read."""
        data = super().clean() or self.cleaned_data
        judged, read = data.get("look_back_months"), data.get("read_back_months")
        if judged and read and read < judged:
            self.add_error("read_back_months", "Months read must not be fewer than months judged")
        return data

    def standard(self, before: PracticeStandard | None = None) -> dict[str, Any]:
        """What a valid form says, as fields of a practice standard.

        Of one that was there ``before`` (the form was opened on it) only what was changed.
        """
        data, changed = self.cleaned_data, set(self.changed_data if before else self.fields)
        plain = ("title", "definition", "prompts", "checks", "look_back_months", "read_back_months",
                 "weight", "critical", "may_be_not_applicable")  # fmt: skip
        stored = self.condition.as_dict()
        condition = {
            name: data[name] if name in changed else stored.get(name)
            for name in ("services", "lines", "attributes", "recorded")
            if name in self.fields
        }
        texts = before.descriptors if before else {}
        fields = {name: data[name] for name in plain if name in changed}
        return fields | {
            "applies_when": {name: value for name, value in condition.items() if value},
            "descriptors": {
                grade: data[name] if (name := f"descriptor_{grade}") in changed else texts[grade]
                for grade in self.grades
            },
        }


def initial_of(standard: PracticeStandard) -> dict[str, Any]:
    """What a form for a standard opens with."""
    condition = Condition.from_dict(standard.applies_when)
    return {
        "title": standard.title,
        "section": standard.section.code,
        "definition": standard.definition,
        "prompts": "\n".join(standard.prompts),
        "checks": "\n".join(check["question"] for check in standard.checks),
        "look_back_months": standard.look_back_months,
        "read_back_months": standard.read_back_months,
        "weight": standard.weight,
        "critical": standard.critical,
        "may_be_not_applicable": standard.may_be_not_applicable,
        "services": list(condition.services),
        "lines": list(condition.lines),
        "recorded": list(condition.recorded),
        "attributes": "\n".join(
            f"{name} = {value}" for name, values in condition.attributes for value in values
        ),
        **{f"descriptor_{grade}": text for grade, text in standard.descriptors.items()},
    }


NEW_STANDARD = {
    "look_back_months": 6,
    "read_back_months": 12,
    "weight": 1,
    "may_be_not_applicable": True,
}


def _lines(text: str) -> list[str]:
    # Not splitlines: it splits at characters that a text from a file may hold.
    return [line.strip() for line in text.split("\n") if line.strip()]


class LimitsForm(forms.Form):
    """The scale, and what holds the overall grade down."""

    scale = forms.ChoiceField(
        label="Scale",
        choices=[(code, scale.title) for code, scale in SCALES.items()],
        widget=GovRadios,
    )
    critical_grade = forms.ChoiceField(
        label="When a critical standard is graded this or worse",
        choices=[(grade, LABELS[grade]) for grade in reversed(GRADES[1:])],
    )
    critical_cap = forms.ChoiceField(
        label="the overall grade is at best", choices=CAPS, required=False
    )
    concern_cap = forms.ChoiceField(
        label="When there is an immediate safeguarding concern, the overall grade is at best",
        choices=CAPS,
        required=False,
    )
    number = forms.IntegerField(
        label="When so many standards",
        min_value=1,
        max_value=100,
        required=False,
        widget=narrow(),
    )
    number_grade = forms.ChoiceField(
        label="are graded this or worse",
        choices=[(grade, LABELS[grade]) for grade in reversed(GRADES[1:])],
    )
    number_cap = forms.ChoiceField(
        label="the overall grade is at best", choices=CAPS, required=False
    )

    def __init__(self, *args: Any, version: ToolVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes: dict[str, str] = {limit["when"]: limit["code"] for limit in version.limits}

    def clean(self) -> dict[str, Any]:
        """A limit by number needs the number."""
        data = super().clean() or self.cleaned_data
        if data.get("number_cap") and not data.get("number"):
            self.add_error("number", "Enter how many standards")
        return data

    def limits(self) -> list[dict[str, Any]]:
        """The limits as data of a tool, in the order that they had, with new ones at the end."""
        data = self.cleaned_data
        rows: Iterable[tuple[str, dict[str, Any]]] = (
            (
                data["critical_cap"],
                {
                    "when": CRITICAL_STANDARD,
                    "grade": data["critical_grade"],
                },
            ),
            (data["concern_cap"], {"when": IMMEDIATE_CONCERN}),
            (
                data["number_cap"],
                {
                    "when": NUMBER_OF_STANDARDS,
                    "grade": data["number_grade"],
                    "at_least": data["number"],
                },
            ),
        )
        found = {
            limit["when"]: {**limit, "code": self._code(limit["when"]), "cap": cap}
            for cap, limit in rows
            if cap
        }
        return [found[when] for when in dict.fromkeys([*self.codes, *found]) if when in found]

    def _code(self, when: str) -> str:
        """The code that a limit has; a new one may find the name of its kind taken."""
        if when in self.codes:
            return self.codes[when]
        return f"{when}_limit" if when in self.codes.values() else when


def initial_limits(version: ToolVersion) -> dict[str, Any]:
    """What the form of limits opens with; None where a tool's JSON holds more than it can show."""
    found: dict[str, Any] = {"scale": version.scale.get("code", "")}
    names = {
        CRITICAL_STANDARD: "critical",
        IMMEDIATE_CONCERN: "concern",
        NUMBER_OF_STANDARDS: "number",
    }
    for limit in version.limits:
        name = names[limit["when"]]
        found[f"{name}_cap"] = limit["cap"]
        found[f"{name}_grade"] = limit.get("grade")
        if "at_least" in limit:
            found["number"] = limit["at_least"]
    return found


def fits_the_form(version: ToolVersion) -> bool:
    """Whether the form of limits shows all of a version.

    It shows a known scale, and one limit of each kind, none of which speaks of outstanding.
    """
    kinds = [limit["when"] for limit in version.limits]
    scale = SCALES.get(str(version.scale.get("code")))
    return (
        len(kinds) == len(set(kinds))
        and not any(OUTSTANDING in (limit["cap"], limit.get("grade")) for limit in version.limits)
        and scale is not None
        and scale.as_dict() == version.scale
    )


class PublishForm(forms.Form):
    """What changed, in the words of whoever owns the tool."""

    note = WordsField(
        label="What has changed?",
        help_text="Auditors read this. Audits that are already allocated keep their version.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "4"}),
        error_messages={"required": "Write what has changed"},
    )


class ImportToolForm(forms.Form):
    """A tool as a JSON file."""

    file = forms.FileField(
        label="Audit tool",
        help_text="A JSON file as the product exports it.",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".json"}),
        error_messages={"required": "Choose a file", "empty": "The file you chose is empty"},
    )

    def clean_file(self) -> str:
        """The text of the file. Raises ValidationError where it is none, or too large."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise ValidationError("The file is larger than 1 MB. An audit tool is smaller.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise ValidationError("The file is not text in UTF-8.") from None

    def add_faults(self, error: InvalidDefinition) -> None:
        """Every fault of the file, each on its own line."""
        for problem in error.problems[:50]:
            self.add_error("file", str(problem))


class ExampleForm(forms.Form):
    """An example of a case to try a tool on: what decides which standards are asked of it."""

    service = forms.ChoiceField(label="Service of the example", required=False)
    concern = forms.BooleanField(label="An immediate safeguarding concern", required=False)

    def __init__(self, *args: Any, version: ToolVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = Service.objects.select_related("line").order_by("precedence")
        # Its own line first; a theme may ask it of cases of another.
        inside = sorted(services, key=lambda each: each.line_id != version.tool.line_id)
        self.lines = {each.code: each.line.code for each in inside}
        cast(forms.ChoiceField, self.fields["service"]).choices = [
            ("", "Ask everything"),
            *((each.code, f"{each.name} ({each.line.name})") for each in inside),
        ]
        for name in _facts_asked_for(version):
            self.fields[f"fact_{name}"] = forms.CharField(
                label=FACTS.get(name, name), max_length=120, required=False
            )
        self.order_fields(["service", *(n for n in self.fields if n.startswith("fact_"))])

    def clean(self) -> dict[str, Any]:
        """Facts need a case that they are of."""
        data = super().clean() or self.cleaned_data
        if not data.get("service") and any(data.get(n) for n in data if n.startswith("fact_")):
            self.add_error("service", "Choose the service of the example that has these facts")
        return data

    def facts(self) -> CaseFacts | None:
        """The example as the rules know a case; None where everything is asked."""
        data = self.cleaned_data
        if not data["service"]:
            return None
        found = {n.removeprefix("fact_"): v for n, v in data.items() if n.startswith("fact_")}
        return CaseFacts(data["service"], self.lines[data["service"]], found)


def _facts_asked_for(version: ToolVersion) -> list[str]:
    """The facts on which it depends whether a standard of the version is asked."""
    names: dict[str, None] = {}
    for section in version.sections.all():
        for standard in section.standards.all():
            condition = Condition.from_dict(standard.applies_when)
            names |= dict.fromkeys(name for name, _ in condition.attributes)
            names |= dict.fromkeys(condition.recorded)
    return list(names)
