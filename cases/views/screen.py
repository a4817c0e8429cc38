"""The quarter's draw for a room: what is fixed, then the seed, in letters to be read from afar."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import MovedOn
from accounts.policy import Permission, may
from cases.queries.frame import live_draw, live_frame
from cases.views import drawing
from cases.views.quarters import frame_page, quarter_or_404


@allow(Permission.SEE_QUARTER, Permission.READ_PUBLISHED_REPORTS)
@require_GET
def quarter_screen(request: SignedInRequest, label: str) -> HttpResponse:
    """The frame's hash, date and size; after the draw its seed, witnesses and size too.

    Everybody who was mailed the hash may open it: it holds nothing about any child.
    """
    quarter, stored = quarter_or_404(label)
    sees = may(request.user, Permission.SEE_QUARTER)
    context = {
        "of": quarter.name,
        "back": reverse("cases:quarter_detail", args=[label]) if sees else "",
        **drawing.screen_of(
            live_frame(stored) if stored else None, live_draw(stored) if stored else None
        ),
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
    sent = drawing.mail(request, frame, reverse("cases:quarter_screen", args=[label]))
    if not isinstance(sent, str):
        return frame_page(request, quarter, stored, mail_form=sent)
    messages.success(request, sent)
    return redirect("cases:quarter_frame", label=label)
