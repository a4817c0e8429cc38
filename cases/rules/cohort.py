"""A theme's cohort: which open cases it looks at, by what the council's lists say of them.

All conditions must hold; of several values named for one attribute any will do. A case of which an
attribute is not recorded does not fulfil a condition on it: nobody is put in a cohort by a guess.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

from cases.rules.labels import label_of

# Attributes of which values are named. Services by code, teams by name, the others as imported.
ATTRIBUTES: Mapping[str, str] = {
    "service": "Service",
    "team": "Team",
    "gender": "Gender",
    "ethnicity": "Ethnicity",
    "disability": "Disability",
    "legal_status": "Legal status",
    "plan": "Plan",
}
MAX_MONTHS = 240
MAX_AGE = 26


@dataclass(frozen=True)
class Cohort:
    """Conditions on an open case, as of a day; all None or empty: every open case.

    - one field for each of `ATTRIBUTES`: the values of which a case has one
    - `transferred_in_within`, `opened_within`: at most so many months ago (that day included)
    - `open_for`: opened so many months ago or earlier
    - `age_from`, `age_to`: in whole years, both included
    - `agency`: whether the practitioner is an agency worker

    Raises `ValueError`, in words for a page.
    """

    service: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    gender: tuple[str, ...] = ()
    ethnicity: tuple[str, ...] = ()
    disability: tuple[str, ...] = ()
    legal_status: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    transferred_in_within: int | None = None
    opened_within: int | None = None
    open_for: int | None = None
    age_from: int | None = None
    age_to: int | None = None
    agency: bool | None = None

    def __post_init__(self) -> None:
        for name in ("transferred_in_within", "opened_within", "open_for"):
            _in_range(name, getattr(self, name), 1, MAX_MONTHS, "months")
        for name in ("age_from", "age_to"):
            _in_range(name, getattr(self, name), 0, MAX_AGE, "years")
        if None not in (self.age_from, self.age_to) and self.age_from > self.age_to:  # type: ignore[operator]
            raise ValueError("The lowest age is above the highest.")

    def as_dict(self) -> dict[str, Any]:
        """The conditions as JSON data; what is not asked for is left out."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value is not None and value != ()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The conditions of `as_dict`. Raises `ValueError` for a condition that is not known."""
        unknown = sorted(set(data) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"Not a condition of a cohort: {', '.join(unknown)}.")
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**given)

    def covers(self, case: Mapping[str, Any], on: date) -> bool:
        """Whether a case is in the cohort on a day.

        ``case`` holds the attributes by name, with `opened_on` and `transferred_in_on` as ISO
        dates, `age_years` and `agency`; what is not known is left out or None.
        """
        return (
            all(case.get(name) in wanted for name in ATTRIBUTES if (wanted := getattr(self, name)))
            and _since(case.get("transferred_in_on"), self.transferred_in_within, on)
            and _since(case.get("opened_on"), self.opened_within, on)
            and _until(case.get("opened_on"), self.open_for, on)
            and self._right_age(case.get("age_years"))
            and (self.agency is None or case.get("agency") is self.agency)
        )

    def _right_age(self, age: int | None) -> bool:
        if self.age_from is None and self.age_to is None:
            return True
        lowest, highest = self.age_from, self.age_to
        return (
            age is not None
            and (lowest is None or age >= lowest)
            and (highest is None or age <= highest)
        )

    def words(self, names: Mapping[str, str] | None = None) -> list[str]:
        """The conditions as phrases; ``names`` are those of services by code."""
        names = names or {}
        said = [
            f"{title}: {_either([names.get(value) or label_of(name, value) for value in wanted])}"
            for name, title in ATTRIBUTES.items()
            if (wanted := getattr(self, name))
        ]
        if self.transferred_in_within is not None:
            said.append(f"Transferred in within the last {in_months(self.transferred_in_within)}")
        if self.opened_within is not None:
            said.append(f"Opened within the last {in_months(self.opened_within)}")
        if self.open_for is not None:
            said.append(f"Open for at least {in_months(self.open_for)}")
        if self.age_from is not None or self.age_to is not None:
            said.append(_ages(self.age_from, self.age_to))
        if self.agency is not None:
            worker = "an agency worker" if self.agency else "not an agency worker"
            said.append(f"The practitioner is {worker}")
        return said or ["Every open case"]


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months before; the month's last where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _since(said: str | None, months: int | None, on: date) -> bool:
    if months is None:
        return True
    return bool(said) and months_before(on, months) <= date.fromisoformat(str(said)) <= on


def _until(said: str | None, months: int | None, on: date) -> bool:
    if months is None:
        return True
    return bool(said) and date.fromisoformat(str(said)) <= months_before(on, months)


def _in_range(name: str, value: int | None, least: int, most: int, unit: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        said = name.replace("_", " ")
        raise ValueError(f"{said} must be a whole number of {unit} from {least} to {most}.")


def _either(values: Sequence[str]) -> str:
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last


def in_months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def _ages(lowest: int | None, highest: int | None) -> str:
    if lowest is None:
        return f"Aged {highest} or younger"
    if highest is None:
        return f"Aged {lowest} or older"
    return f"Aged {lowest}" if lowest == highest else f"Aged {lowest} to {highest}"
