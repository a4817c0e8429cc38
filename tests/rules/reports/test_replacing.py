"""A report beside the one that it replaces."""

from __future__ import annotations

from typing import Any

from reports.rules.edition import section, table
from reports.rules.policy import ReportPolicy
from reports.rules.replacing import small_differences

POLICY = ReportPolicy()


def edition(good: int, below: int | None, *, service: int = 30, open_: int = 900) -> dict[str, Any]:
    """A line's grades, and one of its services."""
    files = good + (below or 0)
    grades = [("Good or better", good), ("Below good", below), ("All", files)]
    row = ("Child in Need", files, service, "53%", "40% to 66%")
    return {
        "sections": [
            section("Outcomes", table("Statutory: grades of record", ["Grade", "Files"], grades)),
            section(
                "By Service",
                table(
                    "Statutory by service", ["Service", "Files", "Good", "Share", "Range"], [row]
                ),
                table("Cases", ["Service", "Open", "Quota"], [("Child in Need", open_, 45)]),
            ),
        ]
    }


def test_a_count_that_grew_by_one_is_told() -> None:
    assert small_differences(edition(1428, 560), edition(1429, 560), POLICY) == [
        "Statutory: grades of record, Good or better: 1,428 before, 1,429 now"
    ]


def test_counts_of_a_table_of_several_columns_are_named_by_theirs() -> None:
    fewer = small_differences(edition(40, 60, service=30), edition(40, 60, service=26), POLICY)
    assert fewer == ["Statutory by service, Child in Need, Good: 30 before, 26 now"]


def test_what_moved_by_enough_is_new_or_is_held_back_is_not_told() -> None:
    assert small_differences(edition(40, 60), edition(45, 60), POLICY) == []
    assert small_differences(edition(40, 60), edition(40, None), POLICY) == []
    assert small_differences({"sections": []}, edition(40, 60), POLICY) == []


def test_sizes_are_not_told() -> None:
    assert small_differences(edition(40, 60), edition(40, 60, open_=901), POLICY) == []
