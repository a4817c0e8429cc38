"""Hostile text in every field of every form that a page of the site shows.

Each form is taken from the page as a browser would take it, so a new page is tried without being
named here. What is typed is stored and shown as text, or refused with the form still full; it is
never run, and never an error of the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.architecture.samples import Samples
from tests.architecture.test_access_everywhere import TABLE
from tests.cast import Cast

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>\"'> \u202etxet &amp; 😀 {{ 7|add:7 }} {% now %}"
LONG = "é" * 100_000
NULL = "before\x00after"
TYPED = ("text", "search", "textarea")
# If no form were found on these, this test would prove nothing.
LONGEST_FORMS = {"audits:grading_standard", "audits:grading_details", "quality:audit_plan"}


@dataclass
class Form:
    """A form of a page: where it goes, what it holds, and which of it is free text."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    """The forms of a page, each choice made: the last option, the first button of a group."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = said.get("method", "get").lower()
            self.forms.append(Form(said.get("action", ""), method))
        elif self.forms and tag == "select":
            self._select = said.get("name", "")
        elif self.forms and tag == "option" and self._select:
            self.forms[-1].values[self._select] = said.get("value", "")
        elif self.forms and tag in ("input", "textarea") and said.get("name"):
            self._field(said["name"], said.get("type", "text") if tag == "input" else tag, said)

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select

    def _field(self, name: str, kind: str, said: dict[str, str]) -> None:
        form = self.forms[-1]
        if kind in TYPED:
            numeric = said.get("inputmode") == "numeric"
            form.values[name] = said.get("value") or ("1" if numeric else "")
            form.texts += [] if numeric else [name]
        elif kind not in ("file", "submit", "button"):
            form.values.setdefault(name, said.get("value", ""))


def _post_forms(client: Client, path: str) -> Iterator[Form]:
    """Each form of the page at ``path`` that posts free text."""
    answer = client.get(path)
    if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
        return
    reader = _Forms()
    reader.feed(answer.content.decode())
    for form in reader.forms:
        if form.method == "post" and form.texts:
            form.action = urljoin(path, form.action)
            yield form


def _typed(form: Form, text: str) -> list[str]:
    """The free fields to put ``text`` into: all, or as many as one request may carry."""
    return form.texts[: settings.DATA_UPLOAD_MAX_MEMORY_SIZE // len(quote(text))]


def _send(client: Client, form: Form, text: str) -> Any:
    """The answer to the form with ``text`` in its free fields, after any redirect."""
    said = form.values | dict.fromkeys(_typed(form, text), text)
    with transaction.atomic():
        answer = client.post(form.action, said, follow=True)
        transaction.set_rollback(True)
    return answer


@pytest.fixture
def samples(cast: Cast) -> Iterator[Samples]:
    cache.clear()  # counts of throttled pages
    yield Samples(cast)
    cache.clear()


@pytest.mark.parametrize("name", sorted(name for name, row in TABLE.items() if not row.post_only))
def test_no_form_takes_fire(name: str, samples: Samples) -> None:
    row = TABLE[name]
    if not row.opens:
        return
    path = reverse(name, kwargs=row.kwargs(samples))
    client = Client(raise_request_exception=True)
    if not row.public:
        client.force_login(getattr(samples.cast, min(row.opens)))
    forms = list(_post_forms(client, path))
    assert forms or name not in LONGEST_FORMS
    for form in forms:
        for text in (SCRIPT, LONG, NULL):
            answer = _send(client, form, text)
            words = answer.content.decode()
            where = f"{form.action}: {answer.status_code}"
            assert answer.status_code in (200, 400, 409, 422), where
            assert "<script>alert" not in words, where
            if not answer.redirect_chain:  # refused: nothing typed is lost
                assert words.count(escape(text)) >= len(_typed(form, text)), where
