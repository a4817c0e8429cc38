"""The council's working days: England's bank holidays, from the kept library ``holidays``."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime
from functools import lru_cache

import holidays
from django.utils import timezone


@lru_cache(maxsize=1)
def bank_holidays() -> Container[date]:
    """England's bank holidays, of any year: ``day in bank_holidays()``."""
    calendar: Container[date] = holidays.country_holidays("GB", subdiv="ENG")
    return calendar


def local_date(now: datetime) -> date:
    """The date in the council's time zone at ``now`` (an aware time)."""
    return timezone.localdate(now)
