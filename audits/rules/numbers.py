"""The numbers of auditing in words, for the page of a quarter's numbers."""

from __future__ import annotations

from audits.rules.policy import AuditPolicy
from cases.rules.numbers import Group, Section, whole

SECTION = Section(
    "audits",
    AuditPolicy,
    (
        Group(
            "Auditing and feedback",
            (
                whole("look_back_months", "Months of work that are judged", 1),
                whole("read_back_months", "Months of the file that are read", 1),
                whole("reply_working_days", "Working days for a practitioner’s reply", 1),
            ),
        ),
    ),
    place=1,
)
