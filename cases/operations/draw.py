"""Drawing the quarter's sample from its frozen frame."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from cases.models import AuditQuarter, Draw, Job, SampledCase, SamplingFrame, Theme
from cases.operations.allocation import lapse_requests
from cases.operations.bulk import copy_lines, uncollected
from cases.operations.chances import request_chances
from cases.operations.frame import lock_quarter, next_number, theme_of
from cases.operations.jobs import Progress, handles, queue_job
from cases.queries.frame import frame_of_rules, live_draw, live_frame
from cases.rules.frame import Frame
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter
from cases.rules.rates import checked_rate
from cases.rules.sampling import SELECTED, DrawResult, clean_seed, draw
from cases.signals import case_left_sample

STILL_OPEN = (
    SampledCase.Status.DRAWN,
    SampledCase.Status.ALLOCATED,
    SampledCase.Status.IN_RESERVE,
)

_INSERT = """
INSERT INTO cases_sampledcase
  (draw_id, entry_id, stratum, role, rank, ticket, pass_number, status, note)
SELECT %(draw)s, entry.id, entry.stratum, drawn.role, drawn.rank, drawn.ticket, drawn.pass,
  CASE WHEN drawn.role = %(selected)s THEN %(drawn)s ELSE %(in_reserve)s END, ''
FROM drawn_case AS drawn
JOIN cases_frameentry AS entry ON entry.frame_id = %(frame)s AND entry.key = drawn.key
ORDER BY entry.stratum, drawn.rank
"""


@operation
def request_draw(
    *,
    quarter: Quarter,
    theme: Theme | None = None,
    seed: str,
    witnesses: str = "",
    reason: str = "",
    rate: Fraction | None = None,
    page: str = "",
    by: User,
    now: datetime,
) -> Job:
    """Ask a worker to draw. Refuses at once what would be refused later."""
    require(by, Permission.DRAW_SAMPLE)
    audit_quarter = lock_quarter(quarter)
    _frame_to_draw_from(audit_quarter, theme)
    _check_again(audit_quarter, theme, reason)
    arguments = {
        "quarter": quarter.label,
        "theme": theme.pk if theme else None,
        "seed": _seed(seed),
        "witnesses": witnesses,
        "reason": reason,
        "rate": str(_rate(rate)) if rate is not None else "",
    }
    return queue_job(
        kind=Job.Kind.DRAW_SAMPLE,
        subject=theme.subject if theme else quarter.label,
        arguments=arguments,
        page=page,
        by=by,
        now=now,
    )


@handles(Job.Kind.DRAW_SAMPLE)
def draw_by_job(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job that `request_draw` asked for."""
    given = job.arguments
    made = draw_sample(
        quarter=Quarter.parse(given["quarter"]),
        theme=theme_of(given),
        seed=given["seed"],
        witnesses=given["witnesses"],
        reason=given["reason"],
        rate=Fraction(given["rate"]) if given["rate"] else None,
        by=job.requested_by,
        now=timezone.now(),
        progress=progress,
    )
    request_chances(draw=made, by=job.requested_by, now=timezone.now())
    return {"draw": made.reference, "sha256": made.result_sha256}


@operation
@uncollected()
def draw_sample(
    *,
    quarter: Quarter,
    theme: Theme | None = None,
    seed: str,
    witnesses: str = "",
    reason: str = "",
    rate: Fraction | None = None,
    seed_committed: bool = True,
    by: User,
    now: datetime,
    progress: Progress | None = None,
) -> Draw:
    """Draw ``quarter``'s sample, or a ``theme``'s cases, with ``seed`` from its frozen frame.

    One live draw for each quarter and theme: a second needs ``reason``, supersedes the first, and
    is refused once an audit of the first has begun. ``rate`` overrides the policy's.
    ``seed_committed`` is False where the seed was known before the frame was frozen. Raises Refused
    or MovedOn.
    """
    require(by, Permission.DRAW_SAMPLE)
    progress = progress or Progress()
    audit_quarter = lock_quarter(quarter)
    frame = _frame_to_draw_from(audit_quarter, theme)
    earlier = _check_again(audit_quarter, theme, reason)
    policy = CasePolicy.from_dict(frame.policy)
    if rate is not None:
        policy = replace(policy, rate=_rate(rate))
    progress(10, "Reading the frame")
    rules_frame = _published(frame)
    progress(40, "Drawing")
    result = draw(rules_frame, _seed(seed), policy)
    if earlier is not None:
        _supersede(earlier, reason, by, now)
    progress(70, "Storing the draw")
    made = Draw.objects.create(
        quarter=audit_quarter,
        frame=frame,
        theme=theme,
        number=next_number(audit_quarter.draws, theme),
        seed=result.seed,
        seed_witnesses=witnesses.strip(),
        seed_committed=seed_committed,
        policy=policy.as_dict(),
        result_sha256=result.sha256,
        strata=result.strata_as_dict(),
        reason=reason.strip() if earlier else "",
        drawn_at=now,
        drawn_by=by,
    )
    _store(made, result)
    return made


