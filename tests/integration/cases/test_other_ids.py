"""One child, many ids: lists, files and audits meet the child under every one of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, User
from accounts.operations import MovedOn, Refused
from audits.operations.grading import same_child_id
from audits.operations.tools import install_shipped_tools
from audits.queries.search import search
from cases.importers.returns import read_return
from cases.models import (
    AuditQuarter,
    Case,
    Child,
    ChildAlias,
    OpenElsewhere,
    SampledCase,
    StagedCase,
)
from cases.operations.frame import freeze_frame
from cases.operations.import_audited import register_audited_earlier
from cases.operations.import_gaps import complete_gaps
from cases.operations.import_other_ids import register_other_ids, remove_other_id
from cases.operations.imports import confirm_list
from cases.operations.replacement import decide_replacement, request_replacement
from cases.queries.allocation import cases_to_grade
from cases.queries.audited_earlier import plan_for_audited_earlier
from cases.queries.gaps import plan_for_gaps
from cases.queries.other_ids import plan_for_other_ids
from cases.queries.returns import reconcile
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.integration.audits import auditing
from tests.integration.cases.importing import confirmed, csv_bytes, open_now, uploaded

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
HEAD = "child_id,other_id\n"
OCTOBER = date(2026, 10, 3)


def register(text: str, by: User) -> None:
    digest = plan_for_other_ids(HEAD + text).plan.digest
    register_other_ids(text=HEAD + text, digest=digest, by=by, now=NOW)


def known() -> dict[str, str]:
    return dict(ChildAlias.objects.values_list("other_id", "child__local_id"))


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def quarter(db: None) -> AuditQuarter:
    return AuditQuarter.objects.create(
        label=QUARTER, starts_on=TODAY.replace(day=1), ends_on=TODAY.replace(month=12, day=31)
    )


# Lists of open cases


def test_a_list_under_another_id_is_about_the_child(cast: Cast, as_user: AsUser) -> None:
    register("SC-1,EH-1\n", cast.analyst)
    confirmed(csv_bytes("SC-1,Child in need,Riverside,P,2026-01-02"), cast.analyst)
    listed = uploaded(
        csv_bytes("EH-1,Early help,Hilltop,O,2026-01-02", "EH-2,Early help,Hilltop,O,2026-01-02"),
        cast.analyst,
    )
    assert listed.summary["under_other_ids"] == 1
    assert listed.summary["kept"] == {"child_in_need": 1}
    assert set(StagedCase.objects.values_list("child_id", flat=True)) == {"SC-1", "EH-2"}
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[listed.pk])))
    assert "1 row of this list stands under another id of a child" in page
    confirm_list(
        case_import=listed, compared_with=listed.summary["based_on"], understood=True,
        by=cast.analyst, now=NOW,
    )  # fmt: skip


def test_two_rows_of_one_list_are_one_child(cast: Cast) -> None:
    register("SC-1,EH-1\n", cast.analyst)
    confirmed(
        csv_bytes(
            "EH-1,Early help,Hilltop,O,2026-01-02", "SC-1,Child in need,Riverside,P,2026-01-02"
        ),
        cast.analyst,
    )
    assert open_now() == {"SC-1": ("child_in_need", "Riverside", "P")}
    assert not Child.objects.filter(local_id="EH-1").exists()


def test_a_difference_from_before_another_id_was_known_is_out_of_date(
    cast: Cast, as_user: AsUser
) -> None:
    listed = uploaded(csv_bytes("EH-1,Early help,Hilltop,O,2026-01-02"), cast.analyst)
    register("SC-1,EH-1\n", cast.analyst)
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[listed.pk])))
    assert "Other ids of children were added or removed after this list was compared" in page
    with pytest.raises(MovedOn, match="Other ids of children were added or removed"):
        confirm_list(
            case_import=listed, compared_with=listed.summary["based_on"], understood=True,
            by=cast.analyst, now=NOW,
        )  # fmt: skip


def test_without_other_ids_no_row_stands_under_one(cast: Cast) -> None:
    listed = uploaded(csv_bytes("1,Early help,Hilltop,O,2026-01-02"), cast.analyst)
    assert listed.summary["other_ids"] == "0/0"
    assert listed.summary["under_other_ids"] == 0


# Two children who are one


def test_the_open_case_goes_on_under_the_id_that_stays(cast: Cast) -> None:
    old = open_case(cast.hilltop, service="early_help", child_id="EH-1", family_id="F1")
    register("SC-1,EH-1\n", cast.analyst)
    old.refresh_from_db()
    assert old.closed_on is not None
    case = Case.objects.get(child__local_id="SC-1")
    assert (case.team, case.family_id, case.opened_on) == (cast.hilltop, "F1", old.opened_on)
    assert set(open_now()) == {"SC-1"}
    event = apps.get_model("cases", "ChildAliasEvent").objects.get()
    assert event.pgh_context.metadata["user"] == cast.analyst.pk


@pytest.mark.parametrize("line", ["SC-1,EH-1\n", "EH-1,SC-1\n"])
def test_of_two_open_cases_the_service_that_comes_first_counts(cast: Cast, line: str) -> None:
    open_case(cast.hilltop, service="early_help", child_id="EH-1")
    open_case(cast.riverside, service="child_in_need", child_id="SC-1")
    register(line, cast.analyst)
    (stays,) = open_now()
    assert stays == line.partition(",")[0]
    assert open_now()[stays][:2] == ("child_in_need", "Riverside")


@pytest.mark.parametrize("line", ["SC-1,EH-1\n", "EH-1,SC-1\n"])
def test_the_service_of_the_case_that_gives_way_is_not_forgotten(cast: Cast, line: str) -> None:
    """Else the child drops out when the other service's list no longer has them."""
    confirmed(csv_bytes("EH-1,Early help,Hilltop,O,2026-01-02"), cast.analyst)
    confirmed(
        csv_bytes("SC-1,CIN,Riverside,P,2026-01-02", "2,CIN,Riverside,P,2026-01-02"), cast.analyst
    )
    register(line, cast.analyst)
    (known,) = OpenElsewhere.objects.all()
    assert (known.service.code, known.team, known.practitioner) == ("early_help", "Hilltop", "O")
    confirmed(csv_bytes("2,CIN,Riverside,P,2026-01-02"), cast.analyst, OCTOBER)
    assert open_now()[line.partition(",")[0]] == ("early_help", "Hilltop", "O")


