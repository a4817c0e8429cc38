"""The eligible cases that a draw passed over, each with the reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, allow
from accounts.operations import MovedOn, record_access
from accounts.policy import Permission
from accounts.rules.table_file import guarded
from cases.models import Draw, FrameEntry
from cases.queries.certificate import drawn_again
from cases.queries.frame_list import rows_of
from cases.rules.sampling import PassedOver
from cases.views.csv_lines import Echo
from cases.views.draws import draw_or_404

HEAD = [
    "draw", "stratum", "service", "child id", "team", "practitioner", "ticket",
    "why passed over", "key",
]  # fmt: skip
AT_ONCE = 2000


@allow(Permission.EXPORT_DRAW)
@require_GET
def passed_over_download(
    request: SignedInRequest, label: str, number: int
) -> StreamingHttpResponse:
    """Every eligible case with a lower ticket than a selected one, and why it was not selected.

    The draw is made again for it, as for its certificate: only what was selected is stored. Logged.
    """
    draw = draw_or_404(label, number)
    try:
        _, result = drawn_again(draw)
    except ValueError as error:
        raise MovedOn(str(error)) from error
    record_access(
        by=request.user,
        kind="downloaded",
        what="cases passed over",
        reference=draw.reference,
        now=timezone.now(),
    )
    lines = _lines(draw, result.passed_over)
    response = StreamingHttpResponse(lines, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{draw.reference}-passed-over.csv"'
    return response


def _lines(draw: Draw, passed_over: tuple[PassedOver, ...]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEAD)
    of_frame = FrameEntry.objects.of(draw.frame).order_by()
    pk_of = dict(of_frame.values_list("key", "pk"))
    for start in range(0, len(passed_over), AT_ONCE):
        some = passed_over[start : start + AT_ONCE]
        for each, entry in zip(some, rows_of([pk_of[each.key] for each in some]), strict=True):
            cells = (
                draw.reference, each.stratum, entry.service, entry.child.local_id,
                entry.team or "", entry.practitioner or "", each.ticket, each.because, each.key,
            )  # fmt: skip
            yield writer.writerow([guarded(str(cell)) for cell in cells])
