"""An audit's facts as rows of a summary list: {"key", "value"}."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateformat import format as format_date

from audits.models import Audit
from audits.rules.facts import FACTS
from cases.models import Practitioner
from cases.rules.labels import label_of

Row = dict[str, object]


def audit_rows(audit: Audit, child_id: str) -> list[Row]:
    """Whose file it is and who works with it; ``child_id`` is "" for those who do not need it."""
    rows: list[Row] = [{"key": "Child id", "value": child_id}] if child_id else []
    waiting = audit.status == Audit.Status.RETURNED
    return [
        *rows,
        {"key": "Quarter", "value": str(audit.quarter)},
        {"key": "Service", "value": audit.service.name},
        {"key": "Team", "value": audit.team.name if audit.team else "Not known"},
        {"key": "Practitioner", "value": _worker(audit.practitioner)},
        *_judged(audit),
        {"key": "Auditor", "value": "Waiting for an auditor" if waiting else audit.auditor.name},
        {"key": "Audit tool", "value": str(audit.tool_version)},
    ]


def _worker(practitioner: Practitioner | None) -> str:
    if practitioner is None:
        return "Not known"
    return f"{practitioner} (agency worker)" if practitioner.agency else str(practitioner)


def _judged(audit: Audit) -> list[Row]:
    if audit.practitioner_judged_id in (None, audit.practitioner_id):
        return []
    return [{"key": "Held the case most", "value": _worker(audit.practitioner_judged)}]


def time_rows(audit: Audit) -> list[Row]:
    """What happened when, as far as it has."""
    steps = [
        ("Allocated", audit.allocated_at, None),
        ("Due", audit.due_on, None),
        ("Begun", audit.started_at, None),
        ("Submitted", audit.submitted_at, audit.submitted_by),
        ("Grade of record set", audit.finalised_at, audit.finalised_by),
        ("Closed", audit.closed_at, audit.closed_by),
        ("Withdrawn", audit.withdrawn_at, audit.withdrawn_by),
    ]
    rows: list[Row] = [
        {"key": key, "value": in_words(when) + (f" by {who}" if who else "")}
        for key, when, who in steps
        if when is not None
    ]
    if audit.withdraw_reason:
        rows.append({"key": "Why withdrawn", "value": audit.withdraw_reason})
    return rows


def fact_rows(facts: Mapping[str, Any]) -> list[Row]:
    """What the import knew of the case when the sample was drawn; what is not known is left out."""
    return [
        {"key": label, "value": _fact(name, facts[name])}
        for name, label in FACTS.items()
        if facts.get(name) not in (None, "")
    ]


def _fact(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str):
        try:
            return in_words(date.fromisoformat(value))
        except ValueError:
            return label_of(name, value)
    return str(value)


def duty_telephones() -> list[Row]:
    """Whom to telephone when a child may not be safe now."""
    unset = "The number is not set up here: use the council’s list."
    return [
        {"key": "Duty team", "value": settings.DUTY_PHONE or unset},
        {"key": "Out of hours", "value": settings.OUT_OF_HOURS_PHONE or unset},
    ]


def in_words(when: date | datetime) -> str:
    """12 November 2026, in the council's time zone."""
    day = timezone.localtime(when) if isinstance(when, datetime) else when
    return format_date(day, "j F Y")
