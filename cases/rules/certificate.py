"""A draw as data for strangers: everything needed to repeat it without this software.

docs/draw.md describes the format and what it proves; cases/verify_draw.py checks such a file. Keys
are keyed hashes: no child, practitioner or family can be found from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cases.rules.frame import Frame
from cases.rules.rotation import tickets_of
from cases.rules.sampling import DrawResult

FORMAT = "case-file-audit draw"
VERSION = 1


@dataclass(frozen=True)
class CertificateMeta:
    """What the file says about the draw's circumstances, which no computation can verify.

    ``seed_committed`` is False where the seed was known before the frame was frozen. Times are
    aware. ``seed_made`` is "typed" before witnesses, "generated" by the software or "unwitnessed".
    It, ``seed_witnesses``, ``reason`` (why drawn again) and ``theme`` (its name and its cohort
    in words, where it is not the quarter's sample) may be empty.
    """

    reference: str
    council: str
    frozen_at: datetime
    drawn_at: datetime
    seed_committed: bool
    seed_made: str = ""
    seed_witnesses: str = ""
    reason: str = ""
    theme: str = ""


def export(frame: Frame, result: DrawResult, meta: CertificateMeta) -> dict[str, Any]:
    """The certificate as JSON data. The same draw gives the same data, whatever the rows' order.

    Raises `ValueError` where the result was not drawn from this frame, or a time is naive.
    """
    if result.frame_sha256 != frame.sha256:
        raise ValueError("This result was not drawn from this frame.")
    cases = sorted(frame.cases, key=lambda case: case.key)
    eligible = [case.key for case in cases if not case.not_eligible]
    tickets = map(bytes.hex, tickets_of(result.seed, eligible))
    return {
        "format": FORMAT,
        "version": VERSION,
        "about": _about(meta),
        "frame": {
            "quarter": frame.quarter.label,
            "frozen_on": frame.frozen_on.isoformat(),
            "strata": list(frame.strata),
            "rested": sorted(frame.rested),
            "cases": [case._asdict() for case in cases],
            "sha256": frame.sha256,
        },
        "seed": result.seed,
        "seed_committed": meta.seed_committed,
        "policy": result.policy.as_dict(),
        "tickets": dict(zip(eligible, tickets, strict=True)),
        "result": {
            "strata": result.strata_as_dict(),
            "drawn": [case._asdict() for case in result.drawn],
            "passed_over": [case._asdict() for case in result.passed_over],
            "sha256": result.sha256,
        },
    }


def _about(meta: CertificateMeta) -> dict[str, str]:
    return {
        "reference": meta.reference,
        "council": meta.council,
        "frozen_at": _utc(meta.frozen_at),
        "drawn_at": _utc(meta.drawn_at),
        **({"seed_made": meta.seed_made} if meta.seed_made else {}),
        "seed_witnesses": meta.seed_witnesses,
        "reason": meta.reason,
        **({"theme": meta.theme} if meta.theme else {}),
    }


def _utc(moment: datetime) -> str:
    """In UTC and to the second: 2026-10-05T09:30:00Z."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
