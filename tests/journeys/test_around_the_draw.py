"""The pages around the draw, looked at by axe on a desktop and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from cases.operations.frame import freeze_frame
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, Cast, open_cases
from tests.journeys.visitor import PHONE, Visitor


def test_pages_around_the_draw(visit: Callable[[User], Visitor], tmp_path: Path) -> None:
    cast = Cast()
    open_cases(60, team=cast.riverside, practitioner=cast.practitioner)
    open_cases(30, team=cast.hilltop, service="early_help")
    freeze_frame(quarter=Quarter.parse(QUARTER), by=cast.analyst, now=NOW)
    analyst = visit(cast.analyst)
    plan = f"/quarters/{QUARTER}/plan/"
    analyst.open(plan)
    analyst.picture(tmp_path / "plan.png")
    analyst.write(re.compile("A rate of your own"), "20%")
    analyst.press("Show the plan")
    analyst.sees("20%")
    analyst.open(f"{plan}?rate=much&good=&turnover=300%25")
    analyst.page.set_viewport_size(PHONE)
    analyst.open(plan)
