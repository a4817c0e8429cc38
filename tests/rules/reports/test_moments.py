"""Moments in the report: local time, in the words of every other page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from config.templatetags.cfa import gds_datetime
from reports.rules.shared_sections import moment_words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 7, 31, 23, 5, tzinfo=UTC), "1 August 2026 at 12:05am"),
        (datetime(2026, 12, 31, 23, 5, tzinfo=UTC), "31 December 2026 at 11:05pm"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29 March 2026 at 12:59am"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29 March 2026 at 2am"),  # the clocks go forward
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "25 October 2026 at 1am"),  # and back
        (datetime(2026, 7, 1, 11, 0, tzinfo=UTC), "1 July 2026 at midday"),
        (datetime(2026, 7, 1, 23, 0, tzinfo=UTC), "2 July 2026 at midnight"),
        (datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=5))), "1 July 2026 at 5am"),
    ],
)
def test_a_moment_in_local_time_as_on_the_certificate(moment: datetime, words: str) -> None:
    assert moment_words(moment) == words == gds_datetime(moment)
