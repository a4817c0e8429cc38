"""HTML to tagged PDF: the dumb, repeatable step. The same page and moment give the same bytes.

WeasyPrint opens nothing but files under the project's static folder and the page's own drawings:
whatever else a page asks for, the network included, stops the rendering.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from accounts.operations import Refused

PANGO_MISSING = (
    "The PDF cannot be made: the Pango library is missing on this machine. The administrator can "
    "install it with: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)
STATIC = Path("static")

# The library reads the time from the environment, which all threads of a process share.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Rendered:
    """A PDF and its number of pages."""

    pdf: bytes
    pages: int


# Marks that turn the direction of the text around them: on paper they could turn a figure beside
# them. Writing from right to left needs none of them.
_TURNING = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


class OutsideTheProject(ValueError):
    """A page asked for something that is no file of the project."""


def pdf_of(
    html: str, *, moment: datetime, identifier: str, drawings: Mapping[str, str] | None = None
) -> Rendered:
    """``html`` as a tagged PDF (PDF/UA-1), stamped with ``moment`` (aware) and ``identifier``.

    Marks that turn the direction of writing are left out. ``drawings`` are SVG texts by the address
    that the page names them by ("chart:0"). Raises Refused where Pango is missing,
    OutsideTheProject where the page asks for what is not the project's.
    """
    weasyprint = _weasyprint()
    try:
        with _clock_at(moment):
            document = weasyprint.HTML(
                string=html.translate(_TURNING),
                base_url=_static_root().as_uri() + "/",
                url_fetcher=_fetcher(drawings or {}),
            ).render(pdf_variant="pdf/ua-1")
            target = BytesIO()
            document.write_pdf(target, pdf_variant="pdf/ua-1", pdf_identifier=identifier.encode())
    except weasyprint.urls.FatalURLFetchingError as error:
        # It is no Exception, so it would take the worker down instead of failing the job.
        raise OutsideTheProject(str(error)) from error
    return Rendered(target.getvalue(), len(document.pages))


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
        raise OutsideTheProject(f"A PDF may not open {parts.scheme} addresses: {url[:80]}")
    return path


def _fetcher(drawings: Mapping[str, str]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class ProjectFetcher(URLFetcher):
        """Opens the project's static files and this page's drawings."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in drawings:
                drawn = drawings[url].encode()
                return URLFetcherResponse(url, drawn, {"Content-Type": "image/svg+xml"})
            return super().fetch(static_file(url).as_uri(), headers)

    return ProjectFetcher(
        allowed_protocols=("file", "chart"), allow_redirects=False, fail_on_errors=True
    )
