"""Lists of open cases for benchmarks/imports.py: row n is the same in every run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

AS_OF = date(2026, 9, 30)
HEADINGS = (
    "child_id", "service", "team", "practitioner", "opened_on", "family_id", "agency",
    "restricted", "date_of_birth", "gender", "ethnicity", "disability",
)  # fmt: skip
SERVICES = (
    "Child in need", "Child protection", "Looked after", "Assessment", "Care leaver", "Early help",
)  # fmt: skip
GENDERS, GROUPS = ("Female", "Male"), ("WBRI", "ABAN", "BCRB", "MWBC", "OOTH")


def rows(n: int) -> Iterator[tuple[str, ...]]:
    """``n`` open cases: 17 for each practitioner, 170 for each team, families of two."""
    for number in range(n):
        born = AS_OF - timedelta(days=200 + number * 37 % 6300)
        opened = AS_OF - timedelta(days=number * 7919 % 900)
        yield (
            f"C{number:08}",
            SERVICES[number * 31 % len(SERVICES)],
            f"Team {number // 170}",
            f"Worker {number // 17}",
            f"{opened:%d/%m/%Y}",
            f"F{number // 3}" if number % 3 < 2 else "",
            "Yes" if number // 17 % 7 == 0 else "No",
            "Yes" if number % 53 == 0 else "No",
            f"{born:%d/%m/%Y}",
            GENDERS[number % 2],
            GROUPS[number % 5],
            "Yes" if number % 9 == 0 else "No",
        )


def write_csv(path: Path, n: int) -> None:
    """The list as the template's CSV."""
    with path.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(HEADINGS)
        writer.writerows(rows(n))


def write_workbook(path: Path, n: int) -> None:
    """The list as the same columns in a workbook of one sheet, every cell a text."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Cases")
        for number, cells in enumerate((HEADINGS, *rows(n))):
            for column, text in enumerate(cells):
                sheet.write_string(number, column, text)
