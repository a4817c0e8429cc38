"""The task list of a grading, what is missing, and the way from page to page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from audits.models import Grading
from audits.queries.grading_state import GradingState, StandardLine
from audits.rules.completeness import (
    BEFORE,
    CONCERN,
    OVERALL,
    PEOPLE,
    SUMMARY,
    Missing,
    Status,
)

# The pages beside the standards, by the section of the rules that asks for them.
PAGES = {
    BEFORE: ("grading_before", "Child id and who held the case"),
    CONCERN: ("grading_concern", "Immediate safeguarding concern"),
    PEOPLE: ("grading_details", "Family and practitioner"),
    SUMMARY: ("grading_details", "Strengths and areas to improve"),
    OVERALL: ("grading_overall", "Overall grade and time spent"),
}


def page_url(name: str, grading: Grading, *more: str) -> str:
    """The address of one of a grading's pages."""
    return reverse(f"audits:{name}", args=[grading.audit.reference, grading.pk, *more])


@dataclass(frozen=True)
class TaskSection:
    """One heading of the task list with its tasks, as components/task_list.html takes them."""

    title: str
    status: str
    status_text: str
    tasks: list[dict[str, Any]]


def task_sections(state: GradingState) -> list[TaskSection]:
    """The task list: before you start, the tool's sections, and what comes at the end."""
    first = [code for code in (BEFORE, CONCERN) if _has(state, code)]
    last = [code for code in (SUMMARY, PEOPLE, OVERALL) if _has(state, code)]
    tool = [
        _tool_section(state, title, code)
        for code, title in dict.fromkeys(
            (line.standard.section.code, line.standard.section.title) for line in state.lines
        )
    ]
    return [
        *([_page_section(state, "Before you start", first)] if first else []),
        *tool,
        *([_page_section(state, "To finish", last)] if last else []),
    ]


def _has(state: GradingState, section: str) -> bool:
    found = [each for each in state.completeness.sections if each.code == section]
    # An immediate concern that nobody raised is nothing to do.
    return bool(found) and not (section == CONCERN and found[0].status == Status.NOT_APPLICABLE)


def _page_section(state: GradingState, title: str, codes: list[str]) -> TaskSection:
    tasks = []
    for code in codes:
        name, words = PAGES[code]
        if code == BEFORE and state.grading.kind != Grading.Kind.AUDITOR:
            words = "Child id"  # who held the case is for the auditor to say
        status = state.completeness.status_of(code)
        tasks.append({"title": words, "url": page_url(name, state.grading), "status": status.value})
    return TaskSection(title, "", "", tasks)


def _tool_section(state: GradingState, title: str, code: str) -> TaskSection:
    lines = [line for line in state.lines if line.standard.section.code == code]
    status = state.completeness.status_of(code)
    return TaskSection(
        title, status.value, status.label, [_standard_task(state, line) for line in lines]
    )


def _standard_task(state: GradingState, line: StandardLine) -> dict[str, Any]:
    standard, answer = line.standard, line.answer
    if answer is None:
        return {
            "title": standard.title,
            "hint": line.applies.because,
            "status": Status.NOT_APPLICABLE.value,
        }
    task = {
        "title": standard.title,
        "url": page_url("grading_standard", state.grading, standard.code),
        "status": state.completeness.status_of_standard(standard.code).value,
    }
    if answer.grade:
        task["hint"] = state.scale.label_of(answer.grade)
    elif standard.critical:
        task["hint"] = "Critical standard"
    return task


def missing_links(state: GradingState) -> list[dict[str, str]]:
    """What is missing, each with the address of its question."""
    return [
        {"text": item.sentence, "url": _missing_url(item, state.grading)}
        for item in state.completeness.missing
    ]


def _missing_url(item: Missing, grading: Grading) -> str:
    if item.standard is not None:
        field = "grade" if item.field in ("grade", "not_applicable") else item.field
        return f"{page_url('grading_standard', grading, item.standard)}#id_{field}-group"
    name, _ = PAGES[item.section]
    field = {
        "child_id_confirmed": "child_id",
        "held_most_by": "held_most",
        "immediate_concern_text": "text",
        "immediate_concern_told": "told",
    }.get(item.field, item.field)
    return f"{page_url(name, grading)}#id_{field}-group"


def after_standard(state: GradingState, code: str) -> str:
    """Where "Save and continue" leads: the next standard that applies, or what comes after."""
    codes = [line.standard.code for line in state.asked]
    place = codes.index(code)
    if place + 1 < len(codes):
        return page_url("grading_standard", state.grading, codes[place + 1])
    return after_standards(state.grading)


def after_standards(grading: Grading) -> str:
    """The first page after the standards: a second grading has no details page."""
    first = grading.kind == Grading.Kind.AUDITOR
    return page_url("grading_details" if first else "grading_overall", grading)


def first_standard(state: GradingState) -> str:
    """The first standard's page."""
    return page_url("grading_standard", state.grading, state.asked[0].standard.code)
