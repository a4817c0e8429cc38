"""Tools and their versions for the person who owns them; a version as JSON data."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import Prefetch, QuerySet

from audits.models import AuditTool, PracticeStandard, Section, ToolVersion
from audits.rules.checks import Check
from audits.rules.grades import GRADES
from audits.rules.reading import InvalidDefinition, Problem
from audits.rules.tool_changes import ToolChange, changes
from audits.rules.tool_schema import ToolDefinition, parse_tool

OF_A_STANDARD = (
    "code",
    "title",
    "definition",
    "look_back_months",
    "read_back_months",
    "critical",
    "weight",
    "may_be_not_applicable",
    "applies_when",
    "descriptors",
    "prompts",
)


def tools_with_versions() -> QuerySet[AuditTool]:
    """Every tool with its versions, newest first. Two queries."""
    versions = ToolVersion.objects.select_related("published_by").order_by("-number")
    return AuditTool.objects.select_related("line").prefetch_related(Prefetch("versions", versions))


def version_with_parts() -> QuerySet[ToolVersion]:
    """Versions with their sections and standards, in order. Three queries for one version."""
    return ToolVersion.objects.select_related("tool__line", "published_by").prefetch_related(
        Prefetch(
            "sections",
            Section.objects.order_by("order").prefetch_related(
                Prefetch("standards", PracticeStandard.objects.order_by("order"))
            ),
        )
    )


def standard_data(standard: PracticeStandard) -> dict[str, Any]:
    """One standard as JSON data. The database keeps no order of grades: best first, as in files."""
    data = {name: getattr(standard, name) for name in OF_A_STANDARD}
    if standard.checks:
        data["checks"] = [Check(**check).as_dict() for check in standard.checks]
    texts = data["descriptors"]
    return data | {"descriptors": {grade: texts[grade] for grade in GRADES if grade in texts}}


def standard_as_seen(standard: PracticeStandard) -> dict[str, Any]:
    """One standard as the editor's form shows it: with the code of its section."""
    return {"checks": [], **standard_data(standard), "section": standard.section.code}


def version_data(version: ToolVersion) -> dict[str, Any]:
    """A version (from ``version_with_parts``) as JSON data, whether or not it can be published."""
    return {
        "code": version.tool.code,
        "title": version.tool.title,
        "line": version.tool.line.code,
        "scale": version.scale,
        "limits": version.limits,
        "sections": [
            {
                "code": section.code,
                "title": section.title,
                "standards": [standard_data(each) for each in section.standards.all()],
            }
            for section in version.sections.all()
        ],
    }


def definition_of(version: ToolVersion) -> ToolDefinition:
    """A version as the rules know it. Raises InvalidDefinition where a draft has faults."""
    return parse_tool(version_data(version))


def faults_of(version: ToolVersion) -> list[str]:
    """What must be put right before a draft can be published, in sentences."""
    try:
        definition_of(version)
    except InvalidDefinition as error:
        data = version_data(version)
        return [_sentence(problem, data) for problem in error.problems]
    return []


def _sentence(problem: Problem, data: dict[str, Any]) -> str:
    """A fault's path ("sections[0].standards[1].title") as the titles that the owner sees."""
    place: Any = data
    named = ""
    for part in problem.path.replace("]", "").replace("[", ".").split("."):
        if not part:
            continue
        place = place[int(part)] if part.isdigit() else place.get(part, "")
        if isinstance(place, dict) and place.get("title"):
            named = f"“{place['title']}”"
    last = problem.path.rsplit(".", 1)[-1]
    field = "" if last.endswith("]") or not last else f" {last.replace('_', ' ')}"
    return f"{named or 'The tool'}:{field} {problem.message}."


def version_before(version: ToolVersion) -> ToolVersion | None:
    """The version that came before, published or retired; None for a first one."""
    earlier = version_with_parts().filter(tool=version.tool_id, number__lt=version.number)
    return earlier.exclude(status=ToolVersion.Status.DRAFT).order_by("-number").first()


def changes_since_before(version: ToolVersion) -> tuple[ToolChange, ...]:
    """What changed from the version before; nothing for a first one."""
    before = version_before(version)
    return changes(version_data(before), version_data(version)) if before else ()


def digest(data: object) -> str:
    """A digest of JSON data: what a form was opened on."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
