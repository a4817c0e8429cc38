"""The home page, help, accessibility and the demo's mail."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from audits.models import Audit
from config.home import KINDS, tasks_for
from config.views import kept_mail
from reports.models import CommitteeReport
from tests.architecture.samples import Samples
from tests.cast import NOW, Cast, person

pytestmark = pytest.mark.django_db


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def titles(user: Any, now: Any = NOW) -> list[str]:
    return [task.title for task in tasks_for(user, now)]


def test_nothing_waits(cast: Cast, as_user: Any) -> None:
    assert "Nothing waits for you" in words(as_user(cast.auditor).get("/"))


def test_somebody_without_a_role_is_told_what_to_do(cast: Cast, as_user: Any) -> None:
    assert "You have no role yet" in words(as_user(cast.nobody).get("/"))


def test_header_says_who_and_as_what(cast: Cast, as_user: Any) -> None:
    both = person("Bea Both", Role.MODERATOR, Role.AUDITOR)
    assert "Bea Both Auditor, Moderator" in words(as_user(both).get("/"))


def test_allocated_audit_waits_for_its_auditor_alone(cast: Cast, as_user: Any) -> None:
    audit = Samples(cast).audit
    assert titles(cast.auditor) == ["1 audit to grade"]
    assert titles(cast.other_auditor) == []
    late = NOW + timedelta(days=60)
    [task] = tasks_for(cast.auditor, late)
    assert (task.late, task.status, task.status_text) == (1, "overdue", "1 overdue")
    Audit.objects.filter(pk=audit.pk).update(due_on=NOW.date() - timedelta(days=1))
    page = as_user(cast.auditor).get("/")
    assert "1 audit to grade" in words(page)
    assert "1 overdue" in words(page)


def test_checked_list_waits_for_the_analyst(cast: Cast) -> None:
    assert Samples(cast).case_import.status == "checked"
    assert "1 list of open cases to confirm" in titles(cast.analyst)
    assert titles(cast.director) == []


def test_feedback_waits_for_whom_it_is_for(cast: Cast) -> None:
    Samples(cast).feedback  # noqa: B018
    assert "1 audit with feedback to read" in titles(cast.practitioner_user)
    assert titles(cast.other_practitioner_user) == []


def test_one_query_for_each_kind_of_work(cast: Cast) -> None:
    everything = person("Eve Rything", *Role.values)
    made = Samples(cast).report
    with CaptureQueriesContext(connection) as queries:
        assert "1 report to approve" in titles(everything)
    roles, reports, whose = 1, 2, 1  # whose the reports are that wait for approval
    assert len(queries) == roles + len(KINDS) + reports + whose
    CommitteeReport.objects.filter(pk=made.pk).update(
        status="approved", approved_at=NOW, approved_by=cast.director
    )
    with CaptureQueriesContext(connection) as queries:
        assert "1 report to publish" in titles(everything)
    assert len(queries) == len(KINDS) + reports + whose  # the roles are known by now


@pytest.mark.parametrize("path", ["/help/", "/accessibility/"])
def test_help_is_there_before_signing_in(path: str) -> None:
    assert Client().get(path).status_code == 200


def test_help_names_every_role_and_the_telephone() -> None:
    page = words(Client().get("/help/"))
    assert [role.label for role in Role if role.label not in page] == []
    assert "01632 960001" in page


def keep_mail(folder: Path, *subjects: str) -> None:
    """Send messages as the demo does: those of one connection share a file."""
    mails = [EmailMessage(subject, "Zoë\nhttp://x.test/", to=["a@x.test"]) for subject in subjects]
    EmailBackend(file_path=str(folder)).send_messages(mails)


def test_mail_is_kept_newest_first(tmp_path: Path) -> None:
    keep_mail(tmp_path, "First", "Second")
    for file in tmp_path.iterdir():
        os.utime(file, (0, 0))
    keep_mail(tmp_path, "Third")
    mails = kept_mail(tmp_path)
    assert [mail["subject"] for mail in mails] == ["Third", "Second", "First"]
    assert (mails[0]["to"], mails[0]["body"]) == ("a@x.test", "Zoë\nhttp://x.test/")
    assert [mail["subject"] for mail in kept_mail(tmp_path, most=2)] == ["Third", "Second"]
    assert kept_mail(tmp_path / "missing") == []


def test_mail_is_shown_in_the_demo_only(
    cast: Cast, as_user: Any, settings: Any, tmp_path: Path
) -> None:
    assert as_user(cast.auditor).get("/demo-mail/").status_code == 404
    settings.DEMO, settings.EMAIL_FILE_PATH = True, str(tmp_path)
    assert "Nothing has been sent yet" in words(as_user(cast.auditor).get("/demo-mail/"))
    assert "Mail of the demonstration" in words(as_user(cast.auditor).get("/"))
    assert Client().get("/demo-mail/").status_code == 302


def test_menu_marks_the_section_of_a_page(cast: Cast, as_user: Any) -> None:
    site = as_user(cast.administrator)
    marked = r'href="([^"]+)" aria-current="true"'
    assert re.findall(marked, site.get("/people/add/").content.decode()) == ["/people/"]
    assert re.findall(marked, site.get("/people/access-log/").content.decode()) == [
        "/people/access-log/"
    ]
    assert re.findall(marked, site.get("/").content.decode()) == []
