"""What a stratum is called: its service, and what else the frame is divided by.

The same in SQL, for a million cases at once: ``_WITHIN_SERVICE`` and ``_stratum`` of
`cases/operations/frame_rows.py`. A test freezes every division and compares.
"""

from __future__ import annotations

from typing import Any

LONGEST = 200  # characters of a stratum's name
NOT_KNOWN = "not known"
_AGES = ((1, "under 1"), (5, "1 to 4"), (10, "5 to 9"), (16, "10 to 15"))
_OLDEST = "16 and over"


def stratum_of(service: str, strata_by: str, value: Any) -> str:
    """The stratum of a case of ``service`` (its name); ``strata_by`` is a key of STRATA_BY.

    ``value`` is what is known of the case in that respect: an age in years, whether an agency
    worker holds it, or a text; None or "" where nothing is.
    """
    if strata_by == "service":
        return service
    return f"{service}: {_within(strata_by, value) or NOT_KNOWN}"[:LONGEST]


def _within(strata_by: str, value: Any) -> str:
    if value is None:
        return ""
    if strata_by == "age":
        return next((name for below, name in _AGES if value < below), _OLDEST)
    if strata_by == "agency":
        return "agency worker" if value else "employed"
    return str(value).strip(" ")
