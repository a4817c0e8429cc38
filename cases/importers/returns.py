"""The children of a statutory return, for counting only: CIN census (XML), SSDA903 episodes (CSV).

Of each child the council's own id is read, whether the return has the child as open, and nothing
else: no UPN, no name, no date of birth. Nothing of the file is kept.

- CIN census: open where a referral has no closing date, or one after the reference date, and was
  not answered with no further action. The census covers every child in need, children on a child
  protection plan and children looked after included.
- SSDA903: open where an episode of care has not ended, or ended after the day asked for. Short
  breaks (legal status V3 and V4) are not care in this sense and are counted apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Final
from xml.parsers import expat

from cases.importers.cells import clean_id, read_date
from cases.importers.plain_xml import NotPlainXml, plain_parser
from cases.importers.records import FileRefused

CIN, SSDA903 = "cin", "ssda903"
TITLES: Final = {CIN: "CIN census", SSDA903: "SSDA903 return"}
SERVICES: Final = {
    CIN: ("looked_after", "child_protection", "child_in_need", "assessment"),
    SSDA903: ("looked_after",),
}
SHORT_BREAKS: Final = frozenset({"V3", "V4"})
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_PIECE: Final = 1 << 16
_NOT_XML: Final = "This file is not XML that can be read. Export the census again."
_NO_EPISODES: Final = (
    "This CSV has no columns CHILD, DECOM and DEC. Of the SSDA903 return choose the file of "
    "episodes."
)


@dataclass
class ReturnedChildren:
    """What a return says: ids of the children that it has as open, and how many it names.

    ``on`` is the day it speaks of; None where it says none. ``short_breaks`` are ids of children
    with nothing but short breaks open.
    """

    kind: str
    on: date | None
    named: int = 0
    open: set[str] = field(default_factory=set)
    short_breaks: set[str] = field(default_factory=set)


def read_return(content: BinaryIO, on: date | None = None) -> ReturnedChildren:
    """The children of a return. ``on``: the day to count at, of an SSDA903 return.

    Raises FileRefused, in words, for anything else.
    """
    start = content.read(_PIECE)
    content.seek(0)
    if start.startswith(_UTF_16) or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _census(content)
    return _episodes(_lines(content), on)


# CIN census


class _Census:
    """Follows the elements of a census; holds one child at a time."""

    def __init__(self) -> None:
        self.found = ReturnedChildren(CIN, None)
        self.collection = ""
        self._text = ""
        self._child = ""
        self._closed = self._no_action = ""
        self._referrals: list[tuple[str, str]] = []

    def start(self, name: str, attributes: object) -> None:
        self._text = ""
        if name == "Child":
            self._child, self._referrals = "", []
        elif name == "CINdetails":
            self._closed = self._no_action = ""

    def data(self, text: str) -> None:
        if len(self._text) < 200:  # nothing that is read here is longer
            self._text += text

    def end(self, name: str) -> None:
        text = self._text.strip()
        if name == "Collection":
            self.collection = text
        elif name == "ReferenceDate":
            self.found.on = read_date(text, as_of=date.max)[0]
        elif name == "LAchildID":
            self._child = clean_id(text)
        elif name == "CINclosureDate":
            self._closed = text
        elif name == "ReferralNFA":
            self._no_action = text
        elif name == "CINdetails":
            self._referrals.append((self._closed, self._no_action))
        elif name == "Child":
            self._count()
        self._text = ""

    def _count(self) -> None:
        if not self._child:
            return
        self.found.named += 1
        if any(self._is_open(*referral) for referral in self._referrals):
            self.found.open.add(self._child)

    def _is_open(self, closed: str, no_action: str) -> bool:
        if no_action.lower() in ("1", "true"):
            return False
        closed_on = read_date(closed, as_of=date.max)[0] if closed else None
        return closed_on is None or (self.found.on is not None and closed_on > self.found.on)


def _census(content: BinaryIO) -> ReturnedChildren:
    census, parser = _Census(), plain_parser()
    parser.StartElementHandler = census.start
    parser.EndElementHandler = census.end
    parser.CharacterDataHandler = census.data
    try:
        parser.ParseFile(content)
    except (expat.ExpatError, NotPlainXml, LookupError, ValueError) as error:
        raise FileRefused(_NOT_XML) from error
    if census.collection.upper() != "CIN" or not census.found.named:
        raise FileRefused("This XML is not a CIN census, or it names no child.")
    if census.found.on is None:
        raise FileRefused("This CIN census has no reference date.")
    return census.found


# SSDA903


def _lines(content: BinaryIO) -> Iterator[str]:
    for line in content:
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError:
            yield line.decode("cp1252", errors="replace")


def _episodes(lines: Iterable[str], on: date | None) -> ReturnedChildren:
    try:
        return _read_episodes(csv.reader(lines), on)
    except csv.Error as error:
        raise FileRefused(_NO_EPISODES) from error


def _read_episodes(rows: Iterator[list[str]], on: date | None) -> ReturnedChildren:
    heads = [head.strip().upper() for head in next(rows, [])]
    if not {"CHILD", "DECOM", "DEC"} <= set(heads):
        raise FileRefused(_NO_EPISODES)
    child, began, ended = (heads.index(name) for name in ("CHILD", "DECOM", "DEC"))
    status = heads.index("LS") if "LS" in heads else None
    found = ReturnedChildren(SSDA903, on)
    named: set[str] = set()
    breaks: set[str] = set()
    for row in rows:
        cells = [*row, *[""] * (len(heads) - len(row))]
        if not (child_id := clean_id(cells[child])):
            continue
        named.add(child_id)
        if not _open_on(cells[began], cells[ended], on):
            continue
        short = status is not None and cells[status].strip().upper() in SHORT_BREAKS
        (breaks if short else found.open).add(child_id)
    if not named:
        raise FileRefused("This file of episodes names no child.")
    found.named, found.short_breaks = len(named), breaks - found.open
    return found


def _open_on(began: str, ended: str, on: date | None) -> bool:
    if on is None:
        return not ended.strip()
    began_on = read_date(began, as_of=date.max)[0]
    if began_on is not None and began_on > on:
        return False
    ended_on = read_date(ended, as_of=date.max)[0] if ended.strip() else None
    return ended_on is None or ended_on > on
