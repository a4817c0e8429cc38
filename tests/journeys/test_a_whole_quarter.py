"""A council's whole quarter in the browser, with a worker behind it: steps 1 to 7 of the README."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from audits.models import Audit
from audits.operations.tools import install_shipped_tools
from cases.models import Practitioner
from cases.rules.quarters import Quarter
from quality.models import Escalation
from tests.cast import Cast
from tests.journeys import following, sampling
from tests.journeys.committee import prepare_report, publish_report, read_report
from tests.journeys.grading import confirm_child, grade_everything
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


def _audit_of(auditor: User, cast: Cast) -> Audit:
    """One of the auditor's Riverside audits; its practitioner can sign in."""
    audit = Audit.objects.filter(auditor=auditor, team=cast.riverside)[0]
    Practitioner.objects.filter(user=cast.practitioner_user).update(user=None)
    assert audit.practitioner
    audit.practitioner.user = cast.practitioner_user
    audit.practitioner.save()
    return audit


def test_from_the_list_of_open_cases_to_the_committees_report(
    visit: Callable[[User], Visitor], tmp_path: Path
) -> None:
    cast = Cast()
    install_shipped_tools(by=User.objects.system(), now=timezone.now())
    label = Quarter.containing(timezone.localdate()).label

    analyst, lead = visit(cast.analyst), visit(cast.lead)
    sampling.import_open_cases(analyst, tmp_path)
    sampling.draw_the_sample(analyst, label, tmp_path)
    sampling.replace_one(analyst, lead)
    sampling.allocate_all(analyst, label, cast)

    audit = _audit_of(cast.auditor, cast)
    auditor = visit(cast.auditor)
    auditor.open(f"/audits/{audit.reference}/begin/")
    confirm_child(auditor, audit.child.local_id, submit="Begin")
    auditor.follow("Child’s lived experience")
    grade_everything(auditor, "Inadequate", overall="Inadequate")

    head = visit(cast.head)
    head.sees("1 escalation to acknowledge")
    following.moderate(visit(cast.moderator), audit, "Requires improvement")
    audit.refresh_from_db()
    assert audit.status == Audit.Status.FINALISED
    stood_down = Escalation.objects.get(track="inadequate")
    assert stood_down.status == Escalation.Status.STOOD_DOWN

    auditor.open(f"/audits/{audit.reference}/")
    auditor.follow("Write the feedback")
    auditor.press("Release the feedback")

    manager = visit(cast.manager)
    manager.sees("1 escalation to acknowledge")
    following.acknowledge(manager, audit)
    following.plan(manager, cast)
    practitioner = visit(cast.practitioner_user)
    practitioner.open("/audits/feedback/")
    practitioner.follow(audit.reference)
    practitioner.press("I have read this")
    practitioner.choose("I agree")
    practitioner.press("Send reply")
    following.carry_out(practitioner, "practitioner")
    following.carry_out(manager, "manager")
    following.verify(manager, "practitioner")
    manager.open("/actions/?whose=verify")
    manager.sees("No action matches these filters")
    following.verify(head, "manager")
    audit.refresh_from_db()
    assert audit.status == Audit.Status.CLOSED

    in_words = str(audit.quarter)
    prepare_report(analyst, in_words)
    publish_report(lead, in_words)
    text = read_report(visit(cast.member), in_words, tmp_path)
    assert "Visits have become more regular since the summer." in text
