"""The performance team's part in the browser: from a list of open cases to every file's auditor."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

from django.utils import timezone

from audits.models import Audit
from cases.models import Case, SampledCase
from config.launch import ROOT
from tests.cast import Cast
from tests.journeys.visitor import Visitor


def _list_of_open_cases(folder: Path) -> Path:
    """140 children on protection plans, 30 in early help, and two rows that have faults."""
    path = folder / "open cases.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["child_id", "service", "team", "practitioner", "opened_on"])
        for number in range(140):
            worker = f"Worker {number % 9}"
            out.writerow([f"C{number:04}", "Child Protection", "Riverside", worker, "12/01/2026"])
        for number in range(30):
            out.writerow([f"E{number:04}", "Early Help", "Hilltop", "Orla Titioner", "2026-02-03"])
        out.writerow(["", "Early Help", "Hilltop", "Orla Titioner", "2026-02-03"])
        out.writerow(["E0099", "No such service", "Hilltop", "Orla Titioner", "2026-02-03"])
    return path


def import_open_cases(analyst: Visitor, folder: Path) -> None:
    """Upload a list, see what is wrong in it, confirm it."""
    analyst.follow("Imports")
    analyst.follow("Upload a list")
    analyst.page.locator("input[type=file]").set_input_files(_list_of_open_cases(folder))
    today = timezone.localdate()
    for part, value in (("Day", today.day), ("Month", today.month), ("Year", today.year)):
        analyst.write(part, str(value))
    analyst.press("Upload and check")
    analyst.sees("170", after=60_000)
    analyst.sees("No such service")
    assert not Case.objects.exists()
    analyst.page.get_by_label("“No such service”").select_option("None: open no case")
    analyst.press("Read the list again")
    analyst.sees("As you have said, rows of this service open no case.", after=60_000)
    analyst.press("Confirm this list")
    analyst.sees("Confirmed", after=60_000)
    assert Case.objects.count() == 170


def draw_the_sample(analyst: Visitor, label: str, folder: Path) -> None:
    """Freeze the frame, draw 5% of each service, and have the draw verified by a stranger."""
    analyst.open(f"/quarters/{label}/frame/")
    analyst.press(re.compile("Freeze the"))
    analyst.page.wait_for_url(re.compile(rf"/quarters/{label}/$"), timeout=60_000)
    analyst.open(f"/quarters/{label}/draw/")
    analyst.write("Seed", "three dice: 4 2 6")
    analyst.write("Who saw the seed made?", "A. Councillor")
    analyst.write("Sampling rate", "200%")
    analyst.press(re.compile("Draw the"))
    analyst.sees("cannot be more than 100%")
    analyst.write("Sampling rate", "5%")
    analyst.press(re.compile("Draw the"))
    analyst.page.wait_for_url(re.compile(rf"/quarters/{label}/$"), timeout=60_000)
    analyst.open(f"/quarters/{label}/draws/1/")
    analyst.sees("three dice: 4 2 6")
    drawn = SampledCase.objects.filter(role=SampledCase.Role.SELECTED)
    assert drawn.filter(stratum="Child Protection").count() == 7
    assert drawn.filter(stratum="Early Help").count() == 2

    with analyst.page.expect_download() as download:
        analyst.page.get_by_role("link", name="Download the certificate").click()
    _verify(Path(download.value.path()), folder)


def replace_one(analyst: Visitor, lead: Visitor) -> None:
    """From the page of the draw: the first case cannot be audited; the next reserve follows."""
    analyst.follow("Child Protection 1")
    analyst.follow(re.compile("replace", re.IGNORECASE))
    analyst.choose("The child is in crisis")
    analyst.press("Ask for a replacement")
    lead.open("/replacements/")
    lead.follow("Child Protection 1")
    lead.choose(re.compile("Approve"))
    lead.press("Save the decision")
    replaced = SampledCase.objects.get(stratum="Child Protection", rank=1)
    assert replaced.status == SampledCase.Status.REPLACED
    assert replaced.replaced_by is not None
    assert replaced.replaced_by.rank == 8


def allocate_all(analyst: Visitor, label: str, cast: Cast) -> None:
    """Every selected case has its auditor."""
    analyst.open(f"/quarters/{label}/allocation/")
    analyst.press("Allocate")
    assert Audit.objects.filter(status=Audit.Status.ALLOCATED).count() == 9
    assert set(Audit.objects.values_list("auditor", flat=True)) == {
        cast.auditor.pk,
        cast.other_auditor.pk,
    }


def _verify(certificate: Path, folder: Path) -> None:
    """The downloaded file is verified by the program that shares no code; a changed one is not."""
    program = [sys.executable, "-I", str(ROOT / "cases" / "verify_draw.py")]
    good = subprocess.run([*program, str(certificate)], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.strip()) == (0, "verified")
    data = json.loads(certificate.read_text())
    data["seed"] = "three dice: 6 6 6"
    changed = folder / "changed.json"
    changed.write_text(json.dumps(data))
    bad = subprocess.run([*program, str(changed)], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
