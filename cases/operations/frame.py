"""Freezing the quarter's sampling frame."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from cases.models import (
    AuditQuarter,
    Case,
    Job,
    SampledCase,
    SamplingFrame,
    Theme,
)
from cases.operations.frame_rows import opaque, store_open_cases
from cases.operations.jobs import Progress, handles, live_job, queue_job
from cases.queries.calendar import local_date
from cases.queries.frame import live_draw, live_frame, stored_lines
from cases.queries.imports import imports_behind_open_cases
from cases.queries.policy import case_policy, policies_to_begin_with
from cases.rules.frame import Frame, hash_of_frame
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter


@operation
def request_freeze(
    *,
    quarter: Quarter,
    theme: Theme | None = None,
    stands: int | None = None,
    drawn: int | None = None,
    strata_by: str | None = None,
    reason: str = "",
    page: str = "",
    by: User,
    now: datetime,
) -> Job:
    """Ask a worker to freeze the frame. Refuses at once what would be refused later.

    ``stands``: the frame that whoever asks has seen, and gives the reason for; MovedOn where
    another one has taken its place. ``drawn``: the draw that they have seen, 0 for none; MovedOn
    where another was made since.
    """
    require(by, Permission.FREEZE_FRAME)
    _check_open_cases()
    audit_quarter = lock_quarter(quarter)
    live = _check_frame(audit_quarter, theme, reason)
    if live is not None and stands not in (None, live.pk):
        raise MovedOn(
            f"Frame {live.number} of {theme or quarter} was frozen by {live.frozen_by} after you "
            "opened the page. To take its place, look at it first."
        )
    draw = live_draw(audit_quarter, theme)
    if draw is not None and drawn not in (None, draw.pk):
        raise MovedOn(
            f"{draw.reference} was drawn by {draw.drawn_by} after you opened the page. It stands "
            "until another is drawn from the frame you freeze. Look at it first."
        )
    _policy(audit_quarter, strata_by)
    return queue_job(
        kind=Job.Kind.FREEZE_FRAME,
        subject=theme.subject if theme else quarter.label,
        arguments={
            "quarter": quarter.label,
            "theme": theme.pk if theme else None,
            "strata_by": strata_by,
            "reason": reason,
        },
        page=page,
        by=by,
        now=now,
    )


@handles(Job.Kind.FREEZE_FRAME)
def freeze_by_job(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job that `request_freeze` asked for."""
    frame = freeze_frame(
        quarter=Quarter.parse(job.arguments["quarter"]),
        theme=theme_of(job.arguments),
        strata_by=job.arguments.get("strata_by"),
        reason=job.arguments["reason"],
        by=job.requested_by,
        now=timezone.now(),
        progress=progress,
    )
    return {"quarter": frame.quarter.label, "sha256": frame.sha256}


@operation
def freeze_frame(
    *,
    quarter: Quarter,
    theme: Theme | None = None,
    strata_by: str | None = None,
    reason: str = "",
    by: User,
    now: datetime,
    progress: Progress | None = None,
) -> SamplingFrame:
    """Write down every open case as it is now, with its stratum and whether it can be drawn.

    Of a ``theme``: every open case of its cohort. ``strata_by`` overrides the policy's. One live
    frame for each quarter and theme: a second needs ``reason`` and supersedes the first. A draw
    made from that stands until another is made from the new one; children whose audits it began
    can be drawn again. Those in the sample of another quarter that still runs cannot. Raises
    Refused where there is no open case.
    """
    require(by, Permission.FREEZE_FRAME)
    progress = progress or Progress()
    audit_quarter = lock_quarter(quarter)
    policy = _policy(audit_quarter, strata_by)
    live = _check_frame(audit_quarter, theme, reason)
    _check_open_cases()
    progress(5, "Reading the open cases")
    frozen_on = local_date(now)
    frame_id = _next_frame_id()
    drawn = live_draw(audit_quarter, theme) is not None
    rested = _rested(quarter.previous())
    try:
        stored = store_open_cases(frame_id, audit_quarter, frozen_on, policy, theme, drawn=drawn)
        if not stored.ids:
            raise Refused("No open case is in the cohort. Change its conditions.")
        progress(70, "Computing the frame's hash")
        strata = frozenset(stored.services_of_strata)
        head = Frame(quarter, frozen_on, cases=(), rested=rested, empty_strata=strata)
        sha256 = hash_of_frame(head, stored_lines(frame_id, stored.ids))
    except ValueError as error:
        raise Refused(str(error)) from error
    if live is not None:
        live.status = SamplingFrame.Status.SUPERSEDED
        live.superseded_at, live.superseded_by, live.supersede_reason = now, by, reason.strip()
        live.save()
    frame = SamplingFrame.objects.create(
        pk=frame_id,
        quarter=audit_quarter,
        theme=theme,
        number=next_number(audit_quarter.frames, theme),
        frozen_at=now,
        frozen_by=by,
        frozen_on=frozen_on,
        policy=policy.as_dict(),
        strata=list(head.strata),
        services_of_strata=stored.services_of_strata if policy.strata_by != "service" else {},
        sha256=sha256,
        first_entry=stored.ids[0],
        last_entry=stored.ids[-1],
        rested_practitioners=sorted(rested),
    )
    frame.imports.set(imports_behind_open_cases())
    return frame


