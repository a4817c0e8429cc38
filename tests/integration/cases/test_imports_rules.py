"""What taking a list over does to the open cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from cases.models import (
    Case,
    CaseImport,
    Child,
    ImportMeaning,
    ImportProblem,
    Job,
    OpenElsewhere,
    Practitioner,
    StagedCase,
    Team,
)
from cases.operations.import_gaps import complete_gaps
from cases.operations.imports import (
    check_again,
    confirm_list,
    cover_services,
    delete_old_uploads,
    discard_list,
    upload_list,
)
from cases.operations.jobs import run_job
from cases.queries.calendar import local_date
from cases.queries.gaps import plan_for_gaps
from cases.queries.imports import imports_behind_open_cases
from cases.queries.people import practitioners
from tests.cast import NOW, Cast, open_case
from tests.integration.cases.importing import (
    AS_OF,
    REQUIRED,
    confirmed,
    csv_bytes,
    open_now,
    uploaded,
)
from tests.rules.importers.making import LIST_6, LIST_9, list_6_row, workbook

AsUser = Callable[[User], Client]
LIST_7 = ["Child Unique ID", "Child Protection Plan Start Date", "Child Protection Plan End Date",
          "Initial Category of Abuse"]  # fmt: skip
OCTOBER = date(2026, 10, 3)
EARLIER = date(2026, 9, 20)


def messages_of(case_import: CaseImport) -> list[tuple[int | None, str]]:
    problems = ImportProblem.objects.filter(case_import=case_import)
    return list(problems.values_list("row", "message"))


def test_first_list_opens_cases_and_makes_teams_and_practitioners(cast: Cast) -> None:
    case_import = confirmed(
        csv_bytes(
            "0042,Looked after,Harbour,Rita Okafor,2026-01-02,yes",
            "_7,Early help,Hilltop,orla titioner,2026-02-03,",
            header=f"{REQUIRED},agency",
        ),
        cast.analyst,
    )
    assert open_now() == {
        "0042": ("looked_after", "Harbour", "Rita Okafor"),
        "_7": ("early_help", "Hilltop", "Orla Titioner"),
    }
    harbour = Team.objects.get(name="Harbour")
    assert harbour.service
    assert harbour.service.code == "looked_after"
    assert Practitioner.objects.get(name="Rita Okafor").agency
    assert Practitioner.objects.filter(name__iexact="orla titioner").count() == 1
    assert case_import.status == "confirmed"
    assert case_import.confirmed_by == cast.analyst
    assert case_import.summary["opens"] == {"looked_after": 1, "early_help": 1}


def test_team_and_practitioner_are_matched_whatever_the_case_of_letters(cast: Cast) -> None:
    confirmed(
        csv_bytes(
            "1,CP,RIVERSIDE,PAT TITIONER,2026-01-02", "2,CP,Riverside,Pat Titioner,2026-01-02"
        ),
        cast.analyst,
    )
    assert Team.objects.filter(name__iexact="riverside").get() == cast.riverside
    assert set(Case.objects.values_list("practitioner", flat=True)) == {cast.practitioner.pk}


def test_names_that_are_new_or_of_people_who_left_are_told_before(cast: Cast) -> None:
    cast.practitioner.left_on = date(2026, 9, 1)
    cast.practitioner.save()
    named = uploaded(
        csv_bytes(
            "1,CP,Riverside,pat titioner,2026-01-02",
            "2,CP,Riverside,PAT TITIONER,2026-01-02",
            "3,CP,Hilltop,Pat Titioner,2026-01-02",
            "4,CP,Riverside,,2026-01-02",
        ),
        cast.analyst,
    )
    assert named.summary["staff"] == {
        "new": 1,  # of that name, but in another team
        "left": 1,
        "by_name": 0,
        "most": [{"name": "Pat Titioner", "team": "Riverside", "cases": 2}],
        "most_new": [{"name": "Pat Titioner", "team": "Hilltop", "cases": 1}],
        "most_by_name": [],
        "new_names": [["Pat Titioner", "Hilltop", 1]],
        "losing": 0,
        "losing_team": 0,
        "completed": 0,
    }
    # Whoever will leave on a day to come is here until then.
    for left_on in (None, local_date(timezone.now()) + timedelta(days=1)):
        Practitioner.objects.filter(pk=cast.practitioner.pk).update(left_on=left_on)
        again = uploaded(csv_bytes("1,CP,Riverside,Pat Titioner,2026-01-02"), cast.analyst)
        staff = again.summary["staff"]
        assert (staff["new"], staff["left"], staff["most"]) == (0, 0, [])
    assert cast.practitioner in practitioners(state="here")
    assert cast.practitioner not in practitioners(state="left")


def test_namesakes_in_two_teams_are_two_people(cast: Cast) -> None:
    confirmed(
        csv_bytes("1,CP,Riverside,A Smith,2026-01-02", "2,CP,Hilltop,A Smith,2026-01-02"),
        cast.analyst,
    )
    assert Practitioner.objects.filter(name="A Smith").count() == 2


def test_the_service_that_comes_first_counts_and_the_other_row_is_listed(cast: Cast) -> None:
    case_import = uploaded(
        csv_bytes(
            "1,Early help,Hilltop,A,2026-01-02",
            "1,Child protection,Riverside,B,2026-03-02",
            "2,Child in need,Riverside,C,2026-03-02",
            "2,Child in need,Hilltop,D,2026-03-02",
        ),
        cast.analyst,
    )
    assert case_import.summary["by_service"] == {"child_protection": 1, "child_in_need": 1}
    assert case_import.summary["children"] == 2
    first = "This child is in row 3 as well, open to Child Protection, which comes first."
    assert messages_of(case_import) == [
        (2, first),
        (5, "This child is in row 4 as well."),
    ]
    done = ImportProblem.objects.values_list("done", flat=True)
    assert set(done) == {"Row 3 was used.", "Row 4 was used."}
    assert (case_import.summary["rows_kept"], case_import.summary["rows_merged"]) == (4, 2)


def test_rows_merged_into_another_sheet_are_counted(cast: Cast, tmp_path: Path) -> None:
    sheets: dict[str, list[Sequence[object]]] = {
        "List 6": [LIST_6, list_6_row("1"), list_6_row("2"), list_6_row("3")],
        "List 9": [LIST_9, ["1"], ["2"]],
        "List 7": [LIST_7, ["3"], ["4"]],
    }
    case_import = uploaded(workbook(tmp_path / "a.xlsx", sheets).read_bytes(), cast.analyst)
    summary = case_import.summary
    assert (summary["rows_read"], summary["rows_kept"], summary["rows_merged"]) == (7, 7, 3)
    told = ImportProblem.objects.filter(row=None, message__startswith="Children of this sheet")
    assert set(told.values_list("sheet", "message")) == {
        ("List 9", "Children of this sheet whose case is opened by the sheet “List 6”: 2."),
        ("List 6", "Children of this sheet whose case is opened by the sheet “List 7”: 1."),
    }


def test_a_team_is_marked_as_disability_team_where_all_its_rows_say_so(cast: Cast) -> None:
    Team.objects.create(name="Stays", works_with_disability=True)
    case_import = confirmed(
        csv_bytes(
            "1,CIN,Rainbow,P,2026-01-02,Yes",
            "7,CIN,Rainbow,P,2026-01-02,Yes",
            "2,CIN,RAINBOW,P,2026-01-02,",
            "3,CIN,Mixed,P,2026-01-02,Yes",
            "4,CIN,Mixed,P,2026-01-02,No",
            "5,CIN,Stays,P,2026-01-02,No",
            "6,CIN,Riverside,P,2026-01-02,No",
            header=f"{REQUIRED},Disability team",
        ),
        cast.analyst,
    )
    marked = Team.objects.filter(works_with_disability=True)
    assert set(marked.values_list("name", flat=True)) == {"Rainbow", "Stays"}
    assert messages_of(case_import) == [
        (None, "Mixed is a disability team in some rows and not in others."),
        (None, "All rows of Rainbow say that it is a disability team."),
        (None, "Stays is a disability team here and not in this list."),
    ]


def test_an_id_that_no_family_can_have_is_told(cast: Cast) -> None:
    lines = [f"{n},CIN,T,P,2026-01-02,{'999' if n < 13 else f'F{n // 2}'}" for n in range(30)]
    uploaded(csv_bytes(*lines, header=f"{REQUIRED},family_id"), cast.analyst)
    problem = ImportProblem.objects.get()
    assert (problem.row, problem.value) == (None, "999")
    assert "13 children" in problem.message


def test_what_the_used_row_leaves_blank_comes_from_the_childs_other_rows(cast: Cast) -> None:
    confirmed(
        csv_bytes(
            "1,Child in need,Riverside,B,2026-03-02,F9,Female",
            "1,Child protection,,,,,",
            header=f"{REQUIRED},family_id,gender",
        ),
        cast.analyst,
    )
    case = Case.objects.get()
    assert (case.service.code, case.family_id, case.gender) == ("child_protection", "F9", "female")
    assert open_now()["1"] == ("child_protection", "Riverside", "B")
    assert case.opened_on is None  # the other service's date would say nothing about this one


LIST_8 = ["Child Unique ID", "Date Started to be Looked After", "Child's Legal Status",
          "Date of Latest Statutory Review", "What is the permanence plan for this child?",
          "Date Ceased to be Looked After", "Allocated Team", "Allocated Worker"]  # fmt: skip


def test_short_breaks_of_list_8_are_known_where_list_6_has_the_child_first(
    cast: Cast, tmp_path: Path
) -> None:
    looked_after = {"status": "a) Looked after child", "team": "Harbour"}
    sheets: dict[str, list[Sequence[object]]] = {
        "List 6": [LIST_6, list_6_row("1", **looked_after), list_6_row("2", **looked_after)],
        "List 8": [
            LIST_8,
            ["1", date(2026, 3, 2), "V4", "", "Long term", "", "Anchor", "Rita Okafor"],
            ["2", date(2026, 3, 4), "C2", "", "", "", "", ""],
        ],
    }
    confirmed(workbook(tmp_path / "a.xlsx", sheets).read_bytes(), cast.analyst, name="a.xlsx")
    one, two = Case.objects.order_by("child__local_id")
    assert (one.legal_status, one.plan, one.opened_on) == ("V4", "Long term", date(2026, 3, 2))
    assert (two.legal_status, two.plan, two.opened_on) == ("C2", "", date(2026, 3, 4))
    # Who has the case stands with a team of their own; where nobody is named, the team counts.
    assert open_now() == {
        "1": ("looked_after", "Anchor", "Rita Okafor"),
        "2": ("looked_after", "Harbour", ""),
    }


def test_no_legal_status_is_taken_from_a_row_of_another_service_or_a_closed_one(
    cast: Cast,
) -> None:
    confirmed(
        csv_bytes(
            "1,Child protection,Riverside,B,2026-03-02,,",
            "1,Looked after,,,2026-03-02,V4,2026-04-01",
            "2,Looked after,Riverside,B,2026-03-02,,",
            "2,Child in need,Riverside,B,2026-03-02,V3,",
            header=f"{REQUIRED},legal status,closed on",
        ),
        cast.analyst,
    )
    assert set(Case.objects.values_list("legal_status", flat=True)) == {""}


def test_no_team_or_practitioner_is_told_only_of_who_has_none(cast: Cast) -> None:
    case_import = uploaded(
        csv_bytes(
            "1,Child in need,,,2026-03-02,",
            "1,Child in need,Riverside,B,2026-03-02,",
            "2,Child in need,,C,2026-03-02,",
            "3,Child in need,,,2026-03-02,2026-04-02",
            header=f"{REQUIRED},closed on",
        ),
        cast.analyst,
    )
    assert messages_of(case_import) == [
        (3, "This child is in row 2 as well."),
        (4, "There is no team."),
    ]


def test_no_team_is_told_of_no_case_that_has_one_all_the_same(cast: Cast) -> None:
    """It keeps its own where the list has none at all, or its practitioner brings one along."""
    confirmed(csv_bytes("1,CIN,Riverside,A,2026-01-02", "2,Early help,,,2026-01-02"), cast.analyst)
    listed = uploaded(
        csv_bytes("1,CIN,,A,2026-01-02", "2,Early help,,,2026-01-02", "3,CIN,,A,2026-01-02"),
        cast.analyst, OCTOBER,
    )  # fmt: skip
    assert messages_of(listed) == [
        (3, "There is no team."),
        (3, "There is no practitioner."),
    ]
    assert sum(listed.summary["problems"].values()) == 2


def test_a_row_that_opens_nothing_is_not_called_merged(cast: Cast) -> None:
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-01-02"), cast.analyst, OCTOBER)
    older = uploaded(
        csv_bytes("1,CIN,Riverside,P,2026-01-02", "2,Early help,Hilltop,O,2026-01-02"),
        cast.analyst, EARLIER,
    )  # fmt: skip
    assert (older.summary["rows_kept"], older.summary["rows_merged"]) == (2, 0)


def test_only_services_of_the_list_close_by_absence(cast: Cast) -> None:
    gone = open_case(cast.riverside, service="child_protection", child_id="gone")
    elsewhere = open_case(cast.hilltop, service="early_help", child_id="elsewhere")
    case_import = confirmed(csv_bytes("new,Child protection,Riverside,P,2026-09-01"), cast.analyst)
    gone.refresh_from_db()
    elsewhere.refresh_from_db()
    assert gone.closed_on == AS_OF
    assert elsewhere.closed_on is None
    assert case_import.summary["closes"] == {"child_protection": 1}
    assert case_import.summary["covers"] == ["child_protection"]


def test_a_closing_date_in_the_list_is_the_better_witness(cast: Cast) -> None:
    case = open_case(service="child_in_need", child_id="1")
    confirmed(
        csv_bytes(
            "1,CIN,Riverside,P,2026-01-12,2026-08-14",
            "2,CIN,Riverside,P,2026-01-12,",
            header=f"{REQUIRED},closed_on",
        ),
        cast.analyst,
    )
    case.refresh_from_db()
    assert case.closed_on == date(2026, 8, 14)


def test_a_child_that_changes_service_keeps_the_same_case(cast: Cast) -> None:
    case = open_case(cast.hilltop, service="early_help", child_id="1", family_id="F1")
    confirmed(csv_bytes("1,Child protection,Riverside,Pat Titioner,2026-09-01"), cast.analyst)
    case.refresh_from_db()
    assert Case.objects.count() == 1
    assert (case.service.code, case.team, case.practitioner) == (
        "child_protection", cast.riverside, cast.practitioner,
    )  # fmt: skip
    assert case.opened_on == date(2026, 9, 1)
    assert case.family_id == "F1"  # the list has no such column, so it says nothing about it


def test_a_list_of_early_help_does_not_take_a_child_out_of_child_protection(cast: Cast) -> None:
    case = open_case(cast.riverside, service="child_protection", child_id="1")
    case_import = confirmed(csv_bytes("1,Early help,Hilltop,O,2026-09-01"), cast.analyst)
    case.refresh_from_db()
    assert (case.service.code, case.team) == ("child_protection", cast.riverside)
    assert case_import.summary["kept"] == {"child_protection": 1}


def test_a_child_that_comes_back_gets_a_new_case(cast: Cast) -> None:
    old = open_case(service="child_in_need", child_id="1", closed_on=date(2026, 5, 1))
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    assert Child.objects.count() == 1
    assert Case.objects.exclude(pk=old.pk).get().closed_on is None


def test_staff_of_a_list_without_such_columns_stay_as_they_are(cast: Cast) -> None:
    """Annex A's early help list has neither; a second file completes it, and stays."""
    confirmed(csv_bytes("1,Early help,Hilltop,Orla Titioner,2026-01-02"), cast.analyst)
    confirmed(csv_bytes("1,Early help,,,2026-01-02"), cast.analyst, OCTOBER)
    assert open_now()["1"] == ("early_help", "Hilltop", "Orla Titioner")
    confirmed(
        csv_bytes("1,Early help,,,2026-01-02", "2,Early help,Hilltop,X,2026-01-02"),
        cast.analyst,
        OCTOBER,
    )
    assert open_now()["1"] == ("early_help", "", "")


