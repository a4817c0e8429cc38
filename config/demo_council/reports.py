"""Each earlier quarter's committee report: rendered, approved and published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cases.models import AuditQuarter, ServiceLine
from cases.rules.quarters import Quarter
from config.demo_council.narratives import NARRATIVES, NEXT_STEPS
from config.demo_council.people import People
from reports.operations import (
    add_baseline,
    approve_report,
    create_report,
    publish_report,
    render_report,
    save_words,
)
from reports.rules.grade_rows import Counts

BEGUN, RENDERED, APPROVED, PUBLISHED = (timedelta(days=days) for days in (9, 12, 15, 17))

# Files by grade, best first, as the council counted them by hand.
PAST_RESULTS: tuple[dict[str, Counts], ...] = (
    {"early_help": (0, 13, 21, 6), "statutory": (0, 9, 58, 33)},
    {"early_help": (0, 16, 19, 5), "statutory": (0, 14, 57, 29)},
)


def make_reports(quarters: Sequence[tuple[Quarter, datetime]], people: People) -> None:
    """Publish each quarter's report; beside it when the next quarter's frame was frozen.

    The present quarter's is left to the analyst. Narratives are told from the oldest quarter on.
    Two quarters from before the product stand in front of them as baselines.
    """
    if quarters:
        first, since = quarters[0]
        _enter_past_results(first, since, people)
    for place, (quarter, next_frozen) in enumerate(quarters):
        _make_report(quarter, next_frozen, NARRATIVES[place], people)


def _enter_past_results(first: Quarter, now: datetime, people: People) -> None:
    lines = ServiceLine.objects.in_bulk(field_name="code")
    before = first.previous()
    for quarter, results in ((before.previous(), PAST_RESULTS[0]), (before, PAST_RESULTS[1])):
        for code, counts in results.items():
            add_baseline(
                quarter=quarter,
                line=lines[code],
                service=None,
                counts=counts,
                source=f"Report to the scrutiny committee on {quarter.name}",
                by=people.analyst,
                now=now,
            )


def _make_report(quarter: Quarter, since: datetime, narrative: str, people: People) -> None:
    analyst, director = people.analyst, people.single["director"]
    report = create_report(
        quarter=AuditQuarter.objects.get(label=quarter.label), by=analyst, now=since + BEGUN
    )
    report = save_words(
        report=report,
        narrative=narrative,
        next_steps=NEXT_STEPS,
        version=report.version,
        by=analyst,
        now=since + BEGUN,
    )
    report = render_report(report=report, by=analyst, now=since + RENDERED)
    report = approve_report(report=report, by=director, now=since + APPROVED)
    governance = people.single["information_governance"]
    publish_report(report=report, by=governance, now=since + PUBLISHED)
