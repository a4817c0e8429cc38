"""What was typed into a form is not lost when the sign-in behind it has ended.

A post that arrives without a sign-in (it expired, or ended in another tab), or with the form key
of an earlier sign-in, is not carried out. Its fields are kept in the browser session on the
server, and the person is sent to sign in. After that a page shows the texts, to be saved by their
own press of a button: nothing is ever carried out by itself.

Who sees them: the session that the cookie names usually still lies in the database after it has
expired, and says whose it was; then that person alone. Where it is gone (signed out in another
tab), the next person who signs in within the same browser session, which is the one the text was
typed in. Saving goes to the original address, so that all its checks apply.

Not kept: passwords, files, form keys, what a script sends by itself (it is still on the page), and
forms of more than 2 MB.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse

from accounts.access import signed_in
from accounts.policy import may

IN_SESSION = "kept_forms"
MOST_BYTES = 2 * 1024 * 1024
MOST_FORMS = 5  # in one browser session; the oldest goes first
KEPT_FIELD = "kept_form"  # names the kept form when it is saved
# What a choice, a number or a part of a date looks like, and no text of a person.
_CODE = re.compile(r"[a-z0-9_.:/-]*|True|False|None", re.ASCII)
_NOT_KEPT = ("csrfmiddlewaretoken", KEPT_FIELD)
# Strangers could fill the session table: without a session of ours behind it, so many in a minute.
_MOST_UNKNOWN_A_MINUTE = 30


@dataclass(frozen=True)
class KeptField:
    """One field of a kept form. Long texts are shown to be read and changed."""

    name: str
    value: str

    @property
    def is_text(self) -> bool:
        """Whether it is something that a person wrote, and not a choice or a number."""
        return len(self.value) > 60 or _CODE.fullmatch(self.value) is None

    @property
    def label(self) -> str:
        """The field's name in words: "evidence_text" is "Evidence text"."""
        return self.name.replace("_", " ").replace("-", " ").capitalize()


class ExpiredFormsMiddleware:
    """Keeps the fields of a post that needs a sign-in and has none. Before LoginRequired."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any
    ) -> HttpResponse | None:
        """Send to sign in with the form kept; forget a kept form once it is posted again."""
        if request.method != "POST":
            return None
        if request.user.is_authenticated:
            key = request.POST.get(KEPT_FIELD, "")
            if key:
                _forget(request, key)
            return None
        if not getattr(view, "login_required", True):
            return None
        key = keep(request)
        return _sign_in_first(request, key) if key else None


def answer_to_old_key(request: HttpRequest) -> HttpResponse | None:
    """What to answer to a post with the form key of another sign-in; None: say that it expired.

    Only for posts from a page of this site: another site must not be able to put words before
    somebody with a button under them.
    """
    match = request.resolver_match
    if match is None or not getattr(match.func, "login_required", True):
        return None
    if not _from_this_site(request):
        return None
    key = keep(request)
    if not key:
        return None
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("kept_form", args=[key]))
    return _sign_in_first(request, key)


def typed_texts(request: HttpRequest) -> list[KeptField]:
    """What a person wrote into the posted form, for a page that cannot save it."""
    fields = [
        KeptField(name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in _NOT_KEPT and "password" not in name and isinstance(value, str)
    ]
    return [field for field in fields if field.is_text]


def keep(request: HttpRequest) -> str:
    """Keep the fields of a posted form in the session; returns its key, "" where it is not kept."""
    if _sent_by_script(request) or not _small(request):
        return ""
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        for value in values
        if name not in _NOT_KEPT
    ]
    if not fields or any("password" in name for name, _ in fields):
        return ""
    owner = (
        str(request.user.pk) if request.user.is_authenticated else _owner_of_old_session(request)
    )
    if not owner and not _room_for_strangers():
        return ""
    key = secrets.token_urlsafe(16)
    kept = dict(list(request.session.get(IN_SESSION, {}).items())[-(MOST_FORMS - 1) :])
    kept[key] = {"path": request.get_full_path(), "owner": owner, "fields": fields}
    request.session[IN_SESSION] = kept
    return key


@signed_in
def kept_form(request: HttpRequest, key: str) -> HttpResponse:
    """The kept form: its texts, and a button that saves them where they were meant to go."""
    form = request.session.get(IN_SESSION, {}).get(key)
    if form is None:
        raise Http404
    if form["owner"] not in ("", str(request.user.pk)) or not _may_open(request, form["path"]):
        raise Http404
    fields = [KeptField(name, value) for name, value in form["fields"]]
    context = {
        "path": form["path"],
        "key": key,
        "key_field": KEPT_FIELD,
        "texts": [field for field in fields if field.is_text],
        "others": [field for field in fields if not field.is_text],
    }
    return render(request, "accounts/kept_form.html", context)


def _sign_in_first(request: HttpRequest, key: str) -> HttpResponse:
    messages.info(request, "You were signed out. What you typed is kept: sign in to save it.")
    return redirect_to_login(reverse("kept_form", args=[key]))


def _sent_by_script(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _small(request: HttpRequest) -> bool:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return False
    return 0 < length <= MOST_BYTES and not request.FILES


def _owner_of_old_session(request: HttpRequest) -> str:
    """The id of the person whose expired session the cookie names; "" where that is not known."""
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    session = Session.objects.filter(session_key=cookie).first() if cookie else None
    return str(session.get_decoded().get(SESSION_KEY, "")) if session else ""


def _room_for_strangers() -> bool:
    name = "kept-forms-of-strangers"
    cache.add(name, 0, timeout=60)
    try:
        return cache.incr(name) <= _MOST_UNKNOWN_A_MINUTE
    except ValueError:  # the minute ended between the two
        return True


def _from_this_site(request: HttpRequest) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    source = request.headers.get("Origin") or request.headers.get("Referer") or ""
    parts = urlsplit(source)
    return parts.netloc == request.get_host()


def _forget(request: HttpRequest, key: str) -> None:
    kept = request.session.get(IN_SESSION, {})
    if kept.pop(key, None) is not None:
        request.session[IN_SESSION] = kept


def _may_open(request: HttpRequest, path: str) -> bool:
    """Whether the person's roles open the page that the form belongs to."""
    try:
        rule = getattr(resolve(urlsplit(path).path).func, "access_rule", None)
    except Resolver404:
        return False
    return rule is None or not rule.permissions or may(request.user, *rule.permissions)
