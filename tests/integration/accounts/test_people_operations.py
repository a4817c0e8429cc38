"""Accounts: who may make and change them, and that somebody who can always remains."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.notices import password_link, send_notice
from accounts.operations import Refused, add_person, change_person, import_people, invite_again
from accounts.queries import known_people, plan_for
from accounts.roles import Role
from accounts.rules.people_file import OPTIONAL, REQUIRED
from accounts.rules.table_file import read_table
from accounts.tasks import mail_invitation, mail_notice
from tests.cast import NOW, Cast, person

pytestmark = pytest.mark.django_db


def change(user: User, by: User, **changes: Any) -> User:
    facts: dict[str, Any] = {
        "name": user.name,
        "email": user.email,
        "roles": user.roles,
        "active": user.is_active,
    }
    return change_person(user=user, **{**facts, **changes}, by=by, now=NOW)


@pytest.fixture
def queue() -> Any:
    with patch("accounts.notices.current_app.send_task") as sent:
        yield sent


def test_new_person_gets_a_link_and_no_password(
    cast: Cast, queue: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        user = add_person(
            email="New.Person@Northmoor.test",
            name="New Person",
            roles=[Role.AUDITOR],
            password=None,
            by=cast.administrator,
            now=NOW,
        )
    assert user.email == "new.person@northmoor.test"
    assert user.roles == {Role.AUDITOR}
    assert not user.has_usable_password()
    queue.assert_called_once_with("accounts.tasks.mail_invitation", args=[user.pk])
    mail_invitation(user.pk)
    [message] = mail.outbox
    assert message.to == [user.email]
    assert "/password/forgotten/" in message.body
    assert "New Person" in message.body


def test_link_is_not_sent_to_somebody_who_has_a_password_or_left(cast: Cast) -> None:
    mail_invitation(cast.auditor.pk)
    left = User.objects.create_user("left@northmoor.test", "Left", None)
    left.is_active = False
    left.save()
    mail_invitation(left.pk)
    mail_invitation(User.objects.system().pk)
    assert mail.outbox == []


def test_link_lets_the_person_choose_a_password_once(cast: Cast, client: Any) -> None:
    user = User.objects.create_user("new@northmoor.test", "New", None)
    path = password_link(user).split("//", 1)[1].partition("/")[2]
    page = client.get(f"/{path}", follow=True)
    assert b"Choose a new password" in page.content
    chosen = {"password1": "seven green bottles", "password2": "seven green bottles"}
    client.post(page.redirect_chain[-1][0], chosen, follow=True)
    user.refresh_from_db()
    assert user.check_password("seven green bottles")
    assert b"This link no longer works" in client.get(f"/{path}", follow=True).content


def test_invitation_can_be_sent_again_until_there_is_a_password(
    cast: Cast, queue: Any, django_capture_on_commit_callbacks: Any
) -> None:
    user = User.objects.create_user("new@northmoor.test", "New", None)
    with django_capture_on_commit_callbacks(execute=True):
        invite_again(user=user, by=cast.administrator, now=NOW)
    assert queue.call_count == 1
    with pytest.raises(Refused, match="has a password"):
        invite_again(user=cast.auditor, by=cast.administrator, now=NOW)
    user.is_active = False
    with pytest.raises(Refused, match="cannot sign in"):
        invite_again(user=user, by=cast.administrator, now=NOW)


def test_address_belongs_to_one_person_whatever_its_capitals(cast: Cast) -> None:
    facts: dict[str, Any] = {"name": "Other", "roles": [], "password": None, "now": NOW}
    with pytest.raises(Refused, match="already has the address"):
        add_person(email=cast.auditor.email.upper(), **facts, by=cast.administrator)
    with pytest.raises(Refused, match="already has the address"):
        change(cast.moderator, cast.administrator, email=cast.auditor.email.title())


@pytest.mark.parametrize("changes", [{"active": False}, {"roles": [Role.AUDITOR]}])
def test_nobody_takes_their_own_administrator_role(cast: Cast, changes: dict[str, Any]) -> None:
    person("Second Administrator", Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="your own"):
        change(cast.administrator, cast.administrator, **changes)


def test_nobody_gives_themselves_a_role(cast: Cast) -> None:
    both = [Role.ADMINISTRATOR, Role.QUALITY_ASSURANCE_LEAD]
    with pytest.raises(Refused, match="cannot give yourself a role"):
        change(cast.administrator, cast.administrator, roles=both)
    text = f"name,email,roles\nAd,{cast.administrator.email},{';'.join(both)}\n"
    with pytest.raises(Refused, match="Line 2: You cannot give yourself a role"):
        import_people(text=text, digest=digest_of(text), by=cast.administrator, now=NOW)
    assert User.objects.get(pk=cast.administrator.pk).roles == {Role.ADMINISTRATOR}
    second = person("Second Administrator", Role.ADMINISTRATOR)
    assert change(cast.administrator, second, roles=both).roles == set(both)
    renamed = change(User.objects.get(pk=cast.administrator.pk), cast.administrator, name="Ada")
    assert (renamed.name, renamed.roles) == ("Ada", set(both))


@pytest.mark.parametrize("changes", [{"active": False}, {"roles": []}])
def test_last_administrator_stays(cast: Cast, changes: dict[str, Any]) -> None:
    system = User.objects.system()
    with pytest.raises(Refused, match="last administrator"):
        change(cast.administrator, system, **changes)
    second = person("Second Administrator", Role.ADMINISTRATOR)
    change(second, system, active=False)
    with pytest.raises(Refused, match="last administrator"):
        change(cast.administrator, system, **changes)
    change(second, system, active=True)
    changed = change(cast.administrator, system, **changes)
    assert not (changed.is_active and Role.ADMINISTRATOR in changed.roles)


def test_old_address_no_longer_signs_in_or_resets(cast: Cast, client: Any) -> None:
    old = cast.auditor.email
    EmailAddress.objects.create(user=cast.auditor, email=old, primary=True, verified=True)
    change(cast.auditor, cast.administrator, email="new.name@northmoor.test")
    client.post("/password/forgotten/", {"email": old})
    assert [message.subject for message in mail.outbox if "no account" in message.body.lower()]
    given = {"login": old, "password": "a long enough phrase"}
    assert client.post("/sign-in/", given).status_code == 200
    given["login"] = "new.name@northmoor.test"
    assert client.post("/sign-in/", given).status_code == 302


def test_person_who_may_no_longer_sign_in_is_out_at_once(cast: Cast, as_user: Any) -> None:
    site = as_user(cast.auditor)
    assert site.get("/").status_code == 200
    change(cast.auditor, cast.administrator, active=False)
    assert site.get("/").status_code == 302


@pytest.mark.parametrize("who", ["lead", "director", "governance", "nobody"])
def test_only_administrators_change_people(cast: Cast, who: str) -> None:
    by = getattr(cast, who)
    facts: dict[str, Any] = {"name": "X", "email": "x@northmoor.test", "roles": [], "now": NOW}
    with pytest.raises(PermissionDenied):
        add_person(**facts, password=None, by=by)
    with pytest.raises(PermissionDenied):
        change_person(user=cast.auditor, **facts, active=True, by=by)
    with pytest.raises(PermissionDenied):
        import_people(text="", digest="", by=by, now=NOW)
    with pytest.raises(PermissionDenied):
        invite_again(user=cast.auditor, by=by, now=NOW)


def test_system_account_is_out_of_reach(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        change(User.objects.system(), cast.administrator, name="Mine")


def digest_of(text: str) -> str:
    return plan_for(read_table(text, required=REQUIRED, optional=OPTIONAL)).plan.digest


def upload(text: str, by: User) -> None:
    import_people(text=text, digest=digest_of(text), by=by, now=NOW)


def test_list_adds_and_changes(cast: Cast) -> None:
    text = (
        "name,email,roles,active\n"
        f"Audrey Grader,{cast.auditor.email},Auditor;Moderator,yes\n"
        f"Otto Tor,{cast.other_auditor.email},Auditor,no\n"
        "New Person,new@northmoor.test,Team manager,\n"
        "Stopped Person,stopped@northmoor.test,,no\n"
    )
    upload(text, cast.administrator)
    known = known_people()
    assert known[cast.auditor.email].name == "Audrey Grader"
    assert known[cast.auditor.email].roles == {Role.AUDITOR, Role.MODERATOR}
    assert not known[cast.other_auditor.email].active
    assert known["new@northmoor.test"].roles == {Role.TEAM_MANAGER}
    assert not known["stopped@northmoor.test"].active


def test_list_is_taken_whole_or_not_at_all(cast: Cast) -> None:
    text = (
        f"name,email,roles\nNew Person,new@northmoor.test,\nAd,{cast.administrator.email},Auditor\n"
    )
    with pytest.raises(Refused, match="Line 3: You cannot take your own"):
        upload(text, cast.administrator)
    assert "new@northmoor.test" not in known_people()


def test_list_with_a_problem_is_refused(cast: Cast) -> None:
    text = "name,email,roles\nNew,new@northmoor.test,\nBad,nonsense,\n"
    with pytest.raises(Refused, match="has problems"):
        upload(text, cast.administrator)
    assert "new@northmoor.test" not in known_people()


def test_list_does_only_what_was_shown(cast: Cast) -> None:
    text = f"name,email,roles\nAudrey Tor,{cast.auditor.email},Auditor;Moderator\n"
    shown = digest_of(text)
    change(cast.auditor, cast.administrator, roles=[Role.TEAM_MANAGER])
    with pytest.raises(Refused, match="changed since you looked"):
        import_people(text=text, digest=shown, by=cast.administrator, now=NOW)


def test_each_gets_a_notice_of_their_own(
    cast: Cast, queue: Any, django_capture_on_commit_callbacks: Any
) -> None:
    cast.moderator.is_active = False
    to = [cast.auditor, cast.lead, cast.auditor, cast.moderator, User.objects.system()]
    with django_capture_on_commit_callbacks(execute=True):
        send_notice(to=to, subject="Audit 2026-Q3-0001 waits", path="/audits/")
    sent = [call.kwargs["args"] for call in queue.call_args_list]
    assert [args[0] for args in sent] == sorted([cast.auditor.email, cast.lead.email])
    mail_notice(*sent[0])
    [message] = mail.outbox
    assert message.subject == "Case File Audit: Audit 2026-Q3-0001 waits"
    assert "/audits/" in message.body
