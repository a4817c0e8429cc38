"""Changing a draft of a tool: its sections, standards, scale and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import allow
from accounts.operations import MovedOn
from accounts.policy import Permission
from audits.forms.tools import (
    NEW_STANDARD,
    SCALES,
    LimitsForm,
    SectionForm,
    StandardForm,
    fits_the_form,
    initial_limits,
    initial_of,
)
from audits.models import PracticeStandard, Section, ToolVersion
from audits.operations import tool_editing
from audits.queries.tool_editing import digest, standard_as_seen
from audits.rules.applicability import Condition
from audits.views.access import person
from audits.views.conflicts import TwoTexts, in_words_of
from audits.views.tools import crumbs, draft_or_404, form_page, version_url

P = Permission


def _refuse_published(version: ToolVersion) -> None:
    if version.status != ToolVersion.Status.DRAFT:
        raise MovedOn(f"{version} is published: it cannot be changed. Start a new version.")


def _seen(request: HttpRequest, form: Form, now: str) -> dict[str, Any]:
    """The digest of what the form is opened on and, where it was another, both texts."""
    posted = request.POST.get("seen", "") if request.method == "POST" else ""
    if not (now and posted and posted != now):
        return {"seen": now}
    if not form.is_valid():  # told once its own faults are put right
        return {"seen": posted}
    changed = [form[name] for name in form.changed_data]
    return {
        "seen": now,
        "differences": [
            TwoTexts(str(each.label), in_words_of(each.field, each.initial),
                     in_words_of(each.field, each.value()))
            for each in changed
        ],
    }  # fmt: skip


def _section_or_404(version: ToolVersion, code: str) -> Section:
    for section in version.sections.all():
        if section.code == code:
            return section
    raise Http404


def _standard_or_404(version: ToolVersion, code: str) -> PracticeStandard:
    for section in version.sections.all():
        for standard in section.standards.all():
            if standard.code == code:
                return standard
    raise Http404


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def section(request: HttpRequest, code: str, number: int, part: str = "") -> HttpResponse:
    """Add a section, or change its title."""
    version = draft_or_404(code, number)
    _refuse_published(version)
    before = _section_or_404(version, part).title if part else ""
    initial = {"title": before} if part else None
    form = SectionForm(request.POST if request.method == "POST" else None, initial=initial)

    def act() -> Section:
        return tool_editing.save_section(
            version=version,
            code=part,
            title=form.cleaned_data["title"],
            seen=request.POST.get("seen", ""),
            by=person(request),
            now=timezone.now(),
        )

    title = "Change this section" if part else "Add a section"
    context = {
        "title": title,
        **_seen(request, form, digest(before) if part else ""),
        "submit": "Save",
        "back_url": version_url(version),
        "breadcrumbs": crumbs(version, title),
    }
    return form_page(request, form, act, then=version_url(version), context=context)


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def standard(request: HttpRequest, code: str, number: int, part: str = "") -> HttpResponse:
    """Add a practice standard, or change it."""
    version = draft_or_404(code, number)
    _refuse_published(version)
    if not version.sections.all():
        messages.error(request, "Add a section first.")
        return redirect(version_url(version))
    before = _standard_or_404(version, part) if part else None
    initial: dict[str, Any] = initial_of(before) if before else dict(NEW_STANDARD)
    if before is None and request.GET.get("section"):
        initial["section"] = request.GET["section"]
    form = StandardForm(
        request.POST if request.method == "POST" else None,
        version=version,
        condition=Condition.from_dict(before.applies_when) if before else None,
        initial=initial,
    )
    seen = digest(standard_as_seen(before)) if before else ""

    def act() -> PracticeStandard:
        return tool_editing.save_standard_definition(
            version=version,
            code=part,
            section=form.cleaned_data["section"],
            data=form.standard(before),
            seen=request.POST.get("seen", ""),
            by=person(request),
            now=timezone.now(),
        )

    title = "Change this practice standard" if part else "Add a practice standard"
    context = {
        "title": title,
        "submit": "Save",
        **_seen(request, form, seen),
        "back_url": version_url(version),
        "breadcrumbs": crumbs(version, title),
    }
    return form_page(request, form, act, then=version_url(version), context=context)


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The scale and the grade limits of a draft."""
    version = draft_or_404(code, number)
    _refuse_published(version)
    if not fits_the_form(version):
        context = {"version": version, "breadcrumbs": crumbs(version, "Scale and limits")}
        return render(request, "audits/tools/limits_by_file.html", context)
    form = LimitsForm(
        request.POST if request.method == "POST" else None,
        version=version,
        initial=initial_limits(version),
    )

    def act() -> ToolVersion:
        return tool_editing.save_limits(
            version=version,
            scale=SCALES[form.cleaned_data["scale"]].as_dict(),
            limits=form.limits(),
            seen=request.POST.get("seen", ""),
            by=person(request),
            now=timezone.now(),
        )

    context = {
        "title": "Scale and grade limits",
        "lead": "A limit holds the overall grade down. Going above it needs a reason, and the"
        " audit is moderated.",
        "submit": "Save",
        **_seen(request, form, digest([version.scale, version.limits])),
        "back_url": version_url(version),
        "breadcrumbs": crumbs(version, "Scale and limits"),
    }
    return form_page(request, form, act, then=version_url(version), context=context)


@allow(P.MANAGE_TOOLS)
@require_POST
def move(request: HttpRequest, code: str, number: int, part: str) -> HttpResponse:
    """One place up or down: a standard, or with ``kind`` "section" a section."""
    direction = "up" if request.POST.get("direction") == "up" else "down"
    what = f"section:{part}" if request.POST.get("kind") == "section" else part
    version = draft_or_404(code, number)
    tool_editing.move(
        version=version, code=what, direction=direction, by=person(request), now=timezone.now()
    )
    return redirect(version_url(version))


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def remove_section(request: HttpRequest, code: str, number: int, part: str) -> HttpResponse:
    """Take an empty section out of a draft."""
    version = draft_or_404(code, number)
    title = _section_or_404(version, part).title
    return _remove(request, version, tool_editing.remove_section, part, title)


@allow(P.MANAGE_TOOLS)
@require_http_methods(["GET", "POST"])
def remove_standard(request: HttpRequest, code: str, number: int, part: str) -> HttpResponse:
    """Take a practice standard, with all its words, out of a draft."""
    version = draft_or_404(code, number)
    title = _standard_or_404(version, part).title
    return _remove(request, version, tool_editing.remove_standard, part, title)


def _remove(
    request: HttpRequest,
    version: ToolVersion,
    operation: Callable[..., None],
    part: str,
    title: str,
) -> HttpResponse:
    _refuse_published(version)
    form = Form(request.POST if request.method == "POST" else None)

    def act() -> None:
        operation(version=version, code=part, by=person(request), now=timezone.now())

    context = {
        "title": f"Take “{title}” away?",
        "lead": "Versions that are published keep it.",
        "submit": "Take it away",
        "warning": True,
        "back_url": version_url(version),
        "breadcrumbs": crumbs(version, "Take away"),
    }
    return form_page(request, form, act, then=version_url(version), context=context)
