"""Files to try the import with: the same council as of today, as councils really send it.

Both hold a few faults of the kind that real files have: a row twice, a row without an id, a date
that is none, a child born long after the list's date, other spellings, formatted rows left blank.
No file holds a name of a child.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter

from cases.importers.template import template_columns
from config.demo_council.caseload import PlannedCase

Row = list[Any]
SERVICES = {
    "looked_after": "Looked after",
    "child_protection": "Child protection",
    "child_in_need": "Child in need",
    "assessment": "Assessment",
    "care_leaver": "Care leaver",
    "early_help": "Early help",
}
STATUSES = {
    "looked_after": "Looked after child",
    "child_protection": "Child Protection plan",
    "child_in_need": "Child in need plan",
    "assessment": "Open Assessment",
    "care_leaver": "Care Leaver",
}
VARIANTS = {
    "female": ("Female", "F", "b) Female", "female "),
    "male": ("Male", "M", "a) Male", "MALE"),
}
BORN_TOO_LATE = timedelta(days=800)
FORMATTED_ROWS = 40
CHILD = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)")
HEADINGS: dict[int, tuple[str, ...]] = {
    1: (*CHILD, "Date of Contact", "Contact Source"),
    2: (*CHILD, "Assessment start date", "Assessment completion date",
        "Organisation completing assessment"),
    3: (*CHILD, "Date of referral", "Referral Source", "Referral NFA? (Y/N)",
        "Number of Referrals in last 12 months", "Allocated Team", "Allocated Worker"),
    4: (*CHILD, "Does the Child have a Disability", "Continuous Assessment Start Date",
        "Child Seen During Continuous Assessment", "Continuous Assessment Date of Authorisation",
        "Allocated Team", "Allocated Worker"),
    5: (*CHILD, "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?",
        "Date of Initial Child Protection Conference", "Allocated Team", "Allocated Worker"),
    6: (*CHILD, "Does the Child have a Disability", "CIN Start Date", "Primary Need Code",
        "Date Child Was Last Seen", "CIN Closure Date", "Reason for Closure", "Case Status",
        "Allocated Team", "Allocated Worker", "Family ID", "Restricted (Y/N)"),
    7: (*CHILD, "Does the Child have a Disability", "Child Protection Plan Start Date",
        "Initial Category of Abuse", "Latest Category of Abuse",
        "Date of the Last Statutory Visit", "Child Protection Plan End Date",
        "Number of Previous Child Protection Plans", "Allocated Team", "Allocated Worker"),
    8: (*CHILD, "Does the Child have a Disability", "Date Started to be Looked After",
        "Child's Category of Need", "Child's Legal Status", "Placement Type",
        "Date Ceased to be Looked After", "Allocated Team", "Allocated Worker"),
    9: (*CHILD, "Does the Child have a Disability", "Eligibility Category", "LA In Touch",
        "Type of Accommodation", "Suitability of Accommodation", "Activity Status",
        "Allocated Team", "Allocated Personal Advisor"),
    10: (*CHILD, "Date the Child Entered Care", "Date of Placement Order",
         "Date Placed for Adoption"),
    11: ("Individual Adopter Identifier", "Date enquiry received", "Date Stage 1 started",
         "Date Stage 1 ended"),
}  # fmt: skip


def write_samples(
    folder: Path, cases: Iterable[PlannedCase], as_of: date, rng: Random
) -> list[Path]:
    """Write both files into ``folder``; returns where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        case
        for case in cases
        if case.opened_on <= as_of and (case.closed_on is None or case.closed_on > as_of)
    ]
    template = folder / f"open-cases-{as_of:%Y-%m-%d}.csv"
    workbook = folder / f"annex-a-{as_of:%Y-%m-%d}.xlsx"
    _write_template(template, listed, as_of, rng)
    _write_workbook(workbook, listed, as_of, rng)
    return [template, workbook]


def _write_template(path: Path, cases: Sequence[PlannedCase], as_of: date, rng: Random) -> None:
    columns = [column.heading for column in template_columns()]
    rows = [_template_row(case, as_of) for case in cases]
    faulty = [dict(row) for row in rows[:4]]
    rows.append(faulty[0])  # the same row again
    faulty[1]["child_id"] = ""
    faulty[2] |= {"child_id": "0999901", "opened_on": "31/02/2026"}
    faulty[3] |= {"child_id": "0999902", "date_of_birth": _day(as_of + BORN_TOO_LATE)}
    for row in rng.sample(rows, min(60, len(rows))):
        row["gender"] = rng.choice(VARIANTS.get(row["gender"], (row["gender"],)))
        row["service"] = row["service"].upper() if rng.random() < 0.5 else row["service"]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, columns)
        out.writeheader()
        out.writerows(rows + faulty[1:])
        out.writerows({} for _ in range(3))


def _template_row(case: PlannedCase, as_of: date) -> dict[str, str]:
    worker = case.practitioner
    return {
        "child_id": case.local_id,
        "service": SERVICES[case.service],
        "team": case.team.name,
        "practitioner": worker.name if worker else "",
        "opened_on": _day(case.opened_on),
        "family_id": case.family_id,
        "agency": _yes(worker.agency) if worker else "",
        "restricted": _yes(case.restricted),
        "date_of_birth": _day(case.born_on) if case.born_on <= as_of else "",
        "gender": case.gender,
        "ethnicity": case.ethnicity,
        "disability": case.disability,
        "transferred_in_on": _day(case.transferred_in_on) if case.transferred_in_on else "",
        "transferred_in_from": case.transferred_in_from,
        "legal_status": case.legal_status,
        "plan": case.plan,
    }


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _yes(flag: bool) -> str:
    return "Yes" if flag else "No"