def _policy(quarter: AuditQuarter, strata_by: str | None) -> CasePolicy:
    """The quarter's policy, its frame divided as somebody has chosen for this one."""
    policy = case_policy(quarter)
    if strata_by is None:
        return policy
    try:
        return replace(policy, strata_by=strata_by)
    except ValueError as error:
        raise Refused(str(error)) from error


def lock_quarter(quarter: Quarter) -> AuditQuarter:
    """The quarter's row, made where there is none: what everything of a quarter is locked by."""
    AuditQuarter.objects.get_or_create(
        label=quarter.label,
        defaults={
            "starts_on": quarter.starts,
            "ends_on": quarter.ends,
            "policies": lambda: policies_to_begin_with(quarter),
        },
    )
    return AuditQuarter.objects.select_for_update().get(label=quarter.label)


def theme_of(arguments: dict[str, Any]) -> Theme | None:
    """The theme that a job's arguments name; None for the quarter's sample."""
    pk = arguments.get("theme")
    return Theme.objects.select_related("quarter").get(pk=pk) if pk else None


def next_number(of_quarter: Any, theme: Theme | None) -> int:
    """The number of the next frame, or draw, of a quarter: those of themes are counted apart."""
    first = Theme.FIRST_NUMBER if theme else 1
    kind = of_quarter.filter(theme__isnull=theme is None)
    return int(kind.aggregate(last=Max("number"))["last"] or first - 1) + 1


def _check_open_cases() -> None:
    if not Case.objects.filter(closed_on__isnull=True).exists():
        raise Refused("There is no open case to freeze. Import a list of open cases first.")


def _check_frame(quarter: AuditQuarter, theme: Theme | None, reason: str) -> SamplingFrame | None:
    """The live frame that is about to be superseded; None where there is none."""
    live = live_frame(quarter, theme)
    if live is None:
        return None
    if not is_written(reason):
        raise MovedOn(
            f"The frame of {theme or quarter} was already frozen on {live.frozen_on:%d/%m/%Y} by "
            f"{live.frozen_by}. To freeze it again, say why."
        )
    refuse_while_drawing(live)
    return live


def refuse_while_drawing(frame: SamplingFrame) -> None:
    """MovedOn where a worker was asked to draw from a frame: its seed is known."""
    subject = frame.theme.subject if frame.theme else frame.quarter.label
    if live_job(subject, Job.Kind.DRAW_SAMPLE):
        raise MovedOn(f"The draw of {frame.theme or frame.quarter} is under way with its seed.")


def _next_frame_id() -> int:
    """The id that the frame will have: its rows come first, since its hash is made from them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('cases_samplingframe', 'id'))")
        return int(cursor.fetchone()[0])


def _rested(previous: Quarter) -> frozenset[str]:
    """Keys of the practitioners whose work was audited in the quarter before.

    That is who held the case for most of the period judged; where that was not recorded, who held
    it at the freeze.
    """
    audited = SampledCase.objects.filter(
        draw__quarter__label=previous.label, status=SampledCase.Status.AUDITED
    ).values_list("judged_known", "practitioner_judged", "entry__practitioner_key")
    keys = {
        (opaque("practitioner", str(judged)) if judged else "") if known else at_the_freeze
        for known, judged, at_the_freeze in audited
    }
    return frozenset(keys - {""})
