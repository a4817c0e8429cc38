"""HTML to tagged PDF: the dumb, repeatable step. The same figures give the same bytes.

WeasyPrint opens nothing but files under the project's static folder and the report's own charts:
whatever else a page asks for, the network included, stops the rendering.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.template.loader import render_to_string

from accounts.operations import Refused
from reports.charts import svg

PANGO_MISSING = (
    "The PDF cannot be made: the Pango library is missing on this machine. The administrator can "
    "install it with: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)
TEMPLATE = "reports/pdf/v1/report.html"
STATIC = Path("static")
EDITION_WORDS = {"public": "Public edition", "exempt": "Exempt edition"}

# The library reads the time from the environment, which all threads of a process share.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Words:
    """What people typed for a report, and who answers for it."""

    narrative: str
    next_steps: str
    number: int


@dataclass(frozen=True)
class Rendered:
    """A PDF and its number of pages."""

    pdf: bytes
    pages: int


class OutsideTheProject(ValueError):
    """A report asked for something that is no file of the project."""


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
    """One edition as a tagged PDF (PDF/UA-1).

    Raises Refused where Pango is missing,
    OutsideTheProject where the page asks for what is not the project's.
    """
    weasyprint = _weasyprint()
    html, charts = report_html(figures, edition, words)
    moment = datetime.fromisoformat(figures["frozen_at"])
    try:
        with _clock_at(moment):
            document = weasyprint.HTML(
                string=html, base_url=_static_root().as_uri() + "/", url_fetcher=_fetcher(charts)
            ).render(pdf_variant="pdf/ua-1")
            target = BytesIO()
            identifier = _identifier(figures, edition)
            document.write_pdf(target, pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    except weasyprint.urls.FatalURLFetchingError as error:
        # It is no Exception, so it would take the worker down instead of failing the job.
        raise OutsideTheProject(str(error)) from error
    return Rendered(target.getvalue(), len(document.pages))


def _identifier(figures: Mapping[str, Any], edition: str) -> bytes:
    return f"{figures['quarter']} {edition} {figures['frozen_at']}".encode()


def _weasyprint() -> Any:
    """The library, which loads Pango when it is imported: only those who render need it."""
    try:
        import weasyprint
    except OSError as error:
        raise Refused(PANGO_MISSING) from error
    return weasyprint


def _static_root() -> Path:
    return Path(settings.BASE_DIR, STATIC).resolve()


@contextmanager
def _clock_at(moment: datetime) -> Iterator[None]:
    """The fonts that go into the PDF are stamped with `moment` instead of now."""
    with _one_at_a_time:
        before = os.environ.get("SOURCE_DATE_EPOCH")
        os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))
        try:
            yield
        finally:
            if before is None:
                del os.environ["SOURCE_DATE_EPOCH"]
            else:
                os.environ["SOURCE_DATE_EPOCH"] = before


def static_file(url: str) -> Path:
    """The file under the project's static folder that a file address names.

    Raises OutsideTheProject for any other address, links that lead out of the folder included.
    """
    parts = urlsplit(url)
    path = Path(unquote(parts.path)).resolve()
    if parts.scheme != "file" or parts.netloc or not path.is_relative_to(_static_root()):
        raise OutsideTheProject(f"A report may not open {parts.scheme} addresses: {url[:80]}")
    return path


def _fetcher(charts: Mapping[str, str]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class ProjectFetcher(URLFetcher):
        """Opens the project's static files and this report's charts."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in charts:
                drawn = charts[url].encode()
                return URLFetcherResponse(url, drawn, {"Content-Type": "image/svg+xml"})
            return super().fetch(static_file(url).as_uri(), headers)

    return ProjectFetcher(
        allowed_protocols=("file", "chart"), allow_redirects=False, fail_on_errors=True
    )