def test_a_blank_service_of_a_list_leaves_its_staff_as_completed(cast: Cast) -> None:
    """One list of all services, in which early help has neither team nor practitioner."""
    rows = ["1,Early help,,,2026-01-02", "2,Child protection,Riverside,P,2026-01-02"]
    confirmed(csv_bytes(*rows), cast.analyst)
    complete("1,Hilltop,Orla Titioner", cast.analyst)
    again = confirmed(csv_bytes(*reversed(rows)), cast.analyst, OCTOBER)
    assert again.summary["staff"]["losing"] == 0
    assert open_now()["1"] == ("early_help", "Hilltop", "Orla Titioner")


def complete(line: str, by: User) -> None:
    """Give a case what it lacks, by the second file."""
    text = f"child_id,team,practitioner\n{line}\n"
    complete_gaps(text=text, digest=plan_for_gaps(text).plan.digest, by=by, now=NOW)


def staff_lost(case_import: CaseImport) -> tuple[int, int, int]:
    staff = case_import.summary["staff"]
    return staff["losing"], staff["losing_team"], staff["completed"]


GAP = ("1,CIN,Riverside,P,2026-01-02", "2,CIN,,,2026-01-02", "3,EH,Hilltop,Q,2026-01-02")


def test_what_a_second_file_completed_stays_where_a_list_leaves_it_blank(
    cast: Cast, as_user: AsUser
) -> None:
    first = confirmed(csv_bytes(*GAP), cast.analyst)
    complete("2,Hilltop,Orla Titioner", cast.analyst)
    completed = ("child_in_need", "Hilltop", "Orla Titioner")
    events = apps.get_model("cases", "CaseEvent").objects
    written = events.count()
    # The same list again, another of the same day standing in between, and the next quarter's.
    confirmed(csv_bytes(*reversed(GAP)), cast.analyst)
    again = uploaded(csv_bytes(*GAP), cast.analyst)
    assert staff_lost(again) == (0, 0, 1)
    page = as_user(cast.analyst).get(reverse("cases:import_detail", args=[again.pk]))
    assert (
        "1 case keeps the team or practitioner that a second file completed, because this list "
        "leaves it blank."
    ) in " ".join(page.content.decode().split())
    assert staff_lost(confirmed(csv_bytes(*GAP), cast.analyst, OCTOBER)) == (0, 0, 1)
    assert open_now()["2"] == completed
    assert events.count() == written
    assert set(Case.objects.values_list("last_import", flat=True)) == {first.pk}
    # A list in which nobody has either.
    confirmed(csv_bytes("1,CIN,,,2026-01-02", "2,CIN,,,2026-01-02"), cast.analyst, OCTOBER)
    assert open_now()["2"] == completed