def _frame_to_draw_from(quarter: AuditQuarter, theme: Theme | None) -> SamplingFrame:
    frame = live_frame(quarter, theme)
    if frame is None:
        raise Refused(
            f"Freeze the sampling frame of {theme or quarter} first: there is nothing to draw from."
        )
    return frame


def _published(frame: SamplingFrame) -> Frame:
    """The frame as it is stored, which must be the one whose hash was published."""
    try:
        stored = frame_of_rules(frame)
    except ValueError:  # no longer anything that could have been frozen
        stored = None
    if stored is None or stored.sha256 != frame.sha256:
        raise Refused("The stored frame is not the one whose hash was published. Do not draw.")
    return stored


def _check_again(quarter: AuditQuarter, theme: Theme | None, reason: str) -> Draw | None:
    """The draw that a second one would supersede; None where there is none."""
    earlier = live_draw(quarter, theme)
    if earlier is None:
        return None
    if not reason.strip():
        raise MovedOn(
            f"The sample of {theme or quarter} was already drawn by {earlier.drawn_by} with the "
            f"seed “{earlier.seed}”. To draw it again, say why."
        )
    begun = earlier.cases.exclude(entry__child__audit_reference="").filter(
        status__in=(SampledCase.Status.ALLOCATED, SampledCase.Status.AUDITED)
    )
    # Audited by an app above: one that was submitted is not undone by drawing again.
    submitted = earlier.cases.filter(audits__submitted_at__isnull=False)
    if begun.exists() or submitted.exists():
        raise Refused(
            "Audits of this draw have begun, so it stands. Replace single cases by reserves."
        )
    return earlier


def _supersede(earlier: Draw, reason: str, by: User, now: datetime) -> None:
    note = f"Drawn again: {reason.strip()}"[:500]
    left = list(earlier.cases.select_for_update().filter(status__in=STILL_OPEN))
    # What had an auditor once can have an audit, which waits for another.
    given = set(earlier.cases.filter(allocations__isnull=False).values_list("pk", flat=True))
    for case in left:
        if case.pk in given:
            case_left_sample.send(
                sender=SampledCase, sampled_case=case, reason=note, by=by, now=now
            )
            case.allocations.filter(ended_at__isnull=True).update(
                ended_at=now, ended_by=by, end_reason=note
            )
    earlier.cases.filter(pk__in=[case.pk for case in left]).update(
        status=SampledCase.Status.CANCELLED, note=note
    )
    lapse_requests(left, note, by, now)
    earlier.status = Draw.Status.SUPERSEDED
    earlier.superseded_at, earlier.superseded_by = now, by
    earlier.save(update_fields=["status", "superseded_at", "superseded_by"])


def _store(made: Draw, result: DrawResult) -> None:
    """The cases drawn, as rows: matched with the frame's by their keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE drawn_case (key text, role text, rank int, ticket text, pass int)"
        )
        copy_lines(
            "drawn_case",
            ("key", "role", "rank", "ticket", "pass"),
            (f"{d.key}\t{d.role}\t{d.rank}\t{d.ticket}\t{d.pass_number}\n" for d in result.drawn),
        )
        cursor.execute("ANALYZE drawn_case")
        cursor.execute(
            _INSERT,
            {
                "draw": made.pk,
                "frame": made.frame_id,
                "selected": SELECTED,
                "drawn": SampledCase.Status.DRAWN.value,
                "in_reserve": SampledCase.Status.IN_RESERVE.value,
            },
        )
        stored = cursor.rowcount
        cursor.execute("DROP TABLE drawn_case")
    if stored != len(result.drawn):
        raise RuntimeError(f"{stored} of {len(result.drawn)} drawn cases are in the stored frame.")


def _seed(text: str) -> str:
    try:
        return clean_seed(text)
    except ValueError as error:
        raise Refused(str(error)) from error


def _rate(rate: Fraction) -> Fraction:
    try:
        return checked_rate(rate)
    except ValueError as error:
        raise Refused(str(error)) from error
