"""Once a day, however often the clock or a broker asks."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

_TWO_DAYS = 2 * 24 * 3600


def first_today(name: str, now: datetime) -> bool:
    """Whether nobody has asked for ``name`` on this day (the council's) before."""
    day = timezone.localdate(now).isoformat()
    return bool(cache.add(f"once:{name}:{day}", 1, timeout=_TWO_DAYS))