def test_what_a_list_says_takes_the_place_of_what_was_completed(cast: Cast) -> None:
    confirmed(csv_bytes(*GAP), cast.analyst)
    complete("2,Hilltop,Orla Titioner", cast.analyst)
    said = confirmed(
        csv_bytes(GAP[0], "2,CIN,Riverside,,2026-01-02", GAP[2]), cast.analyst, OCTOBER
    )
    assert staff_lost(said) == (0, 0, 1)
    assert open_now()["2"] == ("child_in_need", "Riverside", "Orla Titioner")
    # The list had the team and says it no more; it never had the practitioner.
    silent = confirmed(csv_bytes(*GAP), cast.analyst, OCTOBER + timedelta(days=1))
    assert staff_lost(silent) == (0, 1, 1)
    assert open_now()["2"] == ("child_in_need", "", "Orla Titioner")


def test_who_is_named_brings_a_team_along_also_where_one_was_completed(cast: Cast) -> None:
    confirmed(csv_bytes(*GAP), cast.analyst)
    complete("2,Hilltop,Orla Titioner", cast.analyst)
    Practitioner.objects.filter(pk=cast.practitioner.pk).update(in_staff_list=True)
    said = confirmed(
        csv_bytes(GAP[0], "2,CIN,,Pat Titioner,2026-01-02", GAP[2]), cast.analyst, OCTOBER
    )
    assert staff_lost(said) == (0, 0, 0)
    assert open_now()["2"] == ("child_in_need", "Riverside", "Pat Titioner")