@pytest.mark.parametrize("open_here", [True, False])
def test_a_child_who_left_restricted_comes_back_so_under_another_id(
    cast: Cast, open_here: bool
) -> None:
    head = "child_id,service,team,practitioner,opened_on,restricted"
    other = "X,CP,Riverside,P,2026-01-02,"
    left = csv_bytes("B,CP,Riverside,P,2026-01-02,Yes", other, header=head)
    confirmed(left, cast.analyst, date(2026, 7, 1))
    rows = [other, "A,CP,Riverside,P,2026-01-02,"] if open_here else [other]
    confirmed(csv_bytes(*rows, header=head), cast.analyst, date(2026, 8, 1))
    register("A,B\n", cast.analyst)
    now = csv_bytes("B,CP,Riverside,P,2026-08-02", "X,CP,Riverside,P,2026-01-02")
    confirmed(now, cast.analyst, OCTOBER)
    assert Case.objects.get(child__local_id="A", closed_on=None).restricted
    assert not Child.objects.filter(restricted=True).exists()


def test_what_lists_say_of_either_id_is_remembered_of_the_child(cast: Cast) -> None:
    confirmed(
        csv_bytes("EH-1,CIN,Riverside,P,2026-01-02", "EH-1,Early help,Hilltop,O,2026-01-02"),
        cast.analyst,
    )
    Child.objects.create(local_id="SC-1", audited_before_on=date(2025, 5, 1))
    register("SC-1,EH-1\n", cast.analyst)
    (known,) = OpenElsewhere.objects.all()
    assert (known.child.local_id, known.service.code) == ("SC-1", "early_help")
    assert open_now() == {"SC-1": ("child_in_need", "Riverside", "P")}


