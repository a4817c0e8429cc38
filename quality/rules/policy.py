"""The numbers behind moderation, escalation and actions: one frozen set, stored with its quarter.

All are the council's settings; the defaults are the usual practice of English children's services
quality assurance. Working days are those of England's bank-holiday calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class QualityPolicy:
    """Every number that quality's rules use.

    Raises `ValueError` where a number makes no sense (a share outside 0 to 1, a negative clock).
    """

    # Moderation
    moderation_working_days: int = 5
    moderation_inadequate_working_days: int = 2  # immediate concerns too
    moderation_random_share: Fraction = Fraction(1, 5)
    compulsory_moderation_blind: bool = True  # those chosen for their grade; random ones always are

    # Escalation: told by, acknowledged by, plan by
    concern_notify_working_days: int = 0  # the same working day
    concern_acknowledge_hours: int = 2  # clock hours, day and night
    concern_plan_working_days: int = 5
    inadequate_notify_working_days: int = 1
    inadequate_acknowledge_working_days: int = 1
    inadequate_plan_working_days: int = 5
    requires_improvement_notify_working_days: int = 1
    requires_improvement_acknowledge_working_days: int = 5
    requires_improvement_plan_working_days: int = 10
    timezone: str = "Europe/London"  # in which a working day begins and ends

    # Actions
    due_soon_days: int = 2  # calendar days before a deadline from which it is "due soon"
    follow_up_months: int = 3  # the review of an inadequate audit's actions

    def __post_init__(self) -> None:
        if not 0 <= self.moderation_random_share <= 1:
            raise ValueError("The share moderated at random must lie between 0 and 1.")
        for name, value in self.as_dict().items():
            if isinstance(value, int) and not isinstance(value, bool) and value < 0:
                raise ValueError(f"{name} cannot be negative.")

    def as_dict(self) -> dict[str, Any]:
        """The policy as JSON-able values; a fraction as text, "1/5"."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: str(v) if isinstance(v, Fraction) else v for k, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> QualityPolicy:
        """The policy that `as_dict` wrote; what is left out has its default.

        Raises `ValueError` for a name that is not a setting, so that a misspelt one is noticed.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Not settings of quality: {', '.join(sorted(unknown))}.")
        read = dict(values)
        if "moderation_random_share" in read:
            read["moderation_random_share"] = Fraction(read["moderation_random_share"])
        return cls(**read)
