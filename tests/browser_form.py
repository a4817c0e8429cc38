"""What a browser would send if somebody opened a page and pressed the button at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

Pairs = list[tuple[str, str]]
NEVER_SENT = ("submit", "button", "file", "image", "reset")


@dataclass
class RenderedForm:
    """A form as it stands on a page: its method, and names with values in the page's order."""

    method: str
    pairs: Pairs = field(default_factory=list)

    @property
    def data(self) -> dict[str, list[str]]:
        """The values by name, as Django's test client takes them."""
        found: dict[str, list[str]] = {}
        for name, value in self.pairs:
            found.setdefault(name, []).append(value)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[RenderedForm] = []
        self._open = False
        self._disabled = 0
        self._textarea: str | None = None
        self._text = ""
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(RenderedForm(said.get("method", "get").lower()))
            self._open = True
        elif tag == "fieldset" and (self._disabled or "disabled" in said):
            self._disabled += 1
        elif not self._open or self._disabled or "disabled" in said:
            return
        elif tag == "textarea":
            self._textarea, self._text = said.get("name", ""), ""
        elif tag == "select":
            self._select, self._options = said.get("name", ""), []
        elif tag == "option" and self._select is not None:
            self._options.append((said.get("value", ""), "selected" in said))
        elif tag == "input" and said.get("name"):
            self._input(said)

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "fieldset":
            self._disabled = max(0, self._disabled - 1)
        elif tag == "textarea" and self._textarea is not None:
            # A browser leaves out a line end right after the tag, and sends the others as CRLF.
            self._add(self._textarea, self._text.removeprefix("\n"))
            self._textarea = None
        elif tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected]
            for value in chosen or [value for value, _ in self._options[:1]]:
                self._add(self._select, value)
            self._select = None

    def _input(self, said: dict[str, str]) -> None:
        kind = said.get("type", "text").lower()
        value = said.get("value", "")
        if kind in NEVER_SENT or (kind in ("checkbox", "radio") and "checked" not in said):
            return
        if kind in ("checkbox", "radio"):
            value = said.get("value", "on")
        elif kind != "hidden":
            value = value.replace("\r", "").replace("\n", "")  # a field of one line holds one
        self._add(said["name"], value)

    def _add(self, name: str, value: str) -> None:
        if name:
            value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
            self.forms[-1].pairs.append((name, value))


def forms_of(html: str) -> list[RenderedForm]:
    """Every form of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.forms


def form_with(html: str, name: str) -> RenderedForm:
    """The form of a page that has a field ``name``."""
    return next(form for form in forms_of(html) if name in form.data)
