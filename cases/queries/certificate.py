"""Reading: a draw as the file that strangers repeat it from."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from cases.models import Draw
from cases.queries.frame import frame_of_rules
from cases.rules.certificate import CertificateMeta, export
from cases.rules.policy import CasePolicy
from cases.rules.sampling import draw as draw_again


def certificate(draw: Draw) -> dict[str, Any]:
    """Everything needed to repeat ``draw`` without this software (docs/draw.md).

    The draw is made again on the way. ValueError where it does not give what is stored: then
    somebody has changed the database behind the application's back.
    """
    frame = frame_of_rules(draw.frame)
    result = draw_again(frame, draw.seed, CasePolicy.from_dict(draw.policy))
    if frame.sha256 != draw.frame.sha256 or result.sha256 != draw.result_sha256:
        raise ValueError(f"{draw.reference} as stored is not what its frame and seed give.")
    meta = CertificateMeta(
        reference=draw.reference,
        council=settings.COUNCIL_NAME,
        frozen_at=draw.frame.frozen_at,
        drawn_at=draw.drawn_at,
        seed_committed=draw.seed_committed,
        seed_witnesses=draw.seed_witnesses,
        reason=draw.reason,
    )
    return export(frame, result, meta)