def test_an_audit_before_this_product_counts_for_the_child(cast: Cast) -> None:
    open_case(child_id="SC-1")
    Child.objects.create(local_id="EH-1", audited_before_on=date(2025, 5, 1))
    register("SC-1,EH-1\n", cast.analyst)
    assert Child.objects.get(local_id="SC-1").audited_before_on == date(2025, 5, 1)


def test_the_id_of_an_audit_stays_and_the_child_is_not_drawn_again(
    cast: Cast, as_user: AsUser
) -> None:
    audited = open_case(cast.hilltop, service="early_help", child_id="EH-1")
    Child.objects.filter(pk=audited.child_id).update(audit_reference="CFA-1")
    open_case(cast.riverside, service="child_in_need", child_id="SC-1")
    register("SC-1,EH-1\n", cast.analyst)
    assert known() == {"SC-1": "EH-1"}
    assert open_now() == {"EH-1": ("child_in_need", "Riverside", "")}
    frame = freeze_frame(quarter=Quarter.parse(QUARTER), by=cast.analyst, now=NOW)
    assert [entry.not_eligible for entry in frame.entries.all()] == ["already_audited"]


def test_two_audits_are_refused_in_words(cast: Cast) -> None:
    for child_id in ("A", "B"):
        child = open_case(child_id=child_id).child
        Child.objects.filter(pk=child.pk).update(audit_reference=f"CFA-{child_id}")
    assert (
        "No child is audited twice" in plan_for_other_ids(f"{HEAD}A,B\n").plan.problems[0].message
    )
    with pytest.raises(Refused, match="has problems"):
        register("A,B\n", cast.analyst)
    assert known() == {}


def test_ids_of_a_child_who_is_another_go_along(cast: Cast) -> None:
    register("B,C\n", cast.analyst)
    register("A,B\n", cast.analyst)
    assert known() == {"B": "A", "C": "A"}


# Draws


def test_a_child_in_the_sample_keeps_its_id(cast: Cast, quarter: AuditQuarter) -> None:
    draw = auditing.make_draw(quarter, cast.analyst)
    auditing.sampled(draw, open_case(child_id="EH-1"))
    open_case(child_id="SC-1")
    register("SC-1,EH-1\n", cast.analyst)
    assert known() == {"SC-1": "EH-1"}


def test_a_frame_from_before_brings_no_second_audit(cast: Cast, quarter: AuditQuarter) -> None:
    """The frame holds both ids: the one that is another's is not allocated, nor a reserve."""
    draw = auditing.make_draw(quarter, cast.analyst)
    joined, other, third = (open_case(child_id=one) for one in ("EH-1", "2", "3"))
    reserves = [auditing.sampled(draw, case) for case in (joined, third)]
    SampledCase.objects.filter(pk__in=[one.pk for one in reserves]).update(status="in_reserve")
    register("SC-1,EH-1\n", cast.analyst)
    (to_grade,) = cases_to_grade([reserves[0]])
    assert "This id is known now to be another id of a child" in to_grade.missing

    case = auditing.sampled(draw, other)
    asked = request_replacement(
        sampled_case=case, reason="in_court", explanation="", by=cast.analyst, now=NOW
    )
    decide_replacement(replacement=asked, approve=True, note="", by=cast.lead, now=NOW)
    case.refresh_from_db()
    assert case.replaced_by == reserves[1]
    reserves[0].refresh_from_db()
    assert (reserves[0].status, reserves[0].note) == (
        "passed_over", "Known since the draw to be another id of a child.",
    )  # fmt: skip


# The other files, and people who look for a child


def test_the_other_files_know_the_child(cast: Cast) -> None:
    open_case(child_id="SC-1", service="child_in_need")
    register("SC-1,EH-1\n", cast.analyst)
    audited = "child_id,audited_on\nEH-1,01/05/2025\n"
    planned = plan_for_audited_earlier(audited, TODAY)
    assert planned.plan.changes[0].details[0] == "EH-1 is another id of this child."
    register_audited_earlier(text=audited, digest=planned.plan.digest, by=cast.analyst, now=NOW)
    assert Child.objects.get().audited_before_on == date(2025, 5, 1)

    gaps = "child_id,team,practitioner\nEH-1,Hilltop,Orla Titioner\n"
    digest = plan_for_gaps(gaps).plan.digest
    complete_gaps(text=gaps, digest=digest, by=cast.analyst, now=NOW)
    assert open_now() == {"SC-1": ("child_in_need", "Hilltop", "Orla Titioner")}

    census = (
        "<Message><Header><CollectionDetails><Collection>CIN</Collection><ReferenceDate>2026-03-31"
        "</ReferenceDate></CollectionDetails></Header><Children><Child><ChildIdentifiers><LAchildID>"
        "EH-1</LAchildID></ChildIdentifiers><CINdetails></CINdetails></Child></Children></Message>"
    )
    result = reconcile(read_return(io.BytesIO(census.encode())))
    assert (result.both, result.only_return, result.only_here) == (1, (), ())


