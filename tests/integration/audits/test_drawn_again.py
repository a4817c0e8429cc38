"""Frozen and drawn again after audits have begun: what goes on, what stays, what is withdrawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from html import unescape
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audits.models import Audit
from audits.operations.grading import declare_conflict
from audits.operations.submitting import reopen_audit
from audits.operations.tools import install_shipped_tools
from cases.models import Draw, FrameEntry, SampledCase, SamplingFrame
from cases.operations.allocation import allocate_quarter
from cases.operations.announcing import mail_hash
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from cases.queries.certificate import certificate
from cases.rules.quarters import Quarter
from reports.queries import records_of
from tests.cast import NOW, QUARTER, Cast, open_cases
from tests.integration.audits.auditing import begin, submitted

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
Q3 = Quarter.parse(QUARTER)
LATER = NOW + timedelta(hours=2)
WHY = "The Early Help list was forgotten"
FRAME, DRAW = f"/quarters/{QUARTER}/frame/", f"/quarters/{QUARTER}/draw/"


@pytest.fixture(autouse=True)
def world(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    install_shipped_tools(by=User.objects.system(), now=NOW)
    open_cases(60, team=cast.riverside, practitioner=cast.practitioner)


@pytest.fixture
def first(cast: Cast) -> Draw:
    """A draw of three of sixty, each with its auditor."""
    freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    draw = draw_sample(quarter=Q3, seed="1 1 2", witnesses="Ito", by=cast.analyst, now=NOW)
    allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    assert Audit.objects.count() == 3
    return draw


@pytest.fixture
def audits(first: Draw) -> tuple[Audit, Audit, Audit]:
    """One submitted, one begun, one not begun."""
    done, begun, waiting = Audit.objects.filter(sampled_case__draw=first).order_by("reference")
    submitted(done)
    begin(begun)
    begun.refresh_from_db()
    return done, begun, waiting


def frozen_again(cast: Cast) -> SamplingFrame:
    open_cases(20, team=cast.riverside, service="early_help")
    return freeze_frame(quarter=Q3, reason=WHY, by=cast.analyst, now=LATER)


def drawn_again(cast: Cast, seed: str = "6 6 6", **changed: Any) -> Draw:
    return draw_sample(
        quarter=Q3, seed=seed, witnesses="Ito", reason=WHY, by=cast.analyst, now=LATER, **changed
    )


def test_the_draw_stands_until_another_is_made_from_the_new_frame(
    cast: Cast, first: Draw, audits: tuple[Audit, ...], as_user: AsUser
) -> None:
    frame = frozen_again(cast)
    first.refresh_from_db()
    assert (first.status, frame.status, frame.number) == ("drawn", "frozen", 2)
    assert certificate(first)["frame"]["sha256"] == first.frame.sha256
    client = as_user(cast.analyst)
    page = client.get(FRAME).content.decode()
    for words in (
        "This frame was frozen after the sample was drawn.",
        "drawn from frame 1, stands until",
        frame.sha256,
        first.frame.sha256,
        WHY,
        "Mail the hash",
    ):
        assert words in page
    screen = client.get(f"/quarters/{QUARTER}/screen/").content.decode()
    assert "There is no seed yet." in screen
    assert "frozen again after draw 1" in screen
    assert "1 1 2" not in screen
    mail_hash(frame=frame, roles=["director"], page="/", by=cast.analyst, now=LATER)
    overview = client.get(f"/quarters/{QUARTER}/").content.decode()
    assert "Frame 2 was frozen after the sample was drawn: draw again from it." in overview


def test_children_whose_audits_the_draw_began_can_be_drawn_again(
    cast: Cast, audits: tuple[Audit, ...]
) -> None:
    frame = frozen_again(cast)
    of_audits = FrameEntry.objects.filter(frame=frame, child__audits__in=audits)
    assert list(of_audits.values_list("not_eligible", flat=True)) == ["", "", ""]
    # But not in the next quarter, where they belong to no draw that this one takes the place of.
    following = freeze_frame(quarter=Q3.next(), by=cast.analyst, now=LATER)
    barred = FrameEntry.objects.filter(frame=following, child__audits__in=audits)
    assert dict(barred.values_list("child", "not_eligible")) == {
        audits[0].child_id: "already_audited",
        audits[1].child_id: "already_audited",
        audits[2].child_id: "in_another_draw",
    }


def test_an_audit_goes_on_where_its_child_is_selected_again(
    cast: Cast, first: Draw, audits: tuple[Audit, ...]
) -> None:
    done, begun, _ = audits
    frozen_again(cast)
    second = drawn_again(cast, rate=Fraction(1))
    for audit, status in ((done, "audited"), (begun, "allocated")):
        old, before = audit.sampled_case, audit.status
        audit.refresh_from_db()
        case = audit.sampled_case
        assert old
        assert case
        assert (case.draw, case.status, audit.status) == (second, status, before)
        assert case.entry.child == audit.child
        allocation = case.allocations.get(ended_at=None)
        assert (allocation.auditor, allocation.due_on) == (audit.auditor, audit.due_on)
        old.refresh_from_db()
        assert old.status == "cancelled"
        assert "goes on in draw 2026-Q3-D2" in old.note
        assert not old.allocations.filter(ended_at=None).exists()
    grading = begun.gradings.get()
    assert grading.status == "draft"
    assert second.cases.filter(role="selected", status="drawn").count() == 80 - 2
    assert len(records_of(second.quarter, LATER).audits) == 2


def test_what_is_not_selected_again_is_kept_or_withdrawn_with_the_reason(
    cast: Cast, first: Draw, audits: tuple[Audit, ...]
) -> None:
    done, begun, waiting = audits
    frozen_again(cast)
    children = {audit.child_id for audit in audits}
    seed = next(seed for seed in map(str, range(100, 200)) if not _selected(cast, seed) & children)
    second = drawn_again(cast, seed)
    for audit in audits:
        audit.refresh_from_db()
        audit.child.refresh_from_db()
    assert (done.status, begun.status, waiting.status) == ("submitted", "withdrawn", "withdrawn")
    assert begun.withdraw_reason == waiting.withdraw_reason == f"Drawn again: {WHY}"
    assert (done.child.audit_reference, begun.child.audit_reference) == (done.reference, "")
    assert done.sampled_case
    assert (done.sampled_case.draw, done.sampled_case.status) == (first, "audited")
    assert {found.reference for found in records_of(second.quarter, LATER).audits} == {
        done.reference
    }
    # A third draw may select the child once more: the audit goes on in it.
    third = drawn_again(cast, "5 5 5", rate=Fraction(1))
    done.refresh_from_db()
    assert (done.sampled_case.draw, done.sampled_case.status) == (third, "audited")
    following = freeze_frame(quarter=Q3.next(), by=cast.analyst, now=LATER)
    entry = FrameEntry.objects.get(frame=following, child=done.child)
    assert entry.not_eligible == "already_audited"
    left = SampledCase.objects.filter(draw=first).exclude(status__in=("cancelled", "audited"))
    assert not left.exists()


def test_the_numbers_of_the_quarter_are_those_of_the_lists_behind_them(
    cast: Cast, audits: tuple[Audit, ...], as_user: AsUser
) -> None:
    done, _, other = audits
    submitted(other)
    frozen_again(cast)
    rate, both = Fraction(1, 2), {done.child_id, other.child_id}
    seed = next(
        seed
        for seed in map(str, range(100, 200))
        if len(_selected(cast, seed, rate=rate) & both) == 1
    )
    drawn_again(cast, seed, rate=rate)
    client = as_user(cast.lead)
    page = client.get(f"/quarters/{QUARTER}/").content.decode()
    ((url, number),) = re.findall(r'href="([^"]*handed_in[^"]*)">Submitted<.*?(\d+) of', page, re.S)
    assert number == "1"
    assert "1 audit</caption>" in client.get(unescape(url)).content.decode()
    earlier = client.get(unescape(url).replace("stands", "earlier")).content.decode()
    assert "1 audit</caption>" in earlier


def test_a_reopened_audit_of_an_earlier_draw_is_on_the_allocation_page(
    cast: Cast, first: Draw, as_user: AsUser
) -> None:
    audits = list(Audit.objects.order_by("reference"))
    for audit in audits:
        submitted(audit)
    children = {audit.child_id for audit in audits}
    seed = next(seed for seed in map(str, range(100, 200)) if not _selected(cast, seed) & children)
    second = drawn_again(cast, seed)
    allocate_quarter(draw=second, by=cast.analyst, now=LATER)
    client, page = as_user(cast.analyst), f"/quarters/{QUARTER}/allocation/"
    counted = []
    for number, audit in enumerate(audits, start=1):
        reopen_audit(audit=audit, reason="A standard was missed", by=cast.lead, now=LATER)
        declare_conflict(audit=audit, reason="I know the family", by=audit.auditor, now=LATER)
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(page).content.decode()
        counted.append(len(queries))
        assert f"{number} case{'s' if number > 1 else ''} of earlier draws without" in shown
        assert f'href="/sampled/{audit.sampled_case_id}/auditor/"' in shown
        assert "2026-Q3-D1" in shown
    assert counted[1] == counted[2]
    overview = client.get(f"/quarters/{QUARTER}/").content.decode()
    assert "3 cases of an earlier draw, submitted once, wait for another auditor" in overview
    for audit in audits:
        audit.refresh_from_db()
        other = cast.auditor if audit.auditor == cast.other_auditor else cast.other_auditor
        said = {"auditor": other.pk, "reason": "The first has a conflict"}
        client.post(f"/sampled/{audit.sampled_case_id}/auditor/", said)
        audit.refresh_from_db()
        assert (audit.status, audit.auditor) == ("allocated", other)
    assert "of earlier draws" not in client.get(page).content.decode()
    # With its new auditor it is shown where that one leaves, and a third draw leaves it as it is.
    User.objects.filter(pk=audits[0].auditor_id).update(is_active=False)
    assert f'href="/sampled/{audits[0].sampled_case_id}/auditor/"' in (
        client.get(page).content.decode()
    )
    seed = next(seed for seed in map(str, range(200, 300)) if not _selected(cast, seed) & children)
    drawn_again(cast, seed)
    for audit in audits:
        audit.refresh_from_db()
        assert (audit.status, audit.sampled_case.draw) == ("allocated", first)  # type: ignore[union-attr]


def _selected(cast: Cast, seed: str, **changed: Any) -> set[int]:
    """Whom a seed would select, found out and undone."""
    before = transaction.savepoint()
    cases = drawn_again(cast, seed, **changed).cases.filter(role="selected")
    found = set(cases.values_list("entry__child", flat=True))
    transaction.savepoint_rollback(before)
    return found


def test_the_page_says_what_becomes_of_audits(
    cast: Cast, audits: tuple[Audit, ...], as_user: AsUser
) -> None:
    page = as_user(cast.analyst).get(DRAW).content.decode()
    assert "Audits that have begun go on where the same child is selected again" in page
