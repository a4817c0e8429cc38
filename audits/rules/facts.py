"""The imported facts of a case that stand beside the questions, by name, in words."""

from __future__ import annotations

FACTS = {
    "opened_on": "Open since",
    "plan": "Plan",
    "legal_status": "Legal status",
    "age_years": "Age",
    "gender": "Gender",
    "ethnicity": "Ethnicity",
    "disability": "Disability",
    "transferred_in_on": "Transferred in on",
    "transferred_in_from": "Transferred in from",
    "agency": "Agency worker",
    "practitioner_caseload": "Practitioner’s open cases",
}
