"""Trying a tool out: what it would suggest for grades that somebody makes up."""

from __future__ import annotations

from collections.abc import Mapping

from audits.models import ToolVersion
from audits.rules.grades import Scale
from audits.rules.limits import Judgement, Suggested, parse_limits, suggest

NOT_APPLICABLE = "not_applicable"


def try_out(version: ToolVersion, grades: Mapping[str, str], *, concern: bool) -> Suggested:
    """The suggested overall grade for ``grades`` of the standards that are asked.

    They are given by the standard's code: a point of the scale, "not_applicable", or "" for none
    yet. What is not among them is not asked.
    """
    scale = Scale.from_dict(version.scale)
    judgements = [
        Judgement(
            standard=standard.code,
            title=standard.title,
            grade=scale.grade_of(grade) if grade not in ("", NOT_APPLICABLE) else None,
            critical=standard.critical,
            weight=standard.weight,
            not_applicable=grade == NOT_APPLICABLE,
        )
        for section in version.sections.all()
        for standard in section.standards.all()
        if (grade := grades.get(standard.code)) is not None
    ]
    return suggest(judgements, parse_limits(version.limits), immediate_concern=concern)
