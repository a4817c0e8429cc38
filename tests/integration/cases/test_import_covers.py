"""Which services a list covers, and what becomes of a child between two services' lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.operations import MovedOn, Refused
from cases.models import (
    Case,
    CaseImport,
    Child,
    ChildAlias,
    ImportProblem,
    Job,
    OpenElsewhere,
    Service,
)
from cases.operations.import_meanings import remember_services
from cases.operations.imports import confirm_list, cover_services
from cases.operations.jobs import run_job
from cases.queries.imports import closing_much, difference_shown
from tests.cast import NOW, Cast, open_case
from tests.integration.cases.importing import (
    AS_OF,
    REQUIRED,
    confirmed,
    csv_bytes,
    open_now,
    run_waiting,
    uploaded,
)
from tests.rules.importers.making import LIST_6, list_6_row, workbook

AsUser = Callable[[User], Client]
OCTOBER = date(2026, 10, 3)
LIST_2 = ["Child Unique ID", "Gender", "Assessment start date", "Assessment completion date",
          "Organisation completing assessment"]  # fmt: skip
EARLY_HELP = csv_bytes("1,Early help,Hilltop,Orla Titioner,2026-02-03")
IN_NEED = csv_bytes("9,Child in need,Riverside,P,2026-01-02")


def annex_a(tmp_path: Path, name: str = "a.xlsx", **lists: list[list[Any]]) -> bytes:
    """A workbook with these rows of list 2 and of list 6."""
    heads = {"list_2": ("List 2", LIST_2), "list_6": ("List 6", LIST_6)}
    sheets = {heads[key][0]: [heads[key][1], *rows] for key, rows in lists.items()}
    return workbook(tmp_path / name, sheets).read_bytes()


def covering(case_import: CaseImport, covers: list[str], by: User) -> CaseImport:
    """The list once somebody has said what it covers and a worker has compared it."""
    run_job(str(cover_services(case_import=case_import, covers=covers, by=by, now=NOW).pk))
    case_import.refresh_from_db()
    return case_import


def take_over(case_import: CaseImport, by: User) -> Job:
    job = confirm_list(case_import=case_import, compared_with=case_import.summary["based_on"],
                       understood=True, by=by, now=NOW + timedelta(hours=1))  # fmt: skip
    run_job(str(job.pk))
    job.refresh_from_db()
    case_import.refresh_from_db()
    return job


def services_now() -> dict[str, str]:
    return {child: case[0] for child, case in open_now().items()}


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


# --- which services are covered


def test_annex_a_list_2_is_not_the_whole_of_early_help(
    cast: Cast, as_user: AsUser, tmp_path: Path
) -> None:
    confirmed(EARLY_HELP, cast.analyst, OCTOBER)
    book = annex_a(tmp_path, list_2=[["5", "Male", date(2026, 8, 1), "", "School"]],
                   list_6=[list_6_row("9", status="Care leaver")])  # fmt: skip
    # The newer list of early help does not refuse an older workbook: it is not the same.
    case_import = uploaded(book, cast.analyst, name="a.xlsx")
    assert case_import.status == "checked"
    assert case_import.summary["covers"] == ["assessment", "child_in_need"]
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "seldom the whole early help caseload" in page
    assert "Rows of Early Help open no case, because a newer list of it was confirmed." in page
    take_over(case_import, cast.analyst)
    # List 9 is not there: care leavers are not covered by a status of list 6.
    assert services_now() == {"1": "early_help", "9": "care_leaver"}


def test_list_2_covers_early_help_once_somebody_has_said_so(cast: Cast, tmp_path: Path) -> None:
    open_case(cast.hilltop, service="early_help", child_id="gone")
    rows = [["5", "Male", date(2026, 8, 1), "", "School"]]
    first = uploaded(annex_a(tmp_path, list_2=rows), cast.analyst, name="a.xlsx")
    assert first.summary["covers"] == []
    assert (first.summary["opens"], first.summary["closes"]) == ({"early_help": 1}, {})
    first = covering(first, ["early_help"], cast.analyst)
    assert first.summary["closes"] == {"early_help": 1}
    take_over(first, cast.analyst)
    assert services_now() == {"5": "early_help"}
    again = uploaded(annex_a(tmp_path, "b.xlsx", list_2=rows), cast.analyst, OCTOBER, "b.xlsx")
    assert again.summary["covers"] == ["early_help"]


def test_a_service_that_is_not_ticked_opens_and_does_not_close(cast: Cast) -> None:
    open_case(cast.hilltop, service="early_help", child_id="stays")
    case_import = uploaded(
        csv_bytes("1,CIN,Riverside,P,2026-01-02", "2,Early help,Hilltop,P,2026-01-02"),
        cast.analyst,
    )
    assert case_import.summary["closes"] == {"early_help": 1}
    case_import = covering(case_import, ["child_in_need"], cast.analyst)
    assert case_import.summary["closes"] == {}
    take_over(case_import, cast.analyst)
    assert services_now() == {"stays": "early_help", "1": "child_in_need", "2": "early_help"}


def test_the_last_cases_of_a_service_close_where_it_is_ticked_without_a_row(cast: Cast) -> None:
    open_case(service="assessment", child_id="last")
    case_import = covering(uploaded(IN_NEED, cast.analyst), ["assessment"], cast.analyst)
    assert case_import.summary["closes"] == {"assessment": 1}
    with pytest.raises(Refused, match="closing so many"):
        confirm_list(case_import=case_import, compared_with=0, understood=False, by=cast.analyst,
                     now=NOW)  # fmt: skip
    take_over(case_import, cast.analyst)
    assert services_now() == {"9": "child_in_need"}


def test_only_services_with_a_newer_list_are_left_out_and_none_refuses(cast: Cast) -> None:
    confirmed(EARLY_HELP, cast.analyst, OCTOBER)
    case_import = uploaded(
        csv_bytes("9,CIN,Riverside,P,2026-01-02", "7,Early help,Hilltop,P,2026-01-02"),
        cast.analyst,
    )
    assert case_import.summary["covers"] == ["child_in_need"]
    assert case_import.summary["outdated"] == ["early_help"]
    with pytest.raises(Refused, match="A newer one, of 3 October 2026"):
        cover_services(case_import=case_import, covers=["early_help"], by=cast.analyst, now=NOW)
    take_over(case_import, cast.analyst)
    # The newer list has no case of child 7, so the older opens none.
    assert services_now() == {"1": "early_help", "9": "child_in_need"}


def test_the_services_are_ticked_in_the_preview(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    open_case(service="assessment", child_id="last")
    case_import = uploaded(IN_NEED, cast.analyst)
    detail = reverse("cases:import_detail", args=[case_import.pk])
    page = text_of(analyst.get(detail))
    assert "All open cases of these services are in this list" in page
    assert re.findall(r'value="(\w+)" checked', page) == ["child_in_need"]
    assert "1 in this list, none open now" in page
    before = difference_shown(case_import.summary)
    address = reverse("cases:import_covers", args=[case_import.pk])
    response = analyst.post(address, {"covers": ["child_in_need", "assessment"]})
    assert response.status_code == 302
    run_waiting()
    page = text_of(analyst.get(detail))
    assert "1 of 1 open case of Assessment would close" in page
    confirm = reverse("cases:import_confirm", args=[case_import.pk])
    late = {"compared_with": 0, "shown": before, "understood": "on"}
    assert analyst.post(confirm, late).status_code == 409  # it saw another difference
    case_import.refresh_from_db()
    seen = difference_shown(case_import.summary)
    assert f'name="shown" value="{seen}"' in page
    assert analyst.post(confirm, late | {"shown": seen}).status_code == 302
    run_waiting()
    page = text_of(analyst.get(detail))
    assert "Services that it covers" in page
    assert "Child in Need, Assessment" in page
    assert analyst.post(address, {"covers": []}).status_code == 409


def test_what_was_ticked_stays_when_the_list_is_compared_again(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    case_import = covering(uploaded(IN_NEED, cast.analyst), ["assessment"], cast.analyst)
    analyst.post(reverse("cases:import_check_again", args=[case_import.pk]))
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.summary["covers"] == ["assessment"]


def test_only_services_there_are_and_only_those_who_import(cast: Cast) -> None:
    case_import = uploaded(IN_NEED, cast.analyst)
    with pytest.raises(Refused, match="no service with the code"):
        cover_services(case_import=case_import, covers=["chess"], by=cast.analyst, now=NOW)
    with pytest.raises(PermissionDenied):
        cover_services(case_import=case_import, covers=[], by=cast.lead, now=NOW)


# --- between the lists of two services


def test_a_child_kept_by_another_service_moves_when_that_case_closes(
    cast: Cast, as_user: AsUser
) -> None:
    open_case(cast.riverside, service="child_in_need", child_id="1")
    assert confirmed(EARLY_HELP, cast.analyst).summary["kept"] == {"child_in_need": 1}
    case_import = uploaded(IN_NEED, cast.analyst)
    assert case_import.summary["closes"] == {}
    assert case_import.summary["moves"] == case_import.summary["returns"] == {"early_help": 1}
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "1 child is not in this list any more, and an earlier list has" in page
    take_over(case_import, cast.analyst)
    assert open_now()["1"] == ("early_help", "Hilltop", "Orla Titioner")
    assert Case.objects.get(child__local_id="1").opened_on == date(2026, 2, 3)
    assert not OpenElsewhere.objects.exists()


def test_a_child_that_left_a_service_not_covered_goes_back(cast: Cast) -> None:
    confirmed(EARLY_HELP, cast.analyst)
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-09-01", "9,CIN,,,"), cast.analyst)
    assert services_now() == {"1": "child_in_need", "9": "child_in_need"}
    assert OpenElsewhere.objects.get().service.code == "early_help"
    confirmed(IN_NEED, cast.analyst, OCTOBER)
    assert open_now()["1"] == ("early_help", "Hilltop", "Orla Titioner")


def test_a_second_service_of_the_same_list_is_remembered(cast: Cast) -> None:
    confirmed(
        csv_bytes("1,CIN,Riverside,P,2026-09-01", "1,Early help,Hilltop,O,2026-01-01"),
        cast.analyst,
    )
    confirmed(IN_NEED, cast.analyst, OCTOBER)
    assert open_now()["1"] == ("early_help", "Hilltop", "O")


def test_what_is_remembered_ends_with_the_next_list_of_that_service(cast: Cast) -> None:
    open_case(cast.riverside, service="child_in_need", child_id="1")
    confirmed(EARLY_HELP, cast.analyst)
    confirmed(csv_bytes("2,Early help,Hilltop,P,2026-01-01"), cast.analyst, OCTOBER)
    assert not OpenElsewhere.objects.exists()
    confirmed(IN_NEED, cast.analyst, OCTOBER)
    assert services_now() == {"2": "early_help", "9": "child_in_need"}


def test_a_list_that_covers_both_services_closes(cast: Cast) -> None:
    open_case(cast.riverside, service="child_in_need", child_id="1")
    confirmed(EARLY_HELP, cast.analyst)
    confirmed(
        csv_bytes("9,CIN,Riverside,P,2026-01-02", "2,Early help,Hilltop,P,2026-01-02"),
        cast.analyst,
        OCTOBER,
    )
    assert services_now() == {"2": "early_help", "9": "child_in_need"}
    assert not OpenElsewhere.objects.exists()


def test_a_kept_child_is_restricted_and_of_a_family_all_the_same(cast: Cast) -> None:
    case = open_case(cast.riverside, service="child_in_need", child_id="1")
    header = f"{REQUIRED},restricted,family_id"
    listed = csv_bytes("1,Early help,Hilltop,P,2026-02-03,Yes,F7", header=header)
    confirmed(listed, cast.analyst)
    case.refresh_from_db()
    assert (case.service.code, case.restricted, case.family_id) == ("child_in_need", True, "F7")
    confirmed(
        csv_bytes("1,Early help,Hilltop,P,2026-02-03,No,F8", header=header), cast.analyst, OCTOBER
    )
    case.refresh_from_db()
    assert (case.restricted, case.family_id) == (True, "F7")


def test_the_same_file_can_be_compared_once_another_list_came_between(cast: Cast) -> None:
    confirmed(IN_NEED, cast.analyst)
    with pytest.raises(Refused, match="already imported"):
        uploaded(IN_NEED, cast.analyst)
    confirmed(csv_bytes("8,CIN,Riverside,P,2026-01-02"), cast.analyst)
    again = uploaded(IN_NEED, cast.analyst)
    assert (again.summary["opens"], again.summary["closes"]) == (
        {"child_in_need": 1}, {"child_in_need": 1},
    )  # fmt: skip
    take_over(again, cast.analyst)
    assert services_now() == {"9": "child_in_need"}


def refused_again(content: bytes, by: User) -> bool:
    """Whether a file is refused at the upload, because it would change nothing."""
    try:
        uploaded(content, by)
    except Refused as refused:
        return "would change nothing" in str(refused)
    return False


def test_a_wrong_meaning_is_put_right_with_the_same_file(cast: Cast) -> None:
    def say(service: str) -> None:
        remember_services(meanings={"Family Support": service}, by=cast.analyst, now=NOW)

    content = csv_bytes("1,Family Support,Riverside,P,2026-01-02")
    say("early_help")
    confirmed(content, cast.analyst)
    assert refused_again(content, cast.analyst)
    say("child_in_need")
    # Corrected while another reading of it waits: what is confirmed is what was read.
    again = uploaded(content, cast.analyst)
    assert again.summary["moves"] == {"child_in_need": 1}
    say("assessment")
    take_over(again, cast.analyst)
    assert services_now() == {"1": "child_in_need"}
    assert not refused_again(content, cast.analyst)
    say("child_in_need")
    assert refused_again(content, cast.analyst)


def test_the_same_file_is_compared_once_ids_or_the_order_of_services_changed(cast: Cast) -> None:
    confirmed(IN_NEED, cast.analyst)
    assert refused_again(IN_NEED, cast.analyst)
    other = ChildAlias.objects.create(other_id="X", child=Child.objects.get(local_id="9"))
    assert not refused_again(IN_NEED, cast.analyst)
    other.delete()
    assert refused_again(IN_NEED, cast.analyst)
    Service.objects.filter(code="looked_after").update(precedence=900)
    assert not refused_again(IN_NEED, cast.analyst)


def test_a_list_confirmed_by_an_older_version_can_be_compared_again(cast: Cast) -> None:
    older = confirmed(IN_NEED, cast.analyst)
    del older.summary["reading"]
    older.save()
    assert not refused_again(IN_NEED, cast.analyst)


def test_the_same_file_can_be_confirmed_again_for_more_services(cast: Cast) -> None:
    open_case(cast.hilltop, service="early_help", child_id="gone")
    content = csv_bytes("1,CIN,Riverside,P,2026-01-02", "2,Early help,Hilltop,P,2026-01-02")
    take_over(
        covering(uploaded(content, cast.analyst), ["child_in_need"], cast.analyst), cast.analyst
    )
    again = uploaded(content, cast.analyst)
    assert again.summary["covers"] == ["child_in_need"]  # as it was said before
    nothing = [again.summary[key] for key in ("opens", "moves", "closes")]
    assert nothing == [{}, {}, {}]
    again = covering(again, ["child_in_need", "early_help"], cast.analyst)
    assert again.summary["closes"] == {"early_help": 1}


# --- what closes, and when


def test_the_end_of_an_earlier_time_is_no_end_of_this_one(cast: Cast) -> None:
    case = open_case(service="child_in_need", child_id="1", opened_on=date(2026, 6, 1))
    confirmed(
        csv_bytes("1,CIN,Riverside,P,2025-01-12,2025-08-14", "2,CIN,Riverside,P,2026-01-12,",
                  header=f"{REQUIRED},closed_on"),
        cast.analyst,
    )  # fmt: skip
    case.refresh_from_db()
    assert case.closed_on == AS_OF


def test_a_child_whose_row_does_not_say_its_service_keeps_their_case(
    cast: Cast, as_user: AsUser
) -> None:
    open_case(service="child_in_need", child_id="1")
    case_import = uploaded(
        csv_bytes("1,,Riverside,P,2026-01-02", "9,CIN,Riverside,P,2026-01-02"), cast.analyst
    )
    assert case_import.summary["stays"] == {"child_in_need": 1}
    assert case_import.summary["closes"] == {}
    problem = ImportProblem.objects.get(case_import=case_import, row=2)
    assert "stays where it is, because the row does not say its service" in problem.done
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "1 open case stays as it is" in page
    take_over(case_import, cast.analyst)
    assert services_now() == {"1": "child_in_need", "9": "child_in_need"}


def test_rows_without_an_id_are_told_where_much_would_close(cast: Cast, as_user: AsUser) -> None:
    open_case(service="child_in_need", child_id="1")
    case_import = uploaded(
        csv_bytes(",CIN,Riverside,P,2026-01-02", "Total,,,,", "9,CIN,R,P,2026-01-02"), cast.analyst
    )
    assert case_import.summary["unread"] == 1
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "1 row could not be read. If it is about a child with an open case" in page


def test_any_case_that_would_close_beside_unread_rows_is_asked_for(
    cast: Cast, as_user: AsUser
) -> None:
    for number in range(20):
        open_case(service="child_in_need", child_id=str(number))
    rows = [f"{number},CIN,R,P,2026-01-02" for number in range(19)]
    whole = uploaded(csv_bytes(*rows), cast.analyst)
    assert closing_much(whole) == []
    odd = uploaded(csv_bytes(*rows, '19,CIN,R,"P,2026-01-02', ",CIN,R,P,"), cast.analyst, OCTOBER)
    assert [(one.code, one.closes) for one in closing_much(odd)] == [("child_in_need", 1)]
    with pytest.raises(Refused, match="closing"):
        confirm_list(case_import=odd, compared_with=odd.summary["based_on"],
                     understood=False, by=cast.analyst, now=NOW)  # fmt: skip


# --- what was shown is what is done


def test_a_difference_that_is_not_the_one_shown_is_not_taken_over(
    cast: Cast, as_user: AsUser
) -> None:
    open_case(cast.riverside, service="child_in_need", child_id="1")
    case_import = uploaded(EARLY_HELP, cast.analyst)
    assert case_import.summary["kept"] == {"child_in_need": 1}
    Service.objects.filter(code="early_help").update(precedence=0)
    job = take_over(case_import, cast.analyst)
    assert job.status == "failed"
    assert "Compare it again" in job.error
    assert services_now() == {"1": "child_in_need"}
    page = text_of(as_user(cast.analyst).get(reverse("cases:import_detail", args=[case_import.pk])))
    assert "Compare again" in page
    assert "Confirm this list" not in page
    with pytest.raises(MovedOn, match="compared again"):
        confirm_list(case_import=case_import, compared_with=0, shown="x", understood=True,
                     by=cast.analyst, now=NOW)  # fmt: skip
