"""The numbers that a quarter goes by, of this app and of those above it.

An app above registers its section when it starts; the page and the command know no app by name.
"""

from __future__ import annotations

from cases.rules.numbers import OF_SAMPLING, Section
from cases.rules.policy import CasePolicy

_sections: dict[str, Section] = {}


def register(section: Section) -> Section:
    """Add the numbers of an app. Registered twice, the last counts."""
    _sections[section.code] = section
    return section


def sections() -> list[Section]:
    """Every section, from sampling to the report."""
    return sorted(_sections.values(), key=lambda section: section.place)


register(Section("cases", CasePolicy, OF_SAMPLING))
