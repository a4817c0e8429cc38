"""The demo council can be filled on whatever day somebody tries it."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from audits.models import Audit
from cases.pdf import Rendered
from config.demo_council.build import build


@pytest.mark.parametrize(
    ("day", "present"),
    [(date(2026, 4, 2), "2025-Q4"), (date(2026, 1, 1), "2025-Q3"), (date(2026, 8, 30), "2026-Q2")],
)
@pytest.mark.django_db
def test_it_can_be_filled_on_any_day(
    day: date, present: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The PDF of a report takes seconds and is tested elsewhere.
    monkeypatch.setattr("reports.operations.render_pdf", lambda *_: Rendered(b"%PDF-1.7", 1))
    now = datetime.combine(day, time(0, 30), tzinfo=ZoneInfo("Europe/London"))
    built = build(seed="any", home=tmp_path, now=now, scale=0.02)
    assert built.quarters[-1] == present
    assert len(built.quarters) == 6
    assert built.audits == Audit.objects.count() > 40
    assert not Audit.objects.filter(closed_at__gt=now).exists()
