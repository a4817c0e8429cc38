"""The quarter's draw for a room: what is fixed, then the seed, in letters to be read from afar."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import MovedOn, Refused
from accounts.policy import Permission, may
from cases.forms.draw import HashMailForm
from cases.models import SampledCase
from cases.operations.announcing import mail_hash
from cases.queries.certificate import seed_words
from cases.queries.frame import live_draw, live_frame
from cases.views.quarters import frame_page, quarter_or_404

GROUP = 8  # characters of a hash that a voice can read in one breath


@allow(Permission.SEE_QUARTER, Permission.READ_PUBLISHED_REPORTS)
@require_GET
def quarter_screen(request: SignedInRequest, label: str) -> HttpResponse:
    """The frame's hash, date and size; after the draw its seed, witnesses and size too.

    Everybody who was mailed the hash may open it: it holds nothing about any child.
    """
    quarter, stored = quarter_or_404(label)
    frame = live_frame(stored) if stored else None
    draw = live_draw(stored) if stored else None
    shown = draw.frame if draw else frame
    sees = may(request.user, Permission.SEE_QUARTER)
    context: dict[str, Any] = {
        "quarter": quarter,
        "frame": shown,
        "draw": draw,
        "navigation": None,  # nothing to press in front of a committee
        "back": reverse("cases:quarter_detail", args=[label]) if sees else "",
    }
    if shown is not None:
        context |= {"groups": grouped(shown.sha256), "open_cases": shown.entries.count()}
    if draw is not None:
        role = SampledCase.Role.SELECTED
        context |= {
            "seed_words": seed_words(draw),
            "result_groups": grouped(draw.result_sha256),
            "selected": draw.cases.filter(role=role).count(),
        }
    return render(request, "cases/quarters/screen.html", context)


@allow(Permission.FREEZE_FRAME)
@require_POST
def quarter_mail_hash(request: SignedInRequest, label: str) -> HttpResponse:
    """Mail the frame's hash to the people of some roles, before there is a seed."""
    quarter, stored = quarter_or_404(label)
    frame = live_frame(stored) if stored else None
    if frame is None:
        raise MovedOn(f"No frame of {quarter} is frozen, so there is no hash to mail.")
    form = HashMailForm(request.POST)
    if form.is_valid():
        try:
            mail = mail_hash(
                frame=frame, roles=form.cleaned_data["roles"], by=request.user, now=timezone.now()
            )
        except Refused as refused:
            form.add_error("roles", str(refused))
        else:
            number = f"{mail.people} {'person' if mail.people == 1 else 'people'}"
            messages.success(request, f"The hash is on its way to {number}.")
            return redirect("cases:quarter_frame", label=label)
    return frame_page(request, quarter, stored, mail_form=form)


def grouped(digest: str) -> list[str]:
    """A hash in pieces that can be read aloud."""
    return [digest[start : start + GROUP] for start in range(0, len(digest), GROUP)]
