"""Services and teams: who heads them, and lists of them as files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.operations import Refused, record_access
from accounts.policy import Permission
from accounts.rules.table_file import Plan, read_table
from accounts.sorting import PARAM, sorted_by
from accounts.views.paging import page_of, query_string
from accounts.views.uploads import TableUpload, confirm_page, empty_table, upload_page
from cases.forms.people import ServiceForm, TeamFilter, TeamForm
from cases.models import Team
from cases.operations.people import (
    change_service,
    import_services,
    import_teams,
    move_service,
    save_team,
)
from cases.queries.people import (
    TEAM_SORTS,
    plan_for_services,
    plan_for_teams,
    practitioners,
    services,
    teams,
)
from cases.rules.people_files import SERVICE_REQUIRED, TEAM_OPTIONAL, TEAM_REQUIRED

manage = allow(Permission.MANAGE_TEAMS)


def sections(current: str) -> list[dict[str, Any]]:
    """The four lists of this part of the site, for the links above each."""
    lists = (
        ("Teams", "cases:team_list"),
        ("Services", "cases:service_list"),
        ("Practitioners", "cases:practitioner_list"),
        ("Graders", "cases:grader_list"),
    )
    return [
        {"label": label, "url": reverse(name), "current": name == f"cases:{current}"}
        for label, name in lists
    ]


def crumbs(*trail: tuple[str, str]) -> list[dict[str, str]]:
    """Breadcrumbs from (label, URL name or "")."""
    return [{"label": label, "url": reverse(name) if name else ""} for label, name in trail]


def log_download(request: SignedInRequest, what: str) -> str:
    """Log that a list was downloaded; returns its file name, with today's date."""
    now = timezone.now()
    record_access(by=request.user, kind="downloaded", what=what, reference="", now=now)
    return f"{what}-{timezone.localdate(now)}"


# Services


@manage
@require_safe
def service_list(request: SignedInRequest) -> HttpResponse:
    """Every service with its Head and deputy, in order of precedence."""
    found = list(services())
    rows = [
        [
            {"text": service.name, "url": reverse("cases:service_change", args=[service.code])},
            service.line.name,
            service.head or "Nobody",
            service.deputy or "Nobody",
            service.team_count,  # type: ignore[attr-defined]
        ]
        for service in found
    ]
    head = ["Service", "Line", "Head of Service", "Deputy", {"text": "Teams", "numeric": True}]
    context = {"rows": rows, "head": head, "services": found, "sections": sections("service_list")}
    return render(request, "cases/people/service_list.html", context)


