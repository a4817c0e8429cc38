"""Files for the importer's tests, made here: workbooks, CSVs, and the containers of bad ones."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

from cases.importers import CaseRow, FileRefused, Problem, ReadFile, ReadLimits, read

AS_OF = date(2026, 9, 30)
LIST_6 = [
    "Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)",
    "Does the Child have a Disability", "CIN Start Date", "Primary Need Code",
    "Date Child Was Last Seen", "CIN Closure Date", "Reason for Closure", "Case status",
    "Allocated Team", "Allocated Worker",
]  # fmt: skip
LIST_9 = [
    "Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)",
    "Does the Child have a Disability", "Allocated Team", "Allocated Worker",
    "Eligibility Category", "LA In Touch ", "Type of Accommodation",
]  # fmt: skip
LIST_1 = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age", "Date of Contact",
          "Contact Source"]  # fmt: skip
HEADER = "child_id,service,team,practitioner,opened_on"


def refused(path: Path, limits: ReadLimits | None = None) -> str:
    """Why a file is refused. The error is let go: the frames it was raised in hold files open."""
    try:
        list(read(path, as_of=AS_OF, limits=limits).rows())
    except FileRefused as refusal:
        return refusal.message
    raise AssertionError("The file was read.")


def list_6_row(child_id: object, **values: object) -> list[object]:
    """A row of list 6; values by `born`, `age`, `start`, `closed`, `status`, `team`, ..."""
    names = ("child_id", "gender", "ethnicity", "born", "age", "disability", "start", "need",
             "seen", "closed", "reason", "status", "team", "worker")  # fmt: skip
    return [{"child_id": child_id, **values}.get(name, "") for name in names]


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """An .xlsx with these sheets; dates become date cells, None a blank formatted cell."""
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(r, c, value, day)
                    elif value is None:
                        sheet.write_blank(r, c, None, day)
                    elif isinstance(value, str):
                        sheet.write_string(r, c, value)
                    else:
                        sheet.write(r, c, value)
    return path


ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "table", "text")
)
# What every program writes after the last value of a row and of a sheet.
_ODS_REST_OF_ROW = '<table:table-cell table:number-columns-repeated="16300"/>'
_ODS_REST_OF_SHEET = (
    '<table:table-row table:number-rows-repeated="1040000">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


def ods(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """An .ods with these sheets, as a spreadsheet program writes it."""
    tables = (
        f'<table:table table:name="{escape(name)}">'
        + "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}{_ODS_REST_OF_ROW}</table:table-row>"
            for row in rows
        )
        + f"{_ODS_REST_OF_SHEET}</table:table>"
        for name, rows in sheets.items()
    )
    return ods_of_xml(path, "".join(tables))


def ods_of_xml(path: Path, tables: str, *, before: str = "", mimetype: str = ODS_TYPE) -> Path:
    """An .ods whose tables are this XML, compressed; ``before`` stands before the first element."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {_ODS_NAMES}>'
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return path


def _ods_cell(value: object) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, bool):
        kind = f'"boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        kind = f'"date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        kind = f'"float" office:value="{value}"'
    else:
        kind = '"string"'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
    return f"<table:table-cell office:value-type={kind}>{lines}</table:table-cell>"


def csv_file(path: Path, *lines: str, encoding: str = "utf-8", header: str = HEADER) -> Path:
    path.write_bytes("\r\n".join([header, *lines, ""]).encode(encoding))
    return path


def opened(path: Path, **options: Any) -> tuple[ReadFile, list[CaseRow], list[Problem]]:
    """The file, its case rows and its problems."""
    file = read(path, as_of=AS_OF, **options)
    rows = list(file.rows())
    return (
        file,
        [row for row in rows if isinstance(row, CaseRow)],
        [row for row in rows if isinstance(row, Problem)],
    )


def replace_in_zip(source: Path, target: Path, name: str, old: bytes, new: bytes) -> Path:
    """A copy of an archive with one piece of one entry replaced."""
    with zipfile.ZipFile(source) as old_zip, zipfile.ZipFile(target, "w", 8) as new_zip:
        for entry in old_zip.infolist():
            data = old_zip.read(entry)
            if entry.filename == name:
                assert old in data
                data = data.replace(old, new)
            new_zip.writestr(entry.filename, data)
    return target


def ole(stream: str, content: bytes) -> bytes:
    """A minimal OLE container: header, one FAT sector, one directory sector, one stream.

    Layout after Microsoft's [MS-CFB]: 512-byte sectors; FAT in sector 0, directory in sector 1,
    the stream from sector 2 on, padded to the 4,096 bytes below which a mini stream is used.
    """
    content = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0")
    sectors = len(content) // 512
    free, end, fat_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    chain = [fat_mark, end, *range(3, 2 + sectors), end]
    fat = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        encoded = name.encode("utf-16-le") + b"\0\0" if name else b""
        return struct.pack(
            "<64sHBBIII16xI16xIQ", encoded, len(encoded), kind, 1, free, free, child, 0, start, size
        )

    directory = entry("Root Entry", 5, 1, end, 0) + entry(stream, 2, free, 2, len(content))
    directory += entry("", 0, free, 0, 0) * 2
    return header + fat + directory + content
