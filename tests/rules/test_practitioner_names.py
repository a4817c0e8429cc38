"""Whom a list means by a practitioner's name and team."""

from __future__ import annotations

import pytest

from cases.rules.practitioner_names import KnownWorkers, Worker

KNOWN = KnownWorkers([
    Worker(1, "Ann Moved", "Riverside", listed=True),
    Worker(2, "Bea Twice", "Riverside", listed=True),
    Worker(3, "Bea Twice", "Hilltop", listed=True),
    Worker(4, "Cy Unlisted", "Riverside"),
    Worker(5, "Di Left", "Riverside", in_post=False, listed=True),
    Worker(6, "Ed Copied", "Riverside", listed=True),
    Worker(7, "Ed Copied"),
    Worker(8, "Flo Nowhere"),
    Worker(9, "Gus Account", "Riverside", signs_in=True, listed=True),
    Worker(10, "Gus Account", "Riverside"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "team", "meant"),
    [
        ("ann moved", "RIVERSIDE", 1),
        ("Ann Moved", "Hilltop", 1),
        ("Ann Moved", "", 1),
        ("Bea Twice", "Hilltop", 3),
        ("Bea Twice", "Harbour", None),
        ("Bea Twice", "", None),
        ("Cy Unlisted", "Hilltop", None),
        ("Cy Unlisted", "", 4),
        ("Di Left", "Riverside", 5),
        ("Di Left", "Hilltop", None),
        ("Di Left", "", None),
        ("Ed Copied", "", 6),
        ("Ed Copied", "Hilltop", 6),
        ("Flo Nowhere", "", 8),
        ("Flo Nowhere", "Hilltop", None),
        ("Gus Account", "Riverside", 9),
        ("Nobody", "Riverside", None),
    ],
)
def test_who_is_meant(name: str, team: str, meant: int | None) -> None:
    found = KNOWN.find(name, team)
    assert (found.id if found else None) == meant
