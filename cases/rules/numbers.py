"""The numbers of a quarter in words: how each is called, read from a form, and shown.

An app's policy (its `rules/policy.py`) holds the values; here is what people see of them. A value
is JSON data, as the policy's ``as_dict`` gives it: shares as "1/20".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cases.rules.policy import STRATA_BY
from cases.rules.rates import show_rate


class Kind(StrEnum):
    """How a number is typed."""

    WHOLE = "whole"  # a whole number
    SHARE = "share"  # 5%, 0.05 or 1/20
    YES_OR_NO = "yes_or_no"
    ROUNDING = "rounding"
    STRATA = "strata"  # what a frame is divided by
    DAYS = "days"  # rising whole numbers: 7, 28, 84
    EXCLUSIONS = "exclusions"  # cases that the council leaves out


ROUNDING_WORDS = {"up": "Up", "nearest": "To the nearest, halves up"}
STRATA_WORDS = {code: words.capitalize() for code, words in STRATA_BY.items()}


@dataclass(frozen=True)
class Number:
    """One number: its name in the policy, what it is called, its kind, the least it may be."""

    name: str
    label: str
    kind: Kind = Kind.WHOLE
    least: int = 0
    hint: str = ""


@dataclass(frozen=True)
class Group:
    """Numbers under one heading."""

    title: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Section:
    """The numbers of one app: its name in ``AuditQuarter.policies``, its policy, its groups.

    ``place`` is where it stands among those of the other apps. ``policy`` has ``from_dict``
    (ValueError for what makes no sense) and ``as_dict``.
    """

    code: str
    policy: Any
    groups: tuple[Group, ...]
    place: int = 0

    def in_force(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Every value in force, where ``stored`` is what a quarter has of this section."""
        return dict(self.policy.from_dict(stored).as_dict())

    def numbers(self) -> list[Number]:
        """All numbers of the section, in order."""
        return [number for group in self.groups for number in group.numbers]


def shown(number: Number, value: Any) -> str:
    """A value in words: "5%", "Yes", "7, 28 and 84"."""
    if number.kind == Kind.SHARE:
        return show_rate(Fraction(value))
    if number.kind == Kind.YES_OR_NO:
        return "Yes" if value else "No"
    if number.kind == Kind.ROUNDING:
        return ROUNDING_WORDS[value]
    if number.kind == Kind.STRATA:
        return STRATA_WORDS[value]
    if number.kind == Kind.DAYS:
        return ", ".join(map(str, value))
    if number.kind == Kind.EXCLUSIONS:
        return "; ".join(exclusion_in_words(each) for each in value) or "None"
    return str(value)


def exclusion_in_words(value: Mapping[str, Any]) -> str:
    """Which cases are left out, and why; ``value`` is an `Exclusion` as JSON data."""
    values: Sequence[str] = value["values"]
    if value["field"] == "service":
        values = [code.replace("_", " ") for code in values]
    return f"{value['field'].replace('_', ' ')} is {' or '.join(values)} ({value['because']})"


def whole(name: str, label: str, least: int = 0, hint: str = "") -> Number:
    """A whole number."""
    return Number(name, label, Kind.WHOLE, least, hint)


def share(name: str, label: str, hint: str = "") -> Number:
    """A share."""
    return Number(name, label, Kind.SHARE, 0, hint)


def yes_or_no(name: str, label: str, hint: str = "") -> Number:
    """Something that is switched on or off."""
    return Number(name, label, Kind.YES_OR_NO, 0, hint)


OF_SAMPLING = (
    Group(
        "Sample",
        (
            share("rate", "Share of open cases audited", "Of every service, counted exactly."),
            Number(
                "strata_by",
                "Quotas are counted by",
                Kind.STRATA,
                hint="What a freeze offers first. Each group is rounded up by itself.",
            ),
            Number("rounding", "How that share becomes a whole number", Kind.ROUNDING),
            whole("minimum_per_stratum", "At least so many cases of every service"),
            share("reserve_share", "Reserves, as a share of the sample"),
            whole("reserve_minimum", "At least so many reserves of every service"),
            yes_or_no(
                "rotation",
                "Rotate practitioners",
                "Nobody’s second case before everybody’s first; it orders, it never excludes.",
            ),
            yes_or_no("one_per_family", "At most one child of a family"),
        ),
    ),
    Group(
        "Who can be drawn",
        (
            whole("minimum_weeks_open", "A case must have been open for so many weeks"),
            Number("excluded", "Cases that the council leaves out", Kind.EXCLUSIONS),
        ),
    ),
    Group(
        "Allocation",
        (
            yes_or_no(
                "other_teams_independent",
                "Other teams under the same Head of Service count as independent",
            ),
            yes_or_no("accreditation_needed", "Only accredited auditors are given audits"),
            whole("audit_due_working_days", "Working days until an audit is due", 1),
        ),
    ),
    Group(
        "Planning",
        (
            whole("minutes_per_audit", "Minutes that an audit takes", 1),
            whole("minutes_per_moderation", "Minutes that a moderation takes", 1),
            share("moderation_share", "Share of audits expected to be moderated"),
            share("expected_good", "Share of good or better that is expected"),
            share("quarterly_turnover", "Share of open cases that close in a quarter"),
        ),
    ),
)
