"""A list with columns that were not read: said first, named in the browser; seen by axe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from cases.models import StagedCase
from tests.cast import Cast
from tests.integration.cases.importing import REQUIRED, csv_bytes, run_waiting, uploaded
from tests.journeys.visitor import PHONE, Visitor


def test_columns_that_were_not_read_are_named(
    visit: Callable[[User], Visitor], tmp_path: Path
) -> None:
    cast = Cast()
    row = "1,CIN,Riverside,P. One,2026-01-05,Yes,F1"
    content = csv_bytes(row, header=f"{REQUIRED},Record Restricted Y/N,Family")
    case_import = uploaded(content, cast.analyst)
    analyst = visit(cast.analyst)
    analyst.open(f"/imports/{case_import.pk}/")
    analyst.sees("Columns that were not read: Record Restricted Y/N, Family.")
    analyst.picture(tmp_path / "not-read.png")
    analyst.follow("Name the columns")
    analyst.picture(tmp_path / "name.png")
    label = analyst.page.get_by_label
    label("Restricted record").select_option("Record Restricted Y/N")
    label("Family’s id").select_option("Record Restricted Y/N")
    analyst.press("Read the list again")
    analyst.sees("is chosen for")
    analyst.picture(tmp_path / "name-errors.png")
    analyst.page.set_viewport_size(PHONE)
    analyst.picture(tmp_path / "name-errors-phone.png")
    label("Family’s id").select_option("Family")
    analyst.press("Read the list again")
    analyst.page.wait_for_url("**/jobs/**")
    run_waiting()
    assert StagedCase.objects.values_list("restricted", "family_id").get() == (True, "F1")
    analyst.page.wait_for_url(f"**/imports/{case_import.pk}/")  # the job's page leads there
    analyst.sees("Restricted record: Record Restricted Y/N")
