"""What a file is, and whether it is safe to open: decided before any spreadsheet library sees it.

A workbook is a ZIP archive. Its directory can lie about sizes, so every entry is unpacked here
in small pieces that are counted and thrown away, and the cell references in its worksheets are
looked at: the library that reads workbooks holds the area from A1 to the furthest cell in memory,
and one stray cell in the last corner ends the process.
"""

from __future__ import annotations

import codecs
import hashlib
import mmap
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, Final

from cases.importers.area import SheetArea
from cases.importers.ods_area import OdsArea
from cases.importers.records import MEGABYTE, FileRefused, ReadLimits

CHUNK: Final = 256 * 1024
NOT_A_SPREADSHEET: Final = (
    "This file is not a spreadsheet. Upload an Annex A workbook (.xlsx or .ods), its lists as .csv "
    "files, or the template as .csv or .xlsx."
)
PROTECTED: Final = (
    "This file is protected by a password, so it cannot be read. Save it without a password and "
    "upload it again."
)
DAMAGED: Final = (
    "This workbook is damaged and cannot be opened. Open it in your spreadsheet program, save it "
    "again as .xlsx or .ods, and upload that."
)
_MAGIC: Final = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed archive",
    b"7z\xbc\xaf": "a compressed archive",
    b"Rar!": "a compressed archive",
    b"{\\rtf": "a text document",
}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_CONTENT: Final = "content.xml"
TEXT_ENDINGS: Final = (".csv", ".tsv", ".txt")
_NOT_IN_CP1252: Final = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_RATIO_FLOOR: Final = 10 * MEGABYTE


class Kind(StrEnum):
    """What a file is made of."""

    WORKBOOK = "workbook"
    TEXT = "text"
    LISTS = "lists"  # an archive of CSV files


@dataclass(frozen=True, slots=True)
class Container:
    """A file that may be opened. `encoding` is empty for what is not text; `has_errors` says
    whether cells of a workbook may hold an error such as #N/A."""

    kind: Kind
    sha256: str
    encoding: str = ""
    has_errors: bool = False


def inspect(path: Path, limits: ReadLimits) -> Container:
    """What the file is and its SHA-256; raises FileRefused where it must not be opened."""
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("This file is empty.")
    if size > limits.max_bytes:
        raise FileRefused(
            f"This file is {_megabytes(size)}. The largest that can be read is "
            f"{_megabytes(limits.max_bytes)}."
        )
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(_ZIP):
            kind, has_errors = _check_archive(file, size, limits)
            return Container(kind, _sha256(file), has_errors=has_errors)
        if start == _OLE:
            _check_ole(file)
            return Container(Kind.WORKBOOK, _sha256(file))
        for magic, words in _MAGIC.items():
            if start.startswith(magic):
                raise FileRefused(f"This file is {words}. {NOT_A_SPREADSHEET}")
        return _inspect_text(file)


def inspect_text(file: IO[bytes]) -> Container:
    """The hash and the encoding of an open CSV file; raises FileRefused where it is no text."""
    start = file.read(8)
    if start.startswith((_ZIP, _OLE, *_MAGIC)):
        raise FileRefused("This file is not a CSV file, even if its name says so.")
    return _inspect_text(file)


def _megabytes(size: int) -> str:
    whole = size / MEGABYTE
    return f"{whole:.0f} MB" if whole >= 10 else f"{whole:.1f} MB"


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


# --- text ---------------------------------------------------------------------------------------


def _inspect_text(file: IO[bytes]) -> Container:
    """The hash and the encoding of a text file, in one pass over it."""
    file.seek(0)
    wide = _utf16(file.read(4096))
    decoder = codecs.getincrementaldecoder(wide or "utf-8")()
    digest = hashlib.sha256()
    decodes, has_nul, fits_cp1252 = True, False, True
    for chunk in _chunks(file):
        digest.update(chunk)
        has_nul = has_nul or b"\0" in chunk
        fits_cp1252 = fits_cp1252 and not any(byte in chunk for byte in _NOT_IN_CP1252)
        if decodes:
            decodes = _decodes(decoder, chunk)
    decodes = decodes and _decodes(decoder, b"", final=True)
    if wide and decodes:
        return Container(Kind.TEXT, digest.hexdigest(), wide)
    if has_nul:
        raise FileRefused(
            "This file holds NUL bytes, which no spreadsheet writes into a CSV file. Open it in "
            "Excel, save it as \u201cCSV UTF-8\u201d, and upload that."
        )
    if decodes:
        return Container(Kind.TEXT, digest.hexdigest(), "utf-8-sig")
    if fits_cp1252:
        return Container(Kind.TEXT, digest.hexdigest(), "cp1252")
    raise FileRefused(
        "The letters of this file are in an encoding that cannot be told for certain. Open it in "
        "Excel, save it as \u201cCSV UTF-8\u201d, and upload that."
    )


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _utf16(start: bytes) -> str:
    """ "utf-16" with a byte order mark, or -le/-be where every second byte is NUL; else ""."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    half = max(len(start) // 2, 1)
    if start[1::2].count(0) > half * 0.7 and start[::2].count(0) == 0:
        return "utf-16-le"
    if start[::2].count(0) > half * 0.7 and start[1::2].count(0) == 0:
        return "utf-16-be"
    return ""


# --- legacy and encrypted workbooks -------------------------------------------------------------


def _check_ole(file: BinaryIO) -> None:
    """An OLE container is a legacy .xls, an encrypted .xlsx, or something else altogether.

    Its directory names its streams in UTF-16; which is enough to tell the three apart.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise FileRefused(PROTECTED)
        names = ("Workbook", "Book")
        if not any(content.find(f"{name}\0".encode("utf-16-le")) >= 0 for name in names):
            raise FileRefused(NOT_A_SPREADSHEET)


