"""What a theme's audits found: grades of record, over all and by standard."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count

from audits.models import Audit, StandardGrade
from audits.rules.grades import GRADES
from cases.models import Theme


def audits_of(theme: Theme) -> Any:
    """The audits of a theme's cases, of superseded draws too where they were submitted."""
    return Audit.objects.filter(kind=Audit.Kind.THEMATIC, sampled_case__draw__theme=theme).exclude(
        status=Audit.Status.WITHDRAWN
    )


def audit_counts(theme: Theme) -> dict[str, int]:
    """How many audits of a theme stand in each state: one query."""
    counted = audits_of(theme).order_by().values("status").annotate(number=Count("pk"))
    return {row["status"]: row["number"] for row in counted}


def grades_found(theme: Theme) -> dict[str, int]:
    """How many grades of record there are of each grade, best first: one query."""
    graded = audits_of(theme).filter(grading_of_record__isnull=False)
    counted = Counter(graded.values_list("grading_of_record__overall_grade", flat=True))
    return {grade: counted[grade] for grade in GRADES}


def standards_found(theme: Theme) -> list[tuple[str, dict[str, int]]]:
    """For each practice standard its title and how often each grade was given: one query.

    Of the gradings of record; where the standard was not applicable it is not counted.
    """
    records = audits_of(theme).values("grading_of_record")
    rows = (
        StandardGrade.objects.filter(grading__in=records, not_applicable=False)
        .exclude(grade="")
        .order_by("standard__section__order", "standard__order")
        .values_list("standard__title", "grade")
    )
    found: dict[str, Counter[str]] = {}
    for title, grade in rows:
        found.setdefault(title, Counter())[grade] += 1
    return [(title, {g: counted[g] for g in GRADES}) for title, counted in found.items()]
