"""The whole council: people, cases, five quarters that are done, and the present one under way."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

from django.db import connection, transaction

from accounts.models import User
from audits.models import Audit
from audits.operations.tools import install_shipped_tools
from cases.models import Case
from cases.queries.calendar import bank_holidays, local_date
from cases.rules.quarters import Quarter
from cases.rules.working_days import is_working_day
from config.demo_council import figures
from config.demo_council.caseload import PlannedCase, listed_last, plan, take_over
from config.demo_council.draws import LONDON, working_days_on
from config.demo_council.people import PASSWORD, People, hire
from config.demo_council.reports import make_reports
from config.demo_council.sample import Schedule, allocate_waves, make_sample, schedule
from config.demo_council.samples import write_samples
from config.demo_council.signins import choose_signins
from config.demo_council.storing import keys_checked_at_once, store
from config.demo_council.story import Teller
from config.demo_council.theme import make_theme
from config.demo_council.waiting import leave_something_waiting

# Working days: from the freeze of the present quarter until today, and to the second wave of
# allocation, so that audits stand in every state today.
FROZEN_BEFORE, SECOND_WAVE_NOW, SECOND_WAVE = 27, 19, 6


@dataclass(frozen=True)
class Built:
    """What was made: numbers for a summary, and the sign-ins to print."""

    quarters: tuple[str, ...]
    people: int
    open_cases: int
    audits: int
    signins: list[dict[str, str]]

    def as_dict(self) -> dict[str, object]:
        """As JSON data, passwords left out."""
        return {
            "quarters": list(self.quarters),
            "people": self.people,
            "open_cases": self.open_cases,
            "audits": self.audits,
            "signins": [{"role": s["role"], "email": s["email"]} for s in self.signins],
        }


def build(*, seed: str, home: Path, now: datetime, scale: float = 1) -> Built:
    """Make the council and write its files into ``home``; all of it or nothing.

    The same seed on the same day makes the same council, and under the same draw secret the same
    samples: the story ends with yesterday, at whatever time of the day it is told. ``scale`` 1 is a
    county of 5,100 open cases.
    """
    now = datetime.combine(local_date(now), time.min, tzinfo=LONDON)
    with _no_collecting(), transaction.atomic():
        return _build(seed, home, now, scale)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Without searches for garbage: a third of the time goes into them, and hardly any is found."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _build(seed: str, home: Path, now: datetime, scale: float) -> Built:
    rng, today = Random(f"{seed} {scale}"), local_date(now)
    install_shipped_tools(by=User.objects.system(), now=now)
    schedules = _schedules(rng, today)
    people = hire(rng, schedules[0].freeze - timedelta(days=90), scale)
    freezes = [each.freeze.date() for each in schedules]
    planned = plan(rng, people, freezes, today, scale)
    for place, each in enumerate(schedules):
        _play(seed, each, place, planned, people, now)
    listed_last()
    leave_something_waiting(Random(f"{seed} waiting"), schedules[-1].quarter, people, now)
    make_theme(schedules[-1], people)
    make_reports([(each.quarter, after.freeze) for each, after in pairwise(schedules)], people)
    signins = choose_signins(people, now)
    write_samples(home / "samples", planned, today, Random(f"{seed} samples"))
    (home / "signins.json").write_text(json.dumps(signins, indent=1) + "\n")
    return Built(
        quarters=tuple(each.quarter.label for each in schedules),
        people=User.objects.filter(is_demo=True).count(),
        open_cases=Case.objects.filter(closed_on__isnull=True).count(),
        audits=Audit.objects.count(),
        signins=signins,
    )


def _schedules(rng: Random, today: date) -> list[Schedule]:
    """Oldest first: each quarter frozen in its first days, the present one five weeks ago.

    In the first weeks of a quarter the present one is that before, whose audits are still done.
    """
    frozen_on = _frozen_on(today)
    quarters = [Quarter.containing(frozen_on)]
    while len(quarters) <= figures.PREVIOUS_QUARTERS:
        quarters.insert(0, quarters[0].previous())
    before = [
        schedule(rng, quarter, working_days_on(quarter.starts, 3), SECOND_WAVE)
        for quarter in quarters[:-1]
    ]
    return [*before, schedule(rng, quarters[-1], frozen_on, SECOND_WAVE_NOW)]


def _frozen_on(today: date) -> date:
    day, left = today, FROZEN_BEFORE
    while left:
        day -= timedelta(days=1)
        left -= is_working_day(day, bank_holidays())
    return day


def _play(
    seed: str,
    each: Schedule,
    place: int,
    planned: list[PlannedCase],
    people: People,
    now: datetime,
) -> None:
    """One quarter: the list of open cases, the sample, its audits."""
    with keys_checked_at_once():
        take_over(planned, each.freeze.date(), each.freeze - timedelta(minutes=30), people.analyst)
    with connection.cursor() as cursor:
        # PostgreSQL would still take them for empty, and join them row by row.
        cursor.execute("ANALYZE cases_child, cases_case")
    # Its own dice: what is drawn depends on the instance's secret, the next quarter does not.
    rng = Random(f"{seed} {each.quarter.label}")
    draw = make_sample(rng, each, people)
    with keys_checked_at_once():
        allocations = allocate_waves(rng, draw, each, people.analyst)
        teller = Teller(seed, draw.quarter, place, people, now)
        store([teller.tell(allocation) for allocation in allocations])


__all__ = ["PASSWORD", "Built", "build"]
