"""What a sampling rate buys, before the draw: how many, how sure, how many hours, for how long.

All of it is arithmetic on counts; nothing is simulated.

- *Sample*: the quota of `sampling.quota_of`, as far as there are eligible cases. Siblings may lower
  it further, which only the draw can know.
- *Interval*: the exact 95% interval (`intervals`) that would be printed if the sample showed the
  expected share of good or better, to the nearest file. The population is the eligible cases, as
  in the report.
- *Hours*: minutes of one audit and of one moderation, from the policy. Moderations are the planned
  share of the sample, rounded up.
- *Running out*: a recurrence in exact fractions, one step for each quarter. With N open cases, P of
  them never audited, a quota of Q and a turnover of t, the draw takes Q of the P; then a share t of
  all open cases closes, audited or not alike, and as many children never audited come in their
  place: P' = (P - Q)(1 - t) + tN. A service runs out at the first draw at which P is below Q. Where
  tN is at least Q, P never falls below Q once it is there: a council whose cases change faster than
  it audits them does not run out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cases.rules.intervals import Interval, Proportion
from cases.rules.policy import CasePolicy
from cases.rules.rates import share_of
from cases.rules.sampling import quota_of

USUAL_RATES = (Fraction(3, 100), Fraction(5, 100), Fraction(7, 100), Fraction(10, 100))
HORIZON = 40  # quarters that are looked ahead: ten years


@dataclass(frozen=True)
class ServiceNow:
    """One service in numbers of open cases, or one group of a service that is divided.

    ``service`` is the name of the service that the group is of; empty: of itself.
    ``eligible`` could be drawn today; ``never_audited`` are those and the cases that only have to
    wait until they have been open long enough. Raises `ValueError` where the three do not fit.
    """

    name: str
    line: str
    open: int
    eligible: int
    never_audited: int
    service: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.eligible <= self.never_audited <= self.open:
            raise ValueError(f"The numbers of {self.name} do not fit together.")


@dataclass(frozen=True)
class Staff:
    """Who can grade in a quarter: people, and audits or moderations that they can take.

    Whoever does both (``both`` people, ``shared`` gradings) can take so many of the two together.
    """

    auditors: int
    audits: int
    moderators: int
    moderations: int
    both: int = 0
    shared: int = 0


@dataclass(frozen=True)
class PlannedGroup:
    """What a rate gives in a service, a line or everywhere. ``interval``: None without a sample."""

    name: str
    open: int
    eligible: int
    quota: int
    sample: int
    interval: Interval | None

    @property
    def width(self) -> Fraction | None:
        """The width of the interval as a share, 0 to 1."""
        return None if self.interval is None else self.interval.high - self.interval.low


@dataclass(frozen=True)
class PlannedService(PlannedGroup):
    """A service, and which draw from now (0: this one) is the first that it cannot fill.

    ``first_short`` is None where all of the next `HORIZON` draws can be filled.
    """

    first_short: int | None


@dataclass(frozen=True)
class Plan:
    """What one rate buys and what it takes. Services in their given order.

    ``divided`` are the services that are divided into several groups, each as a whole; ``lines``
    those that hold several services, but not all.
    """

    rate: Fraction
    services: tuple[PlannedService, ...]
    divided: tuple[PlannedGroup, ...]
    lines: tuple[PlannedGroup, ...]
    total: PlannedGroup
    moderations: int
    auditor_hours: Fraction
    moderator_hours: Fraction

    def auditors_short(self, staff: Staff) -> int:
        """How many audits are more than the auditors can take; 0 where they can take all."""
        return max(0, self.total.sample - staff.audits)

    def moderators_short(self, staff: Staff) -> int:
        """How many moderations are more than the moderators can take."""
        return max(0, self.moderations - staff.moderations)

    def together_short(self, staff: Staff) -> int:
        """How many audits and moderations are more than all can take: what somebody who does both
        gives to the one is not there for the other."""
        everybody = staff.audits + staff.moderations - staff.shared
        return max(0, self.total.sample + self.moderations - everybody)


def plan(services: Sequence[ServiceNow], policy: CasePolicy) -> Plan:
    """What ``policy.rate`` buys in these services."""
    found = tuple(_service(service, policy) for service in services)
    by_service: dict[str, list[PlannedGroup]] = {}
    by_line: dict[str, list[PlannedGroup]] = {}
    services_of: dict[str, set[str]] = {}
    for service, planned in zip(services, found, strict=True):
        name = service.service or service.name
        by_service.setdefault(name, []).append(planned)
        by_line.setdefault(service.line, []).append(planned)
        services_of.setdefault(service.line, set()).add(name)
    total = _together("All services", found, policy)
    moderations = share_of(total.sample, policy.moderation_share, "up")
    return Plan(
        rate=policy.rate,
        services=found,
        divided=tuple(
            _together(f"{service}, all groups", groups, policy)
            for service, groups in by_service.items()
            if 1 < len(groups) < len(found)
        ),
        lines=tuple(
            _together(f"{line} together", groups, policy)
            for line, groups in by_line.items()
            if len(services_of[line]) > 1 and len(groups) < len(found)
        ),
        total=total,
        moderations=moderations,
        auditor_hours=Fraction(total.sample * policy.minutes_per_audit, 60),
        moderator_hours=Fraction(moderations * policy.minutes_per_moderation, 60),
    )


def draws_until_short(never_audited: int, open_cases: int, quota: int, turnover: Fraction) -> int:
    """How many draws in a row can be filled, counted up to `HORIZON` (this module's docstring).

    ``turnover`` is the share of open cases that is replaced between two draws, 0 to 1.
    """
    pool = Fraction(never_audited)
    for filled in range(HORIZON):
        if pool < quota:
            return filled
        pool = (pool - quota) * (1 - turnover) + turnover * open_cases
    return HORIZON


def _service(service: ServiceNow, policy: CasePolicy) -> PlannedService:
    quota = quota_of(service.open, policy)
    sample = min(quota, service.eligible)
    filled = draws_until_short(
        service.never_audited, service.open, quota, policy.quarterly_turnover
    )
    return PlannedService(
        name=service.name,
        open=service.open,
        eligible=service.eligible,
        quota=quota,
        sample=sample,
        interval=expected_interval(sample, service.eligible, policy.expected_good),
        first_short=0 if sample < quota else filled if filled < HORIZON else None,
    )


def _together(name: str, groups: Sequence[PlannedGroup], policy: CasePolicy) -> PlannedGroup:
    sample, eligible = sum(g.sample for g in groups), sum(g.eligible for g in groups)
    return PlannedGroup(
        name=name,
        open=sum(g.open for g in groups),
        eligible=eligible,
        quota=sum(g.quota for g in groups),
        sample=sample,
        interval=expected_interval(sample, eligible, policy.expected_good),
    )


def expected_interval(sample: int, population: int, good: Fraction) -> Interval | None:
    """The 95% interval that is printed where ``good`` of the sample is good or better.

    To the nearest whole file, halves up. None for an empty sample.
    """
    return Proportion(share_of(sample, good, "nearest"), sample, population).interval
