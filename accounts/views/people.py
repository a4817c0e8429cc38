"""People and their roles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.forms import PeopleFilter, PersonChangeForm, PersonForm
from accounts.operations import (
    Refused,
    add_person,
    change_person,
    import_people,
    invite_again,
    record_access,
)
from accounts.policy import Permission
from accounts.queries import people, people_matching, plan_for
from accounts.roles import Role
from accounts.rules.people_file import OPTIONAL, REQUIRED
from accounts.rules.table_file import Plan, read_table
from accounts.sorting import PARAM, Sorts, sorted_by
from accounts.views.paging import page_of, query_string
from accounts.views.uploads import TableUpload, confirm_page, empty_table, upload_page

PEOPLE_SORTS: Sorts = {"name": ("name",), "email": ("email",), "active": ("is_active",)}


def _matching(request: SignedInRequest) -> tuple[PeopleFilter, Any]:
    form = PeopleFilter(request.GET)
    found = people_matching(**form.cleaned_data) if form.is_valid() else people()
    return form, sorted_by(found, PEOPLE_SORTS, request.GET.get(PARAM, ""))


@allow(Permission.MANAGE_PEOPLE)
@require_safe
def person_list(request: SignedInRequest) -> HttpResponse:
    """Everybody with a sign-in."""
    form, found = _matching(request)
    page = page_of(request, found)
    rows = [
        [
            {"text": user.name, "url": reverse("accounts:person_change", args=[user.pk])},
            user.email,
            ", ".join(user.role_labels) or "No role",
            "Yes" if user.is_active else "No",
        ]
        for user in page
    ]
    context = {
        "filter": form,
        "page": page,
        "rows": rows,
        "head": [
            {"text": "Name", "sort": "name"},
            {"text": "Email address", "sort": "email"},
            "Roles",
            {"text": "Can sign in", "sort": "active"},
        ],
        "download_url": reverse("accounts:person_download") + query_string(request),
    }
    return render(request, "accounts/person_list.html", context)


@allow(Permission.MANAGE_PEOPLE)
@require_GET
def person_download(request: SignedInRequest) -> HttpResponse:
    """The people shown in the list as a file that can be uploaded again."""
    _, found = _matching(request)
    now = timezone.now()
    record_access(by=request.user, kind="downloaded", what="people", reference="", now=now)
    rows = (
        [user.name, user.email, "; ".join(user.role_labels), user.is_active]
        for user in found.iterator(chunk_size=500)
    )
    return csv_download(f"people-{timezone.localdate(now)}", [*REQUIRED, *OPTIONAL], rows)


@allow(Permission.MANAGE_PEOPLE)
def person_add(request: SignedInRequest) -> HttpResponse:
    """Give somebody a sign-in."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = add_person(
                **form.cleaned_data, password=None, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, f"{user.name} was added. A link to choose a password is on its way."
            )
            return redirect("accounts:person_list")
    return render(
        request,
        "accounts/person_form.html",
        {
            "form": form,
            "title": "Add a person",
            "submit": "Add person",
            "breadcrumbs": _crumbs("Add a person"),
            "list_url": reverse("accounts:person_list"),
        },
    )


@allow(Permission.MANAGE_PEOPLE)
def person_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a person's name, address, roles and sign-in."""
    person = get_object_or_404(people(), pk=pk)
    form = PersonChangeForm(request.POST or None, initial=PersonChangeForm.initial_for(person))
    if request.method == "POST" and form.is_valid():
        try:
            change_person(user=person, **form.cleaned_data, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was changed.")
            return redirect("accounts:person_list")
    return render(
        request,
        "accounts/person_form.html",
        {
            "form": form,
            "title": person.name,
            "submit": "Save",
            "breadcrumbs": _crumbs(person.name),
            "list_url": reverse("accounts:person_list"),
            "person": person,
            "may_invite": person.is_active and not person.has_usable_password(),
        },
    )


@allow(Permission.MANAGE_PEOPLE)
@require_POST
def person_invite(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send the link to choose a first password again."""
    person = get_object_or_404(people(), pk=pk)
    try:
        invite_again(user=person, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"A link to choose a password is on its way to {person.email}.")
    return redirect("accounts:person_change", pk=pk)


def _plan(text: str) -> Plan:
    return plan_for(read_table(text, required=REQUIRED, optional=OPTIONAL)).plan


UPLOAD = TableUpload(
    title="Upload people",
    noun="person",
    plural="people",
    columns=(
        ("name", "Full name."),
        ("email", "Tells people apart: a known address changes that person, a new one adds one."),
        (
            "roles",
            f"One or more of: {', '.join(Role.labels)}. Put a semicolon between them.",
        ),
        ("active", "Yes or no: whether the person can sign in. The column may be left out."),
    ),
    note="People who are not in the file stay as they are. Everybody who is added gets an email "
    "with a link to choose a password.",
    plan=_plan,
    apply=import_people,
    list_name="accounts:person_list",
    list_label="People",
    upload_name="accounts:person_upload",
    confirm_name="accounts:person_upload_confirm",
    template_name="accounts:person_template",
)


@allow(Permission.MANAGE_PEOPLE)
def person_upload(request: SignedInRequest) -> HttpResponse:
    """Upload a list of people and see what it would change."""
    return upload_page(request, UPLOAD)


@allow(Permission.MANAGE_PEOPLE)
@require_POST
def person_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Make the changes that were shown."""
    return confirm_page(request, UPLOAD)


@allow(Permission.MANAGE_PEOPLE)
@require_GET
def person_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the people file."""
    return empty_table(UPLOAD)


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "People", "url": reverse("accounts:person_list")}, {"label": label}]
