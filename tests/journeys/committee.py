"""The quarter's report in the browser: begun, made by a worker, approved, published, read."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf

from tests.journeys.visitor import Visitor


def prepare_report(analyst: Visitor, quarter: str) -> None:
    """Begin the report on a quarter ("Q3 2026/27"), write its words, and have a worker make it."""
    analyst.open("/reports/")
    analyst.follow("New report")
    analyst.page.get_by_label("Quarter").select_option(label=quarter)
    analyst.press("Begin the report")
    analyst.write("What the figures mean", "Visits have become more regular since the summer.")
    analyst.write("Next steps", "Moderate earlier in the quarter.")
    analyst.press("Save the words")
    analyst.press("Make the report")
    analyst.sees("Waiting for approval", after=90_000)
    analyst.looks_right()
    assert analyst.page.get_by_role("button", name="Approve the report").count() == 0


def publish_report(lead: Visitor, quarter: str) -> None:
    """A second person reads the figures, approves and publishes."""
    lead.open("/reports/")
    lead.follow(quarter)
    lead.follow(re.compile("Read its figures on the screen"))
    lead.page.go_back()
    lead.press("Approve the report")
    lead.press("Publish the report")
    lead.sees("Published")


def read_report(member: Visitor, quarter: str, folder: Path) -> str:
    """A committee member finds the published report and downloads it; returns the PDF's text."""
    member.follow("Reports")
    member.follow(quarter)
    with member.page.expect_download() as download:
        member.page.get_by_role("link", name=re.compile("Download the public")).click()
    pdf = folder / "report.pdf"
    download.value.save_as(pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)
