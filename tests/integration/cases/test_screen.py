"""The draw before witnesses: the page for a projector, and the hash mailed before the seed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.operations import MovedOn, Refused
from accounts.roles import Role
from audits.operations.tools import install_shipped_tools
from cases.models import Child, HashMail, SamplingFrame
from cases.operations.announcing import mail_hash
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, Cast, open_cases

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
SCREEN, FRAME = f"/quarters/{QUARTER}/screen/", f"/quarters/{QUARTER}/frame/"
MAIL = f"{FRAME}mail/"
FIXED = (
    "The draw can raise the rate, not lower it.",
    "Sample: 5% of the open cases of each service, rounded up, at least 1",
    "Reserves: 50% of the sample, at least 2",
    "Rotation: Each practitioner once before any twice",
    "Families: One child of a family",
)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """Mails that workers were asked to send."""
    mails: list[list[Any]] = []

    def send_task(name: str, args: list[Any]) -> None:
        if name == "accounts.tasks.mail_notice":
            mails.append(args)

    monkeypatch.setattr(current_app, "send_task", send_task)
    return mails


@pytest.fixture
def frame(cast: Cast) -> SamplingFrame:
    open_cases(60, team=cast.riverside, practitioner=cast.practitioner)
    return freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)


def drawn(cast: Cast) -> Any:
    install_shipped_tools(by=User.objects.system(), now=NOW)
    return draw_sample(
        quarter=Q3, seed="dice: 4 1 6", witnesses="Cllr Ito", by=cast.analyst, now=NOW
    )


def words(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def in_groups(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, 64, 8))


def test_screen_shows_what_is_fixed_then_the_seed_and_who_saw_it(
    cast: Cast, as_user: AsUser
) -> None:
    client = as_user(cast.analyst)
    assert "No list is frozen yet." in words(client, SCREEN)
    open_cases(60, team=cast.riverside, practitioner=cast.practitioner)
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    page = words(client, SCREEN)
    assert in_groups(frame.sha256) in page
    assert "60 open cases" in page
    for expected in ("There is no seed yet.", *FIXED):
        assert expected in page

    draw = drawn(cast)
    page = words(as_user(cast.member), SCREEN)  # who was mailed the link can open it
    for expected in ("dice: 4 1 6", "Seen by Cllr Ito.", "3 cases of 60 open",
                     in_groups(frame.sha256), in_groups(draw.result_sha256)):  # fmt: skip
        assert expected in page
    assert "Back to" not in page
    for child in Child.objects.all():
        assert child.local_id not in page


def test_hash_is_mailed_before_the_seed_and_that_is_recorded(
    cast: Cast,
    as_user: AsUser,
    frame: SamplingFrame,
    sent: list[list[Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    client = as_user(cast.analyst)
    roles = [Role.COMMITTEE_MEMBER.value, Role.HEAD_OF_SERVICE.value]
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(MAIL, {"roles": roles}, follow=True)
    assert "The hash is on its way to 3 people." in answer.content.decode()
    assert {address for address, *_ in sent} == {
        cast.member.email, cast.head.email, cast.other_head.email,
    }  # fmt: skip
    for _, subject, path, fixed in sent:
        assert subject == f"Sampling frame of Q3 2026/27: SHA-256 {frame.sha256}"
        assert path == SCREEN
        for setting in FIXED:
            assert setting in fixed
    page = words(client, FRAME)
    assert "by Ana Lyst to 3 people: Head of Service, Committee member." in page
    mail = HashMail.objects.get()
    assert (mail.sent_by, mail.roles) == (
        cast.analyst, ["head_of_service", "committee_member"],
    )  # fmt: skip
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        HashMail.objects.update(people=99)


def test_nobody_chosen_or_nobody_there_is_told_on_the_page(
    cast: Cast, as_user: AsUser, frame: SamplingFrame, sent: list[list[Any]]
) -> None:
    client = as_user(cast.analyst)
    assert "Choose at least one role" in client.post(MAIL, {}).content.decode()
    User.objects.filter(pk=cast.director.pk).update(is_active=False)
    page = client.post(MAIL, {"roles": [Role.DIRECTOR.value]}).content.decode()
    assert "Nobody who can sign in holds these roles" in page
    assert "Error: " in page
    assert client.post(MAIL, {"roles": ["auditor"]}).status_code == 200
    assert (sent, HashMail.objects.count()) == ([], 0)


def test_hash_proves_nothing_once_the_seed_is_known(
    cast: Cast, as_user: AsUser, frame: SamplingFrame
) -> None:
    roles = [Role.DIRECTOR.value]
    with pytest.raises(PermissionDenied):
        mail_hash(frame=frame, roles=roles, page=SCREEN, by=cast.lead, now=NOW)
    with pytest.raises(Refused):
        mail_hash(frame=frame, roles=["auditor"], page=SCREEN, by=cast.analyst, now=NOW)
    again = freeze_frame(quarter=Q3, reason="A team was missing", by=cast.analyst, now=NOW)
    with pytest.raises(MovedOn, match="frozen again"):
        mail_hash(frame=frame, roles=roles, page=SCREEN, by=cast.analyst, now=NOW)
    drawn(cast)
    with pytest.raises(MovedOn, match="known already"):
        mail_hash(frame=again, roles=roles, page=SCREEN, by=cast.analyst, now=NOW)
    client = as_user(cast.analyst)
    assert client.post(MAIL, {"roles": roles}).status_code == 409
    assert "Mail the hash" not in client.get(FRAME).content.decode()


def test_pages_take_the_same_queries_for_more_cases_and_mails(
    cast: Cast, as_user: AsUser, frame: SamplingFrame
) -> None:
    client = as_user(cast.analyst)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def mail() -> None:
        mail_hash(frame=frame, roles=["director"], page=SCREEN, by=cast.analyst, now=NOW)

    mail()
    few = queries(SCREEN), queries(FRAME)
    for _ in range(5):
        mail()
    assert (queries(SCREEN), queries(FRAME)) == few
