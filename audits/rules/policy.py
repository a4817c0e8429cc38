"""The numbers that auditing goes by, as one value stored with the quarter they were used in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class AuditPolicy:
    """Defaults are common practice in English councils, no statutory figures: all are settings.

    - `reply_working_days`: working days a practitioner has to reply to released feedback.
    - `look_back_months`: months of work that are judged, where a standard does not say otherwise.
    - `read_back_months`: months of the file that are read to judge them.
    """

    reply_working_days: int = 10
    look_back_months: int = 6
    read_back_months: int = 12

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
        if self.read_back_months < self.look_back_months:
            raise ValueError(
                "The months of the file that are read (read_back_months) must not be fewer than"
                " those judged (look_back_months)."
            )

    def as_dict(self) -> dict[str, int]:
        """The policy as JSON data; `from_dict` gives it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AuditPolicy:
        """A policy from JSON data. What is left out takes its default; ValueError otherwise."""
        unknown = set(data) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"not in the audit policy: {', '.join(sorted(unknown))}")
        return cls(**data)
