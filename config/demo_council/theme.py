"""A theme beside the sample of the present quarter: drawn, and allocated as far as it goes."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from accounts.operations import Refused
from audits.operations.themes import ThemePlan, create_theme
from cases.operations.allocation import allocate_quarter
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.rules.cohort import Cohort
from config.demo_council.people import People
from config.demo_council.sample import Schedule

RATE = Fraction(1, 4)
PLAN = ThemePlan(
    name="Children who moved here from another council",
    question="Was the case handed over completely, and did the help the child was getting go on "
    "without a gap? Audited after an inspection of a neighbouring council found plans that stopped "
    "at the border.",
    tool="statutory",
    cohort=Cohort(
        service=("looked_after", "child_protection", "child_in_need"), transferred_in_within=12
    ),
)


def make_theme(plan: Schedule, people: People) -> None:
    """Planned by the quality assurance lead after the sample was drawn, and drawn the same day."""
    planned_at = plan.draw + timedelta(hours=2)
    theme = create_theme(quarter=plan.quarter, plan=PLAN, by=people.lead, now=planned_at)
    later = planned_at + timedelta(hours=1)
    by = people.analyst
    try:
        freeze_frame(quarter=plan.quarter, theme=theme, by=by, now=later)
    except Refused:  # nobody moved into so small a council: the theme stays planned
        return
    draw = draw_sample(
        quarter=plan.quarter,
        theme=theme,
        seed="Northmoor theme 3-1-6-2-5-4",
        witnesses=str(people.lead),
        rate=RATE,
        by=by,
        now=later,
    )
    allocate_quarter(draw=draw, by=by, now=later)
