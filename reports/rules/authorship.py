"""Whose work a report is: whoever began it, wrote words of it, or made the PDFs that stand.

None of them approves or publishes it (domain: approved by another person than its author). Words
that somebody else wrote over later count too: what is left of them cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

BEGAN, WROTE, MADE = "began", "wrote words for", "made the PDFs of"
RENDERED = "rendered"


@dataclass(frozen=True)
class Version:
    """A report as one change left it. `by`: None where nobody was named."""

    by: int | None
    words: tuple[str, str]
    status: str
    rendered_at: datetime | None


def authors(
    begun_by: int, versions: Iterable[Version], rendered_at: datetime | None
) -> Mapping[int, tuple[str, ...]]:
    """What each person did for the report whose PDFs were made at `rendered_at`, by their id.

    `versions` are all there were, oldest first.
    """
    found: dict[int, dict[str, None]] = {begun_by: {BEGAN: None}}
    words, status = ("", ""), ""
    for version in versions:
        did = []
        if version.words != words:
            did.append(WROTE)
        if version.status == RENDERED != status and version.rendered_at == rendered_at:
            did.append(MADE)
        if version.by is not None and did:
            found.setdefault(version.by, {}).update(dict.fromkeys(did))
        words, status = version.words, version.status
    return {person: tuple(parts) for person, parts in found.items()}


def in_one_sentence(parts: Sequence[str]) -> str:
    """ "You began, wrote words for and made the PDFs of this report"; "" where there is nothing."""
    if not parts:
        return ""
    *first, last = parts
    return f"You {' and '.join(filter(None, [', '.join(first), last]))} this report"
