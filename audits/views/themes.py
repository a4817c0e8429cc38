"""Themes: plan, freeze, draw and allocate one, and write what it found."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.models import User
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from accounts.sorting import PARAM, sorted_by
from accounts.views.paging import page_of, query_string
from audits.forms.themes import FindingsForm, NewThemeForm, ThemeForm
from audits.models import Audit
from audits.operations.themes import change_theme, create_theme, write_findings
from audits.queries.themes import audit_counts, grades_found, standards_found
from audits.queries.tools import published_tools
from audits.rules.grades import LABELS
from cases.forms.draw import FreezeForm, HashMailForm
from cases.forms.lists import ThemeFilterForm
from cases.models import Job, Theme
from cases.operations.allocation import allocate_quarter
from cases.queries.calendar import local_date
from cases.queries.frame import live_draw, live_frame
from cases.queries.quarters import not_audited_by_stratum, sees_all_cases
from cases.queries.themes import (
    THEME_SORTS,
    attribute_values,
    cohort_in_words,
    quarters_with_themes,
    service_names,
    state_of,
    themes_asked_for,
    themes_visible_to,
)
from cases.rules.quarters import Quarter
from cases.views import drawing
from cases.views.frame_cases import frame_tables
from cases.views.quarter_page import allocated_words, unfinished_job
from cases.views.quarters import shown_draw
from cases.views.waiting import waiting_context

P = Permission
SEES_RESULTS = (P.SEE_AUDIT_PROGRESS, P.SEE_ALL_AUDITS)


def _numeric(*words: str) -> list[dict[str, Any]]:
    return [{"text": text, "numeric": True} for text in words]


COLUMNS = ["quarter", "theme", "state", "planned on", "planned by"]
GRADE_HEAD = ["", *_numeric(*LABELS.values())]


@allow(P.SEE_QUARTER)
@require_GET
def theme_list(request: SignedInRequest) -> HttpResponse:
    """Every theme with its quarter and where it stands."""
    form, found = _listed(request)
    page = page_of(request, found)
    context = {
        "page": page,
        "rows": [(theme, state_of(theme)) for theme in page],
        "filters": form,
        "filtered": bool(form.given()),
        "export_url": reverse("audits:theme_download") + query_string(request),
        "may_plan": may(request.user, P.MANAGE_THEMES),
    }
    return render(request, "audits/themes/list.html", context)


@allow(P.SEE_QUARTER)
@require_GET
def theme_download(request: SignedInRequest) -> HttpResponse:
    """The same list as CSV."""
    _, found = _listed(request)
    rows = (
        [theme.quarter.label, theme.name, state_of(theme), local_date(theme.created_at),
         theme.created_by.name]
        for theme in found
    )  # fmt: skip
    return csv_download("themes", COLUMNS, rows)


def _listed(request: SignedInRequest) -> tuple[ThemeFilterForm, QuerySet[Theme]]:
    """The filters, and what they leave in the order asked for."""
    form = ThemeFilterForm(request.GET, quarters=quarters_with_themes(request.user))
    found = themes_asked_for(request.user, **form.given())
    return form, sorted_by(found, THEME_SORTS, request.GET.get(PARAM, ""))


@allow(P.MANAGE_THEMES)
@require_http_methods(["GET", "POST"])
def theme_add(request: SignedInRequest) -> HttpResponse:
    """Plan a theme of this quarter or the next."""
    now = timezone.now()
    current = Quarter.containing(local_date(now))
    form = NewThemeForm(request.POST or None, quarters=[current, current.next()], **_choices())
    if request.method == "POST" and form.is_valid():
        quarter = Quarter.parse(form.cleaned_data["quarter"])
        try:
            theme = create_theme(quarter=quarter, plan=form.plan(), by=request.user, now=now)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, f"The theme “{theme}” is planned.")
            return redirect(_url(theme))
    return _form_page(request, form, "Plan a theme")


@allow(P.MANAGE_THEMES)
@require_http_methods(["GET", "POST"])
def theme_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a theme that is not drawn."""
    theme = _theme_or_404(request.user, pk)
    form = ThemeForm(request.POST or None, theme=theme, **_choices())
    if request.method == "POST" and form.is_valid():
        try:
            change_theme(
                theme=theme,
                plan=form.plan(),
                seen=form.cleaned_data["seen"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, "The theme is changed.")
            return redirect(_url(theme))
    return _form_page(request, form, f"Change “{theme}”", theme)


@allow(P.SEE_QUARTER)
@require_GET
def theme_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """A theme: what it asks of whom, where it stands, what it found."""
    return _detail(request, _theme_or_404(request.user, pk))


@allow(P.FREEZE_FRAME)
@require_POST
def theme_freeze(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask a worker to freeze the theme's cohort."""
    theme = _theme_or_404(request.user, pk)
    asked = drawing.freeze(request, theme.quarter.quarter, theme.quarter, _url(theme), theme)
    if isinstance(asked, Job):
        return redirect("cases:job_detail", pk=asked.pk)
    return _detail(request, theme, freeze_form=asked)


@allow(P.SEE_QUARTER, P.READ_PUBLISHED_REPORTS)
@require_GET
def theme_screen(request: SignedInRequest, pk: int) -> HttpResponse:
    """The hash of the theme's frame for a room; after the draw its seed too.

    Everybody who was mailed the hash may open it: it holds nothing about any child.
    """
    theme = get_object_or_404(Theme.objects.select_related("quarter"), pk=pk)
    context = {
        "of": f"“{theme}”, {theme.quarter.quarter.name}",
        "back": _url(theme) if may(request.user, P.SEE_QUARTER) else "",
        **drawing.screen_of(live_frame(theme.quarter, theme), live_draw(theme.quarter, theme)),
    }
    return render(request, "cases/quarters/screen.html", context)


@allow(P.FREEZE_FRAME)
@require_POST
def theme_mail_hash(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mail the hash of the theme's frame to the people of some roles, before there is a seed."""
    theme = _theme_or_404(request.user, pk)
    frame = live_frame(theme.quarter, theme)
    if frame is None:
        raise MovedOn(f"No cohort of “{theme}” is frozen, so there is no hash to mail.")
    sent = drawing.mail(request, frame, reverse("audits:theme_screen", args=[theme.pk]))
    if not isinstance(sent, str):
        return _detail(request, theme, mail_form=sent)
    messages.success(request, sent)
    return redirect(_url(theme))


@allow(P.DRAW_SAMPLE)
@require_http_methods(["GET", "POST"])
def theme_draw(request: SignedInRequest, pk: int) -> HttpResponse:
    """The seed and the rate; a worker draws from the frozen cohort."""
    theme = _theme_or_404(request.user, pk)
    form, status = drawing.draw_form(theme.quarter, theme), 200
    if request.method == "POST":
        asked = drawing.draw(request, theme.quarter.quarter, theme.quarter, _url(theme), theme)
        if isinstance(asked, Job):
            return redirect("cases:job_detail", pk=asked.pk)
        form, status = asked
    context = {
        "theme": theme,
        "form": form,
        "frame": live_frame(theme.quarter, theme),
        "draw": live_draw(theme.quarter, theme),
        "back": _url(theme),
        "breadcrumbs": _crumbs(theme, "Draw the cases"),
    }
    return render(request, "audits/themes/draw.html", context, status=status)


@allow(P.ALLOCATE_AUDITS)
@require_POST
def theme_allocate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give the theme's waiting cases to independent auditors with free capacity."""
    theme = _theme_or_404(request.user, pk)
    draw = live_draw(theme.quarter, theme)
    if draw is None:
        raise MovedOn(f"No case of “{theme}” is drawn, so there is nothing to allocate.")
    try:
        result = allocate_quarter(
            draw=draw, shown=shown_draw(request), by=request.user, now=timezone.now()
        )
    except Refused as refused:
        messages.error(request, f"No case was allocated. {refused}")
    else:
        say = messages.warning if result.unallocated else messages.success
        say(request, allocated_words(result))
    return redirect(_url(theme))


@allow(P.MANAGE_THEMES)
@require_http_methods(["GET", "POST"])
def theme_findings(request: SignedInRequest, pk: int) -> HttpResponse:
    """Write what the theme found."""
    theme = _theme_or_404(request.user, pk)
    form = FindingsForm(theme, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            write_findings(theme=theme, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, "The findings are saved.")
            return redirect(_url(theme))
    return _form_page(request, form, f"Findings of “{theme}”", theme)


def _theme_or_404(user: User, pk: int) -> Theme:
    return get_object_or_404(themes_visible_to(user), pk=pk)


def _url(theme: Theme) -> str:
    return reverse("audits:theme_detail", args=[theme.pk])


def _choices() -> dict[str, Any]:
    return {
        "tools": published_tools(),
        "services": service_names(),
        "values": attribute_values(),
    }


def _crumbs(theme: Theme | None, last: str = "") -> list[dict[str, str]]:
    above = [{"label": "Themes", "url": reverse("audits:theme_list")}]
    if theme is not None:
        above.append({"label": theme.name, "url": _url(theme)} if last else {"label": theme.name})
    return [*above, {"label": last}] if last else above


def _form_page(
    request: SignedInRequest, form: Any, title: str, theme: Theme | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "back": _url(theme) if theme else reverse("audits:theme_list"),
        "breadcrumbs": _crumbs(
            theme,
            title if theme is None else "Findings" if isinstance(form, FindingsForm) else "Change",
        ),
    }
    template = "findings" if isinstance(form, FindingsForm) else "form"
    return render(request, f"audits/themes/{template}.html", context)


def _freeze_form(theme: Theme) -> FreezeForm:
    return drawing.freeze_form(theme.quarter.quarter, theme.quarter, theme)


def _detail(
    request: SignedInRequest,
    theme: Theme,
    freeze_form: FreezeForm | None = None,
    mail_form: HashMailForm | None = None,
) -> HttpResponse:
    user = request.user
    frame, draw = live_frame(theme.quarter, theme), live_draw(theme.quarter, theme)
    may_freeze = may(user, P.FREEZE_FRAME)
    waits = draw is None or drawing.frozen_again(frame, draw)  # for its seed
    context = {
        "theme": theme,
        "facts": _facts(theme, user),
        "frame": frame,
        "draw": draw,
        "cohort": frame_tables(frame, linked=sees_all_cases(user)) if frame else None,
        "waits": waits,
        "frames_head": drawing.FRAMES_HEAD,
        "frames": drawing.frame_rows(theme.quarter, theme),
        "freeze_form": freeze_form or (_freeze_form(theme) if may_freeze else None),
        "mails": drawing.mails_sent(frame) if frame else [],
        "mail_form": mail_form or (HashMailForm() if frame and may_freeze and waits else None),
        "may_draw": frame is not None and may(user, P.DRAW_SAMPLE),
        "may_manage": may(user, P.MANAGE_THEMES),
        "breadcrumbs": _crumbs(theme),
        **unfinished_job(theme.subject, user),
    }
    if draw is not None:
        if may(user, P.ALLOCATE_AUDITS):
            context |= {
                "may_allocate": True,
                "lost": sum(not_audited_by_stratum(draw).values()),
                **waiting_context(request, draw, _url(theme)),
            }
        context |= _results(theme, user)
    return render(request, "audits/themes/detail.html", context)


def _facts(theme: Theme, user: User) -> list[dict[str, Any]]:
    tools = dict(published_tools())
    return [
        {"key": "Quarter", "value": theme.quarter.quarter.name},
        {"key": "State", "value": state_of(theme)},
        {"key": "What it shall find out", "value": theme.question},
        {"key": "Question set", "value": tools.get(theme.tool, theme.tool)},
        {"key": "Open cases of", "value": cohort_in_words(theme)},
        {"key": "Planned by", "value": str(theme.created_by)},
    ]


def _results(theme: Theme, user: User) -> dict[str, Any]:
    """Audits by state and their grades, for those who see all of the programme."""
    if not may(user, *SEES_RESULTS):
        return {}
    counts, grades = audit_counts(theme), grades_found(theme)
    found = [["Overall", *grades.values()]]
    found += [[title, *counted.values()] for title, counted in standards_found(theme)]
    return {
        "figures": [
            {"value": f"{counts[status]:,}", "label": words}
            for status, words in Audit.Status.choices
            if counts.get(status)
        ],
        "graded": sum(grades.values()),
        "grade_head": GRADE_HEAD,
        "grade_rows": found,
    }
