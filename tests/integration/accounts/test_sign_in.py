"""Signing in, being stopped from guessing, and choosing a new password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counts() -> Any:
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post("/sign-in/", {"login": email, "password": password})


def test_sixth_guess_is_refused_even_with_the_right_password(cast: Cast) -> None:
    client = Client()
    for _ in range(5):
        page = sign_in(client, cast.auditor.email, "a wrong guess")
        assert "is not right" in page.content.decode()
    page = sign_in(client, cast.auditor.email, PASSWORD)
    assert page.status_code == 200
    words = page.content.decode()
    assert "sign-in is stopped after several wrong passwords" in words
    assert "Wait 5 minutes" in words
    assert "_auth_user_id" not in client.session


def test_guesses_of_one_account_do_not_stop_another(cast: Cast) -> None:
    for _ in range(5):
        sign_in(Client(), cast.auditor.email, "a wrong guess")
    assert sign_in(Client(), cast.moderator.email, PASSWORD).status_code == 302


def test_one_place_cannot_guess_at_many_accounts(cast: Cast) -> None:
    for number in range(10):
        sign_in(Client(), f"person{number}@northmoor.test", "a wrong guess")
    assert "stopped after" in sign_in(Client(), cast.auditor.email, PASSWORD).content.decode()


def test_unknown_address_is_answered_like_a_wrong_password(cast: Cast) -> None:
    unknown = sign_in(Client(), "who@northmoor.test", "a wrong guess").content.decode()
    known = sign_in(Client(), cast.auditor.email, "a wrong guess").content.decode()
    words = "The email address or the password is not right."
    assert words in unknown
    assert words in known


def test_capitals_in_the_address_do_not_matter(cast: Cast) -> None:
    assert sign_in(Client(), cast.auditor.email.upper(), PASSWORD).status_code == 302


def test_somebody_stopped_cannot_sign_in(cast: Cast) -> None:
    User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
    client = Client()
    sign_in(client, cast.auditor.email, PASSWORD)
    assert "_auth_user_id" not in client.session


def test_system_account_cannot_sign_in_whatever_its_password() -> None:
    system = User.objects.system()
    system.set_password(PASSWORD)
    system.save()
    client = Client()
    sign_in(client, system.email, PASSWORD)
    assert "_auth_user_id" not in client.session


def test_sign_in_leads_to_the_page_that_was_asked_for(cast: Cast) -> None:
    client = Client()
    asked = client.get("/people/?role=auditor")
    assert asked.status_code == 302
    page = client.get(asked["Location"]).content.decode()
    following = re.search(r'name="next" value="([^"]*)"', page)
    assert following
    given = {"login": cast.administrator.email, "password": PASSWORD, "next": following[1]}
    assert client.post("/sign-in/", given)["Location"] == "/people/?role=auditor"


def test_sign_in_leads_nowhere_else(cast: Cast) -> None:
    given = {"login": cast.auditor.email, "password": PASSWORD, "next": "https://evil.test/"}
    assert Client().post("/sign-in/", given)["Location"] == "/"


def test_nobody_signs_up() -> None:
    client = Client()
    assert "You cannot sign up" in client.get("/sign-up/").content.decode()
    given = {"email": "new@northmoor.test", "password1": PASSWORD, "password2": PASSWORD}
    assert "You cannot sign up" in client.post("/sign-up/", given).content.decode()
    assert not User.objects.filter(email="new@northmoor.test").exists()


def test_new_password_by_mail(cast: Cast) -> None:
    client = Client()
    page = client.post("/password/forgotten/", {"email": cast.auditor.email}, follow=True)
    assert "Check your email" in page.content.decode()
    [message] = mail.outbox
    assert message.subject == "Case File Audit: Choose a new password"
    assert message.to == [cast.auditor.email]
    link = re.search(r"http://testserver(/password/forgotten/\S+)", str(message.body))
    assert link
    form = client.get(link[1], follow=True)
    assert "Choose a new password" in form.content.decode()
    address = form.redirect_chain[-1][0]
    short = client.post(address, {"password1": "short", "password2": "short"})
    assert "at least 12" in short.content.decode()
    good = {"password1": "seven green bottles", "password2": "seven green bottles"}
    done = client.post(address, good, follow=True)
    assert "Your password has been changed" in done.content.decode()
    assert sign_in(Client(), cast.auditor.email, "seven green bottles").status_code == 302


def test_unknown_address_is_not_given_away_when_asking_for_a_password() -> None:
    page = Client().post("/password/forgotten/", {"email": "who@northmoor.test"}, follow=True)
    assert "Check your email" in page.content.decode()
    [message] = mail.outbox
    assert "no account has it" in message.body


def test_asking_for_passwords_again_and_again_is_stopped(cast: Cast) -> None:
    for _ in range(7):
        page = Client().post("/password/forgotten/", {"email": cast.auditor.email})
    assert len(mail.outbox) == 5
    assert page.status_code == 429
    assert "Wait 5 minutes" in page.content.decode()


def test_old_sessions_end_when_the_password_changes(cast: Cast, as_user: Any) -> None:
    elsewhere = as_user(cast.auditor)
    user = User.objects.get(pk=cast.auditor.pk)
    user.set_password("seven green bottles")
    user.save()
    assert elsewhere.get("/").status_code == 302
