"""The sampling frame: every open case on a date, written down so that its hash commits to it.

docs/draw.md specifies the text that is hashed; `lines` is that text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, islice, pairwise
from operator import itemgetter
from typing import NamedTuple, Self

from cases.rules.quarters import Quarter

# Nothing that could be taken for a separator: printable ASCII without the space.
_KEY = r"[!-~]{1,64}"
_TEXT = r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}"
_CODE = r"[a-z][a-z0-9_]{0,39}"
_KEY_ONLY, _TEXT_ONLY = re.compile(_KEY), re.compile(_TEXT)
_LINE = rf"case\t{_KEY}\t{_TEXT}\t(?:{_CODE})?\t(?:{_KEY})?\t(?:{_KEY})?\n"
_CASE_LINE, _CASE_LINES = re.compile(_LINE), re.compile(rf"(?:{_LINE})*+")

_LINES_AT_ONCE = 10_000


class FrameCase(NamedTuple):
    """One open case. A named tuple, because a frame may hold a million.

    ``key`` stands for the child: a keyed hash that nobody outside can turn back. ``stratum`` is the
    name of what quotas are counted in, usually the service. ``not_eligible`` is a reason code, or
    empty. ``practitioner`` and ``family`` are keys like the first, or empty where not known.
    """

    key: str
    stratum: str
    not_eligible: str = ""
    practitioner: str = ""
    family: str = ""


@dataclass(frozen=True)
class Frame:
    """All open cases on ``frozen_on``, for the draw of ``quarter``. The order means nothing.

    ``rested`` are the keys of practitioners whose work was audited in the quarter before.
    ``empty_strata`` names strata without any open case, so that the frame says so. Raises
    `ValueError` where a key occurs twice or a value could not be written down unambiguously.
    """

    quarter: Quarter
    frozen_on: date
    cases: tuple[FrameCase, ...]
    rested: frozenset[str] = frozenset()
    empty_strata: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if len({case.key for case in self.cases}) != len(self.cases):
            raise ValueError("A case is in the frame twice.")
        for key in self.rested:
            if not _KEY_ONLY.fullmatch(key):
                raise ValueError(f"{key!r} cannot be a practitioner's key.")
        for name in self.strata:
            if not _TEXT_ONLY.fullmatch(name) or name != name.strip():
                raise ValueError(f"{name!r} cannot be the name of a stratum.")

    @classmethod
    def read(cls, head: Frame, case_lines: Iterable[str]) -> Self:
        """The frame that ``head`` and the lines of its cases, by key, say: `lines` read back.

        ``head`` is the frame without its cases, all strata named. The hash is that of the very
        lines that the cases were read from. Raises `ValueError` where a line is not of the form
        specified, or not after the one before it.
        """
        cases: list[FrameCase] = []
        digest = hashlib.sha256("".join(head.lines()).encode())
        for text in _checked(case_lines):
            digest.update(text.encode())
            values = iter(text[5:-1].replace("\ncase\t", "\t").split("\t"))
            cases += map(FrameCase, values, values, values, values, values)
        if any(earlier[0] >= later[0] for earlier, later in pairwise(cases)):
            raise ValueError("The cases are not in the order of their keys.")
        frame = cls(head.quarter, head.frozen_on, tuple(cases), head.rested, head.empty_strata)
        frame.__dict__["sha256"] = (
            digest.hexdigest()
        )  # what the cached property would find, without writing
        return frame

    @cached_property
    def strata(self) -> tuple[str, ...]:
        """Names of all strata, in the fixed order in which they are drawn: by code point."""
        return tuple(sorted({case.stratum for case in self.cases} | self.empty_strata))

    @cached_property
    def sha256(self) -> str:
        """The hash, 64 hexadecimal digits, that is published before there is a seed.

        Raises `ValueError` where a case cannot be written down (see `lines`).
        """
        return _hash(self.lines())

    def lines(self) -> Iterator[str]:
        """The frame as text, a line or many at a time: the same for every order of its cases.

        Raises `ValueError` where a case's key, reason, practitioner or family is not of the form
        that the specification gives.
        """
        yield from self._first_lines()
        in_order = sorted(self.cases, key=itemgetter(0))
        lines = ("case\t" + "\t".join(case) + "\n" for case in in_order)
        yield from _checked(lines)

    def _first_lines(self) -> Iterator[str]:
        yield "case-file-audit frame 1\n"
        yield f"quarter\t{self.quarter.label}\n"
        yield f"frozen_on\t{self.frozen_on.isoformat()}\n"
        for name in self.strata:
            yield f"stratum\t{name}\n"
        for key in sorted(self.rested):
            yield f"rested\t{key}\n"


def _checked(lines: Iterable[str]) -> Iterator[str]:
    """Lines of cases as they are, many in one text, because there may be a million of them."""
    each = iter(lines)
    while some := list(islice(each, _LINES_AT_ONCE)):
        text = "".join(some)
        # As many line feeds as lines: none is hidden in a value, so each line is one case.
        if text.count("\n") != len(some) or not _CASE_LINES.fullmatch(text):
            for line in some:
                if not _CASE_LINE.fullmatch(line):
                    raise ValueError(f"This case cannot be written into a frame: {line!r}.")
        yield text


def hash_of_frame(head: Frame, case_lines: Iterable[str]) -> str:
    """The hash of a frame whose cases are stored elsewhere: `Frame.sha256` without a `Frame` of it.

    ``head`` is the frame without its cases, all strata named; ``case_lines`` are the lines of its
    cases by key, each key once. Raises `ValueError` where a line is not of the form specified.
    """
    return _hash(chain(head.lines(), _checked(case_lines)))


def hash_of(lines: Iterable[str]) -> str:
    """SHA-256 of the lines in UTF-8, as 64 hexadecimal digits."""
    each = iter(lines)
    return _hash(iter(lambda: "".join(islice(each, _LINES_AT_ONCE)), ""))


def _hash(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()
