"""Freezing, announcing and drawing from a page: of a quarter's sample, and of a theme.

Each function does what a form asks for, and gives the form back where that could not be done: with
what was typed, and with what is wrong.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html

from accounts.access import SignedInRequest
from accounts.operations import MovedOn, Refused
from accounts.roles import Role
from cases.forms.draw import DrawForm, FreezeForm, HashMailForm
from cases.models import AuditQuarter, Draw, FrameEntry, Job, SampledCase, SamplingFrame, Theme
from cases.operations.announcing import mail_hash
from cases.operations.draw import note_seed, request_draw
from cases.operations.frame import request_freeze
from cases.queries.calendar import local_date
from cases.queries.certificate import rate_words, seed_words, settings_in_words
from cases.queries.frame import frames_of, hash_mails, live_draw, live_frame
from cases.queries.imports import in_words
from cases.queries.policy import case_policy, quarter_as_it_begins
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter

FRAMES_HEAD = ["Frame", "SHA-256", "Frozen", "Superseded", "Why superseded"]
GROUP = 8  # characters of a hash that a voice can read in one breath


def freeze_form(
    quarter: Quarter, stored: AuditQuarter | None, theme: Theme | None = None, *data: QueryDict
) -> FreezeForm:
    """The form that freezes; a second frame asks for a reason, and begins as the first was."""
    frame = live_frame(stored, theme) if stored else None
    if frame is not None:
        policy = CasePolicy.from_dict(frame.policy)
    else:
        policy = case_policy(stored or quarter_as_it_begins(quarter))
    drawn = live_draw(stored, theme) if stored else None
    return FreezeForm(*data, stands=frame, drawn=drawn, policy=policy)


def freeze(
    request: SignedInRequest,
    quarter: Quarter,
    stored: AuditQuarter | None,
    page: str,
    theme: Theme | None = None,
) -> Job | FreezeForm:
    """The job that freezes as the request asks. ``page`` is where it leads back to."""
    form = freeze_form(quarter, stored, theme, request.POST)
    if form.is_valid():
        try:
            return request_freeze(
                quarter=quarter,
                theme=theme,
                stands=form.cleaned_data["stands"],
                drawn=form.cleaned_data["drawn"] or 0,
                strata_by=form.cleaned_data["strata_by"] or None,
                reason=form.cleaned_data.get("reason", ""),
                page=page,
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
    return form


def draw_form(
    stored: AuditQuarter | None, theme: Theme | None = None, *data: QueryDict
) -> DrawForm:
    """The form that draws; a second draw asks for a reason."""
    frame = live_frame(stored, theme) if stored else None
    stands = live_draw(stored, theme) if stored else None
    return DrawForm(*data, stands=stands, drawn_from=frame)


def _draw_form_now(sent: QueryDict, stored: AuditQuarter | None, theme: Theme | None) -> DrawForm:
    """The form for the frame as it is now, without a seed that was typed for an earlier one."""
    shown = draw_form(stored, theme).initial
    kept = sent.copy()
    kept["stands"] = str(shown["stands"] or "")
    if shown["frame"] and kept.get("frame") != str(shown["frame"]):
        kept["frame"], kept["seed"], kept["witnesses"] = str(shown["frame"]), "", ""
    return draw_form(stored, theme, kept)


def draw(
    request: SignedInRequest,
    quarter: Quarter,
    stored: AuditQuarter | None,
    page: str,
    theme: Theme | None = None,
) -> Job | tuple[DrawForm, int]:
    """The job that draws as the request asks; else the form and the status of its page.

    A seed that was entered is known, also where nothing is drawn with it.
    """
    answer = _drawn(request, quarter, stored, page, theme)
    if not isinstance(answer, Job) and (seed := request.POST.get("seed", "")).strip():
        note_seed(seed=seed, by=request.user, now=timezone.now())
    return answer


def _drawn(
    request: SignedInRequest,
    quarter: Quarter,
    stored: AuditQuarter | None,
    page: str,
    theme: Theme | None,
) -> Job | tuple[DrawForm, int]:
    form = draw_form(stored, theme, request.POST)
    if form.is_valid():
        try:
            return request_draw(
                quarter=quarter,
                theme=theme,
                frame_id=form.cleaned_data["frame"],
                stands=form.cleaned_data["stands"],
                seed=form.cleaned_data["seed"],
                generate=form.cleaned_data["generate"],
                witnesses=form.cleaned_data["witnesses"],
                reason=form.cleaned_data.get("reason", ""),
                rate=form.cleaned_data["rate"],
                page=page,
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        except MovedOn as moved_on:
            # Somebody drew or froze after this page was opened: what still counts stays.
            form = _draw_form_now(request.POST, stored, theme)
            form.add_error(None, str(moved_on))
            return form, 409
    return form, 200


def mail(request: SignedInRequest, frame: SamplingFrame, screen: str) -> str | HashMailForm:
    """What to say of mailing a frame's hash, with a link to ``screen``, to people of some roles."""
    form = HashMailForm(request.POST)
    if form.is_valid():
        try:
            sent = mail_hash(
                frame=frame,
                roles=form.cleaned_data["roles"],
                page=screen,
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error("roles", str(refused))
        else:
            number = f"{sent.people} {'person' if sent.people == 1 else 'people'}"
            return f"The hash is on its way to {number}."
    return form


def mails_sent(frame: SamplingFrame) -> list[dict[str, Any]]:
    """When a frame's hash was mailed, by whom and to which roles."""
    return [
        {"mail": sent, "roles": ", ".join(str(Role(code).label) for code in sent.roles)}
        for sent in hash_mails(frame)
    ]


def screen_of(frame: SamplingFrame | None, drawn: Draw | None) -> dict[str, Any]:
    """What a room is shown: what is fixed, and after the draw its seed.

    A frame that was frozen after the draw waits for a seed of its own.
    """
    stands = drawn
    if frozen_again(frame, drawn):
        drawn = None
    shown = drawn.frame if drawn else frame
    # Nothing to press in front of a committee.
    context: dict[str, Any] = {"frame": shown, "draw": drawn, "stands": stands, "navigation": None}
    if shown is not None:
        policy = CasePolicy.from_dict(drawn.policy if drawn else shown.policy)
        context |= {
            "groups": grouped(shown.sha256),
            "open_cases": FrameEntry.objects.of(shown).count(),
            "settings": settings_in_words(policy),
            "rate_words": rate_words(shown),
        }
    if drawn is not None:
        context |= {
            "seed_words": seed_words(drawn),
            "result_groups": grouped(drawn.result_sha256),
            "selected": drawn.cases.filter(role=SampledCase.Role.SELECTED).count(),
        }
    return context


def frozen_again(frame: SamplingFrame | None, drawn: Draw | None) -> bool:
    """Whether the live frame was frozen after the draw that stands, and waits for the next."""
    return frame is not None and drawn is not None and frame.pk != drawn.frame_id


def frame_rows(quarter: AuditQuarter, theme: Theme | None = None) -> list[list[Any]]:
    """All frames of a quarter or theme: what was frozen when, by whom, and what ended it."""
    return [
        [
            frame.number,
            {"text": format_html('<span class="cfa-mono cfa-break">{}</span>', frame.sha256)},
            f"{_day(frame.frozen_at)}, {frame.frozen_by}",
            f"{_day(frame.superseded_at)}, {frame.superseded_by}" if frame.superseded_at else "–",
            frame.supersede_reason or "–",
        ]
        for frame in frames_of(quarter, theme)
    ]


def _day(moment: datetime) -> str:
    return in_words(local_date(moment))


def grouped(digest: str) -> list[str]:
    """A hash in pieces that can be read aloud."""
    return [digest[start : start + GROUP] for start in range(0, len(digest), GROUP)]