@manage
def service_change(request: SignedInRequest, code: str) -> HttpResponse:
    """Say who heads a service and who deputises."""
    service = get_object_or_404(services(), code=code)
    form = ServiceForm(service, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_service(
                service=service, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{service} was changed.")
            return redirect("cases:service_list")
    context = {
        "form": form,
        "title": str(service),
        "submit": "Save",
        "list_url": reverse("cases:service_list"),
        "breadcrumbs": crumbs(("Services", "cases:service_list"), (str(service), "")),
    }
    return render(request, "cases/people/form.html", context)


@manage
@require_POST
def service_move(request: SignedInRequest, code: str) -> HttpResponse:
    """One place up or down in the order of precedence."""
    service = get_object_or_404(services(), code=code)
    up = request.POST.get("direction") == "up"
    move_service(service=service, up=up, by=request.user, now=timezone.now())
    return redirect(f"{reverse('cases:service_list')}#order")


@manage
@require_GET
def service_download(request: SignedInRequest) -> HttpResponse:
    """Services as a file that can be uploaded again."""
    rows = [
        [
            service.name,
            service.head.email if service.head else "",
            service.deputy.email if service.deputy else "",
        ]
        for service in services()
    ]
    return csv_download(log_download(request, "services"), SERVICE_REQUIRED, rows)


# Teams


def _matching_teams(request: SignedInRequest) -> tuple[TeamFilter, QuerySet[Team]]:
    form = TeamFilter(request.GET)
    found = teams(**form.cleaned_data) if form.is_valid() else teams()
    return form, sorted_by(found, TEAM_SORTS, request.GET.get(PARAM, ""))


@manage
@require_safe
def team_list(request: SignedInRequest) -> HttpResponse:
    """Teams with their service, managers and how many practitioners they have."""
    form, found = _matching_teams(request)
    page = page_of(request, found)
    rows = [
        [
            {"text": team.name, "url": reverse("cases:team_change", args=[team.pk])},
            team.service or "Several or none",
            team.manager or "Nobody",
            team.deputy or "Nobody",
            "Yes" if team.works_with_disability else "No",
            team.practitioner_count,
            team.agency_count,
        ]
        for team in page
    ]
    context = {
        "filter": form,
        "page": page,
        "rows": rows,
        "head": TEAM_HEAD,
        "sections": sections("team_list"),
        "download_url": reverse("cases:team_download") + query_string(request),
    }
    return render(request, "cases/people/team_list.html", context)


TEAM_HEAD = [
    {"text": "Team", "sort": "team"},
    {"text": "Service", "sort": "service"},
    {"text": "Manager", "sort": "manager"},
    "Deputy",
    "Disability team",
    {"text": "Practitioners", "numeric": True, "sort": "practitioners"},
    {"text": "of them agency", "numeric": True, "sort": "agency"},
]


@manage
def team_add(request: SignedInRequest) -> HttpResponse:
    """Add a team."""
    return _team_form(request, None)


@manage
def team_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a team, and see who works in it."""
    return _team_form(request, get_object_or_404(teams(), pk=pk))


def _team_form(request: SignedInRequest, team: Team | None) -> HttpResponse:
    form = TeamForm(team, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_team(team=team, **form.cleaned_data, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{saved} was {'changed' if team else 'added'}.")
            return redirect("cases:team_list")
    title = team.name if team else "Add a team"
    context = {
        "form": form,
        "title": title,
        "submit": "Save" if team else "Add team",
        "list_url": reverse("cases:team_list"),
        "breadcrumbs": crumbs(("Teams", "cases:team_list"), (title, "")),
        "team": team,
        "member_head": ["Name", "Agency", "Can sign in", {"text": "Open cases", "numeric": True}],
        "members": _members(team) if team else None,
    }
    return render(request, "cases/people/form.html", context)


def _members(team: Team) -> list[list[Any]]:
    return [
        [
            {"text": one.name, "url": reverse("cases:practitioner_change", args=[one.pk])},
            "Yes" if one.agency else "No",
            "Yes" if one.user else "No",
            one.open_cases,  # type: ignore[attr-defined]
        ]
        for one in practitioners(team=team, state="here")
    ]


@manage
@require_GET
def team_download(request: SignedInRequest) -> HttpResponse:
    """The teams shown in the list as a file that can be uploaded again."""
    _, found = _matching_teams(request)
    rows = [
        [
            team.name,
            team.service.name if team.service else "",
            team.manager.email if team.manager else "",
            team.deputy.email if team.deputy else "",
            team.works_with_disability,
        ]
        for team in found
    ]
    headings = [*TEAM_REQUIRED, *TEAM_OPTIONAL]
    return csv_download(log_download(request, "teams"), headings, rows)


# Lists from files


def _team_plan(text: str) -> Plan:
    return plan_for_teams(read_table(text, required=TEAM_REQUIRED, optional=TEAM_OPTIONAL)).plan


def _service_plan(text: str) -> Plan:
    return plan_for_services(read_table(text, required=SERVICE_REQUIRED)).plan


TEAM_UPLOAD = TableUpload(
    title="Upload teams",
    noun="team",
    plural="teams",
    columns=(
        ("team", "Name of the team, as lists of open cases spell it. A new name adds a team."),
        ("service", "Name of the service, for example Child Protection; empty for several."),
        ("manager_email", "Email address of somebody with the role Team manager, or empty."),
        ("deputy_email", "The same for the deputy."),
        ("disability", "Yes for a disability team, else no or empty."),
    ),
    note="Teams that are not in the file stay as they are. The last three columns may be left out.",
    plan=_team_plan,
    apply=import_teams,
    list_name="cases:team_list",
    list_label="Teams",
    upload_name="cases:team_upload",
    confirm_name="cases:team_upload_confirm",
    template_name="cases:team_template",
)
SERVICE_UPLOAD = TableUpload(
    title="Upload Heads of Service",
    noun="service",
    plural="services",
    columns=(
        ("service", "Name of the service. It must be there already."),
        ("head_email", "Email address of somebody with the role Head of Service, or empty."),
        ("deputy_email", "The same for the deputy."),
    ),
    note="Services that are not in the file stay as they are.",
    plan=_service_plan,
    apply=import_services,
    list_name="cases:service_list",
    list_label="Services",
    upload_name="cases:service_upload",
    confirm_name="cases:service_upload_confirm",
    template_name="cases:service_template",
)


@manage
def team_upload(request: SignedInRequest) -> HttpResponse:
    """Upload a list of teams and see what it would change."""
    return upload_page(request, TEAM_UPLOAD)


@manage
@require_POST
def team_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Make the changes to teams that were shown."""
    return confirm_page(request, TEAM_UPLOAD)


@manage
@require_GET
def team_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the team file."""
    return empty_table(TEAM_UPLOAD)


@manage
def service_upload(request: SignedInRequest) -> HttpResponse:
    """Upload a list of Heads of Service and see what it would change."""
    return upload_page(request, SERVICE_UPLOAD)


@manage
@require_POST
def service_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Make the changes to services that were shown."""
    return confirm_page(request, SERVICE_UPLOAD)


@manage
@require_GET
def service_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the file of Heads of Service."""
    return empty_table(SERVICE_UPLOAD)
