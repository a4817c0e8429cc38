"""Trying a tool out: what it would suggest for grades that somebody makes up."""

from __future__ import annotations

from collections.abc import Mapping

from audits.models import ToolVersion
from audits.rules.grades import Scale
from audits.rules.limits import Judgement, Suggested, parse_limits, suggest


def try_out(version: ToolVersion, grades: Mapping[str, str], *, concern: bool) -> Suggested:
    """The suggested overall grade for ``grades`` (standard code to a point of the scale, or "")."""
    scale = Scale.from_dict(version.scale)
    judgements = [
        Judgement(
            standard=standard.code,
            title=standard.title,
            grade=scale.grade_of(grades[standard.code]) if grades.get(standard.code) else None,
            critical=standard.critical,
            weight=standard.weight,
        )
        for section in version.sections.all()
        for standard in section.standards.all()
    ]
    return suggest(judgements, parse_limits(version.limits), immediate_concern=concern)
