"""Pages of the council's staff list: who is in none, what a new one would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.forms import TableConfirmForm
from accounts.operations import Refused
from accounts.policy import Permission, may
from accounts.rules.table_file import Change, LineProblem
from accounts.views.paging import page_of
from accounts.views.uploads import EFFECTS, SHOWN_CHANGES
from cases.forms.staff_list import StaffUploadForm
from cases.importers.staff_list import StaffList
from cases.operations.staff_list import import_staff
from cases.queries.staff_list import in_no_staff_list, plan_for_staff, staff_numbers
from cases.rules.staff_file import OPTIONAL, StaffPlan
from cases.views.people import log_download

keep = allow(Permission.IMPORT_CASES, Permission.MANAGE_TEAMS)
TITLE = "Staff list"
LIST = "cases:staff_list"
HEADINGS = ("practitioner", "staff_number", "team", *OPTIONAL[1:])
_EFFECTS = EFFECTS | {"gone": ("Gone from the list", "orange")}
ORDER = ("gone", "add", "change", "same")
_TEAM_WORDS = {"add": "New team", "change": "Filled in"}
MANAGER_HELP = (
    "Email address, or name, of somebody with the role Team manager. Taken where a team here has "
    "none. May be left out."
)
NUMBER_HELP = (
    "By which somebody is known again; without it, by name and team. May be left out or empty."
)
COLUMNS = (
    ("Practitioner", "Full name. Two columns “First name” and “Surname” do as well."),
    ("Staff number", NUMBER_HELP),
    ("Team", "As lists of open cases spell it. A new name adds a team."),
    ("Service", "Taken where a team here has none. May be left out."),
    ("Manager", MANAGER_HELP),
    ("Agency", "Yes or No; “Agency”, “Locum”, “Permanent” are understood. May be left out."),
    ("Start date", "Any usual date, the day first. May be left out."),
    ("Disability team", "Yes where the team works with disabled children. May be left out."),
)  # fmt: skip


@keep
@require_GET
def staff_list(request: SignedInRequest) -> HttpResponse:
    """How many are in the staff list, and who holds open cases and is in none."""
    page = page_of(request, in_no_staff_list())
    numbers = staff_numbers()
    manages = may(request.user, Permission.MANAGE_TEAMS)
    context = {
        "page": page,
        "numbers": numbers,
        "figures": [
            {"value": numbers["listed"], "label": "In the staff list"},
            {"value": numbers["agency"], "label": "Agency workers of them"},
            {"value": page.paginator.count, "label": "Hold open cases, in no list"},
        ],
        "head": ["Name", "Staff number", "Team", {"text": "Open cases", "numeric": True}],
        "rows": [
            [
                {"text": one.name, "url": _page_of_person(one.pk) if manages else ""},
                one.staff_number or "None",
                one.team or "No team",
                one.open_cases,
            ]
            for one in page
        ],
        "breadcrumbs": [_beginning(request), {"label": TITLE}],
    }
    return render(request, "cases/people/staff_list.html", context)


@keep
@require_http_methods(["GET", "POST"])
def staff_upload(request: SignedInRequest) -> HttpResponse:
    """Ask for the list; show what it would change."""
    form = StaffUploadForm(request.POST or None, request.FILES or None, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        given: StaffList = form.cleaned_data["file"]
        return _preview(request, given.text, unread=given.unread)
    context = {
        "form": form,
        "column_head": ["Heading", "What to write there"],
        "columns": [list(column) for column in COLUMNS],
        "breadcrumbs": _crumbs(request, "Upload"),
    }
    return render(request, "cases/people/staff_upload.html", context)


@keep
@require_POST
def staff_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Do what was shown, or show it again with the reason why not."""
    form = TableConfirmForm(request.POST)
    if not form.is_valid():
        return redirect("cases:staff_upload")
    try:
        made = import_staff(**form.cleaned_data, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _preview(request, form.cleaned_data["text"], refusal)
    plan = made.plan
    messages.success(
        request,
        f"The staff list is taken over: {plan.number('add')} new, {plan.number('change')} "
        f"changed, {plan.number('gone')} gone from the list.",
    )
    return redirect(LIST)


@keep
@require_GET
def staff_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the staff list."""
    return csv_download("staff-list-template", HEADINGS, ())


@keep
@require_GET
def staff_unmatched_download(request: SignedInRequest) -> HttpResponse:
    """Who holds open cases and is in no staff list, as a file."""
    rows = (
        [one.name, one.staff_number, one.team.name if one.team else "", one.open_cases]  # type: ignore[attr-defined]
        for one in in_no_staff_list().iterator(chunk_size=1000)
    )
    headings = ["practitioner", "staff_number", "team", "open_cases"]
    return csv_download(log_download(request, "in-no-staff-list"), headings, rows)


def _preview(
    request: SignedInRequest,
    text: str,
    refusal: Refused | None = None,
    unread: Sequence[str] = (),
) -> HttpResponse:
    planned = plan_for_staff(text)
    context = {
        "planned": planned,
        "confirm_form": TableConfirmForm(initial={"text": text, "digest": planned.digest}),
        "refusal": [{"text": str(refusal)}] if refusal else [],
        "not_read": {"names": ", ".join(unread), "count": len(unread)} if unread else None,
        "figures": _figures(planned),
        "changes": _shown(planned.plan.changes),
        "changes_left_out": max(0, len(planned.plan.changes) - SHOWN_CHANGES),
        "team_head": [{"text": "Line", "numeric": True}, "Team", "Effect", "Details"],
        "team_rows": [
            [one.line, one.name, _TEAM_WORDS[one.effect], "; ".join(one.details) or "–"]
            for one in planned.team_changes
        ],
        "problem_head": [{"text": "Line", "numeric": True}, "Column", "What is wrong"],
        "problems": _told(planned.plan.problems),
        "remark_head": [{"text": "Line", "numeric": True}, "Column", "Remark"],
        "remarks": _told(planned.remarks),
        "unmatched_head": ["Name", "Team", {"text": "Open cases", "numeric": True}],
        "unmatched": [
            [one.person.name, one.person.team or "No team", one.open_cases]
            for one in planned.unmatched[:SHOWN_CHANGES]
        ],
        "breadcrumbs": _crumbs(request, "Check"),
    }
    status = 200 if refusal is None else 422
    return render(request, "cases/people/staff_preview.html", context, status=status)


def _figures(planned: StaffPlan) -> list[dict[str, Any]]:
    shown = [
        {"value": planned.plan.number(effect), "label": label}
        for effect, (label, _) in _EFFECTS.items()
    ]
    return [*shown, {"value": len(planned.unmatched), "label": "Hold open cases, not in the list"}]


def _shown(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """What does something first: a long list of "no change" hides what matters."""
    order = sorted(changes, key=lambda change: ORDER.index(change.effect))
    return [
        {
            "line": change.line or "–",
            "name": change.name,
            "text": _EFFECTS[change.effect][0],
            "colour": _EFFECTS[change.effect][1],
            "details": change.details,
        }
        for change in order[:SHOWN_CHANGES]
    ]


def _told(problems: tuple[LineProblem, ...]) -> list[list[Any]]:
    return [
        [
            problem.line or "Whole file",
            problem.column.replace("_", " ").capitalize() or "–",
            problem.message,
        ]
        for problem in problems[:SHOWN_CHANGES]
    ]


def _page_of_person(pk: int) -> str:
    return reverse("cases:practitioner_change", args=[pk])


def _beginning(request: SignedInRequest) -> dict[str, str]:
    """The list that the person came from: practitioners for who keeps them, else imports."""
    if may(request.user, Permission.MANAGE_TEAMS):
        return {"label": "Practitioners", "url": reverse("cases:practitioner_list")}
    return {"label": "Imports", "url": reverse("cases:import_list")}


def _crumbs(request: SignedInRequest, label: str) -> list[dict[str, str]]:
    return [_beginning(request), {"label": TITLE, "url": reverse(LIST)}, {"label": label}]
