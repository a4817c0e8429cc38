"""The numbers of sampling and allocation, stored with the quarter they were used in.

`DrawPolicy` is the part that a draw depends on: it is printed in the draw's certificate, and
docs/draw.md says what each number does. Defaults: at least 5% of open cases of every service
(Durham County Council, Children and Young People's Overview and Scrutiny Committee, 2017); the
others are common practice, and all are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Self

from cases.rules.rates import ROUNDINGS, Rounding, checked_rate, exact

PLANNED_SHARES = ("moderation_share", "expected_good", "quarterly_turnover")

EXCLUSION_FIELDS = ("service", "team", "legal_status", "plan")

# What a frame can be divided by for its quotas, in words. Services are never mixed: figures are
# told by service. Ages are grouped as the Department for Education's statistics group them.
STRATA_BY: Mapping[str, str] = {
    "service": "service",
    "team": "service and team",
    "age": "service and age group",
    "gender": "service and gender",
    "ethnicity": "service and ethnicity",
    "disability": "service and disability",
    "legal_status": "service and legal status",
    "plan": "service and plan",
    "transferred_in_from": "service and where the case was transferred in from",
    "agency": "service and whether an agency worker holds the case",
}


def _whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}.")


def _known(cls: type[Any], data: Mapping[str, Any]) -> None:
    unknown = sorted(set(data) - {field.name for field in fields(cls)})
    if unknown:
        raise ValueError(f"Not in the sampling policy: {', '.join(unknown)}.")


def _fraction(name: str, value: object) -> Fraction:
    """A fraction as JSON holds it, "1/20". No numbers: those have been floats on the way."""
    if isinstance(value, Fraction):
        return value
    try:
        if not isinstance(value, str):
            raise TypeError
        return Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError):
        raise ValueError(f'{name} must be a fraction such as "1/20", not {value!r}.') from None


@dataclass(frozen=True)
class DrawPolicy:
    """What a draw depends on beside the frame and the seed. Raises `ValueError`.

    - `rate`: share of all open cases of a stratum that is selected, more than 0, at most 1.
    - `rounding`: of that share: "up", or "nearest" (halves up).
    - `minimum_per_stratum`: at least so many are selected, where there are so many open cases.
    - `reserve_share`, `reserve_minimum`: reserves in proportion to the quota, rounded up, and at
      least so many.
    - `rotation`: cases are taken in passes, at most one for each practitioner in a pass.
    - `one_per_family`: at most one selected child of a family in the whole draw.
    """

    rate: Fraction = Fraction(1, 20)
    rounding: Rounding = "up"
    minimum_per_stratum: int = 1
    reserve_share: Fraction = Fraction(1, 2)
    reserve_minimum: int = 2
    rotation: bool = True
    one_per_family: bool = True

    def __post_init__(self) -> None:
        checked_rate(self.rate)
        if self.rounding not in ROUNDINGS:
            raise ValueError(f"rounding must be up or nearest, not {self.rounding!r}.")
        if self.reserve_share < 0:
            raise ValueError("reserve_share cannot be negative.")
        _whole("minimum_per_stratum", self.minimum_per_stratum, 0)
        _whole("reserve_minimum", self.reserve_minimum, 0)
        for name in ("rotation", "one_per_family"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be on or off (true or false).")

    @property
    def draw(self) -> DrawPolicy:
        """The part that a draw depends on."""
        return DrawPolicy(**{field.name: getattr(self, field.name) for field in fields(DrawPolicy)})

    def as_dict(self) -> dict[str, Any]:
        """The policy as JSON data, fractions as "1/20"; `from_dict` gives it back."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: exact(v) if isinstance(v, Fraction) else v for k, v in values.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """A policy from JSON data. What is left out takes its default; ValueError otherwise."""
        _known(cls, data)
        read = dict(data)
        for name in {"rate", "reserve_share"} & set(read):
            read[name] = _fraction(name, read[name])
        return cls(**read)


@dataclass(frozen=True)
class Exclusion:
    """Cases that the council leaves out: those with one of ``values`` in ``field``, and why.

    Values are compared without regard to case and surrounding spaces. ``because`` is a sentence
    for the frame's page. Raises `ValueError` where something is missing.
    """

    field: str
    values: tuple[str, ...]
    because: str

    def __post_init__(self) -> None:
        if self.field not in EXCLUSION_FIELDS:
            raise ValueError(
                f"Cases can be excluded by {', '.join(EXCLUSION_FIELDS)}, not by {self.field!r}."
            )
        if not self.values or not all(value.strip() for value in self.values):
            raise ValueError("An exclusion needs the values it applies to.")
        if not self.because.strip():
            raise ValueError("An exclusion needs a reason that the report can print.")

    def covers(self, value: str) -> bool:
        """Whether a case with this value is excluded."""
        return value.strip().casefold() in {known.strip().casefold() for known in self.values}

    def as_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {"field": self.field, "values": list(self.values), "because": self.because}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """From JSON data; raises `ValueError` where it is not an exclusion."""
        _known(cls, data)
        if set(data) != {"field", "values", "because"} or isinstance(data["values"], str):
            raise ValueError("An exclusion has a field, a list of values and a reason (because).")
        return cls(str(data["field"]), tuple(map(str, data["values"])), str(data["because"]))


# Codes of the SSDA903 return. Such a child is at home for nearly all of the time.
SHORT_BREAKS = Exclusion(
    "legal_status",
    ("V3", "V4"),
    "The child is looked after in short breaks only (legal status V3 or V4).",
)


@dataclass(frozen=True)
class CasePolicy(DrawPolicy):
    """Everything that frame, draw and allocation go by. Raises `ValueError`.

    Beside the numbers of the draw:

    - `minimum_weeks_open`: a case opened less than so many weeks before the freeze is not
      eligible; 0 switches the rule off.
    - `excluded`: what the council leaves out; children in short breaks, unless it says otherwise.
    - `strata_by`: what quotas are counted in, one of `STRATA_BY`.
    - `other_teams_independent`: whether another team under the same Head of Service is far enough
      from a case to grade it.
    - `accreditation_needed`: whether only auditors who are accredited are given audits.
    - `audit_due_working_days`: from allocation until the audit is due.

    For planning only (cases/rules/planner.py), no draw depends on them:

    - `minutes_per_audit`, `minutes_per_moderation`: what one takes.
    - `moderation_share`: how many audits are expected to be moderated.
    - `expected_good`: the share of good or better that is expected; a half gives the widest
      interval.
    - `quarterly_turnover`: share of open cases that close in a quarter and make room for children
      never audited; 0 is the worst case.
    """

    minimum_weeks_open: int = 6
    excluded: tuple[Exclusion, ...] = (SHORT_BREAKS,)
    strata_by: str = "service"
    other_teams_independent: bool = True
    accreditation_needed: bool = False
    audit_due_working_days: int = 15
    minutes_per_audit: int = 120
    minutes_per_moderation: int = 90
    moderation_share: Fraction = Fraction(3, 10)
    expected_good: Fraction = Fraction(1, 2)
    quarterly_turnover: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _whole("minimum_weeks_open", self.minimum_weeks_open, 0)
        for name in ("audit_due_working_days", "minutes_per_audit", "minutes_per_moderation"):
            _whole(name, getattr(self, name), 1)
        for name in PLANNED_SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1.")
        if self.strata_by not in STRATA_BY:
            raise ValueError(f"strata_by must be one of {', '.join(STRATA_BY)}.")
        for name in ("other_teams_independent", "accreditation_needed"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be on or off (true or false).")

    def as_dict(self) -> dict[str, Any]:
        """The policy as JSON data; `from_dict` gives it back."""
        return super().as_dict() | {
            "excluded": [exclusion.as_dict() for exclusion in self.excluded],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """A policy from JSON data. What is left out takes its default; ValueError otherwise."""
        read = dict(data)
        if "excluded" in read:
            read["excluded"] = tuple(map(Exclusion.from_dict, read["excluded"]))
        read.pop("service_order", None)  # older frames have it; the order is the services' own
        for name in set(PLANNED_SHARES) & set(read):
            read[name] = _fraction(name, read[name])
        return super().from_dict(read)
