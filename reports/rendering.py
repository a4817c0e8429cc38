"""The committee report as HTML, and as a PDF (cases/pdf.py): the same figures, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string

from cases.pdf import Rendered, pdf_of
from reports.charts import svg

TEMPLATE = "reports/pdf/v1/report.html"
EDITION_WORDS = {"public": "Public edition", "exempt": "Exempt edition"}


@dataclass(frozen=True)
class Words:
    """What people typed for a report, and who answers for it."""

    narrative: str
    next_steps: str
    number: int


def report_html(
    figures: Mapping[str, Any], edition: str, words: Words
) -> tuple[str, dict[str, str]]:
    """The report as HTML, with the charts that it names by address ("chart:0")."""
    charts: dict[str, str] = {}
    sections = []
    for section in figures["editions"][edition]["sections"]:
        blocks = []
        for block in section["blocks"]:
            shown = dict(block)
            if block["type"] == "chart":
                shown["address"] = f"chart:{len(charts)}"
                charts[shown["address"]] = str(svg(block))
            blocks.append(shown)
        sections.append({"heading": section["heading"], "blocks": blocks})
    context = {
        "council": figures["council"],
        "quarter_name": figures["quarter_name"],
        "edition": edition,
        "edition_words": EDITION_WORDS[edition],
        "frozen_at": datetime.fromisoformat(figures["frozen_at"]),
        "created": datetime.fromisoformat(figures["frozen_at"]).astimezone(UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
        "summary": figures["editions"][edition]["summary"],
        "sections": sections,
        "before_next_steps": [s for s in sections if not _comes_last(s)],
        "after_next_steps": [s for s in sections if _comes_last(s)],
        "words": words,
    }  # fmt: skip
    return render_to_string(TEMPLATE, context), charts


def _comes_last(section: Mapping[str, Any]) -> bool:
    return section["heading"] in ("Additional Factors", "How these figures were made")


def render_pdf(figures: Mapping[str, Any], edition: str, words: Words) -> Rendered:
    """One edition as a tagged PDF (PDF/UA-1). Raises as `cases.pdf.pdf_of`."""
    html, charts = report_html(figures, edition, words)
    return pdf_of(
        html,
        moment=datetime.fromisoformat(figures["frozen_at"]),
        identifier=f"{figures['quarter']} {edition} {figures['frozen_at']}",
        drawings=charts,
    )
