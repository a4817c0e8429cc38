"""What counts as an answer in words."""

from __future__ import annotations


def is_written(text: str) -> bool:
    """Whether a text says anything: it holds a letter or a digit."""
    return any(char.isalnum() for char in text)