def test_a_case_that_moves_takes_nothing_of_what_was_completed_along(cast: Cast) -> None:
    confirmed(csv_bytes(*GAP), cast.analyst)
    complete("2,Hilltop,Orla Titioner", cast.analyst)
    moved = confirmed(csv_bytes(GAP[0], "2,CP,,,2026-01-02", GAP[2]), cast.analyst, OCTOBER)
    assert staff_lost(moved) == (1, 1, 0)
    assert open_now()["2"] == ("child_protection", "", "")


def test_cases_that_would_lose_their_practitioner_are_counted(cast: Cast, as_user: AsUser) -> None:
    confirmed(csv_bytes("1,CP,Riverside,A,2026-01-02", "2,CP,Riverside,B,2026-01-02"), cast.analyst)
    listed = uploaded(
        csv_bytes("1,CP,Riverside,,2026-01-02", "2,CP,Riverside,B,2026-01-02"),
        cast.analyst,
        OCTOBER,
    )
    assert staff_lost(listed) == (1, 0, 0)
    page = as_user(cast.analyst).get(reverse("cases:import_detail", args=[listed.pk]))
    assert "1 case would lose the practitioner" in " ".join(page.content.decode().split())


def test_who_stands_in_a_list_with_a_team_and_without_is_one_person(
    cast: Cast, as_user: AsUser
) -> None:
    """The same list again, which finds them here, would change the case otherwise."""
    rows = ["1,CP,Riverside,Ann,2026-01-02", "2,CP,,Ann,2026-01-02", "3,CP,Hilltop,Bo,2026-01-02",
            "4,CP,Riverside,Bo,2026-01-02", "5,CP,,Bo,2026-01-02"]  # fmt: skip
    first = confirmed(csv_bytes(*rows), cast.analyst)
    assert first.summary["staff"]["by_name"] == 1
    ((by_name),) = first.summary["staff"]["most_by_name"]
    assert (by_name["name"], by_name["own_team"]) == ("Ann", "Riverside")
    assert open_now()["2"] == ("child_protection", "Riverside", "Ann")
    assert open_now()["5"] == ("child_protection", "", "Bo")  # nobody can say which of the two
    assert messages_of(first) == [(6, "There is no team.")]
    before = open_now()
    second = confirmed(csv_bytes(*rows), cast.analyst, OCTOBER)
    assert second.summary["staff"]["new"] == 0
    assert open_now() == before
    assert Practitioner.objects.filter(name="Ann").count() == 1


def test_cases_that_would_lose_their_team_are_counted(cast: Cast, as_user: AsUser) -> None:
    rows = [
        "1,CP,Riverside,A,2026-01-02",
        "2,CP,Riverside,B,2026-01-02",
        "3,CP,Hilltop,,2026-01-02",
    ]
    confirmed(csv_bytes(*rows), cast.analyst)
    # Of a practitioner whose team is known, the team is not lost.
    blank = ["1,CP,,A,2026-01-02", rows[1], "3,CP,,,2026-01-02"]
    listed = uploaded(csv_bytes(*blank), cast.analyst, OCTOBER)
    assert staff_lost(listed) == (0, 1, 0)
    page = as_user(cast.analyst).get(reverse("cases:import_detail", args=[listed.pk]))
    assert "1 case would lose the team" in " ".join(page.content.decode().split())
    confirmed(csv_bytes(*blank), cast.analyst, OCTOBER)
    assert [case[1] for case in open_now().values()] == ["Riverside", "Riverside", ""]


