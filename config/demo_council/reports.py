"""The committee report of the quarter before: rendered, approved and published."""

from __future__ import annotations

from datetime import datetime, timedelta

from cases.models import AuditQuarter
from cases.queries.calendar import local_date
from cases.rules.quarters import Quarter
from config.demo_council.people import People
from reports.operations import (
    approve_report,
    create_report,
    publish_report,
    render_report,
    save_words,
)

NARRATIVE = (
    "Practice has improved in both service lines over the year, more steadily in Early Help than "
    "in the statutory services. With samples of this size a change of a few points from one "
    "quarter to the next is no evidence of anything; the direction over the year is.\n\n"
    "Auditors find most often that plans do not say what should be different for the child, and "
    "that direct work takes place but its results do not reach the plan."
)
NEXT_STEPS = (
    "Workshops on plans with outcomes run in every locality in the coming quarter. Heads of "
    "Service follow up the actions that are overdue in their quality clinics."
)


def make_reports(people: People, now: datetime) -> None:
    """Publish the last quarter's report. The present quarter's is left to the analyst."""
    last = Quarter.containing(local_date(now)).previous()
    quarter = AuditQuarter.objects.get(label=last.label)
    begun = now - timedelta(days=16)
    analyst, director = people.analyst, people.single["director"]
    report = create_report(quarter=quarter, by=analyst, now=begun)
    report = save_words(
        report=report,
        narrative=NARRATIVE,
        next_steps=NEXT_STEPS,
        version=report.version,
        by=analyst,
        now=begun,
    )
    report = render_report(report=report, by=analyst, now=now - timedelta(days=15))
    report = approve_report(report=report, by=director, now=now - timedelta(days=13))
    governance = people.single["information_governance"]
    publish_report(report=report, by=governance, now=now - timedelta(days=12))
