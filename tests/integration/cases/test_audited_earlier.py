"""Children audited before this product: registered by page and command, never drawn again."""

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

from accounts.models import User
from accounts.operations import Refused
from cases.models import Child, FrameEntry
from cases.operations.frame import freeze_frame
from cases.operations.import_audited import register_audited_earlier
from cases.queries.audited_earlier import already_audited, plan_for_audited_earlier
from cases.rules.quarters import Quarter
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.integration.cases.importing import confirmed, csv_bytes

AsUser = Callable[[User], Client]
LIST = "child_id,audited_on\n0042,01/05/2025\nNEW-1,2025-06-02\n"


def register(text: str, by: User) -> None:
    digest = plan_for_audited_earlier(text, TODAY).plan.digest
    register_audited_earlier(text=text, digest=digest, by=by, now=NOW)


def registered() -> dict[str, date | None]:
    return dict(Child.objects.values_list("local_id", "audited_before_on"))


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_frame_counts_them_as_already_audited(cast: Cast) -> None:
    open_case(cast.riverside, cast.practitioner, child_id="0042")
    open_case(cast.riverside, cast.practitioner, child_id="0043")
    register(LIST, cast.analyst)
    freeze_frame(quarter=Quarter.parse(QUARTER), by=cast.analyst, now=NOW)
    assert dict(FrameEntry.objects.values_list("child__local_id", "not_eligible")) == {
        "0042": "already_audited",
        "0043": "",
    }
    audited = Child.objects.filter(already_audited())
    assert {one.local_id for one in audited} == {"0042", "NEW-1"}
    assert all(one.already_audited for one in audited)


def test_a_child_registered_first_is_known_when_a_list_names_it(cast: Cast) -> None:
    register(LIST, cast.analyst)
    confirmed(csv_bytes("NEW-1,CIN,Riverside,P,2026-01-02"), cast.analyst)
    assert Child.objects.get(local_id="NEW-1").audited_before_on == date(2025, 6, 2)
    assert Child.objects.get(local_id="NEW-1").cases.count() == 1


def test_a_line_without_a_date_takes_a_registration_back(cast: Cast) -> None:
    register(LIST, cast.analyst)
    register("child_id,audited_on\n0042,\n", cast.analyst)
    assert registered() == {"0042": None, "NEW-1": date(2025, 6, 2)}


def test_what_changed_since_the_preview_is_refused(cast: Cast) -> None:
    digest = plan_for_audited_earlier(LIST, TODAY).plan.digest
    Child.objects.create(local_id="0042")
    with pytest.raises(Refused, match="changed since you looked"):
        register_audited_earlier(text=LIST, digest=digest, by=cast.analyst, now=NOW)
    with pytest.raises(Refused, match="has problems"):
        register("child_id,audited_on\n,\n", cast.analyst)
    with pytest.raises(PermissionDenied):
        register(LIST, cast.auditor)
    assert registered() == {"0042": None}


def test_from_upload_to_registered(cast: Cast, as_user: AsUser) -> None:
    analyst = as_user(cast.analyst)
    assert "no child is registered" in text_of(analyst.get(reverse("cases:import_list")))
    address = reverse("cases:audited_upload")
    assert "child_id" in text_of(analyst.get(address))
    wrong = SimpleUploadedFile("x.csv", b"child_id,audited_on\n1,yesterday\n")
    page = text_of(analyst.post(address, {"file": wrong}))
    assert "“yesterday” cannot be read as a date." in page

    page = text_of(analyst.post(address, {"file": SimpleUploadedFile("x.csv", LIST.encode())}))
    assert "No list of open cases has named this child yet." in page
    assert registered() == {}
    digest = plan_for_audited_earlier(LIST, TODAY).plan.digest
    assert digest in page
    response = analyst.post(
        reverse("cases:audited_upload_confirm"), {"text": LIST, "digest": digest}, follow=True
    )
    assert "Added 2 children." in text_of(response)
    assert "2 children are registered as audited" in text_of(response)
    template = analyst.get(reverse("cases:audited_template")).content.decode("utf-8-sig")
    assert template.strip() == "child_id,audited_on"


def test_the_command(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "audited.csv"
    path.write_text(LIST)

    def run(*options: str) -> str:
        out = StringIO()
        call_command("register_audited", str(path), *options, stdout=out)
        return out.getvalue()

    assert "nothing was changed" in run("--preview")
    assert registered() == {}
    assert "New             2" in run("--by", cast.analyst.email)
    assert registered() == {"0042": date(2025, 5, 1), "NEW-1": date(2025, 6, 2)}
    assert "No change       2" in run()
    path.write_text("child_id,audited_on\n1,soon\n")
    with pytest.raises(CommandError, match="Line 2, audited_on: “soon” cannot be read as a date"):
        run()
    path.unlink()
    with pytest.raises(CommandError, match="No such file"):
        run()
