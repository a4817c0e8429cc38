"""The sampling frame: every open case on a date, written down so that its hash commits to it.

docs/draw.md specifies the text that is hashed; `lines` is that text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import chain, islice
from operator import itemgetter, lt
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
        keys = [case[0] for case in self.cases]
        if not _ascending(keys) and len(set(keys)) != len(keys):
            raise ValueError("A case is in the frame twice.")
        for key in self.rested:
            if not _KEY_ONLY.fullmatch(key):
                raise ValueError(f"{key!r} cannot be a practitioner's key.")
        for name in self.strata:
            if not _TEXT_ONLY.fullmatch(name) or name != name.strip():
                raise ValueError(f"{name!r} cannot be the name of a stratum.")

    @classmethod
    def read(cls, head: Frame, texts: Iterable[str], sha256: str) -> Self:
        """The frame that ``head`` and the lines of its cases, by key, say: `lines` read back.

        ``head`` is the frame without its cases, all strata named; each of the ``texts`` is a line
        or many, whole with their line feeds. ``sha256`` is the hash that was published, so that
        every line was looked at when it was made. Raises `ValueError` where they have another.
        """
        cases: list[FrameCase] = []
        new_case = partial(tuple.__new__, FrameCase)  # `FrameCase._make` for a million of them
        digest = hashlib.sha256("".join(head.lines()).encode())
        for text in texts:
            digest.update(text.encode())
            values = iter(text[5:-1].replace("\ncase\t", "\t").split("\t"))
            cases += map(new_case, zip(*[values] * 5, strict=False))
        if digest.hexdigest() != sha256:
            raise ValueError("This is not the frame whose hash was published.")
        # As `__init__` and the cached properties would leave it: what has this hash was looked at.
        frame = cls.__new__(cls)
        vars(frame).update(vars(head), cases=tuple(cases), strata=head.strata, sha256=sha256)
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
        yield from _checked(_in_texts(lines))

    def _first_lines(self) -> Iterator[str]:
        yield "case-file-audit frame 1\n"
        yield f"quarter\t{self.quarter.label}\n"
        yield f"frozen_on\t{self.frozen_on.isoformat()}\n"
        for name in self.strata:
            yield f"stratum\t{name}\n"
        for key in sorted(self.rested):
            yield f"rested\t{key}\n"


def _ascending(keys: list[str]) -> bool:
    """Whether every key comes after the one before it, so that none is there twice."""
    return all(map(lt, keys, islice(keys, 1, None)))


def _in_texts(lines: Iterable[str]) -> Iterator[str]:
    """Lines of cases, many in one text, because there may be a million of them."""
    each = iter(lines)
    while some := list(islice(each, _LINES_AT_ONCE)):
        text = "".join(some)
        if text.count("\n") != len(some):  # hidden in a value, it would make two lines of one case
            raise _not_a_case(next(line for line in some if line.count("\n") != 1))
        yield text


def _checked(texts: Iterable[str]) -> Iterator[str]:
    """Texts of whole lines as they are, once every line is known to be a case's."""
    for text in texts:
        if not _CASE_LINES.fullmatch(text):
            lines = re.findall(r"[^\n]*\n|[^\n]+", text)
            raise _not_a_case(next(line for line in lines if not _CASE_LINE.fullmatch(line)))
        yield text


def _not_a_case(line: str) -> ValueError:
    return ValueError(f"This case cannot be written into a frame: {line!r}.")


def hash_of_frame(head: Frame, texts: Iterable[str]) -> str:
    """The hash of a frame whose cases are stored elsewhere: `Frame.sha256` without a `Frame` of it.

    ``head`` is the frame without its cases, all strata named; ``texts`` are the lines of its
    cases by key, each key once, a line or many in each. Raises `ValueError` where a line is not of
    the form specified, not after the one before it, or of a stratum that ``head`` does not name.
    """
    return _hash(chain(head.lines(), _in_order(_checked(texts), frozenset(head.strata))))


def _in_order(texts: Iterable[str], strata: frozenset[str]) -> Iterator[str]:
    """Texts of lines of cases as they are, once their keys are known to ascend."""
    last = ""
    for text in texts:
        values = text.split("\t")  # a line has five tabs: after "case", a key, a stratum …
        keys = [last, *values[1::5]]
        if not _ascending(keys):
            raise ValueError("The cases are not in the order of their keys.")
        if not strata.issuperset(values[2::5]):
            raise ValueError("A case is in a stratum that the frame does not name.")
        last = keys[-1]
        yield text


def hash_of(lines: Iterable[str]) -> str:
    """SHA-256 of the lines in UTF-8, as 64 hexadecimal digits."""
    each = iter(lines)
    return _hash(iter(lambda: "".join(islice(each, _LINES_AT_ONCE)), ""))


def _hash(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()