def test_cases_that_stay_restricted_by_silence_are_told(cast: Cast, as_user: AsUser) -> None:
    header = f"{REQUIRED},restricted"

    def rows(*flags: str, service: str = "CIN") -> bytes:
        return csv_bytes(
            *(f"{n},{service},Riverside,P,2026-01-02,{flag}" for n, flag in enumerate(flags)),
            header=header,
        )

    def restricted() -> list[str]:
        found = Case.objects.filter(restricted=True, closed_on=None)
        return sorted(found.values_list("child__local_id", flat=True))

    first = confirmed(rows("Y", "Y", "Y", ""), cast.analyst)
    assert first.summary["stays_restricted"] == {}
    # Blank, still restricted by this list, not any more, and restricted from now on.
    blank = uploaded(rows("", "Y", "No", "Y"), cast.analyst, OCTOBER)
    assert blank.summary["stays_restricted"] == {"child_in_need": 1}
    page = as_user(cast.analyst).get(reverse("cases:import_detail", args=[blank.pk]))
    text = " ".join(page.content.decode().split())
    assert "1 case stays restricted, because this list leaves the column for it blank" in text
    assert "write “No” in the column “restricted”" in text
    confirmed(rows("", "Y", "No", "Y"), cast.analyst, OCTOBER)
    assert restricted() == ["0", "1", "3"]
    # Without the column; one of the cases moves and takes its flag along.
    without = confirmed(
        csv_bytes(
            "0,CP,Riverside,P,2026-01-02",
            *(f"{n},CIN,Riverside,P,2026-01-02" for n in (1, 2, 3)),
        ),
        cast.analyst,
        OCTOBER,
    )
    assert without.summary["stays_restricted"] == {"child_protection": 1, "child_in_need": 2}
    assert restricted() == ["0", "1", "3"]
    ended = confirmed(rows("No", "No", "No", "No", service="CP"), cast.analyst, OCTOBER)
    assert ended.summary["stays_restricted"] == {}
    assert restricted() == []


def test_the_same_content_again_changes_no_case_and_writes_no_history(cast: Cast) -> None:
    rows = [f"{n},CIN,Riverside,Worker {n % 3},2026-01-02" for n in range(30)]
    first = confirmed(csv_bytes(*rows), cast.analyst)
    events = apps.get_model("cases", "CaseEvent").objects
    written = events.count()
    second = confirmed(csv_bytes(*reversed(rows)), cast.analyst, OCTOBER)
    assert events.count() == written
    assert set(Case.objects.values_list("last_import", flat=True)) == {first.pk}
    assert second.summary["opens"] == second.summary["closes"] == second.summary["moves"] == {}
    assert imports_behind_open_cases() == [second]


def test_every_change_is_in_the_history_under_the_persons_name(cast: Cast) -> None:
    case = open_case(service="child_in_need", child_id="1")
    listed = confirmed(
        csv_bytes("1,CP,Riverside,P,2026-09-01", "2,CIN,Riverside,P,2026-09-01"), cast.analyst
    )
    changes = apps.get_model("cases", "CaseEvent").objects.filter(pgh_obj_id=case.pk)
    last = changes.order_by("pgh_id").last()
    assert last.service.code == "child_protection"
    assert last.pgh_context.metadata["user"] == cast.analyst.pk
    assert last.pgh_context.metadata["operation"] == "confirm_import"
    # A child whom a list brought names the list, whose history says who and when.
    assert Child.objects.get(local_id="2").first_import == listed
    taken_over = apps.get_model("cases", "CaseImportEvent").objects.filter(pgh_obj_id=listed.pk)
    assert taken_over.get(status="confirmed").pgh_context.metadata["user"] == cast.analyst.pk
    brought = apps.get_model("cases", "ChildEvent").objects.filter(pgh_label="insert")
    assert list(brought.values_list("local_id", flat=True)) == ["1"]  # not by a list


def test_annex_a_list_6_covers_assessment_although_no_row_names_it(
    cast: Cast, tmp_path: Path
) -> None:
    open_case(service="assessment", child_id="was in assessment")
    path = workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, list_6_row("1", status="CIN")]})
    case_import = uploaded(path.read_bytes(), cast.analyst, name="a.xlsx")
    assert case_import.summary["covers"] == ["assessment", "child_in_need"]
    assert case_import.summary["closes"] == {"assessment": 1}


