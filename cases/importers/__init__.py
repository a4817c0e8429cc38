"""Reading councils' files: an Annex A workbook, or our own template as CSV or workbook.

Pure Python, without Django or a database: `sniff` says what a file is, `read` gives its rows.
"""

from cases.importers.codes import PRECEDENCE, SERVICE_NAMES
from cases.importers.reading import ReadFile, read, sniff
from cases.importers.records import (
    CaseRow,
    FileFormat,
    FileRefused,
    Problem,
    ReadLimits,
    Row,
    Severity,
    SheetInfo,
)
from cases.importers.summary import Summary, summarise
from cases.importers.template import TemplateColumn, template_columns, template_csv

__all__ = [
    "PRECEDENCE",
    "SERVICE_NAMES",
    "CaseRow",
    "FileFormat",
    "FileRefused",
    "Problem",
    "ReadFile",
    "ReadLimits",
    "Row",
    "Severity",
    "SheetInfo",
    "Summary",
    "TemplateColumn",
    "read",
    "sniff",
    "summarise",
    "template_columns",
    "template_csv",
]
