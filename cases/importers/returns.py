"""The children of a statutory return, for counting only: CIN census, SSDA903 (CSV or XML).

Of each child the council's own id is read, whether the return has the child as open, and nothing
else: no UPN, no name, no date of birth. Nothing of the file is kept.

- CIN census: open where a referral has no closing date, or one after the reference date, and was
  not answered with no further action. The census covers every child in need, children on a child
  protection plan and children looked after included.
- SSDA903: open where an episode of care has not ended, or ended after the day asked for. Short
  breaks (legal status V3 and V4) are not care in this sense and are counted apart.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from accounts.rules.table_file import OPEN_QUOTE, runs_together
from cases.importers.cells import clean_id, clean_name, read_date
from cases.importers.codes import SHORT_BREAKS
from cases.importers.plain_xml import NotPlainXml, plain_parser
from cases.importers.records import FileRefused

CIN, SSDA903 = "cin", "ssda903"
TITLES: Final = {CIN: "CIN census", SSDA903: "SSDA903 return"}
SERVICES: Final = {
    CIN: ("looked_after", "child_protection", "child_in_need", "assessment"),
    SSDA903: ("looked_after",),
}
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_PIECE: Final = 1 << 16
_NOT_XML: Final = "This file is not XML that can be read. Export the return again."
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
    wide = start.startswith(_UTF_16)
    text = start.decode("utf-16" if wide else "utf-8-sig", "ignore")
    if text.lstrip().startswith("<"):
        return _xml(content, on)
    return _episodes(
        codecs.getreader("utf-16")(content, "replace") if wide else _lines(content), on
    )


# XML


class _Elements:
    """Follows the elements of a return in XML; holds one child at most."""

    def __init__(self) -> None:
        self._text = ""

    def start(self, name: str, attributes: object) -> None:
        """An element begins."""
        self._text = ""
        self.begun(name)

    def data(self, text: str) -> None:
        """A part of what stands in it."""
        if len(self._text) < 200:  # nothing that is read here is longer
            self._text += text

    def end(self, name: str) -> None:
        """It ends."""
        self.read(name, self._text.strip())
        self._text = ""

    def begun(self, name: str) -> None:
        """What an element's beginning means."""

    def read(self, name: str, text: str) -> None:
        """What an element means."""

    def children(self) -> ReturnedChildren:
        """What was found. Raises FileRefused where it is no such return."""
        raise NotImplementedError


def _xml(content: BinaryIO, on: date | None) -> ReturnedChildren:
    elements: list[_Elements] = []
    parser = plain_parser()

    def root(name: str, attributes: object) -> None:
        followed = _Ssda903(on) if name == "EXPSSDA903" else _Census()
        elements.append(followed)
        parser.StartElementHandler = followed.start
        parser.EndElementHandler = followed.end
        parser.CharacterDataHandler = followed.data
        followed.start(name, attributes)

    parser.StartElementHandler = root
    try:
        parser.ParseFile(content)
    except (expat.ExpatError, NotPlainXml, LookupError, ValueError) as error:
        raise FileRefused(_NOT_XML) from error
    return elements[0].children()


class _Census(_Elements):
    def __init__(self) -> None:
        super().__init__()
        self.found = ReturnedChildren(CIN, None)
        self.collection = ""
        self._child = ""
        self._closed = self._no_action = ""
        self._referrals: list[tuple[str, str]] = []

    def begun(self, name: str) -> None:
        if name == "Child":
            self._child, self._referrals = "", []
        elif name == "CINdetails":
            self._closed = self._no_action = ""

    def read(self, name: str, text: str) -> None:
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

    def children(self) -> ReturnedChildren:
        if self.collection.upper() != "CIN" or not self.found.named:
            raise FileRefused(
                "This XML is neither a CIN census nor an SSDA903 return, or it names no child."
            )
        if self.found.on is None:
            raise FileRefused("This CIN census has no reference date.")
        return self.found

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


