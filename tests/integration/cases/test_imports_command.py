"""manage.py import_cases."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from accounts.models import User
from cases.models import Case, CaseImport, Child, ImportProblem, Practitioner, StagedCase, Team
from tests.cast import Cast, open_case
from tests.integration.cases.importing import csv_bytes
from tests.rules.importers.making import LIST_6, list_6_row, workbook

Sheets = dict[str, list[list[Any]]]
pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
COUNTED = (CaseImport, Case, Child, ImportProblem, StagedCase, Team, Practitioner, User)


def run(path: Path, *options: str) -> tuple[str, str]:
    """What is printed on standard output and standard error."""
    out, err = StringIO(), StringIO()
    call_command(
        "import_cases", str(path), "--as-of", "2026-09-30", *options, stdout=out, stderr=err
    )
    return out.getvalue(), err.getvalue()


def rows() -> dict[str, int]:
    counts = {model.__name__: model._default_manager.count() for model in COUNTED}
    return counts | {"events": apps.get_model("cases", "CaseEvent").objects.count()}


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_bytes(
        csv_bytes("0042,Child protection,Riverside,P,2026-01-02", "7,EH,,,31/02/2026", ",CIN,,,")
    )
    return path


def test_json_is_one_object_and_nothing_else(listed: Path) -> None:
    out, err = run(listed, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert list(answer) == [
        "file_sha256", "rows_read", "children", "open_cases", "by_service", "problems",
    ]  # fmt: skip
    assert (answer["rows_read"], answer["children"], answer["open_cases"]) == (3, 2, 2)
    assert answer["by_service"] == {
        "Looked After": 0, "Child Protection": 1, "Child in Need": 0, "Assessment": 0,
        "Care Leavers": 0, "Early Help": 1,
    }  # fmt: skip
    assert {tuple(problem) for problem in answer["problems"]} == {
        ("sheet", "row", "column", "message")
    }
    assert [p["row"] for p in answer["problems"] if p["message"] == "There is no child id."] == [4]
    assert err == ""


def test_it_takes_the_list_over_in_the_systems_name(listed: Path) -> None:
    run(listed)
    assert Case.objects.filter(closed_on=None).count() == 2
    case_import = CaseImport.objects.get()
    assert case_import.status == "confirmed"
    assert case_import.confirmed_by == User.objects.system()
    assert not StagedCase.objects.exists()


def test_a_person_may_be_named(listed: Path, cast: Cast) -> None:
    run(listed, "--by", "ANA.LYST@northmoor.test")
    assert CaseImport.objects.get().confirmed_by == cast.analyst
    with pytest.raises(CommandError, match=r"nobody@example\.org"):
        run(listed, "--by", "nobody@example.org")
    with pytest.raises(CommandError, match="role does not allow"):
        run(listed, "--by", cast.auditor.email)


def test_a_preview_prints_the_same_and_changes_nothing(listed: Path) -> None:
    before = rows()
    previewed, _ = run(listed, "--json", "--preview")
    assert rows() == before
    assert json.loads(previewed) == json.loads(run(listed, "--json")[0])
    assert rows() != before


def test_words_for_people(listed: Path) -> None:
    out, _ = run(listed, "--preview")
    assert "Rows read           3" in out
    assert "Child Protection          1" in out
    assert "CSV, row 4, child_id: There is no child id." in out
    assert out.rstrip().endswith("Preview: nothing was changed.")


def test_what_cannot_be_accepted_changes_nothing(tmp_path: Path, listed: Path) -> None:
    letter = tmp_path / "letter.csv"
    letter.write_text("Dear colleague")
    before = rows()
    for path, said in ((letter, "not a spreadsheet"), (tmp_path / "none.csv", "There is no file")):
        out = StringIO()
        with pytest.raises(CommandError, match=said):
            call_command("import_cases", str(path), "--as-of", "2026-09-30", "--json", stdout=out)
        assert out.getvalue() == ""
    assert rows() == before
    run(listed)
    with pytest.raises(CommandError, match="already imported"):
        run(listed)
    older = tmp_path / "older.csv"
    older.write_bytes(csv_bytes("1,EH,T,P,2026-01-02"))
    before = rows()
    with pytest.raises(CommandError, match="A newer one, of 30 September 2026"):
        call_command("import_cases", str(older), "--as-of", "2026-09-29")
    assert rows() == before


def test_a_date_that_is_none_is_said_before_anything_is_read(listed: Path) -> None:
    with pytest.raises(CommandError, match="write YYYY-MM-DD"):
        call_command("import_cases", str(listed), "--as-of", "30/09/2026")


def test_many_closures_are_asked_for_and_warned_of_on_standard_error(listed: Path) -> None:
    for number in range(5):
        open_case(service="child_protection", child_id=f"gone {number}")
    _, err = run(listed, "--preview")
    assert "5 of 5 open cases of Child Protection would close" in err
    with pytest.raises(CommandError, match=r"5 of 5 of Child Protection\. If that is right"):
        run(listed)
    assert Case.objects.filter(closed_on=None).count() == 5
    out, err = run(listed, "--json", "--close-many")
    assert "5 of 5 open cases of Child Protection were closed" in err
    assert json.loads(out)["open_cases"] == 2


def test_the_services_that_a_list_covers_can_be_said(listed: Path) -> None:
    open_case(service="child_protection", child_id="stays")
    open_case(service="assessment", child_id="goes")
    with pytest.raises(CommandError, match="no service with the code “chess”"):
        run(listed, "--covers", "chess")
    out, _ = run(listed, "--covers", "assessment, early_help", "--close-many")
    assert "Covers      Assessment, Early Help" in out
    still_open = Case.objects.filter(closed_on=None).values_list("child__local_id", flat=True)
    assert set(still_open) == {"stays", "0042", "7"}


def test_a_name_that_nobody_knows_is_not_confirmed_past(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(csv_bytes("1,CIN,T,P,2026-01-02", "2,Family Support,T,P,2026-01-02"))
    with pytest.raises(CommandError, match=r"“Family Support”\. Say it with --service"):
        run(path)
    assert not Case.objects.exists()
    run(path, "--service", "Family Support=early_help")
    assert Case.objects.count() == 2


def test_a_workbook_names_its_sheets(tmp_path: Path) -> None:
    twice: list[list[Any]] = [LIST_6, list_6_row("1", status="CIN"), list_6_row("1", status="CP")]
    sheets: Sheets = {"Front_Sheet": [["x"]], "List 6": twice}
    path = workbook(tmp_path / "a.xlsx", sheets)
    answer = json.loads(run(path, "--json")[0])
    used = [problem for problem in answer["problems"] if "Row 3 was used" in problem["message"]]
    assert [(problem["sheet"], problem["row"]) for problem in used] == [("List 6", 2)]
    assert answer["by_service"]["Child Protection"] == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    "name", ["liia_Annex_A", "cscdp_2015-01-sample", "cscdp_example-B-2004",
             "cscdp_journeys_annexa_example"],
)  # fmt: skip
def test_given_workbooks_give_the_counts_of_an_independent_count(name: str) -> None:
    expected = json.loads((DATA / "expected_counts.json").read_text())[f"data/annexa/{name}.xlsx"]
    path = DATA / "annexa" / f"{name}.xlsx"
    out = StringIO()
    call_command("import_cases", str(path), "--as-of", "2026-09-30", "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert answer["children"] == expected["_unique_children_lists_1_10"]
    # The independent count of lists 6 to 9; list 2 is counted beside it.
    statutory = answer["open_cases"] - answer["by_service"]["Early Help"]
    assert statutory == expected["_unique_open_lists_6_to_9"]
    assert Child.objects.count() == answer["children"]
    assert Case.objects.filter(closed_on=None).count() == answer["open_cases"]
    assert sum(answer["by_service"].values()) == answer["open_cases"]
    if name == "liia_Annex_A":
        assert (answer["children"], answer["open_cases"]) == (48, 17)
    assert CaseImport.objects.get().as_of == date(2026, 9, 30)