def test_file_and_rows_are_gone_afterwards_and_the_hash_stays(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    content = csv_bytes("1,CIN,Riverside,P,2026-09-01")
    case_import = uploaded(content, cast.analyst)
    storage, name = case_import.file.storage, str(case_import.file.name)
    assert storage.exists(name)
    assert "cases" not in name.removeprefix("imports/")
    assert StagedCase.objects.count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        job = confirm_list(case_import=case_import, compared_with=0, understood=False,
                           by=cast.analyst, now=NOW)  # fmt: skip
        run_job(str(job.pk))
    case_import.refresh_from_db()
    assert not case_import.file
    assert not storage.exists(name)
    assert StagedCase.objects.count() == 0
    assert len(case_import.file_sha256) == 64


def test_the_same_file_as_of_the_same_day_is_refused(cast: Cast) -> None:
    content = csv_bytes("1,CIN,Riverside,P,2026-09-01")
    confirmed(content, cast.analyst)
    with pytest.raises(Refused, match="already imported as of 30 September 2026"):
        uploaded(content, cast.analyst)


def test_an_older_list_of_the_same_services_is_refused_and_of_others_is_not(cast: Cast) -> None:
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    older = date(2026, 9, 1)
    refused = uploaded(csv_bytes("1,CIN,Riverside,P,2026-08-01"), cast.analyst, older)
    assert refused.status == "refused"
    assert "of 30 September 2026, was confirmed for Child in Need" in refused.refusal
    accepted = uploaded(csv_bytes("9,Early help,Hilltop,P,2026-08-01"), cast.analyst, older)
    assert accepted.status == "checked"


def test_a_difference_that_is_out_of_date_cannot_be_confirmed(cast: Cast) -> None:
    first = uploaded(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    second = confirmed(csv_bytes("2,CIN,Riverside,P,2026-09-01"), cast.analyst)
    with pytest.raises(MovedOn, match="Another list was confirmed"):
        confirm_list(case_import=first, compared_with=first.summary["based_on"], understood=True,
                     by=cast.analyst, now=NOW)  # fmt: skip
    job = check_again(case_import=first, by=cast.analyst, now=NOW)
    run_job(str(job.pk))
    first.refresh_from_db()
    assert first.summary["based_on"] == second.pk
    assert first.summary["closes"] == {"child_in_need": 1}
    assert StagedCase.objects.filter(case_import=first).count() == 1


def test_a_list_refused_when_it_is_compared_again_leaves_no_value_of_its_cells(cast: Cast) -> None:
    older = uploaded(csv_bytes("1,CIN,Riverside,P,Ann Smith"), cast.analyst, date(2026, 9, 1))
    assert older.problems.filter(value="Ann Smith").exists()
    confirmed(csv_bytes("2,CIN,Riverside,P,2026-09-01"), cast.analyst)
    run_job(str(check_again(case_import=older, by=cast.analyst, now=NOW).pk))
    older.refresh_from_db()
    assert older.status == "refused"
    assert not older.problems.exists()


def test_a_list_confirmed_meanwhile_fails_the_waiting_job_in_words(cast: Cast) -> None:
    first = uploaded(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    waiting = confirm_list(case_import=first, compared_with=0, understood=True, by=cast.analyst,
                           now=NOW)  # fmt: skip
    Job.objects.filter(pk=waiting.pk).update(subject="set aside for a moment")
    confirmed(csv_bytes("2,CIN,Riverside,P,2026-09-01"), cast.analyst)
    run_job(str(waiting.pk))
    waiting.refresh_from_db()
    assert waiting.status == "failed"
    assert "Another list was confirmed" in waiting.error
    assert set(open_now()) == {"2"}


def test_confirming_twice_is_one_job(cast: Cast) -> None:
    case_import = uploaded(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    asked: Any = {"compared_with": 0, "understood": False, "by": cast.analyst, "now": NOW}
    confirm_list(case_import=case_import, **asked)
    with pytest.raises(MovedOn, match="already started"):
        confirm_list(case_import=case_import, **asked)
    assert Job.objects.filter(kind="confirm_import").count() == 1


def test_closing_more_than_a_tenth_needs_to_be_understood(cast: Cast) -> None:
    for number in range(10):
        open_case(service="child_in_need", child_id=str(number))
    nine = csv_bytes(*[f"{n},CIN,Riverside,P,2026-01-12" for n in range(9)])
    exactly_a_tenth = uploaded(nine, cast.analyst)
    confirm_list(case_import=exactly_a_tenth, compared_with=0, understood=False, by=cast.analyst,
                 now=NOW)  # fmt: skip
    eight = csv_bytes(*[f"{n},CIN,Riverside,P,2026-01-12" for n in range(8)])
    more = uploaded(eight, cast.analyst)
    with pytest.raises(Refused, match="closing so many"):
        confirm_list(case_import=more, compared_with=0, understood=False, by=cast.analyst, now=NOW)


def test_discarding_deletes_everything_but_the_record(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    case_import = uploaded(csv_bytes("1,CIN,,,", ",CIN,,,", "2,Chess,,,"), cast.analyst)
    assert case_import.summary["unknown_services"]
    assert ImportProblem.objects.exists()
    storage, name = case_import.file.storage, str(case_import.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        discard_list(case_import=case_import, by=cast.analyst, now=NOW)
    case_import.refresh_from_db()
    assert case_import.status == "discarded"
    assert "unknown_services" not in case_import.summary
    assert not storage.exists(name)
    assert not StagedCase.objects.exists()
    assert not ImportProblem.objects.exists()
    with pytest.raises(MovedOn, match="discarded"):
        discard_list(case_import=case_import, by=cast.analyst, now=NOW)


def test_what_stood_in_the_cells_is_forgotten_after_a_time(cast: Cast, settings: Any) -> None:
    settings.CFA_IMPORT_VALUES_KEPT_DAYS = 30
    case_import = confirmed(csv_bytes("1,CIN,T,P,the other day"), cast.analyst)
    problem = ImportProblem.objects.get()
    assert (problem.value, problem.message) == ("the other day", "This date cannot be read.")
    at = case_import.confirmed_at
    assert at
    delete_old_uploads(by=cast.analyst, now=at + timedelta(days=30))
    assert ImportProblem.objects.get().value == "the other day"
    delete_old_uploads(by=cast.analyst, now=at + timedelta(days=30, minutes=1))
    problem.refresh_from_db()
    assert (problem.value, problem.message) == ("", "This date cannot be read.")


def test_a_list_under_way_cannot_be_discarded(cast: Cast) -> None:
    case_import = uploaded(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    confirm_list(case_import=case_import, compared_with=0, understood=False, by=cast.analyst,
                 now=NOW)  # fmt: skip
    with pytest.raises(MovedOn, match="being worked on"):
        discard_list(case_import=case_import, by=cast.analyst, now=NOW)


def test_uploads_older_than_a_day_are_discarded_and_strays_deleted(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    real_now = timezone.now()
    old = uploaded(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst,
                   now=real_now - timedelta(hours=25))  # fmt: skip
    young = uploaded(csv_bytes("2,CIN,Riverside,P,2026-09-01"), cast.analyst, now=real_now)
    stray = default_storage.save("imports/stray.upload", ContentFile(b"left behind"))
    name = str(old.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        delete_old_uploads(by=cast.analyst, now=real_now)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.status, young.status) == ("discarded", "checked")
    assert "not confirmed within a day" in old.refusal
    assert not default_storage.exists(name)
    assert default_storage.exists(str(young.file.name))
    assert default_storage.exists(stray)  # it may belong to an upload that is not committed yet
    delete_old_uploads(by=cast.analyst, now=real_now + timedelta(hours=25))
    assert not default_storage.exists(stray)


def test_only_those_who_import_may(cast: Cast) -> None:
    for user in cast.by_role().values():
        if may(user, Permission.IMPORT_CASES):
            continue
        with pytest.raises(PermissionDenied):
            upload_list(file=SimpleUploadedFile("a.csv", b"x"), as_of=AS_OF, by=user, now=NOW)


def test_values_too_long_or_strange_for_the_database_do_not_stop_a_list(cast: Cast) -> None:
    case_import = confirmed(
        csv_bytes(
            f"1,CIN,{'T' * 200},P\\tQ,2026-09-01,a\\nb",
            header=f"{REQUIRED},plan",
        ),
        cast.analyst,
    )
    case = Case.objects.get()
    assert case.team
    assert case.team.name == "T" * 120
    assert case.practitioner
    assert case.practitioner.name == "P\\tQ"
    assert case.plan == "a\\nb"
    assert (2, "This is longer than 120 characters.") in messages_of(case_import)


def test_the_rows_of_one_list_never_leak_into_the_next(cast: Cast) -> None:
    """The temporary tables live as long as the session's transaction."""
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-09-01"), cast.analyst)
    confirmed(csv_bytes("2,CIN,Riverside,P,2026-09-01"), cast.analyst, OCTOBER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT child_id FROM import_best")
        assert cursor.fetchall() == [("2",)]


def restricted_now() -> dict[str, bool]:
    found = Case.objects.filter(closed_on=None)
    return dict(found.values_list("child__local_id", "restricted"))


def test_a_row_that_opens_nothing_still_restricts(cast: Cast) -> None:
    head = f"{REQUIRED},restricted,closed_on"
    confirmed(csv_bytes(*[f"{n},CIN,Riverside,B,2026-01-02,No," for n in (1, 3)], header=head),
              cast.analyst)  # fmt: skip
    confirmed(
        csv_bytes(
            "1,,,,,Yes,",
            "3,CIN,Riverside,B,2026-01-02,No,",
            "8,Care leaver,Riverside,B,2026-01-02,No,",
            header=head,
        ),
        cast.analyst,
        OCTOBER,
    )
    assert restricted_now() == {"1": True, "3": False, "8": False}


def test_a_child_comes_back_restricted_as_they_left(cast: Cast) -> None:
    head = f"{REQUIRED},restricted"
    other = "2,CIN,Riverside,B,2026-01-02"
    confirmed(csv_bytes("1,CIN,Riverside,B,2026-01-02,Yes", f"{other},No", header=head),
              cast.analyst, date(2026, 7, 1))  # fmt: skip
    confirmed(csv_bytes(other), cast.analyst, date(2026, 8, 1))
    confirmed(csv_bytes("1,CIN,Riverside,B,2026-09-02", other), cast.analyst, date(2026, 9, 1))
    assert restricted_now() == {"1": True, "2": False}


def confirmed_covering_nothing(content: bytes, cast: Cast, as_of: date) -> CaseImport:
    listed = uploaded(content, cast.analyst, as_of)
    run_job(str(cover_services(case_import=listed, covers=[], by=cast.analyst, now=NOW).pk))
    listed.refresh_from_db()
    job = confirm_list(
        case_import=listed, compared_with=listed.summary["based_on"], understood=True,
        by=cast.analyst, now=NOW,
    )  # fmt: skip
    run_job(str(job.pk))
    return listed


def test_an_older_list_puts_no_team_and_no_practitioner_back(cast: Cast, as_user: AsUser) -> None:
    head = f"{REQUIRED},restricted,family_id"
    newer = confirmed_covering_nothing(
        csv_bytes("1,CIN,Riverside,New,2026-01-02,,", "2,CIN,Riverside,,2026-01-02,,", header=head),
        cast, OCTOBER,
    )  # fmt: skip
    rows = ["1,CIN,Hilltop,Old,2026-01-02,Yes,F1", "2,CIN,Hilltop,Old,2026-01-02,,"]
    older = uploaded(csv_bytes(*rows, header=head), cast.analyst, EARLIER)
    assert older.summary["newer"] == {"child_in_need": 2}
    assert older.summary["new_teams"]["number"] == older.summary["staff"]["new"] == 0
    page = as_user(cast.analyst).get(reverse("cases:import_detail", args=[older.pk]))
    text = " ".join(page.content.decode().split())
    assert "2 cases of this list stay as they are, because a newer list has said something" in text
    confirmed(csv_bytes(*rows, header=head), cast.analyst, EARLIER)
    assert open_now() == {
        "1": ("child_in_need", "Riverside", "New"),
        "2": ("child_in_need", "Riverside", ""),
    }
    # What keeps a child from being drawn counts from any list; the newer one stays the newest.
    case = Case.objects.get(child__local_id="1")
    assert (case.restricted, case.family_id, case.last_import) == (True, "F1", newer)


def test_what_a_newer_list_says_once_more_an_older_one_does_not_change(cast: Cast) -> None:
    head = f"{REQUIRED},restricted"
    rows = ["1,CP,Riverside,P,2026-01-02,Yes", "2,CP,Riverside,P,2026-01-02,"]
    confirmed(csv_bytes(*rows, header=head), cast.analyst, date(2026, 7, 1))
    confirmed_covering_nothing(csv_bytes(*rows, header=head), cast, OCTOBER)
    older = ["1,CP,Hilltop,O,2026-01-02,No"]
    assert confirmed(csv_bytes(*older, header=head), cast.analyst, EARLIER).summary["closes"] == {}
    assert open_now() == dict.fromkeys("12", ("child_protection", "Riverside", "P"))
    assert restricted_now() == {"1": True, "2": False}


def test_an_older_list_that_moves_a_child_does_not_forget_where_the_newer_has_it(
    cast: Cast,
) -> None:
    confirmed_covering_nothing(csv_bytes("1,Early help,Hilltop,O,2026-01-02"), cast, OCTOBER)
    both = csv_bytes("1,LAC,Riverside,P,2026-01-02", "2,Early help,Hilltop,O,2026-01-02")
    confirmed(both, cast.analyst, date(2026, 8, 1))
    assert open_now()["1"][0] == "looked_after"
    confirmed(csv_bytes("3,LAC,Riverside,P,2026-01-02"), cast.analyst, date(2026, 9, 1))
    assert open_now()["1"] == ("early_help", "Hilltop", "O")


def test_an_older_list_that_moves_a_child_lifts_no_restriction(cast: Cast) -> None:
    head = f"{REQUIRED},restricted"
    confirmed(csv_bytes("1,CIN,Riverside,P,2026-01-02,Yes", header=head), cast.analyst, OCTOBER)
    older = csv_bytes("1,CP,Riverside,P,2026-01-02,No", header=head)
    confirmed(older, cast.analyst, EARLIER)
    assert open_now()["1"][0] == "child_protection"
    assert restricted_now() == {"1": True}


@pytest.mark.parametrize(
    "said",
    [
        "1,CIN,Riverside,P,2026-01-02,2026-02-03,Yes",  # closed before anybody knew the child
        "1,Elsewhere,,,,,Yes",  # of a service that opens no case
    ],
)
def test_a_restriction_said_while_no_case_is_open_is_kept(cast: Cast, said: str) -> None:
    head = f"{REQUIRED},closed_on,restricted"
    other = "2,CIN,Riverside,P,2026-01-02,,"
    ImportMeaning.objects.create(
        kind="service", key="elsewhere", said="Elsewhere", meaning={"service": ""},
        decided_by=cast.analyst, decided_at=NOW,
    )  # fmt: skip
    confirmed(csv_bytes(said, other, header=head), cast.analyst, date(2026, 7, 1))
    assert restricted_now() == {"2": False}
    assert Child.objects.get(local_id="1").restricted
    rows = ["1,CIN,Riverside,P,2026-07-02,,", other]
    confirmed(csv_bytes(*rows, header=head), cast.analyst, date(2026, 8, 1))
    assert restricted_now() == {"1": True, "2": False}
    assert not Child.objects.filter(restricted=True).exists()  # the case says it now


def test_a_row_that_closes_a_case_says_that_the_record_is_restricted(cast: Cast) -> None:
    head = f"{REQUIRED},closed_on,restricted"
    other = "2,CIN,Riverside,P,2026-01-02,,"
    opened = "1,CIN,Riverside,P,2026-01-02,,"
    confirmed(csv_bytes(opened, other, header=head), cast.analyst, date(2026, 7, 1))
    closed = "1,CIN,Riverside,P,2026-01-02,2026-07-20,Yes"
    confirmed(csv_bytes(closed, other, header=head), cast.analyst, date(2026, 8, 1))
    again = csv_bytes("1,CIN,Riverside,P,2026-08-20,,", other, header=head)
    confirmed(again, cast.analyst, date(2026, 9, 1))
    assert restricted_now() == {"1": True, "2": False}


def test_no_row_of_an_ended_time_lifts_a_restriction(cast: Cast) -> None:
    head = f"{REQUIRED},closed_on,restricted"
    restricted = csv_bytes("1,LAC,Riverside,P,2026-01-02,,Yes", header=head)
    confirmed(restricted, cast.analyst, date(2026, 7, 1))
    rows = ["1,LAC,Riverside,P,2026-01-02,,", "1,Early help,Hilltop,O,2024-01-02,2025-06-01,No"]
    confirmed(csv_bytes(*rows, header=head), cast.analyst, OCTOBER)
    assert restricted_now() == {"1": True}


def test_an_older_list_moves_a_child_only_to_a_service_that_comes_first(cast: Cast) -> None:
    confirmed_covering_nothing(
        csv_bytes("1,CIN,Riverside,P,2026-01-02", "2,CIN,Riverside,P,2026-01-02"), cast, OCTOBER
    )
    older = csv_bytes(
        "1,Early help,Hilltop,O,2026-01-02", "2,CP,Hilltop,O,2026-01-02",
        "3,CIN,Hilltop,O,2026-01-02",
    )  # fmt: skip
    assert confirmed(older, cast.analyst, EARLIER).summary["kept"] == {"child_in_need": 1}
    # As it is where the older list is taken over first.
    services = {child: said[0] for child, said in open_now().items()}
    assert services == {"1": "child_in_need", "2": "child_protection", "3": "child_in_need"}


def test_what_a_newer_list_remembers_an_older_one_does_not_forget(cast: Cast) -> None:
    confirmed_covering_nothing(
        csv_bytes("1,CP,Riverside,P,2026-01-02", "1,CIN,Riverside,New,2026-01-02"), cast, OCTOBER
    )
    for rows in (["1,CIN,Riverside,Old,2026-01-02"], ["2,CIN,Riverside,Old,2026-01-02"]):
        confirmed(csv_bytes(*rows), cast.analyst, EARLIER)
        (known,) = OpenElsewhere.objects.all()
        assert (known.service.code, known.practitioner) == ("child_in_need", "New")


def test_an_older_list_closes_nothing_that_came_after_it_and_lifts_no_restriction(
    cast: Cast,
) -> None:
    head = f"{REQUIRED},restricted"
    newer = csv_bytes(
        "new,CP,Riverside,B,2026-09-25,", "known,CP,Riverside,B,2026-01-02,Yes", header=head
    )
    confirmed_covering_nothing(newer, cast, OCTOBER)
    older = csv_bytes(
        "known,CP,Riverside,B,2026-01-02,No", "9,CP,Riverside,B,2026-01-02,No", header=head
    )
    confirmed(older, cast.analyst, date(2026, 9, 20))
    assert restricted_now() == {"new": False, "known": True, "9": False}


def test_of_two_legal_statuses_short_breaks_count_only_alone(cast: Cast) -> None:
    confirmed(
        csv_bytes(
            "1,LAC,Riverside,B,2026-01-02,V4",
            "1,LAC,Riverside,B,2026-01-02,C2",
            header=f"{REQUIRED},legal status",
        ),
        cast.analyst,
    )
    assert Case.objects.get().legal_status == "C2"


def test_of_a_discarded_list_no_word_is_left(cast: Cast, as_user: AsUser) -> None:
    named = csv_bytes(
        "1,CIN,12 Hope Street,Childname Surname,2026-01-02,x", header=f"{REQUIRED},Hope Street"
    )
    listed = uploaded(named, cast.analyst)
    discard_list(case_import=listed, by=cast.analyst, now=NOW)
    listed.refresh_from_db()
    assert "Hope Street" not in str(listed.summary)
    client = as_user(cast.analyst)
    names = client.get(reverse("cases:import_new_names", args=[listed.pk])).content.decode()
    assert "Childname" not in names
    assert (
        "Hope Street"
        not in client.get(reverse("cases:import_detail", args=[listed.pk])).content.decode()
    )