def test_the_file_in_another_system_has_the_other_id(cast: Cast, quarter: AuditQuarter) -> None:
    install_shipped_tools(by=cast.lead, now=NOW)
    draw = auditing.make_draw(quarter, cast.analyst)
    case = open_case(cast.riverside, cast.practitioner, child_id="SC-1")
    audit = auditing.allocate(auditing.sampled(draw, case), cast.auditor, cast.analyst)
    register("SC-1,EH-1\n", cast.analyst)
    assert same_child_id(" eh-1 ", audit)
    assert not same_child_id("EH-2", audit)
    assert [found.child.local_id for found in search(cast.analyst, "eh-1").cases] == ["SC-1"]


# Page and command


def test_from_upload_to_removed(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    assert "No other id is known yet." in text_of(analyst.get(reverse("cases:other_id_list")))
    file = SimpleUploadedFile("x.csv", f"{HEAD}SC-1,EH-1\nSC-2,EH-2\n".encode())
    page = text_of(analyst.post(reverse("cases:other_ids_upload"), {"file": file}))
    assert "Other id: EH-1." in page
    text = f"{HEAD}SC-1,EH-1\nSC-2,EH-2\n"
    digest = plan_for_other_ids(text).plan.digest
    response = analyst.post(
        reverse("cases:other_ids_upload_confirm"), {"text": text, "digest": digest}, follow=True
    )
    assert "Added 2 other ids." in text_of(response)
    assert "2 other ids are known" in text_of(analyst.get(reverse("cases:import_list")))
    found = text_of(analyst.get(reverse("cases:other_id_list"), {"text": "sc-2"}))
    assert "EH-2" in found
    assert "EH-1" not in found
    alias = ChildAlias.objects.get(other_id="EH-2")
    response = analyst.post(reverse("cases:other_id_remove", args=[alias.pk]), follow=True)
    assert "Removed: EH-2 is an id of its own again." in text_of(response)
    assert known() == {"EH-1": "SC-1"}
    with pytest.raises(MovedOn):
        remove_other_id(alias=alias, by=cast.analyst, now=NOW)
    template = analyst.get(reverse("cases:other_ids_template")).content.decode("utf-8-sig")
    assert template.strip() == "child_id,other_id"


def test_looking_at_ids_of_children_is_logged(cast: Cast, as_user: AsUser) -> None:
    as_user(cast.analyst).get(reverse("cases:other_id_list"), {"text": "SC-1"})
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.what) == (
        cast.analyst, "read", "other ids of children",
    )  # fmt: skip


def test_what_changed_since_the_preview_is_refused(cast: Cast) -> None:
    text = f"{HEAD}SC-1,EH-1\n"
    digest = plan_for_other_ids(text).plan.digest
    open_case(child_id="EH-1")
    with pytest.raises(Refused, match="changed since you looked"):
        register_other_ids(text=text, digest=digest, by=cast.analyst, now=NOW)
    with pytest.raises(PermissionDenied):
        register("SC-1,EH-1\n", cast.auditor)


def test_the_command(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(f"{HEAD}SC-1,EH-1\n")
    out = StringIO()
    call_command("register_other_ids", str(path), stdout=out)
    assert "New             1" in out.getvalue()
    assert known() == {"EH-1": "SC-1"}
    path.write_text(f"{HEAD}SC-1,SC-1\n")
    with pytest.raises(CommandError, match="Line 2, other_id: The same id twice"):
        call_command("register_other_ids", str(path))
