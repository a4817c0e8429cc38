"""Names of services that nobody knows: asked in the preview, remembered, forgotten again."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.operations import MovedOn, Refused
from cases.models import Case, CaseImport, ImportMeaning, Job, Service, ServiceLine
from cases.operations.import_meanings import name_services, remember_services
from cases.operations.imports import confirm_list
from tests.cast import NOW, Cast
from tests.integration.cases.importing import (
    confirmed,
    csv_bytes,
    open_now,
    post_list,
    run_waiting,
    uploaded,
)
from tests.rules.importers.making import LIST_6, list_6_row, workbook

AsUser = Callable[[User], Client]
GOOD = csv_bytes(
    "1,Child in need,Riverside,P,2026-01-02",
    "2,Family Support,Riverside,P,2026-01-02",
    "3,family  support,Riverside,P,2026-01-02",
    "4,Archive,Riverside,P,2026-01-02",
)


@pytest.fixture
def analyst(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.analyst)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_list_is_confirmed_once_every_name_has_a_meaning(analyst: Client, cast: Cast) -> None:
    post_list(analyst, GOOD)
    run_waiting()
    case_import = CaseImport.objects.get()
    assert case_import.summary["unknown_services"] == [
        {"said": "Family Support", "rows": 2}, {"said": "Archive", "rows": 1},
    ]  # fmt: skip
    detail = reverse("cases:import_detail", args=[case_import.pk])
    page = text_of(analyst.get(detail))
    assert "“Family Support”" in page
    assert "In 2 rows" in page
    assert "Confirm this list" not in page
    for address in (detail, reverse("cases:import_list")):
        page = text_of(analyst.get(address))
        assert "Waiting for its services" in page
        assert "Ready to confirm" not in page
    with pytest.raises(Refused, match="Say first which services"):
        confirm_list(
            case_import=case_import, compared_with=0, understood=True, by=cast.analyst, now=NOW
        )

    address = reverse("cases:import_services", args=[case_import.pk])
    page = text_of(analyst.post(address, {"service_0": "early_help"}))
    assert "Say what “Archive” means" in page
    assert '<option value="early_help" selected>' in page
    assert not ImportMeaning.objects.exists()

    analyst.post(address, {"service_0": "early_help", "service_1": "-"})
    run_waiting()
    page = text_of(analyst.get(detail))
    assert "Confirm this list" in page
    assert "Ready to confirm" in page
    assert "As you have said, rows of this service open no case." in page
    assert "Archive" in page
    analyst.post(reverse("cases:import_confirm", args=[case_import.pk]), {"compared_with": 0})
    run_waiting()
    assert {child: case[0] for child, case in open_now().items()} == {
        "1": "child_in_need", "2": "early_help", "3": "early_help",
    }  # fmt: skip
    assert analyst.post(address, {"service_0": "early_help"}).status_code == 409


def test_an_answer_that_came_too_late_is_told_and_the_first_one_holds(
    analyst: Client, cast: Cast
) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    address = reverse("cases:import_services", args=[case_import.pk])
    detail = reverse("cases:import_detail", args=[case_import.pk])
    asked = {"said": ["Family Support", "Archive"]}
    for said in asked["said"]:
        assert f'name="said" value="{said}"' in text_of(analyst.get(detail))
    analyst.post(address, asked | {"service_0": "early_help", "service_1": "-"})
    late = asked | {"service_0": "child_in_need", "service_1": "-"}

    def told(page: str) -> None:
        assert "“Family Support” was answered meanwhile by Ana Lyst: Early Help." in page
        assert "“Archive” was answered meanwhile by Ana Lyst: opens no case." in page

    told(text_of(analyst.post(address, late, follow=True)))  # while it is being read
    run_waiting()
    jobs = Job.objects.count()
    response = analyst.post(address, late, follow=True)
    told(text_of(response))
    assert response.redirect_chain == [(detail, 302)]
    assert Job.objects.count() == jobs
    assert ImportMeaning.objects.get(key="family support").meaning == {"service": "early_help"}


def test_an_answer_given_for_another_list_holds_and_the_others_are_taken(
    analyst: Client, cast: Cast
) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    remember_services(meanings={"family support": "early_help"}, by=cast.analyst, now=NOW)
    address = reverse("cases:import_services", args=[case_import.pk])
    answers = {
        "said": ["Family Support", "Archive"], "service_0": "child_in_need", "service_1": "-",
    }  # fmt: skip
    page = text_of(analyst.post(address, answers, follow=True))
    assert "“Family Support” was answered meanwhile by Ana Lyst: Early Help." in page
    assert "Archive" not in page
    run_waiting()
    case_import.refresh_from_db()
    assert case_import.summary["unknown_services"] == []
    assert case_import.summary["by_service"] == {"child_in_need": 1, "early_help": 2}


def test_a_name_that_the_list_does_not_ask_about_is_not_given_a_meaning(cast: Cast) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    with pytest.raises(MovedOn, match="does not ask about “Chess”"):
        name_services(
            case_import=case_import, meanings={"Chess": "early_help"}, by=cast.analyst, now=NOW
        )
    assert not ImportMeaning.objects.exists()


def test_what_was_said_is_remembered_and_can_be_forgotten(analyst: Client, cast: Cast) -> None:
    remember_services(
        meanings={"Family Support": "early_help", "Archive": ""}, by=cast.analyst, now=NOW
    )
    case_import = confirmed(GOOD, cast.analyst)
    assert case_import.summary["by_service"] == {"child_in_need": 1, "early_help": 2}
    page = text_of(analyst.get(reverse("cases:meaning_list")))
    assert "Opens no case" in page
    assert "Early Help" in page
    meaning = ImportMeaning.objects.get(key="family support")
    response = analyst.post(reverse("cases:meaning_forget", args=[meaning.pk]), follow=True)
    assert "The next list that says “Family Support” asks again." in text_of(response)
    again = uploaded(GOOD + b"\r\n", cast.analyst)
    assert [one["said"] for one in again.summary["unknown_services"]] == ["Family Support"]


@pytest.mark.parametrize("said", ["Family hub " * 40, "a) " + "x" * 198, "a)"])
def test_every_name_that_is_asked_about_can_be_given_a_meaning(cast: Cast, said: str) -> None:
    content = csv_bytes(f"1,{said},Riverside,P,2026-01-02", "2,CIN,Riverside,P,2026-01-02")
    asked = uploaded(content, cast.analyst)
    (unknown,) = asked.summary["unknown_services"]
    assert len(unknown["said"]) <= 200
    name_services(
        case_import=asked, meanings={unknown["said"]: "early_help"}, by=cast.analyst, now=NOW
    )
    run_waiting()
    asked.refresh_from_db()
    assert asked.summary["unknown_services"] == []
    assert asked.summary["by_service"] == {"early_help": 1, "child_in_need": 1}


def test_a_later_decision_takes_the_place_of_the_earlier(cast: Cast) -> None:
    remember_services(meanings={"Family Support": "early_help"}, by=cast.analyst, now=NOW)
    remember_services(meanings={"FAMILY support": "child_in_need"}, by=cast.analyst, now=NOW)
    assert ImportMeaning.objects.get().meaning == {"service": "child_in_need"}
    with pytest.raises(Refused, match="no service with the code"):
        remember_services(meanings={"X": "chess"}, by=cast.analyst, now=NOW)
    with pytest.raises(Refused, match="cannot be the name"):
        remember_services(meanings={"": "early_help"}, by=cast.analyst, now=NOW)
    with pytest.raises(PermissionDenied):
        remember_services(meanings={"X": "early_help"}, by=cast.lead, now=NOW)


def test_a_service_of_the_councils_own_is_known_by_its_name(cast: Cast) -> None:
    line = ServiceLine.objects.get(code="early_help")
    Service.objects.create(code="family_help", name="Family Help", line=line, precedence=99)
    confirmed(csv_bytes("1,family help,Riverside,P,2026-01-02"), cast.analyst)
    assert open_now()["1"][0] == "family_help"


def test_an_unknown_case_status_of_list_6_is_asked_too(cast: Cast, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"List 6": [LIST_6, list_6_row("1", status="Parked")]})
    case_import = uploaded(path.read_bytes(), cast.analyst, name="a.xlsx")
    assert case_import.summary["unknown_services"] == [{"said": "Parked", "rows": 1}]
    remember_services(meanings={"Parked": ""}, by=cast.analyst, now=NOW)
    path = workbook(
        tmp_path / "b.xlsx",
        {
            "List 6": [
                LIST_6,
                list_6_row("1", status="Parked"),
                list_6_row("2", status="Child in need plan"),
            ]
        },
    )
    case_import = uploaded(path.read_bytes(), cast.analyst, name="b.xlsx")
    assert case_import.summary["by_service"] == {"child_in_need": 1}


def test_the_command_warns_and_takes_meanings(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(GOOD)

    def run(*options: str) -> str:
        err = StringIO()
        call_command(
            "import_cases", str(path), "--as-of", "2026-09-30", *options, stdout=StringIO(),
            stderr=err,
        )  # fmt: skip
        return err.getvalue()

    said = run("--preview")
    assert "which service “Family Support” means (2 rows)" in said
    said = run("--preview", "--service", "Family Support=early_help")
    assert "Family Support" not in said
    assert "Archive" in said
    assert not ImportMeaning.objects.exists()
    run("--service", "Family Support=early_help", "--service", "Archive=")
    assert Case.objects.count() == 3
    assert ImportMeaning.objects.count() == 2
    assert not Job.objects.exists()
