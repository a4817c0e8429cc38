"""A tool as the auditor sees it, tried on an example. Nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.access import allow
from audits.forms.grading import OverallForm, StandardForm
from audits.forms.tools import ExampleForm
from audits.models import PracticeStandard, Section, ToolVersion
from audits.queries.tool_trial import try_out
from audits.rules.applicability import Applies, CaseFacts, Condition, applies
from audits.rules.grades import GRADES, LABELS, Scale
from audits.rules.limits import (
    CRITICAL_STANDARD,
    Suggested,
    check_overall,
    parse_limits,
    sentences,
)
from audits.views.tools import SEE, crumbs, version_or_404


@dataclass(frozen=True)
class Tried:
    """One standard with the auditor's form for it; ``how`` is None while everything is asked."""

    section: Section
    standard: PracticeStandard
    form: StandardForm
    how: Applies | None
    always: bool
    limits: list[str]

    @property
    def asked(self) -> bool:
        """Whether the example is asked it. Its form is hidden otherwise: what was typed is kept."""
        return self.how is None or self.how.applies

    @property
    def because(self) -> str:
        """Why it is asked of the example, or is not; "" where there is nothing to say."""
        return "" if self.how is None or self.always else self.how.because

    @property
    def depends(self) -> bool:
        """Whether it depends on a case that nobody has described yet."""
        return self.how is None and not self.always


@allow(*SEE)
@require_http_methods(["GET", "POST"])
def tool_preview(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Every standard and the overall grade in the forms that an auditor fills in, and what the tool
    suggests for them. Posted, so that nothing that is typed ends up in an address.
    """
    version = version_or_404(request, code, number)
    posted = request.POST if request.method == "POST" else None
    example = ExampleForm(posted, version=version)
    facts = example.facts() if posted is not None and example.is_valid() else None
    rows = _rows(version, posted, facts)
    asked = [row for row in rows if row.asked]
    suggested = None
    if posted is not None and all([example.is_valid(), *(row.form.is_valid() for row in asked)]):
        grades = {row.standard.code: row.form.cleaned_data["grade"] for row in asked}
        suggested = try_out(version, grades, concern=example.cleaned_data["concern"])
    overall = OverallForm(
        posted,
        grades=[(grade, LABELS[grade]) for grade in GRADES],
        suggested=suggested,
        prefix="overall",
    )
    del overall.fields["version"]
    context = {
        "version": version,
        "example": example,
        "rows": rows,
        "overall": overall,
        "formset": [example, *(row.form for row in asked), overall],
        "suggested": suggested,
        "chosen": _said_of(overall, suggested),
        "breadcrumbs": crumbs(version, "Preview"),
    }
    return render(request, "audits/tools/preview.html", context)


def _rows(version: ToolVersion, posted: QueryDict | None, facts: CaseFacts | None) -> list[Tried]:
    scale = Scale.from_dict(version.scale)
    critical = sentences(parse_limits(version.limits), CRITICAL_STANDARD)
    rows = []
    for section in version.sections.all():
        for standard in section.standards.all():
            condition = Condition.from_dict(standard.applies_when)
            form = StandardForm(posted, standard=standard, scale=scale, prefix=standard.code)
            del form.fields["version"]
            how = applies(condition, facts) if facts else None
            limits = critical if standard.critical else []
            rows.append(Tried(section, standard, form, how, condition.always, limits))
    return rows


def _said_of(overall: OverallForm, suggested: Suggested | None) -> str:
    """What the overall grade that was chosen means beside the suggestion."""
    if suggested is None or not overall.is_valid() or not overall.cleaned_data["overall_grade"]:
        return ""
    chosen = overall.cleaned_data["overall_grade"]
    said = check_overall(chosen, suggested).because
    return said or f"You chose {LABELS[chosen].lower()}, as the standards suggest."
