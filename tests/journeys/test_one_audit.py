"""One file: begun, graded, fed back and answered, in the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from audits.models import Audit, FeedbackReply
from audits.operations.submitting import set_grade_of_record
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter
from tests.cast import NOW, QUARTER, Cast, open_case
from tests.integration.audits.auditing import allocate, make_draw, sampled
from tests.journeys.grading import confirm_child, grade_everything
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


def _allocated(cast: Cast) -> Audit:
    install_shipped_tools(by=User.objects.system(), now=NOW)
    quarter = AuditQuarter.objects.create(
        label=QUARTER, starts_on=NOW.date(), ends_on=NOW.date().replace(month=12)
    )
    case = open_case(cast.riverside, cast.practitioner)
    return allocate(sampled(make_draw(quarter, cast.analyst), case), cast.auditor, cast.analyst)


def test_an_audit_from_its_first_page_to_the_practitioners_reply(
    visit: Callable[[User], Visitor],
) -> None:
    cast = Cast()
    audit = _allocated(cast)

    auditor = visit(cast.auditor)
    auditor.open("/audits/")
    auditor.follow(audit.reference)
    auditor.follow("Begin this audit")
    confirm_child(auditor, "another child", submit="Begin")
    auditor.sees("There is a problem")
    confirm_child(auditor, audit.child.local_id, submit="Begin")
    auditor.sees("What is missing")
    auditor.follow("Child’s lived experience")
    grade_everything(auditor, "Good", overall="Good")

    audit.refresh_from_db()
    if audit.status == Audit.Status.SUBMITTED:  # drawn for moderation
        set_grade_of_record(
            audit=audit,
            grading=audit.gradings.get(),
            by=User.objects.system(),
            now=timezone.now(),
        )
    auditor.open(f"/audits/{audit.reference}/")
    auditor.follow("Write the feedback")
    auditor.press("Release the feedback")

    practitioner = visit(cast.practitioner_user)
    practitioner.open("/audits/feedback/")
    practitioner.follow(audit.reference)
    practitioner.sees("Visits are regular")
    practitioner.press("I have read this")
    practitioner.choose("I agree in part")
    practitioner.write("Your comment", "The dates were agreed with the school on the telephone.")
    practitioner.press("Send reply")
    practitioner.sees("The dates were agreed with the school")
    assert FeedbackReply.objects.get().stance == FeedbackReply.Stance.PARTLY
