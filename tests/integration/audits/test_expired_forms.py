"""A form whose sign-in has ended: sign in again, and the text is still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.expired_forms import MOST_BYTES
from accounts.models import User
from accounts.sessions import forget_ended_sessions
from audits.models import Audit, Grading
from tests.cast import PASSWORD, Cast
from tests.integration.audits.auditing import begin

AsUser = Callable[[User], Client]
WORDS = "Case note of 3 September: she said “I like it here”.\nNobody asked why."


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def grading(audit: Audit) -> Grading:
    return begin(audit)


def address(grading: Grading) -> str:
    return f"/audits/{grading.audit.reference}/gradings/{grading.pk}/standards/risk/"


def save(client: Client, grading: Grading, **more: Any) -> HttpResponse:
    fields = {"version": "1", "grade": "good", "evidence": WORDS} | more.pop("fields", {})
    return client.post(address(grading), fields, **more)  # type: ignore[return-value]


def expire() -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))


def sign_in(client: Client, user: User, then: str) -> HttpResponse:
    fields = {"login": user.email, "password": PASSWORD, "next": then}
    return client.post("/sign-in/", fields)  # type: ignore[return-value]


def next_of(response: HttpResponse) -> str:
    parts = urlsplit(response.headers["Location"])
    assert parts.path == "/sign-in/"
    return parse_qs(parts.query)["next"][0]


def test_after_signing_in_again_the_text_is_there_and_one_button_saves_it(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    expire()
    sent = save(client, grading)
    kept = next_of(sent)
    assert "What you typed is kept" in client.get(sent.headers["Location"]).content.decode()
    assert grading.standard_grades.get(standard__code="risk").evidence == ""

    assert sign_in(client, cast.auditor, kept).headers["Location"] == kept
    shown = client.get(kept).content.decode()
    assert "You were signed out. Your text is still here. Save it now." in shown
    assert WORDS in unescape(shown)
    assert f'action="{address(grading)}"' in shown
    assert 'name="grade" value="good"' in shown

    fields = {"version": "1", "grade": "good", "evidence": WORDS}
    done = client.post(address(grading), fields | {"kept_form": kept.split("/")[-2]})
    assert done.status_code == 302
    answer = grading.standard_grades.get(standard__code="risk")
    assert (answer.evidence, answer.grade) == (WORDS, "good")
    assert client.get(kept).status_code == 404  # it is saved, so it is kept no longer


def test_somebody_else_who_signs_in_does_not_see_it(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    expire()
    kept = next_of(save(client, grading))
    sign_in(client, cast.other_auditor, kept)
    assert client.get(kept).status_code == 404


def test_what_was_typed_is_deleted_once_nobody_can_open_it_any_more(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    key = client.session.session_key
    expire()
    kept = next_of(save(client, grading))  # in a session of nobody's, kept for its owner
    now = timezone.now()
    forget_ended_sessions(now)
    assert Session.objects.get(pk=key).get_decoded() == {SESSION_KEY: str(cast.auditor.pk)}
    assert Session.objects.count() == 2
    sign_in(client, cast.auditor, kept)
    assert WORDS in unescape(client.get(kept).content.decode())
    save(client, grading)

    expire()
    assert "/kept/" in next_of(save(client, grading))
    expire()
    forget_ended_sessions(now)
    left = [session.get_decoded() for session in Session.objects.all()]
    assert left
    assert all(set(held) == {SESSION_KEY} for held in left)
    assert forget_ended_sessions(now) == 0
    forget_ended_sessions(now + timedelta(days=8))
    assert not Session.objects.exists()


def test_without_the_old_session_it_is_for_the_next_in_the_same_browser(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    Session.objects.all().delete()  # signed out in another tab
    kept = next_of(save(client, grading))
    assert Client().get(kept).status_code == 302
    assert as_user(cast.auditor).get(kept).status_code == 404  # another browser
    sign_in(client, cast.auditor, kept)
    assert WORDS in unescape(client.get(kept).content.decode())


def test_not_for_a_role_that_may_not_open_the_page(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    Session.objects.all().delete()
    kept = next_of(save(client, grading))
    sign_in(client, cast.member, kept)
    assert client.get(kept).status_code == 404


def test_a_conflict_meanwhile_shows_both_texts(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    expire()
    kept = next_of(save(client, grading))
    save(as_user(cast.auditor), grading, fields={"evidence": "From home"})
    sign_in(client, cast.auditor, kept)
    fields = {"version": "1", "grade": "good", "evidence": WORDS}
    stale = client.post(address(grading), fields | {"kept_form": kept.split("/")[-2]})
    assert stale.status_code == 409
    shown = unescape(stale.content.decode())
    assert "From home" in shown
    assert "Nobody asked why." in shown


class TestOldFormKey:
    """Signed in again in another tab: the form key has changed, the sign-in is fine."""

    @pytest.fixture
    def client(self, cast: Cast) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.auditor)
        return client

    def test_from_this_site_the_text_is_kept_and_shown(
        self, client: Client, grading: Grading
    ) -> None:
        sent = save(client, grading, headers={"Origin": "http://testserver"})
        assert sent.status_code == 302
        shown = client.get(sent.headers["Location"]).content.decode()
        assert WORDS in unescape(shown)
        assert grading.standard_grades.get(standard__code="risk").evidence == ""

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "https://elsewhere.example"},
            {"Origin": "null"},
            {"Referer": "https://elsewhere.example/testserver"},
            {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        ],
    )
    def test_words_from_elsewhere_are_never_put_before_anybody(
        self, client: Client, grading: Grading, headers: dict[str, str]
    ) -> None:
        sent = save(client, grading, headers=headers)
        assert sent.status_code == 403
        assert "kept_forms" not in client.session

    def test_the_sign_in_page_itself_keeps_nothing(self) -> None:
        client = Client(enforce_csrf_checks=True)
        sent = client.post(
            "/sign-in/",
            {"login": "a@b.example", "password": "secret"},
            headers={"Origin": "http://testserver"},
        )
        assert sent.status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"oldpassword": "secret words"},
        {"evidence": "x" * (MOST_BYTES + 1)},
    ],
    ids=["a password", "more than 2 MB"],
)
def test_what_is_not_kept(
    cast: Cast, grading: Grading, as_user: AsUser, fields: dict[str, str]
) -> None:
    client = as_user(cast.auditor)
    expire()
    assert next_of(save(client, grading, fields=fields)) == address(grading)


def test_what_a_script_sends_is_still_on_its_page(
    cast: Cast, grading: Grading, as_user: AsUser
) -> None:
    client = as_user(cast.auditor)
    expire()
    assert next_of(save(client, grading, headers={"HX-Request": "true"})) == address(grading)


def test_strangers_cannot_fill_the_session_table(cast: Cast, grading: Grading) -> None:
    for _ in range(35):
        save(Client(), grading)
    assert Session.objects.count() <= 30


def test_one_browser_keeps_five_at_most(cast: Cast, grading: Grading, as_user: AsUser) -> None:
    client = as_user(cast.auditor)
    expire()
    keys = [next_of(save(client, grading)) for _ in range(6)]
    sign_in(client, cast.auditor, keys[-1])
    assert [client.get(key).status_code for key in keys] == [404, 200, 200, 200, 200, 200]