# --- ZIP ----------------------------------------------------------------------------------------


def _check_archive(file: BinaryIO, size: int, limits: ReadLimits) -> tuple[Kind, bool]:
    """What an archive holds, and whether that may be errors in cells.

    Refuses one that is no workbook, encrypted, or unpacks to too much.
    """
    try:
        entries = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileRefused(DAMAGED) from error
    if len(entries) > limits.max_entries:
        raise _bomb()
    names = {entry.filename for entry in entries}
    lists = all(name.lower().endswith(TEXT_ENDINGS) for name in names) and len(names) == len(
        entries
    )
    open_document = {"mimetype", _CONTENT} <= names
    if open_document:
        _check_open_document(file, entries)
    elif not lists:
        _check_excel(names)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise FileRefused(PROTECTED)
    if sum(entry.file_size for entry in entries) > limits.max_unpacked_bytes:
        raise _bomb()
    if lists:
        _count_unpacked(file, size, entries, limits, lambda _: ())
        return Kind.LISTS, False
    has_errors = _count_unpacked(
        file, size, entries, limits, partial(_areas, limits=limits, open_document=open_document)
    )
    return Kind.WORKBOOK, has_errors


def _check_excel(names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        raise FileRefused(
            "This is a binary workbook (.xlsb). Save it as an Excel workbook (.xlsx) and upload "
            "that."
        )
    if "xl/workbook.xml" not in names:
        raise FileRefused(NOT_A_SPREADSHEET)


def _check_open_document(file: BinaryIO, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an OpenDocument file that is a text or a drawing, or that has a password."""
    for entry in entries:
        if entry.filename == "mimetype" and not _beginning(file, entry).startswith(_ODS):
            raise FileRefused(
                "This is an OpenDocument file, but not a spreadsheet. Save the lists as a "
                "spreadsheet (.ods or .xlsx) and upload that."
            )
        manifest = entry.filename == "META-INF/manifest.xml"
        if manifest and b"encryption-data" in _beginning(file, entry):
            raise FileRefused(PROTECTED)


def _beginning(file: BinaryIO, entry: zipfile.ZipInfo) -> bytes:
    """At least the first 256 KB of an entry, or all of it."""
    found = b""
    for piece in _unpack(file, entry):
        found += piece
        if len(found) >= CHUNK:
            break
    return found


def _bomb() -> FileRefused:
    return FileRefused(
        "This workbook unpacks to far more than a list of cases needs, so it was not opened. Copy "
        "the lists into a new workbook and upload that."
    )


def _count_unpacked(
    file: BinaryIO,
    size: int,
    entries: list[zipfile.ZipInfo],
    limits: ReadLimits,
    areas_of: Callable[[zipfile.ZipInfo], Sequence[SheetArea | OdsArea]],
) -> bool:
    """Refuses what unpacks to too much; whether any area has errors in its cells."""
    total, has_errors = 0, False
    for entry in entries:
        areas = areas_of(entry)
        for piece in _unpack(file, entry):
            total += len(piece)
            if total > limits.max_unpacked_bytes:
                raise _bomb()
            if total > _RATIO_FLOOR and total > size * limits.max_ratio:
                raise _bomb()
            for area in areas:
                area.look(piece)
        for area in areas:
            area.finish()
            has_errors = has_errors or area.has_errors
    return has_errors


def _areas(
    entry: zipfile.ZipInfo, *, limits: ReadLimits, open_document: bool
) -> Sequence[SheetArea | OdsArea]:
    """Who looks at an entry: every one may be a sheet, since a workbook may keep them under any
    name. An archive that is both kinds of workbook is looked at as both."""
    sheet = SheetArea(limits.max_cells)
    if open_document and entry.filename == _CONTENT:
        return (sheet, OdsArea(limits.max_cells, DAMAGED))
    return (sheet,)


def _unpack(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """An entry's real content in pieces, whatever length the directory claims for it."""
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(_ZIP):
        raise FileRefused(DAMAGED)
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileRefused(DAMAGED)
    inflater = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    left = entry.compress_size
    while left > 0 and (packed := file.read(min(CHUNK, left))):
        left -= len(packed)
        if inflater is None:
            yield packed
            continue
        try:
            while packed:
                yield inflater.decompress(packed, 4 * CHUNK)
                packed = inflater.unconsumed_tail
        except zlib.error as error:
            raise FileRefused(DAMAGED) from error
    if inflater is not None:
        yield inflater.flush()
