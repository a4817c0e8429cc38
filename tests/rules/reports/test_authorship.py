"""Whose work a report is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reports.rules.authorship import BEGAN, MADE, WROTE, Version, authors, in_one_sentence

FIRST = datetime(2026, 11, 23, 9, tzinfo=UTC)
AGAIN = FIRST + timedelta(hours=1)
ANA, QUENTIN, DEE = 1, 2, 3

BEGUN = Version(ANA, ("", ""), "draft", None)
WRITTEN = Version(QUENTIN, ("Steady.", ""), "draft", None)
FROZEN = Version(ANA, ("Steady.", ""), "frozen", None)
RENDERED = Version(ANA, ("Steady.", ""), "rendered", FIRST)
FROZEN_AGAIN = Version(DEE, ("Steady.", ""), "frozen", FIRST)
RENDERED_AGAIN = Version(DEE, ("Steady.", ""), "rendered", AGAIN)
VERSIONS = [BEGUN, WRITTEN, FROZEN, RENDERED, FROZEN_AGAIN, RENDERED_AGAIN]


def test_who_began_wrote_and_made_what_stands() -> None:
    assert authors(ANA, VERSIONS, AGAIN) == {ANA: (BEGAN,), QUENTIN: (WROTE,), DEE: (MADE,)}
    assert authors(ANA, VERSIONS[:4], FIRST) == {ANA: (BEGAN, MADE), QUENTIN: (WROTE,)}


def test_a_change_that_touches_neither_words_nor_pdfs_is_nobodys_work() -> None:
    saved = Version(DEE, RENDERED.words, "rendered", FIRST)
    assert DEE not in authors(ANA, [*VERSIONS[:4], saved], FIRST)


def test_a_change_under_nobodys_name() -> None:
    by_hand = Version(None, ("Changed in the database.", ""), "draft", None)
    assert authors(ANA, [BEGUN, by_hand], None) == {ANA: (BEGAN,)}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), ""),
        ((BEGAN,), "You began this report"),
        ((BEGAN, MADE), "You began and made the PDFs of this report"),
        ((BEGAN, WROTE, MADE), "You began, wrote words for and made the PDFs of this report"),
    ],
)
def test_in_one_sentence(parts: tuple[str, ...], words: str) -> None:
    assert in_one_sentence(parts) == words
