"""The command that makes the first administrator."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.roles import Role
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command("add_administrator", *words, stdout=out)
    return out.getvalue()


def test_first_administrator_chooses_a_password_by_the_link(client: Any) -> None:
    said = run("First@Northmoor.test", "First Person")
    user = User.objects.get(email="first@northmoor.test")
    assert user.roles == {Role.ADMINISTRATOR}
    assert not user.has_usable_password()
    link = re.search(r"https?://[^/]+(/password/forgotten/\S+)", said)
    assert link
    assert mail.outbox == []
    form = client.get(link[1], follow=True)
    chosen = {"password1": "seven green bottles", "password2": "seven green bottles"}
    client.post(form.redirect_chain[-1][0], chosen)
    user.refresh_from_db()
    assert user.check_password("seven green bottles")


def test_somebody_who_is_there_becomes_administrator_and_keeps_their_roles(cast: Cast) -> None:
    User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
    run(cast.auditor.email, "Audrey Tor")
    user = User.objects.get(pk=cast.auditor.pk)
    assert user.roles == {Role.AUDITOR, Role.ADMINISTRATOR}
    assert user.is_active


@pytest.mark.parametrize(
    ("email", "name", "words"),
    [
        ("nonsense", "First Person", "not an email address"),
        ("first@northmoor.test", "  ", "name"),
        ("system@case-file-audit.invalid", "Case File Audit", "system's own account"),
    ],
)
def test_what_cannot_be_done_is_said(email: str, name: str, words: str) -> None:
    User.objects.system()
    with pytest.raises(CommandError, match=words):
        run(email, name)