# SSDA903


class _Care:
    """Counts children by their episodes of care, open on a day or without an end."""

    def __init__(self, on: date | None) -> None:
        self._on = on
        self._found = ReturnedChildren(SSDA903, on)
        self._named: set[str] = set()
        self._breaks: set[str] = set()

    def name(self, child_id: str) -> None:
        """A child of the return, with episodes or without."""
        self._named.add(child_id)

    def episode(self, child_id: str, began: str, ended: str, status: str) -> None:
        """An episode of a child who is named: its dates and legal status as they stand."""
        if _open_on(began, ended, self._on):
            short = status.strip().upper() in SHORT_BREAKS
            (self._breaks if short else self._found.open).add(child_id)

    def children(self) -> ReturnedChildren:
        """What was found. Raises FileRefused where no child is named."""
        if not self._named:
            raise FileRefused("This SSDA903 return names no child.")
        self._found.named = len(self._named)
        self._found.short_breaks = self._breaks - self._found.open
        return self._found


class _Ssda903(_Elements):
    """The return as it is sent to the Department (SSDA903_CLA.xsd)."""

    def __init__(self, on: date | None) -> None:
        super().__init__()
        self._care = _Care(on)
        self._child = ""
        self._episode: dict[str, str] = {}

    def begun(self, name: str) -> None:
        if name == "CHILD":
            self._child = ""
        elif name == "EPISODE":
            self._episode = {}

    def read(self, name: str, text: str) -> None:
        if name == "CHILDID" and (child_id := clean_id(text)):
            self._child = child_id
            self._care.name(child_id)
        elif name in ("DECOM", "DEC", "LS"):
            self._episode[name] = text
        elif name == "EPISODE" and self._child:
            began, ended, status = (self._episode.get(part, "") for part in ("DECOM", "DEC", "LS"))
            self._care.episode(self._child, began, ended, status)

    def children(self) -> ReturnedChildren:
        return self._care.children()


def _lines(content: BinaryIO) -> Iterator[str]:
    for line in content:
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError:
            yield line.decode("cp1252", errors="replace")


def _episodes(lines: Iterable[str], on: date | None) -> ReturnedChildren:
    rows = csv.reader(lines)
    try:
        heads = [head.strip().upper() for head in next(rows, [])]
    except csv.Error as error:
        raise FileRefused(_NO_EPISODES) from error
    if not {"CHILD", "DECOM", "DEC"} <= set(heads):
        raise FileRefused(_NO_EPISODES)
    child, began, ended = (heads.index(name) for name in ("CHILD", "DECOM", "DEC"))
    status = heads.index("LS") if "LS" in heads else None
    care = _Care(on)
    for row in _apart(rows):
        cells = [*row, *[""] * (len(heads) - len(row))]
        if child_id := clean_id(cells[child]):
            care.name(child_id)
            care.episode(
                child_id, cells[began], cells[ended], "" if status is None else cells[status]
            )
    return care.children()


def _apart(rows: Any) -> Iterator[list[str]]:
    """The rows of a `csv.reader`. Raises FileRefused where a quotation mark makes one of several:
    the children of the others would be missing from every count."""
    line = rows.line_num + 1
    try:
        for row in rows:
            if any(map(runs_together, row)):
                raise FileRefused(f"Line {line:,}: {OPEN_QUOTE}")
            yield row
            line = rows.line_num + 1
    except csv.Error as error:
        raise FileRefused(f"Line {line:,}: {OPEN_QUOTE}") from error


def _open_on(began: str, ended: str, on: date | None) -> bool:
    if on is None:  # databases write NULL, or a day that never comes, where there is no end
        return not clean_name(ended) or "9999" in ended
    began_on = read_date(began, as_of=date.max)[0]
    if began_on is not None and began_on > on:
        return False
    ended_on = read_date(ended, as_of=date.max)[0] if ended.strip() else None
    return ended_on is None or ended_on > on
