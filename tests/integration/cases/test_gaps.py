"""Cases without team or practitioner: counted, completed, and not allocated before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, User
from accounts.operations import Refused
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter, Child, Practitioner, SampledCase, Team
from cases.operations.allocation import allocate_by_hand, allocate_quarter
from cases.operations.import_gaps import complete_gaps
from cases.queries.gaps import gap_counts, plan_for_gaps
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.integration.audits import auditing
from tests.integration.cases.importing import confirmed, csv_bytes, open_now

AsUser = Callable[[User], Client]
HEAD = "child_id,team,practitioner\n"


@pytest.fixture
def quarter(db: None) -> AuditQuarter:
    return AuditQuarter.objects.create(
        label=QUARTER, starts_on=TODAY.replace(day=1), ends_on=TODAY.replace(month=12, day=31)
    )


def complete(text: str, by: User) -> None:
    digest = plan_for_gaps(text).plan.digest
    complete_gaps(text=text, digest=digest, by=by, now=NOW)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_completing(cast: Cast) -> None:
    open_case(child_id="1", service="early_help")
    open_case(child_id="2", service="early_help")
    open_case(cast.riverside, child_id="3")
    open_case(cast.riverside, cast.practitioner, child_id="4")
    accounts = User.objects.count()
    complete(
        f"{HEAD}1,lakeside,New Worker\n2,Lakeside,new worker\n3,,pat titioner\n4,Hilltop,X\n",
        cast.analyst,
    )
    assert open_now() == {
        "1": ("early_help", "lakeside", "New Worker"),
        "2": ("early_help", "lakeside", "New Worker"),
        "3": ("child_protection", "Riverside", "Pat Titioner"),
        "4": ("child_protection", "Riverside", "Pat Titioner"),
    }
    assert Practitioner.objects.filter(name__iexact="pat titioner").get() == cast.practitioner
    lakeside = Team.objects.get(name="lakeside")
    assert lakeside.service is not None
    assert lakeside.service.code == "early_help"
    assert User.objects.count() == accounts
    assert gap_counts() == {
        "incomplete": 0, "no_practitioner": 0, "no_team": 0, "no_manager": 2,
    }  # fmt: skip


def test_what_was_completed_stays_when_a_list_without_staff_comes_again(cast: Cast) -> None:
    confirmed(csv_bytes("1,Early help,,,2026-01-02"), cast.analyst)
    complete(f"{HEAD}1,Hilltop,Orla Titioner\n", cast.analyst)
    confirmed(csv_bytes("1,Early help,,,2026-01-03"), cast.analyst)
    assert open_now() == {"1": ("early_help", "Hilltop", "Orla Titioner")}


def test_children_of_the_other_system_alone_are_left_out_and_listed(
    cast: Cast, as_user: AsUser
) -> None:
    open_case(child_id="1", service="early_help")
    text = f"{HEAD}1,Hilltop,Orla Titioner\n99,Hilltop,P\n"
    file = SimpleUploadedFile("x.csv", text.encode())
    page = text_of(as_user(cast.analyst).post(reverse("cases:gaps_upload"), {"file": file}))
    assert "Left out" in page
    assert "No open case here." in page
    assert "Make these changes" in page
    complete(text, cast.analyst)
    assert open_now() == {"1": ("early_help", "Hilltop", "Orla Titioner")}


def test_nothing_is_done_where_something_is_wrong(cast: Cast) -> None:
    open_case(child_id="1")
    digest = plan_for_gaps(f"{HEAD}1,Hilltop,P\n").plan.digest
    with pytest.raises(Refused, match="changed since you looked"):
        complete_gaps(text=f"{HEAD}1,Riverside,P\n", digest=digest, by=cast.analyst, now=NOW)
    with pytest.raises(Refused, match="has problems"):
        complete("child_id,team\n1,Hilltop\n", cast.analyst)
    with pytest.raises(PermissionDenied):
        complete(f"{HEAD}1,Hilltop,P\n", cast.lead)
    assert open_now()["1"] == ("child_protection", "", "")


def drawn(quarter: AuditQuarter, cast: Cast, **case: Any) -> SampledCase:
    draw = auditing.make_draw(quarter, cast.analyst)
    return auditing.sampled(draw, open_case(child_id="1", **case))


def test_a_drawn_case_waits_for_its_practitioner_and_manager(
    cast: Cast, quarter: AuditQuarter
) -> None:
    install_shipped_tools(by=cast.lead, now=NOW)
    case = drawn(quarter, cast, service="early_help")
    result = allocate_quarter(draw=case.draw, by=cast.analyst, now=NOW)
    (left,) = result.unallocated
    words = "It cannot be allocated before its practitioner and its team are known."
    assert (result.assignments, left.because) == ((), words)
    with pytest.raises(Refused, match="before its practitioner and its team are known"):
        by_hand(case, cast)

    complete(f"{HEAD}1,Lakeside,New Worker\n", cast.analyst)
    with pytest.raises(Refused, match="before its team’s manager is known"):
        by_hand(case, cast)

    Team.objects.filter(name="Lakeside").update(manager=cast.manager)
    assert len(allocate_quarter(draw=case.draw, by=cast.analyst, now=NOW).assignments) == 1


def test_a_child_registered_as_audited_before_after_the_draw_is_given_to_nobody(
    cast: Cast, quarter: AuditQuarter, as_user: AsUser
) -> None:
    install_shipped_tools(by=cast.lead, now=NOW)
    draw = auditing.make_draw(quarter, cast.analyst)
    case = auditing.sampled(draw, open_case(cast.riverside, cast.practitioner, child_id="1"))
    Child.objects.update(audited_before_on=date(2025, 5, 3))
    (left,) = allocate_quarter(draw=draw, by=cast.analyst, now=NOW).unallocated
    words = "This child’s file was audited before, on 3 May 2025, and no child is audited twice."
    assert left.because.startswith(words)
    with pytest.raises(Refused, match="audited before, on 3 May 2025"):
        by_hand(case, cast)
    address = reverse("cases:quarter_allocation", args=[quarter.label])
    assert words in text_of(as_user(cast.analyst).get(address))


def by_hand(case: SampledCase, cast: Cast) -> None:
    allocate_by_hand(
        sampled_case=case, auditor=cast.auditor, reason="Asked for", by=cast.analyst, now=NOW
    )


def test_the_allocation_page_says_what_is_missing(
    cast: Cast, quarter: AuditQuarter, as_user: AsUser
) -> None:
    drawn(quarter, cast, service="early_help")
    page = text_of(
        as_user(cast.analyst).get(reverse("cases:quarter_allocation", args=[quarter.label]))
    )
    assert "It cannot be allocated before its practitioner and its team are known." in page


def test_from_download_to_completed(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    imports = reverse("cases:import_list")
    assert "every open case has a practitioner and a team" in text_of(analyst.get(imports))
    open_case(child_id="007", service="early_help")
    open_case(cast.hilltop, child_id="008", service="early_help")
    open_case(cast.riverside, cast.practitioner, child_id="009")
    page = text_of(analyst.get(imports))
    assert "2 open cases lack a practitioner or a team (2 the practitioner, 1 the team)" in page
    response = analyst.get(reverse("cases:gaps_download"))
    content = response.content.decode("utf-8-sig")
    assert content.split() == ["child_id,team,practitioner", "007,,", "008,Hilltop,"]
    assert AccessRecord.objects.get().what == "cases-to-complete"

    filled = content.replace("007,,", "007,Hilltop,Orla Titioner")
    address = reverse("cases:gaps_upload")
    page = text_of(analyst.post(address, {"file": SimpleUploadedFile("x.csv", filled.encode())}))
    assert "Team: Hilltop." in page
    assert "Still without a practitioner." in page
    digest = plan_for_gaps(filled).plan.digest
    response = analyst.post(
        reverse("cases:gaps_upload_confirm"), {"text": filled, "digest": digest}, follow=True
    )
    assert "Changed 1 case." in text_of(response)
    assert "1 open case lacks a practitioner or a team" in text_of(response)
    template = analyst.get(reverse("cases:gaps_template")).content.decode("utf-8-sig")
    assert template.strip() == "child_id,team,practitioner"


def test_the_command(cast: Cast, tmp_path: Path) -> None:
    open_case(child_id="1")
    path = tmp_path / "gaps.csv"
    path.write_text(f"{HEAD}1,Hilltop,Orla Titioner\n")

    def run(*options: str, **streams: Any) -> str:
        out = StringIO()
        call_command("complete_cases", str(path), *options, stdout=out, **streams)
        return out.getvalue()

    assert "nothing was changed" in run("--preview")
    assert open_now()["1"] == ("child_protection", "", "")
    assert "Changed         1" in run()
    assert open_now()["1"] == ("child_protection", "Hilltop", "Orla Titioner")
    path.write_text(f"{HEAD}5,Hilltop,P\n")
    errors = StringIO()
    assert "Left out        1" in run("--preview", stderr=errors)
    assert errors.getvalue() == "Line 2: left out. No open case here.\n"
    path.write_text("child_id,team\n5,Hilltop\n")
    with pytest.raises(CommandError, match="Line 1, practitioner: This column is missing"):
        run()
