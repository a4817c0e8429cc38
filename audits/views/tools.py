"""Audit tools: what is asked in which version; owning, changing and publishing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import allow
from accounts.operations import Refused
from accounts.policy import Permission, may
from audits.forms.tools import ImportToolForm, PublishForm
from audits.models import AuditTool, PracticeStandard, Section, ToolVersion
from audits.operations import tool_editing
from audits.queries.tool_editing import (
    changes_since_before,
    definition_of,
    faults_of,
    standard_data,
    tools_with_versions,
    version_before,
    version_with_parts,
)
from audits.rules.applicability import Condition
from audits.rules.grades import Scale
from audits.rules.limits import parse_limits
from audits.rules.reading import InvalidDefinition
from audits.views.access import person

P = Permission
SEE = (P.SEE_TOOLS, P.MANAGE_TOOLS)
Status = ToolVersion.Status


@allow(*SEE)
@require_GET
def tool_list(request: HttpRequest) -> HttpResponse:
    """Every tool with its versions; drafts are for their owner."""
    owner = may(request.user, P.MANAGE_TOOLS)
    tools = [
        {
            "tool": tool,
            "versions": [v for v in tool.versions.all() if owner or v.status != Status.DRAFT],
            "has_draft": any(v.status == Status.DRAFT for v in tool.versions.all()),
        }
        for tool in tools_with_versions()
    ]
    return render(request, "audits/tools/list.html", {"tools": tools, "owner": owner})


def version_or_404(request: HttpRequest, code: str, number: int) -> ToolVersion:
    """A version with its parts. A draft is only there for its owner."""
    found = get_object_or_404(version_with_parts(), tool__code=code, number=number)
    if found.status == Status.DRAFT and not may(request.user, P.MANAGE_TOOLS):
        raise Http404
    return found


def draft_or_404(code: str, number: int) -> ToolVersion:
    """A version to be changed; that it is a draft still is for the operation to say."""
    return get_object_or_404(version_with_parts(), tool__code=code, number=number)


def crumbs(version: ToolVersion, here: str = "") -> list[dict[str, str]]:
    """The way to a page of a version."""
    trail = [{"label": "Audit tools", "url": reverse("audits:tool_list")}]
    if not here:
        return [*trail, {"label": str(version)}]
    return [*trail, {"label": str(version), "url": version_url(version)}, {"label": here}]


def version_url(version: ToolVersion, name: str = "tool_version", **more: str) -> str:
    """The address of a version, or of a page below it."""
    return reverse(
        f"audits:{name}", kwargs={"code": version.tool.code, "number": version.number, **more}
    )


@allow(*SEE)
@require_GET
def tool_version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version: its sections and standards, its limits; for a draft, what is still wrong."""
    version = version_or_404(request, code, number)
    edits = version.status == Status.DRAFT
    context = {
        "version": version,
        "breadcrumbs": crumbs(version),
        "sections": [_section_rows(version, section) for section in version.sections.all()],
        "scale": Scale.from_dict(version.scale),
        "limits": [limit.sentence for limit in parse_limits(version.limits)],
        "edits": edits,
        "faults": faults_of(version) if edits else [],
        "owner": may(request.user, P.MANAGE_TOOLS),
        "has_before": version_before(version) is not None,
    }
    return render(request, "audits/tools/version.html", context)


def _section_rows(version: ToolVersion, section: Section) -> dict[str, Any]:
    return {"section": section, "standards": [_standard_row(s) for s in section.standards.all()]}


def _standard_row(standard: PracticeStandard) -> dict[str, Any]:
    return {
        "standard": standard,
        "asked": Condition.from_dict(standard.applies_when),
        "descriptors": [
            {"grade": grade, "text": text}
            for grade, text in standard_data(standard)["descriptors"].items()
        ],
    }


@allow(*SEE)
@require_GET
def tool_changes(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """What changed from the version before."""
    version = version_or_404(request, code, number)
    context = {
        "version": version,
        "before": version_before(version),
        "changes": changes_since_before(version),
        "breadcrumbs": crumbs(version, "What changed"),
    }
    return render(request, "audits/tools/changes.html", context)


@allow(*SEE)
@require_GET
def tool_export(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The version as a JSON file, as docs/tools.md describes it."""
    version = version_or_404(request, code, number)
    try:
        text = definition_of(version).as_json()
    except InvalidDefinition:
        messages.error(request, "This draft has faults. Put them right, then export it.")
        return redirect(version_url(version))
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    name = f"{version.tool.code}.v{version.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def form_page(
    request: HttpRequest,
    form: Form,
    act: Callable[[], Any],
    *,
    then: Callable[[Any], str] | str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show a form, do one thing with it, go on; a refusal is shown and what was typed stays."""
    if request.method == "POST" and form.is_valid():
        try:
            made = act()
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect(then if isinstance(then, str) else then(made))
    return render(request, "audits/tools/form.html", {"form": form, **context})


@allow(P.MANAGE_TOOLS)
@require_POST
def tool_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a new version."""
    tool = get_object_or_404(AuditTool, code=code)
    try:
        draft = tool_editing.start_draft(tool=tool, by=person(request), now=timezone.now())
    except Refused as error:
        messages.error(request, str(error))
        return redirect("audits:tool_list")
    messages.success(request, f"{draft} is a draft. Nobody grades with it before you publish it.")
    return redirect(version_url(draft))


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def tool_import(request: HttpRequest) -> HttpResponse:
    """A draft from a JSON file."""
    form = ImportToolForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        try:
            draft = tool_editing.import_draft(
                text=form.cleaned_data["file"], by=person(request), now=timezone.now()
            )
        except InvalidDefinition as error:
            form.add_faults(error)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect(version_url(draft))
    context = {
        "form": form,
        "title": "Import an audit tool",
        "lead": "It becomes a draft. Nobody grades with it before you publish it.",
        "submit": "Import",
        "multipart": True,
        "back_url": reverse("audits:tool_list"),
        "breadcrumbs": [
            {"label": "Audit tools", "url": reverse("audits:tool_list")},
            {"label": "Import"},
        ],
    }
    return render(request, "audits/tools/form.html", context)


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def tool_publish(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put a draft into force."""
    version = draft_or_404(code, number)
    form = PublishForm(request.POST if request.method == "POST" else None)

    def act() -> ToolVersion:
        note = form.cleaned_data["note"]
        return tool_editing.publish(
            version=version, note=note, by=person(request), now=timezone.now()
        )

    context = {
        "title": "Publish this version",
        "lead": f"{version} is then used for every audit that is allocated. It cannot be changed"
        " afterwards, only followed by another version.",
        "submit": "Publish",
        "faults": faults_of(version),
        "back_url": version_url(version),
        "breadcrumbs": crumbs(version, "Publish"),
    }
    return form_page(request, form, act, then=version_url(version), context=context)


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def tool_delete(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Throw a draft away, when asked twice."""
    version = draft_or_404(code, number)
    form = Form(request.POST if request.method == "POST" else None)

    def act() -> None:
        tool_editing.delete_draft(version=version, by=person(request), now=timezone.now())
        messages.success(request, "The draft is deleted.")

    context = {
        "title": "Delete this draft?",
        "lead": f"Everything that was changed in {version} is taken away.",
        "submit": "Delete the draft",
        "warning": True,
        "back_url": version_url(version),
        "breadcrumbs": crumbs(version, "Delete"),
    }
    return form_page(request, form, act, then=reverse("audits:tool_list"), context=context)
