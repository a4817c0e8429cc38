"""The pages around the draw, looked at by axe on a desktop and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from cases.operations.draw import draw_sample
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
    draw_sample(quarter=Quarter.parse(QUARTER), seed="dice: 4 1 6", by=cast.analyst, now=NOW)
    for name, address in {
        "quarters": "/quarters/",
        "quarter": f"/quarters/{QUARTER}/",
        "frame": f"/quarters/{QUARTER}/frame/",
        "cases": f"/quarters/{QUARTER}/frames/1/cases/?state=eligible&sort=child",
        "draw": f"/quarters/{QUARTER}/draws/1/?due=overdue",
        "waiting": f"/quarters/{QUARTER}/allocation/?why=stuck",
        "replacements": f"/replacements/?quarter={QUARTER}",
        "audits": f"/audits/?before={QUARTER}",
    }.items():
        analyst.open(address)
        analyst.picture(tmp_path / f"{name}.png")
    analyst.page.set_viewport_size(PHONE)
    analyst.open(f"/quarters/{QUARTER}/frames/1/cases/")
    analyst.picture(tmp_path / "cases-phone.png")
    analyst.open(plan)
