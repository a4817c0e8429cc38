"""Freezing: a quarter's records become one JSON document, from which everything is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from reports.rules.computed import compute
from reports.rules.edition import Records
from reports.rules.exempt_edition import exempt_edition
from reports.rules.policy import ReportPolicy
from reports.rules.public_edition import public_edition

PUBLIC, EXEMPT = "public", "exempt"
EDITIONS = (PUBLIC, EXEMPT)
FORMAT = 1  # of the document; its templates are templates/reports/pdf/v1


def freeze(records: Records, *, now: datetime, today: date, policy: ReportPolicy) -> dict[str, Any]:
    """All figures of a report as JSON-able data.

    The public edition is whole by itself: nothing of the exempt one or of the plain numbers is
    needed to show it. Raises `ValueError` where the quarter has no frame.
    """
    if not records.frame:
        raise ValueError(f"Nothing was drawn in {records.quarter_name}.")
    computed = compute(records, now=now, today=today, policy=policy)
    return {
        "format": FORMAT,
        "quarter": records.quarter,
        "quarter_name": records.quarter_name,
        "council": records.council,
        "frozen_at": now.isoformat(),
        "policy": policy.as_dict(),
        "numbers": computed.numbers(),
        "trend": computed.trend_points(),
        "editions": {PUBLIC: public_edition(computed), EXEMPT: exempt_edition(computed)},
    }


def digest(figures: Mapping[str, Any]) -> str:
    """The SHA-256 of a frozen document, whatever the order of its keys."""
    text = json.dumps(figures, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
