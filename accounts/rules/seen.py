"""What somebody saw when they opened a form, as a short text that the form carries.

Where it no longer fits when the form is sent, somebody else was faster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def seen(words: Mapping[str, str]) -> str:
    """A digest of a thing's facts in words; the order does not matter."""
    text = "\x1e".join(f"{name}\x1f{value}" for name, value in sorted(words.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def in_one_line(words: Mapping[str, str]) -> str:
    """ "Name: Riverside; Manager: nobody"."""
    return "; ".join(f"{name}: {value or 'none'}" for name, value in words.items())
