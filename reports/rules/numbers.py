"""The numbers behind a report's figures in words."""

from __future__ import annotations

from cases.rules.numbers import Group, Kind, Number, Section, share, whole
from reports.rules.policy import ReportPolicy

SECTION = Section(
    "reports",
    ReportPolicy,
    (
        Group(
            "Report",
            (
                share("confidence", "Confidence of every interval"),
                whole("smallest_count", "Smallest count that is published", 1),
                whole("smallest_group", "Smallest group whose percentages are published", 1),
                whole("fewest_pairs", "Fewest pairs of grades for kappa and AC2", 1),
                Number(
                    "age_band_days",
                    "Ends of the age bands of open actions, in days",
                    Kind.DAYS,
                    0,
                    "For example: 7, 28, 84.",
                ),
            ),
        ),
    ),
    place=3,
)