def _write_workbook(path: Path, cases: Sequence[PlannedCase], as_of: date, rng: Random) -> None:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as book:
        front = book.add_worksheet("Front_Sheet")
        front.write_row(0, 0, ["Annex A: child level data", "Northmoor County Council"])
        blank = book.add_format({"bg_color": "#f3f2f1", "border": 1})
        title = book.add_format({"bold": True})
        for number, headings in HEADINGS.items():
            sheet = book.add_worksheet(f"List_{number}")
            sheet.write(0, 0, f"List {number}", title)
            sheet.write_row(1, 0, headings)
            rows = [_as_row(headings, each) for each in _list(number, cases, as_of, rng)]
            for place, row in enumerate(_faulty(number, rows, headings, as_of), start=2):
                sheet.write_row(place, 0, row)
            last = 2 + len(rows) + 4
            for place in range(last, last + FORMATTED_ROWS):
                for column in range(len(headings)):
                    sheet.write_blank(place, column, None, blank)


def _as_row(headings: Sequence[str], values: dict[str, Any]) -> Row:
    return [values.get(heading) for heading in headings]


def _faulty(number: int, rows: list[Row], headings: Sequence[str], as_of: date) -> list[Row]:
    """The same rows, and in list 6 what real lists have."""
    if number != 6 or len(rows) < 4:
        return rows
    twice, nameless, dateless, unborn = (list(row) for row in rows[:4])
    nameless[0] = None
    dateless[0], dateless[headings.index("CIN Start Date")] = "0999903", "about Easter"
    unborn[0], unborn[headings.index("Date of Birth")] = "0999904", as_of + BORN_TOO_LATE
    return [*rows, twice, nameless, dateless, unborn]


def _list(
    number: int, cases: Sequence[PlannedCase], as_of: date, rng: Random
) -> list[dict[str, Any]]:
    recent = [case for case in cases if (as_of - case.opened_on).days < 180]
    if number == 11:
        started = as_of - timedelta(days=200)
        return [
            {HEADINGS[11][0]: f"A{place:03}", "Date enquiry received": started}
            for place in range(1, 9)
        ]
    chosen: dict[int, Callable[[PlannedCase], bool]] = {
        2: lambda case: case.service == "early_help",
        6: lambda case: case.service != "early_help",
        7: lambda case: case.service == "child_protection",
        8: lambda case: case.service == "looked_after",
        9: lambda case: case.service == "care_leaver",
        5: lambda case: case.service == "child_protection",
    }
    if number == 10:
        looked_after = [case for case in cases if case.service == "looked_after"]
        return [_cells(case, as_of, rng) for case in looked_after[:20]]
    source = recent if number in (1, 3, 4, 5) else cases
    keep = chosen.get(number, chosen[6])
    return [_cells(case, as_of, rng) for case in source if keep(case)]


def _cells(case: PlannedCase, as_of: date, rng: Random) -> dict[str, Any]:
    """Every cell that any list could want of a case; a list takes those it has headings for."""
    worker = case.practitioner.name if case.practitioner else None
    opened, unborn = case.opened_on, case.born_on > as_of
    seen = max(opened, as_of - timedelta(days=rng.randint(1, 40)))
    return {
        "Child Unique ID": case.local_id,
        "Gender": rng.choice(VARIANTS.get(case.gender, (case.gender,))),
        "Ethnicity": case.ethnicity if rng.random() < 0.9 else f"a) {case.ethnicity}",
        "Date of Birth": None if unborn else case.born_on,
        "Age of Child (Years)": -1 if unborn else case.age_on(as_of),
        "Does the Child have a Disability": "a) Yes" if case.disability == "yes" else "b) No",
        "Allocated Team": case.team.name,
        "Allocated Worker": worker,
        "Allocated Personal Advisor": worker,
        "Family ID": case.family_id,
        "Restricted (Y/N)": "Y" if case.restricted else "N",
        "Case Status": STATUSES.get(case.service),
        "Date of Contact": opened,
        "Contact Source": "School",
        "Assessment start date": opened,
        "Organisation completing assessment": "Northmoor County Council",
        "Date of referral": opened,
        "Referral Source": "Health services",
        "Referral NFA? (Y/N)": "N",
        "Number of Referrals in last 12 months": rng.choice((0, 0, 1, 2)),
        "Continuous Assessment Start Date": opened,
        "Child Seen During Continuous Assessment": "Yes",
        "Strategy discussion initiating Section 47 Enquiry Start Date": opened,
        "CIN Start Date": opened,
        "Primary Need Code": rng.choice(("N1", "N1", "N2", "N3", "N4", "N5")),
        "Date Child Was Last Seen": seen,
        "Child Protection Plan Start Date": opened,
        "Initial Category of Abuse": "Neglect",
        "Latest Category of Abuse": "Neglect",
        "Date of the Last Statutory Visit": seen,
        "Number of Previous Child Protection Plans": 0,
        "Date Started to be Looked After": opened,
        "Child's Category of Need": "N1",
        "Child's Legal Status": case.legal_status,
        "Placement Type": "U4",
        "Eligibility Category": "Former relevant child",
        "LA In Touch": "Yes",
        "Type of Accommodation": "Independent living",
        "Suitability of Accommodation": "Suitable",
        "Activity Status": "Full time education",
        "Date the Child Entered Care": opened,
    }
