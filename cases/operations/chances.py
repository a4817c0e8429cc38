"""Estimating how likely a draw was to select each case, in a worker, after the draw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, operation
from accounts.policy import Permission, require
from cases.models import ChancesOfDraw, Draw, InclusionProbability, Job
from cases.operations.bulk import copy_lines, uncollected
from cases.operations.jobs import Progress, handles, queue_job
from cases.queries.frame import entry_ids, frame_of_rules
from cases.rules.inclusion import estimate_chances, number_of_draws
from cases.rules.policy import CasePolicy


@operation
def request_chances(*, draw: Draw, page: str = "", by: User, now: datetime) -> Job:
    """Ask a worker to estimate the chances. MovedOn where they are known or under way."""
    require(by, Permission.DRAW_SAMPLE)
    _refuse_known(draw)
    return queue_job(
        kind=Job.Kind.ESTIMATE_CHANCES,
        subject=draw.reference,
        arguments={"draw": draw.pk},
        page=page,
        by=by,
        now=now,
    )


@handles(Job.Kind.ESTIMATE_CHANCES)
def chances_by_job(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job that `request_chances` asked for; MovedOn once its quarter was drawn again since.

    It takes minutes, in which the worker could do what is asked of the draw that stands. Asked for
    again, they are estimated of a superseded draw too.
    """
    draw = Draw.objects.select_related("quarter", "frame__quarter").get(pk=job.arguments["draw"])

    def tell(percent: int, text: str) -> None:
        if percent != progress.percent:
            _refuse_superseded(draw, job.requested_at)
        progress(percent, text)

    made = store_chances(draw=draw, by=job.requested_by, now=timezone.now(), progress=tell)
    return {"draw": draw.reference, "simulated_draws": made.simulated_draws}


@operation
@uncollected()
def store_chances(
    *,
    draw: Draw,
    simulated_draws: int | None = None,
    by: User,
    now: datetime,
    progress: Callable[[int, str], None] | None = None,
) -> ChancesOfDraw:
    """Simulate draws like ``draw`` and store every eligible case's chance of being selected.

    ``simulated_draws``: how many; as the size of the frame allows where it is not said. Raises
    MovedOn where the chances are stored already.
    """
    require(by, Permission.DRAW_SAMPLE)
    tell = progress or Progress()
    _refuse_known(draw)
    tell(1, "Reading the frame")
    ids = entry_ids(draw.frame)
    frame = frame_of_rules(draw.frame, ids)
    wanted = simulated_draws or number_of_draws(len(frame.cases))

    def done(number: int) -> None:
        tell(2 + 90 * number // wanted, f"Simulated draw {number:,} of {wanted:,}")

    found = estimate_chances(frame, CasePolicy.from_dict(draw.policy), wanted, done)
    tell(93, "Storing the chances")
    made = ChancesOfDraw.objects.create(
        draw=draw,
        simulated_draws=found.draws,
        strata={stratum.name: stratum.as_dict() for stratum in found.strata},
        estimated_at=now,
    )
    copy_lines(
        InclusionProbability._meta.db_table,
        ("chances_id", "entry_id", "probability"),
        (
            f"{made.pk}\t{pk}\t{found.of_case[case.key]!r}\n"
            for case, pk in zip(frame.cases, ids, strict=True)
            if case.key in found.of_case
        ),
    )
    return made


def _refuse_superseded(draw: Draw, since: datetime) -> None:
    if Draw.objects.filter(pk=draw.pk, superseded_at__gte=since).exists():
        raise MovedOn(f"{draw.quarter} was drawn again, so nobody needs them of {draw.reference}.")


def _refuse_known(draw: Draw) -> None:
    if ChancesOfDraw.objects.filter(draw=draw).exists():
        raise MovedOn(f"The chances of {draw.reference} have been estimated already.")
