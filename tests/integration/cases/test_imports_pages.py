"""The import pages through the browser's door: upload, progress, preview, confirm, discard."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AccessRecord, User
from accounts.policy import Permission, may
from cases.models import Case, CaseImport, ImportProblem, Job
from tests.cast import NOW, Cast, open_case
from tests.integration.cases.importing import (
    AS_OF,
    csv_bytes,
    open_now,
    post_list,
    run_waiting,
    uploaded,
)

AsUser = Callable[[User], Client]
GOOD = csv_bytes("0042,Child protection,Riverside,Pat Titioner,2026-01-02", ",CIN,Riverside,P,")


@pytest.fixture
def analyst(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.analyst)


def detail(pk: int) -> str:
    return reverse("cases:import_detail", args=[pk])


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_from_upload_to_confirmed(analyst: Client) -> None:
    response: Any = post_list(analyst, GOOD)
    job = Job.objects.get()
    assert response.url == reverse("cases:job_detail", args=[job.pk])
    page = text_of(analyst.get(response.url))
    assert "Waiting for a worker" in page
    assert f'hx-get="{reverse("cases:job_progress", args=[job.pk])}"' in page

    run_waiting()
    case_import = CaseImport.objects.get()
    assert analyst.get(response.url)["Location"] == detail(case_import.pk)
    page = text_of(analyst.get(detail(case_import.pk)))
    assert "Open cases as of 30 September 2026" in page
    assert "There is no child id." in page
    assert "Download 1 problem as CSV" in page
    assert re.findall(r"cfa-figure__label\">([^<]+)<", page) == [
        "rows read", "row kept", "rows merged into another", "child", "open case",
    ]  # fmt: skip
    assert '<a class="govuk-link" href="#problems">row left out</a>' in page
    assert "Child Protection" in page
    assert "What confirming would change" in page
    assert Case.objects.count() == 0

    response = analyst.post(
        reverse("cases:import_confirm", args=[case_import.pk]), {"compared_with": 0}
    )
    job = Job.objects.latest("requested_at")
    assert response["Location"] == reverse("cases:job_detail", args=[job.pk])
    page = text_of(analyst.get(detail(case_import.pk)))
    assert "This list is being worked on" in page
    assert "Confirm this list" not in page
    run_waiting()
    assert set(open_now()) == {"0042"}
    page = text_of(analyst.get(detail(case_import.pk)))
    assert "What this list changed" in page
    assert "by Ana Lyst" in page


def test_progress_sends_the_browser_on_when_the_job_has_ended(analyst: Client) -> None:
    post_list(analyst, GOOD)
    job = Job.objects.get()
    address = reverse("cases:job_progress", args=[job.pk])
    Job.objects.update(status="running", progress=40, progress_text="2,000 rows read")
    answer = analyst.get(address, headers={"hx-request": "true"})
    assert 'value="40"' in answer.content.decode()
    assert "2,000 rows read" in answer.content.decode()
    Job.objects.update(status="queued")
    run_waiting()
    answer = analyst.get(address, headers={"hx-request": "true"})
    assert answer["HX-Redirect"] == reverse("cases:job_detail", args=[job.pk])


def test_a_form_without_file_or_date_says_so_on_the_field(analyst: Client) -> None:
    page = text_of(analyst.post(reverse("cases:import_upload"), {}))
    assert "Choose a file" in page
    assert "Enter the date that the list is true for" in page
    assert 'href="#id_file"' in page
    assert "<title>Error: Upload a list" in page
    assert not CaseImport.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cases.pdf", b"%PDF-1.7", "must be an .xlsx, .xls, .ods, .csv, .tsv or .txt file"),
        ("cases.csv", b"", "The file you chose is empty"),
    ],
)
def test_what_is_certainly_no_list_is_refused_on_the_field(
    analyst: Client, name: str, content: bytes, said: str
) -> None:
    assert said in text_of(post_list(analyst, content, name=name))
    assert not CaseImport.objects.exists()


def test_a_file_over_the_size_limit(analyst: Client, settings: Settings) -> None:
    settings.CFA_UPLOAD_MAX_BYTES = 1024 * 1024
    assert "must be smaller than 1 MB" in text_of(post_list(analyst, b"x" * (1024 * 1024 + 1)))
    assert not CaseImport.objects.exists()


def test_a_date_in_the_future(analyst: Client) -> None:
    page = text_of(post_list(analyst, GOOD, AS_OF.replace(year=2100)))
    assert "The date must be today or in the past" in page


def test_the_same_file_twice_is_refused_on_the_field(analyst: Client) -> None:
    post_list(analyst, GOOD)
    run_waiting()
    analyst.post(
        reverse("cases:import_confirm", args=[CaseImport.objects.get().pk]), {"compared_with": 0}
    )
    run_waiting()
    page = text_of(post_list(analyst, GOOD))
    assert "already imported as of 30 September 2026" in page
    assert CaseImport.objects.count() == 1


def test_closing_many_asks_for_a_tick(analyst: Client, cast: Cast) -> None:
    for number in range(3):
        open_case(service="child_protection", child_id=str(number))
    case_import = uploaded(GOOD, cast.analyst)
    page = text_of(analyst.get(detail(case_import.pk)))
    assert "3 of 3 open cases of Child Protection would close" in page
    assert "Closing these 3 cases is right" in page
    address = reverse("cases:import_confirm", args=[case_import.pk])
    page = text_of(analyst.post(address, {"compared_with": 0}))
    assert "Tick the box to say" in page
    assert 'href="#id_understood"' in page
    assert not Job.objects.filter(kind="confirm_import").exists()
    assert analyst.post(address, {"compared_with": 0, "understood": "on"}).status_code == 302


def test_practitioners_who_left_are_shown_before_confirming(analyst: Client, cast: Cast) -> None:
    cast.practitioner.left_on = date(2026, 9, 1)
    cast.practitioner.save()
    post_list(
        analyst,
        csv_bytes("1,CP,Riverside,Pat Titioner,2026-01-02", "2,CP,Riverside,New Face,2026-01-02"),
    )
    run_waiting()
    page = text_of(analyst.get(detail(CaseImport.objects.get().pk)))
    assert "1 practitioner of this list is not known in that team yet." in page
    assert "recorded as having left" in page
    assert "1 practitioner who left" in page


def test_confirming_twice_is_told(analyst: Client, cast: Cast) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    address = reverse("cases:import_confirm", args=[case_import.pk])
    assert analyst.post(address, {"compared_with": 0}).status_code == 302
    second = analyst.post(address, {"compared_with": 0})
    assert second.status_code == 409
    assert "already started this" in text_of(second)
    run_waiting()
    assert analyst.post(address, {"compared_with": 0}).status_code == 409


def test_a_list_compared_too_early_is_compared_again(analyst: Client, cast: Cast) -> None:
    first = uploaded(csv_bytes("1,CIN,Riverside,P,2026-01-02"), cast.analyst)
    second = uploaded(csv_bytes("2,CIN,Riverside,P,2026-01-02"), cast.analyst)
    analyst.post(reverse("cases:import_confirm", args=[second.pk]), {"compared_with": 0})
    run_waiting()
    page = text_of(analyst.get(detail(first.pk)))
    assert "Compare again" in page
    assert "Confirm this list" not in page
    address = reverse("cases:import_confirm", args=[first.pk])
    assert analyst.post(address, {"compared_with": 0}).status_code == 409
    analyst.post(reverse("cases:import_check_again", args=[first.pk]))
    run_waiting()
    page = text_of(analyst.get(detail(first.pk)))
    assert "Confirm this list" in page
    assert f'name="compared_with" value="{second.pk}"' in page


def test_no_history_of_a_list_holds_words_of_its_file() -> None:
    """Names of a column that was taken for the services stood there for good."""
    event = apps.get_model("cases", "CaseImportEvent")
    assert "status" in (names := {field.name for field in event._meta.get_fields()})
    assert "summary" not in names


def test_discarding(analyst: Client, cast: Cast) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    response = analyst.post(reverse("cases:import_discard", args=[case_import.pk]), follow=True)
    assert "The list was discarded" in text_of(response)
    assert "Discarded" in text_of(analyst.get(detail(case_import.pk)))


def test_problems_are_paged_filtered_and_downloaded(analyst: Client, cast: Cast) -> None:
    lines = [f"{n},CIN,Riverside,P,31/02/2026" for n in range(30)]
    case_import = uploaded(csv_bytes(*lines, ",CIN,,,", "9,=SUM(A1),T,P,2026-01-02"), cast.analyst)
    page = text_of(analyst.get(detail(case_import.pk)))
    assert "Problems 1 to 25 of 32, in the order of the file" in page
    assert "31/02/2026" in page
    page = text_of(analyst.get(detail(case_import.pk), {"page": 2}))
    assert "Problems 26 to 32 of 32" in page
    page = text_of(analyst.get(detail(case_import.pk), {"severity": "row_left_out"}))
    assert "Problems 1 to 1 of 1, row left out" in page
    assert "cannot be read" not in page
    response = analyst.get(reverse("cases:import_problems", args=[case_import.pk]))
    content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["sheet", "row", "column", "value", "what is wrong", "what was done"]
    assert len(rows) == 33
    assert rows[1] == [
        "CSV", "2", "opened_on", "31/02/2026", "This date cannot be read.",
        "The value was left out and the row was kept.",
    ]  # fmt: skip
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.what, record.reference) == (
        cast.analyst, "downloaded", "import problems", f"import {case_import.pk}",
    )  # fmt: skip


def test_a_downloaded_problem_is_never_a_formula(analyst: Client, cast: Cast) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    ImportProblem.objects.update(message="=cmd|' /C calc'!A0", sheet="@x", column="+1", value="=1")
    response = analyst.get(reverse("cases:import_problems", args=[case_import.pk]))
    content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert list(csv.reader(io.StringIO(content)))[1][:5] == [
        "'@x", "3", "'+1", "'=1", "'=cmd|' /C calc'!A0",
    ]  # fmt: skip


def test_what_a_file_says_is_escaped(analyst: Client, cast: Cast) -> None:
    evil = "<script>alert(1)</script>"
    case_import = uploaded(
        csv_bytes(f"1,{evil},T,P,2026-01-02", f"2,CIN,T,P,{evil}"), cast.analyst, name=f"{evil}.csv"
    )
    page = analyst.get(detail(case_import.pk)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_template_and_its_explanation(analyst: Client) -> None:
    response = analyst.get(reverse("cases:import_template"))
    assert response["Content-Type"].startswith("text/csv")
    text = response.content.decode("utf-8-sig")
    assert text.startswith("child_id,service,team,practitioner,opened_on,family_id")
    page = text_of(analyst.get(reverse("cases:import_template_help")))
    for column in text.strip().split(","):
        assert column in page


def test_a_filled_template_is_accepted(analyst: Client) -> None:
    head = analyst.get(reverse("cases:import_template")).content.decode("utf-8-sig").strip()
    values = {"child_id": "007", "service": "Care Leavers", "team": "T", "practitioner": "P"}
    row = ",".join(values.get(name, "") for name in head.split(","))
    post_list(analyst, f"{head}\r\n{row}\r\n".encode())
    run_waiting()
    assert CaseImport.objects.get().summary["by_service"] == {"care_leaver": 1}


def test_the_list_and_the_preview_take_a_fixed_number_of_queries(
    analyst: Client, cast: Cast
) -> None:
    one = uploaded(csv_bytes("1,CIN,,,x"), cast.analyst)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            analyst.get(address)
        return len(captured)

    few_in_list, few_on_page = queries(reverse("cases:import_list")), queries(detail(one.pk))
    many = uploaded(csv_bytes(*[f"{n},CIN,,,x" for n in range(30)]), cast.analyst)
    CaseImport.objects.bulk_create(
        CaseImport(as_of=AS_OF, file_name="x", uploaded_by=cast.auditor) for _ in range(30)
    )
    assert queries(reverse("cases:import_list")) == few_in_list
    assert queries(detail(many.pk)) == few_on_page


def test_what_a_list_covers_is_said_also_where_no_comparison_is_kept(
    analyst: Client, cast: Cast
) -> None:
    def page_of(**summary: Any) -> str:
        kept = CaseImport.objects.create(
            status="confirmed", as_of=AS_OF, file_name="x", summary=summary,
            uploaded_by=cast.analyst, confirmed_by=cast.analyst, confirmed_at=NOW,
        )  # fmt: skip
        return text_of(analyst.get(detail(kept.pk)))

    said = 'Services that it covers</dt> <dd class="govuk-summary-list__value cfa-break">'
    page = page_of(covers=["early_help", "looked_after"])
    assert f"{said}Looked After, Early Help" in page
    assert f"{said}None" in page_of(covers=[])
    assert "Services that it covers" not in page_of()


def test_pages_are_for_those_who_import(cast: Cast, as_user: AsUser) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    of_one = ["import_detail", "import_problems"]
    posts = ["import_confirm", "import_check_again", "import_discard"]
    for user in [*cast.by_role().values(), cast.nobody]:
        client = as_user(user)
        allowed = may(user, Permission.IMPORT_CASES)
        for name in ("import_list", "import_upload", "import_template", "import_template_help"):
            expected = 200 if allowed else 403
            assert client.get(reverse(f"cases:{name}")).status_code == expected, (user, name)
        for name in of_one:
            address = reverse(f"cases:{name}", args=[case_import.pk])
            assert client.get(address).status_code == (200 if allowed else 403), (user, name)
        if not allowed:
            for name in posts:
                address = reverse(f"cases:{name}", args=[case_import.pk])
                assert client.post(address, {"compared_with": 0}).status_code == 403
    assert Client().get(reverse("cases:import_list")).status_code == 302
    assert CaseImport.objects.get().status == "checked"


def test_get_never_changes_anything(analyst: Client, cast: Cast) -> None:
    case_import = uploaded(GOOD, cast.analyst)
    for name in ("import_confirm", "import_check_again", "import_discard"):
        assert analyst.get(reverse(f"cases:{name}", args=[case_import.pk])).status_code == 405


def test_no_page_names_a_child(analyst: Client, cast: Cast) -> None:
    """The preview speaks of rows; who stands in them, the file says."""
    case_import = uploaded(
        csv_bytes("CHILD-77,CIN,,,31/02/2026", "CHILD-77,CIN,,,2026-01-01"), cast.analyst
    )
    assert "CHILD-77" not in text_of(analyst.get(detail(case_import.pk)))


def test_other_roles_of_a_person_do_not_matter(cast: Cast, as_user: AsUser) -> None:
    cast.auditor.groups.add(Group.objects.get(name="performance_analyst"))
    assert as_user(cast.auditor).get(reverse("cases:import_list")).status_code == 200
